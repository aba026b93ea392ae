"""The inverses that a layout states, held against the target: each column that they read has to be there."""

from collections.abc import Iterator

from payrollx_db.consolidate.plan.mapping import Mismatch
from payrollx_db.model.layout import LegacyDatabase, TableMap, template_fields
from payrollx_db.postgres.introspect import Database


def missing_columns(legacy: LegacyDatabase, target: Database) -> Iterator[Mismatch]:
    """Name what the inverses of a legacy database's maps read, and the target doesn't have."""
    for table_map in legacy.maps:
        for column, template in table_map.inverse.items():
            for name in template_fields(template):
                place = _place(legacy, table_map, name)
                table, _, read = place.rpartition(".")
                if table in target.tables and target.tables[table].column(read) is None:
                    of = f"{legacy.name}.{legacy.schema}.{table_map.source.name}.{column}"
                    yield Mismatch("missing", place, f"the inverse of {of} reads it, and it isn't there")


def _place(legacy: LegacyDatabase, table_map: TableMap, name: str) -> str:
    table, dot, column = name.rpartition(".")
    siblings = (m for m in legacy.maps if m.source.name == table_map.source.name)
    target = next(m.target for m in siblings if m.is_called(table)) if dot else table_map.target
    return f"{target}.{column}"
