"""Leaks that users of other tenant libraries tell of in public, each tried here."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from choir_worlds import Choirs, run
from choirs.models import Singer, Song
from facades import as_login
from poolers import PROGRAM, running_pooler
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from payrollx_db.errors import PayrollxError
from payrollx_db.facade import engines


@pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")
def test_a_search_path_that_a_pooler_keeps(choirs: Choirs, choir_login: dict[str, str]) -> None:
    """A session's SET outlives its transaction in the pooler's session, and the next client is in another's schema."""
    with running_pooler(choirs.url, choir_login, size=1) as place:
        choirs.move("psycopg", as_login(choirs.login, place), pgbouncer="true")
        tenants = choirs.tenants()
        for _ in range(3):
            with tenants.session("alto") as session:
                assert session.scalars(select(Song.title)).all() == ["soprano of alto"]
            with tenants.session("bass") as session:
                assert session.scalar(text("SELECT title FROM songs")) == "soprano of bass"
            with choirs_login(choirs, place) as connection:  # a client that says nothing, on the same session
                [(path, role, tenant)] = connection.execute(
                    "SELECT current_setting('search_path'), current_user, current_setting('choirs.choir', true)"
                ).fetchall()
                assert (path, role, tenant or "") == ('"$user", public', choir_login["user"], "")
        tenants.close(1)
        engines.dispose()


def choirs_login(choirs: Choirs, place: dict[str, str]):  # type: ignore[no-untyped-def] # noqa: ANN201
    import psycopg

    login = as_login(choirs.login, place)
    return psycopg.connect(login.conninfo(), autocommit=True, prepare_threshold=None)


def test_a_tenant_that_a_failed_switch_leaves_behind(choirs: Choirs) -> None:
    """Where switching back fails after an error, the thread stays in the tenant of before."""
    tenants = choirs.tenants()
    for statement in ("SELECT 1 / 0", "SELECT * FROM nowhere", "SELECT set_config('choirs.choir', 'bass', false)"):
        with suppress(PayrollxError, SQLAlchemyError), tenants.session("bass") as session:
            session.execute(text(statement))
        with tenants.session("alto") as session:
            assert session.scalars(select(Song.title)).all() == ["soprano of alto"]


def test_a_current_tenant_that_threads_and_tasks_share(choirs: Choirs) -> None:
    """A tenant in a global or a context reaches a worker that was started for another; here each session says whose."""
    tenants = choirs.tenants()

    async def one(tenant: str) -> tuple[str, list[str]]:
        async with tenants.async_session(tenant) as session:
            await asyncio.sleep(0)
            return tenant, list(await session.scalars(select(Song.title)))

    async def whole() -> list[tuple[str, list[str]]]:
        found = await asyncio.gather(*(one(("alto", "bass")[number % 2]) for number in range(12)))
        await tenants.async_close()
        return found

    def in_a_thread(tenant: str) -> list[str]:
        with choirs.tenants().session(tenant) as session:
            return contextvars.copy_context().run(lambda: list(session.scalars(select(Song.title))))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(in_a_thread, ("alto", "bass"))) == [["soprano of alto"], ["soprano of bass"]]
    assert all(titles == [f"soprano of {tenant}"] for tenant, titles in run(whole()))


def test_a_class_that_nobody_marked_as_a_tenants(choirs: Choirs) -> None:
    """Scopes that each model has to declare miss raw SQL, joins, counts and bulk writes; the server's miss none."""
    with choirs.tenants().session("alto") as session:
        assert session.scalar(text("SELECT count(*) FROM singers")) == 2
        assert session.scalar(select(func.count()).select_from(Singer).join(Song, Song.singer_id == Singer.id)) == 1
        session.execute(insert(Song), [{"id": "b1", "title": "x"}, {"id": "b2", "title": "x"}])
        session.execute(text("UPDATE songs SET title = 'all of them'"))
        session.execute(text("DELETE FROM messages"))
    with choirs.tenants().session("bass") as session:
        assert session.scalars(select(Song.title)).all() == ["soprano of bass"]
        assert session.scalar(text("SELECT count(*) FROM messages")) == 1


def test_a_view_that_reads_as_its_owner(choirs: Choirs) -> None:
    """Row level security doesn't hold for a view's owner, so a view over shared tables shows each tenant all rows."""
    with choirs.tenants().session("alto") as session:
        assert session.scalars(text("SELECT name FROM chiefs")).all() == ["soprano of alto"]
        assert session.scalar(text(f"SELECT {choirs.place('alto')}.singer_count()")) == 2


def test_a_setting_that_raw_sql_can_make(shared_choirs: Choirs) -> None:
    """A policy by current_setting alone believes whatever an injected SET says; the proof beside it can't be made."""
    import psycopg

    with shared_choirs.tenants().session("alto") as session:
        driver = session.connection().connection.driver_connection  # past the guard, as a library might go
        assert driver is not None
        for forged in ("SELECT set_config('choirs.choir', 'bass', true)", "SET LOCAL choirs.choir = 'bass'"):
            for way in ("TABLE tenant.singers", "DELETE FROM tenant.songs", "UPDATE tenant.songs SET title = 'x'"):
                driver.execute("SAVEPOINT tried")
                driver.execute(forged)
                with pytest.raises(psycopg.Error) as refused:
                    driver.execute(way)
                assert refused.value.sqlstate == "PX403"
                driver.execute("ROLLBACK TO SAVEPOINT tried")
        session.rollback()


def test_a_key_that_only_services_know(shared_choirs: Choirs) -> None:
    """With a key of the services' own, not even a login that steps out of its role proves to be another tenant."""
    import psycopg

    key = "a key of at least thirty-two characters"
    kept = shared_choirs.query("SELECT inner_pad, outer_pad FROM payrollx_tenants.keys WHERE signs")
    try:
        shared_choirs.query("SELECT payrollx_tenants.use_key(%s)", key)
        with shared_choirs.tenants(key=key).session("bass") as session:
            assert session.scalars(select(Song.title)).all() == ["soprano of bass"]
        with (
            pytest.raises(PayrollxError, match="PAYROLLX_TENANT_KEY"),
            shared_choirs.tenants().session("bass") as session,
        ):
            session.connection()
        with pytest.raises(PayrollxError), shared_choirs.tenants(key=key[::-1]).session("bass") as session:
            session.scalars(select(Song.title)).all()
        with psycopg.connect(shared_choirs.login.conninfo()) as login, pytest.raises(psycopg.Error):
            login.execute("SELECT payrollx_tenants.sign('bass')")
    finally:
        shared_choirs.query("DELETE FROM payrollx_tenants.keys")
        shared_choirs.query("INSERT INTO payrollx_tenants.keys VALUES (%s, %s, true)", *kept[0])
