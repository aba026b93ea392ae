"""The place of a flow back: in the legacy database, in a table of schema ``payrollx``, stored with the rows there."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.gate import LET_THROUGH, SOURCE_SCHEMA
from payrollx_db.consolidate.state.flows import FOLLOWING, FlowState
from payrollx_db.errors import StateConflictError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, run, session
from payrollx_db.postgres.sqlstates import FORBIDDEN

queries = query_files.beside(__name__)

# Neither triggers of the legacy tables nor their foreign keys: the rows went through them, or their like, over there.
AS_REPLICA = sql.SQL("SET LOCAL session_replication_role = 'replica'")
BEGIN = sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
OWN = "SELECT p.owner = {} FROM payrollx.place AS p WHERE p.database = {} FOR UPDATE"
SCHEMA_EXISTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = {})"
TABLE_EXISTS = "SELECT pg_catalog.to_regclass('payrollx.place') IS NOT NULL"
NO_TABLE = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)


class BackLedger:
    """The ledger of a flow back. One follower has it at a time: who connects takes it from who had it before."""

    def __init__(self, flow: Flow, *, as_replica: bool) -> None:
        self.flow = flow
        self.as_replica = as_replica
        self._owner = secrets.token_hex(8)

    async def read(self, connection: Connection) -> FlowState:
        """Return what is recorded, and take it over. Raises StateConflictError where nothing is."""
        take = sql.SQL(queries.load("take_place")).format(owner=self._owner, database=self.flow.name)
        rows: list[tuple[Any, ...]] = []
        try:
            await run(connection, BEGIN)
            rows = await run(connection, take)
            await run(connection, sql.SQL("COMMIT"))
        except NO_TABLE:
            await run(connection, sql.SQL("ROLLBACK"))
        if not rows or rows[0][2] is None:
            raise StateConflictError(
                f"nothing is recorded in {self.flow.name} of following the unified database back",
                hint="that begins with payrollx-db cutover",
            )
        slot, publication, place, snapshot, read_place, surroundings, keys, at = rows[0]
        return FlowState(
            self.flow.name, "back", None, slot, publication, place, snapshot, read_place, surroundings, None, FOLLOWING,
            [], keys, at,
        )  # fmt: skip

    def opening(self) -> Sequence[sql.Composable]:
        """Return the statements with which a writing transaction begins; the last answers whether it may write."""
        own = sql.SQL(OWN).format(self._owner, self.flow.name)
        return [BEGIN, LET_THROUGH, *([AS_REPLICA] if self.as_replica else []), own]

    def store(
        self, place: str, snapshot: str, keys: int, surroundings: Mapping[str, Any] | None = None
    ) -> sql.Composable:
        """Return the statement that stores how far the transaction has brought the flow."""
        document = None if surroundings is None else json.dumps(surroundings)
        return sql.SQL(queries.load("store_place_back")).format(
            database=self.flow.name, place=place, snapshot=snapshot, keys=keys, surroundings=document
        )


async def make_place(connection: Connection) -> None:
    """Make the table of places in a legacy database, and its schema, where they are missing. Raises psycopg's errors.

    ``connection`` may write.
    """
    ((exists,),) = await run(connection, sql.SQL(SCHEMA_EXISTS).format(SOURCE_SCHEMA))
    if not exists:  # IF NOT EXISTS would take the right to make one, even where it is
        await run(connection, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SOURCE_SCHEMA)))
    ((exists,),) = await run(connection, sql.SQL(TABLE_EXISTS))
    if not exists:
        await run(connection, sql.SQL(queries.load("place_table")))


def begin_place(
    flow: Flow,
    place: str,
    *,
    read_place: Mapping[str, Any] | None = None,
    surroundings: Mapping[str, Any] | None = None,
) -> sql.Composed:
    """Return the statement that records, in the legacy database, from where its flow back starts.

    ``place`` is an LSN of the unified database behind all that was brought over forward, and before all that its own
    writers will write.
    """

    def document(value: Mapping[str, Any] | None) -> str | None:
        return None if value is None else json.dumps(value)

    return sql.SQL(queries.load("begin_place")).format(
        database=flow.name, slot=flow.slot, publication=flow.publication, place=place,
        read_place=document(read_place), surroundings=document(surroundings),
    )  # fmt: skip


async def forget_place(connection: Connection, database: str) -> None:
    """Forget the place of one flow back, and drop the table where it was the last one. Raises psycopg's errors."""
    ((exists,),) = await run(connection, sql.SQL(TABLE_EXISTS))
    if exists:
        await run(connection, sql.SQL("DELETE FROM payrollx.place WHERE database = {}").format(database))
        ((left,),) = await run(connection, sql.SQL("SELECT pg_catalog.count(*) FROM payrollx.place"))
        if not left:
            await run(connection, sql.SQL("DROP TABLE payrollx.place"))


async def may_act_as_replica(endpoint: Endpoint) -> bool:
    """Tell whether the role may keep triggers from firing: a superuser, or from 15 on by GRANT SET.

    Raises SourceError.
    """
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't tell whether triggers may be left out"):
            try:
                async with connection.transaction(force_rollback=True):
                    await run(connection, AS_REPLICA)
            except psycopg.Error as error:
                if error.sqlstate != FORBIDDEN:
                    raise
                return False
    return True
