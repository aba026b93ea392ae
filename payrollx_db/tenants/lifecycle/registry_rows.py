"""A tenant's rows of the registry, brought into another unified database: what it points at, itself, its routes.

They go as the bytes of COPY; no value is looked at.
"""

from collections.abc import Iterator, Sequence

from psycopg import sql

from payrollx_db.errors import StateConflictError
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.sqlstates import UNIQUE_VIOLATION
from payrollx_db.schema import migrate
from payrollx_db.tenants.lifecycle.registry import RegistryTable

BROUGHT = "payrollx_brought"  # a temporary table, for the rows of one


def bring_rows(source: RegistryTable, target: RegistryTable, tenant: str, schema: str, status: str) -> dict[str, int]:
    """Copy them in the target's transaction, with the ``schema`` and ``status`` that they have there.

    Returns how many rows of each table. Raises StateConflictError where something of them is another tenant's there.
    """
    counts = {}
    for table, condition, key in _before(source, tenant):
        counts[table] = _copy(source, target, table, condition, tenant, key)
    target.change(tenant, schema=schema, status=status, database_url=None)
    return counts


def bring_routes(source: RegistryTable, target: RegistryTable, tenant: str) -> dict[str, int]:
    """Copy the routes that lead to a tenant, once what they point at is there. Raises as `bring_rows`."""
    counts = {}
    for route in template_of(source.catalog).registry.routes.values():
        condition = sql.SQL("{} = {}").format(sql.Identifier("r", route.tenant), sql.Literal(tenant))
        counts[route.table] = _copy(source, target, route.table, condition, tenant)
    return counts


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


def _copy(
    source: RegistryTable, target: RegistryTable, table: str, condition: sql.Composable, tenant: str,
    key: Sequence[str] = (),
) -> int:  # fmt: skip
    name = sql.Identifier(*table.split(".", 1))
    columns = _common_columns(source, target, name)
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    prefixed = sql.SQL(", ").join(sql.Identifier("r", column) for column in columns)
    reading = sql.SQL("COPY (SELECT {} FROM {} AS r WHERE {}) TO STDOUT").format(prefixed, name, condition)
    parts = {"table": name, "columns": listed, "brought": sql.Identifier(BROUGHT)}
    target.run(sql.SQL("CREATE TEMPORARY TABLE {brought} (LIKE {table}) ON COMMIT DROP").format(**parts))
    writing = sql.SQL("COPY {brought} ({columns}) FROM STDIN").format(**parts)
    there = sql.SQL(" ON CONFLICT ({}) DO NOTHING").format(sql.SQL(", ").join(map(sql.Identifier, key)))
    adding = sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {brought}").format(**parts)
    from_driver, into_driver = migrate.driver_of(source.opened), migrate.driver_of(target.opened)
    try:
        with from_driver.cursor() as reader, into_driver.cursor() as writer:
            with reader.copy(reading) as out, writer.copy(writing) as into:
                for block in out:
                    into.write(block)
            count = writer.execute(sql.Composed([adding, there if key else sql.SQL("")])).rowcount
            writer.execute(sql.SQL("DROP TABLE {}").format(parts["brought"]))
            return count
    except DRIVER_ERRORS as error:
        if getattr(error, "sqlstate", "") == UNIQUE_VIOLATION:
            raise StateConflictError(
                f"{table} has something of the tenant {tenant} already", hint="is it there already, or of another one?"
            ) from None
        raise


def _common_columns(source: RegistryTable, target: RegistryTable, name: sql.Identifier) -> Sequence[str]:
    query = sql.SQL(
        "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = {}::pg_catalog.regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
    ).format(sql.Literal(name.as_string(None)))
    there = {row[0] for row in target.run(query)}
    return [row[0] for row in source.run(query) if row[0] in there]
