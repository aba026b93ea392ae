"""Two servers of which one is a clone of the other: one system identifier, the same databases, different rows later."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from servers import THROW_AWAY
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.devserver import Server, create_database
from payrollx_db.devserver.server import CONFIGURATION
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.events import Event, RunStarted, TableFinished
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.postgres.url import DatabaseUrl

SERVICE = Service("app", schema="app", role="twin_app", tables=("users", "bills"))
CATALOG = Catalog("twins", (SERVICE,), owner_role="twin_owner")
OLD, OTHER = (
    LegacyDatabase(name, name.upper(), "app", (TableMap(SourceTable(table, {"id": "integer"}), f"app.{table}"),))
    for name, table in (("old", "users"), ("other", "bills"))
)
ONE, BOTH = Layout("one", (OLD,)), Layout("both", (OLD, OTHER))
SOURCE = "CREATE TABLE {0} (id integer PRIMARY KEY); INSERT INTO {0} SELECT generate_series(1, {1})"
TARGET = "CREATE SCHEMA app; " + "".join(f"CREATE TABLE app.{name} (id int PRIMARY KEY); " for name in SERVICE.tables)


@dataclass(frozen=True)
class Twins:
    """``original`` has the databases ``legacy`` and ``unified``, with an interrupted run from one into the other, and
    ``second``, which is like ``legacy``; a run into ``fresh`` has written nothing. So has ``clone``, whose ``second``
    has another table.
    """

    original: Server
    clone: Server

    def world(self, source: Server, target: Server) -> World:
        return World({"old": source.url("legacy")}, target.url("unified"), ONE, CATALOG)

    def exchange(self) -> None:
        """Let the clone answer where the original did."""
        self.original.down()
        self.clone.down()
        settings = Path("cluster") / CONFIGURATION
        shutil.copy2(self.original.data_dir / settings, self.clone.data_dir / settings)
        self.clone.up()


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-"))
    folder.chmod(0o755)
    pair = Twins(Server(folder / "original", settings=THROW_AWAY), Server(folder / "clone", settings=THROW_AWAY))
    try:
        url, users = pair.original.up(), SOURCE.format("users", 30)
        for name, statements in (("legacy", users), ("second", users), ("unified", TARGET), ("fresh", TARGET)):
            query(create_database(url, name), statements)
        world = pair.world(pair.original, pair.original)
        interrupt(world, TableFinished)
        interrupt(replace(world, target=url.with_database("fresh")), RunStarted)
        pair.original.down()
        subprocess.run(["cp", "-a", pair.original.data_dir, pair.clone.data_dir], check=True)
        pair.original.up()
        pair.clone.up()
        query(pair.clone.url("second"), "DROP TABLE users; " + SOURCE.format("bills", 40))
        yield pair
    finally:
        for server in (pair.original, pair.clone):
            server.destroy()
        shutil.rmtree(folder)


def interrupt(world: World, moment: type[Event]) -> list[Event]:
    """Begin the run, or resume it, and end it at that moment; return what was told."""
    events: list[Event] = []

    async def copy() -> None:
        def observe(event: Event) -> None:
            events.append(event)
            if isinstance(event, moment):
                running.cancel()

        running = asyncio.create_task(pipeline.copy(world.task(observer=observe)))
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(copy())
    return events


@dataclass
class Switch:
    """A place on this machine that leads to ``goal``, until that is changed."""

    goal: DatabaseUrl
    port: int = 0
    ends: list[socket.socket] = field(default_factory=list)


@contextmanager
def switch_to(goal: DatabaseUrl) -> Iterator[Switch]:
    """Relay sessions to where the switch's ``goal`` is when they begin."""
    listener = socket.create_server(("127.0.0.1", 0))
    switch = Switch(goal, listener.getsockname()[1])

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((switch.goal.params["host"], int(switch.goal.params["port"])))
                switch.ends += (client, server)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=_forward, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield switch
    finally:
        for end in (listener, *switch.ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _forward(source: socket.socket, goal: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            goal.sendall(data)
    for end in (source, goal):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
