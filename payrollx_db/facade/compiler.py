"""SQLAlchemy's compilers of Postgres, noting which tables a statement names.

A statement notes them once, in its compiled form, which SQLAlchemy caches; looking at it again is a comparison of two
small sets. Nothing of SQLAlchemy is replaced: a dialect names the class of its compiler, and these are such classes.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg, pg8000, psycopg

from payrollx_db.facade import raw_sql

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler as _Compiler
else:
    _Compiler = object  # the real one stands behind it, in each class below


class NotingCompiler(_Compiler):
    """Notes which tables a statement names, what it does, and whether it holds raw SQL.

    ``named`` has each table's schema, its name, and whether SQLAlchemy translates its schema; ``admitted`` is the last
    wall that has let the statement pass, so that it needn't be looked at again.
    """

    named: set[tuple[str | None, str, bool]]
    schemas: frozenset[str | None] = frozenset()
    has_text = False
    may_set = False
    verb = "read"
    admitted: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Compile: SQLAlchemy's constructor does that."""
        self.named = set()
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
        self.has_text |= column.is_literal and column.name != "*"  # somebody's own SQL in the place of a column
        return str(super().visit_column(column, *arguments, **options))

    def visit_insert(self, insert_stmt: Any, *arguments: Any, **options: Any) -> str:
        """Note the table that an INSERT writes to."""
        self._note(insert_stmt.table)
        self.verb = "insert into"
        return str(super().visit_insert(insert_stmt, *arguments, **options))  # type: ignore[no-untyped-call]

    def visit_update(self, *arguments: Any, **options: Any) -> str:
        """Note that it is an UPDATE."""
        self.verb = "update"
        return str(super().visit_update(*arguments, **options))

    def visit_delete(self, *arguments: Any, **options: Any) -> str:
        """Note that it is a DELETE."""
        self.verb = "delete from"
        return str(super().visit_delete(*arguments, **options))  # type: ignore[no-untyped-call]

    def visit_textclause(self, *arguments: Any, **options: Any) -> str:
        """Note that there is raw SQL in it."""
        self.has_text = True
        return str(super().visit_textclause(*arguments, **options))  # type: ignore[no-untyped-call]

    def _note(self, table: Any) -> None:
        self.named.add((table.schema, table.name, isinstance(table, Table)))


class PsycopgCompiler(NotingCompiler, psycopg.PGCompiler_psycopg):
    """psycopg's."""


class Pg8000Compiler(NotingCompiler, pg8000.PGCompiler_pg8000):
    """pg8000's."""


class AsyncpgCompiler(NotingCompiler, asyncpg.PGCompiler_asyncpg):
    """asyncpg's."""
