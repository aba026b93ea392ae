"""What is kept out of the target, and why: decided before the copy, kept with the full legacy row.

A decision is about one source row, named by its own primary key. Of kind ``row``, the row is
quarantined; of kind ``value``, the row goes in with something changed, and the legacy row is kept.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state.quarantine import Decision

UNSENT = "undefined-character"  # the code of rows that can't leave their server as texts


def apply(plan: Plan, decisions: Iterable[Decision]) -> Plan:
    """Return the plan with the exceptions that ``decisions`` make."""
    out: dict[str, dict[str, None]] = defaultdict(dict)
    nulled: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    imported: dict[str, dict[str, None]] = defaultdict(dict)
    unsent: dict[str, dict[str, None]] = defaultdict(dict)
    for decision in decisions:
        if decision.kind == "row":
            out[decision.source][decision.key] = None
            if decision.code == UNSENT:
                unsent[decision.source][decision.key] = None
        elif decision.kind == "adopted":
            imported[decision.source][decision.key] = None
        elif decision.action == "null":
            nulled[decision.source, decision.column][decision.key] = None

    owners = {(table.database, table.destination): table.source_name for table in plan.copies}

    def excepted(table: TablePlan) -> TablePlan:
        name = table.source_name
        # What is NULL in the owner's row is NULL in the target, so a duplicate of it is compared likewise.
        decided_as = owners.get((table.owner, table.destination), name) if table.owner else name
        columns = {
            c.target.name: tuple(keys) for c in table.columns if (keys := nulled.get((decided_as, c.target.name)))
        }
        return replace(
            table, out=tuple(out[name]), unsent=tuple(unsent[name]), nulled=columns, imported=tuple(imported[name])
        )

    return replace(plan, tables=tuple(map(excepted, plan.tables)))


def legacy_rows(table: TablePlan, keys: Iterable[str]) -> sql.Composable:
    """Return the query of key and whole row, as jsonb, of these rows of a source."""
    whole = sql.SQL("SELECT {}, {} FROM {} WHERE {}")
    return whole.format(
        table.source_key or sql.SQL("NULL"), table.whole_row, table.from_source, table.among(list(keys))
    )


def exported(entry: dict[str, Any]) -> str:
    """Return an entry as one line of JSON."""
    return json.dumps(entry, default=str, ensure_ascii=False)
