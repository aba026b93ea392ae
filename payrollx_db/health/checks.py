"""The checks, one function each: it asks its query, and returns what needs attention.

A new check is a function here, a query in queries/, a line in CHECKS, and a test that plants the fault.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from psycopg import sql

from payrollx_db.consolidate.follow.lag import findings as lag_findings
from payrollx_db.consolidate.state.flows import flows as recorded_flows
from payrollx_db.consolidate.state.lags import Lag
from payrollx_db.consolidate.state.lock import lock_holder
from payrollx_db.consolidate.state.unfinished import find_unfinished_async
from payrollx_db.health.database import MEGABYTE, MINUTE, Database, quoted
from payrollx_db.health.sizes import capacity, sessions
from payrollx_db.model.finding import PREPARED_TRANSACTION, Finding, Severity
from payrollx_db.schema.roles.check import check as check_roles

FULL = 0.95  # of the connections: from here on, the next burst is refused


@dataclass(frozen=True)
class Check:
    """A check: what it is called, what is so where it finds nothing, and what it does.

    ``of_tables`` says that it looks at the services' tables, so that it says nothing where there are none.
    """

    name: str
    well: str
    run: Callable[[Database], Awaitable[list[Finding]]]
    of_tables: bool = False


async def migrated(database: Database) -> list[Finding]:
    """Every service is at its newest revision, and its tables are there."""
    if database.expected.catalog.lifted:
        return await _missing_tables(database)
    heads = await _heads(database)
    if not heads:
        message = "no migration was ever run here"
        return [database.finding("not-migrated", "error", message, database.command("migrate"))]
    branches, migrate = database.expected.branches, database.command("migrate")
    known = {revision for revisions in branches.values() for revision in revisions}
    findings = []
    if unknown := sorted(heads - known):
        message = f"at revision {', '.join(unknown)}, which this version of payrollx-db doesn't know"
        newer = "use the version of payrollx-db that migrated it, or a newer one"
        findings.append(database.finding("revision-unknown", "error", message, newer))
    tenants = await _tenant_revisions(database)
    for service in database.place.services:
        revisions = branches.get(service.name, ())
        there = next((revision for revision in reversed(revisions) if revision in heads), None)
        if service.tenant:
            there = tenants.get(service.schema)
        # A revision of an unknown version may well have taken this one's place.
        if revisions and there != revisions[-1] and not unknown:
            message = f"{service.name} is at {there or 'no revision'}, the newest is {revisions[-1]}"
            findings.append(database.finding("behind", "error", message, migrate, schema=service.schema))
    return findings or await _missing_tables(database)


async def followed(database: Database, lags: Sequence[Lag]) -> list[Finding]:
    """No slot of what is followed is lost, and no disk fills up with the log that is kept for it."""
    flows = await recorded_flows(database.connection)
    at_work = bool(flows) and bool(await lock_holder(database.connection))
    return lag_findings(flows, lags, at_work=at_work)


def unfinished(database: Database) -> list[Finding]:
    """No consolidation is unfinished: until it ends, its tables lack rows, indexes and foreign keys."""
    if database.run is None:
        return []
    message = f"{database.run}; doctor leaves out the indexes, constraints and statistics of its tables"
    severity: Severity = "info" if database.run.state == "at work" else "warn"
    remedy = database.run.next_step(database.expected.catalog)
    return [database.finding("unfinished-run", severity, message, remedy, place=f"run {database.run.id}")]


async def tables_there(database: Database) -> set[tuple[str, str]]:
    """Return the schemas and names of the services' tables that are there. Asks no sizes, so it waits for nobody."""
    return {(schema, name) for schema, name in await database.rows("table_names") if name}


async def roles(database: Database) -> list[Finding]:
    """Each role may do what it should, and nothing else."""
    if not await tables_there(database):
        return []  # nothing to guard yet, which another check says
    report = await asyncio.to_thread(check_roles, database.place.url, database.expected.catalog)
    schemas = {service.role: service.schema for service in database.place.services}
    faults: dict[tuple[str, str], list[Finding]] = {}
    for fault in report.findings:
        if fault.code != PREPARED_TRANSACTION:  # which the check of transactions finds, by a limit of its own
            faults.setdefault((fault.subject, fault.code), []).append(fault)
    remedy = f"{database.command('roles --check')} lists them all, with the SQL that fixes them"
    findings = []
    for (role, code), members in faults.items():
        first, number = members[0], len(members)
        message = f"{first.message}, and {number - 1} more" if number > 1 else first.message
        place, schema = f"role {role}", schemas.get(role, "")
        findings.append(
            database.finding(code, first.severity, message, remedy, place=place, schema=schema, count=number)
        )
    return findings


async def connections(database: Database) -> list[Finding]:
    """There is room for more sessions: on the server, for each login with a limit, and for each service."""
    advice = "says what each service may take; PgBouncer lets many clients share few sessions"
    budget = f"{database.command('pool-budget')} {advice}"
    there = await capacity(database)
    scope = [(there.used, there.room.unreserved, "that the server has for all")]
    if there.room.limit is not None:
        scope.append((there.used_here, there.room.limit, "that its CONNECTION LIMIT allows"))
    findings = []
    for used, most, what in scope:
        if used >= database.expected.limits.connections * most:
            severity: Severity = "error" if used >= FULL * most else "warn"
            findings.append(
                database.finding("connections", severity, f"{used} of the {most} sessions {what} are taken", budget)
            )
    for login, most, used in await database.rows("login_limits"):
        if used >= database.expected.limits.connections * most:
            message = f"{used} of its {most} sessions are taken"
            remedy = f"lower the pools that use it, or ALTER ROLE {quoted(login)} CONNECTION LIMIT …"
            findings.append(database.finding("connections", "warn", message, remedy, place=f"login {login}"))
    for name, used in (await sessions(database)).items():
        if used > there.share:
            message = f"{used} sessions, where an even share of {there.room.open} is {there.share}"
            schema = database.expected.catalog.service(name).schema
            place = f"service {name}"
            findings.append(database.finding("over-budget", "warn", message, budget, place=place, schema=schema))
    return findings


async def transactions(database: Database) -> list[Finding]:
    """No transaction is open for long: it holds locks, and keeps old rows from being cleaned up."""
    findings = []
    for pid, what, seconds, gid in await database.rows(
        "long_transactions", seconds=database.expected.limits.transaction_seconds
    ):
        aged = f"open for {_duration(seconds)}, holding its locks and every row version since"
        if gid is not None:
            literal = sql.Literal(gid).as_string()
            end = f"COMMIT PREPARED {literal} or ROLLBACK PREPARED {literal}"
            place = f"prepared transaction {gid}"
            findings.append(database.finding("prepared-transaction", "warn", f"{what}: {aged}", end, place=place))
        else:
            end = f"end it where it runs, or SELECT pg_terminate_backend({pid})"
            findings.append(
                database.finding("long-transaction", "warn", f"{what}: {aged}", end, place=f"session {pid}")
            )
    if not await _sees_others(database):
        message = "what sessions of other roles do is hidden from this one"
        remedy = "GRANT pg_read_all_stats TO it, which pg_monitor includes"
        findings.append(database.finding("hidden", "info", message, remedy))
    return findings


async def invalid_indexes(database: Database) -> list[Finding]:
    """Every index can be used."""
    findings = []
    for schema, table, index, is_maintained, is_partitioned in await database.rows("invalid_indexes"):
        if database.under_way(schema, table):
            continue
        place, name = f"{schema}.{table}.{index}", quoted(schema, index)
        severity: Severity = "warn" if is_partitioned else "error"
        if is_partitioned:
            message = "not every partition has it: queries of the others read them whole"
            remedy = f"build it there with CREATE INDEX CONCURRENTLY, then ALTER INDEX {name} ATTACH PARTITION it"
            remedy += f", or DROP INDEX {name}"
        else:
            cost = "every write still pays for it" if is_maintained else "it isn't kept up to date either"
            message = f"no query uses it; {cost}"
            remedy = f"REINDEX INDEX CONCURRENTLY {name}, or DROP INDEX CONCURRENTLY {name}"
        findings.append(database.finding("invalid-index", severity, message, remedy, place=place, schema=schema))
    return findings


async def missing_indexes(database: Database) -> list[Finding]:
    """Every column that refers to another table is indexed."""
    findings = []
    for schema, table, columns, keys, partitioned in await database.rows("missing_indexes", loose=database.loose):
        if database.under_way(schema, table):
            continue
        what = f"the foreign key {', '.join(keys)}" if keys else "a loose reference"
        message = f"{what} has no index: a join from the other side, or a delete there, reads the whole table"
        listed = ", ".join(quoted(column) for column in columns)
        # Of a partitioned table none can be built beside writes, but for one on each partition, attached one by one.
        create = "CREATE INDEX ON" if partitioned else "CREATE INDEX CONCURRENTLY ON"
        remedy = f"{create} {quoted(schema, table)} ({listed})"
        if partitioned:
            remedy += ", which keeps writes out meanwhile"
        if not database.expected.catalog.lifted:  # of a lift there are no models
            remedy += ", and declare it in the model"
        place = f"{schema}.{table}.{'+'.join(columns)}"
        findings.append(database.finding("missing-index", "warn", message, remedy, place=place, schema=schema))
    return findings


async def unused_indexes(database: Database) -> list[Finding]:
    """Every index of some size is used."""
    limits = database.expected.limits
    findings = []
    for schema, table, index, size, days in await database.rows(
        "unused_indexes", days=limits.unused_days, bytes=limits.unused_bytes, loose=database.loose
    ):
        message = f"no query has used it in {days:,.0f} days; {size / MEGABYTE:,.1f} MB, kept up by every write"
        remedy = f"if standbys and yearly jobs don't use it either: DROP INDEX CONCURRENTLY {quoted(schema, index)}"
        place = f"{schema}.{table}.{index}"
        findings.append(database.finding("unused-index", "info", message, remedy, place=place, schema=schema))
    return findings


async def unvalidated_constraints(database: Database) -> list[Finding]:
    """Every constraint holds for every row, old ones too."""
    findings = []
    for schema, table, name, is_enforced in await database.rows("unvalidated_constraints"):
        if database.under_way(schema, table):
            continue
        place = f"{schema}.{table}.{name}"
        alter = f"ALTER TABLE {quoted(schema, table)}"
        if is_enforced:
            message = "NOT VALID: rows that are older than it may violate it"
            remedy = (
                f"{alter} VALIDATE CONSTRAINT {quoted(name)}; {database.command('check')} names rows that would refuse"
            )
        else:
            message = "NOT ENFORCED: Postgres checks no row against it"
            remedy = f"{alter} ALTER CONSTRAINT {quoted(name)} ENFORCED"
        findings.append(database.finding("not-valid", "warn", message, remedy, place=place, schema=schema))
    return findings


async def never_analyzed(database: Database) -> list[Finding]:
    """The planner knows what is in every table."""
    findings = []
    for schema, table, size in await database.rows("never_analyzed"):
        if database.under_way(schema, table):
            continue
        severity: Severity = "warn" if size >= database.expected.limits.analyzed_bytes else "info"
        message = f"{size / 1000:,.0f} kB of rows that the planner knows nothing of"
        remedy = f"ANALYZE {quoted(schema, table)}"
        place = f"{schema}.{table}"
        findings.append(database.finding("never-analyzed", severity, message, remedy, place=place, schema=schema))
    return findings


async def idle_slots(database: Database) -> list[Finding]:
    """No replication slot was left behind: it keeps the server's log until the disk is full."""
    findings = []
    for name, kind, status, retained in await database.rows("idle_slots"):
        kept = "" if retained is None else f", keeping {retained / MEGABYTE:,.0f} MB of the server's log"
        is_lost = status == "lost"
        state = "its log is gone, so nobody can go on from it" if is_lost else f"nobody reads from it{kept}"
        severity: Severity = "error" if status == "unreserved" else "warn"
        literal = sql.Literal(name).as_string()
        remedy = f"start its reader, or SELECT pg_drop_replication_slot({literal})"
        findings.append(database.finding("idle-slot", severity, f"{kind}: {state}", remedy, place=f"slot {name}"))
    return findings


CHECKS = (
    Check("migrated", "every service is at its newest revision", migrated),
    Check("roles", "each role may do what it should, and nothing else", roles, of_tables=True),
    Check("connections", "there is room for more", connections),
    Check("transactions", "none is open for long", transactions),
    Check("invalid indexes", "none", invalid_indexes, of_tables=True),
    Check("missing indexes", "every reference has one", missing_indexes, of_tables=True),
    Check("unused indexes", "none of some size", unused_indexes, of_tables=True),
    Check("constraints", "all hold for every row", unvalidated_constraints, of_tables=True),
    Check("statistics", "the planner knows every table", never_analyzed, of_tables=True),
    Check("replication slots", "none was left behind", idle_slots),
)


async def with_run(database: Database) -> Database:
    """Return the database with the unfinished run that writes into its services' schemas. Raises StateConflictError."""
    async with database.connection.transaction(force_rollback=True):
        await database.rows("act_as_owner", owner=database.expected.catalog.owner_role)
        return replace(database, run=await find_unfinished_async(database.connection, database.place.schemas))


async def _heads(database: Database) -> set[str]:
    if not (await database.row("version_table")).there:
        return set()
    async with database.connection.transaction():
        await database.rows("act_as_owner", owner=database.expected.catalog.owner_role)
        cursor = await database.connection.execute("SELECT version_num FROM payrollx_meta.alembic_version")
        return {revision for (revision,) in await cursor.fetchall()}


async def _tenant_revisions(database: Database) -> dict[str, str]:
    """Return where the schemas of tenants are, by name; empty where there are none."""
    if not any(service.tenant for service in database.place.services):
        return {}
    async with database.connection.transaction():
        await database.rows("act_as_owner", owner=database.expected.catalog.owner_role)
        cursor = await database.connection.execute("SELECT schema, revision FROM payrollx_meta.tenants")
        return dict(await cursor.fetchall())


async def _missing_tables(database: Database) -> list[Finding]:
    there = await tables_there(database)
    message = "a migration created it, and it is gone"
    remedy = f"restore it: {database.command('service restore')}, or undo and redo the service's migrations"
    if database.expected.catalog.lifted:
        message, remedy = "it isn't here", f"{database.command('migrate')} makes it, where the schema isn't there yet"
    return [
        database.finding(
            "table-missing", "error", message, remedy,
            place=f"{service.schema}.{table}", schema=service.schema,
        )
        for service in database.place.services
        for table in service.tables
        if (service.schema, table) not in there
    ]  # fmt: skip


async def _sees_others(database: Database) -> bool:
    cursor = await database.connection.execute("SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')")
    row = await cursor.fetchone()
    return bool(row and row[0])


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * MINUTE else f"{seconds / MINUTE:,.0f} min"
