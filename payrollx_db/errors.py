"""Everything that can go wrong on purpose, as one tree.

Each exception says what happened and what to do next, and carries the exit code that the command
line ends with. No message ever holds a password: build messages from masked URLs only.
"""

from typing import ClassVar


class PayrollxError(Exception):
    """Base of all errors raised by this package.

    ``message`` is one lower-case sentence that names the thing; ``hint`` is the next step;
    ``details`` are further lines (a list of columns, of findings), empty for most. ``sqlstate`` is what the
    server said, if it did; ``transient`` says that the same may go well a moment later (a lost connection).
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details
        self.sqlstate = ""
        self.transient = False

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class ConfigurationError(PayrollxError):
    """A setting is missing or makes no sense: an unset URL, a bad option, two that contradict."""

    exit_code = 2


class CatalogError(PayrollxError):
    """A catalog or a layout contradicts itself, or can't be imported."""


class PrismaSchemaError(PayrollxError):
    """A Prisma schema can't be read, or contradicts itself."""


class FindingsError(PayrollxError):
    """It ran, and the data (or the layout held against it) has findings."""

    exit_code = 3


class LayoutMismatchError(FindingsError):
    """The legacy databases and the layout disagree: something unmapped, missing or of another type."""


class SourceError(PayrollxError):
    """A legacy database can't be reached or read."""

    exit_code = 4


class TargetError(PayrollxError):
    """The unified database can't be reached, isn't migrated, or can't be written."""

    exit_code = 5


class LockLostError(TargetError):
    """The session that kept other runs away from the unified database is lost, and so this run must not write."""


class PooledError(TargetError):
    """A pooler stands before the server, where a session of one's own is needed: found before anything moves."""

    exit_code = 3  # as where `check` finds it: the server answers, and another URL is what is asked for


class StateConflictError(PayrollxError):
    """The target's recorded state forbids it: foreign rows, another run, other databases."""

    exit_code = 6


class FenceError(FindingsError):
    """Writers can't be made to wait now: somebody is in the way, or it would take too long. Nothing has changed."""


class FenceLostError(PayrollxError):
    """The session that made writers wait is lost, so they have gone on, and nothing may be opened."""


class BoundaryError(PayrollxError):
    """A service reached for what another service owns, or for what no service may do."""


class PlacementError(PayrollxError):
    """Services that live in different databases were asked for what only one database can do."""


class UnknownTenantError(PayrollxError):
    """No tenant has that id, or is found that way."""


class SuspendedTenantError(PayrollxError):
    """The tenant is there, and its status in the registry lets no service in."""


class PlanLimitError(PayrollxError):
    """A tenant's plan doesn't allow so many rows.

    ``limit`` is what it limits, ``plan`` the tenant's, ``most`` what that allows, ``used`` what is there, and
    ``adding`` what was to come; ``month`` is the month, as ``2026-01``, where the limit is of one.
    """

    limit = ""
    plan = ""
    most = 0
    used = 0
    adding = 0
    month = ""


class ConnectionLostError(TargetError):
    """The connection broke in the middle of a transaction."""


class PoolUsedUpError(TargetError):
    """No connection of the pool came free in time."""


class DevServerError(PayrollxError):
    """The embedded server can't be made, started or stopped."""
