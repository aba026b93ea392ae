"""How plans, reports and verdicts look to people. What is recorded of runs, `recorded` shows."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from payrollx_db.cli.render import console, findings
from payrollx_db.model.wording import counted

if TYPE_CHECKING:  # what is shown was made by somebody who has them
    from payrollx_db.consolidate.copy.requeue import Retried
    from payrollx_db.consolidate.pipeline import Abandoned, Report
    from payrollx_db.consolidate.plan.mapping import TablePlan
    from payrollx_db.consolidate.plan.plan import Plan
    from payrollx_db.consolidate.state.accounts import TableState
    from payrollx_db.consolidate.state.unrestored import Unrestored
    from payrollx_db.consolidate.verify.structure import StructureVerdict
    from payrollx_db.consolidate.verify.sums import ColumnSum
    from payrollx_db.consolidate.verify.verifier import TableVerdict, Verdict

MEGABYTE = 1_000_000


def show_plan(plan: "Plan", *, sql: bool) -> None:
    """Show a plan: what goes where, and what is unaccounted for."""
    headings = (("source → target", "left"), ("rows (about)", "right"), ("MB", "right"), ("", "left"))
    order = sorted(plan.tables, key=lambda t: (t.database, *t.place))
    groups = [
        (database, [_planned(member) for member in members])
        for database, members in groupby(order, key=lambda t: t.database)
    ]
    console.answer_groups(headings, groups)
    if sql:
        for member in order:
            console.answer(f"\n-- {member.source_name} -> {member.target_name}")
            console.answer(member.select().as_string(None) + ";")
    copies, merges = len(plan.copies), len({table.source_name for table in plan.merges})
    merging = f"{_counted(len(plan.merges), 'table pair')} to merge, of {_counted(merges, 'duplicate table')}"
    console.answer("")
    console.answer_wrapped(
        f"{_counted(copies, 'table pair')} to copy, about {plan.rows:,} rows"
        f"{f'; {merging}' if merges else '; no duplicate table to merge'}."
    )
    for table in plan.tables:
        if table.text:
            console.answer(f"goes over as text: {table.source_name} → {table.target_name} ({table.text})")
    for reference in plan.waiting:
        console.answer(f"foreign key left NOT VALID, its table is not in this run: {reference}")
    for name, place in plan.poolers.items():
        console.answer(f"a pooler stands before {name} at {place}: the copy needs the URL of the server itself")
    if plan.mismatches:
        console.answer(f"\n{len(plan.mismatches)} unaccounted for:")
        for mismatch in plan.mismatches:
            console.answer_wrapped(f"{mismatch.code:<10} {mismatch}", indent=2, further=13)
            for line in () if plan.layout.remedy else mismatch.lines:
                console.answer_wrapped(f"{line.where}:", indent=13)
                console.answer(f"{'':<15}{line.text}")  # not wrapped, so that it can be pasted


def show_report(report: "Report", *, hint: bool = True) -> None:
    """Show what a run did: the account of every table. With ``hint``, also how to prove it."""
    total = sum(t.rows_read or 0 for t in report.tables)
    if report.nothing_to_do:
        ended = f", the last of them run {report.run.id}, at {report.run.finished_at:%Y-%m-%d %H:%M} UTC"
        console.answer(
            f"nothing to do: finished runs have copied all {_counted(len(report.tables), 'table pair')},"
            f" {total:,} rows{ended if report.run.finished_at else ''}."
        )
        if hint:
            console.note("hint: payrollx-db verify proves that both sides are still identical; no row was read now")
        return
    show_accounts(report.tables)
    read = f"{counted(total, 'row')} read in {report.seconds:.1f} s, and every one accounted for"
    console.answer(f"\nrun {report.run.id} is done: {read}.")
    for reference in report.waiting:
        console.answer(f"foreign key left NOT VALID, its table is not in this run: {reference}")
    if hint:
        console.note("hint: payrollx-db verify proves that both sides are identical")


def show_verdict(verdict: "Verdict") -> None:
    """Show what was compared, table by table and in all, the rows that differ, and the findings of the structure."""
    ordered = sorted(verdict.tables, key=lambda table: (table.table.database, *table.table.place))
    groups = [
        (database, [_verdict_cells(_label(table), table.document()) for table in members])
        for database, members in groupby(ordered, key=lambda table: table.table.database)
    ]
    totals = {"identical": verdict.rows_identical, "seconds": 0.0, **verdict.totals}
    all_of_them = _verdict_cells("all table pairs", totals)
    console.answer_groups(VERDICT_HEADINGS, [*groups, ("", [all_of_them])])
    for table in verdict.tables:
        _show_differences(table)
    listed = [*verdict.uncovered, *(verdict.structure.findings if verdict.structure else ())]
    if listed:
        console.answer("")
        findings.show(listed)
    console.answer(f"\n{_compared(verdict)}")
    if verdict.structure is not None:
        console.answer(_structure_sentence(verdict.structure))
    if verdict.sums:
        _show_sums(verdict.sums)


def _show_sums(sums: "Sequence[ColumnSum]") -> None:
    """Show the columns whose sums differ, and how many were added up."""
    unequal = [one for one in sums if not one.equal]
    for one in unequal:
        ours, theirs = (total if total is not None else "nothing" for total in (one.source_sum, one.target_sum))
        console.answer(f"  {one.target}.{one.column}: {ours} in the source, {theirs} in the target")
    word = "their sums are equal" if not unequal else f"the sums of {len(unequal)} are NOT equal"
    console.answer(f"{_counted(len(sums), 'number column')} added up on both sides: {word}.")


VERDICT_HEADINGS = (
    ("table", "left"), ("source rows", "right"), ("target rows", "right"), ("quarantined", "right"),
    ("missing", "right"), ("extra", "right"), ("changed", "right"), ("time", "right"), ("", "left"),
)  # fmt: skip


def _label(verdict: "TableVerdict") -> str:
    return f"{verdict.table.source.name} → {verdict.table.destination}"


def _verdict_cells(label: str, document: dict[str, Any]) -> list[str]:
    counts = ("source_rows", "target_rows", "quarantined", "missing", "extra", "changed")
    return [
        label,
        *(f"{document[name]:,}" for name in counts),
        f"{document['seconds']:.1f} s" if document["seconds"] else "",
        "identical" if document["identical"] else "NOT identical",
    ]


def _compared(verdict: "Verdict") -> str:
    totals = verdict.totals
    kept = all(table.kept is None or table.kept.identical for table in verdict.tables)
    state = "unchanged" if kept else "where some are not what the source has"
    aside = f" ({totals['quarantined']:,} of them in quarantine, {state})" if totals["quarantined"] else ""
    word = "identical" if verdict.rows_identical else "NOT identical"
    return f"{totals['source_rows']:,} source rows in {_counted(len(verdict.tables), 'table pair')}{aside}: {word}."


def _structure_sentence(structure: "StructureVerdict") -> str:
    objects = f"{_counted(structure.compared, 'object')} of {_counted(structure.tables, 'table')}"
    if structure.intact:
        return f"structure: {objects} and the sequences compared: as designed."
    return f"structure: {objects} and the sequences compared: {_counted(len(structure.differences), 'difference')}."


def show_abandoned(abandoned: "Abandoned") -> None:
    """Show what is left of a run that was given up."""
    console.answer(f"run {abandoned.run} is given up; its rows are left as they are.")
    if abandoned.filled:
        console.answer(f"{_counted(len(abandoned.filled), 'table')} of it may hold rows: {', '.join(abandoned.filled)}")
        console.note(f"hint: before another copy, look at these rows, then: {abandoned.emptying}")
    if abandoned.unrestored:
        console.answer("could not be restored:")
        list_unrestored(abandoned.unrestored)


def show_quarantine(entries: Sequence[dict[str, Any]]) -> None:
    """Show what lies in quarantine, without the rows themselves."""
    if not entries:
        console.answer("nothing is in quarantine")
        return
    headings = (("key", "left"), ("what", "left"), ("why", "left"), ("", "left"))
    groups = [
        (f"run {run}: {source}", [_quarantine_cells(entry) for entry in members])
        for (run, source), members in groupby(entries, key=lambda e: (e["run"], e["source"]))
    ]
    console.answer_groups(headings, groups)
    out = sum(entry["kind"] == "row" and not entry["restored_at"] for entry in entries)
    changed = sum(entry["kind"] == "value" for entry in entries)
    rows = f"{counted(out, 'row')} {'is' if out == 1 else 'are'} quarantined"
    console.answer(f"\n{rows}, {counted(changed, 'value')} {'was' if changed == 1 else 'were'} changed.")


def _quarantine_cells(entry: dict[str, Any]) -> list[str]:
    what = "quarantined" if entry["kind"] == "row" else f"{entry['column']}: {entry['action']}"
    cause = f"caused by {entry['cause']}" if entry["cause"] else ""
    return [entry["key"], "restored" if entry["restored_at"] else what, entry["code"], cause]


def show_retried(retried: "Sequence[Retried]") -> None:
    """Show which rows were restored, and why the others were not."""
    for table in retried:
        console.answer(f"{table.source}: {len(table.restored):,} restored, {len(table.refused):,} remain in quarantine")
        for key, reason in table.refused.items():
            console.answer(f"  {key}: {reason}")
    if not retried:
        console.answer("nothing is in quarantine")


def show_accounts(accounts: "Iterable[TableState]", *, moved: dict[str, tuple[int, int]] | None = None) -> None:
    """Show the accounts of table pairs with their sums; with ``moved``, also how far each is."""
    headings = [("table", "left"), *((h, "right") for h in ("read", "written", "quarantined", "merged", "time"))]
    headings += [("", "left")] if moved is not None else []
    ordered = sorted(accounts, key=lambda a: (a.database, a.source, a.target))
    groups = [
        (database, [_account_cells(account, moved) for account in members])
        for database, members in groupby(ordered, key=lambda a: a.database)
    ]
    sums = [
        sum(number or 0 for number in numbers)
        for numbers in zip(*(_numbers(account) for account in ordered), strict=True)
    ]
    all_of_it = ["all table pairs", *(f"{number:,}" for number in sums)]
    console.answer_groups(headings, [*groups, ("", [all_of_it])])


def list_unrestored(unrestored: "Iterable[Unrestored]") -> None:
    """List what could not be restored, each with its reason and its statement."""
    for item in unrestored:
        console.answer(f"  {item.kind} {item.name} of {item.table}{f': {item.reason}' if item.reason else ''}")
        console.answer(f"    {item.statement}")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _numbers(account: "TableState") -> tuple[int | None, ...]:
    return (account.rows_read, account.rows_written, account.rows_quarantined, account.rows_merged)


def _account_cells(account: "TableState", moved: dict[str, tuple[int, int]] | None) -> list[str]:
    seconds = account.seconds or 0
    cells = [f"{account.source_table} → {account.destination}"]
    cells += ["" if number is None else f"{number:,}" for number in _numbers(account)]
    cells.append(f"{seconds:.1f} s" if seconds else "")
    if moved is not None:
        # Of a table in scopes, what is under way is known of all of them together.
        rows = 0 if account.constants else moved.get(account.target, (0, 0))[0]
        so_far = f" {rows:,} of about {account.estimated_rows:,}" if account.status == "running" else ""
        cells.append(account.status + so_far)
    return cells


def _planned(table: "TablePlan") -> list[str]:
    size = f"{table.source.size / MEGABYTE:,.1f}"
    kind = f"duplicate: merged with {table.owner}'s" if table.owner else ""
    return [f"{table.source.name} → {table.destination}", f"{table.source.rows:,}", size, kind]


def _show_differences(verdict: "TableVerdict") -> None:
    if verdict.identical:
        return
    result = verdict.result
    counts = {"missing": result.missing, "extra": 0 if verdict.table.owner else result.extra, "changed": result.changed}
    kept = verdict.kept
    aside = kept.missing + kept.extra + kept.changed if kept else 0
    shown = counts | {"in quarantine and not what the source has": aside}
    summary = ", ".join(f"{number:,} {kind}" for kind, number in shown.items() if number)
    console.answer(f"\n{verdict.table.source_name} → {verdict.table.destination}: {summary}")
    for difference in (*result.differences, *(kept.differences if kept else ())):
        key = ", ".join(f"{name}={value}" for name, value in difference.key.items())
        columns = f" in {', '.join(difference.columns)}" if difference.columns else ""
        console.answer(f"  {difference.kind:<8} {key}{columns}")
        for name, (left, right) in (difference.values or {}).items():
            console.answer(f"             {name}: {left!r} → {right!r}")
    named = len(result.differences)
    if named < sum(counts.values()):
        console.answer(f"  and {sum(counts.values()) - named:,} more (--limit)")
