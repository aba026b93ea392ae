"""Small tables, several in one transaction: their rows, the records of them, and the planner's statistics."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.copy.tables import TableCopier, empty_table, tables_with_rows
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.state import accounts, parts
from payrollx_db.model.events import TableFinished, TableStarted
from payrollx_db.postgres.copy_pipe import Piped
from payrollx_db.postgres.session import render_sql


@dataclass(frozen=True)
class _Moved:
    """What moved of one table, and when."""

    piped: Piped
    started: float
    seconds: float


@dataclass(frozen=True)
class BatchCopier:
    """Moves batches of one run. All tables of a batch are of one source, and none of their rows is quarantined."""

    copier: TableCopier

    async def move(self, tables: Sequence[TablePlan]) -> None:
        """Copy all rows of ``tables`` in this order, and record them, in one transaction under one snapshot.

        Their indexes are in place meanwhile, so there is no point in emptying what is empty: rows that are written
        frozen save a vacuum, which is nothing for few of them, and new files cost more. Raises as `TableCopier.move`.
        """
        copier, observer = self.copier, self.copier.context.observer
        label = tables[0].target_name + (f" and {len(tables) - 1} more" if len(tables) > 1 else "")
        moved: dict[tuple[str, str], _Moved] = {}
        async with (
            copier.slots,
            copier.stream(tables, label) as (stream, snapshot),
            copier.writer(label) as writer,
        ):
            await self._empty(writer, tables)
            await parts.begin_parts(writer, copier.run, [table.place for table in tables], snapshot)
            for table in tables:
                started = time.monotonic()
                observer(TableStarted(*table.place, table.source.rows))
                piped = await copier.pipe_next(table, stream, writer)
                moved[table.place] = _Moved(piped, started, time.monotonic() - started)
            await self._finish(writer, tables, moved)
        for place, table_moved in moved.items():
            observer(TableFinished(*place, table_moved.piped.written, table_moved.piped.size, table_moved.seconds))

    async def _empty(self, writer: Any, tables: Sequence[TablePlan]) -> None:
        """Empty those that a larger part has left rows in, when the run was cut off."""
        filled = await tables_with_rows(writer, tables)
        for table in reversed(tables):  # children before their parents
            if table.destination in filled:
                await empty_table(writer, table, truncate=False)

    async def _finish(self, writer: Any, tables: Sequence[TablePlan], moved: dict[tuple[str, str], _Moved]) -> None:
        run, now = self.copier.run, time.monotonic()
        counts = {place: (m.piped.read, m.piped.written, m.piped.size) for place, m in moved.items()}
        times = {place: (m.seconds, now - m.started) for place, m in moved.items()}
        await parts.finish_parts(writer, run, counts)
        await accounts.finish_copied_together(writer, run, {p: (*counts[p], *times[p]) for p in moved})
        # What other scopes have rows in is analyzed once for all: until the commit, no other batch could.
        if names := [table.target.identifier for table in tables if not table.scope]:
            await writer.execute(render_sql(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(names))))
