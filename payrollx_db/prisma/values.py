"""Reading values and attributes: what may stand in parentheses, brackets and behind an ``=``."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma.schema import Argument, Attribute, Call, Constant, Pairs, Position, Value
from payrollx_db.prisma.tokens import Kind, Token

Item = TypeVar("Item")


class Cursor:
    """A place among a file's tokens.

    Within parentheses, brackets and braces of a value, breaks of lines and comments don't count: Prisma's
    own formatter writes none there, people do.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0

    @property
    def token(self) -> Token:
        """The token at this place."""
        return self._tokens[self._index]

    def take(self) -> Token:
        """Return the token at this place, and go on; the end stays where it is."""
        token = self.token
        if token.kind != "end":
            self._index += 1
        return token

    def at(self, *kinds: Kind) -> bool:
        """Say whether a token of one of these kinds stands here."""
        return self.token.kind in kinds

    def at_sign(self, sign: str) -> bool:
        """Say whether ``sign`` stands here."""
        return self.at("sign") and self.token.text == sign

    def take_sign(self, sign: str) -> bool:
        """Go past ``sign`` if it stands here, and say whether it did."""
        if self.at_sign(sign):
            self._index += 1
            return True
        return False

    def expect_sign(self, sign: str, hint: str) -> None:
        """Go past ``sign``; raises PrismaSchemaError where something else stands."""
        if not self.take_sign(sign):
            raise self.unexpected(f"{sign!r}", hint)

    def expect_word(self, what: str, hint: str) -> str:
        """Return the word that stands here; raises PrismaSchemaError where something else does."""
        if not self.at("word"):
            raise self.unexpected(what, hint)
        return self.take().text

    def skip_breaks(self) -> None:
        """Go past breaks of lines and comments."""
        while self.at("newline", "comment", "doc"):
            self._index += 1

    def unexpected(self, expected: str, hint: str) -> PrismaSchemaError:
        """Return the error that says what stands here and what should."""
        names = {"end": "the file's end", "newline": "the line's end", "string": "a string"}
        there = names.get(self.token.kind) or repr(self.token.text)
        return PrismaSchemaError(f"{self.token.position}: expected {expected}, and {there} stands there", hint=hint)


def read_attribute(cursor: Cursor, position: Position) -> Attribute:
    """Read an attribute behind its ``@`` or ``@@``."""
    name = _path(cursor, "an attribute's name", "write it directly behind @ or @@, such as @id")
    arguments = _arguments(cursor) if cursor.at_sign("(") else ()
    return Attribute(name, arguments, position)


def read_value(cursor: Cursor) -> Value:
    """Read a value: a string, a number, a word, a call, a list or an object."""
    token = cursor.token
    if token.kind == "string":
        return cursor.take().text
    if token.kind == "number":
        cursor.take()
        return Decimal(token.text) if "." in token.text else int(token.text)
    if cursor.at_sign("["):
        return _enclosed(cursor, "[", "]", read_value)
    if cursor.at_sign("{"):
        return Pairs(_enclosed(cursor, "{", "}", _argument))
    name = _path(cursor, "a value", "write a string in double quotes, a number, a name, or a list in brackets")
    return Call(name, _arguments(cursor)) if cursor.at_sign("(") else Constant(name)


def _arguments(cursor: Cursor) -> tuple[Argument, ...]:
    return _enclosed(cursor, "(", ")", _argument)


def _argument(cursor: Cursor) -> Argument:
    value = read_value(cursor)
    cursor.skip_breaks()
    if not (isinstance(value, Constant) and cursor.take_sign(":")):
        return Argument("", value)
    cursor.skip_breaks()
    return Argument(value.name, read_value(cursor))


def _enclosed(cursor: Cursor, opening: str, closing: str, read: Callable[[Cursor], Item]) -> tuple[Item, ...]:
    opened = cursor.token.position
    cursor.take()
    items: list[Item] = []
    while True:
        cursor.skip_breaks()
        if cursor.take_sign(closing):
            return tuple(items)
        items.append(read(cursor))
        cursor.skip_breaks()
        if not cursor.take_sign(",") and not cursor.at_sign(closing):
            raise cursor.unexpected(
                f"',' or {closing!r}", f"close the {opening!r} of line {opened.line}, or put a comma between two items"
            )


def _path(cursor: Cursor, what: str, hint: str) -> str:
    path = cursor.expect_word(what, hint)
    while cursor.take_sign("."):
        path += "." + cursor.expect_word("a name behind the dot", hint)
    return path
