"""What doctor finds: one kind of record for every check."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warn", "info"]

GRAVITY: dict[str, int] = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """Something to look at: a stable code, how grave it is, whose it is, where, what is so, and what to do.

    ``service`` is empty for what isn't one service's; ``place`` is a table, an index, a session, a slot, or the
    database's masked URL. ``check`` is the name of the check that found it.
    """

    code: str
    severity: Severity
    service: str
    place: str
    detail: str
    remedy: str
    check: str = ""

    @property
    def wants_attention(self) -> bool:
        """Whether it is more than good to know."""
        return self.severity != "info"
