"""What a switch needs of others behind its fence: rows that are settled, a proof of the last keys, and the way back."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from psycopg import sql

from payrollx_db.consolidate.follow.settler import SettledAndProven
from payrollx_db.postgres.session import Connection


class Settles(Protocol):
    """Whoever looks at rows of several tables, and compares both sides."""

    async def settle_and_prove(self) -> SettledAndProven:
        """Look at the keys that were touched since the last time, and compare their rows meanwhile.

        Raises FindingsError where one is left alone, or rows differ.
        """

    async def prove(self) -> None:
        """Compare the rows of the keys since the last proof on both sides. Raises FindingsError, naming differences."""


class WayForward(Protocol):
    """The flows forward, which begin where a rollback ends."""

    def beginning(self, positions: Mapping[str, str]) -> Sequence[sql.Composable]:
        """Return the statements that store in the unified database from which LSNs they begin, by database."""


class WayBack(Protocol):
    """The flows back, which begin where a cutover ends."""

    async def begin(self, position: str, writing: Mapping[str, Connection]) -> None:
        """Store, in open transactions of ``writing``, that the flows of these databases begin at ``position``, an LSN.

        Raises SourceError or TargetError.
        """
