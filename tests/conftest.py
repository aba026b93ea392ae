"""A real server for the tests: an embedded one, or the one that --pg names."""

import itertools
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg import sql
from servers import HELP, THROW_AWAY, Chosen, choose, in_memory

from payrollx_db.catalogs.payrollx.practice.databases import RECIPES, make_legacy
from payrollx_db.devserver import Server
from payrollx_db.devserver.practice import LegacySummary
from payrollx_db.devserver.programs import VARIABLE
from payrollx_db.postgres.url import DatabaseUrl

pytest_plugins = [
    "worlds",
    "clean_checkouts",
    "quick_starts",
    "club_worlds",
    "foreign_catalogs",
    "harbours",
    "earlier_states",
    "shop_roles",
    "facades",
    "backups",
    "health_checks",
    "run_reports",
    "preflight_worlds",
    "damaged_targets",
    "structure_worlds",
    "refusals",
    "audit_databases",
    "german_servers",
    "rule_worlds",
    "leaving_worlds",
    "odd_shapes",
    "twin_servers",
    "reshape_worlds",
    "drafts",
    "lifted_worlds",
    "guild_worlds",
    "moving_worlds",
    "logical_servers",
    "follows",
    "online_checks",
    "system_facts",
    "scope_worlds",
    "choir_worlds",
    "choir_lifecycles",
]

# Enough for two organizations with employees, and for rows that the copies lack.
LEGACY_EMPLOYEES = 100

SHARED = pytest.StashKey[Chosen]()
FILE_COPY_SINCE = 150000
END_READERS = "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE database = {} AND active"

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pg", default=os.environ.get("TEST_DATABASE_URL") or "embedded", metavar="SERVER", help=HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Find the server once: the workers of a parallel run share it, where it isn't embedded."""
    _forget_other_databases()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background; the commands would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if (given := getattr(config, "workerinput", {}).get("pg")) is not None:
        config.stash[SHARED] = Chosen("", DatabaseUrl(given) if given else None)
        return
    config.stash[SHARED] = chosen = choose(config.getoption("--pg"))
    config.add_cleanup(chosen.end)


def _forget_other_databases() -> None:
    """What a developer's shell says of databases and of payrollx-db is neither for the tests nor to be touched."""
    for name in list(os.environ):
        ours = (name.endswith("DATABASE_URL") and name != "TEST_DATABASE_URL") or name.startswith("PAYROLLX_")
        if name != VARIABLE and (ours or re.fullmatch(r"PG[A-Z]+", name)):
            del os.environ[name]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    url = node.config.stash[SHARED].url
    node.workerinput["pg"] = dict(url.params) if url else {}


def pytest_report_header(config: pytest.Config) -> str:
    return config.stash[SHARED].title


@dataclass
class TestServer:
    """A superuser's URL of the maintenance database, and ways to make databases beside it.

    One session makes and drops them all: a thousand logins would take a good part of the tests' time.
    """

    __test__ = False

    url: DatabaseUrl
    is_ours: bool = False  # and goes with the session: what is in it then need not be dropped one by one
    ends: ClassVar[bool] = False
    _session: psycopg.Connection | None = None

    def create_database(self, name: str, template: str | None = None) -> DatabaseUrl:
        """Make a database, empty or a clone; files are copied, since that takes half the time of writing WAL."""
        clone = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        self._run(clone + sql.SQL(" STRATEGY FILE_COPY") if self.version >= FILE_COPY_SINCE else clone)
        return self.url.with_database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, if it is there, with its slots, and throw out whoever is connected to it."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        try:
            self._run(statement)
        except psycopg.errors.ObjectInUse:  # readers of its slots are thrown out by no force
            self._run(sql.SQL(END_READERS).format(sql.Literal(name)))
            self._run(statement)

    def forget_database(self, name: str) -> None:
        """Drop a database that a session has used to its end, unless the server goes with all that is in it."""
        if not (self.is_ours and self.ends):
            self.drop_database(name)

    @property
    def version(self) -> int:
        """The server's version as it counts them: 180004."""
        return self._connected().info.server_version

    def needs(self, major: int, what: str) -> None:
        """Skip the test where the server is older than Postgres ``major``, which brought ``what``."""
        if self.version < major * 10_000:
            pytest.skip(f"before Postgres {major} there is no {what}")

    def close(self) -> None:
        """End the session."""
        if self._session:
            self._session.close()

    def _run(self, statement: sql.Composable) -> None:
        session = self._connected()
        try:
            session.execute(statement)
        except psycopg.OperationalError:
            if not session.closed:
                raise
            self._connected().execute(statement)  # a test has ended everybody's sessions

    def _connected(self) -> psycopg.Connection:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(self.url.conninfo(), autocommit=True)
        return self._session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """Note when the last test ends."""
    TestServer.ends = nextitem is None
    return (yield)


def unique(name: str) -> str:
    """Return a database name that no other test, and no other test session on that server, uses."""
    return f"t{os.getpid()}_{next(_numbers)}_{name}"


@pytest.fixture
def reachable_tmp() -> Iterator[Path]:
    """A folder that the account of root's servers may enter; pytest's own tmp_path is closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _quick_logins(url: DatabaseUrl) -> None:
    """Hash the password in one round instead of 4096: the tests log in some ten thousand times."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        if connection.info.server_version >= 160000:
            connection.execute("SET scram_iterations = 1")
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(url.params["user"]), url.params["password"]))


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    if url := request.config.stash[SHARED].url:
        with closing(TestServer(url)) as chosen:
            yield chosen
        return
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-", dir=in_memory()))
    embedded = Server(folder, settings=THROW_AWAY)
    try:
        url = embedded.up()
        _quick_logins(url)
        with closing(TestServer(url, is_ours=True)) as chosen:
            yield chosen
    finally:
        # A fast stop waits a minute for whoever was sent changes and is gone without a word.
        embedded.down(immediate=True)
        embedded.destroy()


@pytest.fixture
def database(server: TestServer) -> Iterator[DatabaseUrl]:
    """An empty database of the test's own."""
    name = unique("database")
    yield server.create_database(name)
    server.drop_database(name)


@dataclass(frozen=True)
class LegacyTemplate:
    """Eight legacy databases, made once a session, to be cloned."""

    prefix: str
    summary: LegacySummary


@dataclass(frozen=True)
class LegacyDatabases:
    """A test's own eight legacy databases.

    ``urls`` is by the layout's database names; ``env`` holds ``LEGACY_<VARIABLE>_DATABASE_URL`` with
    the password, for ``monkeypatch.setenv``; ``summary`` says what is in them.
    """

    urls: dict[str, DatabaseUrl]
    env: dict[str, str]
    summary: LegacySummary


def _template(server: TestServer, *, hostile: bool) -> Iterator[LegacyTemplate]:
    prefix = unique("")
    try:
        summary = make_legacy(server.url, employees=LEGACY_EMPLOYEES, hostile=hostile, prefix=prefix)
        yield LegacyTemplate(prefix, summary)
    finally:
        for recipe in RECIPES:
            server.forget_database(prefix + recipe.name)


def _cloned(server: TestServer, template: LegacyTemplate) -> Iterator[LegacyDatabases]:
    prefix = unique("")
    urls = {}
    try:
        for recipe in RECIPES:
            urls[recipe.name] = server.create_database(prefix + recipe.name, template.prefix + recipe.name)
        env = {f"LEGACY_{recipe.variable}_DATABASE_URL": urls[recipe.name].plain for recipe in RECIPES}
        yield LegacyDatabases(urls, env, template.summary)
    finally:
        for name in urls:
            server.forget_database(prefix + name)


@pytest.fixture(scope="session")
def legacy_template(server: TestServer) -> Iterator[LegacyTemplate]:
    yield from _template(server, hostile=False)


@pytest.fixture(scope="session")
def hostile_legacy_template(server: TestServer) -> Iterator[LegacyTemplate]:
    yield from _template(server, hostile=True)


@pytest.fixture(scope="session")
def legacy_to_read(server: TestServer, legacy_template: LegacyTemplate) -> Iterator[LegacyDatabases]:
    """Like `legacy`, for tests that change nothing: all of them share it."""
    yield from _cloned(server, legacy_template)


@pytest.fixture
def legacy(server: TestServer, legacy_template: LegacyTemplate) -> Iterator[LegacyDatabases]:
    """Eight small legacy databases, without trouble, that the test may change."""
    yield from _cloned(server, legacy_template)


@pytest.fixture(scope="session")
def hostile_to_read(server: TestServer, hostile_legacy_template: LegacyTemplate) -> Iterator[LegacyDatabases]:
    """Eight small legacy databases with every trouble that there is, counted in ``summary.troubles``.

    All tests share them, and the server holds the tests to only reading them.
    """
    for databases in _cloned(server, hostile_legacy_template):
        for url in databases.urls.values():
            with psycopg.connect(url.conninfo(), autocommit=True) as connection:
                read_only = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
                connection.execute(read_only.format(sql.Identifier(url.dbname)))
        yield databases
