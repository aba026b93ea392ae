"""The story of the move, from top to bottom: cut over, go back, complete. Before it, `online` follows.

Each public function is one thing that a person asks for, as in `pipeline`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from payrollx_db.consolidate.check.reversible import prove
from payrollx_db.consolidate.cutover import stages
from payrollx_db.consolidate.cutover.beginning import (
    Begun,
    begin,
    bring_back_differences,
    bring_differences,
    following,
    forward_judges,
    plan_all,
    ways_back,
    ways_forward,
)
from payrollx_db.consolidate.cutover.clients import NOBODY, Telling
from payrollx_db.consolidate.cutover.completing import end_for_good, record_accounts
from payrollx_db.consolidate.cutover.cutting_over import cut_over, prepare, undo
from payrollx_db.consolidate.cutover.keys import keys_of
from payrollx_db.consolidate.cutover.lines import fenced_target
from payrollx_db.consolidate.cutover.next_flows import NextFlows, end_flows
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.consolidate.cutover.proofs import prove_before
from payrollx_db.consolidate.cutover.reporting import rehearsed, switched, told
from payrollx_db.consolidate.cutover.rolling_back import held_sequences, open_again, refuse_stuck, roll_back
from payrollx_db.consolidate.cutover.switching import Limits, Switching
from payrollx_db.consolidate.follow import making
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.renewing import refuse_out_of_step
from payrollx_db.consolidate.follow.settler import Settler
from payrollx_db.consolidate.follow.trying import try_out
from payrollx_db.consolidate.opening import opened
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.state.lock import TakesOver, exclusive
from payrollx_db.consolidate.state.switches import BACK, FOLLOWING
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import StageStarted

FEW = 100  # keys that are asked for before the fence as they are behind it


async def rehearse_cutover(task: Task, limits: Limits, *, way_back: bool = True) -> Rehearsed:
    """Say what a cutover would meet now, and how long writers would wait. Makes and closes nothing.

    The passes that it takes for that are those of following. Raises as `cutover`.
    """
    async with _begun(task) as every:
        begun = stages.to_cut_over(every)
        judges = await forward_judges(begun)
        async with following(ways_forward(begun, judges), "cutover") as followers:
            switching = _switching("cutover", begun, followers, limits)
            made = making.listing(begun.back_of_lines()) if way_back else ()
            settler = Settler(begun.context, begun.plan, followers, judges)
            fences = [line.fenced() for line in begun.lines]
            return await rehearsed(switching, begun, fences, list(map(str, made)), settler)


async def cutover(task: Task, limits: Limits, *, telling: Telling = NOBODY, way_back: bool = True) -> Switched:
    """Let services write to the unified database, and no more to their legacy ones; or finish what was begun.

    Without ``way_back``, the legacy databases don't follow then, and no rollback is possible. Raises FenceError where
    writers can't be made to wait, or would have to wait for too long; FindingsError where rows are in the way, or
    tables have no way back; StateConflictError where the recorded stage forbids it; SourceError or TargetError. Nothing
    has changed then, but where the error says so.
    """
    async with _begun(task, "cutover") as every:
        begun = stages.to_cut_over(every)
        if not begun.lines:
            return Switched("cutover", (), nothing_to_do=True, left=await _finish(stages.opened(every)))
        next_flows = NextFlows(begun, begun.back_of_lines()) if way_back else None
        if way_back and begun.stages() <= {FOLLOWING, BACK}:  # else writers may be waiting already
            await _refuse_irreversible(begun)
        judges = await forward_judges(begun)
        ways = ways_forward(begun, judges)
        await bring_differences(begun, ways)
        async with following(ways, "cutover") as followers:
            switching = _switching("cutover", begun, followers, limits)
            async with switching.timed("catch up"):
                await switching.catch_up()
            async with switching.timed("prepare"):
                if next_flows is not None:
                    await next_flows.prepare()
                prepared = await prepare(switching, stages.away_tables(begun))
            async with switching.timed("prove before"):
                await prove_before(begun, followers)
                settler = Settler(begun.context, begun.plan, followers, judges)
                await try_out(settler, FEW)  # so that its sessions are there, and know the tables: writers would wait
                await switching.catch_up()
            stop = await cut_over(switching, prepared, settler, next_flows)
        answer = await told(telling, "cutover", begun)
        async with switching.timed("validate"):
            left = await _finish(begun)
        return switched(switching, begun, stop, answer, left)


async def rehearse_rollback(task: Task, limits: Limits) -> Rehearsed:
    """Say what a rollback would meet now, and how long writers would wait, as `rehearse_cutover`. Raises as that."""
    async with _begun(task) as every:
        begun = stages.to_roll_back(every)
        ways = await ways_back(begun)
        await refuse_out_of_step(begun.context, [way.flow for way in ways])
        async with following(ways, "rollback") as followers:
            switching = _switching("rollback", begun, followers, limits)
            made = making.listing(begun.flows_of_lines())
            fence = fenced_target(begun.context.target, begun.lines)
            return await rehearsed(switching, begun, [fence], list(map(str, made)))


async def rollback(task: Task, limits: Limits, *, telling: Telling = NOBODY, leave_stuck: bool = False) -> Switched:
    """Let services write to their legacy databases again, or undo a cutover that isn't finished.

    ``leave_stuck`` goes back although rows can't. Raises as `cutover`, FindingsError where rows are stuck.
    """
    async with _begun(task, "rollback") as every:
        unfinished, half_way = stages.to_undo(every), stages.to_open_again(every)
        if unfinished.lines:
            await undo(_switching("rollback", unfinished, (), limits))
        if half_way.lines:
            await open_again(_switching("rollback", half_way, (), limits))
        done = tuple(line.database for line in (*unfinished.lines, *half_way.lines))
        begun = stages.to_roll_back(every)
        if not begun.lines:
            return Switched("rollback", done, nothing_to_do=not done)
        next_flows = NextFlows(begun, begun.flows_of_lines())
        ways = await ways_back(begun)
        await bring_back_differences(begun, ways)
        async with following(ways, "rollback") as followers:
            switching = _switching("rollback", begun, followers, limits)
            async with switching.timed("catch up"):
                await switching.catch_up()
            await refuse_stuck(switching, leave=leave_stuck)  # a pass has seen by now what was corrected
            async with switching.timed("prepare"):
                await next_flows.prepare()
                held = await held_sequences(switching)
                await switching.catch_up()
            stop = await roll_back(switching, held, next_flows, leave_stuck=leave_stuck)
        left = await end_flows(begun, "back")
        return switched(switching, begun, stop, await told(telling, "rollback", begun), left)


async def complete(task: Task, *, unfence: bool = False) -> Switched:
    """End it: remove what was made on the databases, so that nothing follows back any more.

    The gates of the legacy databases stay closed, unless ``unfence``. Raises StateConflictError where a database isn't
    cut over; SourceError or TargetError. What could not be removed is in the result.
    """
    async with _begun(task, "complete") as every:
        begun = stages.to_complete(every)
        switching = _switching("complete", begun, (), Limits())
        accounts = await record_accounts(switching, begun.switches)
        left = [*await end_flows(begun, "forward"), *await end_flows(begun, "back")]
        left += await end_for_good(switching, left, accounts, unfence=unfence)
        return Switched("complete", tuple(switching.names), seconds=switching.seconds, left=tuple(left))


# --- private -------------------------------------------------------------------------------------------


@asynccontextmanager
async def _begun(task: Task, action: str = "") -> AsyncIterator[Begun]:
    """Hold the run's lock, and yield what there is. Raises as `begin`, and StateConflictError where another has it.

    A follower is asked to hand it over to an ``action``.
    """
    async with opened(task) as context:
        plan = await plan_all(context, task)
        takes_over = TakesOver(action, context.observer) if action else None
        async with exclusive(context.target, takes_over=takes_over) as session:
            yield await begin(context, session, task, plan)


async def _refuse_irreversible(begun: Begun) -> None:
    """Raise FindingsError where legacy rows wouldn't come back as they are, and no policy accepts it.

    Every row is asked, while services write: what they write meanwhile isn't.
    """
    begun.context.observer(StageStarted("check", "whether every row has a way back"))
    names = [line.database for line in begun.lines]
    (await prove(begun.context, begun.going.plan, begun.context.policies, names)).refuse()


async def _finish(begun: Begun) -> tuple[str, ...]:
    """Do what comes after a cutover, and waits for nobody; return what could not be done, in words."""
    if not begun.lines:
        return ()
    left = []
    keys = await keys_of(begun.context, stages.away_tables(begun))
    try:
        await keys.add()
        await keys.validate()
    except PayrollxError as error:
        left.append(f"the foreign keys aren't validated: {error}")
    return (*left, *await end_flows(begun, "forward"))


def _switching(action: str, begun: Begun, followers: Sequence[Follower], limits: Limits) -> Switching:
    flows = begun.flows_of_lines()
    return Switching(action, begun.context, begun.plan, begun.lines, followers, flows, limits)
