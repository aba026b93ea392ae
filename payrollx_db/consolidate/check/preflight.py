"""Preflight checks: rights, encodings, locales, versions, space, and what others are doing.

None of it shows in a row, and each can spoil a run. It is cheap to check, so `copy` does it too. No
policy resolves these findings; each message says what it means for the run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from payrollx_db.consolidate.check.characters import COMPLETE
from payrollx_db.consolidate.check.foreign_targets import foreign_targets
from payrollx_db.consolidate.check.functions import READING, unreadable_tables
from payrollx_db.consolidate.check.limits import check_limits
from payrollx_db.consolidate.check.sequences import check_sequences
from payrollx_db.consolidate.check.server_facts import Relation, ServerFacts, Transaction, fetch_facts, free_bytes
from payrollx_db.consolidate.check.triggers import check_triggers
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import EXAMPLES, Finding, Severity
from payrollx_db.postgres.concurrency import DATABASES_AT_ONCE, limited, together
from payrollx_db.postgres.introspect import Database

OLDEST = 140000  # server_version_num: what this is tested with
LONG = 5 * 60  # seconds; a transaction that is open longer isn't about to end
SOON = 10  # seconds; the run itself waits that long for a lock (load.LOCK_TIMEOUT)
SPACE = 3  # times the rows' size: the rows, about as much for their indexes, and for the WAL of both

Findings = Iterator[Finding]


async def run_preflight(context: Context, plan: Plan) -> list[Finding]:
    """Find what could spoil the run though every row is sound. Changes nothing.

    Raises SourceError or TargetError where a catalog can't be read.
    """
    sessions, target = context.sessions, context.target
    work = [
        fetch_facts(sessions, context.sources[name], _tables(plan, name), database.version)
        for name, database in plan.sources.items()
    ]
    work.append(fetch_facts(sessions, target, {t.target.oid for t in plan.tables}, plan.target.version))
    *facts, target_facts = await limited(work, DATABASES_AT_ONCE)
    findings = poolers(plan)
    findings += list(_Target(plan, target.name, plan.target, target_facts).findings())
    for (name, database), source_facts in zip(plan.sources.items(), facts, strict=True):
        findings += _Source(plan, name, database, source_facts, target_facts).findings()
    if any(finding.blocks and finding.code == "version" for finding in findings):
        return findings  # there are tables that can't even be asked, such as unlogged ones of a standby
    if unplanned := await unreadable_tables(context, plan):
        return findings + unplanned
    findings += await foreign_targets(context, plan)
    findings += await check_limits(context, plan)  # alone: it says whether there are sessions for several at once
    if plan.poolers:  # which may have one session for all of us
        return findings + await check_triggers(context, plan) + await check_sequences(context, plan)
    triggers, sequences = await together([check_triggers(context, plan), check_sequences(context, plan)])
    return findings + triggers + sequences


def unreadable(findings: Iterable[Finding]) -> bool:
    """Tell whether the rows can't even be read: rights are missing, or the target takes no temporary table."""
    codes = ("privilege", "version", "pooler")
    return any(finding.blocks and (finding.code in codes or finding.check == READING) for finding in findings)


def poolers(plan: Plan) -> list[Finding]:
    """Name the databases that are reached through a pooler: a run needs sessions of its own, of the server itself."""
    return [
        Finding(
            "pooler", "block", name, 1,
            f"a pooler stands before it at {place}, and the copy needs sessions of its own, for locks, snapshots and"
            " temporary tables: connect to the server directly, by the URL of Postgres itself",
        )
        for name, place in plan.poolers.items()
    ]  # fmt: skip


@dataclass(frozen=True)
class _Side:
    plan: Plan
    name: str
    database: Database
    facts: ServerFacts

    def finding(self, code: str, severity: Severity, message: str, place: str = "", *things: str) -> Finding:
        """Return a finding about ``things`` at ``place`` of this database, or about the database itself."""
        where = f"{self.name}.{place}" if place else self.name
        return Finding(code, severity, where, max(len(things), 1), message, things[:EXAMPLES])

    def common(self) -> Findings:
        """What is asked of both sides alike."""
        if self.database.version < OLDEST:
            yield self.finding("version", "block", f"Postgres {self.database.version_text}: 14 is the oldest supported")
        recorded, actual = self.facts.setting.collation_version, self.facts.collation_actual
        if recorded and actual and recorded != actual:
            yield self.finding(
                "collation", "warn",
                f"made with collation version {recorded}, and the system has {actual}: indexes over text may be out"
                " of order until they are rebuilt and ALTER DATABASE … REFRESH COLLATION VERSION is run",
            )  # fmt: skip
        for table in self.facts.relations:
            if not table.schema_usable:
                yield self.finding("privilege", "block", "no USAGE on its schema: grant it", table.full_name)
            elif table.unreadable:
                message = "columns that this role may not read: grant it SELECT on the table"
                yield self.finding("privilege", "block", message, table.full_name, *table.unreadable)
            if table.filtered:
                way = (
                    "it is forced, so that only a role with BYPASSRLS sees all"
                    if table.forced
                    else "use the owner, or a role with BYPASSRLS"
                )
                message = f"row-level security hides rows from this role: {way}"
                yield self.finding("privilege", "block", message, table.full_name)


@dataclass(frozen=True)
class _Source(_Side):
    target: ServerFacts

    def findings(self) -> Findings:
        yield from self.common()
        yield from self._encoding()
        yield from self._version()
        yield from self._collations()
        yield from self._extensions()
        yield from self._transactions()
        yield from self._replication()
        for table in self.facts.relations:
            if table.foreign_tables:
                message = (
                    "foreign: another server gives these rows, each transaction of the run sees them as they are when"
                    " it begins, and this database's snapshot doesn't cover them: let nobody change them until verify"
                    " is done"
                )
                yield self.finding("foreign-table", "warn", message, table.full_name, *table.foreign_tables)

    def _encoding(self) -> Findings:
        mine, theirs = self.database.encoding, self.plan.target.encoding
        if mine == "SQL_ASCII":
            message = "SQL_ASCII: nothing says what its bytes mean, so they can't be carried over; give it an encoding"
            yield self.finding("encoding", "block", message)
        elif mine != theirs and theirs == "UTF8":
            undefined = "" if mine in COMPLETE else "; bytes that it has no character for are searched for by the check"
            yield self.finding("encoding", "info", f"{mine} becomes UTF8 on the way, without loss{undefined}")
        elif mine != theirs:
            message = f"{mine} may hold what the unified database's {theirs} can't; make that one with UTF8"
            yield self.finding("encoding", "block", message)

    def _version(self) -> Findings:
        mine, theirs = self.database, self.plan.target
        if mine.version // 10000 > theirs.version // 10000:
            message = f"Postgres {mine.version_text} is newer than the unified database's {theirs.version_text}"
            yield self.finding("version", "warn", f"{message}: what only the newer has won't work there")
        if mine.standby:
            delay = self.facts.setting.settings.get("max_standby_streaming_delay", "?")
            message = f"a standby: it may cancel long reads (max_standby_streaming_delay {delay} ms)"
            yield self.finding("version", "info", message)
            for table in self.facts.relations:
                if table.unlogged:
                    message = "UNLOGGED: a standby has no rows of it; read the primary"
                    yield self.finding("version", "block", message, table.full_name)

    def _collations(self) -> Findings:
        mine, theirs = self.facts.setting.default, self.target.setting.default
        if mine != theirs:
            yield self.finding("collation", "warn", _order(f"{mine}", f"{theirs}"))
        for table, column in self._columns():
            place = f"{table.source.full_name}.{column.sources[0]}"
            here = (table.source.oid, column.sources[0])
            there = (table.target.oid, column.target.name)
            was, becomes = self.facts.locale(*here), self.target.locale(*there)
            if was and becomes and was != becomes and (was, becomes) != (mine, theirs):
                yield self.finding("collation", "warn", _order(f"{was}", f"{becomes}"), place)

    def _extensions(self) -> Findings:
        there = self.target.setting.extensions
        for table, column in self._columns():
            mine = self.facts.extended.get((table.source.oid, column.sources[0]))
            if mine is None or self.target.extended.get((table.target.oid, column.target.name)) != mine:
                continue  # it arrives as a type of another kind
            versions = self.facts.setting.extensions[mine], there.get(mine, "none")
            place, kind = f"{table.source.full_name}.{column.sources[0]}", column.target.type.display
            if versions[0] != versions[1]:
                message = f"{kind} is of {mine} {versions[0]} here and {versions[1]} there: its form may differ"
                yield self.finding("extension", "warn", message, place)
        if absent := sorted(self.facts.setting.extensions.keys() - there.keys()):
            yield self.finding("extension", "info", "not in the unified database, which has no use of it", "", *absent)

    def _columns(self) -> Iterator[tuple[TablePlan, ColumnPlan]]:
        """Yield the columns that are copied from one column of this database."""
        for table in self.plan.copies:
            if table.database == self.name:
                yield from ((table, column) for column in table.columns if len(column.sources) == 1)

    def _transactions(self) -> Findings:
        if old := [_aged(t) for t in self.facts.transactions if (t.seconds or 0) >= LONG]:
            message = f"open for more than {LONG // 60} minutes: what it writes is not in the copy, and it holds"
            yield self.finding("long-transaction", "warn", f"{message} back the cleaning up of old rows", "", *old)
        if not self.facts.setting.sees_others:
            message = "how long others' transactions run is hidden from this role: grant it pg_read_all_stats"
            yield self.finding("long-transaction", "info", message)

    def _replication(self) -> Findings:
        setting = self.facts.setting
        level, slots, senders = (setting.settings.get("wal_level"), *self._spare())
        available = f"wal_level {level}, {slots} replication slots and {senders} WAL senders free"
        lacks = [] if level == "logical" else ["wal_level logical"]
        lacks += [thing for thing, spare in (("a free slot", slots), ("a free WAL sender", senders)) if spare < 1]
        lacks += [] if setting.may_replicate else ["a role with REPLICATION"]
        lacks += ["the URL of the primary, not of a standby"] if self.database.standby else []
        need = f"; following changes after the copy would need {', '.join(lacks)}" if lacks else ""
        yield self.finding("replication-ready", "info", available + need)
        if nameless := [r.full_name for r in self.facts.relations if self._nameless(r)]:
            message = "no replica identity: updates and deletes there couldn't be followed after the copy"
            yield self.finding("replication-ready", "info", message, "", *nameless)

    def _spare(self) -> tuple[int, int]:
        setting = self.facts.setting
        return (
            setting.number("max_replication_slots") - setting.slots,
            setting.number("max_wal_senders") - setting.senders,
        )

    def _nameless(self, relation: Relation) -> bool:
        table = self.database.tables[relation.full_name]
        return relation.identity == "n" or (relation.identity == "d" and not table.primary_key)


@dataclass(frozen=True)
class _Target(_Side):
    def findings(self) -> Findings:
        yield from self.common()
        if self.database.encoding == "SQL_ASCII":
            message = "SQL_ASCII: it would take any bytes for text; make the unified database with UTF8"
            yield self.finding("encoding", "block", message)
        if self.database.standby:
            yield self.finding("version", "block", "a standby: it can't be written to; use the primary")
        yield from self._rights()
        yield from self._holders()
        yield from self._space()
        for table in self.facts.relations:
            if table.unlogged:
                yield self.finding("unlogged", "warn", "UNLOGGED: a crash empties it", table.full_name)

    def _rights(self) -> Findings:
        setting = self.facts.setting
        if not setting.may_make_temporary:
            yield self.finding("privilege", "block", "no TEMP on the database, where references are checked: grant it")
        if setting.may_write_meta is None and not setting.may_create:
            message = "no CREATE on the database, where the run makes its schema payrollx_meta: grant it"
            yield self.finding("privilege", "block", message)
        if setting.may_write_meta is False:
            yield self.finding("privilege", "block", "no USAGE and CREATE on it: grant both", "payrollx_meta")
        large = {table.target_name for table in self.plan.copies if not table.small}
        for table in self.facts.relations:
            if not table.owned:
                message = f"its indexes and keys are for its owner to drop and build: join the role {table.owner}"
                yield self.finding("privilege", "block", message, table.full_name)
            if table.closed_tablespaces and table.full_name in large:
                message = "tablespaces of its indexes, which are built again there: grant CREATE on them"
                yield self.finding("privilege", "block", message, table.full_name, *table.closed_tablespaces)
        for schema, tables in groupby(self.facts.relations, key=lambda r: r.schema):
            if any(table.owned and not table.schema_open for table in tables):
                yield self.finding("privilege", "block", "no CREATE on it, which building an index takes", schema)

    def _holders(self) -> Findings:
        named = {relation.oid: relation.full_name for relation in self.facts.relations}
        seen: dict[tuple[str, Severity], list[str]] = {}
        for holder in self.facts.holders:
            if holder.prepared or holder.seconds is None or holder.seconds >= SOON:
                severity: Severity = "block" if holder.prepared or (holder.seconds or 0) >= LONG else "warn"
                names = seen.setdefault((named[holder.table], severity), [])
                if _aged(holder) not in names:
                    names.append(_aged(holder))
        for (table, severity), names in seen.items():
            message = "holds a lock on it, and the run has to lock it alone: end it"
            yield self.finding("long-transaction", severity, message, table, *names)

    def _space(self) -> Findings:
        # A run that was interrupted has analyzed the tables that it finished; the others it empties.
        rows = max(self.plan.size - sum(table.analyzed_size for table in self.facts.relations), 0)
        need = SPACE * rows
        needed = f"about {_megabytes(need)} needed for rows, indexes and WAL"
        elsewhere, known = self._elsewhere()
        needed += elsewhere
        directory = self.facts.directory
        free = free_bytes(directory, self.database.system) if directory else None
        if free is None:
            yield self.finding("disk", "info", f"{needed}; the server doesn't tell how much is free")
            return
        severity: Severity = "block" if free < rows - known else "warn" if free < need else "info"
        yield self.finding("disk", severity, f"{needed}; {_megabytes(free)} free")

    def _elsewhere(self) -> tuple[str, int]:
        """Return what is needed in other tablespaces, in words, and the bytes of rows that surely go there."""
        spaces = {relation.oid: relation.tablespaces for relation in self.facts.relations}
        most: dict[str, int] = {}
        known = 0
        for table in self.plan.copies:
            names = spaces.get(table.target.oid, [])
            known += table.source.size if names and "" not in names else 0
            for name in names:
                most[name] = most.get(name, 0) + table.source.size
        parts = [f"up to {_megabytes(size)} of rows in the tablespace {name}" for name, size in most.items() if name]
        if not parts:
            return "", 0
        return f", {', '.join(parts)} (how much is free there can't be asked over SQL)", known


def _tables(plan: Plan, name: str) -> set[int]:
    """Return the oids of a legacy database's tables that the run reads: mapped, duplicate, or joined by a lookup."""
    legacy, tables = plan.layout.database(name), plan.sources[name].tables
    targets = {table.target_name for table in plan.tables}
    others = {lookup.table for m in legacy.maps if m.target in targets for lookup in m.lookups.values()}
    if plan.layout.migrations == "prisma":
        others.add("_prisma_migrations")
    places = [place for table in others if (place := f"{legacy.schema}.{table}") in tables]
    return {t.source.oid for t in plan.tables if t.database == name} | {tables[place].oid for place in places}


def _order(here: str, there: str) -> str:
    return f"text sorts by {here} here, by {there} in the unified database: ORDER BY and ranges may answer otherwise"


def _aged(transaction: Transaction) -> str:
    if transaction.seconds is None:
        return transaction.name
    return f"{transaction.name} for {transaction.seconds / 60:,.0f} min"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"
