"""Examining what was scanned: what each finding means for the rows that refer to it, and what the policies decide.

Tables are examined parents first, because a quarantined row makes orphans of those that refer to it, and whether a
row finds its parent is known only when it is known which parents are copied.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.check import uniques, values
from payrollx_db.consolidate.check.breaches import Breach, Failure, failed_rule, merged
from payrollx_db.consolidate.check.demands import Demand, across_scopes, demands_of
from payrollx_db.consolidate.check.imports import ImportCheck
from payrollx_db.consolidate.check.orphans import OrphanSearch
from payrollx_db.consolidate.check.own_keys import OwnKey
from payrollx_db.consolidate.check.rehearsal import Rehearsal
from payrollx_db.consolidate.check.savepoint import undone
from payrollx_db.consolidate.check.stage import Feed, long_values
from payrollx_db.consolidate.check.target_rules import TableRules, quoted
from payrollx_db.consolidate.check.values import Suspect, Values
from payrollx_db.consolidate.check.verdicts import NAMELESS, Verdicts, too_many_exceptions
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.state.quarantine import Decision, Kind
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL


@dataclass(frozen=True)
class Scans:
    """What was read before: of each table's values, by the place of its plan, of the target's rules and foreign keys.

    ``surplus`` says where values may be too many for a unique, ``holding`` which foreign keys of the sources all rows
    keep, ``schemas`` where the target's functions may look for names. ``trusting`` says that the sources' own uniques
    hold.
    """

    known: dict[tuple[str, str], Values]
    surplus: Mapping[tuple[str, str], list[Suspect]]
    rules: Mapping[int, TableRules]
    schemas: Sequence[str]
    holding: Collection[OwnKey]
    trusting: bool = True


@dataclass
class Examiner:
    """Examines table by table what was scanned, and leaves what it finds in ``verdicts``."""

    verdicts: Verdicts
    scans: Scans
    orphans: OrphanSearch
    imports: ImportCheck
    rehearsal: Rehearsal
    _rehearsed: dict[Destination | str | tuple[Destination, Reference], tuple[Any, ...]] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """What the sources and the target are reached by."""
        return self.verdicts.context

    @property
    def plan(self) -> Plan:
        """What is to be copied."""
        return self.verdicts.plan

    async def examine(self) -> None:
        """Examine every table, parents first, until no more rows are quarantined and no more values are made NULL."""
        await self._scan_imported()
        for table in self.verdicts.feeding():
            for suspect in self.scans.known[table.place].suspects:
                await self._suspect(table, suspect)
        order = parents_first(self.plan)
        decided = -1
        while decided != (decided := self.verdicts.count()):
            for table in order:
                await self.orphans.of(table)
                await self._uniques(table)
                await self._rehearse(table)
                for reference in self.orphans.filled_there(table):
                    await self._refer(table, reference)
            for copies in self.plan.copies_by_target.values():
                await self._across_scopes(copies)
        for table in {t.source_name: t for t in self.plan.merges}.values():
            await self.imports.left_alone(table)

    async def _scan_imported(self) -> None:
        for table in self.verdicts.feeding():
            if table.owner:
                keys = list(self.verdicts.imported[table.source_name])
                self.scans.known[table.place] = await values.scan_values(self.context, table, keys)

    async def _suspect(self, table: TablePlan, suspect: Suspect) -> None:
        """Turn a suspicion into a finding, and into decisions where a policy says what to do."""
        finding = suspect.finding
        action = self.verdicts.policies.action(finding.code, finding.place)
        if action != FAIL and suspect.keys is None:
            finding = replace(finding, message=f"{finding.message} {NAMELESS}")
            action = FAIL
        self.verdicts.add([replace(finding, action=action, resolvable=suspect.keys is not None)], [])
        if action == FAIL or suspect.keys is None:
            return
        kind: Kind = "value" if action == "round" else "row"
        column = suspect.column if kind == "value" else ""
        for (key,) in await self.verdicts.fetch(table, suspect.keys):
            self.verdicts.add([], [Decision(table.source_name, key, kind, finding.code, action, column)])

    async def _uniques(self, table: TablePlan) -> None:
        suspects = self.scans.surplus.get(table.place, [])
        if suspects and self.verdicts.quarantined.get(table.source_name):
            left, known = self.verdicts.now(table), self.scans.known[table.place]
            rules = self.scans.rules[table.target.oid]
            suspects = await uniques.too_many(self.context, left, known, rules, trusting=self.scans.trusting)
        for suspect in suspects:
            await self._suspect(table, suspect)
        if self.verdicts.importers(table):
            await self.imports.clashes(table)

    async def _rehearse(self, table: TablePlan) -> None:
        """Hold the rows that go into one target table against its rules, as often as other rows go."""
        tables = [self.verdicts.now(t) for t in (table, *self.verdicts.importers(table))]
        state = self._state(tables)
        rules = self.scans.rules[table.target.oid]
        if self._rehearsed.get(table.destination) == state:
            return
        self._rehearsed[table.destination] = state
        feeds = [Feed(t, self._rows(t)) for t in tables]
        demands = await self._demands(rules, feeds)
        if not demands:
            return
        self._answer(table, *await self.rehearsal.of(rules, demands, feeds))

    async def _refer(self, table: TablePlan, reference: Reference) -> None:
        """Look for orphans of a reference whose columns only the target knows, as often as other rows go."""
        tables = [self.verdicts.now(t) for t in (table, *self.verdicts.importers(table))]
        owners = [self.verdicts.now(owner) for owner in self.plan.parents_of(table, reference)]
        state, place = self._state((*tables, *owners)), (table.destination, reference)
        if self._rehearsed.get(place) == state:
            return
        self._rehearsed[place] = state
        await self.rehearsal.prepare()
        async with undone(self.rehearsal.session):
            if parents := await self.orphans.parents(table, reference):
                columns = reference.columns
                demand = Demand(
                    "refer", "orphan", f"no such row in {reference.target_table}", tuple(map(quoted, columns)), columns,
                    parents=parents,
                )  # fmt: skip
                feeds = [Feed(t, self._rows(t)) for t in tables]
                rules = self.scans.rules[table.target.oid]
                self._answer(table, *await self.rehearsal.of(rules, [demand], feeds))

    async def _across_scopes(self, copies: Sequence[TablePlan]) -> None:
        """Hold rows of several scopes against uniques that don't tell these apart, with what other scopes have."""
        rules = self.scans.rules[copies[0].target.oid]
        if not copies[0].scope or not (demands := across_scopes(rules, copies[0])):
            return
        feeding = [t for table in copies for t in (table, *self.verdicts.importers(table))]
        tables = [self.verdicts.now(table) for table in feeding]
        state, name = self._state(tables), copies[0].target_name
        if self._rehearsed.get(name) != state:
            self._rehearsed[name] = state
            feeds = [Feed(t, self._rows(t)) for t in tables]
            self._answer(copies[0], *await self.rehearsal.of(rules, demands, feeds, beside=True))

    def _state(self, tables: Iterable[TablePlan]) -> tuple[Any, ...]:
        """Return what has been decided about rows of these tables, by which is seen whether others go now."""
        return tuple(
            (t.out, tuple(t.nulled.items()), tuple(self.verdicts.imported.get(t.source_name, ()))) for t in tables
        )

    def _answer(self, table: TablePlan, breaches: Iterable[Breach], failures: Iterable[Failure]) -> None:
        """Turn what a rehearsal found into findings, and into decisions where a policy says what to do."""
        for breach in merged(breaches):
            self._breach(breach)
        for failure in failures:
            place = f"{self.context.target.name}.{table.target_name}.{failure.what}"
            self.verdicts.add([failed_rule(place, failure, self.scans.schemas)], [])

    async def _demands(self, rules: TableRules, feeds: Sequence[Feed]) -> list[Demand]:
        """Return what is to be rehearsed; of the length of entries only where the source has long values."""
        demands = demands_of(rules, feeds[0].table, shared=len(feeds) > 1, trusting=self.scans.trusting)
        sizes = [demand for demand in demands if demand.kind == "size"]
        long: set[Demand] = set()
        for feed in feeds if sizes else ():
            groups = [demand.columns for demand in sizes]
            answers = await long_values(self.context, feed, self.scans.known[feed.table.place], groups)
            long |= {demand for demand, answer in zip(sizes, answers, strict=True) if answer}
        return [demand for demand in demands if demand.kind != "size" or demand in long]

    def _breach(self, breach: Breach) -> None:
        """Turn a breach into a finding, and into decisions where a policy says what to do."""
        place, message = values.place(breach.table, breach.columns), breach.message
        action = self.verdicts.policies.action(breach.code, place)
        named = breach.table.source_key is not None
        if action != FAIL and not named:
            message, action = f"{message} {NAMELESS}", FAIL
        if action == "null":
            message, action = f"{message}, and policy null can't be: nothing of the source fills them", FAIL
        examples = tuple(key for key in breach.keys if key is not None)[:EXAMPLES]
        if breach.code != "null" or (breach.code, place) not in self.verdicts.findings:  # a domain says it once more
            finding = Finding(
                breach.code, "block", place, breach.count, message, examples, action, resolvable=named,
                impossible=("null",),
            )  # fmt: skip
            self.verdicts.add([finding], [])
        if action == FAIL:
            return
        if breach.count > self.verdicts.most:
            raise too_many_exceptions(breach.count, self.verdicts.most)
        keys = [key for key in breach.keys if key is not None]
        self.verdicts.add([], [Decision(breach.table.source_name, key, "row", breach.code, action) for key in keys])

    def _rows(self, table: TablePlan) -> sql.Composable:
        """Return the condition of the rows of a table that go into the target."""
        if table.owner is None:
            return table.kept
        imported = list(self.verdicts.imported.get(table.source_name, ()))
        return sql.SQL("{} AND {}").format(table.kept, table.among(imported))
