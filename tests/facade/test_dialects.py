"""The guard as SQLAlchemy's dialect: nothing gets around it, and what it stands on is still there."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from facades import ALL, ASYNC, SYNC, Home, person, run
from sqlalchemy import Column, Engine, Integer, MetaData, Sequence, Table, bindparam, func, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import Session

from payrollx_db import auth, employee, unified, wallet
from payrollx_db.auth import RefreshToken, User
from payrollx_db.errors import BoundaryError, TargetError
from payrollx_db.facade import dialects, engines, statements
from payrollx_db.facade.compiler import NotingCompiler
from payrollx_db.facade.guard import GuardedDialect
from payrollx_db.facade.transaction_settings import Isolation
from payrollx_db.wallet import Wallet

CLASSES: list[Any] = [
    dialects.GuardedPsycopg,
    dialects.GuardedPsycopgAsync,
    dialects.GuardedPg8000,
    dialects.GuardedAsyncpg,
]


# -- what it stands on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in vars(GuardedDialect) if hasattr(DefaultDialect, name)])
def test_sqlalchemy_calls_its_dialect_as_it_did(name: str) -> None:
    """Each method that the guard overrides takes what SQLAlchemy's own takes, under the same names."""
    own, theirs = getattr(GuardedDialect, name), getattr(DefaultDialect, name)
    if not callable(own) or name.startswith("__"):
        return

    takes, given = inspect.signature(own).parameters, inspect.signature(theirs).parameters
    generic = {"arguments", "options", "cargs", "cparams"}
    assert [p for p in takes if p not in generic] == [p for p in given if p not in generic], name


def test_the_methods_that_the_guard_lives_by_are_sqlalchemys() -> None:
    needed = {"do_execute", "do_executemany", "do_execute_no_params", "do_commit", "do_rollback", "do_ping",
              "do_rollback_to_savepoint", "initialize", "connect", "is_disconnect",
              "set_connection_execution_options"}  # fmt: skip

    assert needed <= set(dir(DefaultDialect))
    assert needed <= set(vars(GuardedDialect))


@pytest.mark.parametrize("guarded", CLASSES, ids=lambda guarded: guarded.__name__)
def test_no_driver_has_its_own_way_to_execute(guarded: Any) -> None:
    """The guard's method comes first, and each dialect has a compiler that notes tables, and a cache."""
    for name in ("do_execute", "do_executemany", "do_execute_no_params", "do_commit", "do_rollback", "do_ping"):
        assert getattr(guarded, name) is getattr(GuardedDialect, name), name
    assert issubclass(guarded.statement_compiler, NotingCompiler)
    assert guarded.__mro__.index(GuardedDialect) == 1
    assert guarded.supports_statement_cache


@pytest.mark.parametrize("name", [name for name in vars(NotingCompiler) if name.startswith("visit_")])
def test_sqlalchemys_compiler_has_what_is_noted(name: str) -> None:
    assert callable(getattr(PGCompiler, name))


@SYNC
def test_nothing_of_sqlalchemy_is_replaced(home: Home, driver: str) -> None:
    home.patch.setattr(Engine, "_has_events", False)  # a query log that was on in this process has left it so
    home.move(driver)
    auth.db.ping()
    place = engines.place(auth.db.url)
    view = place.view(auth.db.wall)

    methods = {name for name, value in vars(GuardedDialect).items() if callable(value)}
    assert not vars(view.dialect).keys() & (methods | {"statement_compiler", "execution_ctx_cls"})
    assert type(view).__module__ == "sqlalchemy.engine.base"
    # A listener on an engine costs each statement. SQLAlchemy's class may have had one: the query log's in other tests.
    assert not any(vars(engine).get("_has_events") for engine in (view, place.engine))


# -- nothing gets around it -----------------------------------------------------------------------------


class MarkedError(BoundaryError):
    """Says that the guard was asked."""


NUMBERED = Table(
    "numbered",
    MetaData(schema="auth"),
    Column("id", Integer, Sequence("numbers", schema="auth"), primary_key=True),
    implicit_returning=False,  # so that SQLAlchemy asks for the number first
)
TOKENS = [{"token": str(number), "user_id": None, "expires_at": None} for number in range(3)]
WAYS: dict[str, Callable[[Session], Any]] = {
    "the ORM": lambda session: session.scalars(select(User)).all(),
    "a flush": lambda session: (session.add(person()), session.flush()),
    "many rows": lambda session: session.execute(insert(RefreshToken), TOKENS),
    "many rows, returned": lambda session: session.execute(insert(RefreshToken).returning(RefreshToken.id), TOKENS),
    "many updates": lambda session: session.connection().execute(
        auth.db.users.update().where(auth.db.users.c.email == bindparam("e")), [{"e": "a", "role": "b"}] * 2
    ),
    "raw SQL": lambda session: session.execute(text("SELECT 1")),
    "the driver's SQL": lambda session: session.connection().exec_driver_sql("SELECT 1"),
    "a savepoint": lambda session: session.connection().begin_nested(),
    "a stream": lambda session: session.execute(select(User).execution_options(yield_per=1)).all(),
    "a sequence": lambda session: session.scalar(select(func.nextval("auth.numbers"))),
    "a default that is asked for": lambda session: session.execute(insert(NUMBERED)),
    "a bare function": lambda session: session.scalar(func.now()),
}


@pytest.mark.parametrize("driver", ["psycopg", "pg8000"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_the_server_asks_the_guard(
    home: Home, monkeypatch: pytest.MonkeyPatch, way: str, driver: str
) -> None:
    home.move(driver)
    auth.db.ping()

    def mark(*_arguments: Any) -> None:
        raise MarkedError("asked")

    monkeypatch.setattr(GuardedDialect, "_admit", mark)

    with pytest.raises(MarkedError), auth.db.session() as session:
        WAYS[way](session)


def test_a_statement_that_others_compiled_is_refused() -> None:
    """Nobody has noted which tables it names. SQLAlchemy 2.1 executes none such; should it again, we refuse it."""
    compiled = select(wallet.db.wallets.c.id).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    context = SimpleNamespace(compiled=compiled, isddl=False, execution_options={})

    with pytest.raises(BoundaryError, match=r"the facade can't tell which tables a PGCompiler\w* names"):
        statements.check(auth.db.wall, str(compiled), (), context)


def test_an_engine_that_is_no_services_executes_nothing(home: Home) -> None:
    auth.db.ping()

    with engines.place(auth.db.url).engine.connect() as connection, pytest.raises(BoundaryError, match="no service's"):
        connection.execute(text("SELECT 1"))


def test_options_of_a_statement_make_it_no_other_services(home: Home) -> None:
    place = engines.place(auth.db.url)
    others = place.view(wallet.db.wall).get_execution_options()

    with pytest.raises(BoundaryError, match=r"auth may not read wallet\.wallets"), auth.db.session() as session:
        session.execute(select(Wallet), execution_options=dict(others))


def test_what_one_service_may_read_stays_refused_to_the_next(home: Home) -> None:
    """They share the cache of compiled statements."""
    with wallet.db.session() as session:
        session.execute(select(Wallet)).all()
    with pytest.raises(BoundaryError, match=r"auth may not read wallet\.wallets"), auth.db.session() as session:
        session.execute(select(User))  # so that the role is in force
        session.execute(select(Wallet))


# -- a transaction that the pool's question has begun ---------------------------------------------------

SHOW = text(
    "SELECT current_user::text, current_setting('transaction_isolation'), current_setting('transaction_read_only'),"
    " current_setting('search_path')"
)
MODES: list[tuple[Any, Isolation | None, bool]] = [
    (auth, None, False), (auth, None, False), (wallet, None, False), (auth, "SERIALIZABLE", False),
    (auth, "SERIALIZABLE", True), (auth, None, False), (employee, "REPEATABLE READ", True), (wallet, None, True),
    (wallet, None, False),
]  # fmt: skip


def expected(module: Any, isolation: Isolation | None, *, read_only: bool) -> tuple[str, ...]:
    name = module.service.name
    return f"payrollx_{name}", (isolation or "read committed").lower(), "on" if read_only else "off", name


@SYNC
def test_each_transaction_runs_as_it_was_asked_to(home: Home, driver: str) -> None:
    """Whatever the connection's last transaction was, whose settings the pool's question takes."""
    home.move(driver)
    for module, isolation, read_only in MODES:
        with module.db.session(isolation=isolation, read_only=read_only) as session:
            assert tuple(session.execute(SHOW).one()) == expected(module, isolation, read_only=read_only)
    with unified.transaction(wallet, auth) as tx:
        assert [tx.auth.execute(SHOW).one()[0], tx.wallet.execute(SHOW).one()[0]] == [
            "payrollx_auth",
            "payrollx_wallet",
        ]
    with unified.reader.session() as session:
        assert session.execute(SHOW).one()[1:3] == ("repeatable read", "on")
    assert engines.place(auth.db.url).engine.pool.checkedout() == 0


@ASYNC
def test_each_async_transaction_runs_as_it_was_asked_to(home: Home, driver: str) -> None:
    home.move(driver)

    async def whole() -> None:
        for module, isolation, read_only in MODES:
            async with module.db.async_session(isolation=isolation, read_only=read_only) as session:
                *modes, path = (await session.execute(SHOW)).one()
                assert (*modes, path.strip('"')) == expected(module, isolation, read_only=read_only)

    run(whole())


@SYNC
def test_rows_of_the_first_service_stay_when_the_next_goes_on(home: Home, driver: str) -> None:
    """The transaction that the question began is used by now: switching it must not begin another."""
    home.move(driver)
    auth.db.ping()
    with auth.db.session() as session:
        session.add(person("before"))
    with unified.transaction(auth, wallet) as tx:
        tx.auth.add(person("kept"))
        tx.auth.flush()
        assert tx.wallet.scalars(select(Wallet)).all() == []

    assert home.query("SELECT count(*) FROM auth.users") == [(2,)]


@SYNC
def test_a_transaction_that_nobody_used_is_not_left_open(home: Home, driver: str) -> None:
    home.move(driver, application_name="unused")
    for _ in range(3):
        with unified.transaction(auth, wallet):
            pass
        auth.db.ping()
    with unified.transaction(auth, wallet):
        pass

    states = home.query("SELECT state, xact_start FROM pg_stat_activity WHERE application_name = 'unused'")
    assert states == [("idle", None)]


@ALL
def test_a_role_that_is_taken_away_and_given_back(home: Home, driver: str) -> None:
    """The pool's question fails then, and is asked in another way; whoever wants the role is told."""
    home.move(driver)
    login = home.login.params["user"]

    def use() -> None:
        async def whole() -> None:
            async with auth.db.async_session() as session:
                await session.execute(select(User))

        if driver == "asyncpg":
            run(whole())
            return
        with auth.db.session() as session:
            session.execute(select(User))

    use()
    home.query(f"REVOKE payrollx_auth FROM {login}")
    try:
        for _ in range(2):
            with pytest.raises(TargetError, match=f"{login} may not act as payrollx_auth"):
                use()
    finally:
        home.query(f"GRANT payrollx_auth TO {login}")
    use()


def test_a_plain_engine_is_refused() -> None:
    from sqlalchemy import create_engine

    from payrollx_db.facade.guard import guard

    plain: Engine = create_engine("postgresql+psycopg://")
    with pytest.raises(TypeError, match="PGDialect_psycopg is no guarded dialect"):
        guard(plain)
