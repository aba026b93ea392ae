"""Destinations as the state keeps them: a target table, and the constants of its scope as one jsonb."""

import json
from collections.abc import Collection

from payrollx_db.consolidate.plan.destination import Destination, Scope


def as_json(scope: Scope) -> str:
    """Return a scope as the text of a jsonb."""
    return json.dumps(dict(scope), ensure_ascii=False)


def as_parameters(destinations: Collection[Destination]) -> dict[str, list[str]]:
    """Return destinations as the parameters ``targets`` and ``scopes`` of a query."""
    return {"targets": [d.table for d in destinations], "scopes": [as_json(d.scope) for d in destinations]}
