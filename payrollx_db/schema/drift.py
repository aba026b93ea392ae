"""Where a database differs from the models: what Alembic compares, and the enum labels, which it doesn't."""

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Enum, MetaData, text

LABELS = text("""
    SELECT nspname, typname, array_agg(CAST(enumlabel AS text) ORDER BY enumsortorder) AS labels
    FROM pg_catalog.pg_enum
    JOIN pg_catalog.pg_type ON pg_type.oid = enumtypid
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
    WHERE nspname = ANY (:schemas)
    GROUP BY nspname, typname
""")

TABLES = text("""
    SELECT nspname, relname
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY (:schemas) AND relkind IN ('r', 'p')
""")


def find(opened: Connection, metadata: MetaData, schemas: frozenset[str], options: dict[str, Any]) -> list[str]:
    """Return where ``schemas`` of the database differ from ``metadata``: sorted, a sentence each."""
    if not schemas:
        return []
    context = MigrationContext.configure(opened, opts=options)
    there = {(schema, name) for schema, name in opened.execute(TABLES, {"schemas": _schemas(metadata)})}
    compared = [diff for diff in _flat(compare_metadata(context, metadata)) if not _leads_away(diff, there)]
    return sorted([*map(_sentence, compared), *_enum_drift(opened, metadata, schemas)])


def _schemas(metadata: MetaData) -> list[str]:
    return sorted({str(table.schema) for table in metadata.tables.values()})


def _leads_away(diff: tuple[Any, ...], there: set[tuple[str, str]]) -> bool:
    """Tell whether a key is missing because the service that it points at lives in another database."""
    if diff[0] != "add_fk":
        return False
    target = diff[1].referred_table
    return (target.schema, target.name) not in there


def _enum_drift(opened: Connection, metadata: MetaData, schemas: frozenset[str]) -> Iterator[str]:
    there = {
        (schema, name): list(labels) for schema, name, labels in opened.execute(LABELS, {"schemas": sorted(schemas)})
    }
    wanted = {
        (column.type.schema, column.type.name): list(column.type.enums)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum) and column.type.schema in schemas
    }
    for key in there.keys() | wanted.keys():
        name = ".".join(str(part) for part in key)
        if key not in there:
            yield f"enum {name} is missing"
        elif key not in wanted:
            yield f"enum {name} is in the database only"
        elif there[key] != wanted[key]:
            has, want = ", ".join(there[key]), ", ".join(wanted[key])
            yield f"enum {name} has the labels {has}; the models say {want}"


def _flat(diffs: Any) -> Iterator[tuple[Any, ...]]:
    # Alembic puts what changes about one column into a list of its own.
    for diff in diffs:
        if isinstance(diff, list):
            yield from _flat(diff)
        else:
            yield diff


def _sentence(diff: tuple[Any, ...]) -> str:
    action, _, kind = diff[0].partition("_")
    if action == "modify":
        _, schema, table, column, _, there, wanted = diff
        return f"column {schema}.{table}.{column} has {kind} {_shown(there)}; the models say {_shown(wanted)}"
    kind = {"fk": "foreign key"}.get(kind, kind)
    state = "missing" if action == "add" else "in the database only"
    return f"{kind} {_name(diff)} is {state}"


def _name(diff: tuple[Any, ...]) -> str:
    if diff[0].endswith("_column"):
        _, schema, table, column = diff
        return f"{schema}.{table}.{column.name}"
    item = diff[1]
    if diff[0].endswith("_table"):
        return str(item.fullname)
    return f"{item.name} of {item.table.fullname}"


def _shown(value: Any) -> str:
    default = getattr(value, "arg", value)
    return str(getattr(default, "text", default))
