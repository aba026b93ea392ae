"""Progress for people: bars where stderr is a terminal, plain lines where it isn't. And for programs: `recording`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from payrollx_db.cli.bars import Bars
from payrollx_db.cli.event_log import described, recording
from payrollx_db.cli.render import console
from payrollx_db.cli.work import Work
from payrollx_db.model.events import (
    Event,
    Followed,
    Notice,
    ObjectBuilt,
    Observer,
    RunStarted,
    StageStarted,
    StepStarted,
    TableFinished,
    WorkStarted,
)

MEGABYTE = 1_000_000
EVERY = 10.0  # seconds between two lines of how far it is
SLOW = 1.0  # seconds; an index that took less isn't worth a line


@contextmanager
def showing(events: Path | None = None) -> Iterator[Observer]:
    """Yield an observer that shows progress on stderr until the block ends; no bar is left behind.

    With ``events``, each event is also written to that file. Raises ConfigurationError where it can't be.
    """
    with recording(events) as record, _shown() as show:

        def both(event: Event) -> None:
            show(event)
            record(event)

        yield both if events else show


@contextmanager
def _shown() -> Iterator[Observer]:
    if console.logs_json():
        yield logged
        return
    if not console.stderr.is_terminal:
        yield Lines().see
        return
    with Bars(console.stderr) as bars:
        yield bars.see


class Lines:
    """Shows events as plain lines, where they are worth one, and now and then how far a stage is in all."""

    def __init__(self) -> None:
        self._work = Work()
        self._said = 0.0

    def see(self, event: Event) -> None:
        """Show an event."""
        if line := _line(event):
            console.note(line)
        now = time.monotonic()
        if isinstance(event, WorkStarted):
            self._said = now
        self._work.see(event, now)
        if self._work.tables_done and now - self._said >= EVERY:
            self._said = now
            console.note(f"  {self._work.summary(now)}")


def logged(event: Event) -> None:
    """Show an event as a line of JSON, where it is worth one."""
    if line := _line(event):
        console.log("warning" if isinstance(event, Notice) else "info", line.strip(), **described(event))


def _line(event: Event) -> str:
    match event:
        case StageStarted() | StepStarted():
            return _begun(event)
        case RunStarted(run, resumed, tables, rows, size):
            word = "resumed" if resumed else "started"
            return f"run {run} {word}: {tables} table pairs, about {rows:,} rows, {size / MEGABYTE:,.0f} MB"
        case TableFinished(source, target, rows, size, seconds):
            rate = size / MEGABYTE / seconds if seconds else 0.0
            place = f"{source} -> {target}" if source else target
            return f"  {place}: {rows:,} rows, {seconds:.1f} s, {rate:,.0f} MB/s"
        case ObjectBuilt(table, name, kind, seconds) if seconds >= SLOW:
            return f"  {table}: {kind} {name}, {seconds:.1f} s"
        case Notice(text):
            return f"note: {text}"
        case _:
            return _followed(event) if isinstance(event, Followed) else ""


def _followed(event: Followed) -> str:
    waiting = f", {event.backlog:,} waiting" if event.backlog else ""
    rows = f"{event.keys:,} keys, {event.written:,} rows written, {event.deleted:,} deleted"
    done = f"{event.commits:,} commits, {rows} in {event.passes:,} passes"
    return f"  {event.database}: {done}, {event.lag:.1f} s behind{waiting}"


def _begun(event: StageStarted | StepStarted) -> str:
    what = event.stage if isinstance(event, StageStarted) else f"{event.action}, {event.step}"
    return f"{what}: {event.note}" if event.note else what
