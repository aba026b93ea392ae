"""The story of a consolidation, from top to bottom.

Each public function is one thing that a person asks for. They take endpoints, a catalog and a layout,
tell an observer how it goes, and return frozen results; nothing here prints or exits.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Literal

from psycopg import sql

from payrollx_db.catalog import Catalog
from payrollx_db.consolidate import changes, load, lock, quarantine, state, undo
from payrollx_db.consolidate import check as checks
from payrollx_db.consolidate.blockers import blockers_named
from payrollx_db.consolidate.check import Checked
from payrollx_db.consolidate.connect import Connection, Endpoint, reusing, session
from payrollx_db.consolidate.connect import run as execute
from payrollx_db.consolidate.copy import Mover
from payrollx_db.consolidate.events import Notice, Observer, RunStarted, StageStarted, nobody
from payrollx_db.consolidate.findings import Finding, refuse
from payrollx_db.consolidate.inspect import Database, ForeignKey, Index, inspect, read_database
from payrollx_db.consolidate.load import Builder
from payrollx_db.consolidate.mapping import TablePlan
from payrollx_db.consolidate.patience import patiently, taken_up_again
from payrollx_db.consolidate.pipe import at_most
from payrollx_db.consolidate.plan import Plan, databases_of, make_plan, schemas_of
from payrollx_db.consolidate.policies import Policies
from payrollx_db.consolidate.progress import watching
from payrollx_db.consolidate.quarantine import Decision
from payrollx_db.consolidate.retry import Retried, Retrier, plans_with_keys, recorded
from payrollx_db.consolidate.state import Run, TableState
from payrollx_db.consolidate.surroundings import look_around, unreadable
from payrollx_db.consolidate.tasks import limited, together
from payrollx_db.consolidate.verify import TableVerdict, Verdict, Verifier
from payrollx_db.errors import (
    ConfigurationError,
    FindingsError,
    LayoutMismatchError,
    PayrollxError,
    StateConflictError,
    TargetError,
)
from payrollx_db.layout import Layout

# Bytes of source tables below which all rows are looked at first: that costs little then, and nothing is
# written in vain. Above it, it would cost a third of the copy, whose own constraints find the same.
CHECK_FIRST = 256 * 1024 * 1024
INDEX_MEMORY = 256 * 1024 * 1024


CheckRows = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class Task:
    """What a consolidation is of: the catalog, the layout, and where both sides are.

    ``sources`` has an endpoint for each legacy database by its layout name; ``services`` limits the
    task (empty: all of them); ``jobs`` is how many tables or slices move at once. ``check_rows`` says
    whether every row is looked at before the first one moves: with ``auto``, where the policies need
    it or the sources are small; otherwise what doesn't fit is found on the way, undone, and then told.
    """

    catalog: Catalog
    layout: Layout
    sources: Mapping[str, Endpoint]
    target: Endpoint
    services: tuple[str, ...] = ()
    jobs: int = 4
    observer: Observer = field(default=nobody, repr=False)
    policies: Policies = field(default_factory=Policies)
    check_rows: CheckRows = "auto"
    max_rate: float | None = None
    watched: Endpoint | None = None

    @property
    def needed(self) -> dict[str, Endpoint]:
        """The endpoints of those legacy databases that the chosen services have to do with."""
        chosen = self.services or tuple(service.name for service in self.catalog.services)
        names = [database.name for database in databases_of(self.layout, schemas_of(self.catalog, chosen))]
        return {name: self.sources[name] for name in names}


@dataclass(frozen=True)
class Report:
    """What a finished run did. ``seconds`` is the wall time of this call."""

    run: Run
    tables: tuple[TableState, ...]
    findings: tuple[Finding, ...]
    waiting: tuple[str, ...]
    seconds: float

    def document(self) -> dict[str, Any]:
        """Return the report as plain data, for ``--json``."""
        return {
            "run": self.run.id,
            "status": self.run.status,
            "seconds": round(self.seconds, 3),
            "tables": [table.document() for table in self.tables],
            "waiting": list(self.waiting),
        }


async def plan(task: Task) -> Plan:
    """Read every catalog and say what would be done. Raises SourceError, TargetError or ConfigurationError."""
    task.observer(StageStarted("plan", "reading the catalogs"))
    needed = task.needed
    target, *sources = await limited(
        [_read_target(task.target), *(inspect(endpoint) for endpoint in needed.values())], max(task.jobs, 2)
    )
    found = dict(zip(needed, sources, strict=True))
    _refuse_same_database(task, found, target)
    _refuse_unmigrated(task, target)
    layout = _with_schemas(task.layout, needed)
    return make_plan(task.catalog, layout, found, target, services=task.services, jobs=task.jobs)


async def copy(task: Task, *, restart: bool = False) -> Report:
    """Copy, load, merge, and account for every row; or go on with a run that was cut off.

    ``restart`` first undoes what earlier runs have written to these tables (see `undo.restart`).
    Raises LayoutMismatchError or FindingsError before anything is written where the layout or the
    data doesn't fit; StateConflictError where the target isn't this run's to write; SourceError or
    TargetError where a side fails. What was cut off is recorded, and the next call goes on with it.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    async with reusing(), blockers_named((*task.needed.values(), task.target)):
        task = await _prepared(task)
        undoing = restart

        async def once() -> tuple[Plan, Run, list[TableState], list[Finding]]:
            nonlocal undoing
            made = await plan(task)
            refuse_mismatches(made)
            async with lock.exclusive(task.target) as held:
                if undoing:
                    names = {table.target_name for table in made.copies}
                    await undo.restart(held, task.target, names, task.observer, jobs=task.jobs)
                    undoing = False
                return made, *await _copy(held, task, made)

        with at_most(task.max_rate):
            made, run, accounts, findings = await taken_up_again(once, task.observer)
    waiting = tuple(str(reference) for reference in made.waiting)
    return Report(replace(run, status="done"), tuple(accounts), tuple(findings), waiting, clock() - started)


async def _copy(held: Connection, task: Task, made: Plan) -> tuple[Run, list[TableState], list[Finding]]:
    unfinished = await _unfinished(held)
    made = await _still_to_do(held, made, unfinished)
    task.observer(StageStarted("check", "looking for what could not be carried over"))
    around = await look_around(made, task.sources, task.target)
    refuse(around)  # before rows are looked at, which takes longer
    # An unfinished run has looked at the rows, and what was decided then is recorded, and holds.
    thorough = unfinished is None and _is_thorough(task, made)
    checked = Checked((), ())
    if unfinished is None:
        checked = await (_check if thorough else _check_silent)(task, made)
    refuse(checked.findings)
    told = [finding for finding in around if finding.severity != "info"]
    checked = replace(checked, findings=(*told, *checked.findings))
    run, made, checked = await _begin(held, task, made, checked, unfinished)
    try:
        await _carry_out(held, task, made, run)
    except FindingsError:
        names = [table.target_name for table in made.copies]
        builder = Builder(run.id, task.target, task.observer, held.info.backend_pid)
        await undo.undo(held, run, names, builder, "the data did not fit; the target is as it was", jobs=task.jobs)
        if not thorough:
            refuse((await _check(task, made)).findings)  # says it all, not just what came first
        raise
    except BaseException as error:
        await _record_end(task, run, error)
        raise
    accounts = await state.tables(held, run.id)
    await state.finish_run(held, run.id, "done")
    return run, accounts, list(checked.findings)


async def verify(task: Task, *, limit: int = 20, values: bool = False) -> Verdict:
    """Prove that both sides hold the same. Raises as `plan` does, and LayoutMismatchError."""
    async with reusing():
        made = await plan(task)
        refuse_mismatches(made)
        async with session(task.target) as connection:
            runs = tuple(r.id for r in await state.runs(connection) if r.status != "undone")
            made = quarantine.apply(made, await quarantine.decided(connection, runs))
        task.observer(StageStarted("verify", "hashing both sides"))
        verifier = Verifier(task.sources, task.target, task.observer, limit, values, runs)
        return await verifier.all(made, jobs=task.jobs)


async def check(task: Task) -> tuple[Finding, ...]:
    """Say what the copy could not carry over as it is, and what the policies say of it. Changes nothing.

    Where rights are missing, the rows aren't looked at. Raises LayoutMismatchError where the layout
    doesn't fit, SourceError or TargetError.
    """
    async with reusing():
        task = await _prepared(task)
        made = await plan(task)
        refuse_mismatches(made)
        task.observer(StageStarted("check", "looking for what could not be carried over"))
        around = tuple(await look_around(made, task.sources, task.target))
        if unreadable(around):
            task.observer(Notice("the rows were not looked at: first mend what keeps them from being read"))
            return around
        return (*around, *(await _check(task, made, loose=True)).findings)


async def retry(task: Task) -> tuple[Retried, ...]:
    """Put back rows whose cause is gone, parents first. Raises as `copy` does, StateConflictError during one."""
    async with reusing():
        task = await _prepared(task)
        made = await plan(task)
        refuse_mismatches(made)
        async with lock.exclusive(task.target) as held:
            runs = [r.id for r in await state.runs(held) if r.status == "done"]
            decisions = await quarantine.decided(held, runs)
            if not decisions:
                return ()
            retrier = Retrier(task.sources, task.target, await recorded(held), held.info.backend_pid)
            return await _retry_all(retrier, made, decisions)


def refuse_mismatches(made: Plan) -> None:
    """Raise LayoutMismatchError where the layout and the databases disagree (law 2)."""
    if made.mismatches:
        places = "1 place" if len(made.mismatches) == 1 else f"{len(made.mismatches)} places"
        raise LayoutMismatchError(
            f"the legacy databases are not as the layout {made.layout.name} says, in {places}",
            details=tuple(map(str, made.mismatches)),
            hint="map each in the layout, or discard it there by name with a reason",
        )


# --- the stages of a copy ---------------------------------------------------------------------------


async def _carry_out(held: Connection, task: Task, made: Plan, run: Run) -> None:
    await state.set_stage(held, run.id, "copy")
    await _take_down(held, task, made, run)
    await _copy_and_index(held, task, made, run)
    await state.set_stage(held, run.id, "load")
    await _restore_keys(held, task, made, run)
    sources = dict(task.sources)
    await patiently(lambda: load.set_sequences(held, sources, made.copies), "setting the sequences", task.observer)
    await state.set_stage(held, run.id, "merge")
    await _merge(held, task, made, run)
    await _account(held, made, run)


async def _take_down(held: Connection, task: Task, made: Plan, run: Run) -> None:
    done = await state.finished_parts(held, run.id)
    names = {table.target_name for table in made.copies if table.place not in done}
    standing = await _as_it_stands(held, made.target)
    await load.take_down(held, task.target, run.id, standing, names)


async def _copy_and_index(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Copy tables, several at once, and index each as soon as its rows are in."""
    task.observer(StageStarted("copy", f"{len(made.copies)} tables, {task.jobs} at once"))
    done = await state.finished_parts(held, run.id)
    taken = await state.taken(held, run.id)
    standing = await _as_it_stands(held, made.target)
    mover = _mover(held, task, run)
    builder = Builder(run.id, task.target, task.observer, held.info.backend_pid)
    building = asyncio.Semaphore(task.jobs)

    async def build(table: TablePlan) -> None:
        found = standing.tables[table.target_name]
        indexes = load.missing_indexes(found, taken)

        async def one(index: Index) -> None:
            async with building:
                await builder.build_index(table.target_name, index)

        await together([one(index) for index in indexes])
        await builder.attach(table.target_name, load.missing_constraints(found, taken))
        await builder.analyze(table.target_name)

    async def move(table: TablePlan) -> None:
        if table.place not in done:
            begun = partial(state.table_started, held, run.id, table)
            await patiently(lambda: mover.move(table, begun), table.target_name, task.observer)
        for duplicate in (t for t in made.merges if t.target_name == table.target_name and t.adopted):
            if table.place not in done or duplicate.place not in done:
                await patiently(partial(mover.adopt, duplicate), duplicate.source_name, task.observer)
        await build(table)

    async with watching(task.watched or task.target, run.id, made, task.observer):
        await together([move(table) for table in made.copies])


async def _restore_keys(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Put the foreign keys back: first all of them, looking at no row, then each is validated."""
    standing = await _as_it_stands(held, made.target)
    taken = await state.taken(held, run.id)
    ready = {table.target_name for table in made.copies} | set(await state.done_tables(held))
    task.observer(StageStarted("load", "foreign keys"))
    builder = Builder(run.id, task.target, task.observer, held.info.backend_pid)
    originals = [item.thing for item in taken if isinstance(item.thing, ForeignKey)]
    unvalidated = {(key.table, key.name) for key in standing.foreign_keys if not key.validated}
    missing = load.missing_keys(standing, taken)
    for key in missing:
        await builder.add_foreign_key(key, validated=key.target not in ready)
    added = {(key.table, key.name) for key in missing}
    due = [k for k in originals if (k.table, k.name) in added | unvalidated and k.target in ready]

    async def validate(table: str) -> None:
        for key in due:  # one at a time: they would wait for each other's lock on the table
            if key.table == table:
                await builder.validate(key)

    await limited([validate(table) for table in dict.fromkeys(key.table for key in due)], task.jobs)


def _mover(held: Connection, task: Task, run: Run) -> Mover:
    slots = asyncio.Semaphore(task.jobs)
    return Mover(run.id, dict(task.sources), task.target, slots, task.observer, held.info.backend_pid)


async def _merge(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Merge the duplicate tables: every row of theirs must be in the target already, and equal."""
    if not made.merges:
        return
    task.observer(StageStarted("merge", f"{len(made.merges)} duplicate tables"))
    merging = replace(made, tables=made.merges)
    verifier = Verifier(task.sources, task.target, task.observer)
    verdict = await patiently(lambda: verifier.all(merging, jobs=task.jobs), "the comparison", task.observer)
    mover = _mover(held, task, run)
    for table in verdict.tables:
        out = await patiently(partial(mover.set_aside, table.table), table.table.source_name, task.observer)
        await _merge_account(held, run, table, out)


async def _merge_account(held: Connection, run: Run, verdict: TableVerdict, out: int) -> None:
    result, adopted = verdict.result, len(verdict.table.adopted)
    account = {"rows_read": result.left_rows + out, "rows_merged": result.matched - adopted, "rows_written": adopted}
    done = {"rows_quarantined": out, "seconds": verdict.seconds, "bytes": 0, "status": "done"}
    await state.table_account(held, run.id, verdict.table, **account, **done)


async def _account(held: Connection, made: Plan, run: Run) -> None:
    """Law 1: count what the target holds, and let the sums say whether anything is lost."""
    for table in made.copies:
        adopted = sum(len(t.adopted) for t in made.merges if t.target_name == table.target_name)
        rows = await load.count_rows(held, table.target_name) - adopted
        await state.table_account(held, run.id, table, rows_written=rows, rows_merged=0, status="done")
    wrong = [t for t in await state.tables(held, run.id) if not t.balanced]
    if wrong:
        raise FindingsError(
            f"the rows don't add up in {len(wrong)} of the tables: read = written + quarantined + merged does not hold",
            details=tuple(
                f"{t.source} -> {t.target}: {t.rows_read} read, {t.rows_written} written,"
                f" {t.rows_quarantined} quarantined, {t.rows_merged} merged"
                for t in wrong
            ),
            hint="run payrollx-db verify to name the rows; did the legacy databases take writes meanwhile?",
        )


async def _retry_all(retrier: Retrier, made: Plan, decisions: Sequence[Decision]) -> tuple[Retried, ...]:
    groups = plans_with_keys(made, decisions)
    order: dict[str, int] = {}
    for number, table in enumerate(checks.parents_first(made)):
        order.setdefault(table.source_name, number)
    done = []
    for source in sorted(groups, key=lambda name: order.get(name, len(order))):
        tables, keys = groups[source]
        if tables[0].owner is None:
            done.append(await retrier.tables(tables, keys))
        else:
            done.append(await retrier.duplicates(tables, keys))
    return tuple(done)


# --- before the first byte ---------------------------------------------------------------------------


def _is_thorough(task: Task, made: Plan) -> bool:
    """Whether to look at every row before the first one moves."""
    if task.check_rows == "auto":
        return bool(task.policies.all) or made.size < CHECK_FIRST
    return task.check_rows == "always"


async def _check_silent(task: Task, made: Plan) -> Checked:
    """Look only for what the copy itself would not notice."""
    return await checks.check_silent(made, task.sources, jobs=task.jobs)


async def _check(task: Task, made: Plan, *, loose: bool = False) -> Checked:
    return await checks.check(made, task.policies, dict(task.sources), task.target, jobs=task.jobs, loose=loose)


async def _prepared(task: Task) -> Task:
    """Let the target's sessions act as the role that owns its tables, where there is one and we are in it, and
    give index builds memory enough: what the server allows, but no less than INDEX_MEMORY.
    """
    async with session(task.target) as connection:
        with task.target.blamed("can't read its roles and settings"):
            query = sql.SQL(
                "SELECT FROM pg_catalog.pg_roles WHERE rolname = %s AND pg_catalog.pg_has_role(oid,"
                " CASE WHEN pg_catalog.current_setting('server_version_num')::int < 160000"
                " THEN 'MEMBER' ELSE 'SET' END)"
            )
            owner = await execute(connection, query, (task.catalog.owner_role,))
            query = sql.SQL("SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem'))")
            memory = (await execute(connection, query))[0][0]
    settings = dict(task.target.settings) | {"maintenance_work_mem": f"{max(memory, INDEX_MEMORY) // 1024}kB"}
    if owner:
        settings["role"] = task.catalog.owner_role
    return replace(task, target=replace(task.target, settings=settings), watched=task.target)


async def _unfinished(held: Connection) -> Run | None:
    return next((run for run in await state.runs(held) if run.unfinished), None)


async def _begin(
    held: Connection, task: Task, made: Plan, checked: Checked, unfinished: Run | None
) -> tuple[Run, Plan, Checked]:
    """Record the run and what was decided; return it with the plan that keeps to the decisions."""
    with task.target.blamed("can't write the state tables"):
        await state.ensure(held)
        async with held.transaction():  # a run without its decisions would be another run
            if unfinished is not None:
                run = await state.resume_run(held, unfinished, made)
            else:
                run = await state.start_run(held, made, dict(task.sources), task.jobs)
                await quarantine.record(held, run.id, checked.decisions)
            await state.record_findings(held, run.id, map(asdict, checked.findings))
    if unfinished is not None:
        found = await changes.since(held, run.id, made, task.sources, task.observer, jobs=task.jobs)
        await state.record_findings(held, run.id, map(asdict, found))
        checked = replace(checked, findings=(*checked.findings, *found))
    made = quarantine.apply(made, await quarantine.decided(held, [run.id]))
    for reference in made.waiting:
        task.observer(Notice(f"{reference} waits: its other end is not part of this run"))
    task.observer(RunStarted(run.id, unfinished is not None, len(made.copies), made.rows, made.size))
    return run, made, checked


async def _still_to_do(held: Connection, made: Plan, unfinished: Run | None) -> Plan:
    """Refuse rows of no known run (law 7), and leave out what a finished run has already copied."""
    # A table that a run filled and that somebody has emptied since is to be copied again.
    recorded_rows = await state.done_tables(held)
    known = {name for name, rows in recorded_rows.items() if not rows or await load.has_rows(held, name)}
    if unfinished is None:
        strangers = [t for t in made.copies if t.target_name not in known and await load.has_rows(held, t.target_name)]
        if strangers:
            raise StateConflictError(
                f"the target holds rows of no known run, in {len(strangers)} tables",
                details=tuple(t.target_name for t in strangers),
                hint="copy into empty tables: empty these, or use another database",
            )
    open_tables = tuple(t for t in made.tables if t.target_name not in known)
    if not open_tables:
        raise StateConflictError(
            "a finished run has already copied all of this",
            hint="payrollx-db verify proves it, payrollx-db status shows it",
        )
    return replace(made, tables=open_tables)


async def _as_it_stands(held: Connection, target: Database) -> Database:
    return await read_database(held, target.name)


async def _read_target(endpoint: Endpoint) -> Database:
    """Inspect the target as it is designed: with the indexes that an unfinished run has taken down."""
    found = await inspect(endpoint)
    async with session(endpoint) as connection:
        with endpoint.blamed("can't read the state tables"):
            unfinished = await _unfinished(connection)
            things = await state.taken(connection, unfinished.id) if unfinished else []
    return state.as_designed(found, things)


async def _record_end(task: Task, run: Run, error: BaseException) -> None:
    """Record why a run stopped, even while it is being cancelled."""
    interrupted = isinstance(error, asyncio.CancelledError | KeyboardInterrupt)
    said = error.message if isinstance(error, PayrollxError) else type(error).__name__
    message = "interrupted" if interrupted else said
    status = "interrupted" if interrupted else "failed"
    await asyncio.shield(state.record_failure(task.target, run.id, status, message))


def _refuse_same_database(task: Task, found: Mapping[str, Database], target: Database) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for name, database in found.items():
        if database.identity == target.identity:
            raise ConfigurationError(
                f"source {name} and the target are the same database, {target.dbname}",
                hint="point DATABASE_URL at a database of its own",
            )
        schema = task.sources[name].url.schema or task.layout.database(name).schema
        other = seen.setdefault((*database.identity, schema), name)
        if other != name:
            raise ConfigurationError(
                f"sources {other} and {name} are the same database, {database.dbname}",
                hint="correct one of their URLs",
            )


def _refuse_unmigrated(task: Task, target: Database) -> None:
    chosen: Iterable[str] = task.services or (service.name for service in task.catalog.services)
    schemas = schemas_of(task.catalog, chosen)
    missing = [t for t in task.catalog.tables() if t.partition(".")[0] in schemas and t not in target.tables]
    if missing:
        raise TargetError(
            f"the target {task.target.url.masked} isn't migrated: it lacks {len(missing)} tables",
            details=tuple(missing),
            hint="run payrollx-db migrate first",
        )


def _with_schemas(layout: Layout, endpoints: Mapping[str, Endpoint]) -> Layout:
    """Return the layout with the source schemas that the URLs name (Prisma's ``schema`` parameter)."""
    databases = tuple(
        replace(db, schema=endpoints[db.name].url.schema or db.schema) if db.name in endpoints else db
        for db in layout.databases
    )
    return replace(layout, databases=databases)
