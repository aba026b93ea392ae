"""References: which rows would point at nothing, and what the policies decide of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from psycopg import sql

from payrollx_db.consolidate.check import values
from payrollx_db.consolidate.check.own_keys import OwnKey, own_key
from payrollx_db.consolidate.check.partition_keys import PartitionKey
from payrollx_db.consolidate.check.references import ReferenceEnd, ReferenceWorkspace, end_of, text_of
from payrollx_db.consolidate.check.savepoint import undone
from payrollx_db.consolidate.check.target_rules import TableRules
from payrollx_db.consolidate.check.verdicts import NAMELESS, Verdicts, too_many_exceptions
from payrollx_db.consolidate.plan.destination import Scope, scope_of
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state.parts import Place
from payrollx_db.consolidate.state.quarantine import Decision, Kind
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL

VALUES_AMONG = "SELECT {key}, {value} FROM {source} WHERE ({rows}) AND {value} = ANY ({values}::text[])"


@dataclass(frozen=True)
class _Group:
    """Children whose parents come from the same tables, and are ``among`` the same rows of the target."""

    owners: tuple[TablePlan, ...]
    among: Scope
    children: list[tuple[Reference, ReferenceEnd]] = field(default_factory=list)


@dataclass
class OrphanSearch:
    """Looks for orphans, table by table, in the ``workspace``.

    ``partition_keys`` are the references of single partitions, by the table; ``holding`` are the sources' own foreign
    keys that all rows keep.
    """

    plan: Plan
    verdicts: Verdicts
    workspace: ReferenceWorkspace
    rules: Mapping[int, TableRules]
    partition_keys: Mapping[str, Sequence[PartitionKey]]
    holding: Collection[OwnKey]

    async def of(self, table: TablePlan) -> None:
        """Look for orphans of every reference of a table that the target enforces. Raises SourceError, TargetError."""
        keys = self.partition_keys.get(table.target_name, ())
        single = {key.reference for key in keys}
        for reference in self.plan.enforced_by_table.get(table.target_name, ()):
            if reference not in single and not await self._all_point_at_one(table, reference):
                await self._reference(table, reference)
        for key in keys:
            await self._reference(table, key.reference, key)

    def filled_there(self, table: TablePlan) -> list[Reference]:
        """Return the references of a table over columns that the target fills itself, by a default or as generated."""
        filled = {column.target.name for column in table.columns}
        single = {key.reference for key in self.partition_keys.get(table.target_name, ())}
        return [
            reference
            for reference in self.plan.enforced_by_table.get(table.target_name, ())
            if not filled.issuperset(reference.columns) and reference not in single
            and not self.plan.is_temporal(reference)
        ]  # fmt: skip

    async def parents(self, table: TablePlan, reference: Reference) -> str:
        """Collect the keys that a table's reference may point at; return their temporary table.

        None where its foreign key is left NOT VALID until its parents' service is copied.
        """
        owners = self.plan.parents_of(table, reference)
        ends = [end for owner in owners for end in self._ends(owner, reference.target_columns)]
        if not ends and not await self.workspace.has_rows(reference.target_table):
            return ""
        return await self.workspace.parents(reference, ends, among=_reachable(table, reference, owners))

    async def loose(self) -> None:
        """Warn of rows that are copied and whose loose reference will point nowhere."""
        references = [reference for reference in self.plan.catalog.references if not reference.enforced]
        by_target = attrgetter("target_table", "target_columns")
        for (owner, columns), members in groupby(sorted(references, key=by_target), key=by_target):
            for group in self._by_parents(members):
                parents = [end for table in group.owners for end in self._ends(table, columns)]
                if parents or await self.workspace.has_rows(owner):
                    async with undone(self.workspace.session):
                        await self._loose(owner, group.children, parents, group.among)

    def _by_parents(self, references: Iterable[Reference]) -> Iterable[_Group]:
        """Return the children of references to one table in groups, each with the tables that bring its parents."""
        groups: dict[tuple[tuple[Place, ...], Scope], _Group] = {}
        for reference in references:
            for child in self.verdicts.ends(reference.table, reference.columns):
                owners = self.plan.parents_of(child.table, reference)
                among = _reachable(child.table, reference, owners)
                group = groups.setdefault((tuple(o.place for o in owners), among), _Group(owners, among))
                group.children.append((reference, child))
        return groups.values()

    async def _reference(self, table: TablePlan, reference: Reference, key: PartitionKey | None = None) -> None:
        leading = replace(reference, target_table=key.parent_root) if key else reference
        owners = self.plan.parents_of(table, leading)
        children = self._ends(table, reference.columns)
        ends = [end for owner in owners for end in self._ends(owner, reference.target_columns)]
        if key:
            children = self._within(children, key.child_bounds)
            routed = self._within(ends, key.parent_bounds)
            if len(routed) < len(ends):
                return  # nobody knows where the parents end up: building the key tells
            ends = routed
        if not children:
            return
        if key.matches_full if key else self.plan.matches_full(reference):
            for child in children:
                await self._incomplete(child, reference)
        comparable = not key and len(children) == 1 and bool(ends) and len(owners) == 1
        if comparable and self._untouched(ends[0]) and self._held(children[0], ends[0]):
            return
        async with undone(self.workspace.session):
            if not ends and not await self.workspace.has_rows(reference.target_table):
                return  # its foreign key is left NOT VALID until its parents' service is copied
            temporal = key.temporal if key else self.plan.is_temporal(reference)
            rows = _reachable(table, reference, owners)
            name = await self.workspace.parents(reference, ends, temporal=temporal, among=rows)
            for child in children:
                orphans = await self.workspace.orphans(name, child)
                if orphans.values:
                    await self._orphans(child, reference, orphans.values, self._parents(owners, reference, key))

    async def _all_point_at_one(self, table: TablePlan, reference: Reference) -> bool:
        """Tell whether a reference asks all rows of a scope for one parent, by its constants, which the target has.

        Where the plan copies parents, what the target has isn't all.
        """
        constants = _constants(table, reference)
        if not constants or self.plan.parents_of(table, reference):
            return False
        return await self.workspace.has_row(reference.target_table, constants)

    async def _loose(
        self,
        owner: str,
        children: Sequence[tuple[Reference, ReferenceEnd]],
        parents: Sequence[ReferenceEnd],
        among: Scope,
    ) -> None:
        name = await self.workspace.parents(children[0][0], parents, among=among)
        for _, child in children:
            count, unmatched = await self.workspace.unmatched(name, child)
            if count:
                place, message = values.place(child.table, child.columns), f"no such row in {owner}"
                self.verdicts.add([Finding("loose-orphan", "warn", place, count, message, unmatched)], [])

    def _ends(self, table: TablePlan, columns: Sequence[str]) -> list[ReferenceEnd]:
        """Return the ends from which rows of a table will come: its own, and those of rows that are imported."""
        ends = (self.verdicts.end(feeding, columns) for feeding in (table, *self.verdicts.importers(table)))
        return [end for end in ends if end is not None]

    def _within(self, ends: Sequence[ReferenceEnd], bounds: str | None) -> list[ReferenceEnd]:
        """Return the ends limited to the rows of a partition, without those of which nothing fills what decides it."""
        if bounds is None:
            return list(ends)
        limited = []
        for end in ends:
            rules = self.rules[end.table.target.oid]
            names = dict.fromkeys(name for r in rules.routes if r.kind == "partition" for name in r.columns)
            filled = {column.target.name: column for column in end.table.columns}
            if names.keys() <= filled.keys():
                limited.append(replace(end, bounds=bounds, routing=tuple(filled[name] for name in names)))
        return limited

    def _untouched(self, parent: ReferenceEnd) -> bool:
        """Whether all rows of a parent's table go in, and nothing that points at them is made NULL."""
        return not parent.table.out and not any(column.target.name in parent.table.nulled for column in parent.columns)

    def _held(self, child: ReferenceEnd, parent: ReferenceEnd) -> bool:
        return own_key(self.plan, child, parent) in self.holding

    async def _orphans(
        self, child: ReferenceEnd, reference: Reference, orphans: dict[str, int], parents: Sequence[ReferenceEnd]
    ) -> None:
        """Decide about rows whose parent isn't there: some never had one, the parents of others are quarantined."""
        causes: dict[str, str] = {}
        for parent in parents:
            pointed_at = {value: child.pointed_at(value) for value in orphans}
            quarantined = await self._quarantined_parents(parent, list(set(pointed_at.values())))
            causes |= {value: quarantined[key] for value, key in pointed_at.items() if key in quarantined}
        place = values.place(child.table, child.columns)
        action = self.verdicts.policies.action("orphan", place)
        nullable = self._nullable(child, reference)
        alone = {value: rows for value, rows in orphans.items() if value not in causes}
        message = f"no such row in {reference.target_table}"
        if action == "null" and not nullable:
            action, message = FAIL, f"{message}, and policy null can't be: the target's column takes no NULL"
        named = child.table.source_key is not None
        if action != FAIL and not named:
            action, message = FAIL, f"{message} {NAMELESS}"
        if alone:
            finding = Finding(
                "orphan", "block", place, sum(alone.values()), message, tuple(alone)[:EXAMPLES], action,
                resolvable=named, impossible=() if nullable else ("null",),
            )  # fmt: skip
            self.verdicts.add([finding], [])
        cascade = action if action != FAIL else "quarantine"
        if causes:
            count = sum(orphans[value] for value in causes)
            message, examples = (
                f"rows that refer to quarantined rows of {reference.target_table}",
                tuple(causes)[:EXAMPLES],
            )
            if named:
                self.verdicts.add([Finding("descendant", "info", place, count, message, examples, cascade)], [])
            else:
                message = f"{message} {NAMELESS}"
                self.verdicts.add([Finding("orphan", "block", place, count, message, examples, resolvable=False)], [])
        for orphaned, decided in ((alone, action), (causes, cascade)):
            if orphaned and named and decided != FAIL:
                columns = nullable if decided == "null" else ()
                await self._decide_orphans(child, list(orphaned), decided, causes, columns)

    async def _incomplete(self, child: ReferenceEnd, reference: Reference) -> None:
        """Find rows with some of a reference's columns NULL and others not, where the target takes all or none."""
        table, place = child.table, values.place(child.table, child.columns)
        count, keys = await self.workspace.incomplete(child)
        if not count:
            return
        action = self.verdicts.policies.action("orphan", place)
        nullable = tuple(c.target.name for c in child.columns if c.target.nullable and c not in table.key)
        message = f"some columns of its reference to {reference.target_table} are NULL and some are not (MATCH FULL)"
        named, impossible = table.source_key is not None, ("null",) if len(nullable) < len(child.columns) else ()
        if action != FAIL and not named:
            action, message = FAIL, f"{message} {NAMELESS}"
        if action in impossible:
            action, message = FAIL, f"{message}, and policy null can't be: a column takes no NULL"
        finding = Finding(
            "orphan", "block", place, count, message, keys[:EXAMPLES], action, resolvable=named, impossible=impossible
        )
        self.verdicts.add([finding], [])
        if action == FAIL:
            return
        if count > self.verdicts.most:
            raise too_many_exceptions(count, self.verdicts.most)
        kind: Kind = "value" if action == "null" else "row"
        for key in keys:
            for column in nullable if action == "null" else ("",):
                self.verdicts.add([], [Decision(table.source_name, key, kind, "orphan", action, column)])

    def _nullable(self, child: ReferenceEnd, reference: Reference) -> tuple[str, ...]:
        """Return the child's columns that policy null makes NULL: those that may be, and that no other reference has.

        One is enough for a reference of several columns to point at nothing; where others share all, all are taken.
        """
        others = [r for r in self.plan.enforced_by_table.get(reference.table, ()) if r != reference]
        others += [r for r in self.plan.catalog.references if r.table == reference.table and not r.enforced]
        shared = {name for other in others for name in other.columns}
        names = tuple(c.target.name for c in child.columns if c.target.nullable and c not in child.table.key)
        return tuple(name for name in names if name not in shared) or names

    async def _decide_orphans(
        self,
        child: ReferenceEnd,
        orphaned: Sequence[str],
        action: str,
        causes: Mapping[str, str],
        columns: Sequence[str],
    ) -> None:
        """Decide about the rows with these values: they are quarantined, or copied with ``columns`` NULL."""
        table = child.table
        query = sql.SQL(VALUES_AMONG).format(
            key=table.source_key, value=self.workspace.text(child), source=table.from_clause,
            rows=child.rows, values=sql.Literal(list(orphaned)),
        )  # fmt: skip
        kind: Kind = "value" if columns else "row"
        for key, value in await self.verdicts.fetch(table, query):
            cause = causes.get(value, "")
            for column in columns or ("",):
                self.verdicts.add([], [Decision(table.source_name, key, kind, "orphan", action, column, cause)])

    def _parents(
        self, owners: Sequence[TablePlan], reference: Reference, key: PartitionKey | None
    ) -> list[ReferenceEnd]:
        """Return the ends of all rows that were to be parents, also of those that are quarantined."""
        ends = [end for owner in owners if (end := end_of(owner, reference.target_columns)) is not None]
        return self._within(ends, key.parent_bounds if key else None)

    async def _quarantined_parents(self, parent: ReferenceEnd, orphans: Sequence[str]) -> dict[str, str]:
        """Return those values whose parent is quarantined, each with that parent's name."""
        owner = parent.table
        quarantined = self.verdicts.quarantined.get(owner.source_name)
        if not quarantined or owner.source_key is None:
            return {}
        value = text_of(self.workspace.values(parent)[: len(parent.columns)])
        among = sql.SQL("{} AND {} = ANY ({}::text[])").format(
            owner.among(list(quarantined)), value, sql.Literal(list(orphans))
        )
        return {value: f"{owner.source_name} {key}" for key, value in await self.workspace.keyed(parent, among)}


def _reachable(child: TablePlan, reference: Reference, owners: Sequence[TablePlan]) -> Scope:
    """Return which of the rows that the parents' table has already those of a child can point at, by their scopes."""
    constants = dict(child.scope)
    pairs = zip(reference.columns, reference.target_columns, strict=True)
    named = {there: constants[here] for here, there in pairs if here in constants}
    if len(owners) == 1:
        named |= dict(owners[0].scope)
    return scope_of(named)


def _constants(child: TablePlan, reference: Reference) -> Scope:
    """Return the values that a reference asks of its parent, where all of its columns are of the child's scope."""
    constants = dict(child.scope)
    if not all(column in constants for column in reference.columns):
        return ()
    pairs = zip(reference.columns, reference.target_columns, strict=True)
    return scope_of({there: constants[here] for here, there in pairs})
