"""How findings look to people, and to programs: those of check, doctor, the roles, drift and recorded runs alike."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from payrollx_db.cli.render import console
from payrollx_db.consolidate.check.online.readiness import ABILITIES, OnlineCheck
from payrollx_db.model.finding import ROLE_LACKS, Finding
from payrollx_db.model.wording import counted

SHOWN = 3  # how many places and examples of alike findings people see; --json has them all

# In this order, each with its colour.
HEADINGS = {
    "blocking": "bold red",
    "errors": "bold red",
    "resolved by policy": "bold",
    "warnings": "bold yellow",
    "information": "bold",
}
OF_SEVERITY = {"block": "blocking", "error": "errors", "warn": "warnings", "info": "information"}


def show(findings: Iterable[Finding]) -> None:
    """Show the findings under their headings, the gravest first."""
    listed = list(findings)
    for heading, style in HEADINGS.items():
        members = [finding for finding in listed if _heading(finding) == heading]
        if members:
            console.answer_marked(heading, style)
        for alike in _alike(members):
            _show_alike(alike)


def show_check(findings: Iterable[Finding]) -> None:
    """Show the findings of a check, and say how many block the copy."""
    listed = list(findings)
    if listed:
        show(listed)
        console.answer("")
    blocking = [finding for finding in listed if finding.blocks]
    if not blocking:
        console.answer("nothing blocks the copy.")
        return
    rows = sum(finding.rows or 0 for finding in blocking)
    of_rows = f", {counted(rows, 'row')} in all" if rows else ""
    console.answer(f"{len(blocking)} {'finding blocks' if len(blocking) == 1 else 'findings block'} the copy{of_rows}.")


def show_online(answer: OnlineCheck) -> None:
    """Show what is possible with each database, and what stands in the way of the rest."""
    grid = console.table(("database", "left"), *((ability, "left") for ability in ABILITIES))
    for readiness in answer.databases:
        words = ["yes" if ability in readiness.possible else "NO" for ability in ABILITIES]
        grid.add_row(readiness.database, *(Text(word, style=console.MARKS[word]) for word in words))
    console.answer_table(grid)
    console.answer("")
    show(answer.findings)
    if not answer.blocks:
        console.answer("\nnothing stands in the way of following, fencing and going back.")


# --- for programs: the keys are an interface, and differ from command to command ---------------------------------


def check_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return what ``check --json`` answers; ``blocking`` counts the findings that no policy resolves."""
    listed = list(findings)
    return {
        "findings": [finding.recorded | {"policies": list(finding.policies)} for finding in listed],
        "blocking": sum(finding.blocks for finding in listed),
    }


def doctor_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as ``doctor --json`` has it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "service": finding.subject,
        "place": finding.place,
        "detail": finding.message,
        "remedy": finding.remedy,
        "check": finding.check,
    }


def role_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as ``roles --json`` has it."""
    kind, _, name = finding.place.partition(" ")
    return {
        "role": finding.subject,
        "kind": kind,
        "object": name,
        "privileges": list(finding.examples),
        "direction": "missing" if finding.code == ROLE_LACKS else "too much",
        "message": finding.message,
        "sql": finding.sql,
    }


def drift_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return what ``migrate --check --json`` answers: a sentence for each difference."""
    return {"drift": [finding.message for finding in findings]}


# --- for people --------------------------------------------------------------------------------------------------


def _heading(finding: Finding) -> str:
    return "resolved by policy" if finding.resolved else OF_SEVERITY[finding.severity]


def _alike(findings: Iterable[Finding]) -> Iterator[list[Finding]]:
    """Gather the findings that say the same of several places; one about rows stands alone, with its count."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        alone = finding.place if finding.rows is not None else ""
        same = (
            finding.code,
            finding.message,
            finding.action,
            finding.remedy,
            finding.sql,
            finding.examples,
            finding.policies,
        )
        groups.setdefault((*same, alone), []).append(finding)
    yield from groups.values()


def _show_alike(alike: Sequence[Finding]) -> None:
    first = alike[0]
    title, *text = _lines(alike)
    console.answer_wrapped(f"{first.code}  {title}", indent=2, further=6)
    for line in text:
        console.answer_wrapped(line, indent=6)
    for line in first.sql.splitlines():
        console.answer(f"      {line}")  # never broken: it is there to be copied


def _lines(alike: Sequence[Finding]) -> Iterator[str]:
    first = alike[0]
    if len(alike) == 1 and first.place in first.message and first.rows is None:
        yield first.message
    else:
        rows = "" if first.rows is None else ": 1 row" if first.rows == 1 else f": {first.rows:,} rows"
        yield _some([finding.place for finding in alike], len(alike)) + rows
        yield first.message
    if first.rows is not None:  # whose keys may be short, and in a message by chance: the 1 of numeric(10,2)
        yield from [_keys(first.examples)] if first.examples else []
    elif any(example not in first.message for example in first.examples):
        yield _some(first.examples, first.count)
    if first.blocks and first.policies:
        yield f"hint: --policy {' or '.join(f'{first.code}={action}' for action in first.policies)}"
    elif first.resolved or first.code == "descendant":
        yield f"policy: {first.action}"
    if first.remedy:
        yield f"hint: {first.remedy}"


def _some(names: Sequence[str], count: int) -> str:
    shown = ", ".join(names[:SHOWN])
    more = max(count, len(names)) - min(len(names), SHOWN)
    return f"{shown} and {more:,} more" if more else shown


def _keys(examples: Sequence[str]) -> str:
    return f"e.g. {', '.join(examples[:SHOWN])}{', …' if len(examples) > SHOWN else ''}"
