"""The flows back: each legacy database follows the unified one, through the inverse of each of its maps.

They are of the same types as those forward, and done by the same passes. A row that can't go back stays out, and its
older version stays there (`back_judge`); the place is kept in the legacy database itself (`back_ledger`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Also, Flow, Move, MovedColumn, Watched
from payrollx_db.consolidate.follow.forward import NO_KEY, SCOPED, TARGET_KEY, UNLOGGED, object_name
from payrollx_db.consolidate.follow.identities import ReplicaIdentity
from payrollx_db.consolidate.plan.inverse.ways import ColumnBack, WayBack, ways_back
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.introspect import Column, Database, Table
from payrollx_db.postgres.session import Endpoint

WRITTEN = "t"  # what a written row is called in the statements of a pass
NO_WAY = "no-way-back"
# A pass says itself when it writes; nothing else of ours does in a legacy database.
WRITING = {"default_transaction_isolation": "read committed"}

Identities = Mapping[int, ReplicaIdentity]


def flows_back(
    plan: Plan,
    sources: Mapping[str, Endpoint],
    target: Endpoint,
    identities: Identities | None = None,
    whole: Collection[str] = (),
    firing: Collection[str] = (),
) -> tuple[tuple[Flow, ...], tuple[Finding, ...]]:
    """Return the flow back into each legacy database of ``plan``, and what keeps its tables from following.

    ``plan`` has the exceptions that were decided, so that rows in quarantine stay untouched where they are.
    ``identities`` says how the log names the changed rows of the target's tables, by oid; ``whole`` names the duplicate
    tables (``database.schema.table``) that hold all of their owner's rows, and so get new ones as well; ``firing`` the
    legacy databases whose triggers and foreign keys can't be left out. Findings of severity ``block`` mean that their
    table isn't in a flow.
    """
    flows: list[Flow] = []
    findings: list[Finding] = []
    ways = ways_back(plan)
    for number, legacy in enumerate(plan.layout.databases, 1):
        mine = [way for way in ways if way.database == legacy.name]
        if legacy.name not in plan.sources or not mine:
            continue
        keys = plan.sources[legacy.name].foreign_keys if legacy.name in firing else ()
        parts = _Parts(identities or {}, whole, {key.parent or key.target for key in keys}, findings)
        moves = [move for way in _parents_first(mine, plan.sources[legacy.name]) if (move := parts.move(way))]
        written = sources[legacy.name]
        written = replace(written, settings={**written.settings, **WRITING})
        name = object_name(plan.target, number, back=True)
        watched = {w.table.oid: w for move in moves for w in (move.source, *(also.watched for also in move.also))}
        flows.append(Flow(legacy.name, "back", target, written, tuple(watched.values()), tuple(moves), name, name))
    return tuple(flows), tuple(findings)


class _Parts:
    """Puts the moves of one flow back together."""

    def __init__(
        self, identities: Identities, whole: Collection[str], pinned: Collection[str], findings: list[Finding]
    ) -> None:
        self.identities, self.whole, self.pinned, self.findings = identities, whole, pinned, findings

    def move(self, way: WayBack) -> Move | None:
        """Return how the rows of one legacy table are moved back, or ``None`` where they can't be."""
        for obstacle in way.obstacles:
            self._block(NO_WAY, obstacle.place, obstacle.reason)
        if any(read.plan.scope for read in way.reads):
            self._block(SCOPED, way.place, "it is made of a scope of a table, and what is followed is whole tables")
            return None
        watched = [self._watched(read.table) for read in way.reads] if way.possible else []
        source = watched[0] if watched else None
        if source is None or None in watched:
            return None
        needed = {name for column in way.columns if column.column.name in way.key for _, name in column.reads}
        if not needed <= set(source.key_names):
            self._block(
                TARGET_KEY, way.place,
                f"the log names rows of {source.table.full_name} by {', '.join(source.key_names)}, and its key is made"
                f" of {', '.join(sorted(needed))}",
            )  # fmt: skip
            return None
        columns = tuple(MovedColumn(c.column.name, c.inverse.value, fitting(c), _refuses(c)) for c in way.columns)
        also = tuple(
            Also(other, read.on, changed=False)
            for read, other in zip(way.reads[1:], watched[1:], strict=True)
            if other is not None and read.on
        )
        return Move(
            way.source, columns, way.from_clause, source, way.key, _takes_conflicts(way),
            "text" if way.text else "binary", also, kept=way.kept, spares=True, untouched=_quarantined(way),
            only_known=way.owner is not None and way.place not in self.whole,
            pinned=way.source.full_name in self.pinned,
        )  # fmt: skip

    def _watched(self, table: Table) -> Watched | None:
        identity = self.identities.get(table.oid)
        if table.kind == "f" or (identity is not None and not identity.logged):
            kind = "a foreign table" if table.kind == "f" else "unlogged"
            self._block(UNLOGGED, table.full_name, f"it is {kind}: the log tells nothing of it")
            return None
        key = _logged_key(table, identity)
        if not key:
            message = "the log doesn't name its changed rows: it has no primary key, or its replica identity is NOTHING"
            self._block(NO_KEY, table.full_name, message)
            return None
        return Watched(table, key)

    def _block(self, code: str, place: str, message: str) -> None:
        finding = Finding(code, "block", place, 1, message, resolvable=False)
        if finding not in self.findings:
            self.findings.append(finding)


def fitting(column: ColumnBack) -> sql.Composable | None:
    """Return the condition that a legacy column takes what comes back; ``None`` where it takes all."""
    parts = []
    if column.inverse.valid is not None:
        parts.append(sql.SQL("coalesce({}, true)").format(column.inverse.valid))
    if column.demands_value:
        parts.append(sql.SQL("({}) IS NOT NULL").format(column.inverse.value))
    return sql.SQL("({})").format(sql.SQL(" AND ").join(parts)) if parts else None


def _refuses(column: ColumnBack) -> str:
    parts = [column.inverse.refuses, "NULL" if column.demands_value else ""]
    return " or ".join(part for part in parts if part)


def legacy_key(values: Sequence[sql.Composable]) -> sql.Composable:
    """Return a legacy row's key as one text, as quarantine and findings have it."""
    texts = [sql.SQL("({})::text").format(value) for value in values]
    if len(texts) == 1:
        return texts[0]
    return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(sql.SQL(", ").join(texts))


def _logged_key(table: Table, identity: ReplicaIdentity | None) -> tuple[Column, ...]:
    names = table.primary_key if identity is None else identity.key_of(table)
    columns = [table.column(name) for name in names]
    return tuple(c for c in columns if c is not None) if all(c and not c.generated for c in columns) else ()


def _takes_conflicts(way: WayBack) -> bool:
    """Tell whether a unique index over the key tells INSERT … ON CONFLICT what to do: one that isn't deferrable."""
    return any(
        index.unique and index.valid and index.plain and index.columns and set(index.columns) == set(way.key)
        and "DEFERRABLE" not in (index.constraint_definition or "")
        for index in way.source.indexes
    )  # fmt: skip


def _quarantined(way: WayBack) -> sql.Composable | None:
    """Return the condition that a written row was kept out of the target, and is none of those that go back."""
    keys = list(dict.fromkeys(key for read in way.reads for key in read.plan.out))
    if not keys or not way.source.primary_key:
        return None
    key = legacy_key([sql.Identifier(WRITTEN, name) for name in way.source.primary_key])
    return sql.SQL("{} = ANY ({}::text[])").format(key, sql.Literal(keys))


def _parents_first(ways: Iterable[WayBack], database: Database) -> list[WayBack]:
    """Return the ways so that, but for cycles, each comes after those that its legacy table's foreign keys point at."""
    by_table = {way.source.full_name: way for way in ways}
    order: dict[str, WayBack] = {}
    entered: set[str] = set()

    def above(name: str) -> list[str]:
        entered.add(name)
        return [key.parent or key.target for key in database.keys_of(name)]

    for first in by_table:
        stack = [] if first in entered else [(first, above(first))]
        while stack:  # not by recursion: a chain of references may be as long as there are tables
            name, parents = stack[-1]
            parent = next((p for p in parents if p in by_table and p not in entered), None)
            if parent is None:
                order[name] = by_table[stack.pop()[0]]
            else:
                stack.append((parent, above(parent)))
    return list(order.values())
