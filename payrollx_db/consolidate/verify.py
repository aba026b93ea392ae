"""Verify: proof that both sides hold the same, row by row, in the canonical form."""

import time
from dataclasses import dataclass
from typing import Any

from payrollx_db.consolidate.check import side_of, target_side
from payrollx_db.consolidate.compare import Comparison, compare
from payrollx_db.consolidate.connect import Endpoint
from payrollx_db.consolidate.events import Observer, TableFinished, TableStarted
from payrollx_db.consolidate.mapping import TablePlan
from payrollx_db.consolidate.plan import Plan
from payrollx_db.consolidate.tasks import limited


@dataclass(frozen=True)
class TableVerdict:
    """What comparing one source table with its target showed; ``seconds`` is the wall time of it."""

    table: TablePlan
    result: Comparison
    seconds: float

    @property
    def identical(self) -> bool:
        """Whether both hold the same; of a duplicate table, whether the target has every row of it."""
        return self.result.contained if self.table.owner else self.result.identical

    def document(self) -> dict[str, Any]:
        """Return the verdict as plain data, for ``--json``."""
        return {
            "source": self.table.source_name,
            "target": self.table.target_name,
            "source_rows": self.result.left_rows,
            "target_rows": self.result.right_rows,
            "identical": self.identical,
            "seconds": round(self.seconds, 3),
            "missing": self.result.missing,
            "extra": 0 if self.table.owner else self.result.extra,
            "changed": self.result.changed,
            "differences": [
                {"key": d.key, "kind": d.kind, "columns": list(d.columns)}
                | ({"values": {n: list(pair) for n, pair in d.values.items()}} if d.values is not None else {})
                for d in self.result.differences
            ],
        }


@dataclass(frozen=True)
class Verdict:
    """The verdicts on all tables of a plan."""

    tables: tuple[TableVerdict, ...]

    @property
    def identical(self) -> bool:
        """Whether every table is."""
        return all(table.identical for table in self.tables)

    def document(self) -> dict[str, Any]:
        """Return the verdict as plain data, for ``--json``."""
        return {"identical": self.identical, "tables": [table.document() for table in self.tables]}


async def verify_tables(
    plan: Plan,
    sources: dict[str, Endpoint],
    target: Endpoint,
    *,
    jobs: int,
    limit: int = 20,
    values: bool = False,
    observer: Observer,
) -> Verdict:
    """Compare every table of ``plan``, ``jobs`` at once, both sides of each at the same time.

    ``limit`` is how many differing rows are named per table; ``values`` shows what they hold. Raises
    SourceError, TargetError, or FindingsError where a source value can't be converted at all.
    """

    async def one(table: TablePlan) -> TableVerdict:
        started = time.monotonic()
        observer(TableStarted(*table.place, table.source.rows))
        source = side_of(table, sources[table.database])
        goal = target_side(table, target)
        contained = table.owner is not None
        result = await compare(source, goal, rows=table.source.rows, limit=limit, values=values, contained=contained)
        seconds = time.monotonic() - started
        observer(TableFinished(*table.place, result.left_rows, table.source.size, seconds))
        return TableVerdict(table, result, seconds)

    return Verdict(tuple(await limited((one(table) for table in plan.tables), jobs)))
