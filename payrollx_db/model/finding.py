"""A finding: what a check, doctor, a check of the roles, or a search for drift has to say about one place.

There is one model of it, so that there is one way to show it, to count it and to record it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import ACTIONS, FAIL
from payrollx_db.model.wording import counted

EXAMPLES = 10  # how many keys a finding carries at most

Severity = Literal["block", "error", "warn", "info"]

GRAVITY: dict[str, int] = {"block": 0, "error": 1, "warn": 2, "info": 3}

# Codes of findings about rows. All others count tables, sessions, privileges and the like.
ROW_CODES = frozenset({*ACTIONS, "ambiguous-time", "changed", "descendant", "loose-orphan"} - {"trigger"})

# Codes of findings about a role: it may do too little, or too much.
ROLE_LACKS, ROLE_TOO_MUCH = "role-lacks", "role-too-much"

# Codes of what a role leaves behind that no grant shows.
ROLE_SETTING, LARGE_OBJECT, PREPARED_TRANSACTION = "role-setting", "large-object", "prepared-transaction"

RECORDED = ("code", "severity", "place", "count", "message", "examples", "action")


@dataclass(frozen=True)
class Finding:
    """What is wrong, or good to know, at one place.

    ``code`` is stable; ``place`` is a column, a table, an index, a session, or a database's masked URL. ``count``
    says of how many rows (or other things) ``message`` speaks; ``examples`` are keys of some of them, or their names.
    ``action`` is what the policies say to do about it. ``remedy`` says what a person can do, and ``sql`` has the
    statements that fix it, where there are any. ``subject`` is whose it is: a service or a role; empty where it is
    nobody's own. ``check`` is the name of the check that found it, where it has one. ``resolvable`` is false where no
    policy helps, though there is one for other findings of its code; ``impossible`` are actions that can't be here.
    """

    code: str
    severity: Severity
    place: str
    count: int
    message: str
    examples: tuple[str, ...] = ()
    action: str = FAIL
    remedy: str = ""
    sql: str = ""
    subject: str = ""
    check: str = ""
    resolvable: bool = True
    impossible: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether it stops a copy: its severity is ``block``, and no policy resolves it."""
        return self.severity == "block" and self.action == FAIL

    @property
    def resolved(self) -> bool:
        """Whether it would block, and a policy resolves it."""
        return self.severity == "block" and self.action != FAIL

    @property
    def needs_attention(self) -> bool:
        """Whether it is more than information."""
        return self.severity != "info"

    @property
    def rows(self) -> int | None:
        """How many rows it is about; ``None`` where it counts other things."""
        return self.count if self.code in ROW_CODES else None

    @property
    def policies(self) -> tuple[str, ...]:
        """The actions that a policy may choose to resolve it; none where only fixing the cause does."""
        actions = ACTIONS.get(self.code, ()) if self.resolvable else ()
        return tuple(action for action in actions if action not in self.impossible)

    @property
    def recorded(self) -> dict[str, Any]:
        """What the state keeps of it, by column."""
        return {name: getattr(self, name) for name in RECORDED}

    def __str__(self) -> str:
        rows = "" if self.rows is None else f"{counted(self.rows, 'row')}, "
        shown = f" (e.g. {', '.join(self.examples[:3])})" if self.examples else ""
        return f"{self.code} {self.place}: {rows}{self.message}{shown}"


def refuse(findings: Iterable[Finding], *, otherwise: str = "nothing was changed") -> None:
    """Raise FindingsError where a finding blocks, naming each; ``otherwise`` says how everything stands then."""
    blocking = [finding for finding in findings if finding.blocks]
    if blocking:
        rows = sum(finding.rows or 0 for finding in blocking)
        of_rows = f" about {counted(rows, 'row')}" if rows else ""
        number, block = counted(len(blocking), "finding"), "blocks" if len(blocking) == 1 else "block"
        raise FindingsError(
            f"{number}{of_rows} {block} the copy; {otherwise}",
            details=tuple(map(str, blocking)),
            hint=_next_step(blocking, rows=bool(rows)),
        )


def _next_step(blocking: Sequence[Finding], *, rows: bool) -> str:
    """Say what a person can do about what blocks a copy; of triggers, what the command line offers."""
    if rows:
        step = (
            "fix these rows in the legacy databases, or decide about them with --policy;"
            " payrollx-db check names the policies for each"
        )
    else:
        step = "fix what each of them names, then run the same command again"
    if any(finding.code == "trigger" for finding in blocking):
        step += "; --without-triggers leaves the target's triggers out of the copy"
        if any(finding.code == "trigger" and finding.resolvable for finding in blocking):
            step += ", and --policy trigger=fire lets them fire"
    return step
