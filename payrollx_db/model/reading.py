"""What others may read of a service's tables: which it declares as readable, and which columns are secret.

Marks on SQLAlchemy's tables and columns, by their ``info``, and what follows from them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payrollx_db.errors import CatalogError

if TYPE_CHECKING:
    from sqlalchemy import MetaData

READABLE = "payrollx_readable"  # the key in Table.info that has the columns which other services may read
PROTECTED = "payrollx_protected"  # and the one that says that a table is protected
SECRET = "payrollx_secret"  # noqa: S105 # and that in Column.info of a column which nobody but its owner reads


@dataclass(frozen=True)
class Readable:
    """What of a table may be read: these ``columns`` (``None``: all that it has), without the ``secrets``."""

    columns: tuple[str, ...] | None = None
    secrets: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether it is the whole table, with what columns it gets later."""
        return self.columns is None and not self.secrets

    def has(self, column: str) -> bool:
        """Tell whether a column may be read."""
        return column not in self.secrets and (self.columns is None or column in self.columns)

    def of(self, known: Iterable[str]) -> list[str]:
        """Return those of a table's columns that may be read."""
        return [column for column in known if self.has(column)]


def readable(*columns: str) -> dict[str, Any]:
    """Return a mark: services that name this table in their ``reads`` may read these columns of it (none: all)."""
    return {READABLE: columns}


def protected() -> dict[str, Any]:
    """Return a mark: no migration touches this table, unless it is named (``migrate --protected schema.table``)."""
    return {PROTECTED: True}


def secret() -> dict[str, Any]:
    """Return ``info`` for a column that nobody may read but its own service: a password's hash, a token, a key.

    ``mapped_column(info=secret())``; with a loose reference, ``info=loose_reference("…") | secret()``.
    """
    return {SECRET: True}


def marked(*marks: Mapping[str, Any]) -> dict[str, Any]:
    """Return table arguments that carry these marks, and those of `payrollx_db.model.catalog.audited`.

    ``__table_args__ = HERE | marked(readable("id", "email"), protected())``.
    """
    return {"info": {key: value for mark in marks for key, value in mark.get("info", mark).items()}}


def declared(metadata: "MetaData") -> dict[str, Any]:
    """Return what the models declare, as fields of a catalog. Raises CatalogError for a column that isn't there."""
    tables = metadata.tables.values()
    shown = {table.fullname: tuple(table.info[READABLE]) for table in tables if READABLE in table.info}
    for table in tables:
        for column in shown.get(table.fullname, ()):
            if column not in table.columns:
                raise CatalogError(f"{table.fullname} declares {column} as readable, which it doesn't have")
            if SECRET in table.columns[column].info:
                raise CatalogError(f"{table.fullname} declares {column} as readable, and it is secret")
    secrets = {table.fullname: frozenset(c.name for c in table.columns if SECRET in c.info) for table in tables}
    return {
        "readable": shown,
        "secrets": {name: columns for name, columns in secrets.items() if columns},
        "protected": frozenset(table.fullname for table in tables if PROTECTED in table.info),
    }
