"""The tool's own locks: held on tables of `payrollx_meta`, which a service's login may not lock.

Anybody who may connect may take an advisory lock, by any number, and keep it. To lock a table one needs the right to
use its schema and to write it. So each lock is a table without rows, locked by a transaction that does nothing else:
it takes no snapshot and no transaction id, so it holds back no vacuum, however long it lasts.

Earlier versions took advisory locks. Where they are to be had at once, they are taken as well, so that such a version
keeps out; where a session has one whose login may change this database, it is such a version, and ours keeps out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import errors, sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.steps import Rows, Statement, Steps

queries = query_files.beside(__name__)

SCHEMA = "payrollx_meta"
ATTEMPTS = 10  # to make and lock a table that others drop meanwhile, because they take the database back to nothing

# One session alone: it conflicts with itself, and neither with readers nor with those who pass a gate.
HOLD, HOLD_NAME = sql.SQL("SHARE UPDATE EXCLUSIVE"), "ShareUpdateExclusiveLock"
# Many at once, and none beside who waits for them.
PASS, PASS_NAME = sql.SQL("ROW SHARE"), "RowShareLock"
WAIT_FOR_ALL = sql.SQL("EXCLUSIVE")

LOCK = "LOCK TABLE payrollx_meta.{table} IN {mode} MODE"
TRY_ADVISORY = "SELECT pg_catalog.pg_try_advisory_xact_lock({})"
COUNT_TABLES = """
SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'payrollx_meta' AND c.relname = ANY ({})
"""
MAY_ACT_AS = """
EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = {owner} AND pg_catalog.pg_has_role(r.oid, CASE
        WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END))
"""
# For a member of the owner that doesn't inherit its rights; where there is no such role, this does nothing.
ACT_AS = f"SELECT pg_catalog.set_config('role', {{owner}}, true) WHERE {MAY_ACT_AS}"
# In make_locks: the schema's owner, where the login may act as it; else who it acts as.
OF_SCHEMA = f"""
coalesce((SELECT s.rolname::text FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS s ON s.oid = n.nspowner
          WHERE n.nspname = 'payrollx_meta' AND {MAY_ACT_AS.format(owner="s.rolname")}), acting)
"""
IS_HELD = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'relation' AND l.granted AND l.pid = {pid}
               AND l.mode = {mode} AND l.relation = {table}::pg_catalog.regclass)
"""


@dataclass(frozen=True)
class Advisory:
    """An advisory lock of earlier versions, as pg_locks has it; ``kind`` is 1 for one number, 2 for two."""

    class_id: int
    object_id: int
    kind: int

    @property
    def numbers(self) -> sql.Composable:
        """What its functions are called with."""
        if self.kind == 1:
            return sql.Literal(self.class_id << 32 | self.object_id)
        return sql.SQL("{}, {}").format(self.class_id, self.object_id)


@dataclass(frozen=True)
class TableLock:
    """One of the tool's locks: its table, and the advisory locks of earlier versions."""

    table: str
    advisory: Advisory
    gate: Advisory | None = None

    def statement(self, mode: sql.SQL, *, wait: bool = True) -> sql.Composed:
        """Return the statement that locks the table for the current transaction."""
        text = sql.SQL(LOCK).format(table=sql.Identifier(self.table), mode=mode)
        return text if wait else text + sql.SQL(" NOWAIT")

    def is_held(self, pid: int) -> sql.Composed:
        """Return the question whether session ``pid`` holds the lock."""
        return sql.SQL(IS_HELD).format(pid=pid, mode=HOLD_NAME, table=f"{SCHEMA}.{self.table}")


RUN = TableLock("run_lock", Advisory(7237021, 1, 2), gate=Advisory(7237022, 1, 2))
MIGRATION = TableLock("migration_lock", Advisory(0x70617972, 0x6F6C6C78, 1))


@dataclass(frozen=True)
class Holder:
    """A session that holds a lock. What the server doesn't tell this role is ``None``."""

    pid: int | None
    application: str | None
    login: str | None
    address: str | None
    since: datetime | None

    def __str__(self) -> str:
        if self.pid is None:
            return "a prepared transaction"
        parts = [f"session {self.pid}"]
        parts += [f"({self.application})"] if self.application else []
        parts += [f"of {self.login}"] if self.login else []
        parts += [f"from {self.address}"] if self.address else []
        parts += [f"since {self.since:%Y-%m-%d %H:%M:%S}"] if self.since else []
        return " ".join(parts)


def exist() -> Steps[bool]:
    """Tell whether the tables are there. Takes no right to use them."""
    ((count,),) = yield Statement(sql.SQL(COUNT_TABLES).format([RUN.table, MIGRATION.table]))
    return bool(count == len((RUN, MIGRATION)))


def may_act_as(owner: str) -> Steps[bool]:
    """Tell whether the role ``owner`` is there, and this session's login may act as it."""
    rows = yield Statement(sql.SQL("SELECT {}").format(sql.SQL(MAY_ACT_AS).format(owner=sql.Literal(owner))))
    return bool(rows[0][0])


def make_tables(owner: str = "") -> sql.Composed:
    """Return the statement that makes the tables where they are missing, and their schema.

    They belong to the role ``owner``, or else to that of the schema, where this session may act as it.
    """
    parts = {
        "owner": sql.Identifier(owner) if owner else sql.SQL("CURRENT_USER"),
        "role": sql.Literal(owner) if owner else sql.SQL(OF_SCHEMA),
    }
    return sql.SQL(queries.load("make_locks")).format(**parts)


def drop_unused(owner: str) -> Steps[None]:
    """Drop the tables, and their schema if nothing else is in it, while the migration's lock is held."""
    yield Statement(sql.SQL(ACT_AS).format(owner=sql.Literal(owner)))
    yield Statement(sql.SQL(queries.load("drop_locks")))


def acquire(lock: TableLock, *, owner: str = "", wait: bool = False) -> Steps[str]:
    """Make the lock's table where it is missing, and lock it in a transaction that is then left open.

    For a session in autocommit mode that is used for nothing else. ``wait`` is for as long as the session's
    lock_timeout says. Returns nothing, or who holds it, and then there is no transaction. ``owner`` is the role whose
    the table is; the session's own, unless given.
    """
    for attempt in range(ATTEMPTS):
        yield Statement(make_tables(owner))
        yield Statement(sql.SQL("BEGIN"))
        try:
            holder = yield from take(lock, owner=owner, wait=wait)
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            yield Statement(sql.SQL("ROLLBACK"))
            if attempt + 1 == ATTEMPTS:
                raise
            continue
        if holder:
            yield Statement(sql.SQL("ROLLBACK"))
        return holder
    return ""


def take(lock: TableLock, *, owner: str = "", wait: bool = False) -> Steps[str]:
    """Lock the table for the current transaction; return nothing, or who holds it."""
    ((role,),) = yield Statement(sql.SQL("SELECT pg_catalog.current_setting('role')"))
    yield Statement(sql.SQL("SAVEPOINT taking"))
    try:
        if owner:
            yield Statement(sql.SQL(ACT_AS).format(owner=sql.Literal(owner)))
        yield Statement(lock.statement(HOLD, wait=wait))
    except errors.LockNotAvailable:
        yield Statement(sql.SQL("ROLLBACK TO SAVEPOINT taking"))
        return (yield from name_holders(lock)) or "somebody who has just let go of it"
    yield Statement(sql.SQL("SELECT pg_catalog.set_config('role', {}, true)").format(role))
    yield Statement(sql.SQL("RELEASE SAVEPOINT taking"))
    return (yield from _take_advisory(lock, lock.advisory))


def wait_for_gate(lock: TableLock) -> Steps[str]:
    """Wait until all are out that passed the lock's gate; return nothing, or who is still inside after lock_timeout.

    In the transaction that holds the lock. What this locks is free again at its end.
    """
    yield Statement(sql.SQL("SAVEPOINT waiting"))
    try:
        yield Statement(lock.statement(WAIT_FOR_ALL))
    except errors.LockNotAvailable:
        yield Statement(sql.SQL("ROLLBACK TO SAVEPOINT waiting"))
        return (yield from name_holders(lock, modes=(PASS_NAME,))) or "somebody who has just left"
    yield Statement(sql.SQL("ROLLBACK TO SAVEPOINT waiting"))
    return (yield from _take_advisory(lock, lock.gate)) if lock.gate else ""


def name_holders(
    lock: TableLock, *, advisory: Advisory | None = None, modes: Sequence[str] = (HOLD_NAME,)
) -> Steps[str]:
    """Name who holds the lock: process id, application, login, address, since when. Nothing where nobody does.

    In a transaction.
    """
    key = advisory or lock.advisory
    # The role that owns the tables needn't be one that may see the sessions of who logs in.
    ((role,),) = yield Statement(sql.SQL("SELECT pg_catalog.current_setting('role')"))
    yield Statement(sql.SQL("SET LOCAL ROLE NONE"))
    rows: Rows = yield Statement(
        sql.SQL(queries.load("lock_holders")),
        {"table": lock.table, "modes": list(modes), "class": key.class_id, "object": key.object_id, "kind": key.kind},
    )
    yield Statement(sql.SQL("SELECT pg_catalog.set_config('role', {}, true)").format(role))
    return "; ".join(str(Holder(*row)) for row in rows)


def _take_advisory(lock: TableLock, advisory: Advisory) -> Steps[str]:
    """Keep earlier versions out; return who of them is at work. Who may change nothing here is no reason to stop."""
    ((acquired,),) = yield Statement(sql.SQL(TRY_ADVISORY).format(advisory.numbers))
    return "" if acquired else (yield from name_holders(lock, advisory=advisory, modes=()))
