"""Progress for people: bars where stderr is a terminal, plain lines where it isn't. And for programs: `recording`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from payrollx_db.cli.event_log import described, recording
from payrollx_db.cli.render import console
from payrollx_db.model.events import (
    Event,
    Notice,
    ObjectBuilt,
    Observer,
    RunStarted,
    StageStarted,
    TableFinished,
    TableProgress,
    TableStarted,
)

MEGABYTE = 1_000_000
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
        yield lines
        return
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        _Rows(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        console=console.stderr,
        transient=True,
        expand=True,
    )
    with progress:
        yield Bars(progress).see


def lines(event: Event) -> None:
    """Show an event as a plain line, where it is worth one."""
    if line := _line(event):
        console.note(line)


def logged(event: Event) -> None:
    """Show an event as a line of JSON, where it is worth one."""
    if line := _line(event):
        console.log("warning" if isinstance(event, Notice) else "info", line.strip(), **described(event))


def _line(event: Event) -> str:
    match event:
        case StageStarted(stage, note):
            return f"{stage}: {note}" if note else stage
        case RunStarted(run, resumed, tables, rows, size):
            word = "resumed" if resumed else "started"
            return f"run {run} {word}: {tables} tables, about {rows:,} rows, {size / MEGABYTE:,.0f} MB"
        case TableFinished(source, target, rows, size, seconds):
            rate = size / MEGABYTE / seconds if seconds else 0.0
            place = f"{source} -> {target}" if source else target
            return f"  {place}: {rows:,} rows, {seconds:.1f} s, {rate:,.0f} MB/s"
        case ObjectBuilt(table, name, kind, seconds) if seconds >= SLOW:
            return f"  {table}: {kind} {name}, {seconds:.1f} s"
        case Notice(text):
            return f"note: {text}"
        case _:
            return ""


class Bars:
    """One bar a running table, and one for all."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tables: dict[tuple[str, str], TaskID] = {}
        self._rows: dict[tuple[str, str], int] = {}
        self._all: TaskID | None = None
        self._counted = False  # whether rows of the current stage are counted while they move
        self._built = 0

    def see(self, event: Event) -> None:
        """Show an event."""
        match event:
            case StageStarted(stage, note):
                self._say(f"{stage}: {note}" if note else stage)
                self._counted = stage == "copy"
                if not self._counted:
                    self._total(None, stage)
            case RunStarted(rows=rows):
                self._total(rows, "all tables")
            case ObjectBuilt():
                self._built += 1
                if self._all is not None:
                    self._progress.update(self._all, description=f"{self._built} indexes and keys")
            case Notice(text):
                self._say(f"note: {text}")
            case TableStarted() | TableProgress() | TableFinished():
                self._table(event)

    def _table(self, event: TableStarted | TableProgress | TableFinished) -> None:
        place = (event.source, event.target)
        if isinstance(event, TableStarted):
            short = event.target if len(event.target) <= _NAME else "…" + event.target[-_NAME + 1 :]
            total = event.rows or None if self._counted else None
            if place in self._tables:  # it was cut off, and is redone
                self._progress.remove_task(self._tables.pop(place))
            self._tables[place] = self._progress.add_task(short, total=total, size=0)
            return
        self._moved(place, event.rows, event.size)
        if isinstance(event, TableFinished) and place in self._tables:
            self._progress.remove_task(self._tables.pop(place))

    def _say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, soft_wrap=True)

    def _total(self, rows: int | None, name: str) -> None:
        if self._all is not None:
            self._progress.remove_task(self._all)
        self._all = self._progress.add_task(name, total=rows, size=0)
        self._rows.clear()

    def _moved(self, place: tuple[str, str], rows: int, size: int) -> None:
        if place in self._tables:
            self._progress.update(self._tables[place], completed=rows, size=size)
        self._rows[place] = max(rows, self._rows.get(place, 0))
        if self._all is not None:
            self._progress.update(self._all, completed=sum(self._rows.values()))


_NAME = 28  # columns for a table's name, so that a bar is left of 80


class _Rows(ProgressColumn):
    """Rows so far."""

    def render(self, task: Task) -> Text:
        return Text(f"{int(task.completed):,} rows", justify="right")


class _Rate(ProgressColumn):
    """Megabytes a second since the table began."""

    def render(self, task: Task) -> Text:
        size, elapsed = task.fields.get("size", 0), task.elapsed
        return Text(f"{size / MEGABYTE / elapsed:,.0f} MB/s" if size and elapsed else "", justify="right")
