"""What a switch of sides has done, or would do: frozen results, with their JSON documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from payrollx_db.consolidate.cutover.blockers import Blocker
from payrollx_db.consolidate.cutover.clients import Setting, Told
from payrollx_db.consolidate.cutover.switching import Limits


@dataclass(frozen=True)
class Switched:
    """A switch that is done. ``stop`` is how many seconds writers waited, ``seconds`` how many each step took.

    ``keys`` is how many keys were brought over behind the fence; ``loosened`` are references that nothing enforces
    while one end is on the other side; ``left`` is what could not be done when it was over, with the next step. With
    ``nothing_to_do`` all of it was done before.
    """

    action: str
    databases: tuple[str, ...]
    stop: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    keys: int = 0
    attempts: int = 1
    settings: tuple[Setting, ...] = ()
    told: Told | None = None
    loosened: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    nothing_to_do: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "action": self.action,
            "databases": list(self.databases),
            "nothing_to_do": self.nothing_to_do,
            "stop_seconds": round(self.stop, 3),
            "seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
            "keys": self.keys,
            "attempts": self.attempts,
            "set": [setting.document() for setting in self.settings],
            "told": self.told.document() if self.told else None,
            "loosened": list(self.loosened),
            "messages": list(self.messages),
            "left": list(self.left),
        }


@dataclass(frozen=True)
class Rehearsed:
    """What a switch would meet now: how far each database is behind, who is in the way, how long writers would wait.

    ``passes`` has how many seconds the last pass of each database took, ``steps`` how many each step behind the fence
    would, ``made`` what would be made and where.
    ``refusals`` say why it would be refused; ``loosened`` is as of `Switched`.
    """

    action: str
    databases: tuple[str, ...]
    limits: Limits
    passes: Mapping[str, float]
    tables: int
    keys: int
    blockers: tuple[Blocker, ...]
    predicted: float
    steps: Mapping[str, float] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "action": self.action,
            "databases": list(self.databases),
            "max_stop": self.limits.max_stop,
            "max_lag": self.limits.max_lag,
            "passes": {name: round(seconds, 3) for name, seconds in self.passes.items()},
            "tables": self.tables,
            "foreign_keys": self.keys,
            "blockers": [blocker.document() for blocker in self.blockers],
            "predicted_stop_seconds": round(self.predicted, 3),
            "predicted_seconds": {name: round(seconds, 3) for name, seconds in self.steps.items()},
            "made": list(self.made),
            "loosened": list(self.loosened),
            "refusals": list(self.refusals),
            "set": [setting.document() for setting in self.settings],
        }
