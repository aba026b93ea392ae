"""The statements of a script that pg_restore wrote, whatever they define, and the words of a routine's body.

Where a statement ends depends on texts, quoted names, dollar quotes, comments and ``BEGIN ATOMIC`` bodies, as it does
for psql. Nothing in a statement is ever changed.
"""

import re
from collections.abc import Iterator

PIECE = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<literal> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' )
    | (?P<quoted> "(?:[^"]|"")*" )
    | (?P<dollar> \$(?P<tag>[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*)?\$.*?\$(?(tag)(?P=tag))\$ )
    | (?P<word> [A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]* )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)
SHOWN = 80  # of a statement's text, in a message
ENDS_WORK = ("commit", "rollback")


def split(script: str) -> Iterator[str]:
    """Yield the statements, each from its first word to its semicolon."""
    start: int | None = None
    depth, before = 0, ""
    for piece in PIECE.finditer(script):
        kind = piece.lastgroup if piece.lastgroup != "tag" else "dollar"
        if kind == "comment":
            continue
        if kind != "end":
            start = piece.start() if start is None else start
        if kind == "word":
            word = piece[0].lower()
            depth = _depth(depth, before, word)
            before = word
        elif kind == "end" and depth == 0 and start is not None:
            yield script[start : piece.end()]
            start, before = None, ""
    if start is not None:
        yield script[start:]


def beginning(statement: str) -> str:
    """Return the first words of a statement, in one line, for messages."""
    text = " ".join(statement[: 4 * SHOWN].split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def ends_transactions(body: str) -> bool:
    """Tell whether a procedure's body says COMMIT or ROLLBACK, other than ON COMMIT of a temporary table."""
    words = [piece[0].lower() for piece in PIECE.finditer(body) if piece.lastgroup == "word"]
    return any(word in ENDS_WORK and before != "on" for before, word in zip(["", *words], words, strict=False))


def _depth(depth: int, before: str, word: str) -> int:
    """Return how deep in a BEGIN ATOMIC body, and in the CASEs of it, what follows ``word`` is."""
    if (depth == 0 and before == "begin" and word == "atomic") or (depth and word == "case"):
        return depth + 1
    return depth - 1 if depth and word == "end" else depth
