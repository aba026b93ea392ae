"""The Postgres wall: what raw SQL of a session gets to see, and that nothing leaks into the next transaction."""

from typing import Any

import pytest
from conftest import TestServer
from facades import ALL, SYNC, TRACES, EndedError, Home, async_leaves, end, leaves, person, run
from sqlalchemy import func, literal_column, select, text, update
from sqlalchemy import table as light
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import column

from payrollx_db import auth
from payrollx_db.errors import BoundaryError, ConnectionLostError
from payrollx_db.facade import raw_sql

REFUSED = {
    "select": "SELECT * FROM wallet.wallets",
    "table": "TABLE wallet.wallets",
    "quoted": 'SELECT * FROM "wallet" . "wallets"',
    "a join": "SELECT u.id FROM auth.users u JOIN wallet.wallets wallet ON wallet.id = u.id",
    "a block": "DO $$ BEGIN PERFORM 1 FROM wallet.wallets; END $$",
    "a block that hides it": "DO $$ BEGIN EXECUTE 'SELECT 1 FROM wal' || 'let.wallets'; END $$",
    "copy": "COPY wallet.wallets TO STDOUT",
    "a query in copy": "COPY (SELECT * FROM wallet.wallets) TO STDOUT",
    "a function": "SELECT query_to_xml('SELECT * FROM wallet.wallets', true, true, '')",
    "explain": "EXPLAIN ANALYZE SELECT * FROM wallet.wallets",
    "lock": "LOCK TABLE wallet.wallets",
    "a sequence": "SELECT nextval('transaction.transaction_logs_id_seq')",
    "what its schema is for": "SELECT * FROM wallets",
    "declare": "DECLARE c CURSOR FOR SELECT * FROM wallet.wallets",
    "prepare": "PREPARE p AS SELECT * FROM wallet.wallets",
}
FOR_NOBODY = {
    "a temporary view": "CREATE VIEW auth.mine AS SELECT * FROM wallet.wallets",
    "a function of its own": "CREATE FUNCTION auth.f() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
    "a schema": "CREATE SCHEMA mine",
    "its own table": "ALTER TABLE auth.users DISABLE TRIGGER ALL",
    "a server's file": "SELECT pg_read_file('/etc/passwd')",
    "a program": "COPY auth.users TO PROGRAM 'cat'",
    "another's sessions": "ALTER ROLE payrollx_wallet LOGIN",
}
LEAVING = {
    "set role": "SET ROLE payrollx_wallet",
    "set local": "SET LOCAL ROLE none",
    "an assignment": "set role = 'payrollx_wallet'",
    "a quoted name": 'SET "role" TO payrollx_wallet',
    "with a comment": "SET /* just */ ROLE -- so\n none",
    "reset": "RESET ROLE",
    "authorization": "SET SESSION AUTHORIZATION DEFAULT",
    "in a block": "DO $$ BEGIN SET LOCAL ROLE none; END $$",
    "executed in a block": "DO $$ BEGIN EXECUTE 'reset role'; END $$",
    "a setting": "SELECT set_config('role', 'none', true)",
    "a setting far in": "SELECT * FROM auth.users WHERE set_config ( 'role', 'none', true) = 'none'",
    "a view": "UPDATE pg_settings SET setting = 'none' WHERE name = 'role'",
    "after another": "SELECT 1; RESET ROLE; SELECT * FROM wallet.wallets",
    "commit": "COMMIT",
    "commit after another": "SELECT 1; /* now */ COMMIT; SELECT * FROM wallet.wallets",
    "behind a text with a backslash": r"SELECT E'\''; COMMIT; BEGIN; --'",
    "a setting, by such a text": "SELECT set_config(E'role', 'none', true)",
    "behind comments in a comment": "SELECT 1 /* /* */ ' */; COMMIT; SELECT '1'",
    "end": "SELECT 1; END; SELECT * FROM wallet.wallets",
    "abort": "ABORT",
    "rollback": "ROLLBACK",
    "begin": "BEGIN",
    "discard": "DISCARD ALL",
    "prepare transaction": "PREPARE TRANSACTION 'x'",
}
HARMLESS = {
    "a column called role": "UPDATE auth.users SET role = 'ADMIN' WHERE role = 'SET ROLE x'",
    "words in a literal": "SELECT 'COMMIT; RESET ROLE', ';commit'",
    "a comment": "SELECT 1 -- ; COMMIT",
    "a comment in a comment": "SELECT 1 /* one /* two */ ; COMMIT */",
    "a text with a backslash": r"SELECT E'it\'s; COMMIT'",
    "upsert": "INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a', '', '', '')"
    " ON CONFLICT (email) DO UPDATE SET role = 'ADMIN'",
    "a block": "DO $$ BEGIN UPDATE auth.users SET role = 'ADMIN'; END $$",
    "case": "SELECT CASE WHEN true THEN 1 ELSE 2 END",
    "savepoints": "SAVEPOINT one; ROLLBACK TO one; ROLLBACK TO SAVEPOINT one; RELEASE one",
    "settings": "SET LOCAL work_mem = '8MB'",
    "a lock": "SELECT pg_advisory_xact_lock(1)",
}


@SYNC
@pytest.mark.parametrize("how", ["text", "exec_driver_sql"])
def test_the_server_refuses_and_the_error_is_ours(home: Home, driver: str, how: str) -> None:
    home.move(driver)
    for name, statement in (REFUSED | FOR_NOBODY | LEAVING).items():
        with pytest.raises(BoundaryError) as caught, auth.db.session() as session:
            connection = session.connection()
            _ = session.execute(text(statement)) if how == "text" else connection.exec_driver_sql(statement)
            pytest.fail(name)
        said = str(caught.value)
        assert said.startswith("auth may not "), name
        assert home.login.params["password"] not in said
        if name in REFUSED and name != "a sequence":
            assert "wallet" in said, name
            assert "belongs to the wallet service; ask the wallet service for it" in said, name
        if name in LEAVING:
            assert "may not run" in said, name
    with auth.db.session() as session:
        assert session.scalar(text("SELECT current_user")) == "payrollx_auth"


def test_the_error_names_the_table_where_the_statement_does(home: Home) -> None:
    for name in ("select", "table", "quoted", "a join", "a block", "copy", "explain", "lock", "what its schema is for"):
        with pytest.raises(BoundaryError, match=r"auth may not use wallet\.wallets"), auth.db.session() as session:
            session.connection().exec_driver_sql(REFUSED[name])
    with pytest.raises(BoundaryError, match="auth may not use the schema wallet, which"), auth.db.session() as session:
        session.execute(text(REFUSED["a block that hides it"]))


@SYNC
def test_what_only_looks_like_leaving_runs(home: Home, driver: str) -> None:
    home.move(driver)
    for name, statement in HARMLESS.items():
        with auth.db.session() as session:
            for part in statement.split("; ") if name == "savepoints" else [statement]:
                session.execute(text(part.replace(":", r"\:")))
            assert session.scalar(text("SELECT current_user")) == "payrollx_auth", name


def test_the_search_path_opens_nothing(home: Home) -> None:
    for statement in ("SET search_path TO wallet", "SELECT set_config('search_path', 'wallet', false)"):
        with pytest.raises(BoundaryError, match=r"auth may not use wallet\.wallets"), auth.db.session() as session:
            session.execute(text(statement))
            session.execute(text("SELECT * FROM wallets"))


def test_a_role_that_was_left_unnoticed_is_taken_again(home: Home) -> None:
    """What the words don't tell: the next statement is under the role all the same."""
    block = "DO $$ BEGIN EXECUTE 're' || 'set ro' || 'le'; END $$"
    query = "SELECT set_config(''role'', ''none'', true)::tsvector"
    for hidden in (block, f"SELECT 1; {block}", f"SELECT * FROM ts_stat('{query}')"):
        assert not raw_sql.read(hidden).leaving
        with auth.db.session() as session:
            session.execute(text(hidden))
            assert session.scalar(text("SELECT current_user")) == "payrollx_auth"


@ALL
def test_a_transaction_that_was_ended_behind_its_back(home: Home, driver: str) -> None:
    """On the driver's own connection nothing is looked at; but the next statement runs under no other role."""
    home.move(driver)
    me = text("SELECT current_user")

    async def work_async() -> None:
        async with auth.db.async_session() as session:
            raw = await (await session.connection()).get_raw_connection()
            await raw.driver_connection.execute("COMMIT")  # type: ignore[union-attr]
            await session.scalar(me)

    def work() -> None:
        with auth.db.session() as session:
            session.connection().connection.cursor().execute("COMMIT")
            session.scalar(me)

    with pytest.raises(BoundaryError, match="the transaction of auth was ended behind the facade's back"):
        _ = run(work_async()) if driver == "asyncpg" else work()
    if driver != "asyncpg":
        with auth.db.session() as session:
            assert session.scalar(me) == "payrollx_auth"


@SYNC
def test_a_statement_that_is_known_is_not_run_outside_of_a_transaction(home: Home, driver: str) -> None:
    """Nor one that this service has run before, for which the guard has a shorter way."""
    home.move(driver)
    mine = select(auth.User.id)
    for _ in range(2):
        with auth.db.session() as session:
            session.execute(mine)

    with pytest.raises(BoundaryError, match="the transaction of auth was ended behind the facade's back"):
        with auth.db.session() as session:
            session.execute(mine)
            session.connection().connection.cursor().execute("COMMIT")
            session.execute(mine)


def test_settings_through_core_are_looked_at_too(home: Home) -> None:
    settings = light("pg_settings", column("name"), column("setting"), schema="pg_catalog")
    for statement in (
        select(func.set_config("role", "none", True)),
        select(func.pg_catalog.set_config("session_authorization", "x", False)),
        select(func.SET_CONFIG("role", "none", True)),
        select(literal_column("1; RESET ROLE")),
        update(settings).values(setting="none").where(settings.c.name == "role"),
    ):
        with pytest.raises(BoundaryError, match="auth may not run"), auth.db.session() as session:
            session.execute(statement)
    with auth.db.session() as session:
        session.execute(select(func.set_config("work_mem", "8MB", True)))


def test_a_view_of_the_owner_shows_what_was_meant_to_be_shown(home: Home, server: TestServer) -> None:
    """A migration may grant such a view; a service can't make one."""
    invokes = server.version >= 150000
    home.query(
        "CREATE VIEW auth.counted AS SELECT count(*) AS n FROM wallet.wallets;"
        f" CREATE VIEW auth.inside {'WITH (security_invoker)' if invokes else ''} AS SELECT * FROM wallet.wallets;"
        " ALTER VIEW auth.counted OWNER TO payrollx_owner; ALTER VIEW auth.inside OWNER TO payrollx_owner;"
        " GRANT SELECT ON auth.counted, auth.inside TO payrollx_auth"
    )
    try:
        with auth.db.session() as session:
            assert session.scalar(text("SELECT n FROM auth.counted")) == 0
        if invokes:
            with pytest.raises(BoundaryError, match="wallet"), auth.db.session() as session:
                session.execute(text("SELECT * FROM auth.inside"))
    finally:
        home.query("DROP VIEW auth.counted, auth.inside")


@SYNC
def test_other_failures_stay_sqlalchemys(home: Home, driver: str) -> None:
    home.move(driver)
    for statement in ("SELECT 1 / 0", "SELECT * FROM nothing", "SELEC"):
        with pytest.raises(DBAPIError), auth.db.session() as session:
            session.execute(text(statement))


# -- from one transaction to the next -----------------------------------------------------------------


@ALL
@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_nothing_leaks_into_the_next_transaction(home: Home, driver: str, *, commits: bool) -> None:
    home.patch.setenv("PAYROLLX_POOL_SIZE", "1")
    home.patch.setenv("PAYROLLX_POOL_OVERFLOW", "0")
    home.move(driver)

    async def whole() -> None:
        for name, (statement, trace) in TRACES.items():
            there, after = await async_leaves(statement, trace, commits=commits)
            assert (there, after) == (name != "a channel", False), name

    if driver == "asyncpg":
        run(whole())
        return
    for name, (statement, trace) in TRACES.items():
        there, after = leaves(statement, trace, commits=commits)
        assert (there, after) == (name != "a channel", False), name  # LISTEN begins with the commit


@SYNC
def test_what_core_and_later_statements_leave_is_taken_back_too(home: Home, driver: str) -> None:
    home.patch.setenv("PAYROLLX_POOL_SIZE", "1")
    home.patch.setenv("PAYROLLX_POOL_OVERFLOW", "0")
    home.move(driver)
    setting = text("SELECT current_setting('work_mem') = '7MB'")
    for statement, trace in (
        (select(func.SET_CONFIG("work_mem", "7MB", False)), setting),
        (select(func.PG_ADVISORY_LOCK(7)), text(TRACES["a lock"][1])),
        (select(literal_column("set_config('work_mem', '7MB', false)")), setting),
        (text("SELECT 1; DO $$ BEGIN EXECUTE 'se' || 't work_mem = 7168'; END $$"), setting),
    ):
        with auth.db.session() as session:
            session.execute(statement)
            assert session.scalar(trace), statement
        with auth.db.session() as session:
            assert not session.scalar(trace), statement


def test_cleaning_up_keeps_the_connection(home: Home) -> None:
    pid = text("SELECT pg_backend_pid()")
    with auth.db.session() as session:
        before = session.scalar(pid)
        session.execute(text("SET work_mem = '7MB'"))
        session.add(person())
    with pytest.raises(EndedError), auth.db.session() as session:
        session.execute(text("SELECT pg_advisory_lock(7)"))
        raise EndedError
    with auth.db.session() as session:
        assert session.scalar(pid) == before
        assert session.scalars(select(auth.User.email)).all() == ["ana@example.com"]


@ALL
@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_what_can_not_be_cleaned_is_not_handed_on(home: Home, driver: str, *, commits: bool) -> None:
    home.move(driver, application_name="cut")
    lock = text("SELECT pg_advisory_lock(7)")
    cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'cut'"

    def work() -> None:
        with auth.db.session() as session:
            session.execute(lock)
            home.query(cut)
            end(commits=commits)

    async def work_async() -> None:
        async with auth.db.async_session() as session:
            await session.execute(lock)
            home.query(cut)
            end(commits=commits)

    with pytest.raises(ConnectionLostError if commits else EndedError):
        _ = run(work_async()) if driver == "asyncpg" else work()
    auth.db.ping()


def signs_of(statement: str) -> Any:
    return raw_sql.read(statement)


@pytest.mark.parametrize("statement", LEAVING.values(), ids=LEAVING)
def test_words_that_leave_are_recognised(statement: str) -> None:
    assert signs_of(statement).leaving


@pytest.mark.parametrize("statement", HARMLESS.values(), ids=HARMLESS)
def test_words_that_only_look_like_it_are_not(statement: str) -> None:
    assert not signs_of(statement).leaving


def test_plain_statements_leave_no_traces() -> None:
    for statement in (
        *("SELECT 1", "UPDATE auth.users SET email = 'x'", "INSERT INTO t DEFAULT VALUES", "(SELECT 1)"),
        *("SELECT 1;", "SELECT ';x'; \n ;", "-- do it\nSELECT 1; (UPDATE auth.users SET email = '; do')"),
    ):
        assert not signs_of(statement).dirty
