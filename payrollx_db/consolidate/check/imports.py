"""Rows that are imported from duplicate tables: they stand or fall with what their owner's table has."""

from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.check import values
from payrollx_db.consolidate.check.references import ReferenceEnd, ReferenceWorkspace, end_of
from payrollx_db.consolidate.check.verdicts import Verdicts
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL
from payrollx_db.postgres.introspect import Index


@dataclass
class ImportCheck:
    """Holds imported rows against the rows that their owner's table sends."""

    plan: Plan
    verdicts: Verdicts
    workspace: ReferenceWorkspace

    async def clashes(self, table: TablePlan) -> None:
        """Refuse, or quarantine, imported rows that would break a unique of the target."""
        uniques = [index for index in table.target.indexes if index.unique and index.plain and len(index.columns) == 1]
        for duplicate in self.verdicts.importers(table):
            quarantined = self.verdicts.quarantined.get(duplicate.source_name, {})
            keys = [key for key in self.verdicts.imported[duplicate.source_name] if key not in quarantined]
            for index in uniques if keys and duplicate.source_key is not None else ():
                mine, theirs = end_of(duplicate, index.columns, keys), end_of(self.verdicts.now(table), index.columns)
                if mine is not None and theirs is not None:
                    await self._refuse_clash(duplicate, index, mine, theirs)

    async def left_alone(self, duplicate: TablePlan) -> None:
        """Quarantine rows of a duplicate table with their owner's row: there is nothing left to merge them with."""
        owner = next(
            t for t in self.plan.copies if (t.database, t.destination) == (duplicate.owner, duplicate.destination)
        )
        causes = self.verdicts.quarantined.get(owner.source_name, {})
        if not causes or duplicate.source_key is None:
            return
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            duplicate.source_key, duplicate.from_clause, duplicate.among(list(causes))
        )
        name = duplicate.source_name
        for (key,) in await self.verdicts.fetch(duplicate, query):
            if key not in self.verdicts.imported.get(name, {}):
                cause = f"{owner.source_name} {key}"
                self.verdicts.add([], [Decision(name, key, "row", causes[key].code, causes[key].action, "", cause)])

    async def _refuse_clash(self, duplicate: TablePlan, index: Index, mine: ReferenceEnd, theirs: ReferenceEnd) -> None:
        clash = await self._clash(mine, theirs)
        if not clash:
            return
        place = values.place(duplicate, mine.columns)
        action = self.verdicts.policies.action("duplicate", place)
        message = f"adopted, and too many for the unique {index.name}"
        examples = tuple(clash)[:EXAMPLES]
        self.verdicts.add([Finding("duplicate", "block", place, len(clash), message, examples, action)], [])
        if action != FAIL:
            self.verdicts.add([], [Decision(duplicate.source_name, key, "row", "duplicate", action) for key in clash])

    async def _clash(self, mine: ReferenceEnd, theirs: ReferenceEnd) -> list[str]:
        """Return the keys of those of my rows whose value they have already."""
        value = self.workspace.text(mine)
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {} AND {} IS NOT NULL").format(
            mine.table.source_key or sql.SQL("NULL"), value, mine.table.from_clause, mine.rows, value
        )
        rows = await self.verdicts.fetch(mine.table, query)
        their_value = self.workspace.text(theirs)
        query = sql.SQL("SELECT {} FROM {} WHERE {} AND {} = ANY ({}::text[])").format(
            their_value, theirs.table.from_clause, theirs.rows, their_value, sql.Literal([value for _, value in rows])
        )
        taken = {value for (value,) in await self.verdicts.fetch(theirs.table, query)}
        return [key for key, value in rows if value in taken]
