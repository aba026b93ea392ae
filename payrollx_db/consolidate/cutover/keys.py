"""Foreign keys of the unified database around a switch: down while it follows, back behind the fence, then validated.

Behind the fence they are added NOT VALID, which reads no row: from then on they hold for what services write. The rows
that are there already are looked at when the unified database is open.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy.foreign_keys import KeyBuilder
from payrollx_db.consolidate.cutover.lines import between
from payrollx_db.consolidate.state.objects import designed_valid, dropped_objects, record_restored
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.postgres.introspect import ForeignKey, read_database

Name = tuple[str, str]  # of a key: its table's, and its own


@dataclass(frozen=True)
class Keys:
    """The foreign keys that come back with a switch: ``missing`` are down, ``due`` are to be validated in the end."""

    builder: KeyBuilder
    missing: tuple[ForeignKey, ...]
    due: tuple[ForeignKey, ...]
    valid: frozenset[Name]
    dropped_by: Mapping[int, list[Name]]

    async def add(self) -> None:
        """Add what is missing, NOT VALID. Raises FindingsError or TargetError."""
        await self.builder.add(self.missing, ())

    async def validate(self) -> None:
        """Look at the rows that are there. Raises FindingsError where one has no parent, TargetError otherwise."""
        await self.builder.validate([k for k in self.due if (k.table, k.name) not in self.valid], ())
        async with self.builder.context.transaction() as connection:
            for number, names in self.dropped_by.items():
                await record_restored(connection, number, names)


async def keys_of(context: RunContext, away: Collection[str]) -> Keys:
    """Return the foreign keys that following has taken down and that come back; those of tables ``away`` stay down.

    Raises TargetError.
    """
    recorded: dict[Name, ForeignKey] = {}
    dropped_by: dict[int, list[Name]] = {}
    with context.target.translating_errors("can't read the foreign keys"):
        database = await read_database(context.connection, context.target.name, context.target.schemas)
        for one in await runs(context.connection):
            for item in await dropped_objects(context.connection, one.id):
                if isinstance(item.thing, ForeignKey) and not item.restored and between([item.thing], away):
                    recorded.setdefault((item.table, item.name), item.thing)
                    dropped_by.setdefault(one.id, []).append((item.table, item.name))
        designed = await designed_valid(context.connection)
    current = {(key.table, key.name): key for key in database.foreign_keys}
    return Keys(
        KeyBuilder(context, {n for n, table in database.tables.items() if table.kind == "p"}, hurried=True),
        tuple(key for name, key in recorded.items() if name not in current),
        tuple(key for name, key in recorded.items() if name in designed),
        frozenset(name for name, key in current.items() if key.validated),
        dropped_by,
    )
