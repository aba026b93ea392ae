"""The pools and settings behind the facades."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from facades import SYNC, Home, person
from sqlalchemy import func, select, text
from watchers import PATIENCE, eventually

from payrollx_db import auth, wallet
from payrollx_db.errors import ConfigurationError
from payrollx_db.facade import engines
from payrollx_db.facade.facade import Session
from payrollx_db.unified import SERVICES

# -- pools ----------------------------------------------------------------------------------------------


def test_nothing_connects_before_the_first_use(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(engines._places)  # noqa: SLF001 - that it stays as it is, is what counts

    assert auth.db.tables
    assert auth.db.users is not None
    with auth.db.session() as session:
        session.add(person())
        session.expunge_all()

    after = engines._places  # noqa: SLF001
    assert [place.url for key, place in after.items() if key not in before] == [auth.db.url]
    assert engines.place(auth.db.url).engine.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_services_in_one_database_share_a_pool(home: Home) -> None:
    home.move(application_name="shared")

    for module in SERVICES:
        module.db.ping()

    assert home.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shared'") == [(1,)]
    places = {id(engines.place(module.db.url).engine) for module in SERVICES}
    assert len(places) == 1


def test_dispose_closes_the_pool_and_it_opens_again(home: Home) -> None:
    home.move(application_name="disposed")
    there = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'disposed'"
    auth.db.ping()
    assert home.query(there) == [(1,)]

    auth.db.dispose()

    eventually(lambda: home.query(there) == [(0,)], "the backend's end")
    auth.db.ping()


def test_many_threads_use_one_facade(home: Home) -> None:
    barrier = threading.Barrier(4)

    def work(number: int) -> str:
        barrier.wait(PATIENCE)
        module = (auth, wallet)[number % 2]
        with module.db.session() as session:
            return str(session.scalar(text("SELECT current_user")))

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(work, range(4))) == ["payrollx_auth"] * 2 + ["payrollx_wallet"] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@SYNC
def test_a_forked_process_has_connections_of_its_own(home: Home, driver: str) -> None:
    home.move(driver)
    pid = text("SELECT pg_backend_pid()")
    with auth.db.session() as session:
        mine = session.scalar(pid)

    reading, writing = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - in another process
        try:
            with auth.db.session() as session:
                session.add(person("child"))
                os.write(writing, str(session.scalar(pid)).encode())
            auth.db.dispose()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        other = answer.read()
    os.waitpid(child, 0)

    assert other
    assert int(other) != mine
    with auth.db.session() as session:
        assert session.scalar(pid) == mine
        assert session.scalars(select(auth.User.email)).all() == ["child@example.com"]


# -- settings -------------------------------------------------------------------------------------------


def test_settings_come_from_the_environment(home: Home) -> None:
    set_ = {"POOL_SIZE": "2", "POOL_OVERFLOW": "1", "STATEMENT_TIMEOUT": "7", "LOCK_TIMEOUT": "3", "IDLE_TIMEOUT": "9"}
    for name, value in set_.items():
        home.patch.setenv(f"PAYROLLX_{name}", value)
    home.patch.setenv("PAYROLLX_APPLICATION_NAME", "reports")
    home.patch.setenv("DATABASE_URL", home.login.plain)

    limits = "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "application_name"
    with auth.db.session() as session:
        found = [session.scalar(select(func.current_setting(name))) for name in limits]

    assert found == ["7s", "3s", "9s", "reports"]
    assert engines.place(auth.db.url).engine.pool.size() == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", ["many", "-1", "1.5", "0"])
def test_a_bad_setting_is_named(home: Home, value: str) -> None:
    home.patch.setenv("PAYROLLX_POOL_SIZE", value)
    home.move()

    with pytest.raises(ConfigurationError, match=f"PAYROLLX_POOL_SIZE is '{value}'; set it to a whole number, 1 or"):
        auth.db.ping()


def test_without_a_url_it_says_what_to_set(home: Home) -> None:
    home.patch.delenv("DATABASE_URL")

    with pytest.raises(ConfigurationError, match=r"DATABASE_URL is not set.* AUTH_DATABASE_URL to place auth"):
        auth.db.ping()


def test_a_session_is_sqlalchemys(home: Home) -> None:
    with auth.db.session() as session:
        assert type(session) is Session
        assert session.scalar(select(func.count()).select_from(auth.db.users)) == 0


@SYNC
def test_a_signal_is_heard_while_a_server_is_silent(home: Home, driver: str) -> None:
    """An idle connection is asked whether it lives; where nobody answers, Ctrl-C and the like must end the waiting."""
    home.move(driver, application_name="silent")
    auth.db.ping()
    ((pid,),) = home.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'silent'")
    try:
        os.kill(pid, signal.SIGSTOP)
    except (PermissionError, ProcessLookupError):
        pytest.skip("the server's processes are not to be stopped from here")
    awake = threading.Event()

    def wake() -> None:
        awake.set()
        os.kill(pid, signal.SIGCONT)

    def interrupt(*_signal: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    timer = threading.Timer(20, wake)
    timer.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            auth.db.ping()
        assert not awake.is_set()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        timer.cancel()
        os.kill(pid, signal.SIGCONT)
    auth.db.ping()
