"""How findings look to people, and to programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from payrollx_db.cli.render import console
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import actions_for

SHOWN = 3  # places, and examples, of one line of the table; --json has them all

HEADINGS = {
    "block": "blocks the copy",
    "decided": "has a policy",
    "warn": "look at it",
    "info": "to know",
}


def document(found: Iterable[Finding]) -> dict[str, Any]:
    """Return the findings as plain data, for ``--json``; ``blocking`` counts those that no policy resolves."""
    listed = list(found)
    return {
        "findings": [asdict(finding) | {"policies": list(actions_for(finding.code))} for finding in listed],
        "blocking": sum(finding.blocks for finding in listed),
    }


def show(found: Iterable[Finding]) -> None:
    """Show the findings, the grave ones first, and say how many block."""
    listed = list(found)
    if listed:
        show_table(listed)
        console.answer("")
    blocking = [finding for finding in listed if finding.blocks]
    if not blocking:
        console.answer("nothing blocks the copy.")
        return
    rows = sum(finding.rows or 0 for finding in blocking)
    of_rows = f", {rows:,} rows in all" if rows else ""
    console.answer(f"{len(blocking)} {'finding blocks' if len(blocking) == 1 else 'findings block'} the copy{of_rows}.")


def show_table(listed: Sequence[Finding]) -> None:
    """Show the findings, the grave ones first, and what was or can be decided about each."""
    table = console.table(("finding", "left"), ("where and what", "left"), ("rows", "right"))
    for group, heading in HEADINGS.items():
        members = [finding for finding in listed if _group(finding) == group]
        if members:
            table.add_row(Text(heading, style="bold"))
        for alike in _alike(members):
            rows = alike[0].rows
            table.add_row(Text(f"  {alike[0].code}"), _cell(alike), f"{rows:,}" if rows else "")
    console.answer_table(table)


def _group(finding: Finding) -> str:
    return "decided" if finding.severity == "block" and not finding.blocks else finding.severity


def _alike(found: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Gather what is said alike of several places; what is about rows stands alone, with its count."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in found:
        alone = finding.place if finding.rows is not None else ""
        groups.setdefault((finding.code, finding.message, finding.action, *finding.examples, alone), []).append(finding)
    yield from groups.values()


def _cell(alike: Sequence[Finding]) -> Group:
    places = [finding.place for finding in alike[:SHOWN]]
    if len(alike) > SHOWN:
        places.append(f"and {len(alike) - SHOWN} more")
    said = Padding(Text("\n".join(_said(alike[0]))), (0, 0, 0, 2), expand=False)
    return Group(Text("\n".join(places)), said)


def _said(first: Finding) -> Iterator[str]:
    yield first.message
    if first.examples:
        shown = ", ".join(first.examples[:SHOWN]) + (", …" if len(first.examples) > SHOWN else "")
        yield f"{'e.g. ' if first.rows is not None else ''}{shown}"
    if first.blocks and (actions := actions_for(first.code)):
        yield f"--policy {' or '.join(f'{first.code}={action}' for action in actions)}"
    elif _group(first) == "decided" or first.code == "descendant":
        yield f"policy: {first.action}"
