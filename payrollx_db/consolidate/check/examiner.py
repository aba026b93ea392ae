"""Examining what was scanned: what each finding means for the rows that refer to it, and what the policies decide.

Tables are examined parents first, because a quarantined row makes orphans of those that refer to it, and whether a
row finds its parent is known only when it is known which parents are copied.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.check import uniques, values
from payrollx_db.consolidate.check.breaches import Breach, failed_rule, merged
from payrollx_db.consolidate.check.demands import Demand, demands_of
from payrollx_db.consolidate.check.own_keys import OwnKey, own_key
from payrollx_db.consolidate.check.partition_keys import PartitionKey
from payrollx_db.consolidate.check.references import ReferenceEnd, ReferenceWorkspace, end_of
from payrollx_db.consolidate.check.rehearsal import Feed, Rehearsal, long_values
from payrollx_db.consolidate.check.savepoint import undone
from payrollx_db.consolidate.check.target_rules import TableRules
from payrollx_db.consolidate.check.values import Suspect, Values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.state.quarantine import Decision, Kind
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres.introspect import Index
from payrollx_db.postgres.session import run

NAMELESS = "(its rows have no primary key to be named by)"
VALUES_AMONG = "SELECT {key}, {value} FROM {source} WHERE ({rows}) AND {value} = ANY ({values}::text[])"


def too_many_exceptions(count: int, most: int) -> FindingsError:
    """Return the error that says that a run can't decide about so many single rows."""
    return FindingsError(
        f"the policies decide about {count:,} rows or more, and one run can name {most:,}",
        hint="fix the source, or map these rows otherwise in the layout",
    )


def _both(known: Finding, other: Finding) -> Finding:
    """Return one finding for two of one code and place, about different things."""
    examples = tuple(dict.fromkeys((*known.examples, *other.examples)))[:EXAMPLES]
    action = FAIL if FAIL in (known.action, other.action) else known.action
    count, message = known.count + other.count, f"{known.message}; {other.message}"
    return replace(known, count=count, message=message, examples=examples, action=action)


@dataclass
class Examiner:
    """Collects findings and decisions, table by table.

    ``scanned`` has what is known of each table's values, and where they may be too many for a unique, by the place
    of the table's plan; ``most`` is how many rows may be decided about. ``trusting`` says that the sources' own uniques
    hold, ``holding`` which of their foreign keys do. ``workspace`` is set before `examine`.
    """

    context: Context
    plan: Plan
    policies: Policies
    most: int
    scanned: dict[tuple[str, str], tuple[Values, list[Suspect]]]
    rules: dict[int, TableRules]
    partition_keys: Mapping[str, Sequence[PartitionKey]] = field(default_factory=dict)
    schemas: Sequence[str] = ()
    trusting: bool = True
    holding: Collection[OwnKey] = ()
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    workspace: ReferenceWorkspace = field(init=False)
    rehearsal: Rehearsal = field(init=False)
    _rehearsed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _quarantined: dict[str, dict[str, Decision]] = field(default_factory=dict)
    _changes: dict[tuple[str, str, str], Decision] = field(default_factory=dict)
    _imported: dict[str, dict[str, Decision]] = field(default_factory=dict)

    @property
    def known(self) -> dict[tuple[str, str], Values]:
        """What is known of each table's values."""
        return {place: known for place, (known, _) in self.scanned.items()}

    def decisions(self) -> tuple[Decision, ...]:
        """Return all decisions: rows that are quarantined, values that change, rows that are imported."""
        quarantined = [decision for rows in self._quarantined.values() for decision in rows.values()]
        imported = [
            decision
            for name, rows in self._imported.items()
            for key, decision in rows.items()
            if key not in self._quarantined.get(name, {})
        ]
        return (*quarantined, *imported, *self._changes.values())

    def add(self, findings: Iterable[Finding], decisions: Iterable[Decision]) -> None:
        """Add findings and decisions to those that there are; of two alike, the first stays."""
        for finding in findings:
            known = self.findings.setdefault((finding.code, finding.place), finding)
            if finding.message not in known.message:
                self.findings[finding.code, finding.place] = _both(known, finding)
        for decision in decisions:
            if decision.kind == "row":
                self._quarantined.setdefault(decision.source, {}).setdefault(decision.key, decision)
            elif decision.kind == "adopted":
                self._imported.setdefault(decision.source, {}).setdefault(decision.key, decision)
            else:
                self._changes.setdefault((decision.source, decision.key, decision.column), decision)

    async def examine(self) -> None:
        """Examine every table, parents first, until no more rows are quarantined and no more values are made NULL."""
        await self._scan_imported()
        for table in self._feeding():
            for suspect in self.scanned[table.place][0].suspects:
                await self._suspect(table, suspect)
        order = parents_first(self.plan)
        decided = -1
        while decided != (decided := sum(map(len, self._quarantined.values())) + len(self._changes)):
            for table in order:
                await self._references(table)
                await self._uniques(table)
                await self._rehearse(table)
        for table in {t.source_name: t for t in self.plan.merges}.values():
            await self._orphaned_duplicates(table)

    async def loose(self) -> None:
        """Warn of rows that are copied and whose loose reference will point nowhere."""
        references = [reference for reference in self.plan.catalog.references if not reference.enforced]
        by_target = attrgetter("target_table", "target_columns")
        for (owner, columns), members in groupby(sorted(references, key=by_target), key=by_target):
            children = [(r, end) for r in members for end in self._ends(r.table, r.columns)]
            parents = self._ends(owner, columns)
            if not children or not (parents or await self.workspace.has_rows(owner)):
                continue
            async with undone(self.workspace.session):
                await self._loose(owner, children, parents)

    async def _loose(
        self, owner: str, children: Sequence[tuple[Reference, ReferenceEnd]], parents: Sequence[ReferenceEnd]
    ) -> None:
        name = await self.workspace.parents(children[0][0], parents)
        for _, child in children:
            count, unmatched = await self.workspace.unmatched(name, child)
            if count:
                place, message = values.place(child.table, child.columns), f"no such row in {owner}"
                self.add([Finding("loose-orphan", "warn", place, count, message, unmatched)], [])

    async def _orphaned_duplicates(self, duplicate: TablePlan) -> None:
        """Quarantine rows of a duplicate table with their owner's row: there is nothing left to merge them with."""
        owner = next(
            t for t in self.plan.copies if (t.database, t.target_name) == (duplicate.owner, duplicate.target_name)
        )
        causes = self._quarantined.get(owner.source_name, {})
        if not causes or duplicate.source_key is None:
            return
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            duplicate.source_key, duplicate.from_clause, duplicate.among(list(causes))
        )
        name = duplicate.source_name
        for (key,) in await self._fetch(duplicate, query):
            if key not in self._imported.get(name, {}):
                cause = f"{owner.source_name} {key}"
                self.add([], [Decision(name, key, "row", causes[key].code, causes[key].action, "", cause)])

    # --- single findings ---------------------------------------------------------------------------

    async def _suspect(self, table: TablePlan, suspect: Suspect) -> None:
        """Turn a suspicion into a finding, and into decisions where a policy says what to do."""
        finding = suspect.finding
        action = self.policies.action(finding.code, finding.place)
        if action != FAIL and suspect.keys is None:
            finding = replace(finding, message=f"{finding.message} {NAMELESS}")
            action = FAIL
        self.add([replace(finding, action=action)], [])
        if action == FAIL or suspect.keys is None:
            return
        kind: Kind = "value" if action == "round" else "row"
        column = suspect.column if kind == "value" else ""
        for (key,) in await self._fetch(table, suspect.keys):
            self.add([], [Decision(table.source_name, key, kind, finding.code, action, column)])

    async def _fetch(self, table: TablePlan, query: sql.Composable) -> list[tuple[str, ...]]:
        endpoint = self.context.sources[table.database]
        some = sql.SQL("SELECT * FROM ({}) AS keys LIMIT {}").format(query, sql.Literal(self.most + 1))
        async with self.context.sessions.session(endpoint) as connection:
            with endpoint.translating_errors(f"can't read the keys of {table.source.full_name}"):
                rows = await run(connection, some)
        if len(rows) > self.most:
            raise too_many_exceptions(len(rows), self.most)
        return rows

    async def _uniques(self, table: TablePlan) -> None:
        known, suspects = self.scanned[table.place]
        if suspects and self._quarantined.get(table.source_name):
            suspects = await uniques.too_many(
                self.context, self._now(table), known, self.rules[table.target.oid], trusting=self.trusting
            )
        for suspect in suspects:
            await self._suspect(table, suspect)
        if self._importers(table):
            await self._refuse_imported_twice(table)

    # --- the target's rules -------------------------------------------------------------------------

    async def _rehearse(self, table: TablePlan) -> None:
        """Hold the rows that go into one target table against its rules, as often as other rows go."""
        tables = [self._now(t) for t in (table, *self._importers(table))]
        state = tuple((t.out, tuple(t.nulled.items()), tuple(self._imported.get(t.source_name, ()))) for t in tables)
        rules = self.rules[table.target.oid]
        if self._rehearsed.get(table.target_name) == state:
            return
        self._rehearsed[table.target_name] = state
        feeds = [Feed(t, self._rows(t)) for t in tables]
        demands = await self._demands(rules, feeds)
        if not demands:
            return
        breaches, failures = await self.rehearsal.of(rules, demands, feeds)
        for breach in merged(breaches):
            self._breach(breach)
        for failure in failures:
            place = f"{self.context.target.name}.{table.target_name}.{failure.what}"
            self.add([failed_rule(place, failure, self.schemas)], [])

    async def _demands(self, rules: TableRules, feeds: Sequence[Feed]) -> list[Demand]:
        """Return what is to be rehearsed; of the length of entries only where the source has long values."""
        demands = demands_of(rules, feeds[0].table, shared=len(feeds) > 1, trusting=self.trusting)
        sizes = [demand for demand in demands if demand.kind == "size"]
        long: set[Demand] = set()
        for feed in feeds if sizes else ():
            groups = [demand.columns for demand in sizes]
            answers = await long_values(self.context, feed, self.scanned[feed.table.place][0], groups)
            long |= {demand for demand, answer in zip(sizes, answers, strict=True) if answer}
        return [demand for demand in demands if demand.kind != "size" or demand in long]

    def _breach(self, breach: Breach) -> None:
        """Turn a breach into a finding, and into decisions where a policy says what to do."""
        place, message = values.place(breach.table, breach.columns), breach.message
        action = self.policies.action(breach.code, place)
        named = breach.table.source_key is not None
        if action != FAIL and not named:
            message, action = f"{message} {NAMELESS}", FAIL
        examples = tuple(key for key in breach.keys if key is not None)[:EXAMPLES]
        if breach.code != "null" or (breach.code, place) not in self.findings:  # a domain says it once more
            self.add([Finding(breach.code, "block", place, breach.count, message, examples, action)], [])
        if action == FAIL:
            return
        if breach.count > self.most:
            raise too_many_exceptions(breach.count, self.most)
        name = breach.table.source_name
        self.add([], [Decision(name, key, "row", breach.code, action) for key in breach.keys if key is not None])

    def _rows(self, table: TablePlan) -> sql.Composable:
        """Return the condition of the rows of a table that go into the target."""
        if table.owner is None:
            return table.kept
        return sql.SQL("{} AND {}").format(table.kept, table.among(list(self._imported.get(table.source_name, ()))))

    # --- references -------------------------------------------------------------------------------

    async def _references(self, table: TablePlan) -> None:
        keys = self.partition_keys.get(table.target_name, ())
        single = {key.reference for key in keys}
        for reference in self.plan.enforced_by_table.get(table.target_name, ()):
            if reference not in single:
                await self._reference(table, reference)
        for key in keys:
            await self._reference(table, key.reference, key)

    async def _reference(self, table: TablePlan, reference: Reference, key: PartitionKey | None = None) -> None:
        owner = self.plan.copies_by_target.get(key.parent_root if key else reference.target_table)
        children = [end for t in (table, *self._importers(table)) if (end := self._end(t, reference.columns))]
        parents = [self._end(t, reference.target_columns) for t in ((owner, *self._importers(owner)) if owner else ())]
        ends = [end for end in parents if end is not None]
        if key:
            children = self._within(children, key.child_bounds)
            routed = self._within(ends, key.parent_bounds)
            if len(routed) < len(ends):
                return  # nobody knows where the parents end up: building the key tells
            ends = routed
        if not children:
            return
        if self.plan.matches_full(reference):
            for child in children:
                await self._incomplete(child, reference)
        comparable = not key and len(children) == 1 and bool(ends)
        if comparable and self._untouched(ends[0]) and self._held(children[0], ends[0]):
            return
        async with undone(self.workspace.session):
            if not ends and not await self.workspace.has_rows(reference.target_table):
                return  # its foreign key is left NOT VALID until its parents' service is copied
            name = await self.workspace.parents(reference, ends, temporal=self.plan.is_temporal(reference))
            for child in children:
                orphans = await self.workspace.orphans(name, child)
                if orphans.values:
                    await self._orphans(child, reference, orphans.values, owner)

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
        self, child: ReferenceEnd, reference: Reference, orphans: dict[str, int], owner: TablePlan | None
    ) -> None:
        """Decide about rows whose parent isn't there: some never had one, the parents of others are quarantined."""
        causes: dict[str, str] = {}
        if owner:
            pointed_at = {value: child.pointed_at(value) for value in orphans}
            quarantined = await self._quarantined_parents(owner, reference, list(set(pointed_at.values())))
            causes = {value: quarantined[key] for value, key in pointed_at.items() if key in quarantined}
        place = values.place(child.table, child.columns)
        action = self.policies.action("orphan", place)
        nullable = self._nullable(child, reference)
        alone = {value: rows for value, rows in orphans.items() if value not in causes}
        message = f"no such row in {reference.target_table}"
        if action == "null" and not nullable:
            action, message = FAIL, f"{message}, and policy null can't be: the target's column takes no NULL"
        named = child.table.source_key is not None
        if action != FAIL and not named:
            action, message = FAIL, f"{message} {NAMELESS}"
        if alone:
            examples = tuple(alone)[:EXAMPLES]
            self.add([Finding("orphan", "block", place, sum(alone.values()), message, examples, action)], [])
        cascade = action if action != FAIL else "quarantine"
        if causes:
            count = sum(orphans[value] for value in causes)
            message, examples = (
                f"rows that refer to quarantined rows of {reference.target_table}",
                tuple(causes)[:EXAMPLES],
            )
            if named:
                self.add([Finding("descendant", "info", place, count, message, examples, cascade)], [])
            else:
                self.add([Finding("orphan", "block", place, count, f"{message} {NAMELESS}", examples)], [])
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
        action = self.policies.action("orphan", place)
        nullable = tuple(c.target.name for c in child.columns if c.target.nullable and c not in table.key)
        message = f"some columns of its reference to {reference.target_table} are NULL and some are not (MATCH FULL)"
        if action != FAIL and table.source_key is None:
            action, message = FAIL, f"{message} {NAMELESS}"
        if action == "null" and len(nullable) < len(child.columns):
            action, message = FAIL, f"{message}, and policy null can't be: a column takes no NULL"
        self.add([Finding("orphan", "block", place, count, message, keys[:EXAMPLES], action)], [])
        if action == FAIL:
            return
        if count > self.most:
            raise too_many_exceptions(count, self.most)
        kind: Kind = "value" if action == "null" else "row"
        for key in keys:
            for column in nullable if action == "null" else ("",):
                self.add([], [Decision(table.source_name, key, kind, "orphan", action, column)])

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
        for key, value in await self._fetch(table, query):
            cause = causes.get(value, "")
            for column in columns or ("",):
                self.add([], [Decision(table.source_name, key, kind, "orphan", action, column, cause)])

    async def _quarantined_parents(
        self, owner: TablePlan, reference: Reference, orphans: Sequence[str]
    ) -> dict[str, str]:
        """Return those values whose parent is quarantined, each with that parent's name."""
        quarantined = self._quarantined.get(owner.source_name)
        end = end_of(owner, reference.target_columns)
        if not quarantined or end is None or owner.source_key is None:
            return {}
        query = sql.SQL(VALUES_AMONG).format(
            key=owner.source_key, value=self.workspace.text(end), source=owner.from_clause,
            rows=owner.among(list(quarantined)), values=sql.Literal(list(orphans)),
        )  # fmt: skip
        return {value: f"{owner.source_name} {key}" for key, value in await self._fetch(owner, query)}

    # --- imported rows -----------------------------------------------------------------------------

    def _importers(self, table: TablePlan) -> list[TablePlan]:
        """Return the duplicate tables that have rows to be imported into this table's target."""
        return [t for t in self.plan.merges if t.target_name == table.target_name and self._imported.get(t.source_name)]

    def _feeding(self) -> list[TablePlan]:
        """Return every table that rows come from: those to copy, and duplicates with rows to import."""
        return [*self.plan.copies, *(t for t in self.plan.merges if self._imported.get(t.source_name))]

    async def _scan_imported(self) -> None:
        for table in self._feeding():
            if table.owner:
                keys = list(self._imported[table.source_name])
                self.scanned[table.place] = (await values.scan_values(self.context, table, keys), [])
                self.workspace.known = self.rehearsal.known = self.known

    async def _refuse_imported_twice(self, table: TablePlan) -> None:
        """Refuse, or quarantine, imported rows that would break a unique of the target."""
        uniques = [index for index in table.target.indexes if index.unique and index.plain and len(index.columns) == 1]
        for duplicate in self._importers(table):
            quarantined = self._quarantined.get(duplicate.source_name, {})
            keys = [key for key in self._imported[duplicate.source_name] if key not in quarantined]
            for index in uniques if keys and duplicate.source_key is not None else ():
                mine, theirs = end_of(duplicate, index.columns, keys), end_of(self._now(table), index.columns)
                if mine is not None and theirs is not None:
                    await self._refuse_clash(duplicate, index, mine, theirs)

    async def _refuse_clash(self, duplicate: TablePlan, index: Index, mine: ReferenceEnd, theirs: ReferenceEnd) -> None:
        clash = await self._clash(mine, theirs)
        if not clash:
            return
        place = values.place(duplicate, mine.columns)
        action = self.policies.action("duplicate", place)
        message = f"adopted, and too many for the unique {index.name}"
        self.add([Finding("duplicate", "block", place, len(clash), message, tuple(clash)[:EXAMPLES], action)], [])
        if action != FAIL:
            self.add([], [Decision(duplicate.source_name, key, "row", "duplicate", action) for key in clash])

    async def _clash(self, mine: ReferenceEnd, theirs: ReferenceEnd) -> list[str]:
        """Return the keys of those of my rows whose value they have already."""
        value = self.workspace.text(mine)
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {} AND {} IS NOT NULL").format(
            mine.table.source_key or sql.SQL("NULL"), value, mine.table.from_clause, mine.rows, value
        )
        rows = await self._fetch(mine.table, query)
        their_value = self.workspace.text(theirs)
        query = sql.SQL("SELECT {} FROM {} WHERE {} AND {} = ANY ({}::text[])").format(
            their_value, theirs.table.from_clause, theirs.rows, their_value, sql.Literal([value for _, value in rows])
        )
        taken = {value for (value,) in await self._fetch(theirs.table, query)}
        return [key for key, value in rows if value in taken]

    # --- helpers -----------------------------------------------------------------------------------

    def _now(self, table: TablePlan) -> TablePlan:
        """Return the table without the rows that are known to be quarantined, and with what is made NULL."""
        nulled: dict[str, list[str]] = defaultdict(list)
        for source, key, column in self._changes:
            if source == table.source_name and self._changes[source, key, column].action == "null":
                nulled[column].append(key)
        out = tuple(self._quarantined.get(table.source_name, ()))
        return replace(table, out=out, nulled={name: tuple(keys) for name, keys in nulled.items()})

    def _ends(self, table: str, columns: Sequence[str]) -> list[ReferenceEnd]:
        """Return the ends from which rows of a target table's columns will come."""
        feeding = [t for t in self._feeding() if t.target_name == table]
        return [end for t in feeding if (end := self._end(t, columns)) is not None]

    def _end(self, table: TablePlan, columns: Sequence[str]) -> ReferenceEnd | None:
        among = list(self._imported.get(table.source_name, ())) if table.owner else None
        return end_of(self._now(table), columns, among)
