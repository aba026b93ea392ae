"""Suggestions of copies: tables that look like hand-kept copies of another service's table of the same name."""

from collections.abc import Sequence
from dataclasses import dataclass

from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.names import BOOKKEEPING, snake_case
from payrollx_db.lift.reshape.overlap import End, Overlap, compare
from payrollx_db.lift.reshape.references import INTEGERS, SourceSchema
from payrollx_db.lift.reshape.text import Headline
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session_pool import SessionPool

LEAST_COLUMNS = 0.6  # of the copy's columns that the owner's table has too
LEAST_KEYS = 50.0  # percent of the copy's keys that the owner's table has too


@dataclass(frozen=True)
class _Pair:
    copy: SourceSchema
    owner: SourceSchema
    table: str
    shared: int

    @property
    def mine(self) -> Table:
        return self.copy.facts.tables[self.table]

    @property
    def theirs(self) -> Table:
        return self.owner.facts.tables[self.table]


async def suggest_copies(
    sessions: SessionPool, schemas: Sequence[SourceSchema], seconds: float
) -> tuple[list[Entry], list[Headline]]:
    """Return the tables that share name, columns and keys with another service's. Raises SourceError."""
    entries: list[Entry] = []
    headlines: list[Headline] = []
    for pair in _pairs(schemas):
        overlap = await _keys(sessions, pair, seconds)
        what = (
            f"has the name of {pair.owner.service}.{pair.table} and {pair.shared} of {len(pair.mine.columns)} columns"
        )
        place = (pair.copy.service, pair.table)
        if overlap is None or not overlap.rows:
            headlines.append(Headline(*place, (f"{what}; no rows say whether it is a copy",)))
        elif overlap.percent >= LEAST_KEYS:
            keys = f"{overlap.matched_values:,} of {overlap.values:,} keys are there too"
            lines = (
                f"{what}; {keys}",
                "taken, it is dropped; its rows are compared with the owner's and merged, and keys to it go there",
            )
            entries.append(Entry(*place, "copy", "", {"of": pair.owner.service}, evidence=lines))
        elif overlap.matched:
            share = f"only {overlap.matched_values:,} of {overlap.values:,} keys are there too"
            headlines.append(Headline(*place, (f"{what}, but {share}: not suggested as a copy",)))
    return entries, headlines


# --- private -----------------------------------------------------------------------------------------------------


def _pairs(schemas: Sequence[SourceSchema]) -> list[_Pair]:
    """Return the tables of one name in two services, each with the likely owner: one owner for all."""
    having: dict[str, list[SourceSchema]] = {}
    for schema in schemas:
        for table in schema.tables:
            if table not in BOOKKEEPING:
                having.setdefault(table, []).append(schema)
    pairs = []
    for table, several in having.items():
        if len(several) > 1:
            owner = max(several, key=lambda schema: _likeliness(schema, table))
            found = [_Pair(one, owner, table, _shared(one, owner, table)) for one in several if one is not owner]
            pairs += [pair for pair in found if pair.shared >= LEAST_COLUMNS * len(pair.mine.columns) > 0]
    return pairs


def _likeliness(schema: SourceSchema, table: str) -> tuple[bool, int, int, int]:
    """Rank a service as a table's owner: called like it, with most columns, most references to it, most rows."""
    facts = schema.facts
    called = snake_case(schema.service).rstrip("s") in snake_case(table)
    reached = sum(key.target == (facts.schema, table) for key in facts.foreign_keys)
    return called, len(facts.tables[table].columns), reached, facts.tables[table].rows


def _shared(one: SourceSchema, other: SourceSchema, table: str) -> int:
    mine, theirs = (
        {(snake_case(column.name), column.type.name) for column in schema.facts.tables[table].columns}
        for schema in (one, other)
    )
    return len(mine & theirs)


async def _keys(sessions: SessionPool, pair: _Pair, seconds: float) -> Overlap | None:
    """Compare the keys, where they are one column of one name and type each."""
    if len(pair.mine.primary_key) != 1 or pair.mine.primary_key != pair.theirs.primary_key:
        return None
    mine, theirs = (table.column(table.primary_key[0]) for table in (pair.mine, pair.theirs))
    if mine is None or theirs is None or (mine.type.name != theirs.type.name):
        return None
    if mine.type.name in INTEGERS and mine.sequence and theirs.sequence:
        return None  # both count by themselves: equal numbers say nothing
    ends = End(pair.copy.endpoint, pair.mine, mine), End(pair.owner.endpoint, pair.theirs, theirs)
    return await compare(sessions, *ends, seconds)
