"""Whom a cutover and a rollback tell that the other side is open, whom they wait for, and how long writers may wait."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import psycopg
import pytest
from moving_worlds import LIMITS, cut_over, make_moving_world, roll_back, stages
from worlds import World, query

from payrollx_db.consolidate.cutover.clients import Telling
from payrollx_db.consolidate.cutover.switching import Limits
from payrollx_db.errors import ConfigurationError, FenceError

TOO_SHORT = Limits(max_stop=0.001, max_lag=LIMITS.max_lag)


@pytest.fixture(scope="module")
def world(logical_server: Any) -> Iterator[World]:
    """One world for all: each test leaves it followed and not moved."""
    with make_moving_world(logical_server) as made:
        yield made


class Listener(HTTPServer):
    """A service that is told: it keeps what it was sent, and answers with ``status``."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status, self.received = status, list[dict[str, Any]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/opened"


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(status: int = 204) -> Iterator[Listener]:
    with Listener(status) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            thread.join()


def test_a_url_is_sent_the_services_and_a_command_knows_them(world: World) -> None:
    with listening() as listener:
        command = 'test "$PAYROLLX_ACTION: $PAYROLLX_OPENED_SERVICES" = "cutover: shop" || exit 7'
        told = cut_over(world, "shop", telling=Telling(command, listener.url)).told
        assert told is not None
        assert (told.command, told.url, told.troubles) == (0, 204, [])
        told = roll_back(world, telling=Telling(command, listener.url)).told
        assert told is not None
        assert (told.command, told.url) == (7, 204)
    assert listener.received == [
        {"action": "cutover", "services": ["shop"]}, {"action": "rollback", "services": ["shop"]},
    ]  # fmt: skip


@pytest.mark.long
def test_who_does_not_answer_well_keeps_nothing_from_being_open(world: World) -> None:
    with listening(503) as listener:
        told = cut_over(world, "shop", telling=Telling("exit 7", listener.url)).told
        assert told is not None
        assert (told.command, told.url, len(told.troubles)) == (7, 503, 2)
        gone = listener.url
    assert stages(world)["oldshop"] == "open"
    told = roll_back(world, telling=Telling(url=gone)).told
    assert told is not None
    assert (told.url, told.troubles) == (0, ["the URL gave no answer"])
    assert stages(world)["oldshop"] == "back"


@pytest.mark.parametrize("url", ["ftp://host/x", "file:///etc/passwd", "host:80", "https://"])
def test_a_url_that_cannot_be_called_is_refused_before(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Telling(url=url)


@pytest.mark.long
def test_services_are_waited_for_until_they_have_come(world: World) -> None:
    told = cut_over(world, "shop", telling=Telling(wait=0.1)).told
    assert told is not None
    assert told.connected == {"shop": 0}
    assert told.troubles == ["no session of shop has come"]

    with psycopg.connect(world.urls["oldshop"].conninfo(), application_name="the shop"):
        told = roll_back(world, telling=Telling(wait=30.0)).told
    assert told is not None
    assert told.connected == {"shop": 1}
    assert told.troubles == []


def test_when_the_time_for_a_stop_runs_out_the_writers_go_on(world: World) -> None:
    """The drain alone takes longer than that, so the fence is there when it runs out."""
    with pytest.raises(FenceError, match="--max-stop"):
        cut_over(world, limits=TOO_SHORT)
    assert set(stages(world).values()) <= {"following", "back"}
    query(world.urls["oldshop"], "UPDATE orders SET price = '8.00' WHERE id = 2")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(world.target, "UPDATE shop.orders SET price = '1' WHERE id = 2")

    cut_over(world)
    assert query(world.target, "SELECT price FROM shop.orders WHERE id = 2") == [("8.00",)]
    with pytest.raises(FenceError, match="--max-stop"):
        roll_back(world, limits=TOO_SHORT)
    assert set(stages(world).values()) == {"open"}
    query(world.target, "UPDATE shop.orders SET price = '9.00' WHERE id = 2")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(world.urls["oldshop"], "UPDATE orders SET price = '1' WHERE id = 2")
    roll_back(world)
    assert query(world.urls["oldshop"], "SELECT price FROM orders WHERE id = 2") == [("9.00",)]
