"""Materialized views: made without rows, as no dump of a schema has them, and filled when the rows are there."""

from collections.abc import Iterable, Mapping

from psycopg import errors, sql

from payrollx_db.lift.project import LiftedSchema
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.session import Connection, Endpoint, run, session

queries = query_files.beside(__name__)

View = tuple[str, str]  # schema and name
OF_SERVER = (*sqlstates.TRANSIENT, "53", "55P03", "57", "58")  # errors that are of the moment, and of no view


async def refresh_views(
    sources: Iterable[LiftedSchema], endpoints: Mapping[str, Endpoint], target: Endpoint
) -> tuple[list[str], list[str]]:
    """Fill those materialized views of the target that have rows in the source; return which, and which can't be.

    One that reads another comes after it. Raises SourceError or TargetError where a side can't be read.
    """
    homes = {source.schema: source for source in sources}
    async with session(target) as connection:
        with target.translating_errors("can't read its materialized views"):
            empty = await _of_schemas(connection, homes, populated=False)
        due = []
        for schema, names in empty.items():
            source = homes[schema]
            filled = await _filled(endpoints[source.source], source.source_schema)
            due += [(schema, name) for name in names if name in filled]
        with target.translating_errors("can't refresh its materialized views"):
            return await _refresh(connection, due)


async def _filled(endpoint: Endpoint, schema: str) -> list[str]:
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't read its materialized views"):
            return (await _of_schemas(connection, [schema], populated=True)).get(schema, [])


async def _of_schemas(connection: Connection, schemas: Iterable[str], *, populated: bool) -> dict[str, list[str]]:
    params = {"schemas": list(schemas), "populated": populated}
    views: dict[str, list[str]] = {}
    for schema, name in await run(connection, sql.SQL(queries.load("materialized_views")), params):
        views.setdefault(schema, []).append(name)
    return views


async def _refresh(connection: Connection, due: list[View]) -> tuple[list[str], list[str]]:
    done: list[str] = []
    while due:
        left = [view for view in due if not await _is_refreshed(connection, view)]
        done += [f"{schema}.{name}" for schema, name in due if (schema, name) not in left]
        if len(left) == len(due):
            break
        due = left
    return done, [f"{schema}.{name}" for schema, name in due if f"{schema}.{name}" not in done]


async def _is_refreshed(connection: Connection, view: View) -> bool:
    try:
        await run(connection, sql.SQL("REFRESH MATERIALIZED VIEW {}").format(sql.Identifier(*view)))
    except errors.Error as error:
        # One that reads an empty one, or a function that looks for what isn't there; but not a session that is cut off,
        # or a server that can't go on, which says nothing about the view.
        if error.sqlstate is None or sqlstates.among(error.sqlstate, OF_SERVER):
            raise
        return False
    return True
