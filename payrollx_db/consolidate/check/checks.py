"""The check: what would fail or lie later, found before a byte moves, and what the policies say of it."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.check import duplicates, prisma, uniques, values
from payrollx_db.consolidate.check.characters import undefined_characters
from payrollx_db.consolidate.check.examiner import Examiner, Scans
from payrollx_db.consolidate.check.expressions import judged_expressions
from payrollx_db.consolidate.check.imports import ImportCheck
from payrollx_db.consolidate.check.orphans import OrphanSearch
from payrollx_db.consolidate.check.own_keys import holding_keys
from payrollx_db.consolidate.check.partition_keys import partition_keys
from payrollx_db.consolidate.check.references import ReferenceWorkspace, columns_of
from payrollx_db.consolidate.check.rehearsal import Rehearsal
from payrollx_db.consolidate.check.row_sizes import too_large_rows
from payrollx_db.consolidate.check.target_rules import TableRules, read_rules
from payrollx_db.consolidate.check.values import Suspect, Values
from payrollx_db.consolidate.check.verdicts import Verdicts, too_many_exceptions
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.model.events import TableChecked, WorkStarted
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import Policies
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import limited, taking_turns
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

MOST = 100_000  # rows that may be quarantined or changed in one run; their keys are held in memory


Rules = tuple[dict[int, TableRules], list[str]]  # by oid, and the schemas of functions


@dataclass(frozen=True)
class Checked:
    """The outcome: what was found, and what the policies decide about single rows."""

    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]


async def check(
    context: Context,
    plan: Plan,
    policies: Policies,
    *,
    loose: bool = False,
    trusting: bool = True,
    rules: Awaitable[Rules] | None = None,
) -> Checked:
    """Find everything in the sources that the copy could not carry over as it is.

    ``loose`` follows loose references too, which takes a while and quarantines nothing. ``trusting`` says that what
    the sources' own uniques say is so; after a copy that failed it may not be. ``rules`` are what
    `read_target_rules` returns, where that was begun before. Reads only: on the sources in read-only transactions, on
    the target into temporary tables that vanish. Raises SourceError or TargetError, and FindingsError where more rows
    would have to be quarantined than a run can name.
    """
    migrations = await _prisma(context, plan)
    expressions = await judged_expressions(context, plan)
    if any(finding.code == "derive-refused" for finding in expressions):  # nothing else can be asked of these tables
        return Checked((*migrations, *expressions), ())
    undefined = await undefined_characters(context, plan, policies)
    if any(one.finding.blocks for one in undefined):  # whatever else is asked of these rows fails
        return Checked((*migrations, *(one.finding for one in undefined)), ())
    large = await too_large_rows(context, plan)
    if large:  # of which much else fails as well
        return Checked((*migrations, *expressions, *large), ())
    left_out = [decision for one in undefined for decision in one.decisions]
    plan = apply(plan, left_out)
    known_rules, schemas = await (rules or read_target_rules(context, plan))
    context.observer(WorkStarted("check", len(plan.copies), plan.rows, plan.size))
    in_turn = taking_turns(plan.copies, lambda table: table.database)
    counted = await values.count_together(context, in_turn)
    scanned = await limited(
        [
            _scan(context, table, known_rules[table.target.oid], counted.get(table.place), trusting=trusting)
            for table in in_turn
        ],
        context.jobs,
    )
    scans = Scans(
        {known.table.place: known for known, _ in scanned},
        {known.table.place: surplus for known, surplus in scanned},
        known_rules, schemas, await holding_keys(context, plan), trusting=trusting,
    )  # fmt: skip
    verdicts = Verdicts(context, plan, policies, MOST)
    verdicts.add([one.finding for one in undefined], left_out)
    drifted = await duplicates.compare_duplicates(context, plan, policies, most=MOST)
    verdicts.add(drifted.findings, drifted.decisions)
    await _examine(verdicts, scans, loose=loose)
    findings = [*migrations, *expressions, *values.notes(plan.copies), *verdicts.findings.values()]
    decisions = verdicts.decisions()
    if len(decisions) > MOST:
        raise too_many_exceptions(len(decisions), MOST)
    return Checked(tuple(sorted(findings, key=lambda finding: (finding.place, finding.code))), decisions)


async def _examine(verdicts: Verdicts, scans: Scans, *, loose: bool) -> None:
    """Examine what was scanned, in one transaction of the target that is never committed."""
    context, plan = verdicts.context, verdicts.plan
    async with context.sessions.copy_connection(context.target, fresh=True) as session:
        with context.target.translating_errors("can't begin the check"):
            await session.execute("BEGIN")  # of its temporary tables, even a crash leaves nothing
            keys = await partition_keys(session, [table.target.oid for table in plan.copies])
        references = [*plan.enforced, *(plan.catalog.references if loose else ())]
        workspace = ReferenceWorkspace(context, session, scans.known, MOST, columns_of(references))
        orphans = OrphanSearch(plan, verdicts, workspace, scans.rules, keys, scans.holding)
        imports = ImportCheck(plan, verdicts, workspace)
        rehearsal = Rehearsal(context, session, scans.known, MOST)
        await Examiner(verdicts, scans, orphans, imports, rehearsal).examine()
        if loose:
            await orphans.loose()


async def check_silent(context: Context, plan: Plan) -> Checked:
    """Look only for what nothing else would notice: values that would be rounded without a word.

    Whatever else is wrong stops the copy by itself, at a cast, a unique index, a foreign key or the
    comparison of a duplicate table. Raises SourceError.
    """
    findings = await _prisma(context, plan)
    in_turn = taking_turns(plan.copies, lambda table: table.database)
    counted = await values.count_together(context, plan.copies, silent=True)
    scanned = await limited(
        [values.scan_values(context, table, silent=True, counts=counted.get(table.place)) for table in in_turn],
        context.jobs,
    )
    return Checked((*findings, *(suspect.finding for known in scanned for suspect in known.suspects)), ())


async def _prisma(context: Context, plan: Plan) -> list[Finding]:
    if plan.layout.migrations != "prisma":
        return []
    # All that share a database have one such table: the first of them is asked.
    tables: dict[tuple[object, str], str] = {}
    for database in plan.layout.databases:
        if database.name in plan.sources:
            tables.setdefault((context.sources[database.name].url.place, database.schema), database.name)
    checks = [
        prisma.unfinished(context.sessions, context.sources[name], schema) for (_, schema), name in tables.items()
    ]
    return [finding for findings in await limited(checks, context.jobs) for finding in findings]


async def read_target_rules(context: Context, plan: Plan) -> Rules:
    """Read what the target's tables demand, and in which schemas its functions may look for names."""
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read the rules of its tables"):
            rules = await read_rules(connection, {table.target.oid for table in plan.tables})
            rows = await run(connection, sql.SQL(queries.load("search_schemas")))
            return rules, [schema for (schema,) in rows]


async def _scan(
    context: Context, table: TablePlan, rules: TableRules, counts: tuple[int, ...] | None, *, trusting: bool
) -> tuple[Values, list[Suspect]]:
    started = time.monotonic()
    known = await values.scan_values(context, table, counts=counts)
    suspects = await uniques.too_many(context, table, known, rules, trusting=trusting)
    seconds = time.monotonic() - started
    context.observer(TableChecked(*table.place, table.source.rows, table.source.size, seconds))
    return known, suspects
