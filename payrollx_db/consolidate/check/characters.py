"""Texts that can't leave their database: bytes that stand for no character in its encoding, or for none in UTF8.

A server takes them for text, keeps and compares them, and refuses only to convert them, which each of our sessions asks
for. So every other question about such a row fails as well, and these rows are searched first: of them nothing but keys
or places leaves the server.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.consolidate.check.attempts import Refused, refused_rows
from payrollx_db.consolidate.check.values import AT_ONCE, MOST_KEYS, place
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.conversion.canonical import has_text
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import UNSENT
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Connection, run

# Of these each text becomes UTF8, or is it; of SQL_ASCII nothing is known, which is a finding of its own.
COMPLETE = frozenset({"UTF8", "LATIN1", "SQL_ASCII"})
UNDEFINED = (psycopg.errors.UntranslatableCharacter, psycopg.errors.CharacterNotInRepertoire)


@dataclass(frozen=True)
class Undefined:
    """Rows of one column that can't leave their database: the finding, and what a policy decides of them."""

    finding: Finding
    decisions: tuple[Decision, ...]


async def undefined_characters(context: Context, plan: Plan, policies: Policies) -> list[Undefined]:
    """Find the texts that can't become UTF8, which costs a scan of each table that may have one. Raises SourceError."""
    tables = [t for t in plan.tables if plan.sources[t.database].encoding not in COMPLETE]
    found = await limited([_of_table(context, table, plan, policies) for table in tables], context.jobs)
    return [undefined for of_table in found for undefined in of_table]


async def undefined_among(context: Context, table: TablePlan, keys: Sequence[str]) -> set[str]:
    """Return which of these rows of a table, by their keys, have such a text. Raises SourceError."""
    values = [value for _, value in _asked(table)]
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        if not values or connection.info.parameter_status("server_encoding") in COMPLETE:
            return set()
        with endpoint.translating_errors(f"can't read {table.source.full_name}"):
            answers = await refused_rows(connection, table, values, table.among(keys), len(keys), few=True)
    return {key for answer in answers for key in (answer.keys if answer.named or not answer.count else keys)}


async def _of_table(context: Context, table: TablePlan, plan: Plan, policies: Policies) -> list[Undefined]:
    columns = list(_asked(table))
    if not columns:
        return []
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read {table.source.full_name}"):
            values = [value for _, value in columns]
            if await _all_defined(connection, table, values):
                return []
            answers = await _refused(connection, table, values)
    encoding = plan.sources[table.database].encoding
    shared = any(table.destination == merge.destination for merge in plan.merges)
    return [
        _undefined(table, column, answer, encoding, policies, shared=shared)
        for (column, _), answer in zip(columns, answers, strict=True)
        if answer.count
    ]


def _asked(table: TablePlan) -> Iterator[tuple[ColumnPlan, sql.Composable]]:
    """Yield the columns that texts go to, with an expression that fails of those that can't become UTF8.

    It is of what is sent, and where computing that may fail for another reason, of all that it is computed from.
    """
    for column in table.columns:
        if not column.conversion.raises and column.sources and has_text(column.target.type):
            yield column, _converted([column.conversion.value])
            continue
        origins = [origin for name in column.sources if (origin := table.source.column(name))]
        if names := [sql.Identifier(ROW, origin.name) for origin in origins if has_text(origin.type)]:
            yield column, _converted(names)


def _converted(values: Iterable[sql.Composable]) -> sql.Composable:
    texts = sql.SQL(", ").join(sql.SQL("({})::text").format(value) for value in values)
    return sql.SQL("pg_catalog.convert_to(pg_catalog.concat({}), 'UTF8')").format(texts)


async def _all_defined(connection: Connection, table: TablePlan, values: Sequence[sql.Composable]) -> bool:
    for start in range(0, len(values), AT_ONCE):
        counts = sql.SQL(", ").join(sql.SQL("pg_catalog.count({})").format(v) for v in values[start : start + AT_ONCE])
        try:
            await run(connection, sql.SQL("SELECT {} FROM {}").format(counts, table.from_clause))
        except UNDEFINED:
            return False
    return True


async def _refused(connection: Connection, table: TablePlan, values: Sequence[sql.Composable]) -> list[Refused]:
    everything = sql.SQL("true")
    try:
        return await refused_rows(connection, table, values, everything, MOST_KEYS)
    except UNDEFINED:  # a key is such a text itself
        return await refused_rows(connection, table, values, everything, MOST_KEYS, by_place=True)


def _undefined(
    table: TablePlan, column: ColumnPlan, answer: Refused, encoding: str, policies: Policies, *, shared: bool
) -> Undefined:
    where = place(table, [column])
    named = answer.named and bool(answer.keys)
    examples = sorted(answer.keys)[:EXAMPLES]
    reason = _unresolvable(answer, named=named, shared=shared)
    action = FAIL if reason else policies.action(UNSENT, where)
    finding = Finding(
        UNSENT, "block", where, answer.count,
        f"text with bytes that {encoding} has no character for, so that it can't become UTF8"
        + (f"; no policy resolves it: {reason}" if reason else ""),
        tuple(examples if named else (f"ctid {key}" for key in examples)),
        action,
        remedy=f"correct it in the source; convert_to(its text, '{encoding}') shows the bytes",
        resolvable=not reason,
    )  # fmt: skip
    keys = answer.keys if action != FAIL else ()
    return Undefined(finding, tuple(Decision(table.source_name, key, "row", UNSENT, action) for key in keys))


def _unresolvable(answer: Refused, *, named: bool, shared: bool) -> str:
    if shared:
        return "rows of duplicate tables are compared on both servers' sides, which such a text ends"
    if not answer.keys:
        return "the role may run no procedures there, so the rows aren't known"
    return "" if named else "these rows have no key that could be sent, by which quarantine would name them"
