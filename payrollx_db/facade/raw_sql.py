"""What raw SQL would do to the session that it runs in, as far as its words tell.

Nothing is parsed: the server's roles are the wall. What is recognised here is what would step out of the role or end
the facade's transaction, as a courtesy to whoever writes it without meaning it, and what may leave traces behind.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

# A literal is looked at first: what seems to be a comment in it is none, and the other way round.
_PIECE = re.compile(
    r"(?P<body>(?P<tag>\$\w*\$).*?(?P=tag))|(?P<text>(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*')"
    r"|--[^\n]*|(?P<comment>/\*)",
    re.DOTALL,
)
_EDGE_OF_COMMENT = re.compile(r"/\*|\*/")

# Where a statement begins, also inside a DO block or a string that one executes: `UPDATE … SET role = …` has a column.
_START = r"(?:^|[;'$(]|\b(?:begin|then|else|loop)\b)\s*"

_ACTING = re.compile(
    rf"{_START}(?P<command>(?:set\s+(?:session\s+|local\s+)?(?:role|session\s+authorization|session_authorization)"
    r"|reset\s+(?:role|session\s+authorization|session_authorization)))\b"
    r"|(?P<call>set_config\s*\(\s*e?'(?:role|session_authorization)')"
    r"|(?P<view>\bupdate\s+(?:only\s+)?(?:pg_catalog\s*\.\s*)?pg_settings)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"(?:^|;)\s*(begin|start\s+transaction|end|commit|abort|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)"
    r"|prepare\s+transaction|discard\s+all)\b",
    re.IGNORECASE,
)
_PLAIN = r"\(*\s*(?:select|insert|update|delete|with|values|table|merge|explain|show|savepoint|release)\b"
_OTHER = re.compile(rf"(?:^|;)\s*(?!{_PLAIN})[^\s;]")

# Functions that set something, and those that run a query which they are given as a string, and which may.
_SETTING = re.compile(r"set_config|advisory_lock|pg_settings|query_to_xml|ts_stat|ts_rewrite", re.IGNORECASE)
_TRACES = re.compile(
    rf"{_SETTING.pattern}|\bu&|\btemp(?:orary)?\b|\brollback\b"
    rf"|{_START}(?:set\s+(?!local\b|transaction\b)|reset\b|listen\b|prepare\b|declare\b|create\b)"
)


@dataclass(frozen=True)
class SqlEffects:
    """``leaving`` are the words that would leave the role or the transaction; ``dirty`` says that the session, or the
    role in force, may be another one after it.
    """

    leaving: str = ""
    dirty: bool = False


@lru_cache(maxsize=1024)
def read(statement: str) -> SqlEffects:
    """Return what ``statement`` would do."""
    is_block = statement.lstrip()[:3].lower().strip() == "do"
    words = _replaced(_inside if is_block else _kept, statement).replace('"', "")
    match = _ACTING.search(words) or _ENDING.search(_replaced(_emptied, statement))
    leaving = next(group for group in match.groups() if group) if match else ""
    lower = words.lower()
    return SqlEffects(" ".join(leaving.split()).upper(), bool(_TRACES.search(lower) or _OTHER.search(lower)))


def names(statement: str, schema: str, table: str) -> bool:
    """Tell whether ``statement`` names a table by its schema, in whatever quotes, and not only in a text or comment."""
    words = _replaced(_emptied, statement)
    name = r"\s*\.\s*".join(
        rf'(?:"{re.escape(part)}"|(?<!["\w]){re.escape(part)}(?![\w"]))' for part in (schema, table)
    )
    return bool(re.search(name, words, re.IGNORECASE))


def may_set(statement: str) -> bool:
    """Tell whether ``statement``, which SQLAlchemy has made, calls what may leave the role or traces."""
    return bool(_SETTING.search(statement))


def end_of_comment(statement: str, at: int) -> int:
    """Return where a comment ends that begins before ``at``, and may hold others; -1 where it doesn't end."""
    depth = 1
    while match := _EDGE_OF_COMMENT.search(statement, at):
        at = match.end()
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return at
    return -1


# -- private ------------------------------------------------------------------------------------------


def _replaced(replacement: Callable[[re.Match[str]], str], statement: str) -> str:
    """Return ``statement`` with other words for its literals and comments."""
    shown, at = [], 0
    while at >= 0 and (match := _PIECE.search(statement, at)):
        shown += [statement[at : match.start()], replacement(match)]
        at = end_of_comment(statement, match.end()) if match["comment"] else match.end()
    return "".join([*shown, statement[at:] if at >= 0 else ""])


def _kept(piece: re.Match[str]) -> str:
    """Leave what may be code, or the name of a setting; take comments and other values out."""
    if body := piece["body"]:
        size = len(piece["tag"])
        return f"$ {_replaced(_inside, body[size:-size])} $"
    text = piece["text"] or " "
    return text if text.lstrip("eE").strip("'").isidentifier() else _emptied(piece)


def _inside(piece: re.Match[str]) -> str:
    """Leave strings too: in a block they may be executed."""
    return piece["text"] or _kept(piece)


def _emptied(piece: re.Match[str]) -> str:
    return "''" if piece["body"] or piece["text"] else " "
