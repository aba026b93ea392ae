"""What the target lacks or can't take: versions, encodings, extensions, roles, collations."""

from collections.abc import Iterator, Mapping, Sequence

from psycopg import sql

from payrollx_db.lift.plan.facts import Named, SourceFacts, TargetFacts
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.model.finding import EXAMPLES, Finding, Severity
from payrollx_db.postgres.introspect import Database

OLDEST = 140_000  # the oldest version that can be read
MAJOR = 10_000
ANY_TEXT = "UTF8"
ANY_BYTES = "SQL_ASCII"


def of_server(source: LiftedSchema, facts: SourceFacts, target: TargetFacts) -> Iterator[Finding]:
    """Yield how the servers and the databases differ; ``source`` is the one that accounts for the database."""
    here, there = facts.database, target.database
    if here.version < OLDEST:
        message = f"Postgres {here.version_text}: 14 is the oldest that is supported"
        yield Finding(
            "version", "block", source.source, 1, message, remedy="upgrade it, or a copy of it, with pg_upgrade"
        )
    if here.version // MAJOR > there.version // MAJOR:
        message = (
            f"Postgres {here.version_text} is newer than the target's {there.version_text}: what the older one doesn't"
            " know fails when the schema is made, and nothing is changed then"
        )
        yield Finding("source-newer", "warn", source.source, 1, message, remedy="lift into a target of its version")
    if here.encoding == ANY_BYTES:
        message = f"is {ANY_BYTES}, which says nothing of what its bytes mean, and the target {there.encoding}"
        remedy = "find out what its texts are written in, and restore a dump of it into a database of that encoding"
        yield Finding("encoding", "block", source.source, 1, message, remedy=remedy)
    elif there.encoding not in (here.encoding, ANY_TEXT):
        message = f"is {here.encoding}, and the target {there.encoding}, which may lack its letters"
        remedy = "make the target anew with ENCODING 'UTF8' and TEMPLATE template0"
        yield Finding("encoding", "block", source.source, 1, message, remedy=remedy)
    if (locale := _locale(facts.whole)) != (other := _locale(target.topics)):
        message = f"sorts and compares texts by {locale}, and the target by {other}: ORDER BY and ranges may differ"
        yield Finding("locale", "info", source.source, 1, message)


def poolers(databases: Mapping[str, Database]) -> Iterator[Finding]:
    """Yield the databases that are reached through a pooler, by the names that they are known by."""
    for name, database in databases.items():
        if database.pooler:
            message = (
                f"a pooler stands before it at {database.pooler}, and a lift needs sessions of its own, for pg_dump,"
                " snapshots and COPY"
            )
            remedy = "give the URL of Postgres itself"
            yield Finding("pooler", "block", name, 1, message, remedy=remedy)


def extensions(source: LiftedSchema, facts: SourceFacts, target: TargetFacts) -> Iterator[Finding]:
    """Yield what is to be said of the database's extensions: missing, of another version, or not to be made."""
    used = {name for name, _ in facts.whole.get("extension-use", ())}
    for name, version in facts.whole.get("extension", ()):
        installed, available = target.versions("installed", name), target.versions("version", name)
        place = f"{source.source}, extension {name}"
        if installed:
            if installed[0] != version:
                message = (
                    f"version {version} here, and {installed[0]} in the target: what the other version lacks fails"
                )
                yield Finding("extension-version", "warn", place, 1, message)
        elif not available:
            severity: Severity = "block" if name in used else "warn"
            message = "the target's server doesn't have it" + ("" if name in used else "; nothing of yours needs it")
            yield Finding("extension-missing", severity, place, 1, message, remedy=_install(name))
        elif target.versions("forbidden", name) and name in used:
            message = "isn't in the target, and the role there may not make it"
            statement = sql.SQL("CREATE EXTENSION {};").format(sql.Identifier(name)).as_string(None)
            yield Finding(
                "extension-forbidden", "block", place, 1, message, remedy="let a superuser run it", sql=statement
            )
        elif version not in available:
            default = target.versions("default", name)
            message = f"version {version} here, and the target can make {', '.join(default or available)}"
            yield Finding("extension-version", "warn", place, 1, message)


def roles(source: LiftedSchema, facts: SourceFacts, target: TargetFacts) -> Iterator[Finding]:
    """Yield the roles that policies name and the target hasn't."""
    missing: dict[str, list[str]] = {}
    for policy, role in facts.of(source.source_schema, "policy-role"):
        if role not in target.names("role"):
            missing.setdefault(role, []).append(policy)
    for role, policies in missing.items():
        message = f"policies are for the role {role}, which the target's server hasn't"
        statement = sql.SQL("CREATE ROLE {} NOLOGIN;").format(sql.Identifier(role)).as_string(None)
        yield Finding(
            "policy-role", "block", source.source, len(policies), message, tuple(policies[:EXAMPLES]),
            remedy="make the role", sql=statement,
        )  # fmt: skip


def collations(source: LiftedSchema, facts: SourceFacts, target: TargetFacts) -> Iterator[Finding]:
    """Yield the collations of columns that the target's system hasn't."""
    known = target.names("collation")
    lacking: dict[str, list[str]] = {}
    for column, collation in facts.of(source.source_schema, "collation"):
        if collation not in known:
            lacking.setdefault(collation, []).append(column)
    for collation, columns in lacking.items():
        message = f"columns have the collation {collation}, which the target's server hasn't"
        remedy = "install the locale there and run SELECT pg_import_system_collations('pg_catalog')"
        yield Finding(
            "collation", "block", source.source, len(columns), message, tuple(columns[:EXAMPLES]), remedy=remedy
        )


def _locale(topics: Mapping[str, Sequence[Named]]) -> str:
    return next((name for name, _ in topics.get("locale", ())), "")


def _install(name: str) -> str:
    return (
        f"install {name} on the target's server (the package postgresql-contrib has many); the embedded server has few:"
        " payrollx-db dev up --bin names the programs of a Postgres that has it"
    )
