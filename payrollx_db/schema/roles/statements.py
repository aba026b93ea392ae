"""The walls as SQL, derived from a catalog: for migrations, and for a DBA to read and run."""

from collections.abc import Iterable, Iterator

from psycopg import sql

from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import locks, query_files

queries = query_files.beside(__name__)

META = locks.SCHEMA  # the schema of the version table and of the recorded runs

MAKE_SCHEMA = sql.SQL("""\
DO $schema$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = {literal}) THEN
        CREATE SCHEMA {schema} AUTHORIZATION {owner};
    END IF;
END
$schema$""")


def roles(catalog: Catalog) -> str:
    """Return the script that makes the catalog's roles where they are missing, and lets us act as the owner."""
    owner, reader = catalog.owner_role, catalog.reader_role
    names = [owner, reader, *users(catalog, reader=False)]
    return _filled(
        "make_roles",
        catalog=sql.Literal(_word(catalog.name)),
        owner=sql.Identifier(owner),
        owner_name=sql.Literal(owner),
        example=sql.Identifier(names[-1]),
        roles=_lines((sql.Literal(name) for name in names), indent=8),
    )


def grants(catalog: Catalog) -> str:
    """Return the script that grants what each role may do in the schemas that there are, and revokes the rest."""
    return "\n".join((inner_grants(catalog), outer_grants(catalog)))


def inner_grants(catalog: Catalog) -> str:
    """Return the part of that script which is about the services' schemas."""
    walls = (
        sql.SQL("({}, {})").format(sql.Literal(service.schema), sql.Literal(service.role))
        for service in catalog.services
    )
    names = {"catalog": sql.Literal(_word(catalog.name)), "owner": sql.Identifier(catalog.owner_role)}
    inside = _filled("make_grants", walls=_lines(walls, indent=20), **_grantees(catalog), **names)
    return "\n".join(filter(None, (inside, _reads(catalog))))


def outer_grants(catalog: Catalog) -> str:
    """Return the part which is about the database, the schema public, and extensions."""
    schemas = _lines((sql.Literal(service.schema) for service in catalog.services), indent=8)
    names = {"catalog": sql.Literal(_word(catalog.name)), "owner": sql.Identifier(catalog.owner_role)}
    return _filled("make_outer_grants", schemas=schemas, meta=sql.Literal(META), **_grantees(catalog), **names)


def make_schema(name: str, owner: str) -> str:
    """Return the statement that makes a schema of ``owner``'s, unless there is one of that name."""
    parts = {"literal": sql.Literal(name), "schema": sql.Identifier(name), "owner": sql.Identifier(owner)}
    return MAKE_SCHEMA.format(**parts).as_string(None)


def script(catalog: Catalog) -> str:
    """Return both, for psql: what a DBA runs in the unified database, as often as wished."""
    return f"{roles(catalog)}\n{grants(catalog)}"


def membership(role: str, login: str) -> str:
    """Return the statement that makes a login a member of a service's role: for hints."""
    return sql.SQL("GRANT {} TO {};").format(sql.Identifier(role), sql.Identifier(login)).as_string(None)


def users(catalog: Catalog, *, reader: bool = True) -> tuple[str, ...]:
    """Return the roles that use tables and own none: the services', and the reader's."""
    names = tuple(service.role for service in catalog.services)
    return (*names, catalog.reader_role) if reader else names


def _grantees(catalog: Catalog) -> dict[str, sql.Composable]:
    return {
        "owner_name": sql.Literal(catalog.owner_role),
        "reader": sql.Identifier(catalog.reader_role),
        "reader_name": sql.Literal(catalog.reader_role),
        "users": _lines((sql.Literal(name) for name in users(catalog)), indent=8),
    }


def _reads(catalog: Catalog) -> str:
    """Return what grants tables of others, and columns in place of whole tables; empty where nobody has either."""
    rows = [
        sql.SQL("({}, {}, {}, {}, {})").format(
            *map(sql.Literal, (*table.split(".", 1), role)),
            sql.Literal(list(part.columns) if part.columns is not None else None) + sql.SQL("::text[]"),
            sql.Literal(sorted(part.secrets)) + sql.SQL("::text[]"),
        )
        for role in users(catalog)
        for table, part in catalog.read_by(role).items()
    ]
    if not rows:
        return ""
    owner, reader = sql.Literal(catalog.owner_role), sql.Literal(catalog.reader_role)
    reads, secrets = _lines(rows, indent=16), _lines(_secret_names(catalog), indent=16)
    return _filled("make_reads", owner_name=owner, reader_name=reader, reads=reads, secrets=secrets)


def _secret_names(catalog: Catalog) -> Iterator[sql.Composable]:
    """Yield schemas, the tables known there, and what secret columns are called; tenants alike have one row."""
    alike: dict[tuple[tuple[str, ...], frozenset[str]], list[str]] = {}
    for service in catalog.services:
        names = catalog.secret_names.get(service.schema, frozenset())
        alike.setdefault((service.tables if names else (), names), []).append(service.schema)
    for (tables, names), schemas in alike.items():
        arrays = (sql.Literal(list(texts)) + sql.SQL("::text[]") for texts in (schemas, tables, sorted(names)))
        yield sql.SQL("({}, {}, {})").format(*arrays)


def _filled(name: str, **parts: sql.Composable) -> str:
    return sql.SQL(queries.load(name)).format(**parts).as_string(None)


def _lines(items: Iterable[sql.Composable], *, indent: int) -> sql.Composed:
    return sql.SQL(",\n" + " " * indent).join(items)


def _word(text: str) -> str:  # of a comment, which ends with its line
    return " ".join(text.split())
