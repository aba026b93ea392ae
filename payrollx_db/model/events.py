"""What a run tells while it goes: frozen events, handed to an observer.

The library itself is silent. An observer is any callable that takes one event; it is called in the
event loop, so it must not block.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["plan", "check", "copy", "load", "merge", "verify", "undo", "follow"]


@dataclass(frozen=True)
class StageStarted:
    """A stage begins; ``note`` says what it is about to do."""

    stage: Stage
    note: str = ""


@dataclass(frozen=True)
class RunStarted:
    """A run is recorded in the target. ``rows`` and ``size`` (bytes) are estimates of all that it will copy."""

    run: int
    resumed: bool
    tables: int
    rows: int
    size: int


@dataclass(frozen=True)
class WorkStarted:
    """So much is left to do in a stage: tables, and estimates of their rows and bytes in the sources."""

    stage: Stage
    tables: int
    rows: int
    size: int


@dataclass(frozen=True)
class TableStarted:
    """A table's rows begin to move (or, in verify, to be hashed). ``rows`` is an estimate."""

    source: str
    target: str
    rows: int


@dataclass(frozen=True)
class TableProgress:
    """So many rows and bytes of a table have arrived so far."""

    source: str
    target: str
    rows: int
    size: int


@dataclass(frozen=True)
class TableFinished:
    """A table's rows are all in (or all hashed)."""

    source: str
    target: str
    rows: int
    size: int
    seconds: float


@dataclass(frozen=True)
class TableChecked:
    """A check has read a table's rows once. ``rows`` and ``size`` are estimates."""

    source: str
    target: str
    rows: int
    size: int
    seconds: float


@dataclass(frozen=True)
class ObjectBuilt:
    """An index is built, a constraint added or validated."""

    table: str
    name: str
    kind: str
    seconds: float


@dataclass(frozen=True)
class Followed:
    """How far a database has been followed, told now and then: sums since the last time.

    ``lag`` is how old the oldest of the commits was when it had been brought over, in seconds; ``backlog`` how many
    keys wait.
    """

    database: str
    passes: int
    commits: int
    keys: int
    written: int
    deleted: int
    lag: float
    backlog: int


@dataclass(frozen=True)
class StepStarted:
    """A step of a switch of sides begins, and is recorded: ``action`` is cutover, rollback or complete."""

    action: str
    step: str
    note: str = ""


@dataclass(frozen=True)
class StepFinished:
    """A step of a switch of sides is done."""

    action: str
    step: str
    seconds: float


@dataclass(frozen=True)
class Notice:
    """Something that a reader should know, and that stops nothing."""

    text: str


Event = (
    StageStarted
    | RunStarted
    | WorkStarted
    | TableStarted
    | TableProgress
    | TableFinished
    | TableChecked
    | ObjectBuilt
    | Followed
    | StepStarted
    | StepFinished
    | Notice
)
Observer = Callable[[Event], None]


def ignore_events(event: Event) -> None:
    """The observer of those who don't listen."""
