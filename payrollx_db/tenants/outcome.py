"""What became of each tenant in a command over many of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from payrollx_db.errors import PayrollxError
from payrollx_db.model.finding import Finding
from payrollx_db.model.wording import counted

State = Literal["planned", "clear", "copied", "already copied", "identical", "different", "trouble", "gone", "left"]


@dataclass(frozen=True)
class TenantOutcome:
    """One tenant: what was done, how many tables and rows that was, and what its older database lacks.

    ``problems`` say what is wrong, a line each, and ``hint`` what to do next.
    """

    id: str
    name: str
    state: State
    tables: int = 0
    rows: int = 0
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    hint: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody has to look at it."""
        return self.state in ("trouble", "different")

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "tables": self.tables,
            "rows": self.rows,
            "missing": list(self.missing),
            "problems": list(self.problems),
            "hint": self.hint,
        }


@dataclass(frozen=True)
class TenantsOutcome:
    """All tenants of a command, and what it says beside them: ``beside`` is the document of the other services.

    ``problems`` say what is wrong with those, a line each. ``stopped`` says that it ended at the first trouble, so that
    what comes after is left.
    """

    tenants: tuple[TenantOutcome, ...]
    findings: tuple[Finding, ...] = ()
    beside: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    stopped: bool = False

    @property
    def troubled(self) -> tuple[TenantOutcome, ...]:
        """Those that somebody has to look at."""
        return tuple(outcome for outcome in self.tenants if outcome.is_trouble)

    @property
    def totals(self) -> dict[str, int]:
        """How many tenants there are in each state."""
        totals: dict[str, int] = {}
        for outcome in self.tenants:
            totals[outcome.state] = totals.get(outcome.state, 0) + 1
        return totals

    @property
    def summary(self) -> str:
        """All of it in a line."""
        parts = [f"{number} {state}" for state, number in sorted(self.totals.items())]
        rows = sum(outcome.rows for outcome in self.tenants)
        return f"{counted(len(self.tenants), 'tenant')}: {', '.join(parts) or 'none'}; {rows:,} rows"

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "tenants": [outcome.document() for outcome in self.tenants],
            "totals": self.totals,
            "rows": sum(outcome.rows for outcome in self.tenants),
            "findings": [finding.recorded for finding in self.findings],
            "stopped": self.stopped,
            "registry": self.beside,
            "registry_problems": list(self.problems),
        }


def in_trouble(tenant: tuple[str, str], error: PayrollxError, missing: Sequence[str] = ()) -> TenantOutcome:
    """Return the outcome of a tenant, by its id and name, that an error has kept from going on."""
    return TenantOutcome(
        *tenant, "trouble", missing=tuple(missing), problems=(error.message, *error.details), hint=error.hint
    )


def blocked(tenant: tuple[str, str], findings: Iterable[Finding], missing: Sequence[str] = ()) -> TenantOutcome:
    """Return the outcome of a tenant of which findings block the copy."""
    lines = tuple(str(finding) for finding in findings)
    hint = "fix these rows in its database, or decide about them with --policy"
    return TenantOutcome(*tenant, "trouble", missing=tuple(missing), problems=lines, hint=hint)
