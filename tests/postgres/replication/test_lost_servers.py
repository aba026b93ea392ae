"""A server that crashes, takes the slot's log away, or isn't the one that it was."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from servers import THROW_AWAY, in_memory
from streams import PUBLICATION, followed, published
from twin_servers import switch_to
from worlds import query, value

from payrollx_db.devserver import Server
from payrollx_db.errors import SourceError, StateConflictError
from payrollx_db.postgres.replication.errors import SlotLostError, UndecodableError
from payrollx_db.postgres.replication.stream import ChangeStream
from payrollx_db.postgres.session import Endpoint, session
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from conftest import TestServer

SETTINGS = {**THROW_AWAY, "shared_buffers": "16MB", "min_wal_size": "32MB", "max_wal_size": "32MB", "autovacuum": "off"}
FILL = "SELECT pg_logical_emit_message(false, 'filling', repeat('x', 1000000)) FROM generate_series(1, 40)"


@pytest.fixture(scope="module")
def fragile() -> Iterator[Server]:
    """A server that the tests may crash."""
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-", dir=in_memory()))
    folder.chmod(0o755)
    server = Server(folder / "server", settings=SETTINGS)
    try:
        query(server.up(), "CREATE TABLE t (id int PRIMARY KEY)")
        yield server
    finally:
        server.destroy()
        shutil.rmtree(folder)


def test_it_goes_on_after_a_crash(fragile: Server) -> None:
    async def run() -> None:
        async with followed(fragile.url(), published(fragile.url(), "t", "id")) as one:
            one.write("INSERT INTO t VALUES (1)")
            place = (await one.changes()).place
            one.stream.confirm(place)
            one.write("INSERT INTO t VALUES (2)")
            fragile.down(immediate=True)
            with pytest.raises(SourceError) as caught:
                await one.stream.until(place + (1 << 30), 60)
            assert caught.value.transient
            with pytest.raises(SourceError) as caught:
                await one.again(place)
            assert caught.value.transient
            fragile.up()
            async with session(one.endpoint) as one.connection:
                await one.again(place)
                assert await one.keys() == [("2",)]

    asyncio.run(run())


def test_a_slot_whose_log_was_removed_is_lost(fragile: Server) -> None:
    async def run() -> None:
        async with followed(fragile.url(), published(fragile.url(), "t", "id")) as one:
            await one.stream.close()
            query(fragile.url(), "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'")
            query(fragile.url(), "SELECT pg_reload_conf()")
            query(fragile.url(), FILL)
            query(fragile.url(), "SELECT pg_switch_wal()")
            query(fragile.url(), "CHECKPOINT")
            assert value(fragile.url(), "SELECT wal_status FROM pg_replication_slots") == "lost"
            with pytest.raises(SlotLostError, match="invalidated"):
                await one.again(one.began)

    try:
        asyncio.run(run())
    finally:
        query(fragile.url(), "ALTER SYSTEM RESET max_slot_wal_keep_size")
        query(fragile.url(), "SELECT pg_reload_conf()")


def test_a_log_that_can_not_be_decoded_needs_another_slot(fragile: Server) -> None:
    async def run() -> None:
        async with followed(fragile.url(), published(fragile.url(), "t", "id")) as one:
            await one.stream.close()
            segment = value(fragile.url(), "SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots")
            query(fragile.url(), "SELECT pg_switch_wal()")
            query(fragile.url(), "CHECKPOINT")  # from here on the server itself doesn't need what came before
            (fragile.data_dir / "cluster" / "pg_wal" / segment).unlink()
            await one.again(one.began)
            with pytest.raises(UndecodableError, match="can't decode its log") as caught:
                await one.changes()
            assert "payrollx-db follow --resync" in caught.value.hint

    asyncio.run(run())


def test_another_server_behind_the_same_address_is_refused(fragile: Server, logical_server: "TestServer") -> None:
    login = {"user": "both_servers", "password": "secret"}
    make = "CREATE ROLE both_servers SUPERUSER LOGIN PASSWORD 'secret'"

    async def run(one: Endpoint, goal: DatabaseUrl) -> None:
        async with session(one):
            pass
        switch.goal = goal
        await ChangeStream(one, "mine", PUBLICATION, ()).start(0)

    with switch_to(logical_server.url) as switch:
        place = {"host": "127.0.0.1", "port": str(switch.port)}
        url = replace(logical_server.url, params={**logical_server.url.params, **login, **place})
        query(logical_server.url, make)
        query(fragile.url(), make)
        try:
            with pytest.raises(StateConflictError, match="reached another server"):
                asyncio.run(run(Endpoint(url, "source", "old").placed(), fragile.url()))
        finally:
            query(logical_server.url, "DROP ROLE both_servers")
