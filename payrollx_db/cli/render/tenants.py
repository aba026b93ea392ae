"""How many tenants look to people: a line each where they are few, else those that somebody has to look at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from payrollx_db.cli.render import console, findings
from payrollx_db.model.wording import counted
from payrollx_db.tenants.outcome import TenantOutcome, TenantsOutcome

if TYPE_CHECKING:
    from payrollx_db.consolidate.transfer import Transferred
    from payrollx_db.tenants.lifecycle.ending import Listed
    from payrollx_db.tenants.lifecycle.migrating_all import TenantMigrated

MANY = 50  # tenants up to which each has its line
SHOWN = 5  # problems of one tenant
NAMED = 2  # of what an older database lacks; --json has all

FINDINGS = 3


def answer_tenants(outcome: TenantsOutcome, *, as_json: bool) -> int:
    """Answer a command over many tenants; return its exit code: 3 where something of it isn't right."""
    if as_json:
        console.answer_json(outcome.document())
    else:
        show_tenants(outcome)
    return code_of(outcome)


def code_of(outcome: TenantsOutcome) -> int:
    """Return the exit code: 3 where something isn't right."""
    blocking = any(finding.blocks for finding in outcome.findings)
    return FINDINGS if outcome.troubled or outcome.problems or blocking else 0


def show_tenants(outcome: TenantsOutcome) -> None:
    """Show what became of each tenant, what is wrong with those in trouble, and all of it in a line."""
    listed = outcome.tenants if len(outcome.tenants) <= MANY else outcome.troubled
    if listed:
        table = console.table(
            ("tenant", "left"), ("name", "left"), ("", "left"), ("tables", "right"), ("rows", "right"),
            ("older: lacks", "left"),
        )  # fmt: skip
        for tenant in listed:
            table.add_row(
                tenant.id, tenant.name, tenant.state, f"{tenant.tables:,}", f"{tenant.rows:,}", _missing(tenant)
            )
        console.answer_table(table)
    for tenant in outcome.troubled:
        _show_problems(tenant)
    for problem in outcome.problems:
        console.answer_wrapped(f"beside the tenants: {problem}")
    findings.show(outcome.findings)
    console.answer("")
    console.answer_wrapped(f"{outcome.summary}{_ending(outcome)}")


def _missing(tenant: TenantOutcome) -> str:
    more = len(tenant.missing) - NAMED
    return ", ".join(tenant.missing[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _show_problems(tenant: TenantOutcome) -> None:
    console.answer("")
    console.answer_wrapped(f"{tenant.id} ({tenant.name}): {tenant.state}" if tenant.name else tenant.id)
    for problem in tenant.problems[:SHOWN]:
        console.answer_wrapped(problem, indent=2, further=4)
    if len(tenant.problems) > SHOWN:
        console.answer(f"  and {len(tenant.problems) - SHOWN} more")
    if tenant.hint:
        console.answer_wrapped(f"hint: {tenant.hint}", indent=2, further=4)


def _ending(outcome: TenantsOutcome) -> str:
    return "; ended at the first one in trouble, as was asked" if outcome.stopped else ""


def show_list(listed: "Sequence[Listed]") -> None:
    """Show the tenants of a registry."""
    table = console.table(
        ("tenant", "left"), ("name", "left"), ("status", "left"), ("plan", "left"), ("lives in", "left"),
        ("revision", "left"),
    )  # fmt: skip
    for one in listed:
        known = one.tenant
        table.add_row(known.id, known.name, known.status, known.plan, known.database or known.schema, one.revision)
    console.answer_table(table)
    console.answer(f"\n{counted(len(listed), 'tenant')}")


def show_migrated(results: "Sequence[TenantMigrated]") -> None:
    """Show what became of each tenant's schema; where they are many, of those that failed."""
    failed = [one for one in results if one.state == "failed"]
    listed = results if len(results) <= MANY else failed
    if listed:
        table = console.table(("tenant", "left"), ("", "left"), ("revision", "left"), ("why", "left"))
        for one in listed:
            table.add_row(one.tenant, one.state, one.revision, one.problem)
        console.answer_table(table)
    for one in failed:
        for line in (*one.details[:SHOWN], f"hint: {one.hint}" if one.hint else ""):
            if line:
                console.answer_wrapped(f"{one.tenant}: {line}", indent=2, further=4)
    totals: dict[str, int] = {}
    for one in results:
        totals[one.state] = totals.get(one.state, 0) + 1
    parts = ", ".join(f"{number} {state}" for state, number in totals.items())
    console.answer(f"\n{counted(len(results), 'tenant')}{f': {parts}' if parts else ''}")


def show_exported(tenant: str, place: str, done: "Transferred") -> None:
    """Show what went into a tenant's database of the old shape."""
    table = console.table(("table", "left"), ("rows", "right"), ("", "left"))
    for name, rows in done.tables.items():
        table.add_row(name, f"{rows:,}", "identical")
    console.answer_table(table)
    for lost in done.lost:
        console.note(f"not in the old shape: {lost}")
    console.answer(f"\n{tenant} is in {place}, in its old shape, and identical.")
