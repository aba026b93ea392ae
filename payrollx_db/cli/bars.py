"""Progress at a terminal: a bar for each table that is worked on, and a line for all of them."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from payrollx_db.cli.work import MEGABYTE, Work, duration
from payrollx_db.model.events import (
    Event,
    Notice,
    ObjectBuilt,
    StageStarted,
    StepStarted,
    TableFinished,
    TableProgress,
    TableStarted,
    WorkStarted,
)

NARROW = 110  # columns below which names are cut shorter


class Bars:
    """Shows events as bars; use it with ``with``. No bar is left behind."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), _Rows(), _Share(), _Rate(), _Times(),
            console=console, transient=True, expand=True,
        )  # fmt: skip
        self._width = 20 if console.width < NARROW else 48
        self._tables: dict[tuple[str, str], TaskID] = {}
        self._work = Work()
        self._all: TaskID | None = None
        self._built = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def see(self, event: Event) -> None:
        """Show an event."""
        self._work.see(event, time.monotonic())
        match event:
            case StageStarted(stage, note):
                self._say(f"{stage}: {note}" if note else stage)
                if self._work.stage != stage:
                    self._work = Work()
                    self._begin(stage, None)
            case WorkStarted(stage):
                self._begin(stage, 1.0)
            case ObjectBuilt():
                self._built += 1
            case StepStarted(action, step, note):
                self._say(f"{action}, {step}: {note}" if note else f"{action}, {step}")
            case Notice(text):
                self._say(f"note: {text}")
            case TableStarted() | TableProgress() | TableFinished():
                self._table(event)
        self._update()

    def _table(self, event: TableStarted | TableProgress | TableFinished) -> None:
        place = (event.source, event.target)
        if isinstance(event, TableStarted):
            name = event.target if len(event.target) <= self._width else "…" + event.target[-self._width + 1 :]
            total = event.rows or None if self._work.stage == "copy" else None
            if place in self._tables:  # it was cut off, and is redone
                self._progress.remove_task(self._tables.pop(place))
            self._tables[place] = self._progress.add_task(name, total=total, rows=0, size=0)
        elif isinstance(event, TableFinished):
            if place in self._tables:
                self._progress.remove_task(self._tables.pop(place))
        elif place in self._tables:
            self._progress.update(self._tables[place], completed=event.rows, rows=event.rows, size=event.size)

    def _say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, soft_wrap=True)

    def _begin(self, name: str, total: float | None) -> None:
        if self._all is not None:
            self._progress.remove_task(self._all)
        self._all = self._progress.add_task(name, total=total, work=self._work, rows=0)

    def _update(self) -> None:
        if self._all is None:
            return
        work = self._work
        name = f"{work.tables_done:,} of {work.tables:,} table pairs"
        if work.tables_done >= work.tables and self._built:
            name = f"{name}, {self._built} indexes and keys"
        if work.tables:
            self._progress.update(self._all, description=name, completed=work.share, rows=work.rows_done, work=work)


class _Rows(ProgressColumn):
    """Rows so far."""

    def render(self, task: Task) -> Text:
        rows = task.fields.get("rows", 0)
        return Text(f"{rows:,} rows" if rows else "", justify="right", no_wrap=True)


class _Share(ProgressColumn):
    """Which part is done."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.percentage:.0f} %" if task.total and task.completed else "", justify="right", no_wrap=True)


class _Rate(ProgressColumn):
    """Megabytes a second since the table, or the stage, began."""

    def render(self, task: Task) -> Text:
        size, work = task.fields.get("size", 0), task.fields.get("work")
        rate = size / task.elapsed if size and task.elapsed else 0.0
        if isinstance(work, Work) and work.tables:
            rate = work.rate(time.monotonic())
        return Text(f"{rate / MEGABYTE:,.0f} MB/s" if rate else "", justify="right", no_wrap=True)


class _Times(ProgressColumn):
    """The time so far, and what is left: of all."""

    def render(self, task: Task) -> Text:
        work, now = task.fields.get("work"), time.monotonic()
        if not isinstance(work, Work) or not work.tables:
            return Text("")
        left = work.left(now)
        rest = f", {duration(left)} left" if left is not None else ""
        return Text(f"{duration(now - work.started)}{rest}", justify="right", no_wrap=True)
