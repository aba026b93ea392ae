"""Giving up a run: what it has dropped comes back as far as that is possible, and the rows stay as they are.

It needs no source and no plan, so that it is there when nothing else is: the source gone for good, another layout, or
rows of others in the tables, which `undo.restart` refuses to throw away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.copy.restoring import restore_dropped
from payrollx_db.consolidate.copy.rows import filled
from payrollx_db.consolidate.copy.sequences import set_by_rows
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.accounts import accounts
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.runs import Run, finish_run
from payrollx_db.consolidate.state.unrestored import Unrestored
from payrollx_db.errors import PayrollxError, TargetError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.postgres.introspect import Table, read_database


@dataclass(frozen=True)
class Abandoned:
    """A run that was given up: the tables of it that hold rows, and what could not be restored."""

    run: int
    filled: tuple[str, ...]
    unrestored: tuple[Unrestored, ...]

    @property
    def emptying(self) -> str:
        """The statement by which a person empties its tables."""
        names = sql.SQL(", ").join(sql.Identifier(*name.split(".", 1)) for name in self.filled)
        return sql.SQL("TRUNCATE {};").format(names).as_string(None) if self.filled else ""

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
        current = await read_database(session.connection, context.target.name)
        recorded = await accounts(session.connection, run.id)
    names = [account.target for account in recorded if account.kind == "copy" and account.target in current.tables]
    tables = [current.tables[name] for name in dict.fromkeys(names)]
    await _set_sequences(context, session, tables)
    filled = [table.full_name for table in tables if await _may_have_rows(context, session, table)]
    message = why + (f"; {len(left)} indexes or foreign keys could not be restored" if left else "")
    async with session.transaction() as connection:
        await finish_run(connection, run.id, "abandoned", message)
    return Abandoned(run.id, tuple(filled), left)


async def _set_sequences(context: Context, session: RunSession, tables: Sequence[Table]) -> None:
    try:
        await set_by_rows(session, [table.oid for table in tables])
    except PayrollxError as error:
        context.observer(Notice(f"{error.message}; the sequences stay as they are"))


async def _may_have_rows(context: Context, session: RunSession, table: Table) -> bool:
    """Tell whether a table holds rows; one that can't be read may, and keeps nobody from giving up the run."""
    try:
        with context.target.translating_errors(f"can't read {table.full_name}"):
            return bool(await filled(session.connection, {table.full_name: table}, [table.full_name]))
    except TargetError as error:
        if error.transient:
            raise
        return True
