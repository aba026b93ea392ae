"""What the servers let a run use, and how they are set for its login: sessions, locks, temporary files, replication.

None of it shows in a row, and each can end a copy half-way, or tell others what it does.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg.rows import class_row

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import EXAMPLES, Finding, Severity
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import DATABASES_AT_ONCE, limited
from payrollx_db.postgres.session import Connection, Endpoint

queries = query_files.beside(__name__)

OWN_SESSIONS = 4  # beside those that copy: the lock's, the run's, the one that watches, one that builds an index
OLD, TOO_OLD = 1_500_000_000, 2_140_000_000  # transactions since the last freeze: soon, and at once, the server refuses


@dataclass(frozen=True)
class Limits:
    """What `queries/limits.sql` answers; sessions that are used are others'."""

    superuser: bool
    role_limit: int
    role_used: int
    database_limit: int
    database_used: int
    used: int
    settings: Mapping[str, str]
    age: int
    archiving_fails: bool
    closed_temporary: list[str]

    def number(self, name: str) -> int:
        """Return a numeric setting, 0 where the server doesn't know it."""
        return int(self.settings.get(name, 0))

    @property
    def free(self) -> tuple[int, str]:
        """How many sessions more this login may open, and by what they are limited."""
        reserved = 0 if self.superuser else self.number("superuser_reserved_connections")
        reserved += 0 if self.superuser else self.number("reserved_connections")
        limits = [(self.number("max_connections") - reserved - self.used, "max_connections")]
        if not self.superuser and self.role_limit >= 0:
            limits.append((self.role_limit - self.role_used, "the role's CONNECTION LIMIT"))
        if not self.superuser and self.database_limit >= 0:
            limits.append((self.database_limit - self.database_used, "the database's CONNECTION LIMIT"))
        return min(limits)


async def check_limits(context: Context, plan: Plan) -> list[Finding]:
    """Find which limits and settings of both sides a run would meet. Raises SourceError or TargetError."""
    of_sources = await limited([_of_source(context, name) for name in plan.sources], DATABASES_AT_ONCE)
    findings = [finding for group in of_sources for finding in group]
    target = context.target
    tables = {table.target.oid: table.target_name for table in plan.copies}
    async with context.sessions.session(target) as connection:
        limits = await _read(connection, target)
        with target.translating_errors("can't read its limits"):
            cursor = await connection.execute(queries.load("replicated_tables"), {"tables": list(tables)})
            replicated = await cursor.fetchall()
            cursor = await connection.execute(queries.load("locks_of_tables"), {"tables": list(tables)})
            locks = await cursor.fetchall()
    findings += _sessions(target.name, limits, OWN_SESSIONS, 2 * context.jobs + OWN_SESSIONS)
    findings += _logged(target.name, limits)
    findings += _of_target(target.name, plan, limits)
    findings += _replicated(target.name, tables, replicated)
    for oid, needed in locks:
        findings += _locks(f"{target.name}.{tables[oid]}", limits, needed)
    return findings


async def _of_source(context: Context, name: str) -> list[Finding]:
    endpoint = context.sources[name]
    async with context.sessions.session(endpoint) as connection:
        limits = await _read(connection, endpoint)
    return [*_sessions(name, limits, 1, context.jobs + 1), *_logged(name, limits)]


async def _read(connection: Connection, endpoint: Endpoint) -> Limits:
    with endpoint.translating_errors("can't read its limits"):
        cursor = connection.cursor(row_factory=class_row(Limits))
        await cursor.execute(queries.load("limits"))
        (limits,) = await cursor.fetchall()
    return limits


def _sessions(place: str, limits: Limits, least: int, most: int) -> Iterator[Finding]:
    free, limited_by = limits.free
    if free < most:
        severity: Severity = "block" if free < least else "warn"
        message = (
            f"{max(free, 0)} sessions free, by {limited_by}, and a run opens up to {most}: end idle ones, raise it"
        )
        yield Finding("connections", severity, place, 1, f"{message}, or ask for fewer --jobs")


def _logged(place: str, limits: Limits) -> Iterator[Finding]:
    if limits.settings.get("log_statement") == "all" or limits.settings.get("log_min_duration_statement") == "0":
        message = "the server logs every statement, and ours name keys of rows that policies decide about"
        yield Finding("logging", "warn", place, 1, message)


def _of_target(place: str, plan: Plan, limits: Limits) -> Iterator[Finding]:
    settings = limits.settings
    if settings.get("default_transaction_read_only") == "on":
        message = "default_transaction_read_only is on for this login or database: nothing could be written; reset it"
        yield Finding("setting", "block", place, 1, message)
    if settings.get("session_replication_role", "origin") == "replica":
        message = "session_replication_role is replica: only ENABLE REPLICA and ENABLE ALWAYS triggers fire, and new"
        if any(table.scope for table in plan.copies):  # whose foreign keys stay, as others use their tables
            yield Finding("setting", "block", place, 1, f"{message} rows aren't held to foreign keys; reset it")
        else:
            message = f"{message} rows aren't held to foreign keys until they are validated"
            yield Finding("setting", "warn", place, 1, message)
    largest = max((table.source.size for table in plan.copies), default=0)
    allowed = limits.number("temp_file_limit") * 1024
    if 0 <= allowed < largest:
        message = f"temp_file_limit is {allowed / 1_000_000:,.1f} MB, and sorting for the indexes of the largest table"
        yield Finding("setting", "warn", place, 1, f"{message} may need {largest / 1_000_000:,.1f} MB")
    if closed := tuple(limits.closed_temporary):
        message = "temp_tablespaces in which this login may make nothing: what is sorted for the indexes takes its room"
        message = f"{message} from the database's own tablespace; grant CREATE on them, or reset it"
        yield Finding("setting", "warn", place, len(closed), message, closed[:EXAMPLES])
    if limits.age > OLD:
        severity: Severity = "block" if limits.age > TOO_OLD else "warn"
        message = f"{limits.age:,} transactions since its oldest row was frozen: vacuum it before it takes no writes"
        yield Finding("wraparound", severity, place, 1, message)
    if limits.archiving_fails:
        message = "archiving of WAL fails: what the copy writes piles up on the disk until it works again"
        yield Finding("archiving", "warn", place, 1, message)


def _replicated(place: str, tables: Mapping[int, str], rows: list[tuple[int, str, str]]) -> Iterator[Finding]:
    names: dict[tuple[int, str], list[str]] = defaultdict(list)
    for oid, kind, name in rows:
        names[oid, kind].append(name)
    messages = {
        "publication": "published: every copied row, and that the table is emptied, is sent to the subscribers too",
        "subscription": "a subscription writes into it: its rows and the copied ones would meet; disable it",
    }
    for (oid, kind), known in names.items():
        yield Finding(
            "replicated", "warn", f"{place}.{tables[oid]}", len(known), messages[kind], tuple(known[:EXAMPLES])
        )


def _locks(place: str, limits: Limits, needed: int) -> Iterator[Finding]:
    sessions = limits.number("max_connections") + limits.number("max_prepared_transactions")
    held = limits.number("max_locks_per_transaction") * sessions
    if needed > held:
        message = (
            f"to have it alone with its partitions and indexes takes {needed:,} locks, and the server has room for"
        )
        yield Finding(
            "locks", "block", place, 1, f"{message} {held:,}: raise max_locks_per_transaction, and restart it"
        )
