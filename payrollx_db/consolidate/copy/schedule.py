"""In which order tables are copied: small ones several to a batch, and each after those that its rows point at."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from payrollx_db.consolidate.copy.selection import Selection
from payrollx_db.consolidate.plan.mapping import TablePlan

# What goes in one transaction at most. Beyond so many tables, there is nothing left to save; a batch that is cut off is
# redone whole; and each table takes several locks, of which a server has 6,400 unless it was given more.
BATCH_BYTES = 8 * 1024 * 1024
BATCH_LOCKS = 400
LOCKS_BESIDE_INDEXES = 3  # the table, its TOAST table and that one's index


@dataclass(frozen=True)
class Unit:
    """Tables that are copied in one go, in this order: one, or a batch of one source. It waits for ``after``."""

    number: int
    tables: tuple[TablePlan, ...]
    batch: bool
    after: frozenset[int]


@dataclass
class _Open:
    """A batch that may take in more tables."""

    number: int
    size: int
    locks: int


def units(tables: Iterable[TablePlan], selection: Selection, alone: Collection[str]) -> list[Unit]:
    """Cut ``tables`` into units; those with a target in ``alone`` go by themselves, whatever their size.

    A unit waits for units of smaller numbers only, so there is always one that can begin.
    """
    members: list[list[TablePlan]] = []
    batches: set[int] = set()
    unit_of: dict[str, int] = {}
    after: dict[int, set[int]] = {}
    current: dict[str, _Open] = {}
    for table in _parents_first(list(tables), selection.parents):
        above = [unit_of[parent] for parent in selection.parents[table.target_name] if parent in unit_of]
        latest = max(above, default=-1)
        batch = current.get(table.database)
        together = goes_in_batch(table, alone)
        if together and batch is not None and _has_room(batch, table) and latest <= batch.number:
            members[batch.number].append(table)
        else:
            batch = _Open(len(members), 0, 0)
            members.append([table])
            if together:
                current[table.database] = batch
                batches.add(batch.number)
        if together:
            batch.size += table.source.size
            batch.locks += _locks(table)
        unit_of[table.target_name] = batch.number
        after.setdefault(batch.number, set()).update(number for number in above if number < batch.number)
    return [
        Unit(number, tuple(group), number in batches, frozenset(after[number])) for number, group in enumerate(members)
    ]


def goes_in_batch(table: TablePlan, alone: Collection[str]) -> bool:
    """Tell whether a table is copied with others in one transaction."""
    return table.small and table.target.kind == "r" and table.target_name not in alone


def _parents_first(tables: Sequence[TablePlan], parents: Mapping[str, frozenset[str]]) -> Iterator[TablePlan]:
    """Yield the tables in their order, but each after its parents. Where those go in a circle, it is cut somewhere."""
    by_name = {table.target_name: table for table in tables}
    visited: set[str] = set()
    for table in tables:
        stack = [(table.target_name, iter(sorted(parents[table.target_name])))]
        if table.target_name in visited:
            continue
        visited.add(table.target_name)
        while stack:
            name, above = stack[-1]
            parent = next((p for p in above if p not in visited), None)
            if parent is None:
                stack.pop()
                yield by_name[name]
            else:
                visited.add(parent)
                stack.append((parent, iter(sorted(parents[parent]))))


def _has_room(batch: _Open, table: TablePlan) -> bool:
    return batch.size + table.source.size <= BATCH_BYTES and batch.locks + _locks(table) <= BATCH_LOCKS


def _locks(table: TablePlan) -> int:
    return LOCKS_BESIDE_INDEXES + len(table.target.indexes)
