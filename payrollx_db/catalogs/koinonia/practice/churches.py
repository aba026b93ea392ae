"""The churches that there are: what each one's number makes of it."""

from dataclasses import dataclass

from payrollx_db.model.template import Tenant
from payrollx_db.postgres.url import DatabaseUrl

PLANS = ("starter", "growth", "pro")
MOST_MEMBERS = {"starter": 500, "growth": 2_000}  # of the plans that have a limit
OLDER = 3  # of so many churches, one has an older database
NOWHERE = "1"  # a port that nobody listens on


@dataclass(frozen=True)
class Church:
    """One church: its number, its id, how many members it has, the seed of its rows, and where its database is."""

    number: int
    id: str
    members: int
    seed: int
    url: DatabaseUrl
    is_there: bool = True
    registered: bool = True

    @property
    def older(self) -> bool:
        """Whether its database was made before the newest tables."""
        return self.number % OLDER == OLDER - 1

    @property
    def status(self) -> str:
        """The registry's word for it: the last digit of its number says who is kept out, and the fourteenth is gone."""
        if self.number == 13:
            return "deleted"
        return {3: "suspended", 6: "archived"}.get(self.number % 10, "active")

    @property
    def plan(self) -> str:
        """The plan that it pays: one that allows for its members."""
        chosen = PLANS[self.number % len(PLANS)]
        allowed = [name for name in PLANS if self.members <= MOST_MEMBERS.get(name, self.members)]
        return chosen if chosen in allowed else allowed[0]

    @property
    def tenant(self) -> Tenant:
        """Its row in the registry."""
        return Tenant(self.id, status=self.status, url=self.url.plain, database=self.url.dbname)


def shares(members: int, churches: int) -> list[int]:
    """Return how many of the members each church has: some have five times as many as others."""
    weights = [1 + number * 7 % 5 for number in range(churches)]
    return [max(1, members * weight // sum(weights)) for weight in weights]
