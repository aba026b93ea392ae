"""In which order tables are copied: small ones several to a batch, and each after those that its rows point at."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from payrollx_db.consolidate.copy.selection import Selection
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.state.parts import Place

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


def units(tables: Iterable[TablePlan], selection: Selection, alone: Collection[Place]) -> list[Unit]:
    """Cut ``tables`` into units; those of ``alone``, by source and target, go by themselves, whatever their size.

    A unit waits for units of smaller numbers only, so there is always one that can begin.
    """
    members: list[list[TablePlan]] = []
    batches: set[int] = set()
    unit_of: dict[Place, int] = {}
    after: dict[int, set[int]] = {}
    current: dict[str, _Open] = {}
    parents = _Parents.of(list(tables), selection.parents)
    for table in parents.first():
        above = [unit_of[parent.place] for parent in parents.above(table) if parent.place in unit_of]
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
        unit_of[table.place] = batch.number
        after.setdefault(batch.number, set()).update(number for number in above if number < batch.number)
    return [
        Unit(number, tuple(group), number in batches, frozenset(after[number])) for number, group in enumerate(members)
    ]


def goes_in_batch(table: TablePlan, alone: Collection[Place]) -> bool:
    """Tell whether a table is copied with others in one transaction."""
    return table.small and table.target.kind == "r" and table.place not in alone


@dataclass(frozen=True)
class _Parents:
    """Which tables must be filled before which: by the names of the targets, and within one scope."""

    tables: Sequence[TablePlan]
    names: Mapping[str, frozenset[str]]
    by_destination: Mapping[Destination, TablePlan]
    by_target: Mapping[str, Sequence[TablePlan]]

    @classmethod
    def of(cls, tables: Sequence[TablePlan], names: Mapping[str, frozenset[str]]) -> "_Parents":
        by_target: dict[str, list[TablePlan]] = {}
        for table in tables:
            by_target.setdefault(table.target_name, []).append(table)
        return cls(tables, names, {table.destination: table for table in tables}, by_target)

    def above(self, table: TablePlan) -> Iterator[TablePlan]:
        """Yield the parents of a table: those of its own scope, where there are any."""
        for name in sorted(self.names[table.target_name]):
            own = self.by_destination.get(replace(table.destination, table=name))
            yield from (own,) if own is not None else self.by_target.get(name, ())

    def first(self) -> Iterator[TablePlan]:
        """Yield the tables in their order, but each after its parents. A circle of these is cut somewhere."""
        visited: set[Place] = set()
        for table in self.tables:
            if table.place in visited:
                continue
            stack = [(table, self.above(table))]
            visited.add(table.place)
            while stack:
                child, above = stack[-1]
                parent = next((p for p in above if p.place not in visited), None)
                if parent is None:
                    stack.pop()
                    yield child
                else:
                    visited.add(parent.place)
                    stack.append((parent, self.above(parent)))


def _has_room(batch: _Open, table: TablePlan) -> bool:
    return batch.size + table.source.size <= BATCH_BYTES and batch.locks + _locks(table) <= BATCH_LOCKS


def _locks(table: TablePlan) -> int:
    return LOCKS_BESIDE_INDEXES + len(table.target.indexes)
