"""Hears of changes of the registry, on a session of its own, and tidies up what is idle: one thread in the background.

A pooler in transaction mode hands on no notification, so behind one nobody listens, and places are read anew when they
are too old to be believed. The same holds as long as the connection is lost, or is silent.
"""

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import psycopg
from psycopg import sql

from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.connect import connect
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.tenants.client.memory import Memory

CHANNEL = "payrollx_tenants"
LONGEST_WAIT = 30.0  # seconds between two attempts to connect
# A network that has gone silent is noticed after seconds; a URL's own settings win.
ALIVE = {"keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3", "connect_timeout": "5"}


class Listener:
    """A thread that listens as long as the process lives, or until it is closed."""

    def __init__(self, url: DatabaseUrl, memory: Memory, staleness: float, tidy: Callable[[], None]) -> None:
        """``tidy`` is called every few seconds."""
        self._url = replace(url, params=ALIVE | dict(url.params))
        self._memory = memory
        self._beat = max(staleness / 3, 0.2)
        self._tidy = tidy
        self._closed = False
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="payrollx-tenants", daemon=True)

    def start(self) -> None:
        """Begin. Nobody waits for the connection."""
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """End the thread and its session."""
        self._closed = True
        with suppress(OSError):
            self._wake.send(b".")
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    # -- private, on the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        wait = 0.5
        while not self._closed:
            try:
                with connect(self._url, {}, name="payrollx-tenants") as connection:
                    if connection.pooler:
                        break
                    self._listen(connection)
                wait = 0.5
            except (psycopg.Error, OSError, PayrollxError):
                self._pause(wait)
                wait = min(wait * 2, LONGEST_WAIT)
        while not self._closed:  # behind a pooler there is nothing to hear
            self._pause(LONGEST_WAIT)
        self._wake.close()
        self._woken.close()

    def _listen(self, connection: SyncConnection) -> None:
        connection.add_notify_handler(lambda notice: self._memory.forget(notice.payload))
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        self._memory.begin_listening()
        while not self._closed:
            at = time.monotonic()
            connection.execute("SELECT 1")  # what has come in is handed out by then, and the connection lives
            self._memory.confirm(at)
            self._tidy()
            select.select([connection.fileno(), self._woken.fileno()], [], [], self._beat)

    def _pause(self, seconds: float) -> None:
        self._tidy()
        select.select([self._woken], [], [], min(seconds, LONGEST_WAIT))
