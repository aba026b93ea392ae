"""Giving up a run: what it has dropped comes back as far as that is possible, and the rows stay as they are.

It needs no source and no plan, so that it is there when nothing else is: the source gone for good, another layout, or
rows of others in the tables, which `undo.restart` refuses to throw away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.copy.emptying import statements_to_empty
from payrollx_db.consolidate.copy.restoring import restore_dropped
from payrollx_db.consolidate.copy.rows import filled
from payrollx_db.consolidate.copy.sequences import set_by_rows
from payrollx_db.consolidate.plan.destination import Destination, condition
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.accounts import accounts
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.runs import Run, finish_run
from payrollx_db.consolidate.state.unrestored import Unrestored
from payrollx_db.errors import PayrollxError, TargetError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.postgres.introspect import Database, Table, read_database


@dataclass(frozen=True)
class Abandoned:
    """A run that was given up: where it has left rows, and what could not be restored.

    ``emptying`` are the statements by which a person empties its tables: of a table in scopes, only those of the run.
    """

    run: int
    destinations: tuple[Destination, ...]
    unrestored: tuple[Unrestored, ...]
    emptying: str = ""

    @property
    def filled(self) -> tuple[str, ...]:
        """The tables with rows that it has left, each with its scope."""
        return tuple(map(str, self.destinations))

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        left = [item.document() for item in self.unrestored]
        return {"run": self.run, "status": "abandoned", "filled": list(self.filled), "unrestored": left}


async def abandon(context: Context, session: RunSession, run: Run, why: str) -> Abandoned:
    """Give up ``run``, and record it with ``why``.

    Raises TargetError where the connection is lost, or the state can't be written.
    """
    context.observer(StageStarted("undo", f"restoring what run {run.id} has dropped"))
    await migrate(session)
    left = await restore_dropped(context.of_run(run.id, session))
    with context.target.translating_errors("can't read the tables"):
        current = await read_database(session.connection, context.target.name, context.target.schemas)
        recorded = await accounts(session.connection, run.id)
    known = [account.destination for account in recorded if account.kind == "copy" and account.target in current.tables]
    tables = {d: current.tables[d.table] for d in known}
    await _set_sequences(context, session, list({table.oid: table for table in tables.values()}.values()))
    filled = [d for d, table in tables.items() if await _may_have_rows(context, session, table, d)]
    emptying = await _emptying(context, session, current, filled)
    message = why + (f"; {len(left)} indexes or foreign keys could not be restored" if left else "")
    async with session.transaction() as connection:
        await finish_run(connection, run.id, "abandoned", message)
    return Abandoned(run.id, tuple(filled), left, emptying)


async def _set_sequences(context: Context, session: RunSession, tables: Sequence[Table]) -> None:
    try:
        await set_by_rows(session, [table.oid for table in tables])
    except PayrollxError as error:
        context.observer(Notice(f"{error.message}; the sequences stay as they are"))


async def _emptying(
    context: Context, session: RunSession, current: Database, destinations: Sequence[Destination]
) -> str:
    whole = [d.table for d in destinations if not d.scope]
    with context.target.translating_errors("can't read how the tables are to be emptied"):
        statements = await statements_to_empty(session.connection, current, whole) if whole else []
    statements += [
        sql.SQL("DELETE FROM {} WHERE {};").format(sql.Identifier(*d.table.split(".", 1)), condition(d.scope))
        for d in destinations
        if d.scope
    ]
    return sql.SQL(" ").join(statements).as_string(None)


async def _may_have_rows(context: Context, session: RunSession, table: Table, destination: Destination) -> bool:
    """Tell whether a destination holds rows; one that can't be read may, and keeps nobody from giving up the run."""
    try:
        with context.target.translating_errors(f"can't read {table.full_name}"):
            return bool(await filled(session.connection, {table.full_name: table}, [destination]))
    except TargetError as error:
        if error.transient:
            raise
        return True
