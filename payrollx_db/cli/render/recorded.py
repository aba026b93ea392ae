"""How what is recorded of runs looks to people: their states, and what is left of them."""

from payrollx_db.cli.render import console, findings, lags
from payrollx_db.cli.render.runs import list_unrestored, show_accounts
from payrollx_db.cli.render.switches import show_switches
from payrollx_db.consolidate.status import Status
from payrollx_db.model.wording import counted


def show_status(status: Status) -> None:
    """Show the recorded runs and one run's tables."""
    if not status.runs:
        console.answer("no run is recorded here")
        return
    table = console.table(
        ("run", "right"), ("status", "left"), ("stage", "left"), ("started (UTC)", "left"), ("finished", "left"),
        ("services", "left"),
    )  # fmt: skip
    for run in status.runs:
        ended = f"{run.finished_at:%Y-%m-%d %H:%M:%S}" if run.finished_at else ""
        killed = run.status == "running" and not status.at_work
        table.add_row(
            str(run.id), "killed" if killed else run.status, run.stage, f"{run.started_at:%Y-%m-%d %H:%M:%S}", ended,
            " ".join(run.services),
        )  # fmt: skip
    console.answer_table(table)
    if any(run.unfinished for run in status.runs) and not status.at_work:
        console.note("hint: call the same payrollx-db copy again to resume the unfinished run")
    console.answer(f"\ntable pairs of run {status.run}:")
    show_accounts(status.tables, moved=status.moved)
    _show_unrestored(status)
    _show_stuck(status)
    show_switches(status.switches)
    lags.show_flows(status.flows, status.lags, status.alarms)
    if status.findings:
        console.answer(f"\nfindings of the check of run {status.run}:")
        findings.show(status.findings)


def _show_stuck(status: Status) -> None:
    """Show which rows don't go back into the legacy databases, and why."""
    if status.stuck:
        headings = (("key", "left"), ("why it doesn't go back", "left"))
        groups = [
            (
                f"{rows.database}.{rows.source}: {counted(rows.count, 'row')} stuck",
                [list(pair) for pair in rows.examples],
            )
            for rows in status.stuck
        ]
        console.answer("\nrows that the legacy databases don't take:")
        console.answer_groups(headings, groups)


def _show_unrestored(status: Status) -> None:
    """Show what the run has dropped and what isn't there: all of an ended run, of others what was tried in vain."""
    run = next((run for run in status.runs if run.id == status.run), None)
    open_run = run is not None and run.unfinished
    followed = any(flow.direction == "forward" for flow in status.flows)
    down = [item for item in status.unrestored if followed and not item.reason]
    shown = [item for item in status.unrestored if item.reason or not (open_run or followed)]
    if down and not open_run:
        console.answer("\ndown while databases are followed; payrollx-db cutover, or follow --drop, brings them back:")
        for item in down:
            console.answer_wrapped(f"{item.kind} {item.name} of {item.table}", indent=2, further=4)
    if shown:
        console.answer(f"\ndropped by run {status.run}, and not restored:")
        list_unrestored(shown)
    if open_run and len(status.unrestored) > len(shown):
        rest = len(status.unrestored) - len(shown)
        console.answer(f"\n{counted(rest, 'dropped object')} will be restored when run {status.run} is resumed.")
