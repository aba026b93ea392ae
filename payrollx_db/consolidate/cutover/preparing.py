"""Before a fence: the gates are made, open, and their triggers put at each table, one table at a time.

So behind the fence a gate is closed by one statement. Each trigger lets the writers of its table wait for a moment.
"""

import asyncio
from collections.abc import Collection

from psycopg import sql

from payrollx_db.consolidate.cutover.blockers import blockers
from payrollx_db.consolidate.cutover.posts import Fenced
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.gate import Gate, GatedTable
from payrollx_db.errors import FenceError
from payrollx_db.postgres.errors import DRIVER_ERRORS, sqlstate
from payrollx_db.postgres.session import Connection, run, session
from payrollx_db.postgres.sqlstates import DEADLOCK, LOCK_NOT_AVAILABLE

ATTEMPTS = 10
PAUSE = 0.5  # seconds between two of them
WAIT = "500ms"  # for the lock of one table: so long at most does an attempt keep its writers waiting
SCHEMA_COMMENT = "made by payrollx-db, which removes it with payrollx-db complete"
SCHEMA_EXISTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = {})"


async def prepare_gates(database: Fenced) -> list[str]:
    """Make the gates of one database where they are missing, open, and put their triggers at all of its tables.

    A gate that is closed stays so. Returns the tables at which a trigger was put. Raises FenceError where a table
    can't be locked for that, SourceError or TargetError.
    """
    endpoint = database.writing
    names: list[str] = []
    async with session(endpoint) as connection:
        for gate, oids in database.gates.items():
            with endpoint.translating_errors("can't make its gate"):
                await make_gate(connection, gate)
                missing = [table for table in await gates.gated_tables(connection, gate, oids) if not table.stands]
            for table in missing:
                await _attach(connection, database, gate, table)
                names.append(table.full_name)
    return names


async def make_gate(connection: Connection, gate: Gate) -> None:
    """Make the gate's function where it isn't there, open, and its schema. Raises what the driver raises."""
    if await gates.is_closed(connection, gate) is None:
        await make_schema(connection, gate.schema)
        await run(connection, gate.open())


async def make_schema(connection: Connection, name: str) -> None:
    """Make our schema where it isn't there: IF NOT EXISTS would take the right to make one, even where it is."""
    ((exists,),) = await run(connection, sql.SQL(SCHEMA_EXISTS).format(name))
    if not exists:
        text = sql.SQL("CREATE SCHEMA {0}; COMMENT ON SCHEMA {0} IS {1}")
        await run(connection, text.format(sql.Identifier(name), sql.Literal(SCHEMA_COMMENT)))


async def remove_gates(database: Fenced) -> None:
    """Drop the gates of one database, and their triggers. Raises SourceError or TargetError."""
    endpoint = database.writing
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't drop its gate"):
            for gate in database.gates:
                async with connection.transaction():
                    await gates.remove(connection, gate)


async def _attach(connection: Connection, database: Fenced, gate: Gate, table: GatedTable) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with connection.transaction():
                await run(connection, sql.SQL("SET LOCAL lock_timeout = {}").format(WAIT))
                await run(connection, gate.attach(table, connection.info.server_version))
        except DRIVER_ERRORS as error:
            if sqlstate(error) not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                raise database.endpoint.to_error(error, f"can't put a trigger at {table.full_name}") from None
            if attempt == ATTEMPTS:
                raise await _in_the_way(connection, database, [table.oid], table.full_name) from None
            await asyncio.sleep(PAUSE)
        else:
            return


async def _in_the_way(connection: Connection, database: Fenced, oids: Collection[int], name: str) -> FenceError:
    with database.endpoint.translating_errors("can't read who locks its tables"):
        holders = await blockers(connection, database.name, oids)
    return FenceError(
        f"{database.name}: no trigger can be put at {name}, which others lock",
        details=tuple(map(str, holders)),
        hint="wait for these sessions, or end them, and run the same command again",
    )
