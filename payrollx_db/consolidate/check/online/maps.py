"""Judge what the layout and the policies say: which tables can be followed there and back, row by row.

The flows themselves say what keeps a table out of them; here each such finding gets its database. What the examination
of the servers has found at the same place, with what to do about it, stands for both.
"""

from collections.abc import Iterable, Iterator

from payrollx_db.consolidate.check.online.readiness import Ability, Judge, Obstacle
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import Policies

# What these decide depends on rows of two databases at once, which no single pass sees.
REFUSED = {"drift": "newest", "stranded": "adopt"}

Obstacles = Iterator[Obstacle]


def policy_obstacles(plan: Plan, policies: Policies) -> Obstacles:
    """Yield the policies that can't be kept while databases are followed."""
    merged = sorted({table.database for table in plan.merges})
    for policy in policies.all:
        if REFUSED.get(policy.code) == policy.action:
            for name in merged:
                message = f"the policy {policy} compares rows of two databases, which change meanwhile"
                remedy = f"choose {policy.code}=owner, or resolve these rows in the legacy databases first"
                yield Judge(name).obstacle("policy", "block", ("follow",), message, remedy=remedy)


def flow_obstacles(
    plan: Plan, target: str, findings: Iterable[Finding], ability: Ability, known: Iterable[Obstacle]
) -> Obstacles:
    """Yield what keeps tables out of the flows, but for places where ``known`` obstacles block already.

    ``target`` is what the target is called.
    """
    places = {obstacle.finding.place for obstacle in known if obstacle.finding.blocks}
    by_target = {table.target_name: table.database for table in plan.copies}
    for finding in findings:
        if places.isdisjoint((finding.place, f"{target}.{finding.place}")):
            yield Obstacle(_database_of(plan, by_target, finding.place, target), (ability,), finding)


def _database_of(plan: Plan, by_target: dict[str, str], place: str, target: str) -> str:
    """Return the legacy database that a place belongs to; the target where it belongs to none."""
    if place in by_target:
        return by_target[place]
    return next((name for name in plan.sources if place.startswith(f"{name}.")), target)
