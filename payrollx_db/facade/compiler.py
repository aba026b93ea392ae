"""SQLAlchemy's compilers of Postgres, noting which tables a statement names.

A statement notes them once, in its compiled form, which SQLAlchemy caches; looking at it again is a comparison of two
small sets. Nothing of SQLAlchemy is replaced: a dialect names the class of its compiler, and these are such classes.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg, pg8000, psycopg

from payrollx_db.facade import raw_sql
from payrollx_db.model.reading import READABLE, SECRET

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler as _Compiler
else:
    _Compiler = object  # the real one stands behind it, in each class below


class NotingCompiler(_Compiler):
    """Notes which tables a statement names, what it does, and whether it holds raw SQL.

    ``named`` has each table's schema, its name, and whether SQLAlchemy translates its schema; ``written`` those that
    it changes. ``secret`` has for each schema a column, if any is named, that none but its own service may read, the
    reader included, and ``hidden`` one that no other service may. ``admitted`` is the last wall that has let the
    statement pass, so that it needn't be looked at again.
    """

    named: set[tuple[str | None, str, bool]]
    written: set[tuple[str | None, str]]
    hidden: dict[str | None, str]
    secret: dict[str | None, str]
    schemas: frozenset[str | None] = frozenset()
    has_text = False
    may_set = False
    verb = "read"
    admitted: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Compile: SQLAlchemy's constructor does that."""
        self.named, self.written = set(), set()
        self.hidden, self.secret = {}, {}
        super().__init__(*arguments, **options)
        self.schemas = frozenset(schema for schema, _, _ in self.named)
        self.may_set = raw_sql.may_set(getattr(self, "string", ""))

    def visit_table(self, table: Any, *arguments: Any, **options: Any) -> str:
        """Note a table in FROM."""
        self._note(table)
        return str(super().visit_table(table, *arguments, **options))  # type: ignore[no-untyped-call]

    def visit_column(self, column: Any, *arguments: Any, **options: Any) -> str:
        """Note the table of a column: in RETURNING or VALUES, no FROM names it."""
        table = column.table
        if getattr(table, "__visit_name__", "") == "table":
            self._note(table)
        self._note_hidden(table, column.key)
        self.has_text |= column.is_literal and column.name != "*"  # somebody's own SQL in the place of a column
        return str(super().visit_column(column, *arguments, **options))

    def visit_insert(self, insert_stmt: Any, *arguments: Any, **options: Any) -> str:
        """Note the table that an INSERT writes to."""
        self._note(insert_stmt.table)
        self._note_written(insert_stmt.table)
        self.verb = "insert into"
        return str(super().visit_insert(insert_stmt, *arguments, **options))  # type: ignore[no-untyped-call]

    def visit_update(self, update_stmt: Any, *arguments: Any, **options: Any) -> str:
        """Note the table that an UPDATE writes to."""
        self._note_written(update_stmt.table)
        self.verb = "update"
        return str(super().visit_update(update_stmt, *arguments, **options))

    def visit_delete(self, delete_stmt: Any, *arguments: Any, **options: Any) -> str:
        """Note the table that a DELETE writes to."""
        self._note_written(delete_stmt.table)
        self.verb = "delete from"
        return str(super().visit_delete(delete_stmt, *arguments, **options))  # type: ignore[no-untyped-call]

    def visit_textclause(self, *arguments: Any, **options: Any) -> str:
        """Note that there is raw SQL in it."""
        self.has_text = True
        return str(super().visit_textclause(*arguments, **options))  # type: ignore[no-untyped-call]

    def _note(self, table: Any) -> None:
        self.named.add((table.schema, table.name, isinstance(table, Table)))

    def _note_written(self, table: Any) -> None:
        base = _base(table)
        self.written.add((getattr(base, "schema", None), str(getattr(base, "name", base))))

    def _note_hidden(self, table: Any, key: str) -> None:
        base = _base(table)
        column = base.columns.get(key) if isinstance(base, Table) else None
        if column is None:
            return
        place = f"{base.fullname}.{column.name}"
        if SECRET in column.info:
            self.secret.setdefault(base.schema, place)
        shown = base.info.get(READABLE) or (column.name,)
        if SECRET in column.info or column.name not in shown:
            self.hidden.setdefault(base.schema, place)


def _base(table: Any) -> Any:
    """Return the table that an alias is of."""
    while (element := getattr(table, "element", None)) is not None:
        table = element
    return table


class PsycopgCompiler(NotingCompiler, psycopg.PGCompiler_psycopg):
    """psycopg's."""


class Pg8000Compiler(NotingCompiler, pg8000.PGCompiler_pg8000):
    """pg8000's."""


class AsyncpgCompiler(NotingCompiler, asyncpg.PGCompiler_asyncpg):
    """asyncpg's."""
