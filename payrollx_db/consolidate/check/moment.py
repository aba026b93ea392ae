"""What a check says of databases that are being written: it holds for its moment.

What speaks of one row stands for that row, until the log tells that it has changed. What speaks of two tables may come
of their two moments: a child whose parent came later than the parents were read, a duplicate row of which only one side
is changed yet. So this blocks no copy, and is looked at again when the tables are at one moment.
"""

from collections.abc import Collection
from dataclasses import replace

from payrollx_db.consolidate.check.checks import Checked
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import Policies

OF_TWO_TABLES = frozenset({"orphan", "drift", "stranded"})
LATER = "; it blocks no copy while services write, and is looked at again before the cutover"
IMPORTING = ("newest", "adopt")  # actions that take rows from a duplicate table


def for_the_moment(checked: Checked, duplicates: Collection[str]) -> Checked:
    """Return what of a check counts where the sources are followed after the copy.

    Findings about two tables only warn. What was decided about rows of ``duplicates`` (the source tables' names) is
    left out: they are compared when they are settled.
    """
    findings = tuple(map(_softened, checked.findings))
    return Checked(findings, tuple(d for d in checked.decisions if d.source not in duplicates))


def refuse_unfollowed(policies: Policies) -> None:
    """Raise ConfigurationError where a policy takes rows from duplicate tables, which can't be followed.

    Which of two rows is newer changes with every write of either side, and a row that came from a duplicate table would
    have two sources to follow.
    """
    if taking := [policy for policy in policies.all if policy.action in IMPORTING]:
        raise ConfigurationError(
            f"policy {', '.join(map(str, taking))}: rows of duplicate tables can't be taken over while services write,"
            " as two databases would then be followed into one row",
            hint="follow with drift=owner or stranded=owner, or correct these rows in the owner's table first",
        )


def _softened(finding: Finding) -> Finding:
    if not (finding.blocks and finding.code in OF_TWO_TABLES):
        return finding
    return replace(finding, severity="warn", message=finding.message + LATER)
