"""What a rule is, and what all rules are made of."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from psycopg import sql

from payrollx_db.postgres.column_types import ColumnType


@dataclass(frozen=True)
class Servers:
    """What a conversion depends on beside the two types.

    ``timezone`` is what naive timestamps of the source are in; ``target_version`` the target's server version;
    ``money`` says how the two servers' money differs, and is empty where it doesn't. ``known`` are columns that were
    planned already, and ``alike`` the plans by what these are like: many tables have the same ones, and so have many
    databases.
    """

    timezone: str = "UTC"
    target_version: int = 180000
    money: str = ""
    known: dict[tuple[Any, ...], Any] = field(default_factory=dict, compare=False, repr=False)
    alike: dict[tuple[Any, ...], Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Note:
    """What is to be known of a column's conversion, whatever its values: a finding of the check."""

    code: str
    severity: Literal["block", "warn", "info"]
    message: str


@dataclass(frozen=True)
class Conversion:
    """How one column's values get to their target type.

    ``value`` is the expression; ``valid`` is true of the values that it accepts (``None``: it accepts
    all, or which it does only shows when it is tried). ``raises`` says that the source's server may refuse a value
    itself, and ``late`` that only the target refuses what isn't valid; ``lossy`` is true of values that it would
    change without a word (``None``: never), and ``ambiguous`` of those that may mean two things. ``code`` is what a
    value that isn't ``valid`` is called when it is found. ``text`` says
    why the column has to go over as text, and is empty where its binary form does. ``written`` is a text that is the
    target's value as text only where this is what ``value`` gives, and cheaper to come by (``None``: there is none).
    ``sent`` is of another type, with the very bytes of ``value`` in COPY's binary form, and costs less than a cast.
    ``timeless`` are, by words of the layout's own expression that mean a moment where they are read as a time, what
    ``value`` is with a text there that is no time, and with a time that stays (``None`` where it casts to none).
    ``calls`` are the functions that it calls, each with its schema (empty: the server's own).
    """

    rule: str
    value: sql.Composable
    valid: sql.Composable | None = None
    lossy: sql.Composable | None = None
    raises: bool = True
    code: Literal["unconvertible", "enum-unknown"] = "unconvertible"
    text: str = ""
    late: bool = False
    note: Note | None = None
    ambiguous: sql.Composable | None = None
    written: sql.Composable | None = None
    sent: sql.Composable | None = None
    timeless: tuple[tuple[str, sql.Composable, sql.Composable | None], ...] = ()
    calls: frozenset[tuple[str, str]] = frozenset()


def filled(template: str, named: Mapping[str, sql.Composable]) -> sql.Composable:
    """Return a layout's own expression over what is ``named`` in it. The layout is code, not data."""
    parts: list[sql.Composable] = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(sql.SQL(text))
        if name is not None:  # SQL.format would take a name of digits for a place
            parts.append(named[name])
    if "--" in template:  # a comment at its end isn't one of what follows
        parts.append(sql.SQL("\n"))
    return sql.Composed(parts)


def cast(value: sql.Composable, target: ColumnType) -> sql.Composable:
    """Return ``value`` cast to a built-in ``target``, with its modifier."""
    return sql.SQL("({})::{}").format(value, type_name(target))


def type_name(kind: ColumnType) -> sql.SQL:
    """Return a built-in type's name as SQL. It comes from `format_type`, whose words are the server's own."""
    return sql.SQL(kind.display)


def text_of(value: sql.Composable) -> sql.Composable:
    """Return ``value`` as text."""
    return sql.SQL("({})::text").format(value)


def differ(one: sql.Composable, other: sql.Composable) -> sql.Composable:
    """Return the condition that two values of one type are not equal."""
    return sql.SQL("{} <> {}").format(one, other)


def all_of(conditions: list[sql.Composable]) -> sql.Composable | None:
    """Return the condition that all of ``conditions`` hold, NULL being no violation; ``None`` where there are none."""
    held = [sql.SQL("coalesce({}, true)").format(condition) for condition in conditions]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(held)) if held else None


def any_of(conditions: list[sql.Composable]) -> sql.Composable | None:
    """Return the condition that one of ``conditions`` holds; ``None`` where there are none."""
    held = [sql.SQL("coalesce({}, false)").format(condition) for condition in conditions]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(held)) if held else None
