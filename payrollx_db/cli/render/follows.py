"""How following looks to people: what it makes, what it did, and what is left of it."""

from collections.abc import Sequence

from payrollx_db.cli.render import console, findings
from payrollx_db.consolidate.follow.making import Made
from payrollx_db.consolidate.online import Dropped, FollowReport
from payrollx_db.model.finding import Finding


def show_made(made: Sequence[Made], wrong: Sequence[Finding]) -> None:
    """Show what following makes in the legacy databases, and which tables can't be followed."""
    console.answer(f"Following makes {len(made)} objects in the legacy databases:")
    for item in made:
        console.answer_wrapped(str(item), indent=2, further=4)
    if wrong:
        console.answer("")
        findings.show(wrong)


def show_report(report: FollowReport) -> None:
    """Show what a call of follow did, by database."""
    headings = (
        ("database", "left"),
        ("commits", "right"),
        ("keys", "right"),
        ("written", "right"),
        ("deleted", "right"),
    )
    rows = [[d.database, f"{d.commits:,}", f"{d.keys:,}", f"{d.written:,}", f"{d.deleted:,}"] for d in report.databases]
    console.answer_groups(headings, [("brought over", rows)])
    if report.handed_over:
        console.answer_wrapped(f"Handed over to {report.handed_over}. payrollx-db follow goes on after it.")


def show_dropped(dropped: Dropped) -> None:
    """Show what was dropped, and what is left, with the statements that drop or restore it."""
    names = ", ".join(dropped.databases)
    console.answer(f"Nothing follows {names} any more." if names else "Nothing was followed.")
    for item in dropped.left:
        console.answer_wrapped(f"left in {item.made.database} ({item.reason}):", indent=2, further=4)
        console.answer(f"    {item.statement}")
    for lost in dropped.unrestored:
        console.answer_wrapped(f"can't be restored: {lost}", indent=2, further=4)
