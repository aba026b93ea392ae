"""What models ask of a server that older versions of Postgres don't know, told before a migration begins.

A revision would end in the server's syntax error, which names neither the table nor the version that knows the words.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint

from payrollx_db.errors import TargetError

SINCE_15 = 150000  # columns in ON DELETE SET NULL, and NULLS NOT DISTINCT


def refuse_older(version: int, models: MetaData, schemas: Collection[str], where: str) -> None:
    """Raise TargetError where a server of ``version`` doesn't know something that the tables of ``schemas`` ask for.

    ``version`` counts as the server does (140023), and ``where`` is its name in the message.
    """
    tables = [table for _, table in sorted(models.tables.items()) if table.schema in schemas]
    unknown = [] if version >= SINCE_15 else [feature for table in tables for feature in _since_15(table)]
    if unknown:
        raise TargetError(
            f"{where} is Postgres {version // 10_000}, which doesn't know what the models ask for",
            details=tuple(unknown),
            hint="nothing was changed; migrate a database of Postgres 15 or newer",
        )


def _since_15(table: Table) -> Iterator[str]:
    for key in sorted(table.foreign_key_constraints, key=_columns):
        if "(" in (key.ondelete or ""):
            yield f"{table.fullname}: the foreign key of {_columns(key)} has ON DELETE {key.ondelete}"
    distinct: list[UniqueConstraint | Index] = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    for unique in sorted([*distinct, *table.indexes], key=_columns):
        if unique.dialect_options["postgresql"]["nulls_not_distinct"]:
            kind = "index" if isinstance(unique, Index) else "unique constraint"
            yield f"{table.fullname}: the {kind} of {_columns(unique)} has NULLS NOT DISTINCT"


def _columns(item: ForeignKeyConstraint | UniqueConstraint | Index) -> str:
    return ", ".join(column.name for column in item.columns)
