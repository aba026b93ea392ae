"""Sequences that can't go on where the source's have come to, or that this role can't read or set."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import psycopg

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.copy.sequences import all_source_sequences, target_sequences
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.plan.sequences import expected_position, filled_uses, origins_of
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.sequences import RANGES, ColumnSequence, SequenceUse, read_furthest

SMALL = 50_000  # rows of a table that are looked through for the highest number, though no index has it


async def check_sequences(context: Context, plan: Plan) -> list[Finding]:
    """Find what keeps the next insert by default from working after the copy. Raises SourceError or TargetError."""
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read the sequences"):
            targets = await target_sequences(context, connection, plan)
    if not targets:
        return []
    sources = await all_source_sequences(context, plan)
    findings = list(_forbidden(context.target.name, targets, sources))
    origins = origins_of(plan, targets, sources)
    furthest = await _furthest_in_sources(context, plan, targets)
    for sequence in targets:
        known, filled = furthest.get(sequence.oid), filled_uses(plan, sequence)
        expectation = expected_position(sequence, known, origins[sequence.oid], filled)
        place = f"{context.target.name}.{sequence.full_name}"
        findings += [Finding("sequence", "warn", place, 1, message) for message in expectation.messages]
    return findings


def _forbidden(
    target: str, targets: Iterable[ColumnSequence], sources: Mapping[str, tuple[ColumnSequence, ...]]
) -> Iterator[Finding]:
    for sequence in targets:
        if not sequence.may_set:
            message = "this role may not set it: grant it UPDATE on the sequence, and USAGE on its schema"
            yield Finding("privilege", "block", f"{target}.{sequence.full_name}", 1, message)
    for name, sequences in sources.items():
        for sequence in sequences:
            if not sequence.may_read:
                message = "this role can't read where it stands, so that the rows alone say how the target's goes on:"
                grant = "grant it SELECT on the sequence, and USAGE on its schema"
                yield Finding("sequence", "warn", f"{name}.{sequence.full_name}", 1, f"{message} {grant}")


async def _furthest_in_sources(context: Context, plan: Plan, targets: Iterable[ColumnSequence]) -> dict[int, int]:
    """Return the furthest number that each of the target's sequences will find in its columns, as far as that is cheap.

    Asked are columns that go over as they are, with an index that has the number at hand, or of small tables.
    """

    async def read(database: str) -> dict[int, int]:
        asked = [
            replace(sequence, uses=uses)
            for sequence in targets
            if (uses := tuple(_as_they_are(plan, database, sequence)))
        ]
        if not asked:
            return {}
        endpoint = context.sources[database]
        async with context.sessions.session(endpoint) as connection:
            with endpoint.translating_errors("can't read the highest numbers"):
                try:
                    return await read_furthest(connection, asked)
                except psycopg.errors.InsufficientPrivilege:  # a finding of its own names the table
                    return {}

    numbers: dict[int, list[int]] = defaultdict(list)
    for of_database in await limited(map(read, plan.sources), context.jobs):
        for oid, number in of_database.items():
            numbers[oid].append(number)
    further = {sequence.oid: max if sequence.increment > 0 else min for sequence in targets}
    return {oid: further[oid](found) for oid, found in numbers.items()}


def _as_they_are(plan: Plan, database: str, sequence: ColumnSequence) -> Iterator[SequenceUse]:
    """Yield the columns of ``database`` whose numbers become those of the sequence's columns."""
    for use in sequence.uses:
        for table, column in plan.filled_columns.get((use.relation, use.column), ()) if use.comparable else ():
            if table.database != database or len(column.sources) != 1 or column.conversion.rule == "derived":
                continue
            origin = table.source.column(column.sources[0])
            if origin is None or origin.type.name not in RANGES:
                continue
            if table.source.rows <= SMALL or _at_hand(table.source, origin.name):
                yield replace(use, schema=table.source.schema, table=table.source.name, column=origin.name)


def _at_hand(table: Table, column: str) -> bool:
    return any(index.valid and index.plain and index.columns[:1] == (column,) for index in table.indexes)
