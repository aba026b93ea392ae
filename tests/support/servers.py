"""Which server the tests run on: what ``--pg`` says, and how that becomes a superuser's URL."""

import gc
import os
import re
import secrets
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from payrollx_db.devserver import Programs, server_version
from payrollx_db.devserver.programs import VARIABLE
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.url import DatabaseUrl

HELP = "the server to test on: embedded, embedded:16, docker:17, or a superuser's URL (databases are made and dropped)"

THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_prepared_transactions": "2",
    "shared_buffers": "128MB",
    "max_wal_size": "256MB",
    "join_collapse_limit": "1",  # a test's tables are small, and each session plans the same long queries anew
    "autovacuum": "off",  # it would start a process for each of hundreds of databases, and change what is counted there
    "authentication_timeout": "10s",  # DROP DATABASE waits for a login that a test has cut off half-way
}
# What two servers' data may take of a file system in memory, with a margin.
ROOM = 4 << 30

# What the embedded server has by default, and a container hasn't.
IN_A_CONTAINER = {**THROW_AWAY, "wal_level": "logical", "max_connections": "200", "max_wal_size": "4GB"}


# What a script may say since Postgres 15, as an expression, and what is said instead to an older server.
SINCE_15 = (
    (r" NULLS NOT DISTINCT", ""),
    (r"UNLOGGED SEQUENCE", "SEQUENCE"),
    (r"(ON DELETE SET NULL) \([^)]*\)", r"\1"),
    (r"numeric\(5, -2\)", "numeric(6)"),
)


def known_to(version: int, script: str) -> str:
    """Return a script without what a server of ``version`` (140023) doesn't know."""
    for expression, replacement in SINCE_15 if version < 150000 else ():
        script = re.sub(expression, replacement, script)
    return script


def in_memory() -> Path | None:
    """Return the folder of a file system in memory that has room for the servers, or ``None``: then the disk's.

    A thousand databases are made and dropped in a session, and a disk takes ten times as long for each.
    """
    folder = Path("/dev/shm")  # noqa: S108 - what is made in it gets a name of its own
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return None
    return folder if shutil.disk_usage(folder).free >= ROOM else None


@dataclass(frozen=True)
class Choice:
    """What ``--pg`` asked for: ``embedded`` or ``docker`` with a version (empty: any), or ``url``."""

    kind: str
    version: str = ""
    url: DatabaseUrl | None = None

    @classmethod
    def parse(cls, text: str) -> "Choice":
        """Read the option. Raises pytest.UsageError with what may be given instead."""
        if "://" in text:
            try:
                return cls("url", url=DatabaseUrl.parse(text, name="--pg"))
            except PayrollxError as error:
                raise pytest.UsageError(str(error)) from None
        if found := re.fullmatch(r"(embedded)(?::(\d+))?|(docker):(\d+)", text):
            return cls(found[1] or found[3], found[2] or found[4] or "")
        raise pytest.UsageError(f"--pg {text}: name embedded, embedded:16, docker:17, or a postgresql:// URL")


@dataclass(frozen=True)
class Chosen:
    """A server that is there (``url``), or that each worker starts for itself (``None``); and who ends it."""

    title: str
    url: DatabaseUrl | None = None
    end: Callable[[], None] = lambda: None


def choose(text: str) -> Chosen:
    """Find, or start, what ``--pg`` asks for. Raises pytest.UsageError where it can't be had."""
    choice = Choice.parse(text)
    try:
        if choice.url:
            return Chosen(f"postgres: {server_version(choice.url)} at {choice.url}", choice.url)
        if choice.kind == "docker":
            return _container(choice.version)
        programs = Programs.find(choice.version or None)
    except PayrollxError as error:
        if not choice.version and not choice.url:
            return Chosen(f"postgres: {error}")  # the tests that need none still run
        raise pytest.UsageError(f"--pg {text}: {error}") from None
    if choice.version:
        os.environ[VARIABLE] = str(programs.folder)  # for the servers that single tests start, and for workers
    return Chosen(f"postgres: {programs.version}, embedded")


def _container(version: str) -> Chosen:
    # We end the container ourselves, so the reaper, which is another image to fetch, isn't needed.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    import docker.errors
    import requests
    from testcontainers.community.postgres import PostgresContainer

    settings = [part for name, value in IN_A_CONTAINER.items() for part in ("-c", f"{name}={value}")]
    try:
        # Where no engine answers, its client leaves a socket behind.
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            container: Any = PostgresContainer(
                f"postgres:{version}",
                username="postgres",
                password=secrets.token_hex(16),
                dbname="postgres",
                driver=None,
            )
            # Docker's own 64 MB are too few for parallel queries and index builds.
            container.with_command(settings).with_kwargs(shm_size="512m").start()
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        reason = str(error)
    else:
        url = _without_names(DatabaseUrl.parse(container.get_connection_url(), name="--pg"))
        return Chosen(f"postgres: {server_version(url)}, in a container of postgres:{version}", url, container.stop)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
    raise pytest.UsageError(f"--pg docker:{version}: no container can be had: {reason}")


def _without_names(url: DatabaseUrl) -> DatabaseUrl:
    """Spell loopback as a number: the name may mean ::1, where a container's port isn't."""
    if url.params.get("host") != "localhost":
        return url
    return DatabaseUrl({**url.params, "host": "127.0.0.1"})
