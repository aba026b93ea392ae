"""The statements of a dump's definitions, one by one, and which of them only make what models can say.

An entry of a dump calls itself a table and may hold any SQL. So it isn't the entry's name that is believed: each
statement has to be one that pg_dump writes for tables, columns, constraints, indexes, sequences, enum types or comments
of this one schema. None of these runs an expression while there are no rows, or reaches outside the schema.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from payrollx_db.errors import FindingsError

TOKEN = re.compile(
    r"""
    (?P<space> [ \t\n\r\f\v]+ | --[^\n]* )
    | (?P<literal> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' )
    | (?P<quoted> "(?:[^"]|"")+" )
    | (?P<word> [A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]* )
    | (?P<number> \d+ )
    | (?P<sign> [^'"$] )
    """,
    re.VERBOSE | re.DOTALL,
)

# In a statement's outline: the schema is @, another quoted name ", a text ', a group in parentheses ().
NAME = r'(?:["@]|[^\W\d]\S*)'
IN_SCHEMA = rf"@ \. {NAME}"
TABLE = rf"(?:only )?{IN_SCHEMA}"
PARTITION = r"(?:default|for values (?:in \(\)|from \(\) to \(\)|with \(\)))"
NUMBER = r"-? ?\d+"
SEQUENCE_WORD = r"(?:as|smallint|integer|bigint|start|with|increment|by|no|minvalue|maxvalue|cache|cycle|-|\d+)"

PLAIN = tuple(
    re.compile(pattern)
    for pattern in (
        rf"set default_tablespace = (?:'|{NAME})",
        rf"set default_table_access_method = {NAME}",
        rf"create type {IN_SCHEMA} as enum \(\)",
        rf"create (?:unlogged )?table {IN_SCHEMA} \(\)(?: inherits \(\))?(?: partition by {NAME} \(\))?(?: with \(\))?",
        rf"create (?:unlogged )?sequence {IN_SCHEMA}(?: {SEQUENCE_WORD})*",
        rf"alter sequence {IN_SCHEMA} owned by {IN_SCHEMA} \. {NAME}",
        rf"alter table {TABLE} alter column {NAME} set statistics {NUMBER}",
        rf"alter table {TABLE} alter column {NAME} set (?:storage|compression) {NAME}",
        rf"alter table {TABLE} alter column {NAME} set \(\)",
        rf"alter table {TABLE} alter column {NAME} set default [^,]+",
        rf"alter table {TABLE} alter column {NAME} add generated (?:always|by default) as identity \(\)",
        rf"alter table {TABLE} replica identity (?:full|nothing|using index {NAME})",
        rf"alter table {TABLE} cluster on {NAME}",
        rf"alter table {TABLE} attach partition {IN_SCHEMA} {PARTITION}",
        rf"alter table {TABLE} add constraint {NAME} (?:primary key|unique|foreign key|exclude|not null)[^,]+",
        # Those that hold for every row stand in the table's own statement: here one would run over the rows.
        rf"alter table {TABLE} add constraint {NAME} check \(\)(?: no inherit)? not valid",
        rf"create (?:unique )?index {NAME} on {TABLE} using {NAME} \(\)[^,]*",
        rf"alter index {IN_SCHEMA} attach partition {IN_SCHEMA}",
        rf"alter index {IN_SCHEMA} alter column \d+ set statistics {NUMBER}",
        rf"comment on (?:table|index|sequence|type) {IN_SCHEMA} is '",
        rf"comment on column {IN_SCHEMA} \. {NAME} is '",
        rf"comment on constraint {NAME} on {IN_SCHEMA} is '",
    )
)
# What has to hold inside the parentheses as well, which a pattern above leaves out. The bounds of a partition are
# computed when it is attached, so they call nothing; a table that inherits another's rows shows its own there.
CALL = re.compile(r"(?<! in)(?<! from)(?<! to)(?<! with) \(")
INHERITS = re.compile(rf"inherits \( {IN_SCHEMA}(?: , {IN_SCHEMA})* \)")
SHOWN = 60  # of a statement's text, in a message


class Token(NamedTuple):
    """A word, name, text, number or sign of SQL."""

    kind: str
    text: str

    @property
    def outline(self) -> str:
        """What a pattern sees of it."""
        return {"literal": "'", "quoted": '"'}.get(self.kind, self.text.lower())

    def names(self, schema: str) -> bool:
        """Tell whether it is the name of ``schema``, in quotes or not."""
        quoted = '"{}"'.format(schema.replace('"', '""'))
        return self.text == (quoted if self.kind == "quoted" else schema) and self.kind in ("quoted", "word")


@dataclass(frozen=True)
class Statement:
    """One statement: its text, and its tokens without spaces and comments."""

    text: str
    tokens: tuple[Token, ...]

    def is_plain(self, schema: str) -> bool:
        """Tell whether it only makes what models can say, in ``schema``."""
        outline = self._outline(schema)
        if not any(pattern.fullmatch(outline) for pattern in PLAIN):
            return False
        inside = self._outline(schema, flat=False)
        if " inherits ()" in outline and not INHERITS.search(inside):
            return False
        return " attach partition " not in outline or not CALL.search(inside)

    @property
    def beginning(self) -> str:
        """Its first words, for messages."""
        text = " ".join(token.text for token in self.tokens)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"

    def _outline(self, schema: str, *, flat: bool = True) -> str:
        words: list[str] = []
        depth = 0
        for token, following in pairwise((*self.tokens, Token("sign", ";"))):
            depth -= token.text == ")"
            if depth == 0 or not flat:
                words.append("@" if following.text == "." and token.names(schema) else token.outline)
            depth += token.text == "("
        return " ".join(words).replace("( )", "()") if flat else " ".join(words)


def split(script: str) -> Iterator[Statement]:
    """Yield the statements of a script that pg_restore wrote.

    Raises FindingsError where it holds what pg_dump doesn't write for plain definitions.
    """
    start = position = 0
    tokens: list[Token] = []
    while position < len(script):
        match = TOKEN.match(script, position)
        token = Token(str(match.lastgroup), match[0]) if match else None
        # Two texts in a row are one text to the server, which reads the second as it reads the first.
        if match is None or token is None or (token.kind == "literal" and tokens[-1:] and tokens[-1].kind == "literal"):
            raise FindingsError("the dump's definitions hold what can't be read", details=(_near(script, position),))
        position = match.end()
        if token == ("sign", ";"):
            yield Statement(script[start:position], tuple(tokens))
            start, tokens = position, []
        elif token.kind != "space":
            tokens.append(token)
    if tokens:
        yield Statement(script[start:], tuple(tokens))


def _near(script: str, position: int) -> str:
    line = script[:position].rpartition("\n")[2] + script[position:].partition("\n")[0]
    return line[:SHOWN].strip()
