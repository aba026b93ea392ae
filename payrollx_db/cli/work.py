"""How far a stage is in all: tables, rows, bytes, the time that it took and what is left of it."""

from dataclasses import dataclass, field

from payrollx_db.model.events import Event, TableChecked, TableFinished, TableProgress, WorkStarted

MEGABYTE = 1_000_000
MEASURED = 2.0  # seconds after which there is something to judge the rest by


@dataclass
class Work:
    """What is to be done in a stage, and what is done. All times are of one clock that never goes back."""

    stage: str = ""
    tables: int = 0
    rows: int = 0
    size: int = 0
    started: float = 0.0
    _rows: dict[tuple[str, str], int] = field(default_factory=dict)
    _sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    _done: set[tuple[str, str]] = field(default_factory=set)

    def see(self, event: Event, now: float) -> None:
        """Take note of an event that happened ``now``."""
        match event:
            case WorkStarted(stage, tables, rows, size):
                self.stage, self.tables, self.rows, self.size, self.started = stage, tables, rows, size, now
                self._rows.clear()
                self._sizes.clear()
                self._done.clear()
            case TableProgress(source, target, rows, size):
                self._count((source, target), rows, size)
            case TableFinished(source, target, rows, size) | TableChecked(source, target, rows, size):
                self._count((source, target), rows, size)
                self._done.add((source, target))

    def _count(self, place: tuple[str, str], rows: int, size: int) -> None:
        self._rows[place] = max(rows, self._rows.get(place, 0))
        self._sizes[place] = max(size, self._sizes.get(place, 0))

    @property
    def tables_done(self) -> int:
        """How many tables are done."""
        return len(self._done)

    @property
    def rows_done(self) -> int:
        """How many rows are done."""
        return sum(self._rows.values())

    @property
    def share(self) -> float:
        """Which part is done, 0 to 1: of the rows while a copy moves them, else of the bytes of whole tables."""
        if self.tables and self.tables_done >= self.tables:
            return 1.0
        done, total = (self.rows_done, self.rows) if self.stage == "copy" else (sum(self._sizes.values()), self.size)
        if not total:  # nothing has ever counted the rows
            done, total = self.tables_done, self.tables
        return min(0.99, done / total) if total else 0.0

    def rate(self, now: float) -> float:
        """Return the bytes a second since the stage began."""
        elapsed = now - self.started
        return sum(self._sizes.values()) / elapsed if elapsed > 0 else 0.0

    def left(self, now: float) -> float | None:
        """Return how many seconds are left, at the pace so far; ``None`` where that can't be told yet."""
        elapsed = now - self.started
        return elapsed / self.share - elapsed if self.share and elapsed >= MEASURED else None

    def summary(self, now: float) -> str:
        """Return it all in a line."""
        left = self.left(now)
        parts = [
            f"{self.stage}: {self.tables_done:,} of {self.tables:,} table pairs",
            f"{self.rows_done:,} rows",
            f"{self.share:.0%}",
            f"{self.rate(now) / MEGABYTE:,.0f} MB/s",
            f"{duration(now - self.started)} so far",
        ]
        return ", ".join([*parts, f"about {duration(left)} left"] if left is not None else parts)


def duration(seconds: float) -> str:
    """Return a duration as people write it: ``1:05``, ``2:03:09``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
