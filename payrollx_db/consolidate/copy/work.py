"""What there is to do of a run: read from the catalog and from the run's records once, at its beginning."""

from dataclasses import dataclass, replace

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy.rows import filled_tables
from payrollx_db.consolidate.copy.selection import Selection, TargetFacts, read_facts, select, without
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import accounts
from payrollx_db.consolidate.state.objects import dropped_objects
from payrollx_db.consolidate.state.parts import Place, finished_parts
from payrollx_db.consolidate.state.quarantine import sources_with_decisions
from payrollx_db.postgres.introspect import Database, read_database


@dataclass(frozen=True)
class Work:
    """What there is to do of a run, seen once at its beginning.

    ``finished`` are source and target of the parts that are in, ``alone`` those of tables with rows that policies
    speak of, ``filled`` the target tables that other runs have filled, be it in another scope. ``database`` is the
    target without what this run has dropped, or is about to drop; what it restores meanwhile isn't in it.
    """

    context: RunContext
    plan: Plan
    finished: set[Place]
    unfinished: tuple[TablePlan, ...]
    filled: set[str]
    alone: set[Place]
    selection: Selection
    database: Database

    @classmethod
    async def of(cls, context: RunContext, plan: Plan) -> "Work":
        """Look at what is in, and choose what is dropped for the rest."""
        connection = context.connection
        finished = await finished_parts(connection, context.run)
        unfinished = tuple(table for table in plan.copies if table.place not in finished)
        decided = await sources_with_decisions(connection, context.run)
        importing = {t.destination for t in plan.merges if t.imported}
        alone = {t.place for t in plan.copies if t.source_name in decided or t.destination in importing}
        facts = await read_facts(connection, unfinished)
        filled = await accounts.done_names(connection, _concerned(plan, facts))
        current = await _current_target(context, plan)
        present = filled | {t.target_name for t in plan.copies if t.place in finished}
        if any(table.scope for table in unfinished):  # where services write already, not all rows are of a run
            parents = {fact.parent for fact in facts.keys} - present
            present |= await filled_tables(connection, current.tables, parents)
        selection = select(unfinished, current, facts, present, every_key=context.following)
        tables = tuple(replace(t, slices=1) if t.target_name in selection.own else t for t in unfinished)
        return cls(context, plan, finished, tables, filled, alone, selection, without(current, selection))

    def imports(self, table: TablePlan) -> list[TablePlan]:
        """Return the duplicate tables of which policies let rows into the target of ``table``."""
        return [other for other in self.plan.merges if other.destination == table.destination and other.imported]


def _concerned(plan: Plan, facts: TargetFacts) -> set[str]:
    """Return the tables of which it counts whether they are filled: those to copy, and both ends of their keys."""
    names = {table.target_name for table in plan.copies}
    names.update(name for key in plan.target.foreign_keys for name in (key.table, key.target, key.parent))
    return names.union(name for fact in facts.keys for name in (fact.child, fact.parent))


async def _current_target(context: RunContext, plan: Plan) -> Database:
    """Return the target as it is: as it was read for the plan, unless this run has dropped something since or before.

    The plan's has what was dropped in it, as if it were there.
    """
    if await dropped_objects(context.connection, context.run):
        return await read_database(context.connection, plan.target.name, context.target.schemas)
    return plan.target
