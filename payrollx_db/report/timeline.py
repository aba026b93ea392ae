"""The timeline: what ran when, and beside what. The template draws it.

Times without any work between (a run that was interrupted and resumed later, a verification of the next
morning) are folded into a short break, or they would leave no room for the work itself.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

KINDS = {
    "rows": "rows copied",
    "index": "index or unique constraint",
    "key": "foreign key",
    "merge": "duplicates compared",
    "verify": "verified",
}
KIND_OF_STEP = {"foreign key": "key", "foreign key check": "key", "merge": "merge"}  # all others: index

IDLE = 0.12  # of the working time: a pause longer than this is folded
FOLD = 46  # how wide a folded pause is
BAR, ROW, AXIS = 9, 9, 34  # heights of a bar, of the space around those of a lane, of the axis
NAME = 16  # the height of a lane's name where it stands above its bars
TICKS = 7  # about so many, on the whole width


@dataclass(frozen=True)
class Shape:
    """How wide the timeline is, and its lanes' names: none where they stand above their bars."""

    name: str
    width: int
    names: int


WIDE = Shape("wide", 1040, 262)
NARROW = Shape("narrow", 358, 0)


@dataclass(frozen=True)
class Work:
    """One thing that took its time: ``start`` and ``end`` are seconds since the first."""

    lane: str
    kind: str
    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Bar:
    """Work, drawn."""

    x: float
    y: float
    width: float
    kind: str
    title: str


@dataclass(frozen=True)
class Lane:
    """One table's bars; ``y`` is where its name stands."""

    name: str
    y: float
    top: float
    height: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Mark:
    """A tick of the axis, or a break in it."""

    x: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """All of it. ``most`` is how many things ran at once at most, outside of the verification."""

    shape: Shape
    height: float
    left: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Mark, ...]
    breaks: tuple[Mark, ...]
    kinds: tuple[tuple[str, str], ...]
    most: int
    seconds: float


def draw(document: Mapping[str, Any], shape: Shape) -> Timeline | None:
    """Return the timeline of a report's document; ``None`` where no times are recorded."""
    work = _work(document)
    if not work:
        return None
    left = shape.names
    scale = _Scale(work, left, shape.width - 4)
    lanes = _lanes(work, scale, shape)
    height = lanes[-1].top + lanes[-1].height + 2
    used = {one.kind for one in work}
    kinds = tuple((kind, text) for kind, text in KINDS.items() if kind in used)
    running = [one for one in work if one.kind != "verify"]
    return Timeline(
        shape, height, left, lanes, scale.ticks(), scale.breaks(), kinds, most_at_once(running), scale.working
    )  # fmt: skip


def _work(document: Mapping[str, Any]) -> list[Work]:
    """Gather what took time: rows that moved, what was built, what was compared."""
    moved = [t for t in document["tables"] if t["started_at"] and t["finished_at"]]
    times = [(t["target"], "rows", t["source"], t["started_at"], t["finished_at"]) for t in moved]
    times += [
        (
            s["table"],
            KIND_OF_STEP.get(s["kind"], "index"),
            f"{s['kind']} {s['name']}",
            s["started_at"],
            s["finished_at"],
        )
        for s in document["steps"]
    ]
    times += [(t["target"], "verify", t["source"], t["started_at"], t["finished_at"]) for t in document["verified"]]
    if not times:
        return []
    zero = min(instant(start) for *_, start, _ in times)
    return sorted(
        (Work(lane, kind, name, instant(start) - zero, instant(end) - zero) for lane, kind, name, start, end in times),
        key=lambda one: (one.start, one.end, one.name),
    )


def most_at_once(work: Iterable[Work]) -> int:
    """Return how many of these things ran at the same time at most."""
    edges = sorted(edge for one in work for edge in ((one.start, 1), (max(one.end, one.start), -1)))
    running = most = 0
    for _, change in edges:
        running += change
        most = max(most, running)
    return most


def instant(text: str) -> float:
    """Return a recorded time as seconds."""
    return datetime.fromisoformat(text).timestamp()


class _Scale:
    """From seconds to the horizontal, with idle times folded."""

    def __init__(self, work: Sequence[Work], left: float, right: float) -> None:
        self._spans = _spans(work)
        self.working = sum(end - start for start, end in self._spans)
        folds = FOLD * (len(self._spans) - 1)
        self._pace = max(right - left - folds, 1) / (self.working or 1)
        self._left = left

    def x(self, second: float) -> float:
        """Return where a moment is drawn."""
        at = self._left
        for start, end in self._spans:
            if second <= end:
                return at + max(second - start, 0) * self._pace
            at += (end - start) * self._pace + FOLD
        return at - FOLD

    def ticks(self) -> tuple[Mark, ...]:
        """Return round moments to mark, counted from the first; none so near to another that they would touch."""
        step = _round(self.working / TICKS)
        taken = [mark.x for mark in self.breaks()]
        marks: list[Mark] = []
        for start, end in self._spans:
            first = math.ceil(start / step)
            for number in range(first, math.floor(end / step) + 1):
                mark = Mark(self.x(number * step), clock(number * step, step))
                beside = [abs(mark.x - x) for x in (*taken, *(other.x for other in marks[-1:]))]
                if min(beside, default=math.inf) > 9 * len(mark.text):
                    marks.append(mark)
        return tuple(marks)

    def breaks(self) -> tuple[Mark, ...]:
        """Return the folded pauses, each with how long it was."""
        return tuple(
            Mark(self.x(end) + FOLD / 2, duration(start - end)) for (_, end), (start, _) in pairwise(self._spans)
        )


def _spans(work: Sequence[Work]) -> list[tuple[float, float]]:
    """Return the stretches of time with work in them, joined over pauses too short to be folded."""
    merged: list[list[float]] = []
    for one in sorted(work, key=lambda one: one.start):
        if merged and one.start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], one.end)
        else:
            merged.append([one.start, one.end])
    short = IDLE * sum(end - start for start, end in merged)
    spans = [tuple(merged[0])]
    for start, end in merged[1:]:
        if start - spans[-1][1] <= short:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [(start, end) for start, end in spans]


def _lanes(work: Sequence[Work], scale: _Scale, shape: Shape) -> tuple[Lane, ...]:
    lanes = []
    top = float(AXIS)
    for name in dict.fromkeys(one.lane for one in work):
        members = [one for one in work if one.lane == name]
        levels = _levels(members)
        bars_top = top + ROW / 2 + 1 + (0 if shape.names else NAME)
        height = (max(levels) + 1) * BAR + ROW + (0 if shape.names else NAME)
        bars = tuple(_bar(one, level, bars_top, scale) for one, level in zip(members, levels, strict=True))
        y = bars_top + BAR - 1.5 if shape.names else top + NAME - 3
        lanes.append(Lane(name, y, top, height, bars))
        top += height
    return tuple(lanes)


def _levels(work: Sequence[Work]) -> list[int]:
    """Put each bar on the first level of its lane that is free."""
    free: list[float] = []
    levels = []
    for one in work:
        level = next((number for number, until in enumerate(free) if until <= one.start), len(free))
        free[level : level + 1] = [one.end]
        levels.append(level)
    return levels


def _bar(one: Work, level: int, top: float, scale: _Scale) -> Bar:
    x = scale.x(one.start)
    width = max(scale.x(one.end) - x, 1.5)
    word = {"rows": "rows of ", "verify": "verified "}.get(one.kind, "")
    title = f"{word}{one.name}: {duration(one.end - one.start)}, from {clock(one.start, 0.001)}"
    return Bar(x, top + level * BAR, width, one.kind, title)


def _round(seconds: float) -> float:
    """Return the next round number of seconds, minutes or hours."""
    for step in (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400):
        if 30 < seconds <= step:
            return step
    if seconds > 86400:
        return 86400 * math.ceil(seconds / 86400)
    power = 10.0 ** math.floor(math.log10(seconds)) if seconds > 0 else 0.001
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= seconds * (1 - 1e-9))


def clock(seconds: float, step: float) -> str:
    """Return a moment since the beginning, as exactly as ``step`` asks."""
    if seconds >= 60 or step >= 60:
        whole = int(seconds)
        hours = f"{whole // 3600}:{whole // 60 % 60:02}" if whole >= 3600 else f"{whole // 60}"
        return f"{hours}:{whole % 60:02}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    return f"{seconds:.{digits}f} s"


def duration(seconds: float) -> str:
    """Return how long something took, for people."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
