"""What a service's definitions name outside its schema: extensions, and objects of other schemas.

A dump holds none of that. So a backup says what it needs, and a database that lacks it is told before anything begins.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from payrollx_db.backup.manifest import Manifest, Need
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import AUDIT_TRIGGERS
from payrollx_db.postgres import query_files
from payrollx_db.postgres.errors import sqlstate

if TYPE_CHECKING:  # it brings Alembic and SQLAlchemy, and a lift needs neither
    from payrollx_db.backup.session import Session

queries = query_files.beside(__name__)

Ask = Callable[[str, dict[str, Any]], list[tuple[Any, ...]]]

NO_SUCH_THING = ("42", "3F")
EXTENSION, LARGE_OBJECTS = "extension", "large objects"


def fetch(at: "Session", schema: str) -> tuple[Need, ...]:
    """Return what the definitions of a schema need, extensions first, and which columns name large objects."""
    return (*find(at.run, schema), *_large_objects(at, schema))


def find(ask: Ask, schema: str) -> tuple[Need, ...]:
    """Return what the definitions of a schema need, extensions first. ``ask`` runs a query with its parameters."""
    rows = ask(queries.load("needs"), {"schema": schema, "triggers": list(AUDIT_TRIGGERS)})
    return tuple(
        Need(kind, place, identity, tuple(names), tuple(arguments), version, used_by or "")
        for kind, place, identity, names, arguments, version, used_by in rows
    )


def require(at: "Session", manifest: Manifest, owner: str) -> None:
    """Raise FindingsError where the database lacks what a backup needs, or ``owner``, who restores, can't use it."""
    elsewhere = tuple(manifest.database) != at.identity()
    require_all(at, manifest.needs, manifest.service, owner, elsewhere=elsewhere)


def require_all(at: "Session", needs: Iterable[Need], service: str, owner: str, *, elsewhere: bool) -> None:
    """Raise FindingsError where the database lacks what ``service`` needs; ``elsewhere``: it isn't where that is from.

    Large objects are in no backup: those of another database aren't here.
    """
    with at.translating_errors("can't look for what the backup needs"):
        found = [(need, _lack(at, need, elsewhere=elsewhere)) for need in needs]
        lacks = [(need, lack) for need, lack in found if lack]
        fixes = [fix for need, _ in lacks if (fix := _fix(at, need))]
        if not lacks:
            closed = [(need, *_closed(at, need, owner)) for need in needs]
            lacks = [(need, lack) for need, lack, _ in closed if lack]
            fixes = list(dict.fromkeys(fix for *_, fix in closed if fix))
    if lacks:
        raise FindingsError(
            f"{at.url.masked} lacks what {service} needs; nothing was changed",
            details=tuple(f"{need}: {lack}" for need, lack in lacks),
            hint=f"first run there, as a role that may: {' '.join(fixes)}" if fixes else "make these there first",
        )


def _lack(at: "Session", need: Need, *, elsewhere: bool) -> str:
    """Return what is wrong with something needed; empty where it is there."""
    used_by = f", which {need.used_by} uses" if need.used_by else ""
    if need.kind == LARGE_OBJECTS:
        return "it names large objects, which no backup contains" if elsewhere else ""
    if need.kind != EXTENSION:
        return "" if _is_there(at, need) else f"it isn't there{used_by}"
    places = at.run(
        "SELECT n.nspname::text FROM pg_catalog.pg_extension AS e"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = %s",
        [need.name],
    )
    if not places:
        return f"it isn't there{used_by}"
    return (
        ""
        if places[0][0] == need.schema
        else f"it lies in {places[0][0]}, and its names are asked for in {need.schema}"
    )


def _closed(at: "Session", need: Need, owner: str) -> tuple[str, str]:
    """Return that the owner can't use the schema in which something lies, and the statement that lets it; else empty.

    A role that isn't here yet will have what everybody has.
    """
    if need.kind == LARGE_OBJECTS or not need.schema:
        return "", ""
    grantee = owner if at.run("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s", [owner]) else "public"
    may = "SELECT pg_catalog.has_schema_privilege(%s, oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = %s"
    if at.run(may, [grantee, need.schema]) != [(False,)]:
        return "", ""
    who = sql.SQL("PUBLIC") if grantee == "public" else sql.Identifier(owner)
    grant = sql.SQL("GRANT USAGE ON SCHEMA {} TO {};").format(sql.Identifier(need.schema), who).as_string()
    return f"{owner} may not use the schema {need.schema}, where it lies", grant


def _is_there(at: "Session", need: Need) -> bool:
    """Tell whether an object of that address is there, by the server's own words for it."""
    address = "SELECT pg_catalog.pg_get_object_address(%s, %s::text[], %s::text[])"
    try:
        with at.raw.transaction():
            at.run(address, [need.kind, list(need.address), list(need.arguments)])
    except psycopg.Error as error:
        if not (sqlstate(error) or "").startswith(NO_SUCH_THING):
            raise
        return False
    return True


def _fix(at: "Session", need: Need) -> str:
    """Return the statement that brings an extension; empty for anything else."""
    if need.kind != EXTENSION:
        return ""
    name, place = sql.Identifier(need.name), sql.Identifier(need.schema)
    if at.run("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = %s", [need.name]):
        return sql.SQL("ALTER EXTENSION {} SET SCHEMA {};").format(name, place).as_string()
    there = at.run("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", [need.schema])
    schema = sql.SQL("") if there else sql.SQL("CREATE SCHEMA IF NOT EXISTS {}; ").format(place)
    return (schema + sql.SQL("CREATE EXTENSION {} SCHEMA {};").format(name, place)).as_string()


def _large_objects(at: "Session", schema: str) -> list[Need]:
    """Return the columns that hold numbers of large objects: a dump of a schema has none of these."""
    if not at.run("SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1"):
        return []
    named = []
    for table, column in at.ask("large_object_columns", schema=schema):
        count = sql.SQL(
            "SELECT pg_catalog.count(*) FROM {} AS t JOIN pg_catalog.pg_largeobject_metadata AS o ON o.oid = t.{}"
        ).format(sql.Identifier(schema, table), sql.Identifier(column))
        if at.run(count)[0][0]:
            named.append(Need(LARGE_OBJECTS, schema, f"{schema}.{table}.{column}", (), (), "", ""))
    return named
