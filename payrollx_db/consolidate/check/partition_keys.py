"""Foreign keys of which an end is a single partition: they hold only for the rows that end up there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from payrollx_db.model.catalog import Reference
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class PartitionKey:
    """A foreign key that leaves a partition or points at one.

    The ``roots`` hold all of the partitions. The bounds are what the server says of a partition's rows, ``None`` where
    the end is a whole table. ``temporal`` says that the last columns are periods.
    """

    child_root: str
    child_bounds: str | None
    columns: tuple[str, ...]
    parent_root: str
    parent: str
    parent_bounds: str | None
    parent_columns: tuple[str, ...]
    matches_full: bool = False
    temporal: bool = False

    @property
    def reference(self) -> Reference:
        """The key as a reference of the whole child to the very table that it names."""
        return Reference(self.child_root, self.columns, self.parent, self.parent_columns, enforced=True)


async def partition_keys(session: Any, tables: Sequence[int]) -> dict[str, list[PartitionKey]]:
    """Return the keys of these tables and their partitions, by the table's name. Raises what the driver raises."""
    keys: dict[str, list[PartitionKey]] = {}
    for _, child, child_bounds, columns, root, parent, bounds, parent_columns, *how in await session.fetch(
        queries.load("partition_keys"), list(tables)
    ):
        key = PartitionKey(child, child_bounds, tuple(columns), root, parent, bounds, tuple(parent_columns), *how)
        keys.setdefault(child, []).append(key)
    return keys
