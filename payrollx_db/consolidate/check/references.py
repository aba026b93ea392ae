"""References across databases: which children find no parent, before any of them moves.

No source may be written to, and no table is pulled into Python. The distinct values of each end are
piped into temporary tables of one target session, which vanish with it, and are joined there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.check.values import Values
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.session import Endpoint, render_sql
from payrollx_db.postgres.session import copy_connection as open_pipe_end

Known = Mapping[tuple[str, str], Values]


@dataclass(frozen=True)
class ReferenceEnd:
    """One end of a reference: a planned table's column, in the rows that go (or ``among`` some keys only)."""

    table: TablePlan
    column: ColumnPlan
    among: Sequence[str] | None = None

    @property
    def rows(self) -> sql.Composable:
        """The condition of the rows that count."""
        if self.among is None:
            return self.table.kept
        return sql.SQL("{} AND {}").format(self.table.kept, self.table.among(self.among))


@dataclass(frozen=True)
class Orphans:
    """The values of one child column that no parent has: each with how many rows have it."""

    child: ReferenceEnd
    values: dict[str, int]


@dataclass
class ReferenceWorkspace:
    """The target session whose temporary tables hold both ends' values."""

    session: Any
    known: Known
    sources: Mapping[str, Endpoint]
    target: Endpoint
    limit: int
    _made: int = field(default=0)

    async def parents(self, reference: Reference, ends: Sequence[ReferenceEnd]) -> str:
        """Collect the parents' keys, those that the target has already and those that will come; return the table."""
        name = self._name("parents")
        schema, _, table = reference.target_table.partition(".")
        made = sql.Identifier(name)
        await self._run(
            "CREATE TEMP TABLE {made} AS SELECT {key} AS key FROM {table}",
            made=made,
            key=sql.Identifier(reference.target_column),
            table=sql.Identifier(schema, table),
        )
        for end in ends:
            await self._fill(
                name, ["key"], end, "SELECT {value} FROM {source} WHERE ({rows}) AND {value} IS NOT NULL"
            )  # fmt: skip
        await self._run("CREATE INDEX ON pg_temp.{made} (key)", made=made)
        await self._run("ANALYZE pg_temp.{made}", made=made)
        return name

    async def orphans(self, parents: str, child: ReferenceEnd) -> Orphans:
        """Return the child's values that aren't among ``parents``, at most ``limit`` of them and one more."""
        rows = await self._without(
            parents, child, "SELECT key::text, rows FROM strays ORDER BY strays.key", self.limit + 1
        )
        return Orphans(child, dict(rows))

    async def unmatched(self, parents: str, child: ReferenceEnd) -> tuple[int, tuple[str, ...]]:
        """Return how many rows of the child have values that aren't among ``parents``, and some of those values."""
        query = "SELECT key::text, (pg_catalog.sum(rows) OVER ())::bigint FROM strays ORDER BY strays.key"
        rows = await self._without(parents, child, query, EXAMPLES)
        return (rows[0][1] if rows else 0), tuple(key for key, _ in rows)

    async def _without(self, parents: str, child: ReferenceEnd, text: str, limit: int) -> list[Any]:
        """Answer ``text``, a query over ``unmatched``: the child's distinct values without a parent, and their rows."""
        name = self._name("children")
        names = {"children": sql.Identifier(name), "parents": sql.Identifier(parents)}
        like = "CREATE TEMP TABLE {children} AS SELECT key, 0::bigint AS rows FROM pg_temp.{parents} LIMIT 0"
        await self._run(like, **names)
        query = "SELECT {value}, pg_catalog.count(*) FROM {source} WHERE ({rows}) AND {value} IS NOT NULL GROUP BY 1"
        await self._fill(name, ["key", "rows"], child, query)
        unmatched = sql.SQL(
            "WITH strays AS (SELECT * FROM pg_temp.{children} AS c WHERE NOT EXISTS"
            " (SELECT FROM pg_temp.{parents} AS p WHERE p.key = c.key)) {text} LIMIT {limit}"
        ).format(text=sql.SQL(text), limit=sql.Literal(limit), **names)
        with self.target.translating_errors("can't check the references"):
            found: list[Any] = await self.session.fetch(render_sql(unmatched))
        await self._run("DROP TABLE pg_temp.{children}", children=names["children"])
        return found

    async def has_rows(self, table: str) -> bool:
        """Tell whether the target table holds any row."""
        schema, _, name = table.partition(".")
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(schema, name))
        with self.target.translating_errors("can't check the references"):
            return bool(await self.session.fetchval(render_sql(query)))

    def value(self, end: ReferenceEnd) -> sql.Composable:
        """Return the expression of an end's value, NULL where it can't be converted."""
        return self.known[end.table.place].guarded(end.column)

    def _name(self, what: str) -> str:
        self._made += 1
        return f"{what}_{self._made}"

    async def _run(self, text: str, **names: sql.Composable) -> None:
        with self.target.translating_errors("can't prepare the check of references"):
            await self.session.execute(render_sql(sql.SQL(text).format(**names)))

    async def _fill(self, name: str, columns: list[str], end: ReferenceEnd, text: str) -> None:
        """Pipe ``text``, over the end's ``{value}``, ``{source}`` and ``{rows}``, into the temporary table ``name``."""
        query = sql.SQL(text).format(value=self.value(end), source=end.table.from_clause, rows=end.rows)
        source = self.sources[end.table.database]
        goal = ("pg_temp", name)
        async with open_pipe_end(source) as reader:
            await pipe(reader, render_sql(query), self.session, goal, columns, source=source, target=self.target)


def end_of(table: TablePlan, column: str, among: Sequence[str] | None = None) -> ReferenceEnd | None:
    """Return the end that is ``table``'s column of that target name, or ``None`` where nothing fills it."""
    return next((ReferenceEnd(table, c, among) for c in table.columns if c.target.name == column), None)


def already_enforced(plan: Plan, child: ReferenceEnd, parent: ReferenceEnd | None) -> bool:
    """Whether a validated foreign key of the source already says it, to the very table that will be the parent."""
    if parent is None or child.table.database != parent.table.database:
        return False
    ends = (child.table.source.full_name, child.column.sources, parent.table.source.full_name, parent.column.sources)
    keys = plan.sources[child.table.database].foreign_keys
    return any((k.table, k.columns, k.target, k.target_columns) == ends for k in keys if k.validated)
