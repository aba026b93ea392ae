"""The names in the code of SQL and PL/pgSQL routines, read by Postgres' own parser.

``pglast`` has that parser, and is an extra: ``pip install 'payrollx-db[names]'``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LANGUAGES = frozenset({"sql", "plpgsql"})
EXPRESSION, ASSIGNMENTS = 2, frozenset({3, 4, 5})  # how PL/pgSQL says that a piece of code is to be read
DYNAMIC = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})
TYPE_OF = re.compile(r"%(type|rowtype)(\[\])*$", re.IGNORECASE)
# Functions whose text is a name.
NAME_READERS = frozenset({"nextval", "currval", "setval", "to_regclass", "to_regproc", "to_regprocedure", "to_regtype"})

Name = tuple[str, str]  # a schema, empty where the code says none, and a name


@dataclass(frozen=True)
class Names:
    """What a body names, and the texts in it that may be SQL, as it runs some that it puts together itself."""

    names: frozenset[Name]
    texts: tuple[str, ...] = ()


def is_readable() -> bool:
    """Tell whether ``pglast`` is installed."""
    try:
        import pglast  # noqa: F401
    except ImportError:
        return False
    return True


def names_in(language: str, body: str, definition: str) -> Names | None:
    """Return what a routine's code names, or ``None`` where that can't be read."""
    if language not in LANGUAGES or not is_readable():
        return None
    from pglast.parser import ParseError

    reader = _Reader()
    try:
        if language == "sql":
            reader.read(body)
        else:
            reader.read_plpgsql(definition)
    except (ParseError, RecursionError):
        return None
    return Names(frozenset(reader.names), tuple(reader.texts) if reader.is_dynamic else ())


class _Reader:
    def __init__(self) -> None:
        self.names: set[Name] = set()
        self.texts: list[str] = []
        self.is_dynamic = False
        self._takers: dict[str, Callable[[Any], None]] = {
            "RangeVar": self._relation,
            "FuncCall": self._call,
            "TypeCast": self._cast,
            "TypeName": self._type,
            "CollateClause": lambda node: self._add(_parts(node.collname)),
            "A_Expr": self._operation,
            "ColumnRef": self._column,
            "String": lambda node: self.texts.append(node.sval),
        }

    def read(self, code: str) -> None:
        """Take up the names in SQL. Raises ParseError."""
        for statement in _parsed(code):
            self._visit(statement.stmt)

    def read_plpgsql(self, definition: str) -> None:
        """Take up the names in a routine's definition. Raises ParseError."""
        from pglast import parse_plpgsql

        self._walk(parse_plpgsql(definition))

    def _walk(self, part: Any) -> None:
        if isinstance(part, list):
            for inner in part:
                self._walk(inner)
        elif isinstance(part, dict):
            for key, inner in part.items():
                self.is_dynamic = self.is_dynamic or key in DYNAMIC or key == "dynquery"
                if key == "PLpgSQL_expr":
                    self._read_piece(inner["query"], inner.get("parseMode", 0))
                elif key == "PLpgSQL_type":
                    self._read_type(inner["typname"])
                else:
                    self._walk(inner)

    def _read_piece(self, code: str, mode: int) -> None:
        """Take up a statement, an expression, or what is assigned to a variable."""
        from pglast.parser import ParseError

        if mode in ASSIGNMENTS:
            for sign in re.finditer(":?=", code):
                try:
                    self.read(f"SELECT {code[sign.end() :]}")
                except ParseError:  # the sign was within a subscript
                    continue
                return
        self.read(f"SELECT {code}" if mode == EXPRESSION else code)

    def _read_type(self, text: str) -> None:
        """Take up the type of a variable: a type's name, or the table or column whose type it is."""
        named = TYPE_OF.search(text)
        bare = text[: named.start()] if named else text
        if not named:
            self.read(f"SELECT NULL::{bare}")
            return
        column = _parsed(f"SELECT {bare}")[0].stmt.targetList[0].val
        parts = [field.sval for field in column.fields]
        self._add(parts[:-1] if named[1].lower() == "type" and len(parts) > 1 else parts)

    def _visit(self, node: Any) -> None:
        """Take up the names in a part of a statement, and in all that is in it."""
        if isinstance(node, tuple | list):
            for inner in node:
                self._visit(inner)
        elif hasattr(node, "__slots__"):  # no number, text or enumeration
            take = self._takers.get(type(node).__name__)
            if take is not None:
                take(node)
            for slot in node:
                self._visit(getattr(node, slot))

    def _relation(self, node: Any) -> None:
        self._add([node.schemaname or "", node.relname])

    def _type(self, node: Any) -> None:
        if node.names:
            self._add(_parts(node.names))

    def _operation(self, node: Any) -> None:
        if node.name and len(node.name) > 1:
            self._add(_parts(node.name))

    def _column(self, node: Any) -> None:
        if len(node.fields) > 2:  # schema.table.column
            self._add(_parts(node.fields))

    def _call(self, call: Any) -> None:
        name = _parts(call.funcname)
        self._add(name)
        if name[-1] in NAME_READERS and call.args:
            self._add_text(call.args[0])

    def _cast(self, cast: Any) -> None:
        if _parts(cast.typeName.names)[-1].startswith("reg"):
            self._add_text(cast.arg)

    def _add_text(self, node: Any) -> None:
        """Take up a text that is a name."""
        from pglast import ast
        from pglast.parser import ParseError

        constant = node.arg if isinstance(node, ast.TypeCast) else node
        if isinstance(constant, ast.A_Const) and isinstance(constant.val, ast.String):
            name, _, _ = (constant.val.sval or "").partition("(")
            try:
                statement = _parsed(f"SELECT {name}")[0].stmt
                self._add(_parts(statement.targetList[0].val.fields))
            except (ParseError, AttributeError, TypeError, IndexError):  # no name at all
                return

    def _add(self, parts: list[str]) -> None:
        self.names.add((parts[0], parts[1]) if len(parts) > 1 else ("", parts[0]))


def _parsed(code: str) -> Any:
    from pglast import parse_sql

    return parse_sql(code)


def _parts(nodes: Any) -> list[str]:
    return [getattr(node, "sval", "*") for node in nodes]


def says(text: str, schema: str) -> bool:
    """Tell whether a text looks as if it names something of a schema: ``public.`` and a name."""
    return re.search(rf"""(^|[^\w$"])"?{re.escape(schema)}"?\s*\.\s*("|[^\W\d])""", text) is not None
