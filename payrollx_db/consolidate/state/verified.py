"""What a verification has found identical so far, so that one that was cut off goes on with the other tables.

Only tables that were identical are kept: what differs is compared again.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.verify.verifier import TableVerdict
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.compare import Comparison, Fingerprint
from payrollx_db.postgres.session import Connection, Endpoint, render_sql
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

Place = tuple[str, str]


@dataclass
class VerifiedSoFar:
    """Keeps verdicts as they come, in the target. Where it may not write, it keeps none: then nothing is resumed.

    ``runs`` are those whose rows are compared: what another one has written since is compared again.
    """

    sessions: SessionPool
    target: Endpoint
    plan: Plan
    runs: tuple[int, ...]
    known: dict[Place, TableVerdict] = field(default_factory=dict)
    since: datetime | None = None
    _keeps: bool = True

    async def load(self, connection: Connection, tables: Iterable[TablePlan]) -> None:
        """Read what a verification that was cut off has kept of these tables, compared in the very same way."""
        readable = await connection.execute(queries.load("table_readable"), {"name": "verified_so_far"})
        if await schema.version(connection) < schema.VERSION or not (await readable.fetchall())[0][0]:
            self._keeps = False
            return
        cursor = await connection.execute(queries.load("verified_so_far"))
        kept = {(source, target): rest for source, target, *rest in await cursor.fetchall()}
        for table in tables:
            if table.place not in kept:
                continue
            compared, at, document = kept[table.place]
            if compared == self._compared(table):
                self.known[table.place] = _verdict(table, document)
                self.since = at if self.since is None else min(at, self.since)

    async def keep(self, verdicts: Sequence[TableVerdict]) -> None:
        """Keep the verdicts on tables that are identical."""
        rows = [
            (*verdict.table.place, self._compared(verdict.table), json.dumps(_document(verdict)))
            for verdict in verdicts
            if verdict.identical
        ]
        if not (self._keeps and rows):
            return
        columns = [list(column) for column in zip(*rows, strict=True)]
        try:
            async with self.sessions.session(self.target) as connection:
                with self.target.translating_errors("can't keep what was verified"):
                    await connection.execute(queries.load("keep_verified"), columns)
        except PayrollxError:
            self._keeps = False  # the verification itself is as good without

    async def forget(self, places: Collection[Place]) -> None:
        """Forget these tables: the verification is done."""
        if not self._keeps:
            return
        with suppress(PayrollxError):
            async with self.sessions.session(self.target) as connection:
                with self.target.translating_errors("can't forget what was verified"):
                    columns = ([source for source, _ in places], [target for _, target in places])
                    await connection.execute(queries.load("forget_verified"), columns)

    def _compared(self, table: TablePlan) -> str:
        """Return a fingerprint of what is compared with what, and how."""
        source = self.plan.sources[table.database]
        key = [column.target.name for column in table.key]
        parts: list[object] = [
            *source.identity,
            *self.plan.target.identity,
            render_sql(table.select()),
            key,
            sorted(table.written),
            len(table.imported),
        ]
        parts += self.runs
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _document(verdict: TableVerdict) -> dict[str, Any]:
    return {
        "seconds": verdict.seconds,
        "imported": verdict.imported,
        "result": _comparison_document(verdict.result),
        "kept": None if verdict.kept is None else _comparison_document(verdict.kept),
    }


def _verdict(table: TablePlan, document: Mapping[str, Any]) -> TableVerdict:
    kept = None if document["kept"] is None else _comparison(document["kept"])
    return TableVerdict(table, _comparison(document["result"]), document["seconds"], kept, document["imported"])


def _comparison_document(result: Comparison) -> dict[str, Any]:
    counts = (result.left_rows, result.right_rows, result.matched, result.missing, result.extra, result.changed)
    prints = [[side.count, {str(number): list(bucket) for number, bucket in side.buckets.items()}]
              for side in (result.left, result.right)]  # fmt: skip
    return {"counts": counts, "prints": prints, "written": result.written}


def _comparison(document: Mapping[str, Any]) -> Comparison:
    left, right = (
        Fingerprint(count, {int(number): (rows, total) for number, (rows, total) in buckets.items()})
        for count, buckets in document["prints"]
    )
    left_rows, right_rows, matched, missing, extra, changed = document["counts"]
    written = tuple(document["written"])
    return Comparison(left_rows, right_rows, matched, missing, extra, changed, (), left, right, written)
