"""The foreign keys that lead from one service to another, and when they are there.

A service may live in a database of its own. So no revision makes these keys: after the revisions of
every migration, and after a service has been restored, each one is made whose two tables lie in this
database. Where one of them doesn't, the reference is declared, and nothing enforces it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from alembic import op
from psycopg import sql
from sqlalchemy import ForeignKeyConstraint, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint

from payrollx_db.model.catalog import column_place
from payrollx_db.postgres import query_files
from payrollx_db.schema import ddl
from payrollx_db.schema.dropped_keys import DroppedKeys

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Key:
    """A foreign key between two services: what it is called, its two ends, and the statement that makes it."""

    name: str
    table: tuple[str, str]
    columns: tuple[str, ...]
    target: tuple[str, str]
    target_columns: tuple[str, ...]
    definition: str

    def __str__(self) -> str:
        ends = ((self.table, self.columns), (self.target, self.target_columns))
        return " -> ".join(column_place(".".join(table), columns) for table, columns in ends)

    def orphans(self) -> sql.Composed:
        """Return the query that counts the rows whose reference leads nowhere."""
        columns = [sql.Identifier("child", name) for name in self.columns]
        targets = [sql.Identifier("parent", name) for name in self.target_columns]
        pairs = (sql.SQL("{} = {}").format(*pair) for pair in zip(targets, columns, strict=True))
        return sql.SQL(
            "SELECT pg_catalog.count(*) FROM {child} AS child"
            " WHERE {there} AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {same})"
        ).format(
            child=sql.Identifier(*self.table),
            parent=sql.Identifier(*self.target),
            there=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(column) for column in columns),
            same=sql.SQL(" AND ").join(pairs),
        )


def between_services(metadata: MetaData) -> Iterator[Key]:
    """Yield the keys of ``metadata`` that lead from one schema to another, in the order of their names."""
    for table in sorted(metadata.tables.values(), key=lambda table: table.fullname):
        crossing = (key for key in table.foreign_key_constraints if key.referred_table.schema != table.schema)
        yield from (_key(table, key) for key in sorted(crossing, key=lambda key: str(key.name)))


def make(metadata: MetaData, dropped: DroppedKeys) -> sql.Composed:
    """Return the statement that makes every key that is missing and whose two tables are there.

    Those are left out that a copy has ``dropped``: it restores them itself.

    All or none: where rows point at nothing, it fails with the state of a violated foreign key, and its
    message names each reference with the number of such rows.
    """
    return sql.SQL(queries.load("make_foreign_keys")).format(
        keys=sql.Literal(json.dumps([_record(key) for key in between_services(metadata)])),
        dropped_table=sql.Literal(dropped.table),
        is_dropped=sql.Literal(dropped.query),
    )


def drop(metadata: MetaData, schema: str) -> list[sql.Composed]:
    """Return the statements that drop the keys by which other services point into ``schema``."""
    statement = sql.SQL("ALTER TABLE IF EXISTS {} DROP CONSTRAINT IF EXISTS {}")
    return [
        statement.format(sql.Identifier(*key.table), sql.Identifier(key.name))
        for key in between_services(metadata)
        if key.target[0] == schema
    ]


def loosen(schema: str) -> None:
    """For the undoing of a service's first revision: what other services point at is about to go."""
    metadata = op.get_context().opts["target_metadata"]
    for statement in drop(metadata, schema):
        op.execute(ddl.statement(statement))


def _key(table: Table, key: ForeignKeyConstraint) -> Key:
    return Key(
        str(key.name),
        (str(table.schema), table.name),
        tuple(column.name for column in key.columns),
        (str(key.referred_table.schema), key.referred_table.name),
        tuple(element.column.name for element in key.elements),
        # Not isolated: `create_all` is to make it still.
        str(AddConstraint(key, isolate_from_table=False).compile(dialect=postgresql.dialect())),  # type: ignore[no-untyped-call]
    )


def _record(key: Key) -> dict[str, str | tuple[str, ...]]:
    """Return the key as ``make_foreign_keys`` reads it."""
    return {
        "title": str(key), "name": key.name,
        "child_schema": key.table[0], "child": key.table[1], "child_columns": key.columns,
        "parent_schema": key.target[0], "parent": key.target[1], "parent_columns": key.target_columns,
        "definition": key.definition, "orphans": key.orphans().as_string(None),
    }  # fmt: skip
