"""What one cast takes from a value: the condition that what comes out of it no longer says what went in.

A text is held against what it says in full: all digits of a number and of a second, its date, its zone.
"""

from psycopg import sql

from payrollx_db.consolidate.plan.conversion import documents, numbers, times
from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.rule import any_of, differ, text_of
from payrollx_db.postgres.column_types import ColumnType

DATES = frozenset({"date", "timestamp", "timestamptz"})
BITS = frozenset({"bit", "varbit"})
DOCUMENTS = frozenset({"json", "jsonb"})
NUMBERS = numbers.NUMBERS | {"oid", "money"}
# Casts that leave out a part of every value.
PARTS = frozenset({
    ("timestamp", "time"), ("timestamptz", "time"), ("timestamptz", "timetz"), ("box", "point"), ("lseg", "point"),
    ("circle", "point"), ("polygon", "point"), ("polygon", "circle"), ("box", "circle"), ("circle", "box"),
})  # fmt: skip
# Casts that leave out a part of some values, which a cast back shows.
THERE_AND_BACK = frozenset({
    ("interval", "time"), ("timetz", "time"), ("inet", "cidr"), ("polygon", "box"), ("xid8", "xid"),
})  # fmt: skip

# Two digits may be a year or a day; these words are another moment each time; digits beyond microseconds are cut.
DOUBTFUL_DATE = r"^\s*\d{1,2}[-/. ]\d{1,2}[-/. ]\d{1,2}(\D|$)"
MOVING_WORD = r"\y(now|today|tomorrow|yesterday)\y"
FINE_DIGITS = r"\.\d{6}0*[1-9]"
# These take ten times as long as what rules them out for most texts: a year in front, letters, a short fraction.
NO_YEAR_FIRST = "pg_catalog.left({text}, 4) OPERATOR(pg_catalog.!~) '^\\d{{4}}$'"
LETTERS = " OR ".join(f"pg_catalog.strpos({{text}}, '{letter}') > 0" for letter in "oOyY")
LONG_FRACTION = "{text} OPERATOR(pg_catalog.~~) '%._______%'"
# A fraction of a year, or of several, is rounded to months: 1.3 years have 15.6 of them.
NO_MONTHS = r"\.(?!(0|25|5|75)0*\s*y|\d0*\s*dec|\d{1,2}0*\s*c|\d{1,3}0*\s*mil)\d+\s*(y|dec|c|mil)"
WITH_DATE = r"\d[-/.][^-/.\s]+[-/.]\d|[[:alpha:]]{3}.*\d{4}"
PLAIN_AMOUNT = r"^\s*[-+]?\d+(\.\d+)?\s*$"


def changed(
    before: sql.Composable, after: sql.Composable, source: ColumnType, target: ColumnType
) -> sql.Composable | None:
    """Return the condition that ``after``, of type ``target``, doesn't say what ``before`` did; ``None`` without one.

    ``after`` is what a cast from ``source`` gave.
    """
    if unchanged(source, target):
        return None
    if target.is_array:
        condition = _changed_elements(before, after, source, target)
        number_as_bits = source.is_array and target.element is not None and target.element.name in BITS
        return condition if number_as_bits else _unless_written_alike(before, after, condition)
    if source.is_array or not (_is_known(source) and _is_known(target)):
        return None
    pair = (source.name, target.name)
    if pair in PARTS:
        return sql.SQL("{} IS NOT NULL").format(before)
    if pair in THERE_AND_BACK:
        back = sql.SQL("({})::{}").format(after, sql.SQL(source.bare.display)) if source.name != "xid8" else after
        return differ(text_of(back), text_of(before))
    textual = source.name in TEXTS or source.name == "json"
    return (_changed_text if textual else _changed_value)(before, after, source, target)


def unchanged(source: ColumnType, target: ColumnType) -> bool:
    """Tell whether a cast from ``source`` to ``target`` leaves each value as it is: it is one type without a limit."""
    return source.built_in and target.built_in and source.name == target.name and not target.modifier


def _unless_written_alike(
    before: sql.Composable, after: sql.Composable, condition: sql.Composable | None
) -> sql.Composable | None:
    """Return ``condition``, which costs several times as much as two texts, asked only where these differ."""
    alike = sql.SQL("CASE WHEN {} = {} THEN false ELSE {} END")
    return condition and alike.format(text_of(after), text_of(before), condition)


def _is_known(kind: ColumnType) -> bool:
    return kind.built_in or kind.name in TEXTS


def _changed_value(
    before: sql.Composable, after: sql.Composable, source: ColumnType, target: ColumnType
) -> sql.Composable | None:
    number = source.name in NUMBERS
    back = differ(sql.SQL("({})::{}").format(after, sql.SQL(source.bare.display)), before)
    texts_differ = differ(text_of(after), text_of(before))
    cases: tuple[tuple[bool, sql.Composable], ...] = (
        (number and target.name in NUMBERS, differ(_exact(before, source), _exact(after, target))),
        (number and target.name == "bool", sql.SQL("({})::int4 <> {}").format(after, before)),
        (number and target.name in BITS, sql.SQL("{} <> {}").format(_as_number(before, after), before)),
        (source.name in DATES and target.name in DATES, back),
        (source.name == target.name and source.name in times.TIMES and bool(target.modifier), texts_differ),
        ((number or source.name in DATES) and target.name in TEXTS and source.name != "money", back),
        (source.name == "jsonb" and target.name in NUMBERS, differ(_exact(before, source), _exact(after, target))),
        (source.name in BITS and target.name in BITS, texts_differ),
    )
    return next((condition for applies, condition in cases if applies), None)


def _changed_text(
    before: sql.Composable, after: sql.Composable, source: ColumnType, target: ColumnType
) -> sql.Composable | None:
    condition = _said_less(before, after, source, target)
    quick = target.name in ("timestamptz", "interval") and not target.modifier  # to write one takes longer
    costly = target.name in DATES | times.TIMES or target.name in numbers.FLOATS
    return _unless_written_alike(before, after, condition) if costly and not quick else condition


def _said_less(
    before: sql.Composable, after: sql.Composable, source: ColumnType, target: ColumnType
) -> sql.Composable | None:
    if target.name == "jsonb":
        return documents.key_twice(before, after)
    text = text_of(before)
    other_text = target.name in TEXTS and source.name != "json"
    number = sql.SQL("({})::numeric").format(text)
    if other_text or (target.built_in and target.name in BITS | {"char"}):
        return differ(text_of(after), text)
    if target.name in numbers.FLOATS or (target.name == "numeric" and target.modifier):
        return differ(number, _exact(after, target))
    if target.name == "money":  # as far as it is written as a number
        amounts = differ(number, _exact(after, target))
        return sql.SQL("CASE WHEN {} THEN {} ELSE false END").format(_matches(text, PLAIN_AMOUNT), amounts)
    return _changed_time(text, after, target) if target.name in DATES | times.TIMES else None


def _changed_time(text: sql.Composable, after: sql.Composable, target: ColumnType) -> sql.Composable | None:
    """Return the condition that a text says more of a time than was read from it, or that its reading is a guess."""
    conditions: list[sql.Composable] = [_all(sql.SQL(LONG_FRACTION).format(text=text), _matches(text, FINE_DIGITS))]
    if target.name == "interval":
        some = sql.SQL("pg_catalog.strpos({}, '.') > 0").format(text)
        fractions = _all(some, any_of([*conditions, _matches(text, NO_MONTHS)]) or sql.SQL("false"))
        full = text_of(sql.SQL("({})::interval").format(text))
        return any_of([fractions, differ(text_of(after), full)]) if target.modifier else fractions
    conditions.append(_all(sql.SQL(LETTERS).format(text=text), _matches(text, MOVING_WORD)))
    if target.name in ("time", "timetz"):
        full = sql.SQL("({})::timetz").format(text)
        conditions += [_matches(text, WITH_DATE), differ(full, sql.SQL("({})::timetz").format(after))]
        return any_of(conditions)
    conditions.append(_all(sql.SQL(NO_YEAR_FIRST).format(text=text), _matches(text, DOUBTFUL_DATE)))
    if target.name == "timestamptz" and not target.modifier:
        return any_of(conditions)
    moment = sql.SQL("({})::timestamptz").format(text)
    full = moment if target.name == "timestamptz" else sql.SQL("({} AT TIME ZONE 'UTC')").format(moment)
    other = differ(full, sql.SQL("({})::{}").format(after, sql.SQL(target.bare.display)))
    if target.name == "date":  # which may lie further ahead than any moment
        near = sql.SQL("({0} < '294276-01-01'::date OR NOT pg_catalog.isfinite({0}))").format(after)
        other = sql.SQL("CASE WHEN {} THEN {} ELSE false END").format(near, other)
    return any_of([*conditions, other])


def _changed_elements(
    before: sql.Composable, after: sql.Composable, source: ColumnType, target: ColumnType
) -> sql.Composable | None:
    """Return the condition that an element was changed, of an array or of a text that is written as one."""
    if target.element is None or not target.built_in:
        return None
    if source.is_array and source.element is not None:
        elements, element = before, source.element
    elif source.name in TEXTS and target.element.name not in ("text", "box"):  # boxes are parted by semicolons
        elements, element = sql.SQL("({})::text::text[]").format(before), TEXT
    else:
        return None
    inside = changed(sql.Identifier("given"), sql.Identifier("kept"), element, target.element)
    pairs = "(SELECT FROM ROWS FROM (pg_catalog.unnest({}), pg_catalog.unnest({})) AS elements (given, kept) WHERE {})"
    return inside and sql.SQL("EXISTS " + pairs).format(elements, after, inside)


def _all(cheap: sql.Composable, costly: sql.Composable) -> sql.Composable:
    """Return the condition that both hold, the second one asked only where the first does."""
    return sql.SQL("CASE WHEN {} THEN {} ELSE false END").format(cheap, costly)


def _matches(text: sql.Composable, pattern: str) -> sql.Composable:
    return sql.SQL("{} OPERATOR(pg_catalog.~*) {}").format(text, sql.Literal(pattern))


def _exact(number: sql.Composable, kind: ColumnType) -> sql.Composable:
    """Return a number as a numeric with all its digits."""
    if kind.name == "oid":
        return sql.SQL("({})::int8::numeric").format(number)
    return sql.SQL("({})::text::numeric" if kind.name in numbers.FLOATS else "({})::numeric").format(number)


def _as_number(number: sql.Composable, bits: sql.Composable) -> sql.Composable:
    """Return the number that ``bits`` were made of, if they hold all of it; its sign is what stands before them."""
    sign = sql.SQL("CASE WHEN {} < 0 THEN '1' ELSE '0' END").format(number)
    filled = sql.SQL("pg_catalog.right(pg_catalog.repeat({}, 64) || ({})::text, 64)").format(sign, bits)
    return sql.SQL("({})::bit(64)::int8").format(filled)


TEXT = ColumnType("pg_catalog", "text", "text", "b")
