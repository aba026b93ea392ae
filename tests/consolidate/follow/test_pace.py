"""The pace of passes: who waits for how long, told by a clock that the test sets."""

import pytest

from payrollx_db.consolidate.follow import pace
from payrollx_db.consolidate.follow.pace import ENOUGH, GAP, LAG, LONGEST, Pace


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the pace looks at."""
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def do_pass(paced: Pace, clock: Clock, seconds: float) -> None:
    paced.begin()
    clock.now += seconds
    paced.end()


def test_after_a_quick_pass_changes_gather_for_as_long_as_they_may(clock: Clock) -> None:
    paced = Pace()
    do_pass(paced, clock, 0.01)
    assert paced.pause(waiting=3) == pytest.approx(LONGEST - 0.01)
    clock.now += 0.3
    assert paced.pause(waiting=3) == pytest.approx(LONGEST - 0.31)
    clock.now += 1
    assert paced.pause(waiting=3) == 0


def test_where_much_waits_the_next_pass_is_due(clock: Clock) -> None:
    paced = Pace()
    do_pass(paced, clock, 0.01)
    assert paced.pause(waiting=ENOUGH - 1) > 0
    assert paced.pause(waiting=ENOUGH) == 0


def test_the_longer_passes_take_the_less_changes_wait_for_them(clock: Clock) -> None:
    paced = Pace()
    do_pass(paced, clock, 0.4)
    assert paced.pause(waiting=1) == pytest.approx(LAG - 0.4 - 0.4)
    do_pass(paced, clock, 2.0)  # longer than the lag that is promised: there is nothing to wait for
    assert paced.pause(waiting=1) == 0


def test_one_slow_pass_is_forgotten_after_some_quick_ones(clock: Clock) -> None:
    paced = Pace()
    do_pass(paced, clock, 2.0)
    pauses = []
    for _ in range(12):
        do_pass(paced, clock, 0.02)
        pauses.append(paced.pause(waiting=1))
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST - 0.02)


def test_what_is_promised_leaves_room_for_a_pass() -> None:
    assert GAP < LONGEST < LAG < 1
