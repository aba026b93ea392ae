"""Triggers of the target that fire as rows are copied in, or deleted where a run is undone, and event triggers.

A trigger's function may do things that nothing can undo, so it isn't tried. Its text tells what it does for certain,
and what it may do. Where rows may not arrive as they were sent, the copy begins only when a person has said that the
triggers may fire, or leaves them out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.check.breaches import set_search_path
from payrollx_db.consolidate.check.trigger_code import Called, Name, Trigger, called_by
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import EXAMPLES, Finding, Severity
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

TRYING = (
    "CREATE TEMP TABLE payrollx_probe (id integer)",
    "CREATE UNIQUE INDEX payrollx_probe_key ON pg_temp.payrollx_probe (id)",
    "ALTER TABLE pg_temp.payrollx_probe ADD CONSTRAINT payrollx_probe_key UNIQUE USING INDEX payrollx_probe_key",
    "ALTER TABLE pg_temp.payrollx_probe DROP CONSTRAINT payrollx_probe_key",
    "CREATE INDEX payrollx_probe_index ON pg_temp.payrollx_probe (id)",
    "DROP INDEX pg_temp.payrollx_probe_index",
)


async def check_triggers(context: Context, plan: Plan) -> list[Finding]:
    """Find what fires in the target during a copy. Raises TargetError."""
    tables = {table.target.oid: table.target_name for table in plan.copies}
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read its triggers"):
            cursor = connection.cursor(row_factory=class_row(Trigger))
            await cursor.execute(queries.load("triggers"), {"tables": list(tables)})
            triggers = await cursor.fetchall()
            schemas = [name for (name,) in await run(connection, sql.SQL(queries.load("search_schemas")))]
            searching = [*triggers, *await _called(connection, triggers)]
            unfound = await _unfound(connection, searching)
            rules = await connection.execute(queries.load("target_rules"), {"tables": list(tables)})
            passed_over = await rules.fetchall()
            events = await run(connection, sql.SQL(queries.load("event_triggers")))
            found = await _event_triggers(connection, context.target.name, events, schemas)
    place = context.target.name
    for oid, name in tables.items():
        of_table = [t for t in triggers if t.table == oid and (t.on_insert or t.keeps)]
        if of_table and context.without_triggers:
            found.append(_left_out(f"{place}.{name}", of_table))
        elif of_table:
            found.append(_firing(f"{place}.{name}", of_table, list(tables.values()), context.policies))
            concerned = [t for t in searching if t.table == oid and (t.on_insert or t.keeps)]
            found += _searching(f"{place}.{name}", concerned, unfound, schemas)
        if names := tuple(rule for table, rule in passed_over if table == oid):
            message = "rules for INSERT, which a copy passes over: the rows go into the table itself"
            found.append(Finding("rule", "warn", f"{place}.{name}", len(names), message, names[:EXAMPLES]))
    return found


def _left_out(place: str, triggers: Iterable[Trigger]) -> Finding:
    names = tuple(dict.fromkeys(trigger.name for trigger in triggers))
    message = "triggers left out of the copy by --without-triggers: disabled until the run is done or undone"
    return Finding("trigger", "warn", place, len(names), message, names[:EXAMPLES])


def _firing(place: str, triggers: Sequence[Trigger], tables: Sequence[str], policies: Policies) -> Finding:
    """Say what the triggers of one table may do, and whether that stops the copy.

    It does where one refuses every row, which no policy can help, and where one may refuse, drop or change some rows,
    or changes those of ``tables``. A table that has triggers for TRUNCATE is emptied by DELETE, so those never fire.
    """
    names = tuple(dict.fromkeys(trigger.name for trigger in triggers))
    refusing = [trigger.name for trigger in triggers if trigger.on_insert and trigger.always_refuses]
    harming = any(trigger.harms or (trigger.on_insert and trigger.written(tables)) for trigger in triggers)
    told = "; ".join(_told(trigger, tables) for trigger in triggers)
    message = f"triggers that fire as rows are copied in, or deleted where a run is undone: {told}"
    if refusing:
        message = f"{message}; {', '.join(refusing)} raises an error each time"
    message = f"{message}; copy --without-triggers leaves them out"
    severity: Severity = "block" if refusing or harming else "warn"
    action = policies.action("trigger", place) if harming and not refusing else FAIL
    if harming and not refusing:
        message = f"{message}, and --policy trigger=fire says that they may fire"
    return Finding(
        "trigger", severity, place, len(names), message, names[:EXAMPLES], action, resolvable=harming and not refusing
    )


def _told(trigger: Trigger, tables: Sequence[str]) -> str:
    written = trigger.written(tables)
    deeds = [*trigger.deeds, *([f"change the rows of {', '.join(written)}"] if written else [])]
    by = f" by {trigger.function} may {', '.join(deeds)}" if deeds else ""
    return f"{trigger.name} on {trigger.event}{by}"


def _searching(
    place: str, triggers: Iterable[Trigger], unfound: set[Name], schemas: Sequence[str]
) -> Iterator[Finding]:
    """Yield the functions that use names which a copy, without a search_path, doesn't find."""
    functions: dict[str, list[tuple[Trigger, Name, bool]]] = defaultdict(list)
    for trigger in triggers:
        if not trigger.settled:
            uses = trigger.names()
            functions[trigger.function] += [(trigger, name, uses[name]) for name in uses if name in unfound]
    for function, hits in functions.items():
        if hits:
            certain = any(sure and trigger.on_insert for trigger, _, sure in hits)
            trigger, names = hits[0][0], ", ".join(dict.fromkeys(name for _, (_, name), _ in hits))
            fix = set_search_path(function, (trigger.schema, *schemas))
            message = (
                f"{function}, which the trigger {trigger.name} calls, names {names} without a schema, and the copy"
                f" finds no name by search_path: run {fix}; or copy --without-triggers"
            )
            severity: Severity = "block" if certain else "warn"
            yield Finding("function", severity, f"{place}.{trigger.name}", 1, message, (function,), sql=fix)


async def _called(connection: Connection, triggers: Iterable[Trigger]) -> list[Trigger]:
    """Return what the triggers' functions call, and what these call, each as if the trigger had it itself.

    A function with a search_path of its own hands it on. What a WHEN calls is called for every row.
    """
    found: list[Trigger] = []
    waiting = list(triggers)
    seen = {(trigger.table, trigger.function) for trigger in waiting}
    while waiting:
        calls = {name for trigger in waiting if not trigger.settled for name in trigger.calls()}
        names = {
            "oids": [oid for trigger in waiting for oid in trigger.conditions],
            "schemas": [schema for schema, _ in calls], "names": [name for _, name in calls],
        }  # fmt: skip
        cursor = connection.cursor(row_factory=class_row(Called))
        await cursor.execute(queries.load("called_functions"), names)
        functions = await cursor.fetchall()
        callees = [callee for trigger in waiting for callee in called_by(trigger, functions)]
        waiting = []
        for callee in callees:
            if (callee.table, callee.function) not in seen:
                seen.add((callee.table, callee.function))
                waiting.append(callee)
        found += waiting
    return found


async def _unfound(connection: Connection, triggers: Iterable[Trigger]) -> set[Name]:
    """Return those names without a schema that mean something elsewhere, and nothing in pg_catalog."""
    used = {name for trigger in triggers if not trigger.settled for name in trigger.names()}
    kinds = ("relation", "function", "type")
    names = {f"{kind}s": sorted(name for other, name in used if other == kind) for kind in kinds}
    cursor = await connection.execute(queries.load("unfound_names"), names)
    return {(kind, name) for kind, name in await cursor.fetchall()}


async def _event_triggers(
    connection: Connection, place: str, events: Sequence[tuple[str, str, str, bool]], schemas: Sequence[str]
) -> list[Finding]:
    """Try what a copy does to tables and indexes on a temporary one, where event triggers may refuse it."""
    if not events:
        return []
    names = tuple(name for name, *_ in events)
    try:
        async with connection.transaction(force_rollback=True):
            for statement in TRYING:
                await run(connection, sql.SQL(statement))
    except psycopg.Error as error:
        state = error.sqlstate or ""
        fixes = [set_search_path(name, (schema, *schemas)) for _, name, schema, settled in events if not settled]
        fix = f"run {'; '.join(fixes)}" if state.startswith(("42", "3F")) and fixes else "disable it for the copy"
        why = f"{sqlstates.words(state)} (SQLSTATE {state})"
        message = f"an event trigger refuses what a copy does to indexes: {why}: {fix}"
        return [Finding("trigger", "block", place, len(names), message, names[:EXAMPLES], resolvable=False)]
    message = "event triggers fire as indexes are dropped and built; they let it happen"
    return [Finding("trigger", "info", place, len(names), message, names[:EXAMPLES])]
