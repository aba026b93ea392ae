"""The words of the Prisma schema language, each with its place."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma.schema import Position

Kind = Literal["word", "string", "number", "sign", "newline", "doc", "comment", "end"]

# A word may begin with a digit by the grammar; it is told from a number by what follows the digits.
_TOKENS = re.compile(
    r"""
    (?P<space>[^\S\r\n]+)
  | (?P<newline>\r\n|\r|\n)
  | (?P<doc>///[^\r\n]*)
  | (?P<comment>//[^\r\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\[^\r\n]|[^"\\\r\n])*")
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_-]))
  | (?P<word>[A-Za-z0-9][A-Za-z0-9_-]*)
  | (?P<sign>@@|[@{}()\[\]?!:,=.])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One word; ``text`` is a string's value, a comment's text, and else what stands there."""

    kind: Kind
    text: str
    position: Position


def tokens(text: str, file: str) -> Iterator[Token]:
    """Split a file's text; the last token is of the kind ``end``.

    Raises PrismaSchemaError for a sign that the language doesn't have, and for a string that isn't closed.
    """
    offset, line, start = 0, 1, 0
    while offset < len(text):
        position = Position(file, line, offset - start + 1)
        match = _TOKENS.match(text, offset)
        if not match:
            raise _unreadable(text[offset], position)
        offset = match.end()
        kind, found = str(match.lastgroup), match.group()
        if kind != "space":
            yield _token(kind, found, position)
        if breaks := len(re.findall(r"\r\n|\r|\n", found)):
            line += breaks
            start = match.start() + max(found.rfind("\n"), found.rfind("\r")) + 1
    yield Token("end", "", Position(file, line, offset - start + 1))


def _token(kind: str, found: str, position: Position) -> Token:
    match kind:
        case "doc":
            return Token("doc", found[3:].strip(), position)
        case "comment" if found.startswith("/*"):
            return Token("doc", found[2:-2].strip(), position)
        case "string":
            return Token("string", _unescaped(found, position), position)
        case "newline" | "comment" | "number" | "word" | "sign":
            return Token(kind, found, position)
    raise AssertionError(kind)


def _unescaped(literal: str, position: Position) -> str:
    # The language's strings are JSON's by its grammar, escapes and all.
    try:
        value = json.loads(literal, strict=False)
        value.encode()
    except ValueError:
        raise PrismaSchemaError(
            f"{position}: a string has an escape that the language doesn't have",
            hint=r"write a backslash as \\ and other characters as they are or as \uXXXX",
        ) from None
    return str(value)


def _unreadable(sign: str, position: Position) -> PrismaSchemaError:
    if sign == '"':
        return PrismaSchemaError(
            f"{position}: a string isn't closed on its line",
            hint='close it with a double quote; a double quote inside is written \\"',
        )
    if sign == "_":
        return PrismaSchemaError(
            f"{position}: a name begins with an underscore",
            hint="begin it with a letter, and give the database's name with @map or @@map",
        )
    return PrismaSchemaError(
        f"{position}: {sign!r} is no sign of the Prisma schema language",
        hint="remove it, or put it into a string or a comment",
    )
