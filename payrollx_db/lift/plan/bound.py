"""Columns whose values mean something in their own database only: no rule carries them to another one."""

from collections.abc import Iterator

from payrollx_db.consolidate.plan.conversion import Servers, refusal
from payrollx_db.lift.catalog import left_columns, left_tables
from payrollx_db.lift.lock import LockedSchema
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres.introspect import Database, Table, different_money


def columns(source: LiftedSchema, locked: LockedSchema, here: Database, there: Database) -> Iterator[Finding]:
    """Yield what no rule of a copy will carry from ``here``, by why; nothing of what the project leaves behind."""
    servers = Servers(target_version=there.version, money=different_money(here.money, there.money))
    tables, left = left_tables(source, locked), left_columns(source, locked)
    reasons: dict[str, list[str]] = {}
    for table in _tables(source, here):
        if table.name in tables:
            continue
        for column in table.columns:
            if (table.name, column.name) in left or column.generated:
                continue
            if refusal(column.type, column.type, servers):
                reasons.setdefault(column.type.display, []).append(f"{table.name}.{column.name}")
    for kind, names in reasons.items():
        remedy = f'leave each behind in lift.toml, with a reason ("{names[0]}" = "…"), or give it another type first'
        yield Finding(
            "no-rule", "block", source.source, len(names),
            f"columns of {kind}, whose values mean something in their own database only: no rule carries them",
            tuple(names[:EXAMPLES]), remedy=remedy,
        )  # fmt: skip


def _tables(source: LiftedSchema, database: Database) -> Iterator[Table]:
    return (table for table in database.tables.values() if table.schema == source.source_schema)
