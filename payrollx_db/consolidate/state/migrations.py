"""Bringing the state to this tool's version: numbered files, forwards only, each in a transaction of its own.

Where there is no state yet, one transaction makes all of it. They run while the run's lock is held. The first is the
state as it was before it had versions; it leaves alone what is there, so it completes what even older tools have left.
"""

from importlib.resources import files

from psycopg import sql

from payrollx_db import __version__
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import run, run_together

queries = query_files.beside(__name__)

FIRST_RECORDED = 2  # the table of versions came with it
RECORD = "INSERT INTO payrollx_meta.versions (version, tool_version) VALUES ({}, {})"


async def migrate(run_session: RunSession) -> None:
    """Make the state, or bring it to `schema.VERSION`. Raises StateConflictError where it is of a newer one."""
    current = await schema.version(run_session.connection)
    # The first brings no state from nothing to a version 1 that lacks a table of an even older tool.
    numbers = range(1 if current == 1 else current + 1, schema.VERSION + 1)
    for group in [numbers] if current == 0 else [[number] for number in numbers]:
        async with run_session.transaction() as connection:
            await run(connection, sql.SQL(queries.load("act_as_its_owner")))
            await run_together(connection, [_script(number) for number in group])


def _script(number: int) -> sql.Composable:
    """Return what brings the state to version ``number``, and records it."""
    path = files(__package__).joinpath("migrations", schema.MIGRATIONS[number - 1])
    script = sql.SQL(path.read_text("utf-8"))
    if number < FIRST_RECORDED:
        return script
    record = sql.SQL(RECORD).format(sql.Literal(number), sql.Literal(__version__))
    return sql.SQL("; ").join([script, record])
