"""PgBouncer before the test's server, in transaction pooling unless another way is asked for."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from watchers import PATIENCE, eventually

from payrollx_db.devserver.account import service_account
from payrollx_db.postgres.url import DatabaseUrl

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
INI = """
[databases]
* = host={host} port={port} user={user} password='{password}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
{mode}
default_pool_size = {size}
max_client_conn = 100
logfile = {folder}/pgbouncer.log
ignore_startup_parameters = {ignored}
"""

TRANSACTIONS = "pool_mode = transaction\nserver_reset_query ="


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running_pooler(
    server: DatabaseUrl,
    login: dict[str, str],
    *,
    size: int,
    ignored: str = "extra_float_digits",
    mode: str = TRANSACTIONS,
) -> Iterator[dict[str, str]]:
    """Run a pooler with so many sessions for all clients; yield its host and port, as URLs say them.

    ``mode`` are lines of its configuration.
    """
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-"))
    running, port = _started(folder, server, login, {"size": str(size), "ignored": ignored, "mode": mode})
    try:
        yield {"host": "127.0.0.1", "port": str(port)}
    finally:
        running.terminate()
        running.wait(PATIENCE)
        shutil.rmtree(folder)


def _started(
    folder: Path, server: DatabaseUrl, login: dict[str, str], settings: dict[str, str]
) -> tuple["subprocess.Popen[bytes]", int]:
    """Start a pooler, and wait until it answers; where somebody else has taken its port meanwhile, at another one."""
    for _ in range(5):
        running, port = _start(folder, server, login, settings)
        probe = DatabaseUrl({**server.params, **login, "host": "127.0.0.1", "port": str(port)})
        eventually(lambda: running.poll() is not None or _answers(probe), "the pooler's answer")  # noqa: B023
        if running.poll() is None:
            return running, port
    return pytest.fail((folder / "pgbouncer.log").read_text())


def _answers(probe: DatabaseUrl) -> bool:
    try:
        psycopg.connect(probe.conninfo(), prepare_threshold=None).close()
    except psycopg.OperationalError:
        return False
    return True


def _start(
    folder: Path, server: DatabaseUrl, login: dict[str, str], settings: dict[str, str]
) -> tuple["subprocess.Popen[bytes]", int]:
    account, port = service_account(), free_port()
    user, password = login["user"], login.get("password", "made up")
    place = {"host": server.params["host"], "port": server.params.get("port", "5432"), "user": user}
    ini = INI.format(**place, **settings, password=password, listen=port, folder=folder)
    (folder / "pgbouncer.ini").write_text(ini)
    (folder / "users.txt").write_text(f'"{user}" "{password}"\n')
    if account:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    assert PROGRAM
    running = subprocess.Popen([PROGRAM, "-q", str(folder / "pgbouncer.ini")], **identity)  # type: ignore[call-overload]
    return running, port
