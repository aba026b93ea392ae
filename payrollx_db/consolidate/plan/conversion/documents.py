"""JSON: as text, as jsonb, which keeps one value of each key, and lists of texts that are written in it."""

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Note, Servers, cast, text_of
from payrollx_db.postgres.column_types import ColumnType

JSONB_FORM = Note(
    "json-form", "info", "jsonb keeps neither spaces nor the order of keys, and writes numbers in its own way"
)

# Outside of strings, each colon is of a key; jsonb has fewer keys than the text that it was made of where one came
# twice. Strings are only taken out where counting all colons doesn't settle it: that is twenty times as fast, and an
# escaped colon is the one thing that could make up for a lost one.
KEY_TWICE = r"""
(SELECT CASE
   WHEN pg_catalog.strpos(d.given, '\u003') = 0
    AND pg_catalog.octet_length(d.given) - pg_catalog.octet_length(pg_catalog.replace(d.given, ':', ''))
      = pg_catalog.octet_length(d.kept) - pg_catalog.octet_length(pg_catalog.replace(d.kept, ':', ''))
   THEN false
   ELSE pg_catalog.length(pg_catalog.regexp_replace(
          pg_catalog.regexp_replace(d.given, '"(?:[^"\\]|\\.)*"', '', 'g'), '[^:]', '', 'g'))
     <> pg_catalog.length(pg_catalog.regexp_replace(
          pg_catalog.regexp_replace(d.kept, '"(?:[^"\\]|\\.)*"', '', 'g'), '[^:]', '', 'g')) END
 FROM (SELECT {given} AS given, {kept} AS kept OFFSET 0) AS d)
"""


def to_document(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn json or a text into jsonb, and a text into json. Which texts are JSON shows when they are cast."""
    textual = source.name in TEXTS
    if not target.built_in or not (textual or (source.built_in and source.name == "json")):
        return None
    if target.name == "json" and textual:
        return Conversion("text to json", cast(value, target))
    if target.name != "jsonb":
        return None
    kept = cast(value, target)
    return Conversion(f"{source.name} to jsonb", kept, None, key_twice(value, kept), note=JSONB_FORM)


def key_twice(value: sql.Composable, kept: sql.Composable) -> sql.Composable:
    """Return the condition that ``kept``, a jsonb, has lost a value of a key that ``value`` gives twice."""
    return sql.SQL(" ".join(KEY_TWICE.split())).format(given=text_of(value), kept=text_of(kept))


def other_document(value: sql.Composable, kept: sql.Composable) -> sql.Composable:
    """Return the condition that ``kept``, a jsonb, has lost a value of a key of an expression of whatever type."""
    return sql.SQL(
        "CASE WHEN pg_catalog.pg_typeof({}) = 'pg_catalog.jsonb'::pg_catalog.regtype THEN false ELSE {} END"
    ).format(value, key_twice(value, kept))


def to_texts(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn a JSON array of strings into an array of texts; elements that are no strings wouldn't read back."""
    textual = source.name in TEXTS or (source.built_in and source.name in ("json", "jsonb"))
    if not target.built_in or target.name != "_text" or not textual:
        return None
    document = sql.SQL("({})::jsonb").format(value)
    texts = sql.SQL(
        "CASE WHEN {} IS NOT NULL THEN ARRAY(SELECT e.value FROM pg_catalog.jsonb_array_elements_text({})"
        " WITH ORDINALITY AS e (value, place) ORDER BY e.place) END"
    ).format(value, document)
    others = sql.SQL(
        "EXISTS (SELECT FROM pg_catalog.jsonb_array_elements({}) AS e (value)"
        " WHERE pg_catalog.jsonb_typeof(e.value) NOT IN ('string', 'null'))"
    ).format(document)
    return Conversion("JSON array to text[]", texts, None, others)
