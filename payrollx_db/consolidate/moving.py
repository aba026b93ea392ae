




from payrollx_db.consolidate.cutover import stages
from payrollx_db.consolidate.cutover.beginning import Begun, begin, following, plan_all, run_ledgers
from payrollx_db.consolidate.cutover.clients import NOBODY, Telling, settings_of, tell
from payrollx_db.consolidate.cutover.cutting_over import cut_over, prepare
from payrollx_db.consolidate.cutover.keys import keys_of
from payrollx_db.consolidate.cutover.lines import across
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.consolidate.cutover.rehearsal import lasting_blockers, predict, refusals_of
from payrollx_db.consolidate.cutover.switching import Limits, Switching
from payrollx_db.consolidate.opening import opened
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.errors import PayrollxError


async def rehearse_cutover(task: Task, limits: Limits, *, way_back: bool = True) -> Rehearsed:
    """Say what a cutover would meet now, and how long writers would wait. Makes and closes nothing.

    The passes that it takes for that are those of following. Raises as `cutover`.
    """
    async with opened(task) as context:
        plan = await plan_all(context, task)
        async with exclusive(context.target) as session:
            begun = stages.to_cut_over(await begin(context, session, task, plan))
            async with following(run_ledgers(begun), "cutover") as followers:
                switching = Switching("cutover", begun.context, plan, begun.lines, followers, limits)
                return await _rehearse(switching, begun)


async def cutover(task: Task, limits: Limits, *, telling: Telling = NOBODY, way_back: bool = True) -> Switched:
    """Let services write to the unified database, and no more to their legacy ones; or finish what was begun.

    Raises FenceError where writers can't be made to wait, or would have to wait for too long; FindingsError where rows
    are in the way; StateConflictError where the recorded stage forbids it; SourceError or TargetError. Nothing has
    changed then, but where the error says so.
    """
    async with opened(task) as context:
        plan = await plan_all(context, task)
        async with exclusive(context.target) as session:
            begun = stages.to_cut_over(await begin(context, session, task, plan))
            if not begun.lines:
                return Switched("cutover", (), nothing_to_do=True)
            async with following(run_ledgers(begun), "cutover") as followers:
                switching = Switching("cutover", begun.context, plan, begun.lines, followers, limits)
                return await _cut_over(switching, begun, telling)


# --- private -------------------------------------------------------------------------------------------


async def _rehearse(switching: Switching, begun: Begun) -> Rehearsed:
    passed = await switching.catch_up()
    fences = [line.fenced() for line in begun.lines]
    blockers = await lasting_blockers(fences)
    keys = await keys_of(begun.context, stages.open_tables(begun))
    slowest = max(passed.values(), default=0.0)
    predicted = await predict(fences, begun.context.target, slowest, len(keys.missing))
    return Rehearsed(
        switching.action,
        tuple(switching.names),
        switching.limits,
        passed,
        sum(len(line.source_tables) for line in begun.lines),
        len(keys.missing),
        blockers,
        predicted,
        loosened=_loosened(begun),
        refusals=tuple(refusals_of(switching.limits, predicted, slowest, blockers)),
        settings=tuple(settings_of(begun.plan.catalog, begun.services, begun.context.target_as_given)),
    )


async def _cut_over(switching: Switching, begun: Begun, telling: Telling) -> Switched:
    async with switching.timed("catch up"):
        await switching.catch_up()
    async with switching.timed("prepare"):
        prepared = await prepare(switching, stages.open_tables(begun))
        await switching.catch_up()
    stop = await cut_over(switching, prepared, _NothingToSettle(), None)
    expected = {n: (begun.context.target_as_given, begun.plan.catalog.service(n).role) for n in begun.services}
    told = await tell(telling, "cutover", begun.services, expected)
    left = []
    async with switching.timed("validate"):
        try:
            await prepared.keys.validate()
        except PayrollxError as error:
            left.append(f"the foreign keys aren't validated: {error}")
    return Switched(
        "cutover",
        tuple(switching.names),
        stop,
        switching.seconds,
        switching.keys,
        settings=tuple(settings_of(begun.plan.catalog, begun.services, begun.context.target_as_given)),
        told=told,
        loosened=_loosened(begun),
        messages=tuple(switching.messages),
        left=tuple(left),
    )


def _loosened(begun: Begun) -> tuple[str, ...]:
    return tuple(map(str, across(begun.plan, stages.open_tables(begun))))


class _NothingToSettle:
    async def settle(self) -> None:
        pass

    async def prove(self) -> None:
        pass
