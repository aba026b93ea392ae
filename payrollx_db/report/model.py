"""What a report is made of, as it is recorded: frozen data, and its JSON document."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from payrollx_db.consolidate.state.references import LooseReference
from payrollx_db.consolidate.state.runs import Run
from payrollx_db.model.finding import Finding

State = Literal["proven", "accounted", "different", "unbalanced", "unfinished"]


@dataclass(frozen=True)
class Place:
    """A database: what it is called, on which server (its system identifier), and where, without the password."""

    dbname: str
    system: str
    url: str
    server_version: str
    encoding: str = ""


@dataclass(frozen=True)
class Source:
    """A legacy database as the run found it; ``shape`` is the fingerprint of its tables and columns."""

    database: str
    dbname: str
    system: str
    url: str
    server_version: str
    shape: str
    encoding: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One call of the copy that worked on the run."""

    attempt: int
    started_at: datetime
    host: str
    process: int
    account: str
    tool_version: str
    python_version: str
    jobs: int
    policies: list[str]
    discards: list[dict[str, str]]
    waiting: list[str]
    target_system: str
    target_dbname: str
    target_url: str
    target_version: str
    target_encoding: str | None = None
    ended_at: datetime | None = None
    status: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Account:
    """A source table, what became of its rows, and when they moved."""

    source: str
    target: str
    kind: str
    status: str
    rows_read: int | None
    rows_written: int | None
    rows_quarantined: int | None
    rows_merged: int | None
    bytes: int | None
    seconds: float | None
    started_at: datetime | None
    finished_at: datetime | None
    scope: dict[str, str] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Law 1: rows read = rows written + rows quarantined + rows merged."""
        parts = (self.rows_written, self.rows_quarantined, self.rows_merged)
        return self.rows_read is not None and self.rows_read == sum(part or 0 for part in parts)


@dataclass(frozen=True)
class Part:
    """A part of a table, read under one snapshot."""

    source: str
    target: str
    part: int
    snapshot: str
    slices: int
    finished_at: datetime | None


@dataclass(frozen=True)
class Step:
    """An index built, a constraint added or checked, a duplicate table compared."""

    table: str
    name: str
    kind: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Kept:
    """Rows of one source that stayed out, or of which a value was changed, for one reason."""

    source: str
    kind: str
    code: str
    action: str
    rows: int
    restored: int
    restored_at: datetime | None


@dataclass(frozen=True)
class Verification:
    """One comparison of both sides; ``tables`` is how many of the run's it covered.

    ``structure`` is what it found out about the target's structure, if it looked at it.
    """

    id: int
    started_at: datetime
    finished_at: datetime
    identical: bool
    host: str
    account: str
    tool_version: str
    tables: int
    structure: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verified:
    """What a verification saw of one table; ``buckets`` are rows and hash sums of the target, by bucket of the key.

    Of the ``text_columns``, what was hashed are their values' texts.
    """

    source: str
    target: str
    identical: bool
    source_rows: int
    target_rows: int
    quarantined: int
    missing: int
    extra: int
    changed: int
    started_at: datetime
    finished_at: datetime
    source_hash: str
    target_hash: str
    key_columns: list[str]
    row_columns: list[str]
    bucket_count: int
    buckets: dict[str, list[Any]]
    text_columns: list[str]


@dataclass(frozen=True)
class VerifiedSum:
    """The sums of a number column on both sides, as a verification saw them."""

    source: str
    target: str
    column: str
    source_rows: int
    target_rows: int
    source_sum: str | None
    target_sum: str | None


@dataclass(frozen=True)
class Facts:
    """All that is recorded of one run. ``target`` is the database that the record was read from."""

    run: Run
    target: Place
    sources: tuple[Source, ...]
    attempts: tuple[Attempt, ...]
    tables: tuple[Account, ...]
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    quarantine: tuple[Kept, ...]
    verifications: tuple[Verification, ...]
    verification: Verification | None
    verified: tuple[Verified, ...]
    loose_references: tuple[LooseReference, ...] = ()
    sums: tuple[VerifiedSum, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the verification looked at every table, and nothing was restored since."""
        seen = {(table.source, table.target) for table in self.verified}
        return not self.stale and all((table.source, table.target) in seen for table in self.tables)

    @property
    def stale(self) -> bool:
        """Whether rows of the quarantine were restored after the verification."""
        changed = [kept.restored_at for kept in self.quarantine if kept.restored_at]
        return self.verification is not None and any(at > self.verification.finished_at for at in changed)

    @property
    def state(self) -> State:
        """What a reader wants to know first."""
        if self.run.status != "done":
            return "unfinished"
        if not all(table.balanced for table in self.tables):
            return "unbalanced"
        if self.verification is not None and not self.verification.identical:
            return "different"
        return "proven" if self.verification is not None and self.complete else "accounted"

    def document(self) -> dict[str, Any]:
        """Return all of it as plain data: what is recorded, and nothing of who asks when."""
        document: dict[str, Any] = plain(asdict(self))
        document["findings"] = [_reported(finding) for finding in self.findings]
        return document | {
            "state": self.state,
            "complete": self.complete,
            "stale": self.stale,
            "totals": self._totals,
            "loose_counted": self._loose_counted,
        }

    @property
    def _loose_counted(self) -> bool:
        """Whether the run counted its loose references, of which there may be none: earlier versions didn't."""
        return self.run.status == "done" and any(attempt.target_encoding for attempt in self.attempts)

    @property
    def _totals(self) -> dict[str, int]:
        names = ("rows_read", "rows_written", "rows_quarantined", "rows_merged", "bytes")
        sums = {name: sum(getattr(table, name) or 0 for table in self.tables) for name in names}
        return {"tables": len(self.tables), **sums}


def _reported(finding: Finding) -> dict[str, Any]:
    """Return a finding as reports have it: what was decided about it, and no keys of rows."""
    return {name: value for name, value in finding.recorded.items() if name != "examples"}


def chosen(verifications: tuple[Verification, ...], tables: int) -> Verification | None:
    """Return the verification that a report speaks of.

    The newest that covered all tables, unless a later one found differences; else the widest.
    """
    choice = None
    for one in verifications:
        wider = choice is None or (choice.identical and one.tables >= choice.tables)
        if wider or one.tables >= tables or not one.identical:
            choice = one
    return choice


def plain(value: Any) -> Any:
    """Return dataclasses' values as JSON has them; times in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value
