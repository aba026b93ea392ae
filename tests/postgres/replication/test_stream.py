"""What a snapshot doesn't see yet stays, what the log can't tell stops the stream, and it goes on from where it was."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from streams import PATIENCE, PUBLICATION, Followed, followed, published
from watchers import eventually
from worlds import query, value

from payrollx_db.errors import SourceError, StateConflictError
from payrollx_db.postgres.replication.changes import Published
from payrollx_db.postgres.replication.errors import ShapeChangedError, SlotBusyError
from payrollx_db.postgres.replication.pgoutput import Reader
from payrollx_db.postgres.replication.publications import barrier, read_surroundings
from payrollx_db.postgres.replication.slots import slot_state
from payrollx_db.postgres.replication.stream import ChangeStream
from payrollx_db.postgres.session import session
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from conftest import TestServer

NAME = "streams of changes"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
SET = "SELECT current_setting('synchronous_standby_names') = 'nobody'"
END_READERS = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()"


@pytest.fixture(scope="module")
def old(logical_server: "TestServer") -> Iterator[DatabaseUrl]:
    url = logical_server.create_database(NAME)
    query(
        url, "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE other (id int PRIMARY KEY); CREATE SCHEMA away"
    )
    yield url
    logical_server.drop_database(NAME)


@asynccontextmanager
async def _emptied(url: DatabaseUrl, **options: int) -> AsyncIterator[Followed]:
    query(url, "TRUNCATE t, other")
    async with followed(url, published(url, "t", "id"), **options) as one:
        yield one


def play(url: DatabaseUrl, story: Callable[[Followed], Awaitable[None]], **options: int) -> None:
    async def run() -> None:
        async with _emptied(url, **options) as one:
            await story(one)

    asyncio.run(run())


def test_what_the_snapshot_does_not_see_stays(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        oid = one.tables[0].oid
        one.write("INSERT INTO t VALUES (1), (2)")
        before, _ = await one.snapshot()
        one.write("UPDATE t SET v = 'unseen' WHERE id = 2")
        one.write("INSERT INTO t VALUES (3)")
        changes = await one.changes(before)
        assert sorted(changes.keys[oid]) == [("1",), ("2",), ("3",)]
        assert changes.unsettled is not None
        assert one.began < changes.place == changes.unsettled < changes.reached
        await one.again(changes.place)  # a stream that starts at the place gives the same as the one that went on
        assert sorted((await one.changes(before)).keys[oid]) == [("2",), ("3",)]
        changes = await one.changes()
        assert sorted(changes.keys[oid]) == [("2",), ("3",)]
        assert (changes.unsettled, changes.place) == (None, changes.reached)
        assert not (await one.changes()).keys

    play(old, story)


def test_what_a_commit_that_waits_for_a_standby_changed_stays(logical_server: "TestServer", old: DatabaseUrl) -> None:
    # Its commit is in the log, and for as long as no standby answers, no snapshot sees it.
    async def story(one: Followed) -> None:
        oid = one.tables[0].oid
        writing = asyncio.create_task(asyncio.to_thread(one.write, "INSERT INTO t VALUES (1)"))
        await asyncio.to_thread(eventually, lambda: value(old, WAITING), "a commit that waits")
        query(old, "INSERT INTO t VALUES (2)")
        await one.stream.until(await barrier(one.connection, ""), PATIENCE)
        snapshot, _ = await one.snapshot()
        changes = one.stream.take(snapshot)
        assert sorted(changes.keys[oid]) == [("1",), ("2",)]
        assert value(old, "SELECT count(*) FROM t WHERE id = 1") == 0
        assert changes.unsettled is not None
        set_standbys("")
        await writing
        assert await one.keys() == [("1",)]

    def set_standbys(names: str) -> None:
        query(logical_server.url, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        query(logical_server.url, "SELECT pg_reload_conf()")

    async def run() -> None:
        async with _emptied(old) as one:
            set_standbys("nobody")
            await asyncio.to_thread(eventually, lambda: value(old, SET), "the setting")
            await story(one)

    query(old, f'ALTER DATABASE "{NAME}" SET synchronous_commit = off')
    try:
        asyncio.run(run())
    finally:
        set_standbys("")
        query(old, f'ALTER DATABASE "{NAME}" RESET synchronous_commit')


def test_transaction_numbers_wrap_around() -> None:
    # The log has the lower half of a number whose upper half a snapshot has, too.
    def begun(*transactions: int) -> Reader:
        messages: list[bytes] = []
        for lsn, number in enumerate(transactions, 1):
            head = b"w" + bytes(24)
            key = b"\0\1t\0\0\0\1" + str(lsn).encode()
            messages += [
                head + b"B" + struct.pack("!QqI", lsn, 0, number & 0xFFFFFFFF),
                head + b"I" + struct.pack("!I", 7) + b"N" + key,
                head + b"C\0" + struct.pack("!QQq", lsn, lsn + 1, 0),
            ]
        described = (
            b"w" + bytes(24) + b"R" + struct.pack("!I", 7) + b"public\0t\0d\0\1\1id\0" + struct.pack("!Ii", 23, -1)
        )
        feed = iter([described, *messages])
        reader = Reader([Published(7, "public.t", ("id",))])
        reader.read(lambda _: (1, memoryview(message)) if (message := next(feed, b"")) else (0, memoryview(b"")), 100)
        return reader

    top = 3 << 32
    changes = begun(top - 2, top - 1, top + 1, top + 2).take(f"{top - 2}:{top + 2}:{top - 2},{top + 1}", 0)
    assert list(changes.keys[7]) == [("1",), ("2",), ("3",), ("4",)]
    reader = begun(top - 2, top - 1, top + 1, top + 2)
    reader.take(f"{top - 2}:{top + 2}:{top - 2},{top + 1}", 0)
    again = reader.take(f"{top + 9}:{top + 9}:", 0)
    assert list(again.keys[7]) == [("1",), ("3",), ("4",)]


def test_one_key_of_several_rows_stays_for_each_transaction(old: DatabaseUrl) -> None:
    # Whole rows may be alike, and who changes one of them doesn't wait for who changes the other.
    async def run() -> None:
        query(old, "CREATE TABLE alike (a int); ALTER TABLE alike REPLICA IDENTITY FULL")
        async with followed(old, published(old, "alike", "a")) as one:
            before, _ = await one.snapshot()
            one.write("INSERT INTO alike VALUES (1)")
            first = int(value(old, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))
            one.write("INSERT INTO alike VALUES (1)")
            unseen = int(before.split(":")[1])
            changes = await one.changes(f"{unseen}:{first + 9}:{unseen}")
            assert changes.unsettled is not None
            assert await one.keys() == [("1",)]

    asyncio.run(run())


def test_messages_of_ours_are_handed_out(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        query(
            old, "SELECT pg_logical_emit_message(true, 'others', 'x'), pg_logical_emit_message(false, 'payrollx', 'y')"
        )
        lsn = await barrier(one.connection, "größer")
        changes = await one.changes()
        assert changes.messages == (b"y", "größer".encode())
        assert changes.reached >= lsn

    play(old, story)


def test_a_barrier_reaches_commits_that_did_not_wait_for_the_log(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        query(old, "SET LOCAL synchronous_commit = off; INSERT INTO t VALUES (1)")  # seen before it is in the log
        snapshot, _ = await one.snapshot()
        lsn = await barrier(one.connection, "")
        assert value(old, f"SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0') >= {lsn}")
        await one.stream.until(lsn, PATIENCE)
        assert sorted(one.stream.take(snapshot).keys[one.tables[0].oid]) == [("1",)]

    play(old, story)


RENAMED, MOVED = "its name is public.renamed", "its name is away.t"
CHANGES_OF_SHAPE = {
    "another name": ("ALTER TABLE t RENAME TO renamed", "ALTER TABLE renamed RENAME TO t", RENAMED),
    "another schema": ("ALTER TABLE t SET SCHEMA away", "ALTER TABLE away.t SET SCHEMA public", MOVED),
    "another identity": (
        "ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey", "ALTER TABLE t REPLICA IDENTITY DEFAULT", "an index",
    ),
    "another column": ("ALTER TABLE t RENAME id TO key", "ALTER TABLE t RENAME key TO id", "key came, column id went"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES_OF_SHAPE)
def test_another_shape_stops_it(old: DatabaseUrl, case: str) -> None:
    do, undo, words = CHANGES_OF_SHAPE[case]

    async def story(one: Followed) -> None:
        one.write("INSERT INTO t VALUES (1)")
        await one.changes()
        query(old, do)
        try:
            query(old, f"INSERT INTO {value(old, f'SELECT {one.tables[0].oid}::regclass')} VALUES (2)")
            for _ in range(2):
                with pytest.raises(ShapeChangedError, match=words):
                    await one.changes()
        finally:
            query(old, undo)

    play(old, story)


def test_a_column_that_is_not_published_only_lets_shapes_be_compared(
    logical_server: "TestServer", old: DatabaseUrl
) -> None:
    logical_server.needs(15, "list of the columns that a publication sends")

    async def story(one: Followed) -> None:
        described = frozenset({one.tables[0].oid})
        for statement, expected in (
            ("INSERT INTO t VALUES (1)", described),
            ("INSERT INTO t VALUES (2)", frozenset()),
            ("ALTER TABLE t ADD w int; INSERT INTO t VALUES (3)", described),
            ("ALTER TABLE t DROP w; INSERT INTO t VALUES (4)", described),
        ):
            one.write(statement)
            assert (await one.changes()).described == expected

    play(old, story)


def test_a_table_that_is_not_known_stops_it(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        query(old, f"ALTER PUBLICATION {PUBLICATION} ADD TABLE other")
        one.write("INSERT INTO other VALUES (1)")
        oid = value(old, "SELECT 'other'::regclass::oid")
        with pytest.raises(ShapeChangedError, match=f"object id {oid}"):
            await one.changes()

    play(old, story)


def test_what_the_log_does_not_tell_is_read_beside_it(old: DatabaseUrl) -> None:
    query(old, "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)")
    query(old, "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1)")

    async def run() -> None:
        async with followed(old, published(old, "parts", "id"), published(old, "t", "id")) as one:
            seen = [await read_surroundings(one.connection, PUBLICATION)]
            assert seen[0].partitions.keys() == {one.tables[0].oid}
            for statement in (
                "TRUNCATE low", "ALTER TABLE parts DETACH PARTITION low",
                "ALTER TABLE parts ATTACH PARTITION low FOR VALUES FROM (0) TO (10)",
            ):  # fmt: skip
                query(old, statement)
                seen.append(await read_surroundings(one.connection, PUBLICATION))
                assert not (await one.changes())  # the log tells nothing of it
            query(old, "INSERT INTO parts VALUES (2); UPDATE t SET v = ''; ANALYZE parts")
            query(old, "VACUUM parts")
            assert await read_surroundings(one.connection, PUBLICATION) == seen[-1]
            assert len({text for one in seen for text in one.partitions.values()}) == len(seen)
            assert len({one.publication for one in seen}) == 1
            query(old, f"ALTER PUBLICATION {PUBLICATION} DROP TABLE t")
            seen.append(await read_surroundings(one.connection, PUBLICATION))
            query(old, f"ALTER PUBLICATION {PUBLICATION} ADD TABLE t")
            seen.append(await read_surroundings(one.connection, PUBLICATION))
            query(old, f"DROP PUBLICATION {PUBLICATION}")
            assert (await read_surroundings(one.connection, PUBLICATION)).publication is None
            assert len({one.publication for one in seen}) == 3

    asyncio.run(run())


def test_a_huge_transaction_comes_in_pieces(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        oid = one.tables[0].oid
        one.write("INSERT INTO t VALUES (0)")
        place = (await one.changes()).place
        one.write("INSERT INTO t SELECT generate_series(1, 30000)")
        one.write("INSERT INTO t VALUES (30001)")
        keys: set[str] = set()
        pieces, partial, restarted = 0, True, False
        while partial:
            changes = await one.changes()
            assert len(changes.keys.get(oid, ())) < 6300
            keys |= {str(key) for (key,) in changes.keys.get(oid, ())}
            partial, pieces = changes.partial, pieces + 1
            if pieces == 2 and not restarted:  # killed in the middle of it: all of it comes again
                assert changes.place == place or place < changes.place < changes.reached + 1
                await one.again(changes.place, most_keys=5000)
                keys, pieces, restarted = set(), 0, True
        assert keys == {str(number) for number in range(1, 30002)}
        assert pieces >= 5
        assert changes.place == changes.reached

    play(old, story, most_keys=5000)


def test_it_lives_while_nobody_takes(old: DatabaseUrl) -> None:
    # The server ends sessions that say nothing; a pass may take long, and a full stream reads nothing meanwhile.
    query(old, f'ALTER DATABASE "{NAME}" SET wal_sender_timeout = 1500')

    async def story(one: Followed) -> None:
        one.write("INSERT INTO t SELECT generate_series(1, 20000)")
        await asyncio.sleep(3.5)
        keys: set[str] = set()
        while (changes := await one.changes()).partial:
            keys |= {str(key) for (key,) in changes.keys[one.tables[0].oid]}
        assert len(keys | {str(key) for (key,) in changes.keys[one.tables[0].oid]}) == 20000

    try:
        play(old, story, most_keys=1000)
    finally:
        query(old, f'ALTER DATABASE "{NAME}" RESET wal_sender_timeout')


def test_news_are_waited_for(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        assert not await one.stream.news(0.05)
        waiting = asyncio.create_task(one.stream.news(PATIENCE))
        await asyncio.sleep(0)
        await asyncio.to_thread(one.write, "INSERT INTO t VALUES (1)")
        assert await waiting
        assert await one.stream.news(PATIENCE)
        assert one.stream.backlog == 2  # a key and a transaction
        await one.changes()
        assert one.stream.backlog == 0

    play(old, story)


def test_a_lost_session_goes_on_where_it_was(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        one.write("INSERT INTO t VALUES (1)")
        place = (await one.changes()).place
        one.stream.confirm(place)
        lost = one.stream
        query(old, END_READERS)
        one.write("INSERT INTO t VALUES (2)")
        for _ in range(2):
            with pytest.raises(SourceError) as caught:
                await one.changes()
            assert (caught.value.transient, caught.value.sqlstate) == (True, "57P01")
        with pytest.raises(SourceError):
            await lost.news(0)
        fresh = ChangeStream(one.endpoint, lost.slot, PUBLICATION, one.tables)
        await fresh.start(place)  # it has the socket's number that the lost one had
        await lost.close()
        await lost.close()
        one.stream = fresh
        assert await one.keys() == [("2",)]

    play(old, story)


def test_what_is_confirmed_reaches_the_server(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        one.write("INSERT INTO t VALUES (1)")
        place = (await one.changes()).place
        one.stream.confirm(place)
        one.stream.confirm(place - 1)
        await one.close()
        async with session(one.endpoint) as connection:
            state = await slot_state(connection, one.stream.slot)
        assert state is not None
        assert (state.confirmed, state.is_here, state.is_lost, state.plugin) == (place, True, False, "pgoutput")
        assert (state.database, state.wal_status, state.lag) == (NAME, "reserved", state.current - place)
        assert state.retained >= state.lag

    play(old, story)


def test_a_quiet_database_does_not_hold_the_log_of_a_busy_server(
    logical_server: "TestServer", old: DatabaseUrl
) -> None:
    async def story(one: Followed) -> None:
        query(logical_server.url, "SELECT pg_logical_emit_message(true, 'elsewhere', repeat('x', 100000))")
        await one.stream.until(await barrier(one.connection, ""), PATIENCE)
        changes = one.stream.take((await one.snapshot())[0])
        assert not changes.keys
        assert changes.place - one.began > 100000
        one.stream.confirm(changes.place)
        await one.close()
        state = await slot_state(one.connection, one.stream.slot)
        assert state is not None
        assert state.confirmed == changes.place

    play(old, story)


def test_a_second_reader_is_refused(old: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(one: Followed) -> None:
        monkeypatch.setattr("payrollx_db.postgres.replication.stream.BUSY", 0.3)
        second = ChangeStream(one.endpoint, one.stream.slot, PUBLICATION, one.tables)
        pid = value(old, "SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", (one.stream.slot,))
        with pytest.raises(SlotBusyError, match=f"session {pid}"):
            await second.start(one.began)
        with pytest.raises(StateConflictError, match="isn't started"):
            second.take("1:1:")

    play(old, story)


def test_it_waits_for_an_earlier_reader_to_be_gone(old: DatabaseUrl) -> None:
    async def story(one: Followed) -> None:
        earlier = one.stream
        one.stream = ChangeStream(one.endpoint, earlier.slot, PUBLICATION, one.tables)
        starting = asyncio.create_task(one.stream.start(one.began))
        await asyncio.sleep(0.3)
        await earlier.close()
        await starting
        one.write("INSERT INTO t VALUES (1)")
        assert await one.keys() == [("1",)]

    play(old, story)
