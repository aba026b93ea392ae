"""The audit: triggers that write who changed which row of a marked table into an audit log.

A model says that its table is audited, and in which log (``audited`` in `payrollx_db.model.catalog`). Every migration
ends by making the triggers equal to the marks. They fire for whatever statement changes a row, however it came, and
write in its transaction; so no write of a service escapes them, and none is logged that wasn't kept.
"""

import json
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, MetaData, Table, text

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import AUDIT_TRIGGERS, AUDITED
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.schema import drift

queries = query_files.beside(__name__)

TRIGGERS = AUDIT_TRIGGERS
FUNCTION = "audit_into_"  # and the log's name: what the triggers call, in the schema of the log
NO_LOG = "PX001"  # the SQLSTATE of a mark whose log isn't in the database

WRITTEN = frozenset({"action", "resource", "resource_id", "details", "ip_address", "created_at"})


@dataclass(frozen=True)
class Mark:
    """A table whose changes are written to ``log``; ``keys`` are the columns that say which row it was."""

    schema: str
    name: str
    keys: tuple[str, ...]
    log_schema: str
    log: str

    def row(self) -> dict[str, Any]:
        """Return the mark as the queries take it."""
        return {**vars(self), "function": FUNCTION + self.log}


def marks(metadata: MetaData) -> list[Mark]:
    """Return the marks of the models, by table.

    Raises CatalogError where a log is no table of ``metadata``, lacks a column, demands one that the audit doesn't
    know, or is itself audited.
    """
    audited = {name: table.info[AUDITED] for name, table in metadata.tables.items() if AUDITED in table.info}
    for name, log in audited.items():
        if problem := _unfit(metadata.tables.get(log)):
            raise CatalogError(f"{name} is marked as audited in {log}, which {problem}")
    return [_mark(metadata.tables[name], metadata.tables[audited[name]]) for name in sorted(audited)]


def make(metadata: MetaData, owner: str) -> sql.Composed:
    """Return the statement that makes the triggers of a database equal to the marks, for the tables that it has.

    What ``owner`` does isn't recorded. The statement fails with the state ``NO_LOG`` where a marked table is
    there and its log isn't: a service must not go unrecorded unnoticed. Raises CatalogError as ``marks``.
    """
    listed = sql.Literal(as_json(marks(metadata)))
    return sql.SQL(queries.load("audit")).format(
        owner=sql.Literal(owner),
        marks=listed,
        differences=_differences(listed, owner),
        missing=sql.Literal(NO_LOG),
        prefix=sql.Literal(FUNCTION),
    )


def drop(schema: str) -> sql.Composed:
    """Return the statement that drops what audits into the logs of ``schema``, so that the schema can go."""
    return sql.SQL(queries.load("audit_drop")).format(schema=sql.Literal(schema), prefix=sql.Literal(FUNCTION))


def find(opened: Connection, metadata: MetaData, schemas: frozenset[str], owner: str) -> list[Finding]:
    """Return where the triggers on the tables of ``schemas`` aren't what the marks say, by their messages."""
    expected = [mark for mark in marks(metadata) if mark.schema in schemas]
    query = text(_differences(sql.SQL(":marks"), owner).as_string(None))
    rows = opened.execute(query, {"marks": as_json(expected)})
    return sorted({_finding(row) for row in rows if row.schema in schemas}, key=lambda finding: finding.message)


def as_json(marked: list[Mark]) -> str:
    """Return marks as the queries take them."""
    return json.dumps([mark.row() for mark in marked])


def _unfit(log: Table | None) -> str:
    """Say why a table can't be a log; empty where it can."""
    if log is None:
        return "is no table"
    if AUDITED in log.info:
        return "is audited itself"
    if missing := sorted(WRITTEN - set(log.columns.keys())):
        return f"has no column {missing[0]}"
    demanded = [c.name for c in log.columns if not (c.nullable or c.server_default or c.name in WRITTEN)]
    return f"can't do without a {demanded[0]}" if demanded else ""


def _mark(table: Table, log: Table) -> Mark:
    keys = tuple(column.name for column in table.primary_key)
    return Mark(str(table.schema), table.name, keys, str(log.schema), log.name)


def _differences(listed: sql.Composable, owner: str) -> sql.Composed:
    return sql.SQL(queries.load("audit_differences")).format(marks=listed, owner=sql.Literal(owner))


def _finding(row: Any) -> Finding:
    table = f"table {row.schema}.{row.name}"
    if row.definition is None:
        return drift.difference("extra", table, "has an audit trigger, but no mark")
    marked = f"is marked as audited in {row.log_schema}.{row.log}"
    if not row.has_log:
        return drift.difference("missing", table, f"{marked}, which is not in this database")
    if row.standing:
        return drift.difference("differs", table, f"{marked}, but its audit trigger is not as the mark says")
    return drift.difference("missing", table, f"{marked}, but its audit trigger is missing")
