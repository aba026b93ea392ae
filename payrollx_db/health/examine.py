"""The examination: every database is opened, measured and put through every check.

What fails is a finding as well: a database that can't be reached, a check that its role may not make.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import psycopg

from payrollx_db.consolidate.state.lags import Lag
from payrollx_db.consolidate.state.lags import lags as recorded_lags
from payrollx_db.errors import PayrollxError
from payrollx_db.health import backups
from payrollx_db.health.checks import CHECKS, Check, followed, tables_there, unfinished, with_run
from payrollx_db.health.database import Database, Expected, Place
from payrollx_db.health.sizes import Capacity, ServiceSize, capacity, sizes
from payrollx_db.model.finding import GRAVITY, Finding
from payrollx_db.postgres.session import Endpoint, session
from payrollx_db.postgres.sqlstates import LOCK_NOT_AVAILABLE

TIMEOUT = 30.0  # seconds for one database, everything included

NO_TABLES = "nothing to look at: none of the services' tables is here"

# It looks at tables that others may hold locked for long, and would rather say so than wait.
SETTINGS = {"default_transaction_read_only": "on", "lock_timeout": "2s"}


@dataclass(frozen=True)
class Checked:
    """One check of one database, and how it went: ``well`` says what is true where it has no finding."""

    name: str
    well: str
    findings: tuple[Finding, ...] = ()

    @property
    def severity(self) -> str:
        """The gravest of its findings: ``error``, ``warn``, ``info``, or ``ok`` where there is none."""
        return min((f.severity for f in self.findings), key=GRAVITY.__getitem__) if self.findings else "ok"


@dataclass(frozen=True)
class DatabaseHealth:
    """How one database is. Of one that can't be reached, only that is known."""

    place: Place
    seconds: float
    checks: tuple[Checked, ...]
    version: str = ""
    capacity: Capacity | None = None
    services: tuple[ServiceSize, ...] = ()
    lags: tuple[Lag, ...] = ()

    @property
    def reachable(self) -> bool:
        """Whether it answered."""
        return self.capacity is not None


@dataclass(frozen=True)
class Health:
    """How all databases are, and when each service was backed up last, if that was checked."""

    databases: tuple[DatabaseHealth, ...]
    backups: Checked | None = None
    last_backups: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        """All findings, the gravest first, and else in the order of databases and checks."""
        checks = [check for database in self.databases for check in database.checks]
        checks += [self.backups] if self.backups else []
        findings = [replace(finding, check=check.name) for check in checks for finding in check.findings]
        return sorted(findings, key=lambda f: GRAVITY[f.severity])

    @property
    def healthy(self) -> bool:
        """Whether nothing needs attention."""
        return not any(finding.needs_attention for finding in self.findings)


async def examine(places: Iterable[Place], expected: Expected, *, seconds: float = TIMEOUT) -> Health:
    """Examine all ``places`` at once; each gets that many ``seconds``. Changes nothing.

    What goes wrong is in the findings. Whatever ``expected.backups`` raises is raised.
    """
    asked = tuple(places)
    databases = tuple(await asyncio.gather(*(_examine(place, expected, seconds) for place in asked)))
    if expected.backups is None:
        return Health(databases)
    last = expected.backups()
    services = [service for place in asked for service in place.services]
    late = backups.judge(expected.catalog, services, last, expected.limits.backup_seconds, datetime.now(UTC))
    return Health(databases, Checked("backups", "every service has a fresh one", tuple(late)), last)


async def _examine(place: Place, expected: Expected, seconds: float) -> DatabaseHealth:
    endpoint = Endpoint(place.url, "target", place.url.dbname, "payrollx-db doctor", SETTINGS)
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds), session(endpoint) as connection:
            connected = time.monotonic() - began
            with endpoint.translating_errors("can't be examined"):
                return await _look(Database(place, endpoint, connection, expected), connected)
    except TimeoutError:
        return _unreachable(place, f"no answer within {seconds:g} s", "find out what the server is busy with")
    except PayrollxError as error:
        return _unreachable(place, _message(place, error), error.hint)


async def _look(database: Database, connected: float) -> DatabaseHealth:
    there = await capacity(database)
    measured: list[ServiceSize] = []

    async def measure(database: Database) -> list[Finding]:
        measured.extend(await sizes(database))
        return []

    examined = database

    async def find_run(database: Database) -> list[Finding]:
        nonlocal examined
        examined = await with_run(database)  # of whose tables the other checks know by this
        return unfinished(examined)

    checks = [await _checked(Check("runs", "none is unfinished", find_run), database)]
    empty = not await tables_there(database)
    chosen = [replace(check, well=NO_TABLES) if empty and check.of_tables else check for check in CHECKS]
    lags: list[Lag] = []

    async def look_at_lags(database: Database) -> list[Finding]:
        async with database.connection.transaction(force_rollback=True):
            await database.rows("act_as_owner", owner=database.expected.catalog.owner_role)
            lags.extend(await recorded_lags(database.connection))
            return await followed(database, lags)

    chosen.append(Check("followed", "no slot is lost, no disk fills up", look_at_lags))
    checks += [await _checked(check, examined) for check in (*chosen, Check("sizes", "all could be read", measure))]
    version = database.connection.info.parameter_status("server_version") or ""
    reached = Checked("reachable", f"in {connected * 1000:.0f} ms")
    short = version.partition(" ")[0]
    return DatabaseHealth(database.place, connected, (reached, *checks), short, there, tuple(measured), tuple(lags))


async def _checked(check: Check, database: Database) -> Checked:
    """Make one check. What its role may not see, or others hold locked, is a finding, and no end to the rest."""
    try:
        return Checked(check.name, check.well, tuple(await check.run(database)))
    except psycopg.Error as error:
        if database.connection.closed:
            raise
        failure = database.endpoint.to_error(error, f"{check.name} can't be checked")
    except PayrollxError as error:
        failure = error
    again = failure.transient or failure.sqlstate == LOCK_NOT_AVAILABLE
    remedy = "ask again in a moment" if again else failure.hint
    message = _message(database.place, failure)
    return Checked(check.name, check.well, (database.finding("not-checked", "warn", message, remedy),))


def _unreachable(place: Place, message: str, remedy: str) -> DatabaseHealth:
    names = [service.name for service in place.services]
    service = names[0] if len(names) == 1 else ""
    finding = Finding("unreachable", "error", place.url.masked, 1, message, remedy=remedy, subject=service)
    return DatabaseHealth(place, 0.0, (Checked("reachable", "", (finding,)),))


def _message(place: Place, failure: PayrollxError) -> str:
    """Return what failed, without where: the finding says that itself."""
    return failure.message.partition(f"{place.url.masked}: ")[2] or failure.message
