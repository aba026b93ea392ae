"""Writers with a schedule: what they are asked for doesn't wait for what they get, and each keeps a log of its own.

pgbench at a rate has a time at which each transaction is due, whatever became of those before it, and catches up where
it is late. So how much writers do afterwards says nothing of what was in their way; what they lose in a span of time is
what was due there and wasn't acknowledged before its end. Its latencies count from when a transaction was due.
"""

import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench_world import BenchWorld, execute, pids, seconds_of

LATE = 0.05  # seconds behind its schedule that a writer may be to have caught up
CATCH_UP = 30.0  # seconds that it gets for that
LONG = 600
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'"
END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'pgbench'"


@dataclass(frozen=True)
class Span:
    """What was due in a span of time, how much of it was acknowledged there, and the latencies of all that was due."""

    asked: int
    acknowledged: int
    latencies: Sequence[float]

    @property
    def lost(self) -> float:
        """The share of what was due that wasn't acknowledged in time."""
        return 1 - self.acknowledged / self.asked if self.asked else 0.0

    def latency(self, share: float) -> float:
        """Return the latency in seconds that this share of all transactions stayed under."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] if self.asked else 0.0


@dataclass
class OpenLoop:
    """The writers of all sources at ``rate`` a second of each, from when they are begun until they are ended."""

    world: BenchWorld
    rate: int
    _writers: "list[subprocess.Popen[str]]" = field(default_factory=list)
    _logs: Path = Path()

    def begin(self, name: str) -> None:
        """Let them write; their logs have this name."""
        self._logs = self.world.folder / f"log-{name}"
        self._logs.mkdir()
        self._writers = self.world.writers(self.rate, LONG, logs=self._logs)

    def end(self) -> None:
        """Let them catch up with their schedule, and end their sessions: then each writes the end of its log."""
        until = time.monotonic() + CATCH_UP
        while self._behind() > LATE and time.monotonic() < until:
            time.sleep(0.5)
        execute(self.world.old.url(), END)
        for writer in self._writers:
            writer.communicate()
        self._writers = []

    def spent(self) -> tuple[float, float]:
        """Return the processor seconds of the writers by now, and those of their sessions."""
        sessions = pids(self.world.old.url(), SESSIONS)
        return sum(seconds_of(writer.pid) for writer in self._writers), sum(map(seconds_of, sessions))

    def span(self, began: float, ended: float) -> Span:
        """Return what was due from ``began`` to ``ended`` (`time.time`), once the writers are ended.

        What a writer never began, since it was ended before, is counted by its rate.
        """
        asked = acknowledged = 0
        latencies: list[float] = []
        for log in self._logs.iterdir():
            last = began
            for due, done in self._transactions(log):
                last = max(last, due)
                if began <= due < ended:
                    asked += 1
                    acknowledged += done < ended
                    latencies.append(done - due)
            asked += round(max(0.0, ended - last - 1) * self.rate)  # those before it are all in the log
        return Span(asked, acknowledged, sorted(latencies))

    def _behind(self) -> float:
        """Return how many seconds those writers that are late are behind: the median of their last transactions."""
        lags = [float(line.split()[6]) / 1e6 for log in self._logs.iterdir() for line in _complete(log)[-10:]]
        return statistics.median(lags) if lags else 0.0

    @staticmethod
    def _transactions(log: Path) -> Iterator[tuple[float, float]]:
        """Yield of each transaction in a log when it was due, and when it was acknowledged."""
        for line in _complete(log):
            _, _, latency, _, seconds, microseconds, *_ = line.split()
            done = int(seconds) + int(microseconds) / 1e6
            yield done - float(latency) / 1e6, done


def _complete(log: Path) -> list[str]:
    """Return the lines of a log that are written to their end."""
    text, newline, _ = log.read_text().rpartition("\n")
    return text.splitlines() if newline else []
