"""Postgres' own programs: where they are, whether they fit the server, and how they are run.

The password goes to them by the environment, as everything does that libpq reads there: what stands in argv,
everyone on the machine can read.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event
from typing import IO

from psycopg import pq
from psycopg.conninfo import make_conninfo

from payrollx_db.errors import ConfigurationError, PayrollxError, TargetError
from payrollx_db.postgres.masking import mask
from payrollx_db.postgres.url import DatabaseUrl

VARIABLE = "PAYROLLX_PG_BIN"
SUFFIX = ".exe" if sys.platform == "win32" else ""
NEEDED = ("pg_dump", "pg_restore")
MAJOR = 10_000  # what a version number has for each major version
LOCK_WAIT = "30s"
LOOK_EVERY = 0.2  # seconds, whether the work is given up
CHOOSES_A_PLACE = ("PGSERVICE", "PGHOSTADDR", "PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS")


@dataclass(frozen=True)
class Clients:
    """The folder of pg_dump and pg_restore, and their major version."""

    folder: Path
    major: int

    @classmethod
    def find(cls, version: int, further: Iterable[Path] = ()) -> "Clients":
        """Find programs for a server, or a dump, of that version number: those in the folder of PAYROLLX_PG_BIN,
        else on PATH or in ``further``. A folder with a server's programs alone says nothing of these.

        They refuse what is newer than themselves, so older ones are passed over. Of those that fit, the
        oldest are taken: what they write, most servers read. Raises ConfigurationError, saying which there are.
        """
        needed = version // MAJOR
        folders = _explicit() or [*_on_path(), *further]
        installed = [clients for folder in dict.fromkeys(folders) if (clients := cls.at(folder))]
        fitting = sorted((clients for clients in installed if clients.major >= needed), key=lambda c: c.major)
        if fitting:
            return fitting[0]
        majors = ", ".join(sorted({str(clients.major) for clients in installed}))
        what = f"there is only that of Postgres {majors}" if majors else "there is none"
        raise ConfigurationError(
            f"Postgres {needed} needs a pg_dump and a pg_restore at least as new; {what}",
            hint=f"install the client programs of Postgres {needed}, or set {VARIABLE} to the folder that has them",
        )

    @classmethod
    def at(cls, folder: Path) -> "Clients | None":
        """Return the programs in ``folder``, or ``None`` where one is missing or doesn't run."""
        if not all((folder / f"{name}{SUFFIX}").is_file() for name in NEEDED):
            return None
        major = _major(folder / f"pg_dump{SUFFIX}")
        return cls(folder, major) if major else None

    def dump(
        self, url: DatabaseUrl, arguments: Sequence[str], target: Path, *, kind: type[PayrollxError] = TargetError,
        given_up: Event | None = None,
    ) -> None:  # fmt: skip
        """Run pg_dump into the file ``target``, and end it where it is ``given_up``. Raises ``kind`` with what it
        said.
        """
        environment, rest = connection(url)
        argv: list[str | Path] = [
            self._program("pg_dump"),
            *arguments,
            "--no-password",
            f"--lock-wait-timeout={LOCK_WAIT}",
        ]
        argv += [f"--file={target}", *([f"--dbname={rest}"] if rest else [])]
        with subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as program, _ended(program):  # fmt: skip
            errors = _errors_of(program, given_up)
        if program.returncode:
            raise kind(f"pg_dump of {url.masked} failed: {_last_words(errors, url)}")

    def listed(self, dump: Path) -> list[str]:
        """Return the dump's table of contents, a line an entry. Raises TargetError where it can't be read."""
        with self.unpacked(dump, "--list") as out:
            return out.read().decode(errors="replace").splitlines()

    @contextmanager
    def unpacked(self, dump: Path, *arguments: str) -> Iterator[IO[bytes]]:
        """Run pg_restore on ``dump``, and yield what it writes. Raises TargetError where it fails."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
        with subprocess.Popen(
            [self._program("pg_restore"), *arguments, *(() if "--list" in arguments else ("--file=-",)), dump],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as program, _ended(program):  # fmt: skip
            assert program.stdout is not None  # noqa: S101 - it was asked for
            assert program.stderr is not None  # noqa: S101 - likewise
            yield program.stdout
            errors = program.stderr.read()
            program.wait()
        if program.returncode:
            raise TargetError(f"pg_restore can't read {dump}: {_last_words(errors)}", hint=self._too_old(errors))

    def _program(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _too_old(self, errors: bytes) -> str:
        if b"unsupported version" not in errors:
            return ""
        return f"a newer pg_dump made it; this is {self.major}: set {VARIABLE} to the programs of a newer Postgres"


@cache
def _major(program: Path) -> int | None:
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\d+", output.partition(")")[2])
    return int(version.group()) if version else None


def connection(url: DatabaseUrl) -> tuple[dict[str, str], str]:
    """Return the environment in which libpq finds ``url``, and a connection string of what has no variable.

    Raises ConfigurationError where a secret has no variable.
    """
    # A service file would go before the other variables: it is for who names one.
    environment = {name: text for name, text in os.environ.items() if name not in CHOOSES_A_PLACE}
    rest: dict[str, str] = {}
    known = {option.keyword.decode(): option for option in pq.Conninfo.get_defaults()}
    for name, text in {"application_name": "payrollx-db", **url.params, "dbname": url.dbname}.items():
        option = known[name]
        if option.envvar:
            environment[option.envvar.decode()] = text
        elif option.dispchar:  # hidden where connections are shown
            raise ConfigurationError(
                f"{name} in the URL of {url.masked} can't be handed to pg_dump without showing it",
                hint="use a key without a password, or a password in ~/.pgpass",
            )
        else:
            rest[name] = text
    return environment, make_conninfo(**rest)


def _explicit() -> list[Path]:
    """Return the folders that PAYROLLX_PG_BIN means; none where it names a server's programs without a client's."""
    if not (chosen := os.environ.get(VARIABLE)):
        return []
    folder = Path(chosen).expanduser()
    named = [folder, folder / "bin"]
    has_server = any((place / f"postgres{SUFFIX}").is_file() for place in named)
    has_client = any((place / f"{name}{SUFFIX}").is_file() for place in named for name in NEEDED)
    return [] if has_server and not has_client else named


def _on_path() -> Iterator[Path]:
    if program := shutil.which("pg_dump"):
        yield Path(program).parent


@contextmanager
def _ended(program: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End the program where the work is given up, so that nobody waits for it."""
    try:
        yield
    except BaseException:
        program.kill()
        raise


def _errors_of(program: "subprocess.Popen[bytes]", given_up: Event | None) -> bytes:
    """Wait for the program's end, or make it; return what it wrote to its stderr."""
    while True:
        try:
            return program.communicate(timeout=None if given_up is None else LOOK_EVERY)[1]
        except subprocess.TimeoutExpired:
            if given_up is not None and given_up.is_set():
                program.kill()


def _last_words(errors: bytes, url: DatabaseUrl | None = None) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    text = " ".join(lines[:2]) or "it gave no reason"
    return mask(text, url)
