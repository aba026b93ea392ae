"""Whether the constants of scopes are values of their columns, each another one: the target's server says so.

A scope is known by its text, in the plan and in the state. So there must be one text for a value: `007` is the integer
that `7` is, an UUID may be written in several ways, and to a case-insensitive type `a` is `A`.
"""

from collections.abc import Iterable, Iterator, Mapping

import psycopg
from psycopg import sql

from payrollx_db.consolidate.plan.mapping import Mismatch
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session import Connection, Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

Kind = tuple[str, str | None]  # type and collation
Value = tuple[str, bool, int]  # its text, whether the server writes it so, and a number that equal ones share


async def scope_mismatches(sessions: SessionPool, target: Endpoint, plan: Plan) -> list[Mismatch]:
    """Name the constants that the target's columns don't take, or don't tell from each other. Raises TargetError."""
    columns: dict[tuple[int, str], set[str]] = {}
    tables: dict[int, Table] = {}
    for table in plan.tables:
        for column, constant in table.scope:
            columns.setdefault((table.target.oid, column), set()).add(constant)
            tables[table.target.oid] = table.target
    if not columns:
        return []
    async with sessions.session(target) as connection:
        with target.translating_errors("can't read the types of the scopes"):
            kinds = await _kinds(connection, columns)
            texts: dict[Kind, set[str]] = {}
            for place, kind in kinds.items():
                texts.setdefault(kind, set()).update(columns[place])
            known = {kind: await _values(connection, kind, sorted(values)) for kind, values in texts.items()}
    return [
        mismatch
        for (oid, column), kind in kinds.items()
        for mismatch in _mismatches(f"{tables[oid].full_name}.{column}", kind, columns[oid, column], known[kind])
    ]


async def _kinds(connection: Connection, places: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Kind]:
    listed = list(places)
    parameters = {"tables": [oid for oid, _ in listed], "columns": [column for _, column in listed]}
    rows = await run(connection, sql.SQL(queries.load("scope_types")), parameters)
    return {(oid, column): (kind, collation) for oid, column, kind, collation in rows}


async def _values(connection: Connection, kind: Kind, texts: list[str]) -> Mapping[str, Value] | None:
    """Return what the server makes of these texts, but for those that it refuses; ``None`` where it knows no order."""
    try:
        return {value[0]: value for value in await _asked(connection, kind, texts)}
    except psycopg.errors.UndefinedFunction:
        return None
    except (psycopg.DataError, psycopg.IntegrityError):
        pass
    sound = []
    for text in texts:
        try:
            sound += [text for _ in await _asked(connection, kind, [text])]
        except (psycopg.DataError, psycopg.IntegrityError):
            continue
    return {value[0]: value for value in await _asked(connection, kind, sound)}


async def _asked(connection: Connection, kind: Kind, texts: list[str]) -> list[Value]:
    name, collation = kind
    query = sql.SQL(queries.load("scope_values")).format(
        value=sql.SQL("v.text::{}").format(sql.SQL(name)),
        collation=sql.SQL(f" COLLATE {collation}" if collation else ""),
        texts=sql.Literal(texts),
    )
    async with connection.transaction(force_rollback=True):
        return await run(connection, query)


def _mismatches(
    place: str, kind: Kind, constants: Iterable[str], known: Mapping[str, Value] | None
) -> Iterator[Mismatch]:
    if known is None:
        yield Mismatch(
            "type", place, f"is in a scope, and values of {kind[0]} have no order by which to tell them apart"
        )
        return
    equal: dict[int, str] = {}
    for constant in sorted(constants):
        if constant not in known:
            yield Mismatch("type", place, f"the constant {constant!r} of a scope is no {kind[0]}")
            continue
        _, spelled, number = known[constant]
        if not spelled:
            message = f"the constant {constant!r} of a scope isn't written as {kind[0]} writes it, or would be cut"
            yield Mismatch("type", place, message)
        other = equal.setdefault(number, constant)
        if other != constant:
            message = f"the constants {other!r} and {constant!r} of two scopes are one value of {kind[0]}"
            yield Mismatch("ambiguous", place, message)
