"""Runs: what each was of, how far it came, and which process works on it."""

import hashlib
import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from payrollx_db import __version__
from payrollx_db.consolidate.plan.destination import Destination, written
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import accounts, parts, schema
from payrollx_db.errors import PayrollxError, StateConflictError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database
from payrollx_db.postgres.session import Connection, Endpoint, session

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Run:
    """A run as recorded."""

    id: int
    catalog: str
    layout: str
    services: list[str]
    status: str
    stage: str
    message: str | None
    tool_version: str
    jobs: int
    host: str
    process: int
    started_at: datetime
    finished_at: datetime | None

    @property
    def unfinished(self) -> bool:
        """Whether the run can be resumed."""
        return self.status in ("running", "interrupted", "failed")


async def runs(connection: Connection) -> list[Run]:
    """Return all recorded runs, newest first. Raises StateConflictError where a newer tool recorded them."""
    if not await schema.exists(connection):
        return []
    cursor = connection.cursor(row_factory=class_row(Run))
    await cursor.execute(queries.load("runs"))
    return await cursor.fetchall()


async def sources_of(connection: Connection) -> list[tuple[Run, frozenset[str]]]:
    """Return all recorded runs, newest first, each with the names of its sources."""
    recorded = await runs(connection)
    if not recorded:
        return []
    names: dict[int, set[str]] = {}
    for run, name in await (await connection.execute(queries.load("all_sources"))).fetchall():
        names.setdefault(run, set()).add(name)
    return [(run, frozenset(names.get(run.id, ()))) for run in recorded]


async def start_run(connection: Connection, plan: Plan, endpoints: Mapping[str, Endpoint], jobs: int) -> Run:
    """Record a new run with its sources and tables, in the current transaction."""
    cursor = connection.cursor(row_factory=class_row(Run))
    this_run = (plan.catalog.name, plan.layout.name, list(plan.services), __version__, jobs, *this_process())
    await cursor.execute(queries.load("insert_run"), this_run)
    run = await cursor.fetchone()
    if run is None:  # INSERT … RETURNING gives its row or raises
        raise StateConflictError("the run could not be recorded")
    sources = [
        (
            run.id,
            name,
            db.system,
            db.dbname,
            endpoints[name].resolved.masked,
            db.version_text,
            shape_of(db),
            db.encoding,
        )
        for name, db in plan.sources.items()
    ]
    await cursor.executemany(queries.load("insert_source"), sources)
    await accounts.open_accounts(connection, run.id, plan.tables)
    return run


async def resume_run(connection: Connection, run: Run, plan: Plan) -> Run:
    """Record that this process resumes an unfinished run, in the current transaction.

    Raises StateConflictError as `refuse_other`.
    """
    await refuse_other(connection, run, plan)
    await connection.execute(queries.load("resume_run"), (*this_process(), run.id))
    return replace(run, status="running")


async def refuse_other(connection: Connection, run: Run, plan: Plan) -> None:
    """Raise StateConflictError where ``plan`` isn't that of an unfinished ``run``.

    It was started with another catalog, other services or other databases (by system identifier and name), or the
    layout or the shape of a source has changed since.
    """
    again = "payrollx-db copy with the same sources and services"
    away = "payrollx-db abandon gives it up"
    if (run.catalog, run.layout, set(run.services)) != (plan.catalog.name, plan.layout.name, set(plan.services)):
        raise StateConflictError(
            f"run {run.id} is unfinished, and it was of {run.layout} for {', '.join(run.services)}",
            hint=f"finish it first: {again}; or {away}",
        )
    cursor = await connection.execute(queries.load("source_identities"), (run.id,))
    recorded = {row[0]: row[1:] for row in await cursor.fetchall()}
    for name, database in plan.sources.items():
        system, dbname, shape = recorded.get(name, ("", "", ""))
        if (system, dbname) != database.identity:
            problem = f"run {run.id} was started from another database as {name}"
            raise StateConflictError(problem, hint=f"{again}; or {away}")
        if shape != shape_of(database):
            raise StateConflictError(
                f"the tables of {name} have changed their shape since run {run.id} was started",
                hint=f"undo that change, or start anew with payrollx-db copy --restart; or {away}",
            )
    recorded_accounts = await accounts.accounts(connection, run.id)
    places = {(account.source, account.target) for account in recorded_accounts}
    left_out = [account for account in recorded_accounts if account.database not in plan.sources]
    if left_out and all(account.constants for account in recorded_accounts):
        scopes = dict.fromkeys(f"{account.database} ({written(account.destination.scope)})" for account in left_out)
        raise StateConflictError(
            f"run {run.id} is unfinished, and was of {len(scopes)} sources more, each with a scope of its own",
            details=tuple(scopes),
            hint=f"finish it first: {again}; or {away}",
        )
    if other := sorted(places ^ {table.place for table in plan.tables}):
        raise StateConflictError(
            f"the layout has changed since run {run.id} was started, in {len(other)} of its tables",
            details=tuple(f"{source} -> {target}" for source, target in other),
            hint=f"undo that change, or start anew with payrollx-db copy --restart; or {away}",
        )


async def has_written(connection: Connection, run: int) -> bool:
    """Tell whether any row of a run is in, or was."""
    cursor = await connection.execute(queries.load("written"), {"run": run})
    ((written,),) = await cursor.fetchall()
    return bool(written)


async def last_policies(connection: Connection, run: int) -> list[str] | None:
    """Return the policies of the last attempt at a run, or ``None`` where none is recorded."""
    query = "SELECT policies FROM payrollx_meta.attempts WHERE run_id = %s ORDER BY attempt DESC LIMIT 1"
    rows = await (await connection.execute(query, (run,))).fetchall()
    return list(rows[0][0]) if rows else None


async def set_stage(connection: Connection, run: int, stage: str) -> None:
    """Record which stage the run is in."""
    await connection.execute("UPDATE payrollx_meta.runs SET stage = %s WHERE id = %s", (stage, run))


async def reset_run(
    connection: Connection, run: int, destinations: Collection[Destination], *, whole: bool = True
) -> None:
    """Record that the run has written nothing (any more) to ``destinations``, and isn't done.

    Without ``whole``, they are scopes of a run that is done with others, and stays so.
    """
    await parts.delete_parts(connection, run, destinations)
    await accounts.reset_accounts(connection, run, destinations)
    if whole:
        await connection.execute(queries.load("reset_run"), (run,))


async def finish_run(connection: Connection, run: int, status: str, message: str | None = None) -> None:
    """Record how the run ended, in the current transaction, whose commit makes that and all before it durable."""
    await connection.execute("SET LOCAL synchronous_commit = on")
    end = {"status": status, "message": message, "run": run}
    await connection.execute(queries.load("finish_run"), end)
    await connection.execute(queries.load("end_attempt"), end)


async def record_failure(endpoint: Endpoint, run: int, status: str, message: str) -> None:
    """Record from a session of its own that a run has stopped; where even that fails, the lock that is gone says it."""
    try:
        async with session(endpoint) as connection, connection.transaction():
            # Where the lock was lost, another process may work on the run by now.
            cursor = await connection.execute(queries.load("is_ours"), (run, *this_process()))
            if await cursor.fetchone() is not None:
                await finish_run(connection, run, status, message)
    except (psycopg.Error, OSError, PayrollxError):
        return


def shape_of(database: Database) -> str:
    """Return a fingerprint of a source's tables and columns, to notice that they changed."""
    columns = sorted(f"{t.full_name}.{c.name} {c.shape}" for t in database.tables.values() for c in t.columns)
    return hashlib.sha256("\n".join(columns).encode()).hexdigest()[:16]


def this_process() -> tuple[str, int]:
    """Return the host, and the number that this process has there."""
    return socket.gethostname(), os.getpid()
