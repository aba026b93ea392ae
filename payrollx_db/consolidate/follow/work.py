"""The work of a pass: what it does for each move, in pieces that fit into a statement, and the statements of these."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from payrollx_db.consolidate.follow import keys as queries
from payrollx_db.consolidate.follow import writing
from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.postgres.replication.changes import Key

KEYS_A_SCRIPT = 2 * queries.CHUNK


@dataclass(frozen=True)
class Further:
    """What a pass brings over beside the changes that it hears of.

    ``keys`` are by the oid of their watched table, ``whole`` are oids of tables all of whose rows are brought over, and
    ``surplus`` has by the name of a written table the canonical keys of rows there that no row was read for.
    """

    keys: dict[int, list[Key]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    surplus: dict[str, list[Mapping[str, str | None]]] = field(default_factory=dict)


@dataclass
class Task:
    """What a pass does for one move: its keys, or with ``keys`` ``None`` all of its rows.

    ``rows`` counts what was staged, ``gone`` the keys without a row, and ``out`` are keys that stay out.
    """

    number: int
    move: Move
    keys: Mapping[Key, None] | None
    surplus: Sequence[Mapping[str, str | None]] = ()
    rows: int = 0
    gone: int = 0
    out: set[Key] = field(default_factory=set)

    def chunks(self) -> list["Chunk"]:
        """Return the task in pieces that fit into a statement each."""
        if self.keys is None:
            return [Chunk(self, None)]
        return [Chunk(self, some) for some in queries.chunks(self.keys)]


@dataclass
class Chunk:
    """A piece of a task; ``condition`` is what the judge demands of its rows."""

    task: Task
    keys: list[Key] | None
    condition: sql.Composable | None = None

    @property
    def size(self) -> int:
        """For how many keys it counts in a script."""
        return queries.CHUNK if self.keys is None else len(self.keys)


def deletion(task: Task) -> sql.Composable:
    """Return the statement that deletes what is gone, or isn't there where all rows were read."""
    delete = writing.delete_others if task.keys is None else writing.delete_gone
    return delete(task.move, task.number)


def missing_of(chunk: Chunk) -> sql.Composable:
    """Return the query of the written keys to be marked: of keys without a row, or of all rows that don't go in."""
    move = chunk.task.move
    if chunk.keys is None:
        return queries.unfit_of(move, chunk.condition or sql.SQL("true"))
    # Where older versions are spared, only a row that isn't there at all is gone.
    return queries.gone_of(move, chunk.keys, None if move.spares else chunk.condition)


def writes(task: Task) -> list[sql.Composable]:
    """Return the statements that bring the staged rows into their table."""
    known = [writing.leave_unknown(task.move, task.number)] if task.move.only_known else []
    if not writing.takes_updates(task.move):
        return [*known, *replacement(task)]
    return [*known, writing.upsert(task.move, task.number, out=bool(task.out))]


def replacement(task: Task) -> list[sql.Composable]:
    """Return those that delete and insert the staged rows, where updates collide with one another."""
    return writing.replacement(task.move, task.number, out=bool(task.out))


def batches(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """Yield chunks in lists that make a script each."""
    batch: list[Chunk] = []
    size = 0
    for chunk in chunks:
        if batch and size + chunk.size > KEYS_A_SCRIPT:
            yield batch
            batch, size = [], 0
        batch.append(chunk)
        size += chunk.size
    if batch:
        yield batch
