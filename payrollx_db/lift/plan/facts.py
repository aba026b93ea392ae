"""What the catalogs say that matters to a lift, beyond tables: read as topics, each with names and details."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

Named = tuple[str, str]  # a name, and a detail of it

# The system catalogs whose objects lie in schemas, and the kinds of pg_class, that a lift knows what to do about.
CATALOGS = (
    "pg_class", "pg_proc", "pg_type", "pg_operator", "pg_opclass", "pg_opfamily", "pg_conversion", "pg_collation",
    "pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "pg_statistic_ext", "pg_default_acl",
    "pg_publication_namespace", "pg_extension",
)  # fmt: skip
KINDS = ("r", "p", "v", "m", "S", "i", "I", "c", "f", "t")


@dataclass(frozen=True)
class SourceFacts:
    """What one database has: ``whole`` by topic, and ``schemas`` by schema and topic."""

    database: Database
    whole: Mapping[str, Sequence[Named]]
    schemas: Mapping[str, Mapping[str, Sequence[Named]]] = field(default_factory=dict)

    def of(self, schema: str, topic: str) -> Sequence[Named]:
        """Return what a schema has of a topic."""
        return self.schemas.get(schema, {}).get(topic, ())


@dataclass(frozen=True)
class TargetFacts:
    """What the target has, by topic."""

    database: Database
    topics: Mapping[str, Sequence[Named]]

    def names(self, topic: str) -> set[str]:
        """Return the names of a topic."""
        return {name for name, _ in self.topics.get(topic, ())}

    def versions(self, topic: str, extension: str) -> list[str]:
        """Return the versions of an extension under a topic: ``installed``, ``version``, ``default``, ``forbidden``."""
        return [version for name, version in self.topics.get(topic, ()) if name == extension]


async def read_source(
    sessions: SessionPool, endpoint: Endpoint, database: Database, schemas: Collection[str]
) -> SourceFacts:
    """Read what matters of a database and of these schemas of it. Raises SourceError."""
    params = {"schemas": list(schemas), "catalogs": list(CATALOGS), "kinds": list(KINDS)}
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read what a lift would meet"):
            whole = await run(connection, sql.SQL(queries.load("of_database")))
            rows = await run(connection, sql.SQL(queries.load("of_schemas")), params)
    by_schema: dict[str, list[tuple[str, str, str]]] = {}
    for schema, *rest in rows:
        by_schema.setdefault(schema, []).append((rest[0], rest[1], rest[2]))
    return SourceFacts(database, _topics(whole), {schema: _topics(given) for schema, given in by_schema.items()})


async def read_target(
    sessions: SessionPool, endpoint: Endpoint, database: Database, extensions: Iterable[str]
) -> TargetFacts:
    """Read what the target has, and which of these extensions it could have. Raises TargetError."""
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read what it has"):
            rows = await run(connection, sql.SQL(queries.load("of_target")), {"extensions": sorted(extensions)})
    return TargetFacts(database, _topics(rows))


def _topics(rows: Iterable[tuple[str, ...]]) -> dict[str, list[Named]]:
    topics: dict[str, list[Named]] = {}
    for topic, name, detail in rows:
        topics.setdefault(topic, []).append((name, detail))
    return topics
