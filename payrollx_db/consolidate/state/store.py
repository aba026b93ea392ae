"""What a run remembers, in the target's schema `payrollx_meta` (law 6), and who may run (law 7)."""

import hashlib
import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from payrollx_db import __version__
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.errors import PayrollxError, StateConflictError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database, ForeignKey, Index
from payrollx_db.postgres.session import Connection, Endpoint, session

queries = query_files.beside(__name__)

SCHEMA = "payrollx_meta"
LOCK_CLASS, LOCK_OBJECT = 7237021, 1


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
        """Whether the run can be gone on with."""
        return self.status in ("running", "interrupted", "failed")


@dataclass(frozen=True)
class TableState:
    """What is recorded of one table of a run: the account of law 1. ``seconds`` is of moving the rows."""

    source: str
    target: str
    kind: str
    status: str
    estimated_rows: int
    estimated_bytes: int
    rows_read: int | None
    rows_written: int | None
    rows_quarantined: int | None
    rows_merged: int | None
    bytes: int | None
    seconds: float | None

    @property
    def balanced(self) -> bool:
        """Law 1: rows read = rows in the target + rows quarantined + rows merged as duplicates."""
        parts = (self.rows_written, self.rows_quarantined, self.rows_merged)
        return self.rows_read is not None and self.rows_read == sum(part or 0 for part in parts)

    def document(self) -> dict[str, Any]:
        """Return the account as plain data, for ``--json``."""
        return {
            "source": self.source,
            "target": self.target,
            "read": self.rows_read,
            "written": self.rows_written,
            "quarantined": self.rows_quarantined,
            "merged": self.rows_merged,
            "bytes": self.bytes,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
        }


@dataclass(frozen=True)
class DroppedObject:
    """An index or a foreign key that was taken down for the copy, and is to be put back."""

    table: str
    name: str
    thing: Index | ForeignKey
    restored: bool


async def exists(connection: Connection) -> bool:
    """Tell whether the state tables have been made."""
    row = await (await connection.execute("SELECT pg_catalog.to_regclass('payrollx_meta.runs') IS NOT NULL")).fetchone()
    return bool(row and row[0])


async def ensure(connection: Connection) -> None:
    """Make the state tables where they are missing."""
    async with connection.transaction():
        found = await connection.execute("SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s", (SCHEMA,))
        if await found.fetchone() is None:
            await connection.execute("CREATE SCHEMA payrollx_meta")
        await connection.execute(queries.load("state"))


async def runs(connection: Connection) -> list[Run]:
    """Return all recorded runs, newest first."""
    if not await exists(connection):
        return []
    cursor = connection.cursor(row_factory=class_row(Run))
    await cursor.execute("SELECT * FROM payrollx_meta.runs ORDER BY id DESC")
    return await cursor.fetchall()


async def tables(connection: Connection, run: int) -> list[TableState]:
    """Return the accounts of a run's tables, largest first."""
    cursor = connection.cursor(row_factory=class_row(TableState))
    await cursor.execute(
        "SELECT source, target, kind, status, estimated_rows, estimated_bytes, rows_read, rows_written,"
        " rows_quarantined, rows_merged, bytes, seconds FROM payrollx_meta.tables WHERE run_id = %s"
        " ORDER BY kind, coalesce(bytes, estimated_bytes) DESC, source, target",
        (run,),
    )
    return await cursor.fetchall()


async def done_tables(connection: Connection) -> dict[str, int]:
    """Return the target tables that finished runs have filled, each with the rows that the last of them wrote."""
    if not await exists(connection):
        return {}
    cursor = await connection.execute(
        "SELECT t.target, coalesce(t.rows_written, 0) FROM payrollx_meta.tables AS t"
        " JOIN payrollx_meta.runs AS r ON r.id = t.run_id WHERE r.status = 'done' AND t.kind = 'copy' ORDER BY r.id"
    )
    return dict(await cursor.fetchall())


async def is_held(connection: Connection) -> bool:
    """Tell whether a run is at work right now: whether somebody holds its lock."""
    return await _holding(connection) is not None


async def start_run(connection: Connection, plan: Plan, endpoints: dict[str, Endpoint], jobs: int) -> Run:
    """Record a new run with its sources and tables, in one transaction."""
    async with connection.transaction():
        cursor = connection.cursor(row_factory=class_row(Run))
        await cursor.execute(
            "INSERT INTO payrollx_meta.runs (catalog, layout, services, status, tool_version, jobs, host, process)"
            " VALUES (%s, %s, %s, 'running', %s, %s, %s, %s) RETURNING *",
            (plan.catalog.name, plan.layout.name, list(plan.services), __version__, jobs, *this_process()),
        )
        run = await cursor.fetchone()
        if run is None:  # INSERT … RETURNING gives its row or raises
            raise StateConflictError("the run could not be recorded")
        await cursor.executemany(
            "INSERT INTO payrollx_meta.sources VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (run.id, name, db.system, db.dbname, endpoints[name].url.masked, db.version_text, shape_of(db))
                for name, db in plan.sources.items()
            ],
        )
        await cursor.executemany(
            "INSERT INTO payrollx_meta.tables (run_id, source, target, kind, estimated_rows, estimated_bytes)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [(run.id, *t.place, "merge" if t.owner else "copy", t.source.rows, t.source.size) for t in plan.tables],
        )
    return run


async def resume_run(connection: Connection, run: Run, plan: Plan) -> Run:
    """Take an unfinished run up again.

    Raises StateConflictError where it was started with another catalog, other services or other
    databases (by system identifier and name), or where a source's shape has changed since.
    """
    again = "payrollx-db copy with the same sources and services"
    if (run.catalog, run.layout, set(run.services)) != (plan.catalog.name, plan.layout.name, set(plan.services)):
        raise StateConflictError(
            f"run {run.id} is unfinished, and it was of {run.layout} for {', '.join(run.services)}",
            hint=f"finish it first: {again}",
        )
    cursor = await connection.execute(
        "SELECT database, system, dbname, shape FROM payrollx_meta.sources WHERE run_id = %s", (run.id,)
    )
    recorded = {row[0]: row[1:] for row in await cursor.fetchall()}
    for name, database in plan.sources.items():
        system, dbname, shape = recorded.get(name, ("", "", ""))
        if (system, dbname) != database.identity:
            raise StateConflictError(f"run {run.id} was started from another database as {name}", hint=again)
        if shape != shape_of(database):
            raise StateConflictError(
                f"the tables of {name} have changed their shape since run {run.id} was started",
                hint="undo that change, or empty the target and start anew",
            )
    await connection.execute(
        "UPDATE payrollx_meta.runs SET status = 'running', message = NULL, finished_at = NULL, host = %s, process = %s"
        " WHERE id = %s",
        (*this_process(), run.id),
    )
    return replace(run, status="running")


async def set_stage(connection: Connection, run: int, stage: str) -> None:
    """Record which stage the run is in."""
    await connection.execute("UPDATE payrollx_meta.runs SET stage = %s WHERE id = %s", (stage, run))


async def forget_accounts(connection: Connection, run: int) -> None:
    """Record that the run has written nothing (any more), and isn't done."""
    await connection.execute(
        "UPDATE payrollx_meta.tables SET status = 'pending', rows_read = NULL, rows_written = NULL,"
        " rows_quarantined = NULL, rows_merged = NULL, bytes = NULL, seconds = NULL, started_at = NULL,"
        " finished_at = NULL WHERE run_id = %s",
        (run,),
    )
    await connection.execute(
        "UPDATE payrollx_meta.runs SET status = 'failed', stage = 'copy', message = 'its tables have been emptied'"
        " WHERE id = %s",
        (run,),
    )


async def finish_run(connection: Connection, run: int, status: str, message: str | None = None) -> None:
    """Record how the run ended, and make that and everything before it durable."""
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = on")
        await connection.execute(
            "UPDATE payrollx_meta.runs SET status = %s, message = %s, finished_at = pg_catalog.clock_timestamp(),"
            " stage = CASE %s WHEN 'done' THEN 'done' ELSE stage END WHERE id = %s",
            (status, message, status, run),
        )


async def table_started(connection: Connection, run: int, table: TablePlan) -> None:
    """Record that a table's rows begin to move."""
    await connection.execute(
        "UPDATE payrollx_meta.tables SET status = 'running', started_at = pg_catalog.clock_timestamp()"
        " WHERE (run_id, source, target) = (%s, %s, %s)",
        (run, *table.place),
    )


async def table_account(connection: Connection, run: int, table: TablePlan, **account: Any) -> None:
    """Record a table's account: any of status, rows_read, rows_written, …, bytes, seconds."""
    settings = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in account
    )
    query = sql.SQL(
        "UPDATE payrollx_meta.tables SET {} WHERE (run_id, source, target) = (%(_run)s, %(_source)s, %(_target)s)"
    ).format(settings)
    key = {"_run": run, "_source": table.source_name, "_target": table.target_name}
    await connection.execute(query, account | key)


async def record_findings(connection: Connection, run: int, found: Iterable[Mapping[str, Any]]) -> None:
    """Record what was found out about the data when the run began."""
    rows = [{**finding, "run": run, "examples": json.dumps(list(finding["examples"]))} for finding in found]
    await connection.cursor().executemany(
        "INSERT INTO payrollx_meta.findings (run_id, code, severity, place, count, message, examples, action)"
        " VALUES (%(run)s, %(code)s, %(severity)s, %(place)s, %(count)s, %(message)s, %(examples)s, %(action)s)"
        " ON CONFLICT (run_id, code, place) DO UPDATE SET count = excluded.count, examples = excluded.examples",
        rows,
    )


async def findings(connection: Connection, run: int) -> list[dict[str, Any]]:
    """Return the recorded findings of a run, as the fields of a Finding."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT code, severity, place, count, message, examples, action FROM payrollx_meta.findings WHERE run_id = %s"
        " ORDER BY severity, place, code",
        (run,),
    )
    return [{**row, "examples": tuple(row["examples"])} for row in await cursor.fetchall()]


async def finished_parts(connection: Connection, run: int) -> set[tuple[str, str]]:
    """Return source and target of the tables whose rows are all in."""
    cursor = await connection.execute(
        "SELECT source, target FROM payrollx_meta.parts WHERE run_id = %s"
        " GROUP BY source, target HAVING bool_and(finished_at IS NOT NULL)",
        (run,),
    )
    return {(row[0], row[1]) for row in await cursor.fetchall()}


async def remember_taken(connection: Connection, run: int, things: Iterable[tuple[str, Index | ForeignKey]]) -> None:
    """Record what is about to be taken down. To be called in the transaction that does it."""
    rows = [
        (run, table, thing.name, "index" if isinstance(thing, Index) else "foreign key", json.dumps(asdict(thing)))
        for table, thing in things
    ]
    cursor = connection.cursor()
    await cursor.executemany(
        "INSERT INTO payrollx_meta.objects (run_id, table_name, name, kind, detail) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (run_id, table_name, name) DO UPDATE SET restored_at = NULL",
        rows,
    )


async def taken(connection: Connection, run: int) -> list[DroppedObject]:
    """Return what the run has taken down."""
    cursor = await connection.execute(
        "SELECT table_name, name, kind, detail, restored_at IS NOT NULL FROM payrollx_meta.objects"
        " WHERE run_id = %s ORDER BY table_name, name",
        (run,),
    )
    found = []
    for table, name, kind, detail, restored in await cursor.fetchall():
        lists: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in detail.items()
        }
        found.append(DroppedObject(table, name, Index(**lists) if kind == "index" else ForeignKey(**lists), restored))
    return found


async def restored(connection: Connection, run: int, table: str, name: str) -> None:
    """Record that something taken down stands again. To be called in the transaction that puts it back."""
    await connection.execute(
        "UPDATE payrollx_meta.objects SET restored_at = pg_catalog.clock_timestamp()"
        " WHERE (run_id, table_name, name) = (%s, %s, %s)",
        (run, table, name),
    )


async def _is_ours(connection: Connection, run: int) -> bool:
    query = "SELECT FROM payrollx_meta.runs WHERE id = %s AND status = 'running' AND (host, process) = (%s, %s)"
    return await (await connection.execute(query, (run, *this_process()))).fetchone() is not None


def with_dropped_objects(database: Database, things: Iterable[DroppedObject]) -> Database:
    """Return the target as it was before a run took its indexes and foreign keys down."""
    tables = dict(database.tables)
    keys = {(key.table, key.name): key for key in database.foreign_keys}
    for item in things:
        if isinstance(item.thing, ForeignKey):
            keys.setdefault((item.table, item.name), item.thing)
        elif item.table in tables:  # one that stands again may lack its constraint still
            table = tables[item.table]
            others = (index for index in table.indexes if index.name != item.name)
            tables[item.table] = replace(table, indexes=(*others, item.thing))
    return replace(database, tables=tables, foreign_keys=tuple(keys.values()))


def shape_of(database: Database) -> str:
    """Return a fingerprint of a source's tables and columns, to notice that they changed."""
    columns = sorted(f"{t.full_name}.{c.name} {c.shape}" for t in database.tables.values() for c in t.columns)
    return hashlib.sha256("\n".join(columns).encode()).hexdigest()[:16]


def this_process() -> tuple[str, int]:
    """Return the host, and the number that this process has there."""
    return socket.gethostname(), os.getpid()


async def holder(connection: Connection, which: int = LOCK_CLASS) -> str:
    """Say who holds the run's lock, or another one of this tool's."""
    # The role that owns the tables needn't be one that may see the sessions of who logs in.
    await connection.execute("RESET ROLE")
    row = await _holding(connection, which)
    newest = next((run for run in await runs(connection) if run.status == "running"), None)
    process = f"run {newest.id}, process {newest.process} on {newest.host}, " if newest else ""
    return process + (f"session {row[1]} ({row[0]}) from {row[3]} since {_moment(row[2])}" if row else "unknown")


def _moment(at: datetime | None) -> str:
    """Return a session's start for people; another role's may be hidden from this one."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "some time"


async def _holding(connection: Connection, which: int = LOCK_CLASS) -> tuple[Any, ...] | None:
    cursor = await connection.execute(
        "SELECT a.application_name, a.pid, a.backend_start, a.client_addr FROM pg_catalog.pg_locks AS l"
        " JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.granted AND (l.classid, l.objid) = (%s::oid, %s::oid)"
        " AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
        (which, LOCK_OBJECT),
    )
    return await cursor.fetchone()


async def record_failure(endpoint: Endpoint, run: int, status: str, message: str) -> None:
    """Record from a session of its own that a run has stopped; where even that fails, the lock that is gone says it."""
    try:
        async with session(endpoint) as connection:
            if await _is_ours(connection, run):  # where the lock was lost, another process may have it by now
                await finish_run(connection, run, status, message)
    except (psycopg.Error, OSError, PayrollxError):
        return
