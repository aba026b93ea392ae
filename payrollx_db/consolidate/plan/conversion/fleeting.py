"""What of a layout's own expression is another value at each time of asking, so that nothing could prove a copy of it.

Calls and keywords show in its text, once the parts that are no code are taken out. A literal such as 'today' is a
moment where the server reads it as a time, and a text elsewhere: only the server can tell, by what it says of a text
that is no time in the same place.
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


def fleeting(template: str) -> Note | None:
    """Return what is to be known of an expression that has another value whenever it is computed."""
    code = PARTS.sub(_as_code, template)
    match = FLEETING.search(code)
    if match is not None:
        return varies(next(text for text in match.groupdict().values() if text))
    return varies("age of one argument") if _has_lone_age(code) else None


def varies(what: str) -> Note:
    """Return the note of an expression that ``what`` makes another value whenever it is computed."""
    message = (
        f"the derive expression has another value each time it is computed ({what}), so that nothing proves what was"
        " copied; call the column new in the layout, and give it a default in the target"
    )
    return Note("derive-varies", "block", message)


def without_moments(template: str) -> Iterator[tuple[str, str]]:
    """Yield each word in a literal that may be a moment, and the template with a text there that is no time."""
    for match in PARTS.finditer(template):
        text = match["literal"] or match["escaped"]
        word = MOMENT.search(text) if text else None
        if word is not None:
            yield word[1], template[: match.start()] + MOMENT.sub(NO_TIME, text) + template[match.end() :]


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
