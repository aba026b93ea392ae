"""Where a database differs from the models: what Alembic compares, and the enum labels, which it doesn't."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import ARRAY, Connection, Enum, Index, MetaData, String, text
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import UserDefinedType

from payrollx_db.model.finding import Finding
from payrollx_db.schema import index_collations

LABELS = text("""
    SELECT nspname, typname, array_agg(CAST(enumlabel AS text) ORDER BY enumsortorder) AS labels
    FROM pg_catalog.pg_enum
    JOIN pg_catalog.pg_type ON pg_type.oid = enumtypid
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
    WHERE nspname = ANY (:schemas)
    GROUP BY nspname, typname
""")

MISSING, EXTRA = "is missing", "is in the database only"

TABLES = text("""
    SELECT nspname, relname
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY (:schemas) AND relkind IN ('r', 'p')
""")


PARTITIONS = text("""
    SELECT nspname, relname
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relispartition AND relkind IN ('r', 'p')
""")

COLLATION = re.compile(r"\bCOLLATE\b", re.IGNORECASE)


class Partitions:
    """The partitions of a database by schema and name, read when they are first asked for.

    They come and go with the rows, and models speak of the tables that they are parts of.
    """

    def __init__(self, opened: Connection | None) -> None:
        """Without a connection, there are none."""
        self._opened = opened
        self._names: set[tuple[str, str]] | None = None

    def __contains__(self, name: object) -> bool:
        if self._names is None:
            rows = self._opened.execute(PARTITIONS) if self._opened is not None else ()
            self._names = {(schema, table) for schema, table in rows}
        return name in self._names


def has_collation(one: Index, other: Index) -> bool:
    """Tell whether an index says a collation, which SQLAlchemy doesn't read of a database: it can't be compared."""
    return any(COLLATION.search(str(expression)) for index in (one, other) for expression in index.expressions)


def compare_type(_context: Any, _inspected: Any, _column: Any, inspected: Any, expected: Any) -> bool | None:
    """Tell Alembic whether a column's type differs; ``None`` leaves the answer to it.

    What SQLAlchemy has no name for (``name``, ``"char"``), it takes for text where it reads a database.
    """
    return False if isinstance(expected, UserDefinedType) and isinstance(inspected, String) else None


def difference(code: str, place: str, state: str) -> Finding:
    """Return the finding that says how ``place`` of the database, a kind and a name, differs from the models."""
    return Finding(code, "error", place, 1, f"{place} {state}")


def find(opened: Connection, metadata: MetaData, schemas: frozenset[str], options: dict[str, Any]) -> list[Finding]:
    """Return where ``schemas`` of the database differ from ``metadata``, by their messages."""
    if not schemas:
        return []
    context = MigrationContext.configure(opened, opts=options)
    there = {(schema, name) for schema, name in opened.execute(TABLES, {"schemas": _schemas(metadata)})}
    with warnings.catch_warnings():
        # It warns of types that it has no name for, and of tables that point at one another: nothing to be done there.
        warnings.simplefilter("ignore", SAWarning)
        differences = compare_metadata(context, metadata)
    compared = [diff for diff in _flat(differences) if not _leads_away(diff, there)]
    findings = [*map(_finding, compared), *_enum_drift(opened, metadata, schemas)]
    for index, current, expected in index_collations.differing(opened, metadata, schemas):
        state = f"has the collation {current}; the models say {expected}"
        findings.append(difference("differs", f"index {index}", state))
    return sorted(findings, key=lambda finding: finding.message)


def _schemas(metadata: MetaData) -> list[str]:
    return sorted({str(table.schema) for table in metadata.tables.values()})


def _leads_away(diff: tuple[Any, ...], there: set[tuple[str, str]]) -> bool:
    """Tell whether a key is missing because the service that it points at lives in another database."""
    if diff[0] != "add_fk":
        return False
    target = diff[1].referred_table
    return (target.schema, target.name) not in there


def _enum_drift(opened: Connection, metadata: MetaData, schemas: frozenset[str]) -> Iterator[Finding]:
    current = {
        (schema, name): list(labels) for schema, name, labels in opened.execute(LABELS, {"schemas": sorted(schemas)})
    }
    expected = {(kind.schema, kind.name): list(kind.enums) for kind in _enums(metadata) if kind.schema in schemas}
    for key in current.keys() | expected.keys():
        place = "enum " + ".".join(str(part) for part in key)
        if key not in current:
            yield difference("missing", place, MISSING)
        elif key not in expected:
            yield difference("extra", place, EXTRA)
        elif current[key] != expected[key]:
            labels = f"has the labels {', '.join(current[key])}; the models say {', '.join(expected[key])}"
            yield difference("differs", place, labels)


def _enums(metadata: MetaData) -> Iterator[Enum]:
    """Yield the enums that the models' columns are of, in arrays too, and those that no column is of."""
    for schema in {table.schema for table in metadata.tables.values()}:
        yield from metadata.get_schema_objects(Enum, schema=schema)
    for table in metadata.tables.values():
        for column in table.columns:
            kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
            if isinstance(kind, Enum):
                yield kind


def _flat(diffs: Any) -> Iterator[tuple[Any, ...]]:
    # Alembic puts what changes about one column into a list of its own.
    for diff in diffs:
        if isinstance(diff, list):
            yield from _flat(diff)
        else:
            yield diff


def _finding(diff: tuple[Any, ...]) -> Finding:
    action, _, kind = diff[0].partition("_")
    if action == "modify":
        _, schema, table, column, _, current, expected = diff
        state = f"has {kind} {_shown(current)}; the models say {_shown(expected)}"
        return difference("differs", f"column {schema}.{table}.{column}", state)
    place = f"{'foreign key' if kind == 'fk' else kind} {_name(diff)}"
    return difference("missing", place, MISSING) if action == "add" else difference("extra", place, EXTRA)


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
