"""The proof before a move: both sides compared whole while services write, so that the stop compares little.

What was proven by verify --online counts; what was touched since is compared behind the fence.
"""

from collections.abc import Sequence
from dataclasses import replace

from payrollx_db.consolidate.cutover.beginning import Begun
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.proving import narrow, prove_all
from payrollx_db.consolidate.state import touched
from payrollx_db.consolidate.verification import Asked
from payrollx_db.errors import FindingsError

MANY = 50_000  # touched keys that would take too long behind a fence


async def prove_before(begun: Begun, followers: Sequence[Follower]) -> None:
    """Prove that both sides hold the same: all of it where that isn't proven or too much was touched since, else that.

    So the fence has only to look at what is written from here on.

    Raises FindingsError where they differ, SourceError or TargetError.
    """
    if not await _is_due(begun):
        await narrow(begun.context, begun.plan, followers)
        return
    names = {line.database for line in begun.lines}
    # A duplicate whose owner has moved already is compared with rows of another moment: it says nothing.
    compared = [t for t in begun.plan.tables if t.database in names and (t.owner is None or t.owner in names)]
    plan = replace(begun.plan, tables=tuple(compared))
    verdict = await prove_all(begun.context, plan, followers, Asked(limit=10, structure=False, anew=True))
    if not verdict.identical:
        wrong = [table for table in verdict.tables if not table.identical]
        raise FindingsError(
            f"both sides differ, in {len(wrong)} of {len(verdict.tables)} table pairs; nothing was changed",
            details=tuple(f"{t.table.source_name} -> {t.table.target_name}" for t in wrong),
            hint="payrollx-db verify --online names the rows; payrollx-db follow --resync brings them over",
        )


async def _is_due(begun: Begun) -> bool:
    context = begun.context
    with context.target.translating_errors("can't read what was proven"):
        for line in begun.lines:
            if await touched.proven_place(context.connection, line.database) is None:
                return True
            if await touched.count(context.connection, line.database) > MANY:
                return True
    return False
