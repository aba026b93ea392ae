"""How many connections each service may take, so that all of them together never use a server up.

Pure arithmetic: what the server allows, shared out evenly over the processes that will connect.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# A process that opens a second session while it holds the first would, with one connection, wait for itself.
LEAST = 2
# More a process rarely helps: a server works on few statements at once, and each idle session costs memory.
MOST = 20


@dataclass(frozen=True)
class Room:
    """What a server allows: ``reserved`` of its ``max_connections`` are kept for superusers and the like.

    ``limit`` is the database's own CONNECTION LIMIT, or ``None``.
    """

    max_connections: int
    reserved: int = 0
    limit: int | None = None

    @property
    def unreserved(self) -> int:
        """How many sessions the server has for all."""
        return max(self.max_connections - self.reserved, 0)

    @property
    def open(self) -> int:
        """How many sessions the database may have, of those for all."""
        return self.unreserved if self.limit is None else min(self.unreserved, self.limit)


@dataclass(frozen=True)
class Budget:
    """What each process of ``services`` may take, at ``replicas`` processes a service.

    ``kept`` connections are left for people and tools; ``share`` is what one process may take at most,
    and ``pool_size`` with ``pool_overflow`` is what it should be given: no more than it has use for.
    """

    room: Room
    services: tuple[str, ...]
    replicas: int
    kept: int

    @property
    def processes(self) -> int:
        """How many processes connect."""
        return len(self.services) * self.replicas

    @property
    def usable(self) -> int:
        """How many connections there are to share out."""
        return max(self.room.open - self.kept, 0)

    @property
    def share(self) -> int:
        """How many connections one process may take at most."""
        return self.usable // self.processes

    @property
    def fits(self) -> bool:
        """Whether every process gets at least what it can work with."""
        return self.share >= LEAST

    @property
    def pool_size(self) -> int:
        """How many connections a process should keep open; where it doesn't fit, the least that works."""
        return math.ceil(self._given / 2)

    @property
    def pool_overflow(self) -> int:
        """How many more a process may open for a moment."""
        return self._given - self.pool_size

    @property
    def per_service(self) -> int:
        """How many connections all processes of one service may have open together."""
        return self._given * self.replicas

    @property
    def total(self) -> int:
        """How many connections all of them may have open together."""
        return self._given * self.processes

    @property
    def most_replicas(self) -> int:
        """With how many replicas it would fit just so; 0 where not even one does."""
        return self.usable // (len(self.services) * LEAST)

    @property
    def needed(self) -> int:
        """The ``max_connections`` with which it would fit just so."""
        return self.processes * LEAST + self.kept + self.room.reserved

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do where it doesn't fit, the least effort first; empty where it does."""
        if self.fits:
            return ()
        fewer = (f"run at most {_counted(self.most_replicas, 'replica')} a service",) if self.most_replicas else ()
        limit = self.processes * LEAST + self.kept
        lifted = (f"raise the database's CONNECTION LIMIT to {limit} or more",) if self._is_limited else ()
        return (
            *fewer,
            "put PgBouncer in front, in transaction pooling: then these are its clients, not the server's sessions",
            *lifted,
            f"raise max_connections to {self.needed} or more: it takes a restart, and memory for each session",
            "place some services on another server: <SERVICE>_DATABASE_URL",
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables to give to every process."""
        return {"PAYROLLX_POOL_SIZE": str(self.pool_size), "PAYROLLX_POOL_OVERFLOW": str(self.pool_overflow)}

    @property
    def _is_limited(self) -> bool:
        return self.room.limit is not None and self.room.limit < self.room.unreserved

    @property
    def _given(self) -> int:
        return max(LEAST, min(self.share, MOST))


def budget(room: Room, services: Sequence[str], *, replicas: int = 1, kept: int = 0) -> Budget:
    """Share out what ``room`` allows. Raises ValueError for no services, or for less than one replica."""
    if not services or replicas < 1 or kept < 0:
        raise ValueError("a budget takes at least one service and one replica, and keeps no less than nothing")
    return Budget(room, tuple(services), replicas, kept)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
