"""What a switch needs of others behind its fence: rows that are settled, a proof of the last keys, and the way back."""

from collections.abc import Mapping
from typing import Protocol

from payrollx_db.postgres.session import Connection


class Settles(Protocol):
    """Whoever looks at rows of several tables, and compares both sides."""

    async def settle(self) -> bool:
        """Look at the keys that were touched since the last time; tell whether more rows were brought over for that.

        Raises FindingsError where one is left alone.
        """

    async def prove(self) -> None:
        """Compare the rows of the keys since the last proof on both sides. Raises FindingsError, naming differences."""


class WayBack(Protocol):
    """The flows in the other direction, which begin where this switch ends."""

    async def prepare(self) -> None:
        """Make what they read from (publications and slots), recorded before; before the fence, since it may take long.

        Raises SourceError or TargetError.
        """

    async def begin(self, position: str, writing: Mapping[str, Connection]) -> None:
        """Store, in open transactions of ``writing``, that the flows of these databases begin at ``position``, an LSN.

        Raises SourceError or TargetError.
        """
