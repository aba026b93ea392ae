"""A domain handed over in its legacy shape: a database with the old tables, so that the domain's own code goes on.

The rows come by the inverse of the layout, under one snapshot, and are proven by hashing both sides in one canonical
form: the new database through the layout's transforms, the unified one as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow.backward import fitting, legacy_key
from payrollx_db.consolidate.opening import opened, planned
from payrollx_db.consolidate.plan.inverse.ways import WayBack, homeless_tables, ways_back
from payrollx_db.consolidate.plan.legacy_shape import LONGEST, LegacyShape
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task, refuse_unmigrated
from payrollx_db.consolidate.recipient import EXTRACT, MARK, WRITES, Recipient
from payrollx_db.consolidate.verify.verifier import Verdict, Verifier
from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.model.catalog import Catalog, Reference
from payrollx_db.model.events import Observer, StageStarted, ignore_events
from payrollx_db.model.layout import Discard, Layout, LegacyDatabase
from payrollx_db.postgres import query_files
from payrollx_db.postgres.connect import pooler_error
from payrollx_db.postgres.copy_pipe import CopyFormat, pipe
from payrollx_db.postgres.introspect import inspect
from payrollx_db.postgres.session import Endpoint, render_sql, run

queries = query_files.beside(__name__)

ALONG = "rows of another service that went along when this one was handed over"
SHOWN = 10  # keys of rows that have no way back


@dataclass(frozen=True)
class Transferred:
    """What was handed over: rows by legacy table, rows of others that went along, what they point at, what is lost.

    ``lost`` are unified columns that no legacy column holds; ``references`` are the columns that point at tables of
    others, whose rows stay behind but for those of ``extracts``.
    """

    tables: dict[str, int]
    extracts: dict[str, int]
    references: tuple[str, ...]
    lost: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "tables": self.tables,
            "extracts": self.extracts,
            "references": list(self.references),
            "lost": list(self.lost),
        }


def of_service(layout: Layout, service: str) -> LegacyDatabase:
    """Return the entry of the layout whose tables are a service's. Raises ConfigurationError where there isn't one."""
    entries = [known for known in layout.databases if known.service == service and known.maps]
    if len(entries) != 1:
        raise ConfigurationError(
            f"the layout {layout.name} has {len(entries)} databases of {service}, not one",
            hint="name another layout with --from",
        )
    return replace(entries[0], duplicates=())


def without_extracts(catalog: Catalog, service: str, legacy: LegacyDatabase) -> LegacyDatabase:
    """Return the entry with what `export_legacy` may have sent along left behind: those rows are others' own."""
    left = (Discard(f"{EXTRACT}.{name}", ALONG) for name in _extract_names(catalog, service).values())
    return replace(legacy, discards=(*legacy.discards, *left))


async def export_legacy(
    catalog: Catalog, layout: Layout, service: str, unified: Endpoint, to: Endpoint, *, extract: bool = False,
    replace_unfinished: bool = False, observer: Observer = ignore_events,
) -> Transferred:  # fmt: skip
    """Make ``service``'s legacy tables in the empty database ``to``, fill them, and prove that nothing was lost.

    With ``extract``, the rows of others that they point at go along, in a schema of their own: the key and what that
    service declares readable, nothing secret. Nothing is left behind where it fails; what one that was killed has left
    is taken away, rows that it had written only with ``replace_unfinished``. Raises StateConflictError where ``to``
    holds something else, FindingsError where a row has no way back or the proof fails, SourceError or TargetError.
    """
    legacy = of_service(layout, service)
    known = replace(legacy, discards=(*legacy.discards, MARK))
    alone = replace(layout, databases=(known,))
    task = Task(catalog, alone, {known.name: to}, unified, (service,), observer=observer)
    async with opened(task) as context:
        there = context.sources[known.name]
        # It is written like a target, and what it has taken is there to stay once this says so.
        durable = {"synchronous_commit": "on"}
        writer = replace(there, side="target", name=to.url.dbname, settings=durable, writes=WRITES)
        transfer = _Transfer(context, catalog, service, writer)
        await transfer.refuse_poolers()
        shape = await transfer.shape(task, known)
        if extract:
            transfer.refuse_extracts_elsewhere(shape)
        recipient = Recipient(context.sessions, writer, service, shape, extract)
        async with recipient.filling(replace=replace_unfinished):
            observer(StageStarted("copy", f"filling {len(shape.names)} tables in their legacy shape"))
            plan = await planned(context, task)
            return await transfer.fill(plan, shape, extract=extract)


@dataclass(frozen=True)
class _Transfer:
    context: Context
    catalog: Catalog
    service: str
    to: Endpoint

    async def refuse_poolers(self) -> None:
        """Raise PooledError where a pooler stands before a side: the handover has several sessions there at once.

        One that lends a single session would let the second wait for as long as it lets anybody wait.
        """
        for endpoint in (self.context.target, self.to):
            async with self.context.sessions.session(endpoint) as connection:
                if connection.pooler:
                    raise pooler_error(endpoint.url, "rows can't be carried through it", where=connection.pooler)

    def refuse_extracts_elsewhere(self, shape: LegacyShape) -> None:
        """Raise ConfigurationError where rows of others are asked for that aren't in the service's database."""
        away = [table for table in _extract_names(self.catalog, self.service) if table not in shape.target.tables]
        if away:
            raise ConfigurationError(
                f"rows of {', '.join(away)} can't go along: {self.context.target.url.masked} doesn't have them",
                hint="leave --extract out: what points at them is listed",
            )

    async def shape(self, task: Task, legacy: LegacyDatabase) -> LegacyShape:
        """Return the legacy tables to make. Raises TargetError where the unified ones aren't there."""
        target = await inspect(self.context.sessions, self.context.target)
        refuse_unmigrated(task, target)
        async with self.context.sessions.session(self.context.target) as connection:
            with self.context.target.translating_errors("can't read its defaults"):
                schema = self.catalog.service(self.service).schema
                rows = await run(connection, sql.SQL(queries.load("column_defaults")), {"schema": schema})
        return LegacyShape(legacy, target, {f"{table}.{column}": text for table, column, text in rows})

    async def fill(self, plan: Plan, shape: LegacyShape, *, extract: bool) -> Transferred:
        """Bring the rows over in one transaction on each side, make the keys, and compare."""
        ways = ways_back(plan)
        _refuse_obstacles(ways)
        sessions, unified = self.context.sessions, self.context.target
        async with (
            sessions.copy_connection(unified, fresh=True) as reader,
            sessions.copy_connection(self.to, fresh=True) as writer,
        ):
            with unified.translating_errors("can't read a snapshot"):
                await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await self._refuse_unfit(ways, reader)
            with self.to.translating_errors("can't write the legacy tables"):
                await writer.execute("BEGIN READ WRITE")
                tables = {way.source.name: await self._copy(way, reader, writer) for way in ways}
                for statement in shape.constraints():
                    await writer.execute(render_sql(statement))
                extracts = await self._extract(reader, writer) if extract else {}
                await writer.execute("COMMIT")
            await reader.execute("COMMIT")
        await self._prove(plan)
        lost = [f"{home.table}.{home.column} ({home.why})" for way in ways for home in way.homeless]
        return Transferred(
            tables, extracts, tuple(map(str, _pointing(self.catalog, self.service))), (*lost, *homeless_tables(plan))
        )

    # -- private -----------------------------------------------------------------------------------------

    async def _refuse_unfit(self, ways: Sequence[WayBack], reader: Any) -> None:
        """Raise FindingsError where the unified database has values that the legacy columns don't take."""
        problems = []
        for way in ways:
            for column in way.columns:
                fits = fitting(column)
                if fits is None:
                    continue
                key = legacy_key([c.inverse.value for c in way.columns if c.column.name in way.key])
                query = sql.SQL("SELECT {} FROM {} WHERE NOT {} LIMIT {}")
                with self.context.target.translating_errors(f"can't look at {way.place}'s way back"):
                    rows = await reader.fetch(render_sql(query.format(key, way.from_clause, fits, sql.Literal(SHOWN))))
                if rows:
                    keys = ", ".join(str(row[0]) for row in rows)
                    problems.append(
                        f"{way.place}.{column.column.name}: {column.inverse.refuses or 'NULL'}, e.g. {keys}"
                    )
        if problems:
            raise FindingsError(
                "rows have no way back into the legacy shape; nothing was changed", details=tuple(problems),
                hint="change these values, or state an inverse in the layout",
            )  # fmt: skip

    async def _copy(self, way: WayBack, reader: Any, writer: Any) -> int:
        values = sql.SQL(", ").join(column.inverse.value for column in way.columns)
        query = render_sql(sql.SQL("SELECT {} FROM {}").format(values, way.from_clause))
        names = [column.column.name for column in way.columns]
        place = (way.source.schema, way.source.name)
        form: CopyFormat = "text" if way.text else "binary"
        moved = await pipe(
            reader, query, writer, place, names, form=form, source=self.context.target, target=self.to
        )  # fmt: skip
        return moved.written

    async def _extract(self, reader: Any, writer: Any) -> dict[str, int]:
        """Bring those rows of others along that the service's rows point at; return how many of each table."""
        groups: dict[str, list[Reference]] = {}
        for reference in _pointing(self.catalog, self.service):
            groups.setdefault(reference.target_table, []).append(reference)
        if groups:
            await writer.execute(f'CREATE SCHEMA "{EXTRACT}"')
        counts = {}
        tables = _extract_names(self.catalog, self.service)
        for table, references in groups.items():
            name = tables[table]
            columns = self._shown(table, references)
            types = await reader.fetch(queries.load("column_types"), *table.split(".", 1), columns)
            definition = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in types
            )
            await writer.execute(
                render_sql(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(EXTRACT, name), definition))
            )
            names = [column for column, _ in types]
            moved = await pipe(
                reader, render_sql(_pointed_rows(table, names, references)), writer, (EXTRACT, name), names,
                form="text", source=self.context.target, target=self.to,
            )  # fmt: skip
            counts[table] = moved.written
        return counts

    def _shown(self, table: str, references: Sequence[Reference]) -> list[str]:
        """Return the columns of another's table that go along: what is pointed at, and what it declares readable."""
        pointed = [column for reference in references for column in reference.target_columns]
        secret = self.catalog.secrets.get(table, frozenset())
        return [name for name in dict.fromkeys((*pointed, *self.catalog.readable.get(table, ()))) if name not in secret]

    async def _prove(self, plan: Plan) -> None:
        """Raise FindingsError unless both sides hold the same rows; nothing is recorded."""
        self.context.observer(StageStarted("verify", "comparing both sides"))
        verdict: Verdict = await Verifier(self.context).all(plan)
        different = [f"{t.table.source_name} -> {t.table.target_name}" for t in verdict.tables if not t.identical]
        if different:
            raise FindingsError(
                f"{len(different)} tables differ after the transfer, which was undone", details=tuple(different),
                hint="did the service write meanwhile? Stop it, and export again",
            )  # fmt: skip


def _pointing(catalog: Catalog, service: str) -> Iterator[Reference]:
    """Yield a service's references to tables of others."""
    schema = catalog.service(service).schema
    for reference in catalog.references:
        if reference.table.partition(".")[0] == schema and catalog.crosses(reference):
            yield reference


def _extract_names(catalog: Catalog, service: str) -> dict[str, str]:
    """Return what other services' tables, by ``schema.table``, are called among the rows that go along."""
    names: dict[str, str] = {}
    for table in dict.fromkeys(reference.target_table for reference in _pointing(catalog, service)):
        cut = table.replace(".", "_").encode()[:LONGEST].decode(errors="ignore")
        names[table] = cut if cut not in names.values() else f"{cut[: LONGEST // 2]}_{len(names)}"
    return names


def _refuse_obstacles(ways: Sequence[WayBack]) -> None:
    problems = tuple(f"{obstacle.place}: {obstacle.reason}" for way in ways for obstacle in way.obstacles)
    if problems:
        raise FindingsError(
            "the layout has no way back for all of its tables", details=problems,
            hint="state an inverse in the layout: TableMap(…, inverse={…})",
        )  # fmt: skip


def _pointed_rows(table: str, columns: Sequence[str], references: Sequence[Reference]) -> sql.Composable:
    """Return the query of those rows of a table that one of the references points at."""
    conditions = []
    for reference in references:
        pairs = zip(reference.columns, reference.target_columns, strict=True)
        matches = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier("c", here), sql.Identifier("p", there)) for here, there in pairs
        )
        child = sql.Identifier(*reference.table.split(".", 1))
        conditions.append(sql.SQL("EXISTS (SELECT FROM {} AS c WHERE {})").format(child, matches))
    listed = sql.SQL(", ").join(sql.Identifier("p", name) for name in columns)
    return sql.SQL("SELECT {} FROM {} AS p WHERE {}").format(
        listed, sql.Identifier(*table.split(".", 1)), sql.SQL(" OR ").join(conditions)
    )
