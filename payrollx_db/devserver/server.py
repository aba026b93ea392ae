"""One Postgres server in one folder: made on first use, started, found again, stopped, thrown away."""

import contextlib
import os
import re
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from payrollx_db.devserver.account import Account, Outcome, run, service_account
from payrollx_db.devserver.programs import VARIABLE, Programs, remember, remembered
from payrollx_db.errors import DevServerError
from payrollx_db.postgres.url import DatabaseUrl

SUPERUSER = "postgres"
MAINTENANCE = "postgres"
MARKER = "payrollx-devserver"
CONFIGURATION = "payrollx.conf"
STARTS = 20
LOG_LINES = 20

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

# Durability stays as Postgres ships it: people measure with this server.
DEFAULTS: Mapping[str, str] = MappingProxyType({
    "wal_level": "logical",
    "max_connections": "200",
    "max_wal_senders": "20",
    "max_replication_slots": "20",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
})  # fmt: skip

# TCP on loopback only: a socket's path may be 107 bytes long at most, and data folders are often deep.
FIXED: Mapping[str, str] = MappingProxyType({"listen_addresses": "127.0.0.1", "unix_socket_directories": ""})


@dataclass(frozen=True)
class Status:
    """What there is: ``version`` is the data's major version, empty before the first start."""

    running: bool
    data_dir: Path
    version: str = ""
    port: int | None = None
    pid: int | None = None
    programs: Path | None = None
    """The folder of the programs that it was last started with."""


def default_data_dir() -> Path:
    """Return the folder used when none is named: in the user's data folder, for root in /var/lib."""
    import platformdirs

    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/payrollx-db/devserver")
    return Path(platformdirs.user_data_dir("payrollx-db", appauthor=False)) / "devserver"


class Server:
    """A Postgres server whose data, password and log are in ``data_dir``.

    ``settings`` are added to (and win over) the defaults when it starts. Where no ``programs`` are given,
    they are PAYROLLX_PG_BIN's, those it was last started with, or what else is installed. Every method
    raises DevServerError.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        settings: Mapping[str, str] = NO_SETTINGS,
        programs: Programs | None = None,
    ) -> None:
        self.data_dir = (data_dir or default_data_dir()).expanduser().resolve()
        self.settings = {**DEFAULTS, **settings, **FIXED}
        self.log = self.data_dir / "server.log"
        self._given = programs
        self._cluster = self.data_dir / "cluster"
        self._password = self.data_dir / "password"
        self._remembered = self.data_dir / "programs"

    def up(self) -> DatabaseUrl:
        """Make the server if there is none, start it if it doesn't run, and return a superuser's URL."""
        account = service_account()
        if self.status().running:
            self._refuse_other_programs()
        else:
            self._programs()  # without programs there is no use in making a folder
        try:
            self._claim(account)
        except OSError as failure:
            raise DevServerError(
                f"{self.data_dir} can't be used: {failure.strerror}", hint="name another folder with --data-dir"
            ) from None
        with self._locked():
            if not self._await_starting():
                programs = self._programs().reachable(account, self.data_dir)
                if not self._cluster.exists():
                    self._initialise(programs, account)
                self._start(programs, account)
                remember(self._remembered, self._programs())
        return self.url()

    def down(self, *, immediate: bool = False) -> bool:
        """Stop the server; open connections are closed. Return whether it ran.

        ``immediate`` stops it as a crash does: what wasn't flushed is lost, and it recovers when it starts.
        """
        if not self.status().running:
            return False
        account = service_account()
        programs = self._programs().reachable(account, self.data_dir)
        mode = "immediate" if immediate else "fast"
        done = self._pg_ctl(programs, account, "stop", "-m", mode, "-t", "120")
        if done.code and self.status().running:
            raise DevServerError(f"the server in {self.data_dir} can't be stopped", details=self._log_tail(0))
        return True

    def destroy(self) -> None:
        """Stop the server and remove its folder. A folder that isn't a server's is refused."""
        if not self.data_dir.exists():
            return
        self._require_ours()
        self.down()
        shutil.rmtree(self.data_dir)

    def status(self) -> Status:
        """Return whether it runs, and where. Nothing is started or changed."""
        version = _read(self._cluster / "PG_VERSION").strip()
        last = remembered(self._remembered, version or None)
        folder = last.folder if last else None
        pid, port, _ = self._lock_file()
        if pid and self._is_ours(pid):
            return Status(True, self.data_dir, version, port, pid, folder)
        return Status(False, self.data_dir, version, programs=folder)

    def url(self, dbname: str = MAINTENANCE) -> DatabaseUrl:
        """Return a superuser's URL of a database on the running server."""
        port, password = self.status().port, _read(self._password).strip()
        if not port or not password:
            raise DevServerError(f"no server runs in {self.data_dir}", hint="start it: payrollx-db dev up")
        return DatabaseUrl({
            "host": "127.0.0.1", "port": str(port), "user": SUPERUSER, "password": password, "dbname": dbname,
        })  # fmt: skip

    # -- the folder --------------------------------------------------------------------------------

    def _claim(self, account: Account | None) -> None:
        """Make the folder, closed to all but the server's account; never take over someone else's."""
        if self.data_dir.exists():
            if any(self.data_dir.iterdir()):
                self._require_ours()
        else:
            _make_parents(self.data_dir.parent)
            self.data_dir.mkdir(mode=0o700, exist_ok=True)
        self.data_dir.chmod(0o700)
        with contextlib.suppress(FileExistsError):  # from an earlier call, or another process just now
            self._write(self.data_dir / MARKER, "payrollx-db keeps a Postgres server here.\n", account)
        if account:
            os.chown(self.data_dir, account.uid, account.gid)

    def _require_ours(self) -> None:
        try:
            ours = (self.data_dir / MARKER).is_file()
        except OSError as failure:
            raise DevServerError(f"{self.data_dir} can't be read: {failure.strerror}") from None
        if not ours:
            raise DevServerError(
                f"{self.data_dir} holds files that aren't a server's of ours",
                hint="name an empty or a new folder with --data-dir",
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time make and start the server in this folder."""
        if sys.platform == "win32":
            yield
            return
        import fcntl

        with (self.data_dir / MARKER).open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def _write(self, path: Path, text: str, account: Account | None) -> None:
        # Always a new file: what the server's account may have put there may be a link to elsewhere.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if account:
            os.fchown(descriptor, account.uid, account.gid)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)

    # -- making and starting -----------------------------------------------------------------------

    def _programs(self) -> Programs:
        if self._given is None:
            major = _read(self._cluster / "PG_VERSION").strip() or None
            last = None if os.environ.get(VARIABLE) else remembered(self._remembered, major)
            self._given = last or Programs.find(major)
        return self._given

    def _refuse_other_programs(self) -> None:
        last = self.status().programs
        if self._given and last and last.resolve() != self._given.folder.resolve():
            raise DevServerError(
                f"the server in {self.data_dir} runs with the programs in {last}",
                hint="stop it first: payrollx-db dev down",
            )

    def _initialise(self, programs: Programs, account: Account | None) -> None:
        unfinished = self._cluster.with_name("cluster.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._password.unlink(missing_ok=True)
        self._write(self._password, secrets.token_urlsafe(24), account)
        sync = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        initdb = self._run([
            programs.program("initdb"), "--pgdata", unfinished, "--username", SUPERUSER, "--pwfile",
            self._password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", *sync,
        ], account)  # fmt: skip
        if initdb.code:
            raise DevServerError(
                f"initdb failed in {self.data_dir}",
                details=tuple(initdb.output.splitlines()[-LOG_LINES:]),
                hint=f"let {account.name if account else 'your user'} enter it, or name another --data-dir",
            )
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"\ninclude = '{CONFIGURATION}'\n")
        # An initdb that was killed leaves no folder of this name.
        unfinished.rename(self._cluster)

    def _start(self, programs: Programs, account: Account | None) -> None:
        self._forget_recycled_pid()
        port = self._remembered_port()
        for _ in range(STARTS):
            port = port if port and _is_free(port) else _free_port()
            self._configure(port, account)
            begin = self.log.stat().st_size if self.log.exists() else 0
            done = self._pg_ctl(programs, account, "start", "-l", str(self.log), "-t", "60")
            if not done.code:
                return
            log = self._log_tail(begin)
            if not _passes(log):
                break
            time.sleep(0.3)
        raise DevServerError(
            f"the server in {self.data_dir} didn't start",
            details=log or (done.output,),
            hint=f"the whole log is {self.log}",
        )

    def _configure(self, port: int, account: Account | None) -> None:
        for name in self.settings:
            if not re.fullmatch(r"[A-Za-z_][\w.]*", name):
                raise DevServerError(f"{name!r} is no name of a Postgres setting")
        settings = {**self.settings, "port": str(port)}
        lines = [f"{name} = {_quoted(value)}\n" for name, value in settings.items()]
        (self._cluster / CONFIGURATION).unlink(missing_ok=True)
        self._write(self._cluster / CONFIGURATION, "".join(lines), account)

    def _pg_ctl(self, programs: Programs, account: Account | None, action: str, *options: str) -> Outcome:
        place = ("--pgdata", self._cluster, "--wait", "--silent")
        return self._run([programs.program("pg_ctl"), action, *place, *options], account)

    def _run(self, command: Sequence[str | Path], account: Account | None) -> Outcome:
        try:
            return run(command, home=self.data_dir, account=account)
        except PermissionError as failure:
            raise DevServerError(
                f"{failure.strerror}, or not {self.data_dir}",
                hint="name a --data-dir that this account may enter, such as one under /var/lib or /tmp",
            ) from None

    def _remembered_port(self) -> int | None:
        match = re.search(r"^port = '(\d+)'$", _read(self._cluster / CONFIGURATION), re.MULTILINE)
        return int(match.group(1)) if match else None

    def _log_tail(self, begin: int) -> tuple[str, ...]:
        if not self.log.exists():
            return ()
        with self.log.open("rb") as file:
            file.seek(begin)
            return tuple(file.read().decode(errors="replace").splitlines()[-LOG_LINES:])

    # -- the process -------------------------------------------------------------------------------

    def _lock_file(self) -> tuple[int | None, int | None, str]:
        """Return the process id, the port and the state that the server wrote into postmaster.pid."""
        lines = _read(self._cluster / "postmaster.pid").splitlines() + [""] * 8
        pid, port = (int(line) if line.strip().isdigit() else None for line in (lines[0], lines[3]))
        return pid, port, lines[7].strip()

    def _await_starting(self) -> bool:
        """Return whether it runs; one that another process has just started gets time to be ready."""
        until = time.monotonic() + 60
        while self.status().running:
            if self._lock_file()[2] == "ready":
                return True
            if time.monotonic() > until:
                raise DevServerError(f"the server in {self.data_dir} runs, but isn't ready", details=self._log_tail(0))
            time.sleep(0.1)
        return False

    def _is_ours(self, pid: int) -> bool:
        if sys.platform == "win32":
            port = self._lock_file()[1]
            return bool(port) and not _is_free(port or 0)
        if sys.platform != "linux":
            return _is_alive(pid)
        # After a crash the number may belong to another process by now. A server works in its data folder.
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self._cluster
        except OSError:
            return False

    def _forget_recycled_pid(self) -> None:
        """Remove a lock file whose process id is another's by now: Postgres would take it for a server."""
        pid = self._lock_file()[0]
        if pid and sys.platform == "linux" and _is_alive(pid) and not self._is_ours(pid):
            (self._cluster / "postmaster.pid").unlink()


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False  # a process of someone else's isn't this user's server
    return True


def _passes(log: tuple[str, ...]) -> bool:
    """Tell whether the next attempt may go better: a port just taken, or a crashed server's last children."""
    text = "\n".join(log)
    return "could not bind" in text or "pre-existing shared memory block" in text


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except PermissionError:
        raise DevServerError(f"{path} belongs to another user", hint="choose another --data-dir") from None


def _make_parents(folder: Path) -> None:
    """Make the folders above the data, open to pass through, whatever the caller's umask."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir()
        place.chmod(0o755)
