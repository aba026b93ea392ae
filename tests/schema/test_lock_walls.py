"""The tool's locks: a service's login can't hold them, and who holds one is named."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from backups import Archive
from psycopg import sql
from worlds import World, value

from payrollx_db.errors import PayrollxError, StateConflictError, TargetError
from payrollx_db.postgres import locks
from payrollx_db.postgres.locks import Advisory, TableLock
from payrollx_db.postgres.steps import perform
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

LOCKS = (locks.RUN, locks.MIGRATION)
OLD = [advisory for lock in LOCKS for advisory in (lock.advisory, lock.gate) if advisory is not None]
ATTEMPTS = [
    statement
    for lock in LOCKS
    for statement in (
        *(f"LOCK TABLE payrollx_meta.{lock.table} IN {mode} MODE" for mode in ("ACCESS SHARE", "ROW SHARE", "SHARE")),
        f"LOCK TABLE payrollx_meta.{lock.table} IN ACCESS EXCLUSIVE MODE",
        f"SELECT FROM payrollx_meta.{lock.table} FOR UPDATE",
    )
]


@pytest.fixture
def service_login(migrated: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A login that is a member of a service's role, and of nothing else."""
    name = f"{migrated.dbname}_login"
    role = sql.Identifier(name)
    with psycopg.connect(migrated.conninfo(), autocommit=True) as connection:
        member = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'made up' IN ROLE {}")
        connection.execute(member.format(role, sql.Identifier(CATALOG.service("auth").role)))
        yield DatabaseUrl({**migrated.params, "user": name, "password": "made up"})
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def take_old(connection: psycopg.Connection, advisory: Advisory) -> None:
    connection.execute(sql.SQL("SELECT pg_advisory_lock({})").format(advisory.numbers))


@contextmanager
def obstructed(url: DatabaseUrl) -> Iterator[None]:
    """Hold the advisory locks of earlier versions, which anybody may take, and see our tables refused."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        for advisory in OLD:
            take_old(connection, advisory)
        for statement in ATTEMPTS:
            connection.execute("BEGIN")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.execute("ROLLBACK")
        yield


def test_no_service_stops_a_migration(migrated: DatabaseUrl, service_login: DatabaseUrl) -> None:
    migrate.downgrade(migrated, CATALOG, revision="base", service="wallet")
    with obstructed(service_login):
        assert migrate.upgrade(migrated, CATALOG).applied == ("wallet_0001",)


def test_no_service_stops_a_copy(reading_world: World, service_login: DatabaseUrl) -> None:
    migrate.upgrade(reading_world.target, CATALOG)
    with obstructed(service_login):
        assert reading_world.copy("organization").run.status == "done"


def test_no_service_stops_a_restore(archive: Archive, service_login: DatabaseUrl) -> None:
    url = DatabaseUrl({**service_login.params, "dbname": archive.url.dbname})
    (backup,) = archive.backup("auth")
    with obstructed(url):
        assert archive.restore(backup).replaced


# --- who holds one is named -------------------------------------------------------------------------------------


@contextmanager
def held(url: DatabaseUrl, lock: TableLock) -> Iterator[str]:
    """Hold a lock as another process would, and yield what its session is to be called."""
    with psycopg.connect(url.conninfo(), autocommit=True, application_name="night job") as connection:
        assert not perform(connection, locks.acquire(lock, owner=CATALOG.owner_role))
        yield rf"session {connection.info.backend_pid} \(night job\) of {url.params['user']} from .+ since 20"


@contextmanager
def held_by_earlier_version(url: DatabaseUrl, lock: TableLock) -> Iterator[str]:
    """Do the same as versions did that knew advisory locks only."""
    with psycopg.connect(url.conninfo(), autocommit=True, application_name="night job") as connection:
        take_old(connection, lock.advisory)
        yield rf"session {connection.info.backend_pid} \(night job\) of {url.params['user']}"


Hold = Callable[[DatabaseUrl, TableLock], AbstractContextManager[str]]


@pytest.mark.parametrize("hold", [held, held_by_earlier_version])
def test_who_migrates_is_named(migrated: DatabaseUrl, hold: Hold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_WAIT", "100ms")
    with hold(migrated, locks.MIGRATION) as name:
        with pytest.raises(TargetError, match=f"another migration of .+ is at work: {name}"):
            migrate.upgrade(migrated, CATALOG)


@pytest.mark.parametrize("hold", [held, held_by_earlier_version])
def test_who_copies_is_named_to_another_copy(reading_world: World, hold: Hold) -> None:
    with hold(reading_world.target, locks.RUN) as name:
        with pytest.raises(StateConflictError, match=f"another copy is at work on .+: {name}"):
            reading_world.copy("organization")


@pytest.mark.parametrize("hold", [held, held_by_earlier_version])
def test_who_copies_is_named_to_a_restore(archive: Archive, hold: Hold) -> None:
    (backup,) = archive.backup("auth")
    with hold(archive.url, locks.RUN) as name:
        with pytest.raises(StateConflictError, match=f"a copy is at work on .+: {name}"):
            archive.restore(backup)


def test_an_earlier_version_keeps_out(migrated: DatabaseUrl) -> None:
    """It asks for its advisory lock, which ours holds as well."""
    free = sql.SQL("SELECT pg_try_advisory_lock({})").format(locks.RUN.advisory.numbers)
    with psycopg.connect(migrated.conninfo(), autocommit=True) as earlier:
        with held(migrated, locks.RUN):
            assert earlier.execute(free).fetchone() == (False,)
        assert earlier.execute(free).fetchone() == (True,)


def test_a_lock_holds_back_no_vacuum(migrated: DatabaseUrl) -> None:
    with held(migrated, locks.RUN), held(migrated, locks.MIGRATION):
        horizons = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'night job' AND (backend_xid IS NOT"
        assert value(migrated, f"{horizons} NULL OR backend_xmin IS NOT NULL)") == 0
        with psycopg.connect(migrated.conninfo(), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '2s'")
            connection.execute("VACUUM (FREEZE) payrollx_meta.alembic_version")


def test_two_may_make_the_locks_at_once(database: DatabaseUrl) -> None:
    """The second waits for the first one's transaction, and finds them there."""
    with (
        psycopg.connect(database.conninfo()) as first,
        psycopg.connect(database.conninfo(), autocommit=True) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        first.execute(locks.make_tables())
        holder = pool.submit(perform, second, locks.acquire(locks.RUN))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        while not value(database, waits, (second.info.backend_pid,)):
            assert not holder.done()
        first.commit()
        assert holder.result() == ""


def test_a_login_that_may_not_make_them_is_told_what_it_needs(
    database: DatabaseUrl, service_login: DatabaseUrl
) -> None:
    url = DatabaseUrl({**service_login.params, "dbname": database.dbname})
    with pytest.raises(PayrollxError) as caught:
        migrate.upgrade(url, CATALOG)
    assert "CREATE on the database" in caught.value.hint
