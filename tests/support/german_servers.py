"""A server that speaks German: what is judged by a server's words is judged wrongly there."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from servers import THROW_AWAY, in_memory

from payrollx_db.devserver import Programs, Server, account
from payrollx_db.devserver.programs import VARIABLE, folders
from payrollx_db.postgres.url import DatabaseUrl

LOCALE = "de_DE.UTF-8"
SETTINGS = {
    "lc_messages": LOCALE, "fsync": "off", "shared_buffers": "16MB", "max_connections": "40", "max_wal_size": "256MB",
    "superuser_reserved_connections": "3", "max_locks_per_transaction": "10", "max_wal_senders": "2",
    "max_replication_slots": "2", "autovacuum": "off", "authentication_timeout": THROW_AWAY["authentication_timeout"],
}  # fmt: skip


@pytest.fixture(scope="session")
def german_server() -> Iterator[Server]:
    """A server of its own, with few connections and locks, whose messages are German."""
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-german-", dir=in_memory()))
    folder.chmod(0o755)
    patch = pytest.MonkeyPatch()
    try:
        patch.setenv("LOCPATH", str(_locale(folder / "locales")))
        patch.setattr(account, "PASSED_ON", (*account.PASSED_ON, "LOCPATH"))
        yield from _speaking(folder)
    finally:
        patch.undo()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def german(german_server: Server) -> DatabaseUrl:
    """A superuser's URL of the server that speaks German."""
    return german_server.url()


def _speaking(folder: Path) -> Iterator[Server]:
    """Start the first server of this machine that has its messages in German; the wheel's may have none."""
    refusals = []
    for number, programs in enumerate(_installed()):
        server = Server(folder / f"server-{number}", settings=SETTINGS, programs=programs)
        try:
            if "Relation" in _message(server.up()):
                yield server
                return
        finally:
            server.down(immediate=True)  # a fast stop may wait for a minute, as that of the tests' server
            server.destroy()
        refusals.append(programs.version)
    pytest.skip(f"no server here has German messages: {', '.join(refusals) or 'none is installed'}")


def _installed() -> list[Programs]:
    explicit = [Path(os.environ[VARIABLE])] if VARIABLE in os.environ else []
    return [programs for place in (*explicit, *folders()) if (programs := Programs.at(place))]


def _message(url: DatabaseUrl) -> str:
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        try:
            connection.execute("SELECT FROM pg_catalog.nothing")
        except psycopg.errors.UndefinedTable as error:
            return str(error.diag.message_primary)
    return ""


def _locale(folder: Path) -> Path:
    """Make the locale, which needs no privilege, in a folder of its own."""
    program = shutil.which("localedef")
    if not program or not Path("/usr/share/i18n/locales/de_DE").exists():
        pytest.skip("the locale de_DE can't be made here: there is no localedef, or no /usr/share/i18n")
    folder.mkdir()
    subprocess.run([program, "-i", "de_DE", "-f", "UTF-8", str(folder / LOCALE)], check=True, capture_output=True)
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o755 if place.is_dir() else 0o644)
    return folder
