"""Writers wait behind a fence and go on when it is lifted, whatever becomes of us; who is in its way is named."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from fenced_databases import TABLES, Fort, client, query, script, transaction, waiting
from poolers import PROGRAM, running_pooler
from relays import losing_one_answer
from watchers import eventually

from payrollx_db.consolidate.cutover.fence import Patience, fenced, who_blocks
from payrollx_db.consolidate.cutover.posts import Post
from payrollx_db.consolidate.cutover.preparing import prepare_gates
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.errors import FenceError, FenceLostError, PooledError, SourceError
from payrollx_db.model.events import Event
from payrollx_db.postgres.session import run, session
from payrollx_db.postgres.sqlstates import READ_ONLY
from payrollx_db.postgres.url import DatabaseUrl

QUICK = Patience(attempts=2, pause=0.05)
SLOW = Patience(locks=5, attempts=40, pause=0.1)

# A fence that stands until it is told to close the gates.
HOLDER = """
import asyncio, sys
from fenced_databases import Fort
from payrollx_db.consolidate.cutover.fence import Patience, fenced
from payrollx_db.errors import FenceLostError
from payrollx_db.postgres.url import DatabaseUrl

async def main():
    fort = Fort(DatabaseUrl.parse(sys.argv[1]))
    async with fenced([await fort.fenced()], Patience(lease=1.0)) as fence:
        print("stands", flush=True)
        try:
            await asyncio.sleep({seconds})
        except asyncio.CancelledError:
            pass
        await fence.commit_gates()
        print("closed", flush=True)

try:
    asyncio.run(main())
except FenceLostError:
    print("lost", flush=True)
"""


@pytest.fixture(scope="module")
def fort(server: Any) -> Iterator[Fort]:
    """A database whose gates are made, and open."""
    with ExitStack() as stack:
        yield _made(server, "t_fence", stack)


@pytest.fixture(scope="module")
def other(server: Any) -> Iterator[Fort]:
    """A second one."""
    with ExitStack() as stack:
        yield replace(_made(server, "t_fence_other", stack), name="other")


def _made(server: Any, name: str, stack: ExitStack) -> Fort:
    url = server.create_database(name)
    stack.callback(server.drop_database, name)
    query(url, TABLES)
    fort = Fort(url)

    async def prepare() -> None:
        await prepare_gates(await fort.fenced())

    asyncio.run(prepare())
    return fort


def _open(*forts: Fort) -> None:
    async def each(fort: Fort) -> None:
        async with session((await fort.fenced()).writing) as connection:
            await run(connection, fort.gate.open())

    for fort in forts:
        asyncio.run(each(fort))


def _closed(fort: Fort) -> bool | None:
    async def ask() -> bool | None:
        async with session(fort.endpoint) as connection:
            return await gates.is_closed(connection, fort.gate)

    return asyncio.run(ask())


# --- who waits -----------------------------------------------------------------------------------------

WRITERS = {
    "plain": ("INSERT INTO items (note) VALUES ('x')",),
    "takes numbers ahead": ("SELECT nextval('items_id_seq')",),
    "sets itself read-write": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "UPDATE items SET note = 'y'",
    ),
    "a replica": ("SET session_replication_role = replica", "DELETE FROM months_2_1 WHERE id = 99"),
    "truncates": ("TRUNCATE heirs_below",),
    "makes a partition": ("CREATE TABLE months_9 PARTITION OF months FOR VALUES IN (9); DROP TABLE months_9",),
    "changes a table": ("ALTER TABLE items ADD COLUMN more integer; ALTER TABLE items DROP COLUMN more",),
    "two-phase": ("BEGIN; INSERT INTO items (note) VALUES ('x'); PREPARE TRANSACTION 'two'", "COMMIT PREPARED 'two'"),
}


def test_whoever_writes_waits_and_goes_on_without_an_error(fort: Fort) -> None:
    async def stand() -> list[list[str]]:
        async with fenced([await fort.fenced()], SLOW):
            clients = [client(fort.url, *statements) for statements in WRITERS.values()]
            await asyncio.to_thread(eventually, lambda: waiting(fort.url) >= len(clients), "all wait")
            await asyncio.to_thread(query, fort.url, 'SELECT FROM "Odd % ""Name"')  # readers go on
            assert [name for name, each in zip(WRITERS, clients, strict=True) if not each.waits] == []
        return [each.end() for each in clients]

    ended = dict(zip(WRITERS, asyncio.run(stand()), strict=True))
    assert ended == {name: ["OK"] * len(statements) for name, statements in WRITERS.items()}


def test_whoever_waited_is_refused_when_the_gates_are_closed(fort: Fort) -> None:
    async def stand() -> list[list[str]]:
        async with fenced([await fort.fenced()], SLOW) as fence:
            clients = [client(fort.url, statement) for statement in ("UPDATE shown SET note = ''", "TRUNCATE months")]
            await asyncio.to_thread(eventually, lambda: waiting(fort.url) >= len(clients), "all wait")
            await fence.commit_gates()
            return [await asyncio.to_thread(each.end) for each in clients]

    try:
        assert asyncio.run(stand()) == [[READ_ONLY], [READ_ONLY]]
        assert client(fort.url, "SELECT nextval('items_id_seq')").end() == ["OK"]
    finally:
        _open(fort)
    assert client(fort.url, "UPDATE shown SET note = ''").end() == ["OK"]


@pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")
def test_clients_of_a_pooler_wait_and_we_do_not_go_through_it(server: Any, fort: Fort) -> None:
    login = {key: server.url.params[key] for key in ("user", "password") if key in server.url.params}
    with running_pooler(server.url, login, size=3) as place:
        pooled = DatabaseUrl({**fort.url.params, **login, **place})

        async def stand() -> list[list[str]]:
            async with fenced([await fort.fenced()], SLOW):
                clients = [client(pooled, "INSERT INTO items (note) VALUES ('pooled')") for _ in range(6)]
                await asyncio.to_thread(eventually, lambda: waiting(fort.url) >= 3, "all of its sessions wait")
                assert all(each.waits for each in clients)
            return [each.end() for each in clients]

        assert asyncio.run(stand()) == [["OK"]] * 6

        async def through() -> None:
            endpoint = replace(fort.endpoint, url=pooled)
            async with fenced([replace(await fort.fenced(), endpoint=endpoint)], QUICK):
                pass

        with pytest.raises(PooledError):
            asyncio.run(through())


def test_a_long_reader_is_in_nobodys_way(fort: Fort) -> None:
    async def stand() -> int:
        async with fenced([await fort.fenced()], Patience(locks=60, attempts=1)) as fence:
            return fence.attempts

    with transaction(fort.url, "SELECT count(*) FROM items, months"):
        assert asyncio.run(stand()) == 1


# --- who is in the way ----------------------------------------------------------------------------------


def _refusal(*forts: Fort, terminate: bool = False, patience: Patience = QUICK) -> FenceError:
    async def stand() -> None:
        async with fenced([await fort.fenced() for fort in forts], patience, terminate=terminate):
            pass

    with pytest.raises(FenceError) as refused:
        asyncio.run(stand())
    return refused.value


def test_a_long_transaction_is_named_and_nobody_else_waits_for_it(fort: Fort, other: Fort) -> None:
    with transaction(fort.url, "UPDATE items SET note = 'sesame'", application="night batch") as holder:
        error = _refusal(fort, other)
        named = " ".join([error.message, *error.details])
        assert f"session {holder.info.backend_pid} (night batch) of {holder.info.user}" in named
        assert "since 20" in named
        assert "public.items" in named
        assert "sesame" not in str(error) + named
        assert "--terminate" in error.hint
        assert client(other.url, "INSERT INTO items (note) VALUES ('x')").end() == ["OK"]
        ((first, *_),) = [asyncio.run(_blockers(fort))]
        assert (first.pid, first.application) == (holder.info.backend_pid, "night batch")
    assert asyncio.run(_blockers(fort)) == []


async def _blockers(fort: Fort) -> list[Any]:
    return await who_blocks([await fort.fenced()])


def test_a_prepared_transaction_is_named(fort: Fort) -> None:
    query(fort.url, "BEGIN; INSERT INTO items (note) VALUES ('x'); PREPARE TRANSACTION 'left behind'")
    try:
        error = _refusal(fort)
        assert "prepared transaction 'left behind'" in error.message
        assert "ROLLBACK PREPARED" in error.hint
        assert _refusal(fort, terminate=True).details == error.details
    finally:
        query(fort.url, "ROLLBACK PREPARED 'left behind'")


def test_what_vacuums_is_named(fort: Fort) -> None:
    with transaction(fort.url, "LOCK TABLE months_1 IN SHARE UPDATE EXCLUSIVE MODE"):
        assert "vacuums" in _refusal(fort).message


def test_a_person_may_end_who_is_in_the_way(fort: Fort) -> None:
    events: list[Event] = []

    async def stand() -> list[int | None]:
        async with fenced([await fort.fenced()], SLOW, terminate=True, observer=events.append) as fence:
            return [blocker.pid for blocker in fence.ended]

    with transaction(fort.url, "UPDATE items SET note = 'x'", application="in the way") as holder:
        assert holder.info.backend_pid in asyncio.run(stand())
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT")
    assert any("ended by --terminate" in str(event) for event in events)


def test_no_client_is_the_victim_of_a_deadlock_with_us(fort: Fort) -> None:
    """It has one of the tables and asks for another, which we have by then, while we wait for its own."""

    async def stand() -> list[str]:
        with transaction(fort.url, "DELETE FROM months WHERE id = 99") as first:
            task = asyncio.create_task(_wait_and_hold())
            await asyncio.to_thread(eventually, lambda: waiting(fort.url) >= 1, "the fence waits")
            await asyncio.to_thread(first.execute, "INSERT INTO items (note) VALUES ('crossed')")
            first.commit()
            await task
        return ["OK"]

    async def _wait_and_hold() -> None:
        async with fenced([await fort.fenced()], Patience(locks=5, attempts=40, pause=0.05)):
            pass

    assert asyncio.run(stand()) == ["OK"]


def test_an_owner_without_more_rights_can_fence(fort: Fort) -> None:
    query(fort.url, "DROP ROLE IF EXISTS t_owner; CREATE ROLE t_owner LOGIN PASSWORD 'made up'")
    database = fort.url.dbname
    moved = ["items", '"Odd % ""Name"', "months", "months_1", "months_2", "months_2_1", "above", "heirs", "heirs_below"]
    alter = "; ".join(f"ALTER TABLE {name} OWNER TO {{0}}" for name in moved)
    query(
        fort.url,
        alter.format("t_owner")
        + f'; GRANT ALL ON SCHEMA payrollx TO t_owner; GRANT CREATE ON DATABASE "{database}" TO t_owner',
    )
    query(fort.url, 'ALTER FUNCTION payrollx."moved fort"() OWNER TO t_owner')
    owner = replace(fort, url=DatabaseUrl({**fort.url.params, "user": "t_owner", "password": "made up"}))

    async def stand() -> None:
        async with fenced([await owner.fenced()], SLOW) as fence:
            await fence.commit_gates()

    try:
        asyncio.run(stand())
        assert client(fort.url, "UPDATE items SET note = ''").end() == [READ_ONLY]
    finally:
        _open(fort)
        query(fort.url, "REASSIGN OWNED BY t_owner TO CURRENT_USER; DROP OWNED BY t_owner; DROP ROLE t_owner")


def test_who_may_not_lock_is_told_so(fort: Fort) -> None:
    query(fort.url, "DROP ROLE IF EXISTS t_reader; CREATE ROLE t_reader LOGIN PASSWORD 'made up'")
    reader = replace(fort, url=DatabaseUrl({**fort.url.params, "user": "t_reader", "password": "made up"}))

    async def stand() -> None:
        async with fenced([await reader.fenced()], QUICK):
            pass

    try:
        with pytest.raises(SourceError) as refused:
            asyncio.run(stand())
        assert refused.value.sqlstate == "42501"
    finally:
        query(fort.url, "DROP ROLE t_reader")


# --- what becomes of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [pytest.param(signal.SIGKILL, marks=pytest.mark.long), signal.SIGSTOP])
def test_when_we_die_or_hang_the_writers_go_on(fort: Fort, way: signal.Signals, monkeypatch: Any) -> None:
    monkeypatch.setenv("PYTHONPATH", "tests/support")
    holder = script(fort.url, HOLDER.format(seconds=600))
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "stands\n"
        holder.send_signal(way)
        assert client(fort.url, "INSERT INTO items (note) VALUES ('x')").end() == ["OK"]
        if way == signal.SIGSTOP:  # it comes to, and finds that it may not close the gates any more
            holder.send_signal(signal.SIGCONT)
            assert holder.stdout.readline() == "lost\n"
    finally:
        holder.kill()
        holder.communicate()
    assert _closed(fort) is False


def test_when_one_gate_cannot_be_closed_none_is(fort: Fort, other: Fort, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session of one is ended right before its commit; the other's was committed, and is open again."""

    async def stand() -> None:
        async with fenced([await fort.fenced(), await other.fenced()], SLOW) as fence:
            pid = fence.connection("other").info.backend_pid
            original = Post.commit

            async def commit(post: Post) -> None:
                if post.pid == pid:
                    await asyncio.to_thread(query, other.url, f"SELECT pg_terminate_backend({pid}, 5000)")
                await original(post)

            monkeypatch.setattr(Post, "commit", commit)
            await fence.commit_gates()

    with pytest.raises(FenceLostError):
        asyncio.run(stand())
    assert [_closed(fort), _closed(other)] == [False, False]


def test_a_commit_whose_answer_is_lost_is_undone(fort: Fort, other: Fort) -> None:
    """The server has closed the gate, and nobody knows; so it is opened."""
    with losing_one_answer(fort.url, when=lambda: True) as relay:

        async def stand() -> None:
            through = replace(fort, url=relay.url).endpoint
            async with fenced([replace(await fort.fenced(), endpoint=through), await other.fenced()], SLOW) as fence:
                await fence.commit_gates()

        with pytest.raises(FenceLostError):
            asyncio.run(stand())
        assert relay.lost == 1
    assert [_closed(fort), _closed(other)] == [False, False]


def test_partitions_that_came_after_the_preparation_are_closed_too(fort: Fort) -> None:
    query(fort.url, "CREATE TABLE months_5 PARTITION OF months FOR VALUES IN (5)")

    async def stand() -> None:
        async with fenced([await fort.fenced()], SLOW) as fence:
            await fence.commit_gates()

    try:
        asyncio.run(stand())
        assert client(fort.url, "INSERT INTO months_5 VALUES (1, 5)").end() == [READ_ONLY]
    finally:
        _open(fort)
        query(fort.url, "DROP TABLE months_5")


def test_an_event_trigger_that_forbids_changes_is_told_and_undone(fort: Fort) -> None:
    query(
        fort.url,
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '0A000'; END $$;"
        "CREATE EVENT TRIGGER no_changes ON ddl_command_start WHEN tag IN ('CREATE FUNCTION') EXECUTE FUNCTION no()",
    )

    async def stand() -> None:
        async with fenced([await fort.fenced()], SLOW) as fence:
            await fence.commit_gates()

    try:
        with pytest.raises(SourceError) as refused:
            asyncio.run(stand())
        assert refused.value.sqlstate == "0A000"
    finally:
        query(fort.url, "DROP EVENT TRIGGER no_changes")
    assert client(fort.url, "INSERT INTO items (note) VALUES ('x')").end() == ["OK"]


def test_shapes_tell_what_changed_meanwhile(fort: Fort) -> None:
    async def shapes() -> dict[str, str]:
        async with fenced([await fort.fenced()], SLOW) as fence:
            return await fence.shapes()

    before = asyncio.run(shapes())
    assert asyncio.run(shapes()) == before
    query(fort.url, "CREATE TABLE new_one (id integer)")
    with_a_table = asyncio.run(shapes())
    query(
        fort.url,
        "DROP TABLE new_one; ALTER TABLE items ALTER note SET NOT NULL; ALTER TABLE items ALTER note DROP NOT NULL",
    )
    assert with_a_table != before
    assert asyncio.run(shapes()) == before
