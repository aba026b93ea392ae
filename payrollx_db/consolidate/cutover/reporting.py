"""What is told of a switch, done or rehearsed: put together of what it knows in the end."""

from collections.abc import Sequence

from payrollx_db.consolidate.cutover import stages
from payrollx_db.consolidate.cutover.beginning import Begun
from payrollx_db.consolidate.cutover.clients import Setting, Telling, Told, settings_back, settings_of, tell
from payrollx_db.consolidate.cutover.keys import keys_of
from payrollx_db.consolidate.cutover.lines import across
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.consolidate.cutover.posts import Fenced
from payrollx_db.consolidate.cutover.rehearsal import lasting_blockers, predict, refusals_of, total
from payrollx_db.consolidate.cutover.switching import Switching
from payrollx_db.consolidate.follow.settler import Settler

CUTOVER = "cutover"


async def rehearsed(
    switching: Switching, begun: Begun, fences: Sequence[Fenced], made: Sequence[str], settler: Settler | None = None
) -> Rehearsed:
    """Let the followers catch up, and say what the switch would meet. Raises as `Switching.catch_up`.

    ``settler`` is who settles and proves in a cutover.
    """
    passed = await switching.catch_up()
    blockers = await lasting_blockers(fences)
    keys = await keys_of(begun.context, stages.away_tables(begun)) if switching.action == CUTOVER else None
    slowest, missing = max(passed.values(), default=0.0), len(keys.missing) if keys else 0
    steps = await predict(switching, fences, settler, missing)
    predicted = total(switching.action, steps)
    return Rehearsed(
        switching.action,
        tuple(switching.names),
        switching.limits,
        passed,
        sum(len(oids) for fence in fences for oids in fence.gates.values()),
        missing,
        blockers,
        predicted,
        steps,
        made=tuple(made),
        loosened=loosened(switching.action, begun),
        refusals=tuple(refusals_of(switching.limits, predicted, slowest, blockers)),
        settings=settings(switching.action, begun),
    )


def switched(switching: Switching, begun: Begun, stop: float, told: Told, left: Sequence[str]) -> Switched:
    """Return what the switch has done."""
    return Switched(
        switching.action,
        tuple(switching.names),
        stop,
        switching.seconds,
        switching.keys,
        settings=settings(switching.action, begun),
        told=told,
        loosened=loosened(switching.action, begun),
        messages=tuple(switching.messages),
        left=tuple(left),
    )


async def told(telling: Telling, action: str, begun: Begun) -> Told:
    """Tell who is to be told where the services find their tables from now on. Raises SourceError or TargetError."""
    context = begun.context
    if action == CUTOVER:
        roles = {name: begun.plan.catalog.service(name).role for name in begun.services}
        expected = {name: (context.target_as_given, role) for name, role in roles.items()}
    else:
        expected = {name: (line.source, "") for line in begun.lines for name in line.services}
    return await tell(telling, action, begun.services, expected)


def settings(action: str, begun: Begun) -> tuple[Setting, ...]:
    """Return what each service has to set."""
    if action == CUTOVER:
        return settings_of(begun.plan.catalog, begun.services, begun.context.target_as_given)
    return settings_back({name: line.source for line in begun.lines for name in line.services})


def loosened(action: str, begun: Begun) -> tuple[str, ...]:
    """Return the references that nothing enforces then, as one end is on the other side."""
    return tuple(map(str, across(begun.plan, stages.away_tables(begun, going_back=action != CUTOVER))))
