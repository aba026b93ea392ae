"""What an examination answers: for each database what is possible, and what stands in the way of the rest."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from payrollx_db.model.finding import EXAMPLES, Finding, Severity

Ability = Literal["follow", "fence", "reverse"]

ABILITIES: tuple[Ability, ...] = ("follow", "fence", "reverse")


@dataclass(frozen=True)
class Obstacle:
    """A finding about one database, and what it hinders there where it blocks; else what it is about."""

    database: str
    hinders: tuple[Ability, ...]
    finding: Finding

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        keys = ("code", "severity", "place", "count", "message", "examples", "remedy", "sql")
        document = {key: getattr(self.finding, key) for key in keys}
        return document | {"database": self.database, "hinders": list(self.hinders)}


@dataclass(frozen=True)
class Readiness:
    """What is possible with one legacy database."""

    database: str
    possible: frozenset[Ability]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"database": self.database, **{ability: ability in self.possible for ability in ABILITIES}}


@dataclass(frozen=True)
class OnlineCheck:
    """The whole answer: the legacy databases in the plan's order, and all obstacles; ``target`` is what it is called.

    What hinders the target hinders the way back of every database.
    """

    names: tuple[str, ...]
    target: str
    obstacles: tuple[Obstacle, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings alone."""
        return tuple(obstacle.finding for obstacle in self.obstacles)

    @property
    def blocks(self) -> bool:
        """Whether something isn't possible."""
        return any(len(readiness.possible) < len(ABILITIES) for readiness in self.databases)

    @property
    def databases(self) -> tuple[Readiness, ...]:
        """What is possible with each legacy database."""
        return tuple(Readiness(name, frozenset(self._possible(name))) for name in self.names)

    def _possible(self, name: str) -> Collection[Ability]:
        blocking = [o for o in self.obstacles if o.finding.blocks and o.database in (name, self.target)]
        return [ability for ability in ABILITIES if not any(ability in obstacle.hinders for obstacle in blocking)]

    def document(self) -> dict[str, Any]:
        """Return what ``check --online --json`` answers."""
        return {
            "databases": [readiness.document() for readiness in self.databases],
            "findings": [obstacle.document() for obstacle in self.obstacles],
            "blocking": sum(obstacle.finding.blocks for obstacle in self.obstacles),
        }


@dataclass(frozen=True)
class Judge:
    """Makes the obstacles of one database. ``reach`` is what can be hindered there at all."""

    database: str
    reach: tuple[Ability, ...] = ABILITIES

    def obstacle(
        self,
        code: str,
        severity: Severity,
        hinders: Iterable[Ability],
        message: str,
        *,
        place: str = "",
        things: Collection[str] = (),
        remedy: str = "",
        sql: str = "",
    ) -> Obstacle:
        """Return an obstacle at ``place`` of this database, or about the database itself."""
        where = f"{self.database}.{place}" if place else self.database
        names = tuple(things)
        finding = Finding(
            code, severity, where, max(len(names), 1), message, names[:EXAMPLES], remedy=remedy, sql=sql,
            resolvable=False,
        )  # fmt: skip
        return Obstacle(self.database, tuple(a for a in hinders if a in self.reach), finding)
