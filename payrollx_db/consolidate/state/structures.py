"""The structure of a run's tables as it was when the run began, and what has become of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.state import accounts
from payrollx_db.consolidate.state.objects import record_restored
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.state.unrestored import Unrestored, unrestored
from payrollx_db.postgres import query_files, structure
from payrollx_db.postgres.session import Connection
from payrollx_db.postgres.session import run as execute
from payrollx_db.postgres.structure import RELATIONS, StructureObject

queries = query_files.beside(__name__)

REVISIONS = sql.SQL("SELECT version_num::text FROM payrollx_meta.alembic_version ORDER BY 1")


@dataclass(frozen=True)
class RecordedStructure:
    """What a run's record of the structure says of itself. ``revisions`` are those that the database was at."""

    run: int
    revisions: tuple[str, ...]
    recorded_at: datetime
    accepted_at: datetime | None


@dataclass(frozen=True)
class StructureChanges:
    """What differs: objects that stood when the runs began, and objects that stand now.

    One that has changed is in both. ``compared`` is how many objects the records have, ``revisions`` are those of now.
    """

    records: tuple[RecordedStructure, ...]
    recorded: tuple[StructureObject, ...]
    current: tuple[StructureObject, ...]
    compared: int
    revisions: tuple[str, ...]

    @property
    def migrated(self) -> bool:
        """Whether a migration has run since one of the records was made."""
        return any(record.revisions != self.revisions for record in self.records)


async def record_structure(connection: Connection, run: int, tables: Iterable[TablePlan]) -> None:
    """Record the structure of these target tables as it is, as that of ``run``, in the current transaction."""
    revisions = await _revisions(connection)
    await execute(connection, structure.settings_statement())
    query = sql.SQL(queries.load("record_structure")).format(structure=structure.structure_query())
    places = dict.fromkeys((table.target.schema, table.target.name) for table in tables)
    await execute(connection, query, {"run": run, "revisions": list(revisions)} | structure.query_parameters(places))


async def accept_structure(connection: Connection, tables: Iterable[TablePlan]) -> list[int]:
    """Record the structure of these target tables as it is now, with the finished runs that wrote them last.

    What others have dropped and could not restore is missed no more. In the current transaction. Returns the numbers of
    these runs.
    """
    by_name = {table.target_name: table for table in tables}
    by_run: dict[int, list[TablePlan]] = {}
    for name, run in (await _last_runs(connection, by_name)).items():
        by_run.setdefault(run, []).append(by_name[name])
    for run, members in by_run.items():
        await record_structure(connection, run, members)
    missed = await left_out(connection, set(by_name))
    for item in missed:
        await record_restored(connection, item.run, [(item.table, item.name)])
    return sorted({*by_run, *(item.run for item in missed)})


async def structure_changes(connection: Connection, tables: Iterable[TablePlan]) -> tuple[StructureChanges, set[str]]:
    """Compare the structure of these target tables with what the runs that wrote them have recorded.

    Returns what differs, and the names of the tables that no run has recorded the structure of.
    """
    places = {table.target_name: (table.target.schema, table.target.name) for table in tables}
    if not await _is_recorded(connection):
        return StructureChanges((), (), (), 0, ()), set(places)
    last = await _last_runs(connection, places)
    async with connection.transaction():
        await execute(connection, sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        parameters = {"runs": sorted(set(last.values())), "kinds": [*RELATIONS, "type", "function", "publication"]}
        rows = await execute(connection, sql.SQL(queries.load("recorded_relations")), parameters)
        records = tuple(RecordedStructure(run, tuple(revisions), *times) for run, revisions, *times, _ in rows)
        known = {record.run for record in records}
        chosen = {name: run for name, run in last.items() if run in known}
        listed = {relation for *_, relations in rows for relation in relations}
        changes = await _compare(connection, records, places, chosen, listed)
    return changes, set(places) - set(chosen)


async def left_out(connection: Connection, tables: Collection[str]) -> list[Unrestored]:
    """Return what runs that were undone or given up have dropped of these tables, and what isn't there.

    Later runs know nothing of it: they have recorded the structure without it.
    """
    rows = await execute(connection, sql.SQL(queries.load("table_readable")), {"name": "objects"})
    if not rows[0][0]:
        return []
    ended = [run.id for run in await runs(connection) if run.status in ("undone", "abandoned")]
    return [item for item in await unrestored(connection, ended) if item.table in tables or item.target in tables]


async def _compare(
    connection: Connection,
    records: tuple[RecordedStructure, ...],
    places: Mapping[str, tuple[str, str]],
    chosen: Mapping[str, int],
    listed: Collection[str],
) -> StructureChanges:
    await execute(connection, structure.settings_statement())
    query = sql.SQL(queries.load("compare_structure")).format(structure=structure.structure_query())
    parameters = structure.query_parameters((places[name] for name in chosen), listed)
    rows = await execute(connection, query, parameters | {"runs": list(chosen.values())})
    sides: dict[str, list[StructureObject]] = {"recorded": [], "current": []}
    compared = 0
    for side, kind, table, name, properties in rows:
        if side == "compared":
            compared = properties
        else:
            sides[side].append(StructureObject(kind, table, name, properties))
    return StructureChanges(
        records, tuple(sides["recorded"]), tuple(sides["current"]), compared, await _revisions(connection)
    )


async def _last_runs(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Return the finished run that wrote each of these tables last, of those that one has written."""
    last: dict[str, int] = {}
    for (_, target), run in (await accounts.writing_runs(connection, names)).items():
        last[target] = max(run, last.get(target, 0))
    return last


async def _is_recorded(connection: Connection) -> bool:
    rows: list[tuple[Any, ...]] = await execute(
        connection, sql.SQL(queries.load("table_readable")), {"name": "structures"}
    )
    return bool(rows[0][0])


async def _revisions(connection: Connection) -> tuple[str, ...]:
    """Return the revisions of the migrations that the database is at; none where it knows no such thing."""
    rows = await execute(connection, sql.SQL(queries.load("table_readable")), {"name": "alembic_version"})
    return tuple(row[0] for row in await execute(connection, REVISIONS)) if rows[0][0] else ()
