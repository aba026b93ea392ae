"""A switch of sides under way: whose it is, what it works with, and the record of its steps."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.cutover.fence import USUAL, Fence, Patience
from payrollx_db.consolidate.cutover.lines import Line
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import switches
from payrollx_db.errors import FenceError
from payrollx_db.model.events import Notice, StepFinished, StepStarted

QUICK_PASSES = 3  # right before the fence, so that there is little left to do behind it


class Passed(Protocol):
    """What a pass did."""

    @property
    def keys(self) -> int:
        """How many keys it brought over."""

    @property
    def seconds(self) -> float:
        """How long it took."""


class Follows(Protocol):
    """A follower, as far as a switch needs it."""

    @property
    def flow(self) -> Flow:
        """What it follows."""

    async def one_pass(self, *, barrier: bool = False) -> Passed:
        """Bring over what has changed; with ``barrier`` all that was committed before the call."""


@dataclass(frozen=True)
class Limits:
    """What a person allows: seconds that writers may wait, how far behind the other side may be before that, how long
    it is waited for to catch up, and whether sessions in the way may be ended.
    """

    max_stop: float = 5.0
    max_lag: float = 1.0
    catch_up: float = 60.0
    terminate: bool = False
    patience: Patience = USUAL


@dataclass
class Switching:
    """One switch. ``followers`` bring the opened side to where the closed one is; ``forward`` are the flows forward.

    ``seconds`` has how long each of its steps took, ``messages`` what people should know.
    """

    action: str
    context: RunContext
    plan: Plan
    lines: Sequence[Line]
    followers: Sequence[Follows]
    forward: Sequence[Flow]
    limits: Limits = field(default_factory=Limits)
    seconds: dict[str, float] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    keys: int = 0

    @property
    def names(self) -> list[str]:
        """The legacy databases that are switched."""
        return [line.database for line in self.lines]

    @property
    def target_tables(self) -> list[int]:
        """The tables of the unified database that are switched, as oids."""
        return sorted({oid for line in self.lines for oid in line.target_tables})

    async def record(
        self, stage: str, step: str, facts: Mapping[str, Any] | None = None, *, durable: bool = False
    ) -> None:
        """Record the stage of all lines, and the step that begins. Raises LockLostError or TargetError."""
        with self.context.target.translating_errors("can't write the state tables"):
            await self.context.session.commit(switches.recording(self.names, stage, step, facts, durable=durable))

    @asynccontextmanager
    async def step(self, stage: str, name: str, *, note: str = "", durable: bool = False) -> AsyncIterator[None]:
        """Record that a step begins, tell the observer, and take its time."""
        await self.record(stage, name, durable=durable)
        async with self.timed(name, note=note):
            yield

    @asynccontextmanager
    async def timed(self, name: str, *, note: str = "") -> AsyncIterator[None]:
        """Do the same for a step that leaves nothing behind, so that nothing is recorded."""
        self.context.observer(StepStarted(self.action, name, note))
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        self.context.observer(StepFinished(self.action, name, self.seconds[name]))

    def tell(self, messages: Sequence[str]) -> None:
        """Keep what people should know, and tell the observer."""
        for message in messages:
            self.messages.append(message)
            self.context.observer(Notice(message))

    async def passes(self, *, barrier: bool = False) -> list[Passed]:
        """Let every follower do a pass, all at once. Raises what one of them raises."""
        passed = await asyncio.gather(*(follower.one_pass(barrier=barrier) for follower in self.followers))
        self.keys += sum(one.keys for one in passed) if barrier else 0
        return list(passed)

    async def catch_up(self) -> dict[str, float]:
        """Let the followers come close, and return how long the last pass of each took, by database.

        Raises FenceError where they are further behind than may be, for longer than is waited.
        """
        deadline = time.monotonic() + self.limits.catch_up
        while True:
            passed = await self.passes()
            slowest = max((one.seconds for one in passed), default=0.0)
            if slowest <= self.limits.max_lag:
                break
            if time.monotonic() > deadline:
                raise self._behind(passed)
        for _ in range(QUICK_PASSES):
            passed = await self.passes()
        return {f.flow.name: one.seconds for f, one in zip(self.followers, passed, strict=True)}

    def _behind(self, passed: Sequence[Passed]) -> FenceError:
        slow = [
            f"{follower.flow.name}: its last pass took {one.seconds:.1f} s, for {one.keys:,} keys"
            for follower, one in zip(self.followers, passed, strict=True)
            if one.seconds > self.limits.max_lag
        ]
        return FenceError(
            f"{len(slow)} of {len(passed)} databases are further behind than --max-lag {self.limits.max_lag:g}s allows",
            details=tuple(slow),
            hint="wait until payrollx-db status shows less lag, or allow more by --max-lag; nothing has changed",
        )


@asynccontextmanager
async def within(fence: Fence, limits: Limits) -> AsyncIterator[None]:
    """Let the block take so long that writers wait no longer than they may. Raises FenceError where it takes longer."""
    left = limits.max_stop - fence.seconds
    try:
        async with asyncio.timeout(left):
            yield
    except TimeoutError:
        raise too_long(fence, limits) from None
    if fence.seconds > limits.max_stop:
        raise too_long(fence, limits)


def too_long(fence: Fence, limits: Limits) -> FenceError:
    """Return the error that says that writers would have waited longer than they may."""
    return FenceError(
        f"writers had waited for {fence.seconds:.2f} s when --max-stop {limits.max_stop:g}s ran out,"
        " so they were let go on",
        hint="nothing has changed; try at a quieter time, or allow more by --max-stop",
    )
