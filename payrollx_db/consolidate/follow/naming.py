"""What a key is called: in the log by the texts of its columns, in the quarantine by one text."""

import json
from collections.abc import Iterable

from payrollx_db.consolidate.follow.flow import Watched
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.postgres.replication.changes import Key


def keys_by_text(watched: Watched, plan: TablePlan, keys: Iterable[Key]) -> dict[str, Key]:
    """Return keys by their source's primary key as one text, as `TablePlan.source_key` writes it.

    Empty where the log names rows by other columns than these.
    """
    names = watched.key_names
    if not plan.source.primary_key or not set(plan.source.primary_key) <= set(names):
        return {}
    places = [names.index(name) for name in plan.source.primary_key]
    if len(places) == 1:
        return {str(key[places[0]]): key for key in keys}
    return {json.dumps([key[place] for place in places], ensure_ascii=False): key for key in keys}


def key_of_text(watched: Watched, plan: TablePlan, text: str) -> Key | None:
    """Return the key that the log has for a row of that text, ``None`` where it has other columns."""
    names, primary = watched.key_names, plan.source.primary_key
    if set(primary) != set(names):
        return None
    values = [text] if len(primary) == 1 else json.loads(text)
    by_name = dict(zip(primary, values, strict=True))
    return tuple(by_name[name] for name in names)
