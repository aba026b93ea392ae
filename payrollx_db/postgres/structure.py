"""The structure of tables: everything about them that isn't rows, as records that can be compared.

One query reads it of any number of tables, with what belongs to them: columns, keys, indexes, triggers, rules,
policies, sequences, statistics objects, partitions and the tables that inherit, the views over them, the types of their
columns, the functions that the server calls for them, their schemas, and the publications and event triggers of the
database. What a record says is the server's own word (`pg_get_indexdef` and the like), and what is as usual isn't
mentioned.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.steps import Statement, Steps

queries = query_files.beside(__name__)

KINDS = (
    "tables", "columns", "indexes", "constraints", "triggers", "rules", "policies", "sequences", "statistics",
    "types", "functions", "schemas", "publications", "event_triggers",
)  # fmt: skip
VIEWS = ("view", "materialized view")
RELATIONS = ("table", "foreign table", "view", "materialized view")

# Definitions and constants are written as these say, so that the same is always written the same way; they end with
# the transaction.
SETTINGS = {
    "search_path": "pg_catalog",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
}


@dataclass(frozen=True)
class StructureObject:
    """One object of a structure: a table, or what belongs to one.

    ``table`` and ``name`` are quoted where they need it, ready for SQL; ``table`` is qualified, and so is ``name``
    where the object has a schema of its own. Of tables, views, types, functions, schemas, publications and event
    triggers, ``name`` is empty and ``table`` is the name of the thing itself.
    """

    kind: str
    table: str
    name: str
    properties: Mapping[str, Any] = field(hash=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from every other object."""
        return (self.kind, self.table, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.table}" if self.name else f"{self.kind} {self.table}"


def structure_query() -> sql.Composable:
    """Return the query of the structure: rows of root, kind, table_name, name and properties (jsonb).

    Its parameters are `query_parameters`. To be run after `settings_statement`, in one transaction with it.
    """
    parts = sql.SQL("\nUNION ALL\n").join(
        sql.SQL("({})").format(sql.SQL(queries.load(f"structure/{kind}"))) for kind in KINDS
    )
    return sql.SQL("{}\n{}").format(sql.SQL(queries.load("structure/scope")), parts)


def query_parameters(tables: Iterable[tuple[str, str]], listed: Iterable[str] = ()) -> dict[str, Any]:
    """Return the parameters that choose the tables, given as schema and name, and as quoted names."""
    pairs = list(tables)
    return {
        "schemas": [schema for schema, _ in pairs],
        "names": [name for _, name in pairs],
        "listed": list(listed),
    }


def settings_statement() -> sql.Composable:
    """Return the statement that makes the server write definitions in one way, until the transaction ends."""
    settings = (
        sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
        for name, value in SETTINGS.items()
    )
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join(settings))


def read_structure(tables: Iterable[tuple[str, str]]) -> Steps[list[StructureObject]]:
    """Read the structure of these tables, in the current transaction."""
    yield Statement(settings_statement())
    rows = yield Statement(structure_query(), query_parameters(tables))
    return [StructureObject(kind, table, name, properties) for _, kind, table, name, properties in rows]


def plain_name(quoted: str) -> str:
    """Return a qualified name without its quotes: ``shop."Order"`` is ``shop.Order``."""
    parts = re.findall(r'"((?:[^"]|"")*)"|([^".]+)', quoted)
    return ".".join((inside or bare).replace('""', '"') for inside, bare in parts)
