"""Bringing the state to this tool's version: numbered files, forwards only, each in a transaction of its own.

They run while the run's lock is held. The first is the state as it was before it had versions; it leaves alone what
is there, so it completes what even older tools have left.
"""

from importlib.resources import files

from psycopg import sql

from payrollx_db import __version__
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

FIRST_RECORDED = 2  # the table of versions came with it
RECORD = "INSERT INTO payrollx_meta.versions (version, tool_version) VALUES (%s, %s)"


async def migrate(run_session: RunSession) -> None:
    """Make the state, or bring it to `schema.VERSION`. Raises StateConflictError where it is of a newer one."""
    current = await schema.version(run_session.connection)
    # The first brings no state from nothing to a version 1 that lacks a table of an even older tool.
    for number, name in enumerate(schema.MIGRATIONS, 1):
        if number > current or (number == 1 and current == 1):
            async with run_session.transaction() as connection:
                await run(connection, sql.SQL(queries.load("act_as_its_owner")))
                script = files(__package__).joinpath("migrations", name).read_text("utf-8")
                await connection.execute(script.encode())
                if number >= FIRST_RECORDED:
                    await run(connection, sql.SQL(RECORD), (number, __version__))
