"""Duplicate tables against their owners': rows that went stale, and rows that the owner never had.

Both are compared as they are, not through the transforms: what can't be converted can still be compared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.check.values import NEWEST
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.conversion import canonical, form
from payrollx_db.consolidate.plan.mapping import ROW, TablePlan, from_item
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state.quarantine import Decision, Kind
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres.compare import Comparison, Difference, Sums, compare
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Column, Table
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.sides import Side

SOME = 1_000  # drifted rows that are compared column by column where no policy asks for all of them


@dataclass(frozen=True)
class Drifted:
    """What was found about duplicate tables, and what the policies decide about their rows and their owners'."""

    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]


async def compare_duplicates(
    context: Context, plan: Plan, policies: Policies, *, most: int, among: Mapping[str, Sequence[str]] | None = None
) -> Drifted:
    """Compare every duplicate table with its owner's. ``most`` is how many rows may be decided about.

    With ``among``, only the rows with these keys, by the name of the duplicate table. Raises SourceError.
    """
    duplicates = {table.source_name: table for table in plan.merges}
    if among is not None:
        duplicates = {name: table for name, table in duplicates.items() if among.get(name)}
    known = Sums()
    comparisons = [
        _compare(context, table, plan, policies, most, known, None if among is None else among[name])
        for name, table in duplicates.items()
    ]
    # Of a few rows, all at once: most of it is waiting for a server's answer.
    drifted = await limited(comparisons, context.jobs if among is None else max(context.jobs, len(comparisons)))
    decisions = [decision for one in drifted for decision in one.decisions]
    return Drifted(tuple(f for one in drifted for f in one.findings), tuple(_once(decisions, duplicates)))


def _once(decisions: Sequence[Decision], duplicates: Mapping[str, TablePlan]) -> Iterable[Decision]:
    """Let only one duplicate table bring in a row that several have; the others' are quarantined, and say why."""
    first: dict[tuple[str | None, str, str], str] = {}
    for decision in decisions:
        if decision.kind != "adopted":
            yield decision
            continue
        table = duplicates[decision.source]
        winner = first.setdefault((table.owner, table.source.name, decision.key), decision.source)
        if winner == decision.source:
            yield decision
        else:
            cause = f"{winner} {decision.key}"
            yield Decision(decision.source, decision.key, "row", decision.code, decision.action, "", cause)


async def _compare(
    context: Context,
    duplicate: TablePlan,
    plan: Plan,
    policies: Policies,
    most: int,
    known: Sums,
    among: Sequence[str] | None = None,
) -> Drifted:
    owner = _owner(duplicate, plan)
    if owner is None:
        return Drifted((), ())  # the owner's table is missing, which is a mismatch of the plan
    shared = [(c, own) for c in duplicate.source.columns if (own := owner.column(c.name)) is not None]
    ends = (context.sources[duplicate.database], context.sources[duplicate.owner or ""])
    mine = _side(duplicate.source, [c for c, _ in shared], owner, ends[0])
    theirs = _side(owner, [c for _, c in shared], owner, ends[1])
    if among is not None:
        mine = replace(mine, where=duplicate.among(among), by_index=True)
        theirs = replace(theirs, where=_among(owner, among), by_index=True)
    place = f"{duplicate.source_name}.{'+'.join(name for name, _ in mine.key)}"
    whole = len(shared) == len(owner.columns)
    actions = {code: _action(policies, code, place, whole=whole) for code in ("drift", "stranded")}
    limit = SOME if set(actions.values()) == {FAIL} else most
    result = await compare(
        context.sessions, mine, theirs, rows=duplicate.source.rows, limit=limit, contained=True,
        known=known if among is None else None,
    )  # fmt: skip
    keys = {"drift": _keys(result.differences, "changed"), "stranded": _keys(result.differences, "missing")}
    decisions = _decide_unowned(duplicate, keys["stranded"], actions["stranded"])
    decisions += await _decide_drifted(context, duplicate, owner, keys["drift"], actions["drift"])
    return Drifted(tuple(_findings(duplicate, place, result, keys, actions)), tuple(decisions))


def _findings(
    duplicate: TablePlan, place: str, result: Comparison, keys: Mapping[str, list[str]], actions: Mapping[str, str]
) -> Iterator[Finding]:
    columns = ", ".join(dict.fromkeys(name for d in result.differences for name in d.columns))
    messages = {"drift": f"not as in {duplicate.owner}: {columns}", "stranded": f"not in {duplicate.owner} at all"}
    for code, count in (("drift", result.changed), ("stranded", result.missing)):
        if count:
            yield Finding(code, "block", place, count, messages[code], tuple(keys[code][:EXAMPLES]), actions[code])


def _action(policies: Policies, code: str, place: str, *, whole: bool) -> str:
    """Return what to do; a duplicate that lacks columns of its owner's can't stand in for it."""
    action = policies.action(code, place)
    return FAIL if action in ("newest", "adopt") and not whole else action


def _decide_unowned(duplicate: TablePlan, keys: Iterable[str], action: str) -> list[Decision]:
    kinds: dict[str, Kind] = {"owner": "row", "adopt": "adopted"}
    if action not in kinds:
        return []
    name, kind = duplicate.source_name, kinds[action]
    return [Decision(name, key, kind, "stranded", action) for key in keys]


async def _decide_drifted(
    context: Context, duplicate: TablePlan, owner: Table, keys: list[str], action: str
) -> list[Decision]:
    if action == FAIL or not keys:
        return []
    newer: set[str] = set()
    if action == "newest":
        ours = await _dates(context, duplicate.database, duplicate.source, keys)
        theirs = await _dates(context, duplicate.owner or "", owner, keys)
        newer = {key for key in keys if ours.get(key) and (not theirs.get(key) or ours[key] > theirs[key])}
    name, owners = duplicate.source_name, f"{duplicate.owner}.{owner.full_name}"
    decisions = [Decision(name, key, "row", "drift", action) for key in keys if key not in newer]
    for key in sorted(newer):
        decisions.append(Decision(name, key, "adopted", "drift", action))
        decisions.append(Decision(owners, key, "row", "drift", action, "", f"{name} {key}"))
    return decisions


async def _dates(context: Context, database: str, table: Table, keys: Sequence[str]) -> dict[str, Any]:
    """Return when each of these rows was last changed, where the table says so."""
    column = next((name for name in NEWEST if table.column(name)), None)
    if column is None:
        return {}
    key = _key_text(table)
    query = sql.SQL("SELECT {}, {}::text FROM {} WHERE {} = ANY (%s)").format(
        key, sql.Identifier(ROW, column), from_item(table), key
    )
    endpoint = context.sources[database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read the dates of {table.full_name}"):
            return dict(await run(connection, query, (list(keys),)))


def _key_text(table: Table) -> sql.Composable:
    parts = [sql.SQL("{}::text").format(sql.Identifier(ROW, name)) for name in table.primary_key]
    if len(parts) == 1:
        return parts[0]
    return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(sql.SQL(", ").join(parts))


def _among(owner: Table, keys: Sequence[str]) -> sql.Composable:
    return sql.SQL("{} = ANY ({}::text[])").format(_key_text(owner), sql.Literal(list(keys)))


def _keys(differences: Iterable[Difference], kind: str) -> list[str]:
    """Return the keys of one kind of difference, as `TablePlan.source_key` writes them."""
    parts = [list(d.key.values()) for d in differences if d.kind == kind]
    return [str(p[0]) if len(p) == 1 else json.dumps(p, ensure_ascii=False) for p in parts]


def _owner(duplicate: TablePlan, plan: Plan) -> Table | None:
    schema = next((db.schema for db in plan.layout.databases if db.name == duplicate.owner), "")
    database = plan.sources.get(duplicate.owner or "")
    return database.tables.get(f"{schema}.{duplicate.source.name}") if database else None


def _side(table: Table, columns: Iterable[Column], owner: Table, endpoint: Endpoint) -> Side:
    values = {c.name: canonical(sql.Identifier(ROW, c.name), c.type) for c in columns}
    key = tuple((name, values[name]) for name in owner.primary_key if name in values) or tuple(values.items())
    forms = {column.name: form(column.type) for column in columns}
    return Side(endpoint, from_item(table), key, tuple(values.items()), forms=forms)
