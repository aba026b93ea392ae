"""Materialized views: made without rows, as no dump of a schema has them, and filled when the rows are there."""

from collections.abc import Iterable, Mapping

from psycopg import errors, sql

from payrollx_db.lift.project import LiftedSchema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, run, session

queries = query_files.beside(__name__)

View = tuple[str, str]  # schema and name


async def refresh_views(
    sources: Iterable[LiftedSchema], endpoints: Mapping[str, Endpoint], target: Endpoint
) -> tuple[list[str], list[str]]:
    """Fill those materialized views of the target that have rows in the source; return which, and which can't be.

    One that reads another comes after it. Raises SourceError or TargetError where a side can't be read.
    """
    async with session(target) as connection:
        due = []
        for source in sources:
            filled = await _views(endpoints[source.source], source.source_schema, populated=True)
            with target.translating_errors("can't read its materialized views"):
                empty = await _of_schema(connection, source.schema, populated=False)
            due += [(source.schema, name) for name in empty if name in filled]
        with target.translating_errors("can't refresh its materialized views"):
            return await _refresh(connection, due)


async def _views(endpoint: Endpoint, schema: str, *, populated: bool) -> list[str]:
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't read its materialized views"):
            return await _of_schema(connection, schema, populated=populated)


async def _of_schema(connection: Connection, schema: str, *, populated: bool) -> list[str]:
    params = {"schema": schema, "populated": populated}
    return [name for (name,) in await run(connection, sql.SQL(queries.load("materialized_views")), params)]


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
    except (errors.OperationalError, errors.InterfaceError):
        raise
    except errors.Error:  # one that reads an empty one, or a function that looks for what isn't there
        return False
    return True
