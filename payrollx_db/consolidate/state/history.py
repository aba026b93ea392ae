"""What a report needs to know beside the accounts: who worked on a run, what was done when, what was proven.

All of it lies in the target's schema `payrollx_meta`, like the rest of the state, and nothing but a report reads it.
"""

import json
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db import __version__
from payrollx_db.consolidate.plan.plan import Plan, discards_of
from payrollx_db.consolidate.state import store
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verdict
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Notice, Observer
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.session import Connection, Endpoint, run, session

ATTEMPT = sql.SQL("""
INSERT INTO payrollx_meta.attempts (run_id, attempt, host, process, tool_version, python_version, jobs, policies,
                                    discards, waiting, target_system, target_dbname, target_url, target_version)
SELECT %(run)s, 1 + pg_catalog.count(*), %(host)s, %(process)s, %(tool)s, %(python)s, %(jobs)s, %(policies)s,
       %(discards)s::jsonb, %(waiting)s, %(system)s, %(dbname)s, %(url)s, %(version)s
FROM payrollx_meta.attempts WHERE run_id = %(run)s
""")
# The clock is the server's: a transaction that does one thing began when that thing did.
STEP = sql.SQL("""
INSERT INTO payrollx_meta.steps (run_id, table_name, name, kind, started_at, finished_at)
VALUES (%s, %s, %s, %s, pg_catalog.now(), pg_catalog.clock_timestamp())
ON CONFLICT (run_id, table_name, name, kind)
DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at
""")
# What this process timed by its own clock, told as so long ago.
AGO = "pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)"
TIMED_STEP = sql.SQL(
    "INSERT INTO payrollx_meta.steps (run_id, table_name, name, kind, started_at, finished_at)"
    f" VALUES (%s, %s, %s, %s, {AGO}, {AGO}) ON CONFLICT (run_id, table_name, name, kind)"
    " DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at"
)
VERIFICATION = sql.SQL(
    "INSERT INTO payrollx_meta.verifications (run_id, started_at, finished_at, identical, host, tool_version)"
    f" VALUES (%s, {AGO}, pg_catalog.clock_timestamp(), %s, %s, %s) RETURNING id"
)
VERIFIED_TABLE = sql.SQL(
    "INSERT INTO payrollx_meta.verified_tables (verification_id, source, target, identical, source_rows, target_rows,"
    " quarantined, missing, extra, changed, source_hash, target_hash, key_columns, row_columns, bucket_count, buckets,"
    " started_at, finished_at)"
    f" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, {AGO}, {AGO})"
)


@dataclass(frozen=True)
class Timed:
    """One thing done to a table: its name and kind, and when, by this process's monotonic clock."""

    table: str
    name: str
    kind: str
    started: float
    seconds: float


async def attempt(
    connection: Connection, number: int, made: Plan, policies: Policies, target: Endpoint, jobs: int
) -> None:
    """Record who goes to work on run ``number``, with which policies, on which target."""
    host, process = store.this_process()
    await run(connection, ATTEMPT, {
        "run": number, "host": host, "process": process, "jobs": jobs,
        "tool": __version__, "python": platform.python_version(),
        "policies": list(map(str, policies.all)),
        "discards": json.dumps(discards_of(made)),
        "waiting": list(map(str, made.waiting)),
        "system": made.target.system, "dbname": made.target.dbname,
        "url": target.url.masked, "version": made.target.version_text,
    })  # fmt: skip


async def step(connection: Connection, number: int, table: str, name: str, kind: str) -> None:
    """Record what the current transaction has done. To be called in it, when it is done."""
    await run(connection, STEP, (number, table, name, kind))


async def steps(connection: Connection, number: int, things: Iterable[Timed]) -> None:
    """Record what was done without a transaction of its own."""
    now = time.monotonic()
    rows = [(number, t.table, t.name, t.kind, now - t.started, now - t.started - t.seconds) for t in things]
    await connection.cursor().executemany(TIMED_STEP, rows)


async def merges(connection: Connection, number: int, verdict: Verdict) -> None:
    """Record when the duplicate tables were compared."""
    await steps(
        connection,
        number,
        [Timed(t.table.target_name, t.table.source_name, "merge", t.started, t.seconds) for t in verdict.tables],
    )


async def proven(targets: Sequence[Endpoint], verdict: Verdict, started: float, observer: Observer) -> None:
    """Record the outcome of a verification with the finished runs that it speaks of.

    ``targets`` are the target as the roles that may have the right to, the likeliest first. Who may not
    write there has proven it all the same: then the observer hears that it isn't recorded.
    """
    problem = ""
    for target in targets:
        try:
            async with session(target) as connection:
                with target.translating_errors("can't record the outcome"):
                    async with connection.transaction():
                        await _record(connection, verdict, started)
        except PayrollxError as error:
            problem = problem or error.message
        else:
            return
    observer(Notice(f"the outcome stands, but isn't recorded with the run: {problem}"))


async def _record(connection: Connection, verdict: Verdict, started: float) -> None:
    done = [found for found in await store.runs(connection) if found.status == "done"]
    query = sql.SQL("SELECT pg_catalog.to_regclass('payrollx_meta.verified_tables') IS NULL")
    if done and (await run(connection, query))[0][0]:  # the run is of an older version
        await store.ensure(connection)
    for found in done:
        places = {(table.source, table.target) for table in await store.tables(connection, found.id)}
        tables = [table for table in verdict.tables if table.table.place in places]
        if tables:
            await _record_run(connection, found.id, tables, started)


async def _record_run(connection: Connection, number: int, tables: Sequence[TableVerdict], started: float) -> None:
    now = time.monotonic()
    identical = all(table.identical for table in tables)
    who = (number, now - started, identical, store.this_process()[0], __version__)
    ((verification,),) = await run(connection, VERIFICATION, who)
    rows = [
        (verification, *_verified(table), now - table.started, now - table.started - table.seconds)
        for table in tables
    ]  # fmt: skip
    await connection.cursor().executemany(VERIFIED_TABLE, rows)


def _verified(table: TableVerdict) -> tuple[object, ...]:
    result, plan = table.result, table.table
    counted = table.document()
    counts = (counted[name] for name in ("source_rows", "target_rows", "quarantined", "missing", "extra", "changed"))
    # Of a target that its own source was compared with; what duplicate tables have is a part of it.
    kept = {} if plan.owner else result.right.buckets
    buckets = {str(number): [rows, total] for number, (rows, total) in kept.items()}
    return (
        *plan.place, table.identical, *counts, result.left.digest, result.right.digest,
        [column.target.name for column in plan.key], [column.target.name for column in plan.columns],
        result.right.count, json.dumps(buckets),
    )  # fmt: skip
