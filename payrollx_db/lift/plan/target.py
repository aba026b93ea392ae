"""What the target has already, where a schema is to come."""

from collections.abc import Iterable, Iterator, Mapping

from psycopg import sql

from payrollx_db.lift.catalog import Lift
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database
from payrollx_db.postgres.place import is_same_database_async
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

OBJECTS = query_files.beside("payrollx_db.lift.schema.staging").load("objects")
IS_RECORDED = "SELECT pg_catalog.to_regclass('payrollx_meta.lifted_schemas') IS NOT NULL"
RECORDED = "SELECT schema FROM payrollx_meta.lifted_schemas"
ROLES = "SELECT rolname::text FROM pg_catalog.pg_roles"


async def unfit(
    sessions: SessionPool,
    endpoints: Mapping[str, Endpoint],
    target: Endpoint,
    sources: Iterable[LiftedSchema],
    databases: Mapping[str, Database],
    there: Database,
) -> list[Finding]:
    """Return why the target can't take anything: it is a standby, or a source, or two sources are one schema.

    A clone of a server has its identifiers, and is another one: so the two are asked whether they share their locks.
    Raises SourceError or TargetError.
    """
    findings, earlier = [], list[LiftedSchema]()
    if there.standby:
        remedy = "give the URL of the primary, or promote it"
        message = "a standby: it can't be written to"
        findings.append(Finding("standby", "block", there.name, 1, message, remedy=remedy))
    for source in sources:
        database, endpoint = databases[source.source], endpoints[source.source]
        for other in earlier:
            alike = (
                other.source_schema == source.source_schema and databases[other.source].identity == database.identity
            )
            if alike and await _is_same(sessions, endpoint, endpoints[other.source]):
                message = f"is the schema {source.source_schema} of {database.dbname}, as {other.source} is"
                remedy = "correct one of their URLs, or leave one of them out"
                findings.append(Finding("same-database", "block", source.source, 1, message, remedy=remedy))
                break
        earlier.append(source)
        if database.identity == there.identity and await _is_same(sessions, endpoint, target):
            message = f"is the target itself, {there.dbname}: it would be lifted into itself"
            remedy = "give the target another database; a schema of this one is moved with ALTER SCHEMA … RENAME"
            findings.append(Finding("same-database", "block", source.source, 1, message, remedy=remedy))
    return findings


async def _is_same(sessions: SessionPool, one: Endpoint, other: Endpoint) -> bool:
    async with sessions.session(one) as here, sessions.session(other) as there:
        with other.translating_errors("can't tell which database it is"):
            return await is_same_database_async(here, there)


def taken_schemas(lift: Lift, sources: Iterable[LiftedSchema], target: Database) -> Iterator[Finding]:
    """Yield the schemas that have tables already: those of a lift before are good to know, others are in the way."""
    for source in sources:
        expected = set(lift.catalog.service(source.service).tables)
        there = {table.name for table in target.tables.values() if table.schema == source.schema}
        place = f"{target.name}.{source.schema}"
        if there and there == expected:
            yield Finding("lifted-before", "info", place, len(there), "the schema is there already, with these tables")
        elif there:
            names = tuple(sorted(there - expected or there))
            message = "has tables already that aren't those of the source"
            yield Finding(
                "schema-taken", "block", place, len(names), message, names[:EXAMPLES],
                remedy=f"choose another schema for {source.service} in {lift.project.path.name}, or drop these tables",
            )  # fmt: skip


async def of_others(
    sessions: SessionPool, endpoint: Endpoint, sources: Iterable[LiftedSchema], target: Database
) -> list[Finding]:
    """Return the schemas without tables that have other objects of nobody's lift, and roles that are there before.

    Raises TargetError.
    """
    chosen = list(sources)
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read what is in its schemas"):
            rows = await run(connection, sql.SQL(OBJECTS), {"schemas": [source.schema for source in chosen]})
            ((recorded,),) = await run(connection, sql.SQL(IS_RECORDED))
            lifted = {schema for (schema,) in await run(connection, sql.SQL(RECORDED))} if recorded else set()
            roles = {role for (role,) in await run(connection, sql.SQL(ROLES))}
    tables = {table.schema for table in target.tables.values()}
    findings = []
    for source in chosen:
        if source.schema in lifted | tables:
            continue
        names = tuple(f"{kind} {identity}" for schema, _, _, kind, identity, *_ in rows if schema == source.schema)
        place = f"{target.name}.{source.schema}"
        if names:
            remedy = f"choose another schema for {source.service}, or move or drop what is there"
            message = "has other objects already"
            findings.append(
                Finding("schema-taken", "block", place, len(names), message, names[:EXAMPLES], remedy=remedy)
            )
        if source.role in roles:
            message = f"the role {source.role} is on the target's server already, maybe for something else"
            remedy = "choose another role in lift.toml, unless it is meant for this service"
            findings.append(Finding("role-taken", "warn", place, 1, message, remedy=remedy))
    return findings
