"""Which tables are compared together, in one query a side: a table alone costs eight round trips, however small."""

from collections.abc import Callable, Iterable

from payrollx_db.consolidate.plan.mapping import TablePlan

# What goes in one query at most: it holds a lock on each table and each of its indexes, of which a server has 6,400
# unless it was given more, and when it is cut off, all of it is done again.
MOST_LOCKS = 200
MOST_BYTES = 8 * 1024 * 1024


def in_batches(
    tables: Iterable[TablePlan], special: Callable[[TablePlan], bool]
) -> tuple[list[TablePlan], list[list[TablePlan]]]:
    """Return the tables that go by themselves, and the groups of the others: small ones of one source each.

    ``special`` is true of a table of which more is to be compared than both sides' rows.
    """
    alone: list[TablePlan] = []
    groups: list[list[TablePlan]] = []
    current: dict[str, tuple[list[TablePlan], int, int]] = {}
    for table in tables:
        if not _goes_together(table) or special(table):
            alone.append(table)
            continue
        group, size, locks = current.get(table.database, ([], 0, 0))
        size, locks = size + table.source.size, locks + _locks(table)
        if not group or size > MOST_BYTES or locks > MOST_LOCKS:
            group, size, locks = [], table.source.size, _locks(table)
            groups.append(group)
        group.append(table)
        current[table.database] = (group, size, locks)
    return alone, groups


def _goes_together(table: TablePlan) -> bool:
    return table.small and table.owner is None and (table.source.kind, table.target.kind) == ("r", "r")


def _locks(table: TablePlan) -> int:
    return 1 + max(len(table.source.indexes), len(table.target.indexes))
