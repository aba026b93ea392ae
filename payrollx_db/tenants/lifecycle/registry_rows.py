"""A tenant's rows of the registry, brought into another unified database: what it points at, itself, its routes.

They go as the bytes of COPY; no value is looked at.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from payrollx_db.errors import StateConflictError
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.sqlstates import UNIQUE_VIOLATION
from payrollx_db.schema import migrate
from payrollx_db.tenants.lifecycle.registry import RegistryTable

BROUGHT = "payrollx_brought"  # a temporary table, for the rows of one


@dataclass(frozen=True)
class RowsOfTable:
    """A tenant's rows of one table, as COPY writes them; ``key`` is that by which a row may be there already."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    data: bytes = field(repr=False)


def read_rows(source: RegistryTable, tenant: str) -> list[RowsOfTable]:
    """Return what the tenant's row points at and the row itself, in the order in which they can be written."""
    return [_read(source, table, condition, key) for table, condition, key in _before(source, tenant)]


def read_routes(source: RegistryTable, tenant: str) -> list[RowsOfTable]:
    """Return the routes that lead to a tenant."""
    routes = template_of(source.catalog).registry.routes.values()
    tables = {route.table: sql.Identifier("r", route.tenant) for route in routes}
    mine = sql.SQL("{} = {}")
    return [_read(source, table, mine.format(column, sql.Literal(tenant))) for table, column in tables.items()]


def write_rows(target: RegistryTable, tenant: str, rows: Iterable[RowsOfTable]) -> dict[str, int]:
    """Write rows in the target's transaction; return how many of each table.

    Raises StateConflictError where something of them is another tenant's there.
    """
    return {of_table.table: _write(target, of_table, tenant) for of_table in rows}


def bring_rows(source: RegistryTable, target: RegistryTable, tenant: str, schema: str, status: str) -> dict[str, int]:
    """Copy them in the target's transaction, with the ``schema`` and ``status`` that they have there.

    Returns how many rows of each table. Raises StateConflictError where something of them is another tenant's there.
    """
    counts = write_rows(target, tenant, read_rows(source, tenant))
    target.change(tenant, schema=schema, status=status, database_url=None)
    return counts


def bring_routes(source: RegistryTable, target: RegistryTable, tenant: str) -> dict[str, int]:
    """Copy the routes that lead to a tenant, once what they point at is there. Raises as `bring_rows`."""
    return write_rows(target, tenant, read_routes(source, tenant))


# -- private ------------------------------------------------------------------------------------------


def _before(source: RegistryTable, tenant: str) -> Iterator[tuple[str, sql.Composable, Sequence[str]]]:
    """Yield the tables of which rows come before the routes, with the condition: what the tenant points at, itself.

    With it is the key by which a row may be there already: what it points at outlives a tenant that is dropped.
    """
    registry = template_of(source.catalog).registry
    for reference in source.catalog.references:
        if reference.table == registry.table and reference.enforced and reference.target_table != registry.table:
            pairs = sql.SQL(" AND ").join(
                sql.SQL("{} = {}").format(sql.Identifier("t", here), sql.Identifier("r", there))
                for here, there in zip(reference.columns, reference.target_columns, strict=True)
            )
            condition = sql.SQL("EXISTS (SELECT FROM {} AS t WHERE {} AND {} = {})")
            pointed = condition.format(source.table, pairs, sql.Identifier("t", registry.id), sql.Literal(tenant))
            yield reference.target_table, pointed, reference.target_columns
    itself = sql.SQL("{} = {}").format(sql.Identifier("r", registry.id), sql.Literal(tenant))
    yield registry.table, itself, ()


def _read(source: RegistryTable, table: str, condition: sql.Composable, key: Sequence[str] = ()) -> RowsOfTable:
    name = sql.Identifier(*table.split(".", 1))
    columns = _columns(source, name)
    prefixed = sql.SQL(", ").join(sql.Identifier("r", column) for column in columns)
    reading = sql.SQL("COPY (SELECT {} FROM {} AS r WHERE {}) TO STDOUT").format(prefixed, name, condition)
    with migrate.driver_of(source.opened).cursor() as reader, reader.copy(reading) as out:
        return RowsOfTable(table, tuple(columns), tuple(key), b"".join(bytes(block) for block in out))


def _write(target: RegistryTable, rows: RowsOfTable, tenant: str) -> int:
    name = sql.Identifier(*rows.table.split(".", 1))
    there = set(_columns(target, name))
    common = sql.SQL(", ").join(sql.Identifier(column) for column in rows.columns if column in there)
    lacking = [sql.Identifier(column) for column in rows.columns if column not in there]
    parts = {
        "table": name, "common": common, "brought": sql.Identifier(BROUGHT),
        "all": sql.SQL(", ").join(map(sql.Identifier, rows.columns)),
    }  # fmt: skip
    target.run(sql.SQL("CREATE TEMPORARY TABLE {brought} (LIKE {table}) ON COMMIT DROP").format(**parts))
    for column in lacking:  # which is left behind
        target.run(sql.SQL("ALTER TABLE {} ADD {} pg_catalog.text").format(parts["brought"], column))
    adding = sql.SQL("INSERT INTO {table} ({common}) SELECT {common} FROM {brought}").format(**parts)
    if rows.key:
        key = sql.SQL(", ").join(map(sql.Identifier, rows.key))
        adding += sql.SQL(" ON CONFLICT ({}) DO NOTHING").format(key)
    try:
        with migrate.driver_of(target.opened).cursor() as writer:
            with writer.copy(sql.SQL("COPY {brought} ({all}) FROM STDIN").format(**parts)) as into:
                into.write(rows.data)
            count = writer.execute(adding).rowcount
            writer.execute(sql.SQL("DROP TABLE {}").format(parts["brought"]))
            return count
    except DRIVER_ERRORS as error:
        if getattr(error, "sqlstate", "") == UNIQUE_VIOLATION:
            raise StateConflictError(
                f"{rows.table} has something of the tenant {tenant} already",
                hint="is it there already, or of another one?",
            ) from None
        raise


def _columns(registry: RegistryTable, name: sql.Identifier) -> list[str]:
    query = sql.SQL(
        "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = {}::pg_catalog.regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
    ).format(sql.Literal(name.as_string(None)))
    return [row[0] for row in registry.run(query)]
