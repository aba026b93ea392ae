"""What a pass asks of those who judge its rows: which may go in, what becomes of the others, and who is told of them.

A pass reads the rows of its keys under ``condition``. What doesn't meet it counts as a key without a row, and so its
row goes from the written side; only then `Judge.missing` is asked whether the row is gone or stays out. So a pass whose
rows are all in order does nothing beyond what it does anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.postgres.replication.changes import Key


@dataclass(frozen=True)
class Sessions:
    """The two asyncpg sessions of a pass, both in its transactions: the reader's has the pass's snapshot."""

    reader: Any
    writer: Any


class Judge(Protocol):
    """Judges the rows of one flow. One for the life of a follower; its methods are called in the order of a pass."""

    def condition(self, move: Move) -> sql.Composable | None:
        """Return the condition that a read row may go in, to be ANDed to the pass's; ``None`` where all may."""

    def values(self, move: Move) -> Sequence[sql.Composable]:
        """Return the expressions of ``move.columns``, in their order: the pass reads these."""

    def refused_by_source(self, error: BaseException) -> bool:
        """Tell whether the pass is to be done once more, after the source refused to convert a row (class 22).

        Then ``condition`` and ``values`` are careful ones until a whole pass is done. False where they were already.
        """

    async def missing(self, sessions: Sessions, move: Move, keys: Sequence[Key]) -> Sequence[Key]:
        """Decide about keys of which no row was read; return those whose row is there and stays out.

        These stay out of the other moves of the same source table, too. Raises FindingsError where no policy says what
        to do with one: the pass is rolled back.
        """

    async def refused_by_target(
        self, sessions: Sessions, move: Move, staging: str, keys: Sequence[Key], error: BaseException
    ) -> Sequence[Key]:
        """Find the staged rows that the written side refuses, outside of any failed savepoint; return their keys.

        They are decided about as by `missing`, and are to be taken out of ``staging`` (a table of pg_temp), and of the
        other moves of the same source table. ``error`` is what was raised for all of them together.
        """

    async def finish(self, sessions: Sessions, keys: Mapping[int, Sequence[Key]]) -> None:
        """Hear, before the commit, of all keys of the pass by the oid of their watched table; duplicates included."""

    def committed(self) -> None:
        """Hear that the pass is committed: what it has decided counts."""

    def joining(self) -> Mapping[int, Sequence[Key]]:
        """Return keys that the next pass has to bring over too, by the oid of their watched table; asked once a pass.

        Rows that waited for another one, which has come. They are handed out until a pass with them is committed.
        """
