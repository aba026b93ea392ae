"""Two sides of the same rows, held against each other in the canonical form.

One scan a side: how many rows there are, and the sum of a 64-bit hash of each. Only where these differ do rows fall
into buckets, of which each has its count and its sum; only where buckets differ are keys and hashes fetched, and only
for the rows that are then named are columns looked at.

What is compared first may be the text from which a value is made, which saves the source to make it: a uuid that is
kept as text, say. Where all texts are the same, so are the values; where one isn't, the values themselves decide.

A row's bucket is taken from its hash, so that one hash a row is enough. A changed row then lies in two buckets, which
both differ. Where so many differ that their rows can't be held at once, and where one side may have more rows than the
other, rows fall into buckets by a hash of their key instead: then each row is looked for in one bucket only.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from psycopg import sql

from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.session import Endpoint, render_sql, run
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.sides import BucketedBy, Side

Kind = Literal["missing", "extra", "changed"]
Key = tuple[str | None, ...]
Bucket = tuple[int, str]  # rows, and the sum of their hashes
# Small buckets, so that a few scattered differences leave most buckets equal; not too many of them,
# since their sums are held here.
ROWS_PER_BUCKET = 16
MOST_BUCKETS = 1 << 14
BATCH_ROWS = 50_000  # how many keys of differing buckets are held at once
EMPTY: Bucket = (0, "")
NO_INDEXES = sql.SQL(
    "SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;"
    " SET LOCAL enable_bitmapscan = off"
)
KEPT_BUCKETS = 256  # of a table, in what is remembered of a comparison


@dataclass(frozen=True)
class Difference:
    """One row that isn't the same on both sides. ``values`` are left and right, only where asked for."""

    key: dict[str, str | None]
    kind: Kind
    columns: tuple[str, ...] = ()
    values: dict[str, tuple[str | None, str | None]] | None = None


@dataclass(frozen=True)
class Fingerprint:
    """What one side held, to be held against it again later: rows and the sum of their hashes, by bucket.

    ``count`` is how many buckets there are, of which the empty ones aren't in ``buckets``.
    """

    count: int
    buckets: Mapping[int, Bucket]

    @classmethod
    def of(cls, sums: Mapping[int, Bucket], count: int) -> "Fingerprint":
        """Fold the sums of ``count`` buckets into no more than are kept: what is added up in one is the same."""
        kept = min(count, KEPT_BUCKETS)
        rows: Counter[int] = Counter()
        hashes: dict[int, int] = {}
        for bucket, (number, total) in sums.items():
            rows[bucket % kept] += number
            hashes[bucket % kept] = hashes.get(bucket % kept, 0) + int(total)
        return cls(kept, {bucket: (rows[bucket], str(hashes[bucket])) for bucket in sorted(rows)})

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return sum(rows for rows, _ in self.buckets.values())

    @property
    def digest(self) -> str:
        """A fingerprint of it all."""
        lines = (f"{bucket} {rows} {total}\n" for bucket, (rows, total) in sorted(self.buckets.items()))
        return hashlib.sha256(f"{self.count}\n{''.join(lines)}".encode()).hexdigest()


NOTHING = Fingerprint(1, {})


@dataclass(frozen=True)
class Comparison:
    """The outcome: how many rows are on each side, the same on both, only on the left (``missing`` from
    the right), only on the right (``extra``), or there with other values (``changed``).

    ``differences`` names the first of those, up to the limit; ``left`` and ``right`` are what was compared, of the
    columns ``written`` by a text of their values.
    """

    left_rows: int
    right_rows: int
    matched: int
    missing: int
    extra: int
    changed: int
    differences: tuple[Difference, ...]
    left: Fingerprint = NOTHING
    right: Fingerprint = NOTHING
    written: tuple[str, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether both sides hold the same rows."""
        return not (self.missing or self.extra or self.changed)

    @property
    def contained(self) -> bool:
        """Whether the right side holds every row of the left one, and perhaps more."""
        return not (self.missing or self.changed)


class Sums:
    """Bucket sums that were computed already: several duplicate tables are compared with one target table."""

    def __init__(self) -> None:
        self._known: dict[tuple[Endpoint, str], dict[int, Bucket]] = {}
        self._locks: dict[tuple[Endpoint, str], asyncio.Lock] = {}

    async def of(self, sessions: SessionPool, side: Side, buckets: int, by: BucketedBy) -> dict[int, Bucket]:
        """Return the bucket sums of ``side``, computing them once."""
        key = (side.endpoint, render_sql(side.sums(buckets, by)))
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._known:
                self._known[key] = await _sums(sessions, side, buckets, by)
            return self._known[key]


async def compare(
    sessions: SessionPool,
    left: Side,
    right: Side,
    *,
    rows: int,
    limit: int = 20,
    values: bool = False,
    contained: bool = False,
    known: Sums | None = None,
) -> Comparison:
    """Compare two sides; ``rows`` is an estimate of their size.

    At most ``limit`` differences are named, with their columns, and with ``values`` also what they
    hold. With ``contained``, rows that only the right side has are no difference to be named.
    ``known`` remembers the right side's sums between comparisons, where nothing writes meanwhile.
    Raises SourceError, TargetError, or FindingsError where a value can't be converted.
    """
    if not (contained or known) and (same := await _all_alike(sessions, left, right)):
        return same
    by: BucketedBy = "key" if contained else "row"
    texts = _written(left, right) if known else ()
    buckets = await _bucketed(sessions, left, right, buckets_for(rows), by, known, texts)
    # Rows that lie in another bucket on the other side find each other only where all are held at once.
    if (by == "row" or texts) and buckets.rows_to_look_at > BATCH_ROWS:
        buckets = await _bucketed(sessions, left, right, buckets.count, "key", known)
    named: list[Difference] = []
    tally: Counter[Kind] = Counter()
    for batch in buckets.batches():
        await _look(sessions, left, right, buckets, batch, named, tally, limit=limit, contained=contained)
    named = await _with_columns(sessions, left, right, named, values=values)
    left_rows = sum(n for n, _ in buckets.left.values())
    right_rows = sum(n for n, _ in buckets.right.values())
    matched = left_rows - tally["missing"] - tally["changed"]
    kept = buckets.count if contained else 1  # one sum over all rows says as much, however they were bucketed
    return Comparison(
        left_rows, right_rows, matched, tally["missing"], tally["extra"], tally["changed"], tuple(named),
        Fingerprint.of(buckets.left, kept), Fingerprint.of(buckets.right, kept), buckets.texts,
    )  # fmt: skip


async def fingerprint(sessions: SessionPool, side: Side, buckets: int) -> Fingerprint:
    """Return what ``side`` holds now, in so many buckets of its key. Raises SourceError or TargetError."""
    by: BucketedBy = "key" if buckets > 1 else "row"  # one bucket's sum is the same, and this is less work
    return Fingerprint.of(await _sums(sessions, side, buckets, by), buckets)


def buckets_for(rows: int) -> int:
    """Return how many buckets a table of ``rows`` is cut into: a power of two, 16 to 16,384."""
    return min(MOST_BUCKETS, 1 << max(4, (rows // ROWS_PER_BUCKET).bit_length()))


@dataclass(frozen=True)
class _Buckets:
    """Both sides' bucket sums: of ``count`` buckets, ``by`` the row's or the key's hash, without the empty ones.

    They are of these columns' ``texts``.
    """

    count: int
    by: BucketedBy
    left: dict[int, Bucket]
    right: dict[int, Bucket]
    texts: tuple[str, ...] = ()

    @cached_property
    def differing(self) -> list[int]:
        """The buckets that aren't the same on both sides."""
        left, right = self.left, self.right
        return sorted(bucket for bucket in left.keys() | right.keys() if left.get(bucket) != right.get(bucket))

    @property
    def rows_to_look_at(self) -> int:
        """How many rows of both sides lie in buckets that differ."""
        return sum(map(self._size, self.differing))

    def batches(self) -> Iterator[list[int]]:
        """Yield the buckets that differ, as many at once as may be held."""
        batch: list[int] = []
        held = 0
        for bucket in self.differing:
            size = self._size(bucket)
            if batch and held + size > BATCH_ROWS:
                yield batch
                batch, held = [], 0
            batch.append(bucket)
            held += size
        if batch:
            yield batch

    def _size(self, bucket: int) -> int:
        return self.left.get(bucket, EMPTY)[0] + self.right.get(bucket, EMPTY)[0]


def alike(total: Bucket, written: tuple[str, ...] = ()) -> Comparison:
    """Return the outcome where both sides have this total, of the columns ``written`` by their texts."""
    rows, _ = total
    held = Fingerprint(1, {0: total} if rows else {})
    return Comparison(rows, rows, rows, 0, 0, 0, (), held, held, written)


async def _all_alike(sessions: SessionPool, left: Side, right: Side) -> Comparison | None:
    """Return the outcome where all rows are the same, which is less work to see than which are; else nothing."""
    written = _written(left, right)

    async def total(side: Side) -> Bucket:
        ((_, rows, hashes),) = await read(sessions, side, side.by_texts(written).total(0), "can't hash the rows")
        return rows, hashes or ""

    ours, theirs = await together([total(left), total(right)])
    return alike(ours, written) if ours == theirs else None


def _written(left: Side, right: Side) -> tuple[str, ...]:
    return tuple(name for name, _ in left.columns if name in left.written and name in right.written)


async def _bucketed(
    sessions: SessionPool, left: Side, right: Side, count: int, by: BucketedBy, known: Sums | None,
    texts: tuple[str, ...] = (),
) -> _Buckets:  # fmt: skip
    left, right = left.by_texts(texts), right.by_texts(texts)
    right_sums = known.of(sessions, right, count, by) if known else _sums(sessions, right, count, by)
    ours, theirs = await together([_sums(sessions, left, count, by), right_sums])
    return _Buckets(count, by, ours, theirs, texts)


async def read(sessions: SessionPool, side: Side, query: sql.Composable, action: str) -> list[tuple[Any, ...]]:
    """Run a query of the comparison, over the tables themselves: an index that is damaged decides nothing here.

    But for a few rows of many.
    """
    async with sessions.session(side.endpoint) as connection:
        with side.endpoint.translating_errors(action):
            if side.by_index:
                return await run(connection, query)
            async with connection.transaction():
                await run(connection, NO_INDEXES)
                return await run(connection, query)


async def _sums(sessions: SessionPool, side: Side, buckets: int, by: BucketedBy) -> dict[int, Bucket]:
    rows = await read(sessions, side, side.sums(buckets, by), "can't hash the rows")
    return {bucket: (count, total) for bucket, count, total in rows}


async def _look(
    sessions: SessionPool, left: Side, right: Side, buckets: _Buckets, batch: list[int],
    named: list[Difference], tally: Counter[Kind],
    *, limit: int, contained: bool,
) -> None:  # fmt: skip
    """Fetch the keys and hashes of these buckets, count what differs, and name the first of it."""
    ours, theirs = await together([_rows(sessions, left, buckets, batch), _rows(sessions, right, buckets, batch)])
    differences: list[tuple[Key, Kind]] = []
    for key in ours.keys() | theirs.keys():
        if ours.get(key) == theirs.get(key):
            continue  # most of them, and Counters are slow
        here, there = Counter(ours.get(key, ())), Counter(theirs.get(key, ()))
        only_here, only_there = (here - there).total(), (there - here).total()
        changed = min(only_here, only_there)
        kinds: dict[Kind, int] = {"missing": only_here - changed, "extra": only_there - changed, "changed": changed}
        for kind, number in kinds.items():
            tally[kind] += number
            if number and not (contained and kind == "extra"):
                differences.append((key, kind))
    names = [name for name, _ in left.key]
    differences.sort(key=lambda item: tuple(part or "" for part in item[0]))
    for key, kind in differences[: max(0, limit - len(named))]:
        named.append(Difference(dict(zip(names, key, strict=True)), kind))


async def _rows(sessions: SessionPool, side: Side, buckets: _Buckets, batch: list[int]) -> dict[Key, list[int]]:
    rows: dict[Key, list[int]] = {}
    query = side.rows(buckets.count, buckets.by, batch, buckets.texts)
    for key, row_hash in await read(sessions, side, query, "can't read the keys"):
        rows.setdefault(tuple(key), []).append(row_hash)
    return rows


async def _with_columns(
    sessions: SessionPool, left: Side, right: Side, named: list[Difference], *, values: bool
) -> list[Difference]:
    """Say of each changed row which columns differ, and with ``values`` what every named row holds."""
    compared = [d for d in named if values or d.kind == "changed"]
    if not compared:
        return named
    ours, theirs = await together([_cells(sessions, left, compared), _cells(sessions, right, compared)])
    names = [name for name, _ in left.columns]
    nothing: list[str | None] = [None] * len(names)
    described = []
    for difference in named:
        key = tuple(difference.key.values())
        here, there = ours.get(key, nothing), theirs.get(key, nothing)
        pairs = {n: (h, t) for n, h, t in zip(names, here, there, strict=True) if h != t}
        columns = tuple(pairs) if difference.kind == "changed" else ()
        described.append(replace(difference, columns=columns, values=pairs if values else None))
    return described


async def _cells(sessions: SessionPool, side: Side, differences: Sequence[Difference]) -> dict[Key, list[str | None]]:
    """Fetch the named rows, column by column, as text."""
    texts = sql.SQL(", ").join(sql.SQL("({})::text").format(value) for _, value in side.columns)
    keys = [tuple(difference.key.values()) for difference in differences]
    same = sql.SQL(" OR ").join(
        sql.SQL("({})").format(
            sql.SQL(" AND ").join(
                sql.SQL("({})::text IS NOT DISTINCT FROM {}").format(value, sql.Literal(part))
                for (_, value), part in zip(side.key, key, strict=True)
            )
        )
        for key in keys
    )
    query = sql.SQL("SELECT {}, ARRAY[{}] FROM {} WHERE {} AND ({})").format(
        side.key_text(), texts, side.from_clause, side.where, same
    )
    return {tuple(key): cells for key, cells in await read(sessions, side, query, "can't read the rows that differ")}
