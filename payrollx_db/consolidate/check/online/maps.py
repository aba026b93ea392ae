"""Judge what the layout says: whether a key of a source gives the key in the target, by itself.

The log tells keys alone. A key whose row is gone has to lead to the row that is to be deleted in the target, and a
changed row that others look up has to lead to them.
"""

from collections.abc import Iterator

from payrollx_db.consolidate.check.online.readiness import Judge, Obstacle
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.layout import TableMap, template_fields
from payrollx_db.model.policy import Policies

# What these decide depends on rows of two databases at once, which no single pass sees.
REFUSED = {"drift": "newest", "stranded": "adopt"}

Obstacles = Iterator[Obstacle]


def map_obstacles(plan: Plan, policies: Policies) -> Obstacles:
    """Yield what of the layout and the policies can't be followed."""
    for table in plan.copies:
        judge = Judge(table.database)
        yield from _target_key(plan, table, judge)
        yield from _lookups(plan, table, judge)
    merged = {table.database for table in plan.merges}
    for policy in policies.all:
        if REFUSED.get(policy.code) == policy.action:
            for name in sorted(merged):
                message = f"the policy {policy} compares rows of two databases, which change meanwhile"
                remedy = f"choose {policy.code}=owner, or resolve these rows in the legacy databases first"
                yield Judge(name).obstacle("policy", "block", ("follow",), message, remedy=remedy)


def _target_key(plan: Plan, table: TablePlan, judge: Judge) -> Obstacles:
    place, target = table.source.full_name, table.target
    if not target.primary_key:
        message = f"{table.target_name} has no primary key, by which a changed row would be found there"
        remedy = "give it one in the unified database's migrations"
        yield judge.obstacle("target-key", "block", ("follow", "reverse"), message, place=place, remedy=remedy)
        return
    primary = next(index for index in target.indexes if index.primary)
    if " DEFERRABLE" in (primary.constraint_definition or "").rpartition(")")[2]:
        message = f"the primary key of {table.target_name} is DEFERRABLE, by which no row can be inserted or updated"
        remedy = "make it without DEFERRABLE in the unified database's migrations"
        yield judge.obstacle("target-key", "block", ("follow",), message, place=place, remedy=remedy)
    filled = {column.target.name: column for column in table.columns}
    wrong = []
    for name in target.primary_key:
        column = filled.get(name)
        if column is None or _looked_up(plan, table, name) or not set(column.sources) <= set(table.source.primary_key):
            wrong.append(name)
    if wrong and table.source.primary_key:
        key = ", ".join(table.source.primary_key)
        message = (
            f"the key of {table.target_name} ({', '.join(wrong)}) isn't made of its own primary key ({key}) alone: of"
            " a deleted row nothing else is known"
        )
        remedy = "let the layout make the target's key of the source's, or give the source such a primary key"
        yield judge.obstacle("target-key", "block", ("follow", "reverse"), message, place=place, remedy=remedy)


def _lookups(plan: Plan, table: TablePlan, judge: Judge) -> Obstacles:
    table_map = _map_of(plan, table)
    for alias, lookup in table_map.lookups.items() if table_map else ():
        joined = table.lookups.get(alias)
        if joined is not None and set(lookup.on) != set(joined.primary_key):
            key = ", ".join(joined.primary_key) or "none"
            message = (
                f"looks up {joined.full_name} by {', '.join(lookup.on)}, and its primary key is {key}: a change there"
                " couldn't be led back to the rows that it concerns"
            )
            remedy = "look it up by its primary key in the layout"
            yield judge.obstacle(
                "lookup-key", "block", ("follow",), message, place=table.source.full_name, remedy=remedy
            )


def _looked_up(plan: Plan, table: TablePlan, name: str) -> bool:
    table_map = _map_of(plan, table)
    template = table_map.derive.get(name, "") if table_map else ""
    return any("." in read for read in template_fields(template))


def _map_of(plan: Plan, table: TablePlan) -> TableMap | None:
    """Return the map of a planned table."""
    maps = plan.layout.database(table.database).maps
    return next((m for m in maps if m.source.name == table.source.name and m.target == table.target_name), None)
