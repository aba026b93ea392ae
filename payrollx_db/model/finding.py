"""What a check finds out about the data, and what becomes of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import FAIL

EXAMPLES = 10  # how many keys a finding carries at most

Severity = Literal["block", "warn", "info"]

# Codes of what surrounds the rows: no policy resolves them, and they count tables, sessions and the like.
AROUND = frozenset({
    "collation", "disk", "encoding", "extension", "long-transaction", "prisma-unfinished", "privilege",
    "replication-ready", "trigger", "unlogged", "version",
})  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something about the data: a stable code, how grave it is, where, how many rows, some of their keys.

    ``action`` is what the policies say to do about it.
    """

    code: str
    severity: Severity
    place: str
    count: int
    message: str
    examples: tuple[str, ...] = ()
    action: str = FAIL

    @property
    def blocks(self) -> bool:
        """Whether the copy can't go on: the finding is grave, and no policy resolves it."""
        return self.severity == "block" and self.action == FAIL

    @property
    def rows(self) -> int | None:
        """How many rows it is about; ``None`` where it counts other things."""
        return None if self.code in AROUND else self.count

    def __str__(self) -> str:
        rows = "" if self.rows is None else f"{self.rows:,} row, " if self.rows == 1 else f"{self.rows:,} rows, "
        shown = f" (e.g. {', '.join(self.examples[:3])})" if self.examples else ""
        return f"{self.code} {self.place}: {rows}{self.message}{shown}"


def refuse(findings: Iterable[Finding]) -> None:
    """Raise FindingsError where a finding blocks, naming each."""
    blocking = [finding for finding in findings if finding.blocks]
    if blocking:
        rows = sum(finding.rows or 0 for finding in blocking)
        of_rows = f" about {rows:,} rows" if rows else ""
        mend = (
            "mend these rows in the legacy databases, or say with --policy what to do about them;"
            " payrollx-db check names the policies of each"
        )
        raise FindingsError(
            f"{len(blocking)} findings{of_rows} block the copy; the target is as it was",
            details=tuple(map(str, blocking)),
            hint=mend if rows else "mend what each of them says, then run the same command again",
        )
