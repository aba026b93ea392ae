"""What the check has found so far, and what the policies decide of single rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from psycopg import sql

from payrollx_db.consolidate.check.references import ReferenceEnd, end_of
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.errors import FindingsError
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres.session import run

NAMELESS = "(its rows have no primary key to be named by)"


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
class Verdicts:
    """Collects findings and decisions, and tells which rows of a table still go.

    ``most`` is how many rows may be decided about. Decisions are kept by the source's table, and then by the row's key:
    rows that are ``quarantined``, rows of duplicate tables that are ``imported``; ``changes`` by key and column.
    """

    context: Context
    plan: Plan
    policies: Policies
    most: int
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    quarantined: dict[str, dict[str, Decision]] = field(default_factory=dict)
    changes: dict[str, dict[tuple[str, str], Decision]] = field(default_factory=dict)
    imported: dict[str, dict[str, Decision]] = field(default_factory=dict)

    def decisions(self) -> tuple[Decision, ...]:
        """Return all decisions: rows that are quarantined, values that change, rows that are imported."""
        quarantined = [decision for rows in self.quarantined.values() for decision in rows.values()]
        imported = [
            decision
            for name, rows in self.imported.items()
            for key, decision in rows.items()
            if key not in self.quarantined.get(name, {})
        ]
        changed = [decision for values in self.changes.values() for decision in values.values()]
        return (*quarantined, *imported, *changed)

    def add(self, findings: Iterable[Finding], decisions: Iterable[Decision]) -> None:
        """Add findings and decisions to those that there are; of two alike, the first stays."""
        for finding in findings:
            known = self.findings.setdefault((finding.code, finding.place), finding)
            if f"; {finding.message}; " not in f"; {known.message}; ":  # one may be the beginning of another
                self.findings[finding.code, finding.place] = _both(known, finding)
        for decision in decisions:
            if decision.kind == "row":
                self.quarantined.setdefault(decision.source, {}).setdefault(decision.key, decision)
            elif decision.kind == "adopted":
                self.imported.setdefault(decision.source, {}).setdefault(decision.key, decision)
            else:
                place = (decision.key, decision.column)
                self.changes.setdefault(decision.source, {}).setdefault(place, decision)

    def count(self) -> int:
        """Return how many rows are quarantined and values are changed so far."""
        return sum(len(rows) for rows in self.quarantined.values()) + sum(
            len(values) for values in self.changes.values()
        )

    def now(self, table: TablePlan) -> TablePlan:
        """Return the table without the rows that are known to be quarantined, and with what is made NULL."""
        nulled: dict[str, list[str]] = defaultdict(list)
        for (key, column), decision in self.changes.get(table.source_name, {}).items():
            if decision.action == "null":
                nulled[column].append(key)
        out = tuple(self.quarantined.get(table.source_name, ()))
        return replace(table, out=out, nulled={name: tuple(keys) for name, keys in nulled.items()})

    def importers(self, table: TablePlan) -> list[TablePlan]:
        """Return the duplicate tables that have rows to be imported into this table's target."""
        return [t for t in self.plan.merges if t.destination == table.destination and self.imported.get(t.source_name)]

    def feeding(self) -> list[TablePlan]:
        """Return every table that rows come from: those to copy, and duplicates with rows to import."""
        return [*self.plan.copies, *(t for t in self.plan.merges if self.imported.get(t.source_name))]

    def ends(self, table: str, columns: Sequence[str]) -> list[ReferenceEnd]:
        """Return the ends from which rows of a target table's columns will come."""
        feeding = [t for t in self.feeding() if t.target_name == table]
        return [end for t in feeding if (end := self.end(t, columns)) is not None]

    def end(self, table: TablePlan, columns: Sequence[str]) -> ReferenceEnd | None:
        """Return the end that is a table's columns in the rows that still go; ``None`` where nothing fills one."""
        among = list(self.imported.get(table.source_name, ())) if table.owner else None
        return end_of(self.now(table), columns, among)

    async def fetch(self, table: TablePlan, query: sql.Composable) -> list[tuple[str, ...]]:
        """Return a query's rows from a table's source. Raises SourceError, FindingsError where they are too many."""
        endpoint = self.context.sources[table.database]
        some = sql.SQL("SELECT * FROM ({}) AS keys LIMIT {}").format(query, sql.Literal(self.most + 1))
        async with self.context.sessions.session(endpoint) as connection:
            with endpoint.translating_errors(f"can't read the keys of {table.source.full_name}"):
                rows = await run(connection, some)
        if len(rows) > self.most:
            raise too_many_exceptions(len(rows), self.most)
        return rows
