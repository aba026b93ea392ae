"""What a lift leaves behind or changes, as findings: each names the things, and says what a person does about it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.lift.catalog import ALL_OF
from payrollx_db.lift.plan.facts import Named, SourceFacts, TargetFacts
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.model.finding import EXAMPLES, Finding, Severity

# Settings that are stored as lists of names, each quoted where it has to be.
LISTS_OF_NAMES = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")
LISTED = re.compile(r'"((?:[^"]|"")*)"|([^,"\s][^,]*)')
LARGE_OBJECTS = "pg_largeobject"  # what left_behind calls them


@dataclass(frozen=True)
class Topic:
    """What to say about the things of one topic. ``details`` says that a thing is shown with its detail."""

    severity: Severity
    message: str
    remedy: str
    details: str = ""


OF_DATABASE = {
    "event-trigger": Topic(
        "warn", "event triggers are left behind: they are of a whole database, and would watch all services",
        "make those that are still wanted in the target yourself", "on",
    ),
    "publication": Topic(
        "warn", "publications are left behind: who subscribes to them goes on with the source",
        "make them in the target once the services are there, and move the subscribers",
    ),
    "subscription": Topic(
        "warn", "subscriptions are left behind: two subscribers of one slot would take each other's changes",
        "end them before the copy, or wait until no change comes; make them in the target afterwards",
    ),
    "foreign-server": Topic(
        "info", "foreign servers are left behind, with their user mappings",
        "make those that are still wanted yourself", "by",
    ),
}  # fmt: skip
OF_SCHEMA = {
    "foreign-table": Topic(
        "warn", "foreign tables are left behind: the target has no foreign server of that name",
        "make the server in the target first, or copy their rows into tables of the source", "of",
    ),
    "unknown-object": Topic(
        "block", "objects of a kind that a lift has never seen: nothing is known of how to carry them over",
        "drop them in a copy of the database, or report the kind", "in",
    ),
    "partition-elsewhere": Topic(
        "warn", "partitions or children of tables in a schema that isn't lifted from this database",
        "lift that schema as well", "of",
    ),
    "invalid-index": Topic(
        "warn", "invalid indexes are left behind: a CREATE INDEX CONCURRENTLY that failed has left them, no query uses"
        " them, and a unique one may not hold",
        "REINDEX INDEX those that are wanted in the source, and drop the others", "of",
    ),
    "tablespace": Topic(
        "info", "tablespaces that the target hasn't: everything of this database is made in the target's default one",
        "make the tablespaces there first, or move what should be elsewhere with ALTER … SET TABLESPACE", "in",
    ),
    "grant": Topic(
        "info", "grants are left behind: each service gets a role of its own, which payrollx-db roles shows",
        "grant what others need anew in the target", "to",
    ),
    "default-privileges": Topic(
        "info", "default privileges are left behind, as grants are", "ALTER DEFAULT PRIVILEGES in the target", "for",
    ),
    "security-label": Topic(
        "warn", "security labels are left behind", "set them in the target with SECURITY LABEL", "of",
    ),
}  # fmt: skip
# What comes along where the target has what they lie in, and the topic that says what it has.
KEPT_WITH = {"foreign-table": "foreign-server", "tablespace": "tablespace"}


def of_database(source: LiftedSchema, facts: SourceFacts, target: str) -> Iterator[Finding]:
    """Yield what is left behind of the whole database; ``source`` is the one that accounts for it."""
    for code, topic in OF_DATABASE.items():
        if things := facts.whole.get(code, ()):
            yield _finding(code, topic, source.source, things)
    if (things := facts.whole.get("large-object", ())) and LARGE_OBJECTS not in source.left_behind:
        message = (
            "large objects belong to no table, and are not carried over: columns that name them would name nothing"
        )
        remedy = (
            f"turn them into bytea columns (lo_get), or leave them behind in lift.toml:"
            f' "{LARGE_OBJECTS}" = "the reason"'
        )
        yield Finding("large-object", "block", source.source, int(things[0][0]), message, remedy=remedy)
    yield from _settings(source, facts.whole.get("database-setting", ()), target)


def other_schemas(group: Sequence[LiftedSchema], facts: SourceFacts) -> Iterator[Finding]:
    """Yield the tables of schemas that the project has no word about: a plan is total, and would stop at them."""
    first = group[0]  # which accounts for all of the database that no other does
    known = {source.source_schema for source in group}
    known |= {place.removesuffix(ALL_OF) for place in first.left_behind if place.endswith(ALL_OF)}
    tables = (table for table in facts.database.tables.values() if table.schema not in known)
    names = sorted(table.full_name for table in tables if table.full_name not in first.left_behind)
    if names:
        schema = names[0].partition(".")[0]
        message = "tables in schemas that aren't lifted from this database: payrollx-db plan and copy stop at them"
        remedy = (
            f'lift these schemas as well, or leave them behind of {first.source}: "{schema}{ALL_OF}" = "the reason"'
        )
        yield Finding("other-schema", "warn", first.source, len(names), message, tuple(names[:EXAMPLES]), remedy=remedy)


def of_schema(source: LiftedSchema, facts: SourceFacts, target: TargetFacts) -> Iterator[Finding]:
    """Yield what is left behind, changed or refused of one schema."""
    for code, topic in OF_SCHEMA.items():
        things = facts.of(source.source_schema, code)
        if code in KEPT_WITH:  # what they lie in decides
            known = target.names(KEPT_WITH[code])
            things = [(name, place) for name, place in things if place not in known]
        if things:
            yield _finding(code, topic, source.source, things)
    if things := facts.of(source.source_schema, "materialized-view"):
        names = tuple(name for name, _ in things)
        yield Finding(
            "materialized-view", "info", source.source, len(names),
            "materialized views are made without rows; copy fills them",
            names[:EXAMPLES], remedy="refresh them where rows come another way",
            sql="\n".join(refreshing(source.schema, names)),
        )  # fmt: skip
    if things := facts.of(source.source_schema, "privilege"):
        yield _privileges(source, things)


def refreshing(schema: str, names: Sequence[str]) -> list[str]:
    """Return the statements that fill materialized views."""
    query = sql.SQL("REFRESH MATERIALIZED VIEW {};")
    return [query.format(sql.Identifier(schema, name)).as_string(None) for name in names]


def _finding(code: str, topic: Topic, place: str, things: Sequence[Named]) -> Finding:
    names = [f"{name} ({topic.details} {detail})" if topic.details and detail else name for name, detail in things]
    examples = tuple(dict.fromkeys(names))
    return Finding(code, topic.severity, place, len(examples), topic.message, examples[:EXAMPLES], remedy=topic.remedy)


def _privileges(source: LiftedSchema, things: Sequence[Named]) -> Finding:
    names = tuple(f"{name} ({right})" for name, right in things)
    message = "the role that reads this database may not read all of the schema, and so can't dump or copy it"
    schema = sql.Identifier(source.source_schema)
    grants = [
        sql.SQL("GRANT USAGE ON SCHEMA {} TO …;").format(schema),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO …;").format(schema),
        sql.SQL("GRANT SELECT ON ALL SEQUENCES IN SCHEMA {} TO …;").format(schema),
    ]
    statements = "\n".join(grant.as_string(None) for grant in grants)
    return Finding("privilege", "block", source.source, len(names), message, names[:EXAMPLES], sql=statements)


def _settings(source: LiftedSchema, things: Sequence[Named], target: str) -> Iterator[Finding]:
    """Yield the database's own settings, with the statements that give them to the service's role there."""
    if not things:
        return
    statements, names = [], []
    for role, setting in things:
        name, _, value = setting.partition("=")
        names.append(f"{name} (of {role})" if role else name)
        # A name with a dot is an application's own, and such values may be secrets.
        shown = sql.SQL("'…'") if "." in name else _written(source, name, value)
        parts = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
        statement = sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} TO {};").format(
            sql.Identifier(role or source.role), sql.Identifier(target), parts, shown
        )
        statements.append(statement.as_string(None))
    message = "settings of the database, or of roles in it, are left behind: they would hold for all services"
    yield Finding(
        "database-setting", "warn", source.source, len(names), message, tuple(names[:EXAMPLES]),
        remedy="run those that the service needs, when its role is there", sql="\n".join(statements),
    )  # fmt: skip


def _written(source: LiftedSchema, name: str, value: str) -> sql.Composable:
    """Return a setting's stored value as a statement has it: of a list of names one literal each, and of schemas those
    that they will be.
    """
    if name.lower() not in LISTS_OF_NAMES:
        return sql.Literal(value)
    names = [
        match[1].replace('""', '"') if match[2] is None else match[2].strip().lower()
        for match in LISTED.finditer(value)
    ]
    if name.lower() == "search_path":
        names = [source.schema if one == source.source_schema else one for one in names]
    return sql.SQL(", ").join(map(sql.Literal, names or [""]))
