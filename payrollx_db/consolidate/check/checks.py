"""The check: what would fail or lie later, found before a byte moves, and what the policies say of it.

Tables are looked at parents first, because a row that stays out makes orphans of those that point at it,
and whether a row finds its parent is known only when it is known which parents go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from psycopg import sql

from payrollx_db.consolidate.check import duplicates, prisma, values
from payrollx_db.consolidate.check.references import ReferenceEnd, ReferenceWorkspace, already_enforced, end_of
from payrollx_db.consolidate.check.values import Suspect, Values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.quarantine import Decision, Kind
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import run

VALUES_AMONG = "SELECT {key}, {value} FROM {source} WHERE ({rows}) AND {value} = ANY ({wanted}::text[])"
MOST = 100_000  # rows that may be quarantined or changed in one run; their keys are held in memory


@dataclass(frozen=True)
class Checked:
    """The outcome: what was found, and what the policies decide about single rows."""

    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]


async def check(context: Context, plan: Plan, policies: Policies, *, loose: bool = False) -> Checked:
    """Look for everything in the sources that the copy could not carry over as it is.

    ``loose`` looks along loose references too, which takes a while and keeps nothing out. Reads only:
    on the sources in read-only transactions, on the target into temporary tables that vanish. Raises
    SourceError or TargetError, and FindingsError where more rows would have to be quarantined than a
    run can name.
    """
    unfinished = await _prisma(context, plan)
    scanned = await limited([_scan(context, table) for table in plan.copies], context.jobs)
    drifted = await duplicates.compare_duplicates(context, plan, policies, most=MOST)
    async with context.sessions.copy_connection(context.target, fresh=True) as scratch:
        with context.target.translating_errors("can't begin the check"):
            await scratch.execute("BEGIN")  # never committed: of its temporary tables, even a crash leaves nothing
        examiner = _Examiner(context, plan, policies, {v.table.place: (v, suspects) for v, suspects in scanned})
        examiner.take(drifted.findings, drifted.decisions)
        examiner.scratch = ReferenceWorkspace(context, scratch, examiner.known, MOST)
        await examiner.examine()
        if loose:
            await examiner.loose()
    found = unfinished + list(examiner.findings.values())
    decisions = examiner.decisions()
    if len(decisions) > MOST:
        raise too_much(len(decisions))
    return Checked(tuple(sorted(found, key=lambda finding: (finding.place, finding.code))), decisions)


async def check_silent(context: Context, plan: Plan) -> Checked:
    """Look only for what nothing else would notice: values that would be rounded without a word.

    Whatever else is wrong stops the copy by itself, at a cast, a unique index, a foreign key or the
    comparison of a duplicate table. Raises SourceError.
    """
    findings = await _prisma(context, plan)
    scanned = await limited([values.scan_values(context, t, silent=True) for t in plan.copies], context.jobs)
    return Checked((*findings, *(suspect.finding for found in scanned for suspect in found.suspects)), ())


async def _prisma(context: Context, plan: Plan) -> list[Finding]:
    if plan.layout.migrations != "prisma":
        return []
    legacies = [db for db in plan.layout.databases if db.name in plan.sources]
    checks = [prisma.unfinished(context.sessions, context.sources[db.name], db.schema) for db in legacies]
    found = await limited(checks, context.jobs)
    return [finding for group in found for finding in group]


def too_much(count: int) -> FindingsError:
    """Return the error that says that these are no single rows any more."""
    return FindingsError(
        f"the policies speak of {count:,} rows or more, and one run can name {MOST:,}",
        hint="so many are no exceptions: mend the source, or map them otherwise in the layout",
    )


async def _scan(context: Context, table: TablePlan) -> tuple[Values, list[Suspect]]:
    found = await values.scan_values(context, table)
    return found, await values.too_many(context, table, found)


@dataclass
class _Examiner:
    """Collects findings and decisions, table by table."""

    context: Context
    plan: Plan
    policies: Policies
    looked: dict[tuple[str, str], tuple[Values, list[Suspect]]]
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    scratch: ReferenceWorkspace = field(init=False)
    _rows: dict[str, dict[str, Decision]] = field(default_factory=dict)
    _changes: dict[tuple[str, str, str], Decision] = field(default_factory=dict)
    _adopted: dict[str, dict[str, Decision]] = field(default_factory=dict)

    @property
    def known(self) -> dict[tuple[str, str], Values]:
        """What is known of each table's values."""
        return {place: found for place, (found, _) in self.looked.items()}

    def decisions(self) -> tuple[Decision, ...]:
        """Return all decisions: rows that stay out, values that change, rows that are adopted."""
        out = [decision for rows in self._rows.values() for decision in rows.values()]
        adopted = [
            decision
            for name, rows in self._adopted.items()
            for key, decision in rows.items()
            if key not in self._rows.get(name, {})
        ]
        return (*out, *adopted, *self._changes.values())

    def take(self, findings: Iterable[Finding], decisions: Iterable[Decision]) -> None:
        """Take findings and decisions over."""
        for finding in findings:
            self.findings.setdefault((finding.code, finding.place), finding)
        for decision in decisions:
            if decision.kind == "row":
                self._rows.setdefault(decision.source, {}).setdefault(decision.key, decision)
            elif decision.kind == "adopted":
                self._adopted.setdefault(decision.source, {}).setdefault(decision.key, decision)
            else:
                self._changes.setdefault((decision.source, decision.key, decision.column), decision)

    async def examine(self) -> None:
        """Look at every table, parents first, until no more rows fall."""
        await self._look_at_adopted()
        for table in self._feeding():
            for suspect in self.looked[table.place][0].suspects:
                await self._suspect(table, suspect)
        order = parents_first(self.plan)
        fallen = -1
        while fallen != (fallen := sum(map(len, self._rows.values()))):
            for table in order:
                await self._references(table)
                await self._uniques(table)
        for table in {t.source_name: t for t in self.plan.merges}.values():
            await self._orphaned_duplicates(table)

    async def loose(self) -> None:
        """Warn of rows that go in and whose loose reference will point nowhere."""
        references = [reference for reference in self.plan.catalog.references if not reference.enforced]
        by_target = attrgetter("target_table", "target_columns")
        for (owner, columns), members in groupby(sorted(references, key=by_target), key=by_target):
            children = [(r, end) for r in members for end in self._ends(r.table, r.columns)]
            parents = self._ends(owner, columns)
            if not children or not (parents or await self.scratch.has_rows(owner)):
                continue
            name = await self.scratch.parents(children[0][0], parents)
            for _, child in children:
                count, unmatched = await self.scratch.unmatched(name, child)
                if count:
                    where, message = values.place(child.table, child.columns), f"no such row in {owner}"
                    self.take([Finding("loose-orphan", "warn", where, count, message, unmatched)], [])

    async def _orphaned_duplicates(self, duplicate: TablePlan) -> None:
        """Let rows of a duplicate table fall with their owner's row: there is nothing left to merge them with."""
        owner = next(
            t for t in self.plan.copies if (t.database, t.target_name) == (duplicate.owner, duplicate.target_name)
        )
        out = self._rows.get(owner.source_name, {})
        key = duplicate.source_key
        if not out or key is None:
            return
        there = sql.SQL("SELECT {} FROM {} WHERE {}").format(key, duplicate.from_clause, duplicate.among(list(out)))
        for (found,) in await self._fetch(duplicate, there):
            if found not in self._adopted.get(duplicate.source_name, {}):
                cause = f"{owner.source_name} {found}"
                decision = Decision(duplicate.source_name, found, "row", out[found].code, out[found].action, "", cause)
                self.take([], [decision])

    # --- single findings ---------------------------------------------------------------------------

    async def _suspect(self, table: TablePlan, suspect: Suspect) -> None:
        """Turn a suspicion into a finding, and into decisions where a policy says what to do."""
        finding = suspect.finding
        action = self.policies.action(finding.code, finding.place)
        if action != FAIL and suspect.keys is None:
            finding = replace(finding, message=f"{finding.message} (its rows have no primary key to be named by)")
            action = FAIL
        self.take([replace(finding, action=action)], [])
        if action == FAIL or suspect.keys is None:
            return
        kind: Kind = "value" if action == "round" else "row"
        column = suspect.column if kind == "value" else ""
        for (key,) in await self._fetch(table, suspect.keys):
            self.take([], [Decision(table.source_name, key, kind, finding.code, action, column)])

    async def _fetch(self, table: TablePlan, query: sql.Composable) -> list[tuple[str, ...]]:
        endpoint = self.context.sources[table.database]
        some = sql.SQL("SELECT * FROM ({}) AS found LIMIT {}").format(query, sql.Literal(MOST + 1))
        async with self.context.sessions.session(endpoint) as connection:
            with endpoint.translating_errors(f"can't read the keys of {table.source.full_name}"):
                rows = await run(connection, some)
        if len(rows) > MOST:
            raise too_much(len(rows))
        return rows

    async def _uniques(self, table: TablePlan) -> None:
        found, suspects = self.looked[table.place]
        if suspects and self._rows.get(table.source_name):
            suspects = await values.too_many(self.context, self._now(table), found)
        for suspect in suspects:
            await self._suspect(table, suspect)
        if self._adopters(table):
            await self._adopted_twice(table)

    # --- references -------------------------------------------------------------------------------

    async def _references(self, table: TablePlan) -> None:
        for reference in self.plan.catalog.references:
            if reference.enforced and reference.table == table.target_name:
                await self._reference(table, reference)

    async def _reference(self, table: TablePlan, reference: Reference) -> None:
        owner = next((t for t in self.plan.copies if t.target_name == reference.target_table), None)
        children = [end for t in (table, *self._adopters(table)) if (end := self._end(t, reference.columns))]
        parents = [self._end(t, reference.target_columns) for t in ((owner, *self._adopters(owner)) if owner else ())]
        ends = [end for end in parents if end is not None]
        if not children:
            return
        untouched = owner is not None and not self._rows.get(owner.source_name) and len(children) == 1
        if untouched and already_enforced(self.plan, children[0], ends[0] if ends else None):
            return
        if not ends and not await self.scratch.has_rows(reference.target_table):
            return  # waits for its parents' service
        name = await self.scratch.parents(reference, ends)
        for child in children:
            orphans = await self.scratch.orphans(name, child)
            if orphans.values:
                await self._orphans(child, reference, orphans.values, owner)

    async def _orphans(
        self, child: ReferenceEnd, reference: Reference, orphans: dict[str, int], owner: TablePlan | None
    ) -> None:
        """Decide about rows whose parent isn't there: some never had one, some fall with theirs."""
        fell = await self._fallen(owner, reference, list(orphans)) if owner else {}
        where = values.place(child.table, child.columns)
        action = self.policies.action("orphan", where)
        nullable = self._nullable(child, reference)
        alone = {value: rows for value, rows in orphans.items() if value not in fell}
        message = f"no such row in {reference.target_table}"
        if action == "null" and not nullable:
            action, message = FAIL, f"{message}, and policy null can't be: the target's column takes no NULL"
        if alone:
            examples = tuple(alone)[:EXAMPLES]
            self.take([Finding("orphan", "block", where, sum(alone.values()), message, examples, action)], [])
        if fell:
            count = sum(orphans[value] for value in fell)
            message = f"fall with quarantined rows of {reference.target_table}"
            follow = action if action != FAIL else "quarantine"
            self.take([Finding("descendant", "info", where, count, message, tuple(fell)[:EXAMPLES], follow)], [])
        for wanted, does in ((alone, action), (fell, action if action != FAIL else "quarantine")):
            if wanted and does != FAIL:
                await self._decide_orphans(child, list(wanted), does, fell, nullable if does == "null" else ())

    def _nullable(self, child: ReferenceEnd, reference: Reference) -> tuple[str, ...]:
        """Return the child's columns that policy null makes NULL: those that may be, and that no other reference has.

        One is enough for a reference of several columns to point at nothing; where others share all, all are taken.
        """
        others = [r for r in self.plan.catalog.references if r.table == reference.table and r != reference]
        shared = {name for other in others for name in other.columns}
        names = tuple(c.target.name for c in child.columns if c.target.nullable and c not in child.table.key)
        return tuple(name for name in names if name not in shared) or names

    async def _decide_orphans(
        self,
        child: ReferenceEnd,
        wanted: Sequence[str],
        action: str,
        fell: Mapping[str, str],
        columns: Sequence[str],
    ) -> None:
        """Decide about the rows with these values: they stay out, or go in with ``columns`` NULL."""
        table = child.table
        if table.source_key is None:
            return
        query = sql.SQL(VALUES_AMONG).format(
            key=table.source_key, value=self.scratch.text(child), source=table.from_clause,
            rows=child.rows, wanted=sql.Literal(list(wanted)),
        )  # fmt: skip
        kind: Kind = "value" if columns else "row"
        for key, value in await self._fetch(table, query):
            cause = fell.get(value, "")
            for column in columns or ("",):
                self.take([], [Decision(table.source_name, key, kind, "orphan", action, column, cause)])

    async def _fallen(self, owner: TablePlan, reference: Reference, orphans: Sequence[str]) -> dict[str, str]:
        """Return those values whose parent stays out, each with that parent's name."""
        out = self._rows.get(owner.source_name)
        end = end_of(owner, reference.target_columns)
        if not out or end is None or owner.source_key is None:
            return {}
        query = sql.SQL(VALUES_AMONG).format(
            key=owner.source_key, value=self.scratch.text(end), source=owner.from_clause,
            rows=owner.among(list(out)), wanted=sql.Literal(list(orphans)),
        )  # fmt: skip
        return {value: f"{owner.source_name} {key}" for key, value in await self._fetch(owner, query)}

    # --- adopted rows ------------------------------------------------------------------------------

    def _adopters(self, table: TablePlan) -> list[TablePlan]:
        """Return the duplicate tables that have rows to be adopted into this table's target."""
        return [t for t in self.plan.merges if t.target_name == table.target_name and self._adopted.get(t.source_name)]

    def _feeding(self) -> list[TablePlan]:
        """Return every table that rows come from: those to copy, and duplicates with rows to adopt."""
        return [*self.plan.copies, *(t for t in self.plan.merges if self._adopted.get(t.source_name))]

    async def _look_at_adopted(self) -> None:
        for table in self._feeding():
            if table.owner:
                keys = list(self._adopted[table.source_name])
                found = await values.scan_values(self.context, table, keys)
                self.looked[table.place] = (found, [])
                self.scratch.known = self.known

    async def _adopted_twice(self, table: TablePlan) -> None:
        """Refuse, or quarantine, adopted rows that would break a unique of the target."""
        for duplicate in self._adopters(table):
            keys = [
                k for k in self._adopted[duplicate.source_name] if k not in self._rows.get(duplicate.source_name, {})
            ]
            for index in (i for i in table.target.indexes if i.unique and i.plain and len(i.columns) == 1):
                mine, theirs = end_of(duplicate, index.columns, keys), end_of(self._now(table), index.columns)
                if mine is None or theirs is None or not keys or duplicate.source_key is None:
                    continue
                clash = await self._clash(mine, theirs)
                if clash:
                    where = values.place(duplicate, mine.columns)
                    action = self.policies.action("duplicate", where)
                    message = f"adopted, and too many for the unique {index.name}"
                    self.take(
                        [Finding("duplicate", "block", where, len(clash), message, tuple(clash)[:EXAMPLES], action)], []
                    )
                    if action != FAIL:
                        name = duplicate.source_name
                        self.take([], [Decision(name, key, "row", "duplicate", action) for key in clash])

    async def _clash(self, mine: ReferenceEnd, theirs: ReferenceEnd) -> list[str]:
        value = self.scratch.text(mine)
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {} AND {} IS NOT NULL").format(
            mine.table.source_key or sql.SQL("NULL"), value, mine.table.from_clause, mine.rows, value
        )
        rows = await self._fetch(mine.table, query)
        there = self.scratch.text(theirs)
        taken = sql.SQL("SELECT {} FROM {} WHERE {} AND {} = ANY ({}::text[])").format(
            there, theirs.table.from_clause, theirs.rows, there, sql.Literal([value for _, value in rows])
        )
        found = {value for (value,) in await self._fetch(theirs.table, taken)}
        return [key for key, value in rows if value in found]

    # --- helpers -----------------------------------------------------------------------------------

    def _now(self, table: TablePlan) -> TablePlan:
        """Return the table without the rows that are known to stay out."""
        return replace(table, out=tuple(self._rows.get(table.source_name, ())))

    def _ends(self, table: str, columns: Sequence[str]) -> list[ReferenceEnd]:
        """Return the ends from which rows of a target table's columns will come."""
        feeding = [t for t in self._feeding() if t.target_name == table]
        return [end for t in feeding if (end := self._end(t, columns)) is not None]

    def _end(self, table: TablePlan, columns: Sequence[str]) -> ReferenceEnd | None:
        among = list(self._adopted.get(table.source_name, ())) if table.owner else None
        return end_of(self._now(table), columns, among)
