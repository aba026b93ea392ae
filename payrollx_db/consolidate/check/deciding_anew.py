"""Deciding anew about rows of a part that was refused: between the check and the part's snapshot, services wrote.

Only what speaks of one row counts here. A row that is decided about and was in order under the part's snapshot has
changed after the slot was made; so a pass hears of it, and judges it as if nothing had been decided.
"""

from collections.abc import Sequence
from dataclasses import replace

from payrollx_db.consolidate.check import checks
from payrollx_db.consolidate.check.moment import OF_TWO_TABLES, for_the_moment
from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import quarantine
from payrollx_db.model.finding import refuse

OF_OTHER_ROWS = OF_TWO_TABLES | {"descendant"}


async def decide_anew(context: RunContext, plan: Plan, tables: Sequence[TablePlan]) -> list[TablePlan]:
    """Check all rows of ``tables`` again, record what the policies say of them, and return the tables with that.

    Raises FindingsError where no policy says what to do with a row, with its key; SourceError or TargetError.
    """
    part = replace(plan, tables=tuple(tables))
    checked = for_the_moment(await checks.check(context, part, context.policies, trusting=False), ())
    refuse(checked.findings)
    sources = {table.source_name for table in tables}
    decided = [d for d in checked.decisions if d.source in sources and d.code not in OF_OTHER_ROWS]
    async with context.transaction() as connection:
        await quarantine.record(connection, context.run, decided)
        known = await quarantine.decisions(connection, [context.run])
    return list(apply(part, known).tables)
