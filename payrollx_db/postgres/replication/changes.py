"""What a stream is told to watch, and what it hands out: keys, never rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Key = tuple[str | None, ...]
"""The texts of a key's columns, as the server writes them with our settings (`settings.COMMON`), in UTF-8.

A part is ``None`` for NULL, which only a key of a table with REPLICA IDENTITY FULL can have.
"""


@dataclass(frozen=True)
class Published:
    """One table as the publication has it: of a partitioned one the root.

    ``name`` is schema and name with a dot between, unquoted. ``key`` are the columns that tell a row, in the order in
    which keys are handed out. ``watched`` are further columns: a change of these concerns rows of other tables.
    """

    oid: int
    name: str
    key: tuple[str, ...]
    watched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """What has changed since the last time, under one snapshot.

    A key that a transaction changed which the snapshot doesn't see is handed out now, and again next time. All mappings
    are by the tables' oids; a table without changes isn't among them.
    """

    keys: Mapping[int, Mapping[Key, None]]
    watched: Mapping[int, Mapping[Key, None]]
    """Those of ``keys`` whose watched columns changed, or may have: the rows that look these up are to be read too."""
    truncated: frozenset[int]
    """Tables that were emptied: every key that they have, on either side."""
    described: frozenset[int]
    """Tables that the server described (anew): something of their definition may have changed. Compare their shapes."""
    commits: int
    oldest: float | None
    """When the oldest of these transactions was committed, by the source's clock, in seconds since 1970."""
    reached: int
    """Up to which LSN the stream has been read."""
    unsettled: int | None
    """The LSN of the first commit that the snapshot doesn't see, or that hasn't been read to its end."""
    partial: bool
    """The stream stopped before the position that was waited for: after this pass the other side is no snapshot."""
    messages: tuple[bytes, ...] = field(default=(), repr=False)
    """What `barrier` has put into the log."""

    @property
    def place(self) -> int:
        """From where a stream has to start that hands out all that isn't settled by this. Store it with the rows."""
        return self.reached if self.unsettled is None else min(self.reached, self.unsettled)

    def __bool__(self) -> bool:
        """Tell whether there is anything to bring over."""
        return bool(self.keys or self.truncated)
