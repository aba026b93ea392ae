"""What a server's errors become: by SQLSTATE, told in our words, on a server that speaks German."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from payrollx_db.devserver import Server
from payrollx_db.errors import FindingsError, PayrollxError, SourceError, TargetError
from payrollx_db.postgres.connect import connect
from payrollx_db.postgres.errors import cause, explain, hint, sqlstate
from payrollx_db.postgres.masking import mask
from payrollx_db.postgres.session import Endpoint, Side, copy_connection, session
from payrollx_db.postgres.settings import COMMON
from payrollx_db.postgres.url import DatabaseUrl

VALUE = "4711-geheim"
TABLES = """
CREATE SCHEMA s;
CREATE TABLE s.parents (id int PRIMARY KEY, name text NOT NULL UNIQUE, CONSTRAINT named CHECK (name <> '4711-bad'));
CREATE TABLE s.children (id int PRIMARY KEY, parent int REFERENCES s.parents);
CREATE TABLE s.texts (id int PRIMARY KEY, t text, small smallint, short varchar(3));
INSERT INTO s.parents VALUES (1, '4711-geheim');
INSERT INTO s.texts VALUES (1, '4711-geheim', 1);
CREATE FUNCTION s.shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row %', NEW; END $$;
CREATE TABLE s.guarded (id int, t text);
CREATE TRIGGER shout BEFORE INSERT ON s.guarded FOR EACH ROW EXECUTE FUNCTION s.shout();
"""
# statement, SQLSTATE, what the message names
OF_THE_DATA = [
    ("SELECT t::int FROM s.texts", "22P02", ""),
    ("SELECT t::uuid FROM s.texts", "22P02", ""),
    ("SELECT '4711-geheim'::date", "22007", ""),
    ("SELECT '471147114711'::int", "22003", ""),
    ("SELECT 471147114711::int", "22003", ""),
    ("SELECT '4711-02-31'::date", "22008", ""),
    ("INSERT INTO s.texts VALUES (2, '', 1, '4711-geheim')", "22001", ""),
    ("SELECT '{4711-geheim'::jsonb", "22P02", ""),
    ("SELECT 4711 / 0", "22012", ""),
    ("INSERT INTO s.parents VALUES (2, '4711-geheim')", "23505", "table s.parents, constraint parents_name_key"),
    ("INSERT INTO s.children VALUES (2, 4711)", "23503", "table s.children, constraint children_parent_fkey"),
    ("INSERT INTO s.parents VALUES (4711, NULL)", "23502", "table s.parents, column name"),
    ("INSERT INTO s.parents VALUES (2, '4711-bad')", "23514", "table s.parents, constraint named"),
]


@pytest.fixture(scope="module")
def target(german: DatabaseUrl) -> Endpoint:
    with psycopg.connect(german.conninfo(), autocommit=True) as connection:
        connection.execute(TABLES)
    return Endpoint(german, "target", "unified")


def failure(endpoint: Endpoint, statement: str, *, by: Any = session) -> PayrollxError:
    """Return the error of ours that a statement ends with."""

    async def work() -> None:
        async with by(endpoint) as connection:
            with endpoint.translating_errors("can't do it"):
                await connection.execute(statement)

    with pytest.raises(PayrollxError) as caught:
        asyncio.run(work())
    return caught.value


def refused(url: DatabaseUrl, by: Any = session, side: Side = "target") -> PayrollxError:
    """Return the error of ours for a session that isn't let in."""
    return failure(Endpoint(url, side, "unified"), "SELECT", by=by)


both = pytest.mark.parametrize("by", [session, copy_connection], ids=["psycopg", "asyncpg"])


# --- data -----------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("statement", "state", "place"), OF_THE_DATA, ids=[f"{s} {n}" for n, (_, s, _) in enumerate(OF_THE_DATA)]
)
def test_no_value_of_a_row_is_told(target: Endpoint, statement: str, state: str, place: str, by: Any) -> None:
    error = failure(target, statement, by=by)

    assert isinstance(error, FindingsError)
    assert error.sqlstate == state
    assert not error.transient
    assert place in error.message
    assert error.message.endswith(f"SQLSTATE {state})")
    assert "fix those rows in the source" in error.hint
    assert "4711" not in f"{error} {error.details}"
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_what_a_trigger_says_is_not_told(target: Endpoint) -> None:
    error = failure(target, "INSERT INTO s.guarded VALUES (4711, '4711-geheim')")

    assert error.sqlstate == "P0001"
    assert "4711" not in str(error)
    assert "trigger" in error.message


# --- logins ---------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("change", "state", "advice"),
    [
        ({"password": "wrong"}, "28P01", "check the user name and the password"),
        ({"user": "nobody_here"}, "28P01", "check the user name and the password"),
        ({"dbname": "nowhere"}, "3D000", "create the database, or correct the name in the URL of unified"),
        ({"options": "-c nonsense=1"}, "42704", ""),
    ],
)
def test_why_a_login_is_refused(german: DatabaseUrl, change: dict[str, str], state: str, advice: str, by: Any) -> None:
    error = refused(DatabaseUrl({**german.params, **change}), by)

    assert isinstance(error, TargetError)
    assert (error.sqlstate, error.transient) == (state, False)
    assert advice in error.hint
    assert "running" not in error.hint


@both
def test_a_role_that_is_not_there(german: DatabaseUrl, by: Any) -> None:
    error = failure(Endpoint(german, "target", "unified", settings={"role": "nobody_here"}), "SELECT", by=by)

    assert isinstance(error, TargetError)
    assert (error.sqlstate, error.transient) == ("22023", False)
    assert "check that the roles are there" in error.hint


def test_a_side_has_its_own_class(german: DatabaseUrl) -> None:
    assert isinstance(refused(DatabaseUrl({**german.params, "password": "wrong"}), side="source"), SourceError)


@contextmanager
def plain_login(german: DatabaseUrl, name: str, options: str = "") -> Iterator[DatabaseUrl]:
    url = DatabaseUrl({**german.params, "user": name, "password": "it is me"})
    with psycopg.connect(german.conninfo(), autocommit=True) as connection:
        login = sql.Identifier(name)
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'it is me' {}")
        connection.execute(statement.format(login, sql.SQL(options)))  # type: ignore[arg-type]
        try:
            yield url
        finally:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [name])
            connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(login))


@both
def test_a_login_with_too_many_sessions_passes(german: DatabaseUrl, by: Any) -> None:
    with plain_login(german, "one", "CONNECTION LIMIT 1") as url, psycopg.connect(url.conninfo()):
        error = refused(url, by)

    assert (error.sqlstate, error.transient) == ("53300", True)
    assert "max_connections" in error.hint


@both
def test_a_server_without_a_free_connection_passes(german: DatabaseUrl, by: Any) -> None:
    with plain_login(german, "many") as url, ExitStack() as stack:
        with pytest.raises(psycopg.OperationalError):
            for _ in range(40):
                stack.enter_context(psycopg.connect(url.conninfo()))
        error = refused(url, by)

    assert (error.sqlstate, error.transient) == ("53300", True)


def test_the_synchronous_way_tells_the_same(german: DatabaseUrl) -> None:
    for change, state in (({"password": "wrong"}, "28P01"), ({"dbname": "nowhere"}, "3D000")):
        with pytest.raises(psycopg.OperationalError) as caught:
            connect(DatabaseUrl({**german.params, **change}), COMMON)
        assert sqlstate(caught.value) == state


def test_nobody_answers() -> None:
    url = DatabaseUrl({"host": "127.0.0.1", "port": "1", "user": "me", "dbname": "d"})
    for by in (session, copy_connection):
        error = refused(url, by)
        assert (error.sqlstate, error.transient) == ("", True)
        assert "check that the server is running" in error.hint


def _lets_in(url: DatabaseUrl) -> bool:
    try:
        psycopg.connect(url.conninfo()).close()
    except psycopg.OperationalError:
        return False
    return True


@both
def test_a_server_that_stops_is_waited_for(german_server: Server, german: DatabaseUrl, by: Any) -> None:
    """A smart shutdown lets in no new session, as long as an old one goes on."""
    pid = german_server.status().pid
    assert pid
    try:
        with psycopg.connect(german.conninfo()):
            os.kill(pid, signal.SIGTERM)
            while _lets_in(german):  # the signal is still under way
                pass
            error = refused(german, by)
    finally:
        german_server.down()
        german_server.up()

    assert (error.sqlstate, error.transient) == ("57P03", True)
    assert "wait until the server is ready" in error.hint


# --- statements -----------------------------------------------------------------------------------------


@contextmanager
def locked(german: DatabaseUrl) -> Iterator[None]:
    with psycopg.connect(german.conninfo()) as connection:
        connection.execute("LOCK s.texts")
        yield
        connection.rollback()


@both
def test_a_lock_that_is_not_to_be_had(target: Endpoint, by: Any) -> None:
    with locked(target.url):
        error = failure(
            Endpoint(target.url, "target", "unified", settings={"lock_timeout": "50ms"}), "SELECT FROM s.texts", by=by
        )

    assert (error.sqlstate, error.transient) == ("55P03", False)
    assert "end the session that holds the lock" in error.hint


@both
def test_a_statement_that_takes_too_long(target: Endpoint, by: Any) -> None:
    short = Endpoint(target.url, "target", "unified", settings={"statement_timeout": "50ms"})
    error = failure(short, "SELECT pg_catalog.pg_sleep(20)", by=by)

    assert (error.sqlstate, error.transient) == ("57014", False)
    assert "--statement-timeout" in error.hint


@both
@pytest.mark.parametrize(
    ("side", "advice"), [("source", "may read every table"), ("target", "member of the tables' owner")]
)
def test_what_a_login_may_not(target: Endpoint, side: Side, advice: str, by: Any) -> None:
    with plain_login(target.url, "small") as url:
        error = failure(Endpoint(url, side, "unified"), "SELECT FROM s.texts", by=by)

    assert error.sqlstate == "42501"
    assert "permission denied" in error.message
    assert advice in error.hint


@both
def test_a_session_that_may_only_read(target: Endpoint, by: Any) -> None:
    error = failure(Endpoint(target.url, "source", "unified"), "INSERT INTO s.texts VALUES (9)", by=by)

    assert (error.sqlstate, error.transient) == ("25006", False)
    assert "default_transaction_read_only" in error.hint


def test_a_table_of_locks_that_is_full(target: Endpoint) -> None:
    statement = "DO $$ BEGIN FOR i IN 1..5000 LOOP EXECUTE 'CREATE TABLE s.t' || i || ' ()'; END LOOP; END $$"
    error = failure(target, statement)

    assert error.sqlstate == "53200"
    assert "max_locks_per_transaction" in error.hint


@both
def test_a_session_that_is_ended(target: Endpoint, by: Any) -> None:
    error = failure(target, "SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())", by=by)

    assert error.sqlstate in ("57P01", "08003")  # asyncpg only sees that it is gone
    assert error.transient


def test_a_table_that_is_not_there_is_named(target: Endpoint) -> None:
    error = failure(target, "SELECT FROM s.nothing")

    assert error.message.endswith("s.nothing«") or "s.nothing" in error.message
    assert isinstance(error.__cause__, psycopg.errors.UndefinedTable)


# --- codes that no test can bring about ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (psycopg.errors.DiskFull, "disk"),
        (psycopg.errors.OutOfMemory, "max_locks_per_transaction"),
        (psycopg.errors.ProtocolViolation, "PgBouncer"),
        (psycopg.errors.IdleInTransactionSessionTimeout, "idle_in_transaction_session_timeout"),
        (psycopg.errors.DataCorrupted, "amcheck"),
        (psycopg.errors.UndefinedFunction, "ALTER FUNCTION"),
        (psycopg.errors.UndefinedObject, "ALTER FUNCTION"),
        (psycopg.errors.InternalError_, "server's log"),
    ],
)
def test_each_cause_has_a_hint_of_its_own(error: Callable[[], psycopg.Error], advice: str) -> None:
    assert advice in hint(error())
    assert "PAYROLLX_DEBUG" not in hint(error())


def test_every_code_of_postgres_has_words_and_a_hint() -> None:
    kinds = [
        kind for kind in vars(psycopg.errors).values() if isinstance(kind, type) and issubclass(kind, psycopg.Error)
    ]
    states = {kind.sqlstate for kind in kinds if isinstance(kind.sqlstate, str)}
    assert len(states) > 200
    for state in states:
        error = psycopg.errors.lookup(state)()
        assert state in explain(error)
        assert hint(error)


def test_a_driver_that_quotes_a_value_is_not_quoted() -> None:
    assert "4711" not in explain(psycopg.DataError("can't parse date '4711'"))
    assert cause(psycopg.OperationalError("gone")) is not None


# --- masking --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["postgres", "ro", "t", "employee_service", "s3cr3t-and-long"])
def test_a_password_is_masked_where_it_stands_as_one(password: str) -> None:
    url = DatabaseUrl({"host": "h", "user": "me", "password": password, "dbname": "d"})
    for text in (
        f"connect to postgresql://me:{password}@h/d failed",
        f"host=h password={password} dbname=d",
        f"host=h password = '{password}' dbname=d",
        f"postgresql://h/d?user=me&password={password}&sslmode=disable",
        f"ALTER ROLE me PASSWORD '{password}'",
    ):
        assert mask(text, url).count("***") == 1
        assert mask(text) == mask(text, url)
        assert mask(text, url) == text.replace(f":{password}@", ":***@").replace(f"={password}", "=***").replace(
            f"'{password}'", "***"
        )


@pytest.mark.parametrize("password", ["postgres", "ro", "t"])
def test_a_word_that_happens_to_be_the_password_is_shown(password: str) -> None:
    url = DatabaseUrl({"host": "h", "user": "me", "password": password, "dbname": "d"})
    text = 'the database "postgres" has no role "ro", and t is a table: permission denied for table rotations'

    assert mask(text, url) == text


def test_a_password_that_can_be_nothing_else_is_masked_everywhere() -> None:
    url = DatabaseUrl({"host": "h", "user": "me", "password": "s3cr3t/long", "dbname": "d"})

    assert mask("don't know s3cr3t/long", url) == "don't know ***"
    assert mask("don't know s3cr3t%2Flong", url) == "don't know ***"
    named = DatabaseUrl({**url.params, "user": "s3cr3t/long"})
    assert mask("user s3cr3t/long isn't there", named) == "user s3cr3t/long isn't there"
