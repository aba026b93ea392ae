"""Sequences at the moment of a switch: the side that is opened gives no number that the other has given.

They aren't in the log. Behind the fence those of the closed side stand still, and are read in the sessions that hold
their locks. When the fence is gone nobody writes there, but a session may still take numbers ahead; so the opened side
skips some.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.plan.sequences import Expectation, expected_position, filled_uses, origins_of
from payrollx_db.postgres.sequences import (
    ColumnSequence,
    Position,
    read_furthest,
    read_named_sequences,
    read_sequences,
    set_positions,
)
from payrollx_db.postgres.session import Connection

SKIPPED = 1000  # numbers for whoever takes some from the closed side when the fence is gone
ROOM = 100 * SKIPPED  # numbers that have to be left, so that these are none that will be missed

Placed = Sequence[tuple[int, Position]]


@dataclass(frozen=True)
class Furthest:
    """The furthest numbers that columns hold, read before the fence, of sequences (oids) whose columns have no index
    that would tell it at once.
    """

    numbers: Mapping[int, int]
    slow: frozenset[int]


async def read_before(connection: Connection, plan: Plan, tables: Collection[int]) -> Furthest:
    """Read what would take long behind the fence. ``connection`` is with the unified database."""
    sequences = await read_sequences(connection, tables)
    slow = [sequence for sequence in sequences if not _is_indexed(plan, sequence)]
    return Furthest(await read_furthest(connection, slow), frozenset(sequence.oid for sequence in slow))


async def forward(
    target: Connection, sources: Mapping[str, Connection], plan: Plan, tables: Collection[int], before: Furthest
) -> tuple[Placed, list[str]]:
    """Return where the unified database's sequences of ``tables`` (oids) are to stand, by those of the ``sources``.

    These are read in their sessions. Returns as well what no position can help, in words. Raises what the driver
    raises.
    """
    reading = (read_sequences(target, tables), *(_of_source(sources[name], plan, name) for name in sources))
    ours, *others = await asyncio.gather(*reading)
    quick = [sequence for sequence in ours if sequence.oid not in before.slow]
    furthest = {**before.numbers, **await read_furthest(target, quick)}
    origins = origins_of(plan, ours, dict(zip(sources, others, strict=True)))
    expectations = [
        expected_position(s, furthest.get(s.oid), _ahead(origins[s.oid]), filled_uses(plan, s)) for s in ours
    ]
    expectations += await _free(target, sources, plan)
    return _due(expectations)


async def back(
    targets: Connection, written: Mapping[str, Connection], plan: Plan, tables: Collection[int]
) -> list[str]:
    """Set the sequences of the legacy databases ``written`` by those of the unified one's ``tables`` (oids).

    ``targets`` is the session with the unified database. Returns and raises as `forward`.
    """
    ours = await read_sequences(targets, tables)

    async def one(name: str) -> list[str]:
        theirs = await _of_source(written[name], plan, name)
        origins = origins_of(plan, ours, {name: theirs})
        by_source: dict[int, list[ColumnSequence]] = {}
        for sequence in ours:
            for origin in origins[sequence.oid]:
                by_source.setdefault(origin.oid, []).append(sequence)
        expectations = [
            expected_position(s, None, _ahead(by_source[s.oid]), ()) for s in theirs if by_source.get(s.oid)
        ]
        expectations += await _free_back(written[name], targets, plan, name)
        return await _set(written[name], expectations)

    return [message for messages in await asyncio.gather(*map(one, written)) for message in messages]


async def held(connection: Connection, tables: Collection[int]) -> list[ColumnSequence]:
    """Return the sequences of ``tables`` (oids) that this role may hold still: those that it may change."""
    return [sequence for sequence in await read_sequences(connection, tables) if sequence.may_set]


async def _of_source(connection: Connection, plan: Plan, name: str) -> tuple[ColumnSequence, ...]:
    oids = {table.source.oid for table in plan.copies if table.database == name}
    return await read_sequences(connection, oids) if oids else ()


async def _free(target: Connection, sources: Mapping[str, Connection], plan: Plan) -> list[Expectation]:
    expectations: list[Expectation] = []
    for name, pairs in plan.free_sequences.items():
        if name in sources:
            theirs = await read_named_sequences(sources[name], pairs.keys())
            ours = await read_named_sequences(target, pairs.values())
            expectations += _paired(ours, theirs, {target: source for source, target in pairs.items()})
    return expectations


async def _free_back(written: Connection, target: Connection, plan: Plan, name: str) -> list[Expectation]:
    pairs = plan.free_sequences.get(name, {})
    if not pairs:
        return []
    theirs = await read_named_sequences(written, pairs.keys())
    ours = await read_named_sequences(target, pairs.values())
    return _paired(theirs, ours, pairs)


def _paired(
    set_ones: Mapping[str, ColumnSequence], read_ones: Mapping[str, ColumnSequence], pairs: Mapping[str, str]
) -> list[Expectation]:
    return [
        expected_position(set_ones[ours], None, _ahead([read_ones[theirs]]))
        for ours, theirs in pairs.items()
        if ours in set_ones and theirs in read_ones
    ]


async def _set(connection: Connection, expectations: Iterable[Expectation]) -> list[str]:
    due, messages = _due(expectations)
    await set_positions(connection, due)
    return messages


def _due(expectations: Iterable[Expectation]) -> tuple[Placed, list[str]]:
    due: list[tuple[int, Position]] = []
    messages: list[str] = []
    for expectation in expectations:
        messages += [f"sequence {expectation.sequence.full_name}: {text}" for text in expectation.messages]
        if expectation.position is not None:
            due.append((expectation.sequence.oid, expectation.position))
    return due, messages


def _ahead(origins: Iterable[ColumnSequence]) -> list[ColumnSequence]:
    """Return sequences as if some more numbers of them had been taken, where enough are left."""
    return [_skipping(origin) for origin in origins]


def _skipping(origin: ColumnSequence) -> ColumnSequence:
    position = origin.position
    low, high = origin.bounds
    if position is None or origin.cycles or not low <= position.value + ROOM * origin.increment <= high:
        return origin
    return replace(origin, position=Position(position.value + SKIPPED * origin.increment, called=True))


def _is_indexed(plan: Plan, sequence: ColumnSequence) -> bool:
    """Tell whether the furthest number of each column is to be had at once: from an index that begins with it."""
    for use in sequence.uses:
        table = plan.target.tables.get(use.full_name)
        if table is None or not any(
            index.valid and index.plain and index.columns[:1] == (use.column,) for index in table.indexes
        ):
            return False
    return True
