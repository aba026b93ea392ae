"""How a lift looks to people, and to programs."""

from typing import Any

from payrollx_db.cli.render import console, findings
from payrollx_db.lift.catalog import lift
from payrollx_db.lift.plan.planner import LiftPlan


def plan_document(plan: LiftPlan) -> dict[str, Any]:
    """Return what ``lift plan --json`` answers; ``blocking`` counts the findings that keep the schemas from going."""
    return {
        "services": [
            {
                "source": source.source,
                "service": source.service,
                "schema": source.schema,
                "tables": len(plan.lock.schemas[source.source].tables),
            }
            for source in plan.sources
        ],
        "left_behind": [{"place": place, "reason": reason} for place, reason in left_behind(plan)],
        "findings": [
            finding.recorded | {"remedy": finding.remedy, "sql": finding.sql} for finding in plan.findings
        ],
        "blocking": sum(finding.blocks for finding in plan.findings),
    }  # fmt: skip


def show_plan(plan: LiftPlan, *, hint: bool = True) -> None:
    """Show what becomes of each schema, what is left behind, and what was found; with a ``hint``, what comes next."""
    table = console.table(("source", "left"), ("schema", "left"), ("tables", "right"), ("service", "left"))
    for source in plan.sources:
        tables = len(plan.lock.schemas[source.source].tables)
        table.add_row(source.source, source.source_schema, f"{tables:,}", source.service)
    console.answer_table(table)
    for place, reason in left_behind(plan):
        console.answer(f"left behind: {place} ({reason})")
    if plan.findings:
        console.answer("")
        findings.show(plan.findings)
    blocking = sum(finding.blocks for finding in plan.findings)
    console.answer("")
    if not blocking:
        console.answer("nothing blocks the lift.")
        if hint:
            console.note(f"hint: {plan.project.command('lift schema')} makes the schemas")
    else:
        console.answer(f"{blocking} {'finding blocks' if blocking == 1 else 'findings block'} the lift.")


def left_behind(plan: LiftPlan) -> list[tuple[str, str]]:
    """Return what of these sources is left behind, each with the reason."""
    names = {source.source for source in plan.sources}
    layout = lift(plan.project, plan.lock).layout
    return [
        (f"{database.name}.{discard.table}" + (f".{discard.column}" if discard.column else ""), discard.reason)
        for database in layout.databases
        if database.name in names
        for discard in database.discards
    ]
