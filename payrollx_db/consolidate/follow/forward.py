"""The forward flows: from each legacy database into the unified one, through the maps that the copy has."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Also, Duplicate, Flow, Move, MovedColumn, Watched
from payrollx_db.consolidate.follow.identities import ReplicaIdentity
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.introspect import Column, Database, Table
from payrollx_db.postgres.session import Endpoint

NO_KEY = "follow-no-key"
TARGET_KEY = "follow-target-key"
LOOKUP = "follow-lookup"
SCOPED = "follow-scope"
UNLOGGED = "follow-unlogged"

# By the source's layout name, then by the table's oid.
Identities = Mapping[str, Mapping[int, ReplicaIdentity]]


def flows_of(
    plan: Plan, sources: Mapping[str, Endpoint], target: Endpoint, identities: Identities | None = None
) -> tuple[tuple[Flow, ...], tuple[Finding, ...]]:
    """Return the flow of each source of ``plan``, and what keeps tables from being followed.

    ``identities`` says how each table's changed rows are named in the log (`identities.read_identities`); without,
    each is taken to be named by its primary key. Findings of severity ``block`` mean that their table isn't in a flow.
    """
    first = parents_first(plan)
    flows: list[Flow] = []
    findings: list[Finding] = []
    for number, legacy in enumerate(plan.layout.databases, 1):
        tables = [table for table in first if table.database == legacy.name]
        duplicates = [table for table in plan.merges if table.database == legacy.name]
        if legacy.name not in plan.sources or not (tables or duplicates):
            continue
        known = (identities or {}).get(legacy.name, {})
        parts = _Parts(plan.sources[legacy.name], known, {})
        moves = [move for table in tables if (move := parts.move(table)) is not None]
        noted = parts.duplicates(duplicates)
        findings += parts.findings
        name = object_name(plan.target, number)
        read = sources[legacy.name]
        flows.append(
            Flow(legacy.name, "forward", read, target, parts.all_watched(moves, noted), tuple(moves), name, name, noted)
        )
    return tuple(flows), tuple(findings)


def object_name(target: Database, number: int, *, back: bool = False) -> str:
    """Return what slot and publication of one flow are called: by the unified database, and the flow's number."""
    digest = hashlib.sha256("\n".join(target.identity).encode()).hexdigest()[:8]
    return f"payrollx_{'back_' if back else ''}{digest}_{number}"


@dataclass
class _Parts:
    """Puts one source's moves together; ``findings`` collect what can't be followed."""

    database: Database
    identities: Mapping[int, ReplicaIdentity]
    looked_up: dict[int, dict[str, None]]

    def __post_init__(self) -> None:
        self.findings: list[Finding] = []

    def move(self, table: TablePlan) -> Move | None:
        """Return how the rows of one table are moved, or ``None`` where they can't be."""
        if table.scope:
            message = f"{table.source_name} fills only a scope of it, and what is followed is whole tables"
            self._block(SCOPED, table.target_name, message, "copy it while nobody writes to the legacy database")
            return None
        source = self._watched(table.source, table.database)
        if source is None:
            return None
        key, unique = _written_key(table, source)
        if not key:
            named = ", ".join(source.key_names)
            self._block(
                TARGET_KEY, table.target_name,
                f"the log names rows of {table.source_name} by {named}, and no columns filled from these alone"
                " identify a row here",
                f"fill its primary key, or other columns, from {named} alone",
            )  # fmt: skip
            return None
        columns = tuple(MovedColumn(c.target.name, table.value(c), c.conversion.valid) for c in table.columns)
        also = tuple(self._lookups(table))
        return Move(table.target, columns, table.from_clause, source, key, unique, table.form, also, table)

    def duplicates(self, tables: Sequence[TablePlan]) -> tuple[Duplicate, ...]:
        """Return the duplicate tables whose changed rows can be named; the others are compared whole."""
        by_source: dict[int, list[TablePlan]] = {}
        for table in tables:
            by_source.setdefault(table.source.oid, []).append(table)
        noted = []
        for plans in by_source.values():
            key = self._key(plans[0].source)
            if key:
                noted.append(Duplicate(Watched(plans[0].source, key), tuple(plans)))
        return tuple(noted)

    def all_watched(self, moves: Iterable[Move], duplicates: Iterable[Duplicate]) -> tuple[Watched, ...]:
        """Return the watched tables, each once, with all columns of it that are looked up."""
        everything = [move.source for move in moves]
        everything += [also.watched for move in moves for also in move.also]
        everything += [duplicate.source for duplicate in duplicates]
        by_oid = {watched.table.oid: watched for watched in everything}
        return tuple(replace(watched, looked_up=tuple(self.looked_up.get(oid, ()))) for oid, watched in by_oid.items())

    def _lookups(self, table: TablePlan) -> Iterator[Also]:
        for alias, joined in table.lookups.items():
            reads = [c.name for c in joined.columns if any(_reads(table.value(p), alias, c) for p in table.columns)]
            on = table.lookup_on[alias]
            watched = self._watched(joined, table.database)
            if watched is None:
                continue
            if set(on) != set(watched.key_names):
                self._block(
                    LOOKUP, table.source_name,
                    f"it looks {joined.full_name} up by {', '.join(on)},"
                    f" and the log names that table's rows by {', '.join(watched.key_names)}",
                    "look it up by the columns of its primary key",
                )  # fmt: skip
                continue
            self.looked_up.setdefault(joined.oid, {}).update(
                {column: None for column in reads if column not in watched.key_names}
            )
            yield Also(watched, tuple(on.items()))

    def _watched(self, table: Table, database: str) -> Watched | None:
        identity = self.identities.get(table.oid)
        if table.kind == "f" or (identity is not None and not identity.logged):
            kind = "a foreign table" if table.kind == "f" else "unlogged"
            self._block(UNLOGGED, f"{database}.{table.full_name}", f"it is {kind}: the log tells nothing of it", "")
            return None
        key = self._key(table)
        if not key:
            self._block(
                NO_KEY, f"{database}.{table.full_name}",
                "the log doesn't name its changed rows: it has no primary key, or its replica identity is NOTHING",
                "give it a primary key, or ALTER TABLE … REPLICA IDENTITY USING INDEX with a unique index of columns"
                " that are NOT NULL",
            )  # fmt: skip
            return None
        return Watched(table, key)

    def _key(self, table: Table) -> tuple[Column, ...]:
        """Return the columns by which the log names a changed row of ``table``; none where it doesn't."""
        identity = self.identities.get(table.oid)
        names = table.primary_key if identity is None else identity.key_of(table)
        columns = [table.column(name) for name in names]
        # Servers before 18 publish no generated column.
        return tuple(c for c in columns if c and not c.generated) if all(c and not c.generated for c in columns) else ()

    def _block(self, code: str, place: str, message: str, remedy: str) -> None:
        finding = Finding(code, "block", place, 1, message, remedy=remedy, resolvable=False)
        if finding not in self.findings:
            self.findings.append(finding)


def _written_key(table: TablePlan, source: Watched) -> tuple[tuple[str, ...], bool]:
    """Return written columns that identify a row and are made of the source's key alone, and whether an index says so.

    The primary key if it can be, else another unique index, else columns that hold the key's own, one for one.
    """
    names = set(source.key_names)
    told = {c.target.name: c for c in table.columns if c.sources and _is_told(table, c, names)}
    indexes = sorted(table.target.indexes, key=lambda index: not index.primary)
    for index in indexes:
        deferrable = "DEFERRABLE" in (index.constraint_definition or "")
        usable = index.unique and index.valid and index.plain and not deferrable and index.columns
        required = all(not column.nullable for column in table.target.columns if column.name in index.columns)
        if usable and required and set(index.columns) <= told.keys():
            return index.columns, True
    own = {c.sources[0]: c.target.name for c in told.values() if len(c.sources) == 1 and c.conversion.rule != "derived"}
    return (tuple(own[name] for name in source.key_names) if names <= own.keys() else ()), False


def _is_told(table: TablePlan, column: ColumnPlan, key: set[str]) -> bool:
    """Tell whether a column's value is made of the key's columns alone."""
    looks_up = any(
        _reads(table.value(column), alias, theirs)
        for alias, joined in table.lookups.items()
        for theirs in joined.columns
    )
    return set(column.sources) <= key and not looks_up


def _reads(value: sql.Composable, alias: str, column: Column) -> bool:
    """Tell whether an expression reads a column of what is called ``alias``."""
    if isinstance(value, sql.Composed):
        return any(_reads(part, alias, column) for part in value)
    return value == sql.Identifier(alias, column.name)
