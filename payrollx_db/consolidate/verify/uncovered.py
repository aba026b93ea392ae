"""Rows of the target that no comparison sees, as no source table stands for them.

A query of a table also shows the rows of tables that inherit from it, and a schema may have tables that nothing of the
legacy databases fills. The first is a difference: readers of the table see rows that the source hasn't. The second is
said, so that nobody takes them for compared.
"""

from collections.abc import Iterable, Sequence

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan, schemas_of
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

UNCOVERED, NOT_COMPARED = "uncovered-rows", "not-compared"
AT_ONCE = 200  # tables that one statement asks about

Name = tuple[str, str]  # schema and table


async def find_uncovered(context: Context, plan: Plan, targets: Sequence[Name]) -> list[Finding]:
    """Say which rows of the target nothing is compared with. Raises TargetError.

    ``targets`` are the tables that are compared, of all that ``plan`` has.
    """
    planned = {(table.target.schema, table.target.name) for table in plan.tables}
    whole = planned == set(targets)
    schemas = schemas_of(plan.catalog, plan.services)
    others = [
        (table.schema, table.name)
        for table in plan.target.tables.values()
        if table.schema in schemas and table.kind != "f" and (table.schema, table.name) not in planned
    ]
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't look for rows that nothing is compared with"):
            heirs = [heir for heir in await _heirs(connection, targets) if heir[0] not in planned]
            filled = await _filled(connection, {name for name, _ in heirs} | set(others if whole else ()))
    findings = [_uncovered(heir, parent) for heir, parent in heirs if heir in filled]
    inheriting = {heir for heir, _ in heirs}
    return [*findings, *(_not_compared(name) for name in sorted(filled) if name not in inheriting)]


async def _heirs(connection: Connection, tables: Iterable[Name]) -> list[tuple[Name, Name]]:
    """Return the tables that inherit from one of these, each with that one."""
    listed = sorted(set(tables))
    parameters = {"schemas": [schema for schema, _ in listed], "names": [name for _, name in listed]}
    rows = await run(connection, sql.SQL(queries.load("heirs")), parameters)
    return [((schema, name), (parent_schema, parent)) for schema, name, parent_schema, parent in rows]


async def _filled(connection: Connection, tables: Iterable[Name]) -> set[Name]:
    """Return those of these tables that hold rows of their own, as far as this role may see them."""
    asked = sorted(tables)
    parameters = {"schemas": [schema for schema, _ in asked], "names": [name for _, name in asked]}
    listed: list[Name] = [
        (schema, name) for schema, name in await run(connection, sql.SQL(queries.load("readable")), parameters)
    ]
    filled: set[Name] = set()
    for start in range(0, len(listed), AT_ONCE):
        batch = listed[start : start + AT_ONCE]
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(number), sql.Identifier(*name))
            for number, name in enumerate(batch)
        )
        filled |= {batch[number] for (number,) in await run(connection, query)}
    return filled


def _uncovered(heir: Name, parent: Name) -> Finding:
    message = f"inherits from {'.'.join(parent)}, whose readers see its rows too, and no legacy table stands for them"
    hint = "map it in the layout, empty it, or end the inheritance: ALTER TABLE … NO INHERIT …"
    return Finding(UNCOVERED, "error", ".".join(heir), 1, message, remedy=hint)


def _not_compared(name: Name) -> Finding:
    message = "holds rows, and was not compared: no legacy table fills it"
    return Finding(NOT_COMPARED, "info", ".".join(name), 1, message)
