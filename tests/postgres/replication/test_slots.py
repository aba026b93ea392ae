"""A slot is made, refused, lost and dropped by name, and whoever stands in the way is named."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from poolers import PROGRAM, running_pooler
from streams import PUBLICATION, followed, published
from watchers import eventually
from worlds import query, value

from payrollx_db.errors import PooledError, SourceError, StateConflictError
from payrollx_db.postgres.replication.errors import SlotBusyError, SlotLostError
from payrollx_db.postgres.replication.slots import create_slot, drop_slot, slot_state
from payrollx_db.postgres.replication.stream import ChangeStream
from payrollx_db.postgres.session import Endpoint, session
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from conftest import TestServer

SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'mine%'"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid' AND query LIKE '%create_logical%'"


@pytest.fixture(scope="module")
def old(logical_server: "TestServer") -> Iterator[DatabaseUrl]:
    url = logical_server.create_database("slots")
    query(url, "CREATE TABLE t (id int PRIMARY KEY)")
    yield url
    logical_server.drop_database("slots")


def endpoint(url: DatabaseUrl, **changed: str) -> Endpoint:
    return Endpoint(replace(url, params={**url.params, **changed}), "source", "old").placed()


def start(one: Endpoint, slot: str = "mine", at: int = 0) -> None:
    """Read from a slot; what is raised is of interest."""

    async def run() -> None:
        stream = ChangeStream(one, slot, PUBLICATION, ())
        await stream.start(at)
        await stream.close()

    asyncio.run(run())


def run_with(one: Endpoint, work: Any) -> Any:
    async def run() -> Any:
        async with session(one) as connection:
            return await work(connection)

    return asyncio.run(run())


@contextlib.contextmanager
def slot(url: DatabaseUrl, name: str = "mine") -> Iterator[int]:
    lsn = asyncio.run(create_slot(endpoint(url), name))
    try:
        yield lsn
    finally:
        run_with(endpoint(url), lambda connection: drop_slot(connection, name))


def test_a_slot_is_made_once_and_dropped_once(old: DatabaseUrl) -> None:
    with slot(old) as lsn:
        state = run_with(endpoint(old), lambda connection: slot_state(connection, "mine"))
        assert (state.confirmed, state.active, state.lag) == (lsn, False, state.current - lsn)
        with pytest.raises(StateConflictError, match="mine is there already"):
            asyncio.run(create_slot(endpoint(old), "mine"))
    assert run_with(endpoint(old), lambda connection: slot_state(connection, "mine")) is None
    assert not run_with(endpoint(old), lambda connection: drop_slot(connection, "mine"))


@pytest.mark.parametrize("prepared", [False, True])
def test_who_keeps_a_slot_from_being_made_is_named(old: DatabaseUrl, prepared: bool) -> None:
    if prepared and value(old, "SHOW max_prepared_transactions") == "0":
        pytest.skip("the server allows no prepared transactions")
    with psycopg.connect(old.conninfo(), application_name="a long report") as writer:
        writer.execute("INSERT INTO t VALUES (-1)")
        if prepared:
            writer.execute("PREPARE TRANSACTION 'a long one'")
        with pytest.raises(SourceError, match="isn't made in time") as caught:
            asyncio.run(create_slot(endpoint(old), "mine", patience=0.5))
        (line,) = caught.value.details
        who = (
            "the prepared transaction 'a long one'"
            if prepared
            else f"session {writer.info.backend_pid} .a long report."
        )
        assert re.match(f"{who} of database slots, ", line)
        assert caught.value.transient
        eventually(lambda: not query(old, SLOTS), "a slot that is gone")
        writer.rollback()
    if prepared:
        query(old, "ROLLBACK PREPARED 'a long one'")


def test_a_session_that_acts_as_another_role_keeps_its_own_right(old: DatabaseUrl) -> None:
    """The unified database is used as the role that owns its tables, which may not replicate."""
    query(old, "CREATE ROLE owner_of_tables NOLOGIN")
    try:
        acting = replace(endpoint(old), settings={"role": "owner_of_tables"})
        assert asyncio.run(create_slot(acting, "mine")) > 0
        assert run_with(acting, lambda connection: drop_slot(connection, "mine")) is True
    finally:
        query(old, "DROP ROLE owner_of_tables")


def test_a_slot_whose_making_is_given_up_is_not_there(old: DatabaseUrl) -> None:
    async def run() -> None:
        creating = asyncio.create_task(create_slot(endpoint(old), "mine"))
        await asyncio.to_thread(eventually, lambda: value(old, WAITS) == 1, "a slot that waits")
        creating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creating

    with psycopg.connect(old.conninfo()) as writer:
        writer.execute("INSERT INTO t VALUES (-2)")
        asyncio.run(run())
        eventually(lambda: not query(old, SLOTS), "a slot that is gone")
        writer.rollback()


def test_a_slot_that_is_read_is_not_dropped(old: DatabaseUrl) -> None:
    async def run() -> None:
        async with followed(old, published(old, "t", "id"), slot="mine") as one:
            with pytest.raises(SlotBusyError, match=r"read by session [0-9]+"):
                await drop_slot(one.connection, "mine", patience=0)

    asyncio.run(run())
    assert query(old, SLOTS) == []


def test_a_slot_that_is_gone_is_lost(old: DatabaseUrl) -> None:
    with pytest.raises(SlotLostError, match="slot mine is not there any more") as caught:
        start(endpoint(old))
    assert "payrollx-db follow --resync" in caught.value.hint
    assert caught.value.exit_code == 6


def test_a_slot_that_is_ahead_of_the_other_side_is_lost(old: DatabaseUrl) -> None:
    # The server would begin where the slot is, without a word: the other side was restored, or lost its last commits.
    with slot(old) as lsn:
        start(endpoint(old), at=lsn)
        with pytest.raises(SlotLostError, match="what lies between can't be read again"):
            start(endpoint(old), at=lsn - 1)


def test_a_slot_of_another_database_is_none_of_ours(logical_server: "TestServer", old: DatabaseUrl) -> None:
    with slot(logical_server.url), pytest.raises(StateConflictError, match="one of database postgres") as caught:
        start(endpoint(old))
    assert not isinstance(caught.value, SlotLostError)


def test_a_role_without_the_right_is_told_who_grants_it(old: DatabaseUrl) -> None:
    query(old, "CREATE ROLE no_reader LOGIN PASSWORD 'secret'; GRANT ALL ON DATABASE slots TO no_reader")
    unprivileged = endpoint(old, user="no_reader", password="secret")
    try:
        for doing in (lambda: start(unprivileged), lambda: asyncio.run(create_slot(unprivileged, "mine"))):
            with pytest.raises(SourceError) as caught:
                doing()
            assert caught.value.sqlstate == "42501"
            assert "ALTER ROLE … REPLICATION" in caught.value.hint
            assert "secret" not in str(caught.value)
    finally:
        query(old, "DROP OWNED BY no_reader; DROP ROLE no_reader")


@pytest.mark.parametrize("ignored", ["extra_float_digits", "extra_float_digits, replication"])
def test_a_pooler_is_refused_by_name(old: DatabaseUrl, ignored: str) -> None:
    if not PROGRAM:
        pytest.skip("PgBouncer is not installed")
    login = {name: old.params[name] for name in ("user", "password")}
    with running_pooler(old, login, size=2, ignored=ignored) as place, slot(old):
        with pytest.raises(
            PooledError, match=f"a pooler stands at .*{place['port']}.*: the log can't be read through it"
        ):
            start(endpoint(old, **place))


def test_a_url_of_a_pooler_is_refused(old: DatabaseUrl) -> None:
    with pytest.raises(PooledError, match="take pgbouncer=true out of it"):
        start(Endpoint(replace(old, pgbouncer=True), "source", "old"))


def test_a_server_that_can_not_be_reached_is_told(old: DatabaseUrl) -> None:
    with pytest.raises(SourceError) as caught:
        start(endpoint(old, port="1"))
    assert caught.value.transient
    assert caught.value.exit_code == 4
