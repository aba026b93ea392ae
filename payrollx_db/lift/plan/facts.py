"""What the catalogs say that matters to a lift, beyond tables: read as topics, each with names and details."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from psycopg import sql

from payrollx_db.lift.plan.bodies import Names, names_in
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
HAS_ROUTINES = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.pronamespace IN (
  SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = ANY (%(schemas)s)))
"""


@dataclass(frozen=True)
class Routine:
    """A routine whose code is text. ``callers`` are the kinds of things that call it by themselves."""

    schema: str
    name: str
    language: str
    body: str
    definition: str
    has_path: bool
    callers: Sequence[str]

    @cached_property
    def names(self) -> Names | None:
        """What its code names; ``None`` where that can't be read."""
        return names_in(self.language, self.body, self.definition)


@dataclass(frozen=True)
class SourceFacts:
    """What one database has: ``whole`` by topic, and ``schemas`` by schema and topic."""

    database: Database
    whole: Mapping[str, Sequence[Named]]
    schemas: Mapping[str, Mapping[str, Sequence[Named]]] = field(default_factory=dict)
    routines: Sequence[Routine] = ()
    objects: Mapping[str, AbstractSet[str]] = field(default_factory=dict)  # what code may name, by schema

    def of(self, schema: str, topic: str) -> Sequence[Named]:
        """Return what a schema has of a topic."""
        return self.schemas.get(schema, {}).get(topic, ())

    def has(self, schemas: Iterable[str], name: str) -> bool:
        """Tell whether one of these schemas has a relation, routine or type of a name."""
        return any(name in self.objects.get(schema, ()) for schema in schemas)


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
            ((has_routines,),) = await run(connection, sql.SQL(HAS_ROUTINES), params)
            # What follows is of routines alone, and takes longer to plan than to find none.
            routines = await run(connection, sql.SQL(queries.load("routines")), params) if has_routines else []
            objects = await run(connection, sql.SQL(queries.load("objects")), params) if routines else []
    by_schema: dict[str, list[tuple[str, str, str]]] = {}
    for schema, *rest in rows:
        by_schema.setdefault(schema, []).append((rest[0], rest[1], rest[2]))
    names: dict[str, set[str]] = {}
    for schema, name, _ in objects:
        names.setdefault(schema, set()).add(name)
    return SourceFacts(
        database,
        _topics(whole),
        {schema: _topics(given) for schema, given in by_schema.items()},
        tuple(Routine(*row) for row in routines),
        names,
    )


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
