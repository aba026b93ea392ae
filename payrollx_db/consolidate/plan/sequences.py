"""Where a sequence of the target has to stand after the copy, so that the next row gets a number that nobody has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.postgres.sequences import ColumnSequence, Position, SequenceUse

Trouble = Literal["beyond", "exhausted", "unknown"]
Origins = Mapping[int, tuple[ColumnSequence, ...]]  # the source's sequences for each of the target's, by its oid


@dataclass(frozen=True)
class Expectation:
    """Where a sequence has to stand; ``position`` is ``None`` where it stands right already.

    ``troubles`` say what no position can help: the source's own stands where this one can't (``beyond``), no number is
    left (``exhausted``), or nothing tells which numbers are taken (``unknown``).
    """

    sequence: ColumnSequence
    position: Position | None
    troubles: tuple[Trouble, ...]

    @property
    def messages(self) -> tuple[str, ...]:
        """The troubles in words, each with what to do."""
        low, high = self.sequence.bounds
        columns = ", ".join(f"{use.full_name}.{use.column}" for use in self.sequence.uses)
        words: Mapping[Trouble, str] = {
            "beyond": f"the source's sequence stands beyond what this one may give ({low} to {high}): it is set by"
            f" the rows alone, so that numbers of deleted rows may be given again; widen the type of {columns}",
            "exhausted": f"the rows hold the last number that it may give ({low} to {high}), so that the next row by"
            f" default of {columns} fails; widen the sequence and the column's type",
            "unknown": f"nothing tells which of its numbers {columns} hold, as the default makes something else of them"
            " and no sequence of the source is known: set it yourself, with setval",
        }
        return tuple(words[trouble] for trouble in self.troubles)


def origins_of(
    plan: Plan, target: Iterable[ColumnSequence], sources: Mapping[str, Iterable[ColumnSequence]]
) -> Origins:
    """Return from which sequences of the sources the target's go on: those of the columns that fill their columns.

    A partition's own goes on from that of the source's partition of its name.
    """
    of_column = {
        (name, use.root, use.column, use.partition): sequence
        for name, sequences in sources.items()
        for sequence in sequences
        for use in sequence.uses
    }
    origins = {}
    for sequence in target:
        places = [
            (table.database, table.source.oid, source, use.partition)
            for use in sequence.uses
            for table, column in plan.filled_columns.get((use.root, use.column), ())
            for source in column.sources
        ]
        known = {of_column[place].oid: of_column[place] for place in places if place in of_column}
        origins[sequence.oid] = tuple(known.values())
    return origins


def expected_position(
    sequence: ColumnSequence,
    furthest: int | None,
    origins: Iterable[ColumnSequence],
    filled: Iterable[SequenceUse] = (),
) -> Expectation:
    """Say where ``sequence`` has to stand, given the ``furthest`` number in its columns and the sequences before it.

    ``filled`` are those of its columns that the run fills. It never goes back: numbers that it has given may be in
    use where nobody sees them.
    """
    troubles: list[Trouble] = []
    known = [origin for origin in origins if origin.position and _up(origin) == _up(sequence)]
    if any(_is_beyond(sequence, origin) for origin in known):
        troubles.append("beyond")
    fitting = [origin for origin in known if _fits(sequence, origin.position)]
    if sequence.cycles and len(fitting) == 1 and fitting[0].cycles:
        # It has been round, so that the highest number says nothing.
        position = fitting[0].position
        return Expectation(sequence, position if position != sequence.position else None, tuple(troubles))
    candidates = [origin.position for origin in fitting if origin.position]
    if furthest is not None:
        candidates.append(Position(furthest, called=True))
    if not candidates and not all(use.comparable for use in filled):
        troubles.append("unknown")
    current = [sequence.position] if sequence.position else []
    best = max([*candidates, *current], key=lambda position: _given(sequence, position), default=None)
    if best and best.called and not _within(sequence, best.value + sequence.increment) and best in candidates:
        troubles.append("exhausted")
    return Expectation(sequence, best if best not in current else None, tuple(troubles))


def filled_uses(plan: Plan, sequence: ColumnSequence) -> tuple[SequenceUse, ...]:
    """Return those columns of ``sequence`` that ``plan`` fills."""
    return tuple(use for use in sequence.uses if (use.relation, use.column) in plan.filled_columns)


def _up(sequence: ColumnSequence) -> bool:
    return sequence.increment > 0


def _given(sequence: ColumnSequence, position: Position) -> int:
    """Return how far a position is on the sequence's way: one that wasn't used yet is one step behind its number."""
    sign = 1 if _up(sequence) else -1
    return sign * position.value - (0 if position.called else 1)


def _within(sequence: ColumnSequence, number: int) -> bool:
    low, high = sequence.bounds
    return low <= number <= high


def _fits(sequence: ColumnSequence, position: Position | None) -> bool:
    return position is not None and _within(sequence, position.value)


def _is_beyond(sequence: ColumnSequence, origin: ColumnSequence) -> bool:
    low, high = sequence.bounds
    position = origin.position
    return position is not None and (position.value > high if _up(sequence) else position.value < low)
