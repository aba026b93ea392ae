"""What raw SQL may do where one login serves many tenants: nothing that changes who the session is.

Elsewhere raw SQL is read as a courtesy, since each service may have a login of its own. Tenants share one, which may
act as any of them; so here only statements that are known to be harmless pass, and the text is split into words as the
server's own scanner splits it. What could be read in two ways is refused.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from payrollx_db.facade.raw_sql import end_of_comment

# Bytes beyond ASCII are letters to Postgres, a no-break space among them; blanks are these six.
_TOKENS = re.compile(
    r"(?P<blank>[ \t\n\r\f\v]+|--[^\n\r]*)"
    r"|(?P<comment>/\*)"
    r"|(?P<unicode>[uU]&['\"])"
    r"|(?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')"
    r"|(?P<text>(?:[bBxXnN])?'(?:[^']|'')*')"
    r"|(?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)"
    r"|(?P<quoted>\"(?:[^\"]|\"\")*\")"
    r"|(?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)"
    r"|(?P<end>;)"
    r"|(?P<open>\()"
    r"|(?P<unclosed>['\"])"
    r"|(?P<other>.)",
    re.DOTALL | re.ASCII,
)

HARMLESS = frozenset({
    "select", "insert", "update", "delete", "merge", "with", "values", "table",
    "show", "savepoint", "release", "declare", "fetch", "move", "close", "call",
})  # fmt: skip

# Functions and views that change settings, run text as SQL, end sessions, or show what other sessions have left. A
# sequence's last value is the session's, and a session serves one tenant after the other.
REFUSED = re.compile(
    r"set_config|pg_settings|pg_reload_conf|query_to_xml\w*|cursor_to_xml\w*|database_to_xml\w*|schema_to_xml\w*"
    r"|table_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|dblink\w*|currval|lastval|lo_\w+|loread|lowrite"
    r"|pg_largeobject\w*|pg_stat\w*|pg_terminate_backend|pg_cancel_backend|pg_sequences|pg_sequence_last_value"
    r"|pg_read_\w+|pg_ls_\w+|pg_export_snapshot|pg_cursors|pg_prepared_statements|pg_prepared_xacts"
)
_SUSPECT = re.compile(rf"\b(?:{REFUSED.pattern})\b|[uU]&", re.IGNORECASE)

# What a transaction may set for itself, and no more: how long it waits, how it plans, how it writes times.
SETTINGS = re.compile(
    r"statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|work_mem|time|timezone"
    r"|datestyle|intervalstyle|jit|enable_\w+|random_page_cost|max_parallel_workers_per_gather|synchronous_commit"
)


@lru_cache(maxsize=1024)
def refused(statement: str) -> str:
    """Return the words for which raw SQL is refused in a tenant's session; empty where it may run."""
    words: list[str] = []
    for kind, word in [*_tokens(statement), ("end", ";")]:
        if kind == "unreadable":
            return word
        if kind in ("word", "quoted") and REFUSED.fullmatch(word):
            return word.upper()
        if kind == "end":
            if problem := _of_statement(words):
                return problem
            words = []
        elif kind == "word" or words:
            words.append(word if kind == "word" else f'"{word}"')
        elif kind != "open":
            return f"a statement that begins with {word}"
    return ""


def suspicious(statement: str) -> bool:
    """Tell whether SQL that SQLAlchemy has made is to be looked at as raw SQL is: it calls one of those functions."""
    return bool(_SUSPECT.search(statement))


# -- private ------------------------------------------------------------------------------------------


def _of_statement(words: list[str]) -> str:
    """Return the words for which one statement is refused; empty where it may run."""
    first = words[0] if words else "select"
    if first == "set":
        return "" if _sets_for_itself(words) else " ".join(words[:3]).upper()
    if first == "rollback":
        rest = [word for word in words[1:3] if word not in ("work", "transaction")]
        return "" if rest[:1] == ["to"] else "ROLLBACK"
    if first not in HARMLESS:
        return " ".join(word for word in words[:2] if word.isidentifier()).upper()
    for before, word in pairwise(words):
        if (word == "into" and before not in ("insert", "merge")) or (before, word) == ("with", "hold"):
            return f"{first if word == 'into' else before} {word}".upper()
    return ""


def _sets_for_itself(words: list[str]) -> bool:
    if words[1:2] in (["constraints"], ["transaction"]):
        return "snapshot" not in words
    return words[1:2] == ["local"] and len(words) > 2 and bool(SETTINGS.fullmatch(words[2]))


def _tokens(statement: str) -> Iterator[tuple[str, str]]:
    """Yield the words, names and signs of ``statement``, without comments; texts and numbers as one sign each."""
    at = 0
    while match := _TOKENS.match(statement, at):
        at, kind, token = match.end(), str(match.lastgroup), match.group()
        if kind == "comment":
            at = end_of_comment(statement, at)
        elif kind == "dollar":
            end = statement.find(token, at)
            at = end + len(token) if end >= 0 else -1
        if at < 0:
            yield "unreadable", "a comment or a text without an end"
            return
        if kind not in ("blank", "comment"):
            yield _token(kind, token)


def _token(kind: str, token: str) -> tuple[str, str]:
    if kind == "word":
        return kind, token.lower()
    if kind == "quoted":
        return kind, token[1:-1].replace('""', '"')
    if kind == "unicode":
        return "unreadable", "names or texts in Unicode escapes"
    if kind == "unclosed" or (kind == "text" and "\\'" in token):
        return "unreadable", "a text that can be read in two ways"
    return (kind, token) if kind in ("end", "open") else ("other", token if kind == "other" else "''")
