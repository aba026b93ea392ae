"""A ledger of acknowledged writes, kept outside of any database: what was promised has to be found in the end.

A line a write, in a file a service, written once the server has said that the write is committed. A write of which
nobody knows (the connection broke while it ended) is written as such, and either outcome is right.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["acknowledged", "unknown"]
GONE = None  # the mark of a row that was deleted


@dataclass(frozen=True)
class Entry:
    """One write: of which row, what it left there (``None``: nothing), when, on which side, and how it ended."""

    table: str
    key: str
    mark: str | None
    at: float
    side: str
    outcome: Outcome = "acknowledged"

    def line(self) -> str:
        """Return the entry as it is kept."""
        return json.dumps([self.table, self.key, self.mark, self.at, self.side, self.outcome])


@dataclass
class Balance:
    """What all entries of one file add up to: the last acknowledged state of each row, and how often one had to wait.

    ``possible`` are further states of rows whose last writes nobody knows. ``pauses`` are the switches from one side to
    the other: when the last write of the one was acknowledged, and the first of the other.
    """

    writes: Counter[str] = field(default_factory=Counter)
    rows: dict[tuple[str, str], str | None] = field(default_factory=dict)
    possible: dict[tuple[str, str], set[str | None]] = field(default_factory=lambda: defaultdict(set))
    pauses: list[tuple[float, float, str]] = field(default_factory=list)
    last: Entry | None = None

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        row = (entry.table, entry.key)
        if entry.outcome == "unknown":
            self.possible[row].add(entry.mark)
            return
        self.writes[entry.side] += 1
        self.rows[row] = entry.mark
        self.possible.pop(row, None)
        if self.last is not None and self.last.side != entry.side:
            self.pauses.append((self.last.at, entry.at, entry.side))
        self.last = entry

    def differences(self, table: str, found: Mapping[str, Any]) -> Iterator[str]:
        """Yield the rows of a table that aren't as promised; ``found`` has the marks that are there, by key."""
        for (name, key), mark in self.rows.items():
            allowed = {mark, *self.possible.get((name, key), ())}
            if name == table and found.get(key) not in allowed:
                yield f"{table} {key}: {found.get(key)!r} in place of {mark!r}"


class LedgerReader:
    """Reads a file that is still being written, and adds it up; each call goes on where the last one ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.balance = Balance()
        self._offset = 0

    def read(self) -> Balance:
        """Add up the lines that are complete by now."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._offset += len(whole)
            for line in whole.splitlines():
                self.balance.add(Entry(*json.loads(line)))
        return self.balance
