"""Parts and slices: which rows are in, recorded in the transaction that brings them (law 6).

What is recorded while rows move goes by the writer's own session, which is asyncpg's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.state.scopes import as_parameters
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

PART = 0  # a table is one part today; a key range of a huge one would count up from here

Place = tuple[str, str]  # source and target of a table
Counts = tuple[int, int, int]  # rows read, rows written, bytes


async def finished_parts(connection: Connection, run: int) -> set[Place]:
    """Return source and target of the tables whose rows are all in."""
    cursor = await connection.execute(queries.load("finished_parts"), (run,))
    return {(row[0], row[1]) for row in await cursor.fetchall()}


async def copied_snapshots(connection: Connection, run: int) -> dict[Place, tuple[int, str]]:
    """Return for each table that is in how many rows its source had, and the snapshot under which it was read."""
    cursor = await connection.execute(queries.load("copied_snapshots"), (run,))
    return {(source, target): (count, snapshot) for source, target, count, snapshot in await cursor.fetchall()}


async def moved(connection: Connection, run: int) -> dict[str, tuple[int, int]]:
    """Return rows and bytes that have arrived so far, for each target table of ``run`` that is under way.

    Of a table in several scopes, those of all that are.
    """
    cursor = await connection.execute(queries.load("progress"), {"run": run})
    return {target: (rows, size) for target, rows, size in await cursor.fetchall()}


async def delete_parts(connection: Connection, run: int, destinations: Collection[Destination]) -> None:
    """Record that none of the run's rows is in ``destinations``."""
    await connection.execute(queries.load("delete_parts"), {"run": run, **as_parameters(destinations)})


async def begin_part(writer: Any, run: int, place: Place, snapshot: str, slices: int) -> None:
    """Record that a part begins anew, under ``snapshot``."""
    await writer.execute(queries.load("record_part"), run, *place, PART, snapshot, slices)
    await writer.execute(queries.load("delete_slices"), run, *place, PART)


async def begin_parts(writer: Any, run: int, places: Sequence[Place], snapshot: str) -> None:
    """Record that several parts of one slice each begin anew, under one ``snapshot``."""
    sources, targets = [source for source, _ in places], [target for _, target in places]
    await writer.execute(queries.load("record_parts"), run, sources, targets, PART, snapshot)
    await writer.execute(queries.load("delete_slices_of"), run, sources, targets, PART)


async def finish_parts(writer: Any, run: int, moved: Mapping[Place, Counts]) -> None:
    """Record that all rows of several parts are in: for each the rows read and written, and the bytes."""
    columns = as_texts(moved.values())
    sources, targets = [source for source, _ in moved], [target for _, target in moved]
    await writer.execute(queries.load("finish_parts"), run, sources, targets, PART, *columns)


def as_texts(rows: Iterable[Sequence[float]]) -> list[list[str]]:
    """Return the columns of rows of numbers as asyncpg's parameters, which the statement casts.

    Of arrays it knows those of texts; for any other it looks up the type, in each session anew, by a query that takes
    longer than all records of a batch.
    """
    return [[str(number) for number in column] for column in zip(*rows, strict=True)]


async def delete_imported(writer: Any, run: int, place: Place) -> None:
    """Record that what duplicate tables brought into a target is gone with its other rows."""
    await writer.execute(queries.load("delete_imported_parts"), run, *place, PART)


async def is_finished(writer: Any, run: int, place: Place) -> bool:
    """Tell whether all rows of the part are in."""
    return bool(await writer.fetchval(queries.load("is_part_finished"), run, *place, PART))


async def record_slice(writer: Any, run: int, place: Place, number: int, read: int, written: int, size: int) -> None:
    """Record that a slice of the part is in."""
    await writer.execute(queries.load("insert_slice"), run, *place, PART, number, read, written, size)


async def record_restored(writer: Any, run: int, place: Place) -> None:
    """Record one row that came from quarantine, as a slice of its own: by it `restart` knows the row for ours."""
    await writer.execute(queries.load("insert_restored_slice"), run, *place)


async def finish_part(writer: Any, run: int, place: Place) -> None:
    """Record that all rows of the part are in."""
    await writer.execute(queries.load("finish_part"), run, *place, PART)
