"""How many tenants look to people: a line each where they are few, else those that somebody has to look at."""

from payrollx_db.cli.render import console, findings
from payrollx_db.tenants.outcome import TenantOutcome, TenantsOutcome

MANY = 50  # tenants up to which each has its line
SHOWN = 5  # problems of one tenant

FINDINGS = 3


def answer_tenants(outcome: TenantsOutcome, *, as_json: bool) -> int:
    """Answer a command over many tenants; return its exit code: 3 where a tenant is in trouble."""
    blocking = any(finding.blocks for finding in outcome.findings)
    if as_json:
        console.answer_json(outcome.document())
    else:
        show_tenants(outcome)
    return FINDINGS if outcome.troubled or blocking else 0


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
    findings.show(outcome.findings)
    console.answer("")
    console.answer_wrapped(f"{outcome.summary}{_ending(outcome)}")


def _missing(tenant: TenantOutcome) -> str:
    return ", ".join(tenant.missing)


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
