"""The changes of one source, as its log tells them."""

from collections.abc import Sequence

from payrollx_db.postgres.replication.changes import Changes, Published
from payrollx_db.postgres.session import Endpoint

MOST_KEYS = 500_000


class ChangeStream:
    """The stream of one slot. It is read in the event loop that runs, whatever else is done there.

    What `take` has handed out, the stream doesn't know any more: where a pass fails, close the stream, and start a new
    one at the place that is stored.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        slot: str,
        publication: str,
        tables: Sequence[Published],
        *,
        most_keys: int = MOST_KEYS,
    ) -> None:
        self.endpoint = endpoint
        self.slot = slot
        self.publication = publication
        self.most_keys = most_keys
        self._tables = {table.oid: table for table in tables}

    async def start(self, at: int) -> None:
        """Connect, and read from ``at`` on, an LSN that is stored on the other side.

        Raises SlotLostError where the slot can't give all that came after it, SlotBusyError where somebody else reads
        from it, StateConflictError where it is of another database, and SourceError where the server can't be reached.
        """
        raise NotImplementedError

    async def until(self, lsn: int, timeout: float) -> None:  # noqa: ASYNC109 - a stall is an error of the source
        """Wait until every commit before ``lsn`` has been read, or the stream holds as many keys as it may.

        Raises SourceError, which is transient, where that takes longer, and what has ended the stream.
        """
        raise NotImplementedError

    async def news(self, timeout: float) -> bool:  # noqa: ASYNC109 - it is what is asked for
        """Wait until there is something to take, so long at most; tell whether there is."""
        raise NotImplementedError

    def take(self, snapshot: str) -> Changes:
        """Hand out what has changed, under a snapshot as pg_current_snapshot() writes it.

        Raises ShapeChangedError where a key can't be read as the table's key.
        """
        raise NotImplementedError

    def confirm(self, lsn: int) -> None:
        """Let the server forget what lies before ``lsn``: a place that is durable on the other side, and stored."""
        raise NotImplementedError

    async def close(self) -> None:
        """End the session. Nothing happens where it is ended already."""
        raise NotImplementedError

    @property
    def backlog(self) -> int:
        """How many keys and transactions it holds."""
        raise NotImplementedError

    @property
    def reached(self) -> int:
        """Up to which LSN the stream has been read."""
        raise NotImplementedError

    @property
    def confirmed(self) -> int:
        """What has been confirmed."""
        raise NotImplementedError
