"""Triggers of the target that fire as rows are copied in or a table is emptied, and event triggers.

A trigger's function may do things that nothing can undo, so it isn't tried. Its text tells what it does for certain,
and what it may do.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.check.breaches import set_search_path
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import EXAMPLES, Finding, Severity
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

# Comments and texts, of which the code of a function is freed before it is read.
QUOTED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)
RAISES = re.compile(r"\braise\s+(?!notice\b|warning\b|info\b|log\b|debug\b|;)")
BRANCHES = re.compile(r"\b(?:if|case|loop|while|for|exception\s+when)\b")
DROPS = re.compile(r"\breturn\s+(?:null|old)\b")
CHANGES = re.compile(r"\bnew\s*(?:\.\s*[\w\"]+\s*)?:?=(?!=)|\binto\s+(?:strict\s+)?new\b")
WRITES = re.compile(
    r"\b(?:insert\s+into|update\s+(?!of\b)|delete\s+from|merge\s+into|execute|perform|notify|call|copy)\b"
)
RELATIONS = re.compile(
    r"\b(?:insert\s+into|update|delete\s+from|merge\s+into|from|join)\s+(?:only\s+)?([a-z_][\w$]*)(?![\w$]*\s*[.(])"
)
CALLED = re.compile(r"(?<![\w$.\"])([a-z_][\w$]*)\s*\(")
OWN_NAMES = re.compile(
    r"\b([a-z_][\w$]*)\s+as\s+(?:not\s+)?(?:materialized\s+)?\("
    r"|\btemp(?:orary)?\s+table\s+(?:if\s+not\s+exists\s+)?([\w$]+)"
)
TRYING = (
    "CREATE TEMP TABLE payrollx_probe (id integer)",
    "CREATE UNIQUE INDEX payrollx_probe_key ON pg_temp.payrollx_probe (id)",
    "ALTER TABLE pg_temp.payrollx_probe ADD CONSTRAINT payrollx_probe_key UNIQUE USING INDEX payrollx_probe_key",
    "ALTER TABLE pg_temp.payrollx_probe DROP CONSTRAINT payrollx_probe_key",
    "CREATE INDEX payrollx_probe_index ON pg_temp.payrollx_probe (id)",
    "DROP INDEX pg_temp.payrollx_probe_index",
)


Name = tuple[str, str]  # relation or function, and its name


@dataclass(frozen=True)
class Trigger:
    """A trigger of a target table or of one of its partitions. ``limited`` says that it has a WHEN."""

    table: int
    name: str
    per_row: bool
    before: bool
    on_insert: bool
    on_truncate: bool
    limited: bool
    function: str
    schema: str
    language: str
    body: str
    settled: bool

    @property
    def code(self) -> str:
        """The function's text without comments and quoted texts, in small letters; empty where it can't be read."""
        return QUOTED.sub("''", self.body).lower() if self.language == "plpgsql" else ""

    @property
    def event(self) -> str:
        """What it fires on."""
        events = [name for name, fires in (("INSERT", self.on_insert), ("TRUNCATE", self.on_truncate)) if fires]
        return " and ".join(events)

    @property
    def always_refuses(self) -> bool:
        """Whether it raises an error whenever it fires."""
        raised = RAISES.search(self.code)
        return raised is not None and not self.limited and not BRANCHES.search(self.code[: raised.start()])

    @property
    def deeds(self) -> list[str]:
        """What it may do to a copy."""
        code, touches = self.code, self.per_row and self.before and self.on_insert
        if self.language != "plpgsql":
            return ["do anything (its function isn't PL/pgSQL)"]
        told = (
            ("refuse", RAISES.search(code)),
            ("drop rows", touches and DROPS.search(code)),
            ("change rows", touches and CHANGES.search(code)),
            ("write elsewhere", WRITES.search(code)),
        )
        return [deed for deed, seen in told if seen]

    def names(self) -> dict[Name, bool]:
        """Return the names without a schema that its code uses, each with whether it comes to that for certain."""
        own = {name for pair in OWN_NAMES.findall(self.code) for name in pair}
        branch = BRANCHES.search(self.code)
        first = branch.start() if branch and not self.limited else (0 if self.limited else len(self.code))
        uses: dict[Name, bool] = {}
        for kind, pattern in (("relation", RELATIONS), ("function", CALLED)):
            for match in pattern.finditer(self.code):
                name = (kind, match.group(1))
                if match.group(1) not in own:
                    uses[name] = uses.get(name, False) or match.start() < first
        return uses


async def check_triggers(context: Context, plan: Plan) -> list[Finding]:
    """Find what fires in the target during a copy. Raises TargetError."""
    tables = {table.target.oid: table.target_name for table in plan.copies}
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read its triggers"):
            cursor = connection.cursor(row_factory=class_row(Trigger))
            await cursor.execute(queries.load("triggers"), {"tables": list(tables)})
            triggers = await cursor.fetchall()
            schemas = [name for (name,) in await run(connection, sql.SQL(queries.load("search_schemas")))]
            unfound = await _unfound(connection, triggers)
            rules = await connection.execute(queries.load("target_rules"), {"tables": list(tables)})
            passed_over = await rules.fetchall()
            events = await run(connection, sql.SQL(queries.load("event_triggers")))
            found = await _event_triggers(connection, context.target.name, events, schemas)
    place = context.target.name
    for oid, name in tables.items():
        of_table = [trigger for trigger in triggers if trigger.table == oid]
        found += _of_table(f"{place}.{name}", of_table, unfound, schemas, left_out=context.without_triggers)
        if names := tuple(rule for table, rule in passed_over if table == oid):
            message = "rules for INSERT, which a copy passes over: the rows go into the table itself"
            found.append(Finding("rule", "warn", f"{place}.{name}", len(names), message, names[:EXAMPLES]))
    return found


def _of_table(
    place: str, triggers: Sequence[Trigger], unfound: set[Name], schemas: Sequence[str], *, left_out: bool
) -> Iterator[Finding]:
    if not triggers:
        return
    names = tuple(dict.fromkeys(trigger.name for trigger in triggers))
    if left_out:
        message = "triggers left out of the copy by --without-triggers: disabled until the run is done or undone"
        yield Finding("trigger", "warn", place, len(names), message, names[:EXAMPLES])
        return
    refusing = [trigger for trigger in triggers if trigger.always_refuses]
    told = "; ".join(
        f"{t.name} on {t.event} by {t.function} may {', '.join(t.deeds)}" if t.deeds else f"{t.name} on {t.event}"
        for t in triggers
    )
    severity: Severity = "block" if refusing else "warn"
    message = f"triggers that fire as rows are copied in or the table is emptied: {told}"
    if refusing:
        message = f"{message}; {', '.join(t.name for t in refusing)} raises an error each time"
    message = f"{message}; copy --without-triggers leaves them out"
    yield Finding("trigger", severity, place, len(names), message, names[:EXAMPLES])
    yield from _searching(place, triggers, unfound, schemas)


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
            certain = any(sure for _, _, sure in hits)
            trigger, names = hits[0][0], ", ".join(dict.fromkeys(name for _, (_, name), _ in hits))
            fix = set_search_path(function, (trigger.schema, *schemas))
            message = (
                f"{function}, which the trigger {trigger.name} calls, names {names} without a schema, and the copy"
                f" finds no name by search_path: run {fix}; or copy --without-triggers"
            )
            severity: Severity = "block" if certain else "warn"
            yield Finding("function", severity, f"{place}.{trigger.name}", 1, message, (function,), sql=fix)


async def _unfound(connection: Connection, triggers: Iterable[Trigger]) -> set[Name]:
    """Return those names without a schema that mean something elsewhere, and nothing in pg_catalog."""
    used = {name for trigger in triggers if not trigger.settled for name in trigger.names()}
    names = {f"{kind}s": sorted(name for other, name in used if other == kind) for kind in ("relation", "function")}
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
        return [Finding("trigger", "block", place, len(names), message, names[:EXAMPLES])]
    message = "event triggers fire as indexes are dropped and built; they let it happen"
    return [Finding("trigger", "info", place, len(names), message, names[:EXAMPLES])]
