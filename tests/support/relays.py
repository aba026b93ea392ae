"""Relays before a server: one loses the answer to a commit, which the client never hears of; one falls silent."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from payrollx_db.postgres.url import DatabaseUrl

COMMITTED = b"COMMIT\0"  # the tag by which a server says that a transaction is committed


@dataclass
class Relay:
    """What stands between: ``url`` leads through it. ``lost`` counts the answers that it has swallowed."""

    url: DatabaseUrl
    lost: int = 0
    sockets: list[socket.socket] = field(default_factory=list)


def _connect(url: DatabaseUrl) -> socket.socket:
    host, port = url.params["host"], int(url.params.get("port", "5432"))
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"{host}/.s.PGSQL.{port}")
    return connection


def _forward(source: socket.socket, goal: socket.socket, swallows: Callable[[bytes], bool]) -> None:
    with contextlib.suppress(OSError):
        while (data := source.recv(65536)) and not swallows(data):
            goal.sendall(data)
    for end in (source, goal):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def losing_one_answer(url: DatabaseUrl, when: Callable[[], bool]) -> Iterator[Relay]:
    """Relay sessions to ``url``, and end one of them when a commit is answered and ``when()`` is true: once."""
    one_at_a_time = threading.Lock()

    def swallows(data: bytes) -> bool:
        with one_at_a_time:
            if COMMITTED in data and not relay.lost and when():
                relay.lost += 1
                return True
        return False

    with _relaying(url, lambda _: False, swallows) as relay:
        yield relay


@contextmanager
def falling_silent(url: DatabaseUrl) -> Iterator[tuple[Relay, threading.Event]]:
    """Relay sessions to ``url`` until the event is set: then nothing comes through, and nothing ends either."""
    silent, over = threading.Event(), threading.Event()

    def holds(_: bytes) -> bool:
        return silent.is_set() and over.wait()

    with _relaying(url, holds, holds) as relay:
        try:
            yield relay, silent
        finally:
            over.set()
            for opened in relay.sockets:
                with contextlib.suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)


@contextmanager
def _relaying(
    url: DatabaseUrl, from_client: Callable[[bytes], bool], from_server: Callable[[bytes], bool]
) -> Iterator[Relay]:
    """Relay sessions to ``url`` for as long as neither function swallows what is sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    params = {**url.params, "host": "127.0.0.1", "port": str(listener.getsockname()[1]), "sslmode": "disable"}
    relay = Relay(DatabaseUrl(params))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = _connect(url)
                relay.sockets += [client, server]
                for ends in ((client, server, from_client), (server, client, from_server)):
                    threads.append(threading.Thread(target=_forward, args=ends))
                    threads[-1].start()

    threads: list[threading.Thread] = []
    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield relay
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for thread in threads:
            thread.join()
        for opened in relay.sockets:
            opened.close()
