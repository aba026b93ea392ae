"""What a pass asks of those who judge its rows: which may go in, what becomes of the others, and who is told of them.

A pass reads the rows of its keys under ``condition``. Where fewer rows come than there are keys, `Judge.missing` is
asked which of them are there and stay out: these are to go from the written side, as the rows that are gone. So a pass
whose rows are all in order does nothing beyond what it does anyway.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection


@dataclass(frozen=True)
class Sessions:
    """The two psycopg sessions of a pass, both in its transactions: the reader's has the pass's snapshot."""

    reader: Connection
    writer: Connection


@dataclass(frozen=True)
class Noted:
    """What a pass is of: its keys, and the tables all of whose rows it brings, by the oid of the watched table."""

    keys: Mapping[int, Sequence[Key]]
    whole: frozenset[int] = frozenset()


class Judge(Protocol):
    """Judges the rows of one flow. One for the life of a follower; its methods are called in the order of a pass."""

    async def prepare(self, sessions: Sessions, move: Move, keys: Sequence[Key] | None) -> None:
        """Hear which keys of a move (a chunk of them, or with ``None`` all) are read next; of use in a careful pass."""

    def condition(self, move: Move) -> sql.Composable | None:
        """Return the condition that a read row may go in, to be ANDed to the pass's; ``None`` where all may."""

    def values(self, move: Move) -> Sequence[sql.Composable]:
        """Return the expressions of ``move.columns``, in their order: the pass reads these."""

    def refused_by_source(self, error: BaseException) -> bool:
        """Tell whether the pass is to be done once more, after the source refused to convert a row (class 22).

        Then ``condition`` and ``values`` are careful ones until a whole pass is done. False where they were already.
        """

    async def missing(self, sessions: Sessions, move: Move, keys: Sequence[Key] | None) -> Sequence[Key]:
        """Decide about those of ``keys`` (``None``: all) whose row is there and wasn't read; return them.

        These stay out of the other moves of the same source table, too. Raises FindingsError where no policy says what
        to do with one: the pass is rolled back.
        """

    async def refused_by_target(
        self, sessions: Sessions, move: Move, staging: str, keys: Sequence[Key] | None, error: BaseException
    ) -> Sequence[Key]:
        """Bring in the rows of ``staging`` (a table of pg_temp) that the written side takes; return the others' keys.

        To be called outside of the savepoint that failed with ``error``; older versions of these rows may be there.
        Those that are refused are decided about as by `missing`, and stay out of the other moves of the same source
        table, too. Staging stays as it is.
        """

    def closing(self, noted: Noted) -> Sequence[sql.Composable] | None:
        """Return the statements that do all that `finish` would, to go with the pass's last ones.

        Each says by how many rows it concerns how much it has done, of which `closed` hears. ``None``: there is
        something to ask before.
        """

    def closed(self, counts: Sequence[int]) -> None:
        """Hear what the statements of `closing` have done, before the commit counts."""

    async def finish(self, sessions: Sessions, noted: Noted) -> None:
        """Hear, before the commit, of all that the pass is of; duplicates included."""

    def forget(self) -> None:
        """Hear that a pass begins, or was rolled back: nothing of what was decided in it counts."""

    def committed(self) -> None:
        """Hear that the pass is committed: what it has decided counts."""

    def joining(self) -> Mapping[int, Sequence[Key]]:
        """Return keys that the next pass has to bring over too, by the oid of their watched table; asked once a pass.

        Rows that waited for another one, which has come. They are handed out until a pass with them is committed.
        """


@runtime_checkable
class AwaitingJudge(Judge, Protocol):
    """Judges the rows of a flow that held rows may wait for, of this flow or of another."""

    async def staged(self, sessions: Sessions, move: Move, staging: str) -> None:
        """Hear that rows of a move are about to be written, which lie in ``staging`` (a table of pg_temp)."""

    def held(self, source: str) -> Collection[str]:
        """Return the keys of a source table's rows that are held back, as the quarantine has them."""


@runtime_checkable
class SparingJudge(Judge, Protocol):
    """Judges the rows of a flow back, where the written side has older versions that a row may leave in place."""

    async def refused_deletion(self, sessions: Sessions, move: Move, staging: str) -> int:
        """Delete the written rows whose keys are marked as gone in ``staging``, each by itself; return how many went.

        To be called outside of the savepoint in which all of them together were refused. Decides about the others.
        """
