"""Tenants that have databases of their own, beside those that share one: few pools, closed when idle, all at once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from choir_worlds import Choirs, run
from choirs.models import Singer, Song
from conftest import TestServer, unique
from psycopg import sql
from relays import falling_silent
from sqlalchemy import select, text
from watchers import PATIENCE, eventually

from payrollx_db.errors import (
    BoundaryError,
    ConfigurationError,
    PlanLimitError,
    PoolUsedUpError,
    SuspendedTenantError,
    TargetError,
    UnknownTenantError,
)
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.tenants.client import Tenants

SUPPORT = Path(__file__).parent.parent / "support"


@pytest.fixture(scope="module")
def other_databases(server: TestServer, choir_databases: dict[str, DatabaseUrl]) -> Iterator[dict[str, DatabaseUrl]]:
    """For each shape a database beside the registry's, in which the same choirs have other rows."""
    urls = {}
    for shape, url in choir_databases.items():
        urls[shape] = server.create_database(unique(f"own_{shape}"), url.dbname)
        place = "tenant" if shape == "shared" else "schemas_bass"
        with psycopg.connect(urls[shape].conninfo()) as connection:
            connection.execute(sql.SQL("UPDATE {}.songs SET title = 'own of bass'").format(sql.Identifier(place)))
            connection.execute("DELETE FROM registry.emails; DELETE FROM registry.phones")
            connection.execute("INSERT INTO payrollx_tenants.plans VALUES ('bass', 'small')")
    yield urls
    for url in urls.values():
        server.drop_database(url.dbname)


@pytest.fixture
def moved(choirs: Choirs, other_databases: dict[str, DatabaseUrl]) -> Choirs:
    """The choirs, of which bass lives in a database of its own; the registry says where, and no login."""
    where = other_databases[choirs.shape]
    place = f"postgresql://{where.params['host']}:{where.params['port']}/{where.dbname}"
    choirs.query("UPDATE registry.tenants SET database_url = %s WHERE id = 'bass'", place)
    return choirs


def titles(tenants: Tenants, tenant: str) -> list[str]:
    with tenants.session(tenant) as session:
        return list(session.scalars(select(Song.title)))


def open_databases(tenants: Tenants) -> int:
    return len(tenants._databases)  # noqa: SLF001


def test_both_kinds_in_one_process(moved: Choirs) -> None:
    tenants = moved.tenants()

    async def whole() -> list[str]:
        async with tenants.async_session("bass") as session:
            found = list(await session.scalars(select(Song.title)))
        await tenants.async_close()
        return found

    assert titles(tenants, "bass") == ["own of bass"]
    assert titles(tenants, "alto") == ["soprano of alto"]
    assert open_databases(tenants) == 1
    assert tenants.route(id="bass").url is not None
    assert tenants.route(id="alto").url is None
    assert run(whole()) == ["own of bass"]


def test_the_wall_and_the_limits_hold_there_too(moved: Choirs) -> None:
    tenants = moved.tenants()
    with tenants.session("bass") as session:
        with pytest.raises(BoundaryError), session.begin_nested():
            session.execute(text("SELECT * FROM registry.tenants"))
        with suppress(BoundaryError), session.begin_nested():
            others = f"SELECT * FROM {moved.place('alto')}.songs WHERE title <> 'own of bass'"
            assert session.execute(text(others)).all() == []
        session.add_all([Singer(id="8", name="x"), Singer(id="9", name="x")])
        with pytest.raises(PlanLimitError):
            session.flush()
        session.rollback()


def test_a_tenant_moves_while_services_run(choirs: Choirs, other_databases: dict[str, DatabaseUrl]) -> None:
    tenants = choirs.tenants(staleness=1)
    assert titles(tenants, "bass") == ["soprano of bass"]
    where = other_databases[choirs.shape]
    choirs.query("UPDATE registry.tenants SET database_url = %s WHERE id = 'bass'",
                 f"postgresql://{where.params['host']}:{where.params['port']}/{where.dbname}")  # fmt: skip
    eventually(lambda: titles(tenants, "bass") == ["own of bass"], "the tenant's move")


def test_the_least_recently_used_goes_and_what_is_in_use_stays(moved: Choirs) -> None:
    url = moved.query("SELECT database_url FROM registry.tenants WHERE id = 'bass'")[0][0]
    moved.query("UPDATE registry.tenants SET database_url = %s WHERE id = 'alto'", f"{url}?application_name=another")
    tenants = moved.tenants(databases=1)
    with tenants.session("bass") as session:
        assert session.scalar(text("SELECT 1")) == 1
        with pytest.raises(PoolUsedUpError, match="databases of tenants are in use"), tenants.session("alto"):
            pass
    with tenants.session("alto"):
        assert open_databases(tenants) == 1
    with tenants.session("bass"):
        assert open_databases(tenants) == 1


def test_what_is_idle_is_closed(moved: Choirs) -> None:
    tenants = moved.tenants(staleness=1, idle=1)
    titles(tenants, "bass")
    eventually(lambda: not open_databases(tenants), "the end of what is idle")
    assert titles(tenants, "bass") == ["own of bass"]


def test_a_database_that_is_not_there_is_tried_again_each_time(moved: Choirs) -> None:
    moved.query("UPDATE registry.tenants SET database_url = database_url || '_not' WHERE id = 'bass'")
    tenants = moved.tenants()
    for _ in range(2):
        with pytest.raises(TargetError), tenants.session("bass"):
            pass
        assert open_databases(tenants) == 0
    assert titles(tenants, "alto") == ["soprano of alto"]


def test_suspended_and_unknown_ones_are_refused_before_anything_connects(moved: Choirs) -> None:
    moved.query("UPDATE registry.tenants SET status = 'suspended' WHERE id = 'bass'")
    tenants = moved.tenants()
    for kind, tenant in ((SuspendedTenantError, "bass"), (UnknownTenantError, "nobody")):
        with pytest.raises(kind), tenants.session(tenant):
            pass
    assert open_databases(tenants) == 0


def test_one_pool_serves_all_tenants_of_a_database(choirs: Choirs) -> None:
    choirs.patch.setenv("PAYROLLX_POOL_SIZE", "2")
    choirs.patch.setenv("PAYROLLX_POOL_OVERFLOW", "0")
    choirs.move()
    tenants = choirs.tenants()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda tenant: titles(tenants, tenant), ["alto", "bass", "choir's.3"] * 6))
    assert found == [["soprano of alto"], ["soprano of bass"], ["soprano of choir's.3"]] * 6
    name = choirs.login.params["user"]
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    # Two of the pool, and the one that listens; the server may still be ending one of another test.
    eventually(lambda: choirs.query(sessions, name)[0][0] <= 3, "no more sessions than the pool has")


def test_closing_lets_nobody_in_and_leaves_no_session(moved: Choirs) -> None:
    tenants = moved.tenants()
    titles(tenants, "bass")
    titles(tenants, "alto")
    tenants.close()
    with pytest.raises(ConfigurationError, match="closed"), tenants.session("alto"):
        pass
    no_session_is_left(moved)


@pytest.mark.long
def test_closing_ends_though_a_server_says_nothing_any_more(
    choirs: Choirs, other_databases: dict[str, DatabaseUrl]
) -> None:
    """A session is at work there, and one waits in the pool; neither ends by itself."""
    with falling_silent(other_databases[choirs.shape]) as (relay, silent):
        place = f"postgresql://{relay.url.params['host']}:{relay.url.params['port']}/{relay.url.dbname}?sslmode=disable"
        choirs.query("UPDATE registry.tenants SET database_url = %s WHERE id = 'bass'", place)
        tenants = choirs.tenants()
        opened = threading.Event()
        threading.Thread(target=asleep, args=(tenants, opened.set), daemon=True).start()
        assert opened.wait(PATIENCE)
        assert titles(tenants, "bass") == ["own of bass"]
        silent.set()
        closing = threading.Thread(target=tenants.close, daemon=True)
        closing.start()
        closing.join(PATIENCE)
        assert not closing.is_alive()
        with pytest.raises(ConfigurationError, match="closed"), tenants.session("alto"):
            pass


def asleep(tenants: Tenants, when_open: Callable[[], None]) -> None:
    with suppress(Exception), tenants.session("bass") as session:
        session.connection()
        when_open()
        session.execute(text("SELECT 1 FROM songs, generate_series(1, 100000000) AS n"))


def no_session_is_left(choirs: Choirs) -> None:
    sessions, user = "SELECT pid FROM pg_stat_activity WHERE usename = %s", choirs.login.params["user"]
    eventually(lambda: not choirs.query(sessions, user), "the end of the sessions")


PROGRAM = """
import sys, time
from payrollx_db.tenants.client import Tenants, close_on_signals
tenants = Tenants(sys.argv[1])
close_on_signals(tenants)
heavy = [name for name in sys.modules if name.split('.')[0] in ('alembic', 'click', 'rich')
         or name.startswith(('payrollx_db.consolidate', 'payrollx_db.schema'))]
with tenants.session('alto') as session, tenants.session('bass') as other:
    session.connection(), other.connection()
    print('open', heavy, flush=True)
    if sys.argv[2] == 'hang':
        time.sleep(60)
while True:
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), pytest.param(signal.SIGINT, 1, marks=pytest.mark.long)]
)
def test_a_signal_closes_everything_and_then_does_what_it_does(moved: Choirs, number: int, code: int) -> None:
    """A service's process has imported nothing that migrates or consolidates, too."""
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    command = [sys.executable, "-c", PROGRAM, moved.name, "goes on"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(number)
        assert process.wait(PATIENCE) in (code, -number, 130)
    assert line == "open []\n"
    no_session_is_left(moved)
