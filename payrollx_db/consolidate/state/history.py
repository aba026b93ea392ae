"""What a report needs to know beside the accounts: who worked on a run, what was done when, what was verified."""

import json
import platform
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from payrollx_db import __version__
from payrollx_db.consolidate.plan.plan import Plan, discards_of
from payrollx_db.consolidate.state import migrations, schema
from payrollx_db.consolidate.state.accounts import runs_of
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.consolidate.state.runs import runs, this_process
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verdict
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Notice, Observer
from payrollx_db.model.policy import Policies
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, session

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Timed:
    """One thing done to a table: its name and kind, and when, by this process's monotonic clock."""

    table: str
    name: str
    kind: str
    started: float
    seconds: float


async def record_attempt(
    connection: Connection, number: int, plan: Plan, policies: Policies, target: Endpoint, jobs: int
) -> None:
    """Record who goes to work on run ``number``, with which policies, on which target."""
    host, process = this_process()
    await connection.execute(queries.load("insert_attempt"), {
        "run": number, "host": host, "process": process, "jobs": jobs,
        "tool": __version__, "python": platform.python_version(),
        "policies": list(map(str, policies.all)),
        "discards": json.dumps(discards_of(plan)),
        "waiting": list(map(str, plan.waiting)),
        "system": plan.target.system, "dbname": plan.target.dbname,
        "url": target.resolved.masked, "version": plan.target.version_text, "encoding": plan.target.encoding,
    })  # fmt: skip


async def record_merges(connection: Connection, number: int, verdict: Verdict) -> None:
    """Record when the duplicate tables were compared."""
    merges = [Timed(t.table.target_name, t.table.source_name, "merge", t.started, t.seconds) for t in verdict.tables]
    await record_timed(connection, number, merges)


async def record_timed(connection: Connection, number: int, steps: Iterable[Timed]) -> None:
    """Record what this process has timed by its own clock."""
    now = time.monotonic()
    rows = [(number, t.table, t.name, t.kind, now - t.started, now - t.started - t.seconds) for t in steps]
    await connection.cursor().executemany(queries.load("record_timed_step"), rows)


async def record_verification(
    targets: Sequence[Endpoint], verdict: Verdict, started: float, observer: Observer
) -> None:
    """Record the outcome of a verification with the finished runs that it speaks of.

    ``targets`` are the target as the roles that may have the right to, the likeliest first. Who may not
    write there has verified it all the same: then the observer hears that it isn't recorded.
    """
    problem = ""
    for target in targets:
        try:
            await _record(target, verdict, started)
        except PayrollxError as error:
            problem = problem or error.message
        else:
            return
    observer(Notice(f"the result holds, but it isn't recorded with the run: {problem}"))


async def _record(target: Endpoint, verdict: Verdict, started: float) -> None:
    async with session(target) as connection:
        with target.translating_errors("can't record the outcome"):
            done = [run for run in await runs(connection) if run.status == "done"]
            if done and await schema.version(connection) < schema.VERSION:
                async with exclusive(target) as run_session:
                    await migrations.migrate(run_session)
            async with connection.transaction():
                by_run = await runs_of(connection, {table.table.place for table in verdict.tables}) if done else {}
                for number in sorted(by_run, reverse=True):
                    await _record_run(connection, number, by_run[number], verdict, started)


async def _record_run(
    connection: Connection, run: int, places: Collection[tuple[str, str]], verdict: Verdict, started: float
) -> None:
    tables = [table for table in verdict.tables if table.table.place in places]
    now = time.monotonic()
    structure = None if verdict.structure is None else json.dumps(verdict.structure.document())
    identical = all(table.identical for table in tables) and (verdict.structure is None or verdict.structure.intact)
    cursor = await connection.execute(
        queries.load("insert_verification"),
        (run, now - started, identical, this_process()[0], __version__, structure),
    )
    ((verification,),) = await cursor.fetchall()
    rows = [
        (verification, *_verified(table), now - table.started, now - table.started - table.seconds)
        for table in tables
    ]  # fmt: skip
    await connection.cursor().executemany(queries.load("insert_verified_table"), rows)
    sums = [
        (verification, s.source, s.target, s.column, s.source_rows, s.target_rows, s.source_sum, s.target_sum)
        for s in verdict.sums
        if (s.source, s.target) in places
    ]
    await connection.cursor().executemany(queries.load("insert_verified_sum"), sums)


def _verified(table: TableVerdict) -> tuple[object, ...]:
    result, plan = table.result, table.table
    document = table.document()
    counts = (document[name] for name in ("source_rows", "target_rows", "quarantined", "missing", "extra", "changed"))
    # Of a target that its own source was compared with; what duplicate tables have is a part of it.
    kept = {} if plan.owner else result.right.buckets
    buckets = {str(number): [rows, total] for number, (rows, total) in kept.items()}
    return (
        *plan.place, table.identical, *counts, result.left.digest, result.right.digest,
        [column.target.name for column in plan.key], [column.target.name for column in plan.columns],
        list(result.written), result.right.count, json.dumps(buckets),
    )  # fmt: skip
