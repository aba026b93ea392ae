"""What of a layout's own expression is another value at each time of asking, so that nothing could prove a copy of it.

Calls and keywords show in its text, once the parts that are no code are taken out. A literal such as 'today' is a
moment where the server reads it as a time, and a text elsewhere: only the server can tell, by what it says of a text
that is no time in the same place. What functions of somebody's own do is in their text, which the server has.
"""

import re
from collections.abc import Iterator

from payrollx_db.consolidate.plan.conversion.rule import Note

PARTS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*(?:[^*]|\*(?!/))*\*/)*\*/)
    |(?P<escaped>\bE'(?:[^'\\]|\\.|'')*')
    |(?P<literal>'(?:[^']|'')*'|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<column>\{[^{}]*\})""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# Functions of extensions, and their like of one's own, are called by their schema; those of the server need none.
FLEETING = re.compile(
    r"""(?<![\w.$])(?:pg_catalog\s*\.\s*)?(?P<call>random|random_normal|clock_timestamp|timeofday|now
    |statement_timestamp|transaction_timestamp|nextval|lastval|currval|txid_current\w*|pg_current_xact_id\w*
    |pg_current_snapshot|pg_backend_pid|pg_current_wal_\w+)\s*\(
    |\b(?P<made>gen_random_uuid|gen_random_bytes|gen_salt|uuidv4|uuidv7|uuid_generate_v\w+)\s*\(
    |(?<![\w.$])(?P<word>current_timestamp|current_time|current_date|localtime|localtimestamp)\b""",
    re.IGNORECASE | re.VERBOSE,
)
AGE = re.compile(r"(?<![\w.$])(?:pg_catalog\s*\.\s*)?age\s*\(", re.IGNORECASE)
MOMENT = re.compile(r"(?<![^\W_])(now|today|tomorrow|yesterday)(?![^\W_])", re.IGNORECASE)
NO_TIME = "notime"  # which no type for times reads
CODE = "derive-varies"
LASTING = {"now": "1970-01-01 00:00"}  # what is read as a time where such a word is, and stays what it is
# Where a text may be cast to a time: a literal elsewhere is read when the statement is planned.
TO_TIME = re.compile(r"(?:::|\bAS)\s*(?:pg_catalog\s*\.\s*)?(?:date|time)", re.IGNORECASE)
# A literal that a function's own text takes as a moment.
OWN_MOMENT = re.compile(
    r"""'\s*(now|today|tomorrow|yesterday)\b[^']*'\s*(?:::\s*text\s*\)?\s*)?::\s*(?:pg_catalog\s*\.\s*)?(?:date|time)
    |\b(?:date|time|timetz|timestamp|timestamptz)\s+'\s*(now|today|tomorrow|yesterday)\b""",
    re.IGNORECASE | re.VERBOSE,
)
IDENTIFIER = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
CALLED = re.compile(rf"(?<![\w$.\"])(?:({IDENTIFIER})\s*\.\s*)?({IDENTIFIER})\s*\(")


def fleeting(template: str) -> Note | None:
    """Return what is to be known of an expression that has another value whenever it is computed."""
    what = _varying(template)
    return varies(what) if what else None


def varies(what: str) -> Note:
    """Return the note of an expression that ``what`` makes another value whenever it is computed."""
    message = (
        f"the derive expression has another value each time it is computed ({what}), so that nothing proves what was"
        " copied; call the column new in the layout, and give it a default in the target"
    )
    return Note(CODE, "block", message)


def without_moments(template: str) -> Iterator[tuple[str, str, str]]:
    """Yield each word in a literal that may be a moment, and the template with a text there that is no time.

    And the same with a time there that is always the same one; nothing where the template casts no text to a time.
    """
    casts = TO_TIME.search(PARTS.sub(" ", template)) is not None
    for match in PARTS.finditer(template):
        text = match["literal"] or match["escaped"]
        word = MOMENT.search(text) if text else None
        if word is not None:
            before, after = template[: match.start()], template[match.end() :]
            lasting = MOMENT.sub(LASTING.get(word[1].lower(), "1970-01-01"), text)
            yield word[1], before + MOMENT.sub(NO_TIME, text) + after, before + lasting + after if casts else ""


def calls(text: str) -> frozenset[tuple[str, str]]:
    """Return which functions a text calls, each with its schema; an empty one where it names none."""
    code = PARTS.sub(lambda part: part[0] if part["quoted"] else " ", text)
    return frozenset((_plain(schema), _plain(name)) for schema, name in CALLED.findall(code))


def moves(body: str) -> str:
    """Return what makes a function with this text give another value each time; empty where nothing shows."""
    moment = OWN_MOMENT.search(PARTS.sub(lambda part: " " if part["comment"] else part[0], body))
    return _varying(body) or (moment[1] or moment[2] if moment else "")


def _varying(text: str) -> str:
    """Return the first call or keyword of a text that is of the moment or of chance; empty where it has none."""
    code = PARTS.sub(_as_code, text)
    match = FLEETING.search(code)
    if match is not None:
        return next(name for name in match.groupdict().values() if name)
    return "age of one argument" if _has_lone_age(code) else ""


def _plain(name: str) -> str:
    """Return a name as the catalog has it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _as_code(part: re.Match[str]) -> str:
    """Return what stands in an expression's code for a comment, a literal, a name in quotes or a column."""
    if part["quoted"] and part.string[part.end() :].lstrip().startswith("("):  # a function's name
        name = part["quoted"][1:-1]
        return name if name == name.lower() else "quoted"
    return " " if part["comment"] else "quoted"


def _has_lone_age(code: str) -> bool:
    """Tell whether the code has an `age` of one argument, which is counted from the day of asking."""
    for call in AGE.finditer(code):
        depth, alone = 1, True
        for character in code[call.end() :]:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
            alone = alone and not (character == "," and depth == 1)
            if depth == 0:
                break
        if alone:
            return True
    return False
