"""The services' own switch: what each has to set, who is told that it may, and whether they have come."""

import asyncio
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from psycopg import sql

from payrollx_db.errors import ConfigurationError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Endpoint, run, session

queries = query_files.beside(__name__)

WAIT_FOR_ANSWER = 5.0  # seconds that a called URL has to answer
ENDED = 0.02  # seconds between two looks whether a command has ended
LOOK = 0.5  # seconds between two looks at who is connected
SCHEMES = ("http", "https")


@dataclass(frozen=True)
class Setting:
    """What one service has to set: its variable, and where it finds its tables; without a password."""

    service: str
    variable: str
    url: str
    schema: str
    role: str

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        names = ("service", "variable", "url", "schema", "role")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        parts = [f"schema {self.schema}"] if self.schema else []
        parts += [f"role {self.role}"] if self.role else []
        return f"{self.service}: {self.variable}={self.url}" + (f" ({', '.join(parts)})" if parts else "")


@dataclass(frozen=True)
class Telling:
    """Who is told that a side is open: a command, a URL; and how long (seconds) services are waited for."""

    command: str = ""
    url: str = field(default="", repr=False)
    wait: float = 0.0

    def __post_init__(self) -> None:
        """Raise ConfigurationError where the URL isn't one that can be called."""
        if self.url and (urlsplit(self.url).scheme not in SCHEMES or not urlsplit(self.url).hostname):
            raise ConfigurationError("the URL to call is none of http or https", hint="give one like https://host/path")


NOBODY = Telling()


@dataclass(frozen=True)
class Told:
    """What came of it. ``command`` is its exit code, ``url`` the status of the answer (0: none), ``None`` if not asked.

    ``connected`` has how many sessions each service had in the end.
    """

    command: int | None = None
    url: int | None = None
    connected: Mapping[str, int] = field(default_factory=dict)

    @property
    def troubles(self) -> list[str]:
        """What didn't go well, for people."""
        texts = [f"the command ended with exit code {self.command}"] if self.command else []
        if self.url is not None and not 200 <= self.url < 300:
            texts.append(f"the URL answered with status {self.url}" if self.url else "the URL gave no answer")
        return texts + [f"no session of {name} has come" for name, count in self.connected.items() if not count]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"command": self.command, "url": self.url, "connected": dict(self.connected)}


def settings_of(catalog: Catalog, services: Sequence[str], target: Endpoint) -> tuple[Setting, ...]:
    """Return what each of the services has to set to be in the unified database."""
    known = [catalog.service(name) for name in services]
    return tuple(Setting(s.name, variable(s.name), target.url.masked, s.schema, s.role) for s in known)


def settings_back(places: Mapping[str, Endpoint]) -> tuple[Setting, ...]:
    """Return what each service has to set to be in its legacy database again, by its name."""
    return tuple(
        Setting(name, variable(name), endpoint.url.masked, endpoint.url.schema or "", "")
        for name, endpoint in places.items()
    )


def variable(service: str) -> str:
    """Return the variable that says where a service's tables are: ``AUTH_DATABASE_URL``."""
    return f"{service.upper().replace('-', '_')}_DATABASE_URL"


async def tell(
    telling: Telling, action: str, services: Sequence[str], expected: Mapping[str, tuple[Endpoint, str]]
) -> Told:
    """Run the command and call the URL, both at once, and wait for sessions of the services.

    ``expected`` says where each service's sessions are expected, and as which role (empty: any). Neither the command's
    arguments nor its environment
    nor what is sent has a secret of ours. Raises SourceError or TargetError where the sessions can't be counted.
    """
    command, status = await asyncio.gather(
        _run(telling.command, action, services), asyncio.to_thread(_call, telling.url, action, services)
    )
    connected = await _wait(telling.wait, expected) if telling.wait else {}
    return Told(command, status, connected)


async def _run(command: str, action: str, services: Sequence[str]) -> int | None:
    if not command:
        return None
    # Its output goes where ours for people goes: what is on stdout is the answer alone.
    environment = {**os.environ, "PAYROLLX_ACTION": action, "PAYROLLX_OPENED_SERVICES": " ".join(services)}
    process = await asyncio.to_thread(_start, command, environment)
    try:
        # An event loop on Windows has either processes or the sockets that psycopg needs.
        while (code := process.poll()) is None:  # noqa: ASYNC110 - nobody else would say it
            await asyncio.sleep(ENDED)
    except asyncio.CancelledError:
        process.terminate()
        raise
    return code


def _start(command: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=2, env=environment)  # noqa: S602 - the user's own words


def _call(url: str, action: str, services: Sequence[str]) -> int | None:
    if not url:
        return None
    body = json.dumps({"action": action, "services": list(services)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - http and https only
    try:
        with urllib.request.urlopen(request, timeout=WAIT_FOR_ANSWER) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)
    except (OSError, ValueError):
        return 0


async def _wait(seconds: float, expected: Mapping[str, tuple[Endpoint, str]]) -> dict[str, int]:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        connected = {name: await _connected(endpoint, role) for name, (endpoint, role) in expected.items()}
        if all(connected.values()) or asyncio.get_running_loop().time() > deadline:
            return connected
        await asyncio.sleep(LOOK)


async def _connected(endpoint: Endpoint, role: str) -> int:
    params = {"ours": endpoint.application_name, "role": role}
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't read who is connected"):
            rows = await run(connection, sql.SQL(queries.load("connected")), params)
    return int(rows[0][0])
