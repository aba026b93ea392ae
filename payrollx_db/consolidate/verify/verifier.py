"""Verify: proof that both sides hold the same, row by row, in the canonical form.

What policies kept out of the target is proven too: the source's rows must be those that lie in quarantine.
"""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.plan.mapping import ROW, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.verify.batches import in_batches
from payrollx_db.consolidate.verify.structure import StructureVerdict
from payrollx_db.consolidate.verify.sums import ColumnSum
from payrollx_db.model.events import Stage, TableFinished, TableStarted, WorkStarted
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.compare import Comparison, Difference, Sums, compare
from payrollx_db.postgres.compare_many import compare_many
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.sides import Form, Side

KEY_IS_TEXT: Mapping[str, Form] = {"key": "text"}

Work = Callable[[TablePlan], Awaitable["TableVerdict"]]

COUNTS = ("source_rows", "target_rows", "quarantined", "missing", "extra", "changed")


@dataclass(frozen=True)
class TableVerdict:
    """What comparing one source table with its target showed; ``seconds`` is the wall time of it.

    ``kept`` is the same for the rows in quarantine, where there are any. ``imported`` counts rows that
    duplicate tables brought into this target. ``started`` is when, by this process's monotonic clock.
    """

    table: TablePlan
    result: Comparison
    seconds: float
    kept: Comparison | None = None
    imported: int = 0
    started: float = 0.0

    @property
    def extra(self) -> int:
        """How many rows the target has that neither this source nor its duplicates account for."""
        return 0 if self.table.owner else self.result.extra - self.imported

    @property
    def identical(self) -> bool:
        """Whether both hold the same; of a duplicate table, whether the target has every row of it."""
        return self.result.contained and self.extra == 0 and (self.kept is None or self.kept.identical)

    def document(self) -> dict[str, Any]:
        """Return the verdict as plain data, for ``--json``."""
        return {
            "source": self.table.source_name,
            "target": self.table.target_name,
            "scope": dict(self.table.scope),
            "source_rows": self.result.left_rows + (self.kept.left_rows if self.kept else 0),
            "target_rows": self.result.right_rows,
            "quarantined": self.kept.right_rows if self.kept else 0,
            "identical": self.identical,
            "seconds": round(self.seconds, 3),
            "missing": self.result.missing,
            "extra": self.extra,
            "changed": self.result.changed,
            "differences": [
                {"key": d.key, "kind": d.kind, "columns": list(d.columns)}
                | ({"values": {n: list(pair) for n, pair in d.values.items()}} if d.values is not None else {})
                for d in (*self.result.differences, *(self.kept.differences if self.kept else ()))
            ],
        }


@dataclass(frozen=True)
class Verdict:
    """The verdicts on the tables of a plan; ``structure`` is that on the target's structure, if it was looked at.

    ``uncovered`` says which rows of the target nothing was compared with; ``sums`` are those of number columns, if they
    were added up.
    """

    tables: tuple[TableVerdict, ...]
    structure: StructureVerdict | None = None
    uncovered: tuple[Finding, ...] = ()
    sums: tuple[ColumnSum, ...] = ()

    @property
    def rows_identical(self) -> bool:
        """Whether every table holds the same rows on both sides, and shows no others."""
        seen = all(table.identical for table in self.tables)
        return seen and not any(finding.severity == "error" for finding in self.uncovered)

    @property
    def identical(self) -> bool:
        """Whether every table holds the same, and the target's structure is as it was designed."""
        return self.rows_identical and (self.structure is None or self.structure.intact)

    @property
    def totals(self) -> dict[str, int]:
        """How many rows there are in all; those of a target only once, though duplicate tables look at it again."""
        documents = [table.document() for table in self.tables]
        totals = {name: sum(document[name] for document in documents) for name in COUNTS}
        rows = {table.table.destination: table.result.right_rows for table in self.tables}
        return totals | {"target_rows": sum(rows.values())}

    def document(self) -> dict[str, Any]:
        """Return the verdict as plain data, for ``--json``."""
        tables = [table.document() for table in self.tables]
        return {
            "identical": self.identical,
            "rows_identical": self.rows_identical,
            "tables": tables,
            "totals": self.totals,
            "uncovered": [
                {"code": finding.code, "severity": finding.severity, "place": finding.place, "message": finding.message}
                for finding in self.uncovered
            ],
            "structure": self.structure.document() if self.structure else None,
            "sums": [one.document() for one in self.sums],
        }


@dataclass(frozen=True)
class Verifier:
    """Compares planned tables. ``limit`` is how many differing rows are named per table; ``values`` shows them.

    ``kept_rows`` says where the rows lie that stay out of a source table: the FROM item, called ``s``, and the
    condition. There is none where nothing was recorded. ``known`` are verdicts on tables that were compared already, by
    source and target; ``on_verdicts`` is awaited with the new ones as they come.
    """

    context: Context
    limit: int = 20
    values: bool = False
    kept_rows: Callable[[str], tuple[sql.Composable, sql.Composable]] | None = None
    known: Mapping[tuple[str, str], TableVerdict] = field(default_factory=dict)
    on_verdicts: Callable[[Sequence[TableVerdict]], Awaitable[None]] | None = None

    async def all(
        self, plan: Plan, stage: Stage = "verify", chosen: Collection[tuple[str, str]] | None = None
    ) -> Verdict:
        """Compare every table of ``plan``, several at once, both sides of each at the same time; small ones together.

        With ``chosen``, only these, by source and target. ``stage`` is what the observer hears that this is part of.
        Raises SourceError, TargetError, or FindingsError where a source value can't be converted at all.
        """
        tables = [table for table in plan.tables if chosen is None or table.place in chosen]
        sources = [table.source for table in tables if table.place not in self.known]
        size = sum(source.size for source in sources)
        self.context.observer(WorkStarted(stage, len(sources), sum(source.rows for source in sources), size))
        imported: dict[Destination, int] = {}
        for table in plan.merges:
            imported[table.destination] = imported.get(table.destination, 0) + len(table.imported)
        sums = Sums()

        async def one(table: TablePlan) -> TableVerdict:
            return await self._one(table, imported=imported.get(table.destination, 0), known=sums)

        now = time.monotonic()
        verdicts = {t.place: replace(self.known[t.place], started=now) for t in tables if t.place in self.known}
        left = [table for table in tables if table.place not in self.known]
        alone, groups = in_batches(left, lambda table: bool(imported.get(table.destination) or self._kept_side(table)))
        work = [self._alone(table, one) for table in alone] + [self._batch(group, one) for group in groups]
        for compared in await limited(work, self.context.jobs):
            verdicts |= {verdict.table.place: verdict for verdict in compared}
        return Verdict(tuple(verdicts[table.place] for table in tables))

    async def _alone(self, table: TablePlan, work: Work) -> list[TableVerdict]:
        self._start(table)
        verdicts = [await work(table)]
        await self._finish(verdicts)
        return verdicts

    async def _batch(self, tables: Sequence[TablePlan], work: Work) -> list[TableVerdict]:
        """Compare small tables of one source in one query a side, and by themselves those that differ."""
        started = time.monotonic()
        for table in tables:
            self._start(table)
        source, target = self.context.sources[tables[0].database], self.context.target
        pairs = [(source_side(table, source), target_side(table, target)) for table in tables]
        results = await compare_many(self.context.sessions, pairs)
        seconds = (time.monotonic() - started) / len(tables)
        verdicts = [
            TableVerdict(table, result, seconds, started=started)
            for table, result in zip(tables, results, strict=True)
            if result is not None
        ]
        await self._finish(verdicts)
        for table, result in zip(tables, results, strict=True):
            if result is None:
                verdicts.append(await work(table))
                await self._finish(verdicts[-1:])
        return verdicts

    def _start(self, table: TablePlan) -> None:
        self.context.observer(TableStarted(*table.place, table.source.rows))

    async def _finish(self, verdicts: Sequence[TableVerdict]) -> None:
        """Tell the observer, and hand on what it has heard of."""
        heard: list[TableVerdict] = []
        try:
            for verdict in verdicts:
                source, rows = verdict.table.source, verdict.result.left_rows
                self.context.observer(TableFinished(*verdict.table.place, rows, source.size, verdict.seconds))
                heard.append(verdict)
        finally:
            if heard and self.on_verdicts is not None:
                await self.on_verdicts(heard)

    async def _one(self, table: TablePlan, *, imported: int, known: Sums) -> TableVerdict:
        """Compare one table; ``imported`` rows of its target came from duplicate tables."""
        started = time.monotonic()
        source = source_side(table, self.context.sources[table.database])
        target = target_side(table, self.context.target)
        sessions = self.context.sessions
        contained = table.owner is not None or imported > 0
        asked = {"rows": table.source.rows, "limit": self.limit, "values": self.values}
        shared = known if table.owner else None  # only duplicate tables look at a target a second time
        result = await compare(sessions, source, target, **asked, contained=contained, known=shared)  # type: ignore[arg-type]
        if table.key is table.columns and not self.values:
            result = replace(result, differences=tuple(map(_unnamed, result.differences)))
        kept = None
        if quarantine := self._kept_side(table):
            kept = await compare(sessions, self._legacy_side(table), quarantine, **asked)  # type: ignore[arg-type]
        seconds = time.monotonic() - started
        return TableVerdict(table, result, seconds, kept, 0 if table.owner else imported, started)

    def _legacy_side(self, table: TablePlan) -> Side:
        """Return the source's rows that stay out, whole."""
        key = (("key", table.source_key or sql.SQL("NULL")),)
        whole = (("row", table.whole_row),)
        return Side(
            self.context.sources[table.database], table.from_source, key, whole, table.among(table.out), KEY_IS_TEXT
        )

    def _kept_side(self, table: TablePlan) -> Side | None:
        """Return the same rows as they lie in quarantine, where there are any."""
        if not (table.out and self.kept_rows):
            return None
        source, where = self.kept_rows(table.source_name)
        return Side(
            self.context.target, source, (("key", sql.SQL("s.key")),), (("row", sql.SQL("s.row")),), where, KEY_IS_TEXT
        )


def _unnamed(difference: Difference) -> Difference:
    """Name a row of a table without a key by a fingerprint: its values are all that it has, and weren't asked for."""
    row = json.dumps(difference.key, sort_keys=True, ensure_ascii=False).encode()
    return replace(difference, key={"row": hashlib.sha256(row).hexdigest()[:16]})


def source_side(table: TablePlan, endpoint: Endpoint) -> Side:
    """Return the source's side of a comparison: its rows through their transforms, without those that stay out."""
    key = tuple((c.target.name, table.canonical(c)) for c in table.key)
    columns = tuple((c.target.name, table.canonical(c)) for c in table.columns)
    return Side(endpoint, table.from_clause, key, columns, table.kept, table.key_forms, written=table.written)


def target_side(table: TablePlan, endpoint: Endpoint) -> Side:
    """Return the target's side of a comparison: its rows as they are; those of a scope may be found by an index."""
    key = tuple((c.target.name, c.target_canonical) for c in table.key)
    columns = tuple((c.target.name, c.target_canonical) for c in table.columns)
    by_index = bool(table.scope)
    written = {name: sql.SQL("{}::text").format(sql.Identifier(ROW, name)) for name in table.written}
    return Side(endpoint, table.target_from, key, columns, table.in_scope, table.key_forms, by_index, written)
