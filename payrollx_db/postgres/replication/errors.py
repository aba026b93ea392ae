"""What can go wrong with a stream, so that who follows knows whether to start again, to stop, or to begin anew."""

from payrollx_db.errors import LayoutMismatchError, StateConflictError

RESYNC = "make a new slot and bring over what differs: payrollx-db follow --resync"


class SlotLostError(StateConflictError):
    """The slot is gone, invalidated, or past the place where the stream would have to start: changes are lost."""


class UndecodableError(SlotLostError):
    """The server itself fails to decode what the slot has, and will fail again."""


class SlotBusyError(StateConflictError):
    """Another session reads from the slot."""


class ShapeChangedError(LayoutMismatchError):
    """The log speaks of a table that isn't known, or in another shape than before."""
