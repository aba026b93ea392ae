"""What can be tried of Windows elsewhere: nothing that Unix alone has is needed to import the package."""

import asyncio
import errno
import fcntl
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from command_line import call
from conftest import TestServer, unique

from payrollx_db.consolidate.cutover.clients import Telling, tell
from payrollx_db.postgres.session import has_news

URL = "postgresql://postgres@127.0.0.1:1/postgres"  # nobody answers there: nothing is to be asked

# Every module, in a process that has none of these: what uses one has to ask for it where it does.
IMPORTING = """
import os, select, signal, sys
import alembic, asyncpg, click, pg8000, platformdirs, psycopg, rich.console, sqlalchemy.dialects.postgresql.asyncpg

GONE = {
    os: "fork forkpty getuid geteuid getgid chown fchown fchmod killpg setsid uname sysconf register_at_fork statvfs"
        " mkfifo getpgid O_NOFOLLOW O_CLOEXEC O_DIRECTORY",
    signal: "SIGKILL SIGHUP SIGUSR1 SIGUSR2 SIGQUIT SIGSTOP SIGCHLD SIGALRM SIGPIPE SIGWINCH alarm pthread_sigmask"
        " setitimer sigwait",
    select: "poll epoll POLLIN",
}
for module, names in GONE.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
for name in ("pwd", "grp", "fcntl", "resource", "termios", "pty", "tty", "syslog"):
    sys.modules[name] = None  # importing it fails

import pkgutil, payrollx_db

seen = 0
for module in pkgutil.walk_packages(payrollx_db.__path__, "payrollx_db."):
    if module.name.endswith("__main__"):
        continue
    __import__(module.name)
    seen += 1
print(seen)
"""


@pytest.mark.long
def test_every_module_is_imported_without_what_unix_alone_has() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 400


def test_an_idle_session_is_looked_at_without_poll(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("poll", "epoll", "POLLIN"):
        monkeypatch.delattr(select, name, raising=False)
    with (
        psycopg.connect(server.url.conninfo(), autocommit=True) as ours,
        psycopg.connect(server.url.conninfo()) as idle,
    ):
        assert not has_news(idle)  # type: ignore[arg-type] # of either kind
        ours.execute("SELECT pg_terminate_backend(%s, 10000)", (idle.info.backend_pid,))
        assert has_news(idle)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", [pytest.param("cp1252", marks=pytest.mark.long), "ascii"])
def test_a_console_with_few_characters_gets_others_as_escapes(encoding: str) -> None:
    """As a pipe on Windows is; JSON stays JSON, with every character in it."""
    env = {"LEGACY_DATABASE_URL": URL, "PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    words = [sys.executable, "-m", "payrollx_db", "plan", "--from", "葡萄_layout", "--database-url", URL]
    done = subprocess.run(words, env=env, capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert rb"\u8461\u8404_layout" in done.stderr
    words = [*words[:3], "--log-format", "json", *words[3:]]
    done = subprocess.run(words, env=env, capture_output=True, check=False)
    text = done.stderr.decode(encoding).splitlines()[-1]
    assert done.returncode == 2
    assert "葡萄_layout" in json.dumps(json.loads(text), ensure_ascii=False)


@pytest.mark.parametrize(
    "content",
    [
        f"DATABASE_URL={URL}\n".encode("utf-8-sig"),
        f"DATABASE_URL={URL}\r\nOTHER=ä\r\n".encode("utf-16"),
        f"export DATABASE_URL='{URL}'\r\n".encode(),
    ],
    ids=["with a mark", "two bytes a character", "ended twice"],
)
def test_settings_are_read_as_windows_writes_them(content: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "back\\slash"
    folder.mkdir(parents=True)
    (folder / ".env").write_bytes(content)
    done = call(("status",), {}, folder)
    assert (done.returncode, "127.0.0.1:1" in done.stderr) == (5, True), done.stderr


def test_settings_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DATABASE_URL=caf\xe9\n")
    done = call(("status",), {}, tmp_path)
    assert (done.returncode, ".env is no text in UTF-8" in done.stderr) == (2, True), done.stderr


def test_paths_with_spaces_and_backslashes_are_written_and_read(server: TestServer, tmp_path: Path) -> None:
    """An event log, a report and backups, in a folder that a shell or Windows would read in another way."""
    folder = tmp_path / "two words" / "back\\slash"
    folder.mkdir(parents=True)
    name = unique("paths")
    url = server.create_database(name)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATABASE_URL": url.plain}
    try:
        assert call(("migrate", "--service", "auth"), env).returncode == 0
        key = str(folder / "key file")
        for words in (
            ("service", "backup", "auth", "--dir", str(folder / "kept here"), "--key-file", key),
            ("service", "restore", "auth", "--dir", str(folder / "kept here"), "--key-file", key, "--yes"),
        ):
            done = call(words, env, tmp_path)
            assert done.returncode == 0, done.stderr
    finally:
        server.drop_database(name)


@pytest.mark.long
def test_a_backup_is_kept_where_folders_cannot_be_opened(
    server: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, which also syncs nothing that is open for reading alone."""
    open_file, sync = os.open, os.fsync

    def opening(path: Path, flags: int, *rest: int) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_file(path, flags, *rest)

    def syncing(handle: int) -> None:
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        sync(handle)

    name = unique("windows")
    url = server.create_database(name)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATABASE_URL": url.plain}
    words = ("service", "backup", "auth", "--dir", str(tmp_path / "kept"), "--key-file", str(tmp_path / "key"))
    try:
        assert call(("migrate", "--service", "auth"), env).returncode == 0
        monkeypatch.setattr(os, "open", opening)
        monkeypatch.setattr(os, "fsync", syncing)
        done = call((*words, "--no-prove"), env)
        assert done.returncode == 0, done.stderr
    finally:
        monkeypatch.undo()
        server.drop_database(name)


def test_a_command_that_is_told_of_a_cutover_says_how_it_ended() -> None:
    """Without an event loop's own processes, which Windows has only where it hasn't psycopg's sockets."""
    for words, expected in (("exit 3", 3), ("echo told", 0)):
        told = asyncio.run(tell(Telling(words), "cutover", ["auth"], {}))
        assert told.command == expected
