"""Two sides of the same rows, held against each other in the canonical form.

One scan a side: rows fall into buckets by a hash of their key; each bucket has a count and the sum of a
64-bit hash of its rows. Only where buckets differ are keys and hashes fetched, and only for the rows
that are then named are columns looked at.

What is hashed is the row's binary form (`record_send`), as one string. The types' own hashes serve their equality,
not proof: numeric's ignores the sign, jsonb's where an inner array ends, an array's its dimensions, that of int8 and
timestamps folds 64 bits into 32; and a record's adds them up with fixed factors, so that a sum of it over rows
can't see two rows swapping a value.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from psycopg import sql

from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.session import Endpoint, render_sql, run
from payrollx_db.postgres.session_pool import SessionPool

Kind = Literal["missing", "extra", "changed"]
Key = tuple[str | None, ...]
Bucket = tuple[int, str]  # rows, and the sum of their hashes
Form = Literal["text", "texts", "document", "bytes"]
# What is hashed of a key's part in each form, so that rows fall into one bucket whatever the server's encoding is.
# (In UTF8, which every session speaks, the hash of a text is that of what it sends.)
SENT: dict[Form, str] = {
    "text": "pg_catalog.textsend({})",
    "texts": "ARRAY(SELECT pg_catalog.textsend(e.value) FROM pg_catalog.unnest({}) AS e (value))",
    "document": "pg_catalog.jsonb_send({})",
    "bytes": "{}",
}
# Small buckets, so that a few scattered differences leave most buckets equal; not too many of them,
# since their sums are held here.
ROWS_PER_BUCKET = 16
MOST_BUCKETS = 1 << 14
BATCH_ROWS = 50_000  # how many keys of differing buckets are held at once
KEPT_BUCKETS = 256  # of a table, in what is remembered of a comparison


@dataclass(frozen=True)
class Side:
    """One side: where it is, which rows to read, and their key and columns in canonical form.

    Both sides of a comparison name the same keys and columns in the same order. ``forms`` says of which form a part
    of the key is, where its bytes depend on the server's encoding.
    """

    endpoint: Endpoint
    from_clause: sql.Composable
    key: tuple[tuple[str, sql.Composable], ...]
    columns: tuple[tuple[str, sql.Composable], ...]
    where: sql.Composable = field(default_factory=lambda: sql.SQL("true"))
    forms: Mapping[str, Form] = field(default_factory=dict)

    def sums(self, buckets: int) -> sql.Composable:
        """Return a query of the rows in each bucket, and the sum of their hashes as text.

        Each value is computed once, though a key is hashed by itself and with its row: OFFSET 0 keeps
        the planner from writing the expressions out again wherever they are used.
        """
        outside = [pair for pair in self.key if pair not in self.columns]
        values = [*self.columns, *outside]
        inner = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(value, _numbered(number)) for number, (_, value) in enumerate(values)
        )
        key = [_numbered(values.index(pair)) for pair in self.key]
        row = [_numbered(number) for number in range(len(self.columns))]
        return sql.SQL(
            "SELECT {bucket} AS bucket, pg_catalog.count(*), pg_catalog.sum({hash})::text"
            " FROM (SELECT {inner} FROM {source} WHERE {where} OFFSET 0) AS h GROUP BY 1"
        ).format(
            bucket=self._bucket(key, buckets), hash=_hash(row), inner=inner, source=self.from_clause, where=self.where
        )

    def rows(self, buckets: int, numbers: list[int]) -> sql.Composable:
        """Return a query of the key and the hash of each row that falls into a bucket of these ``numbers``."""
        return sql.SQL(
            "SELECT {keys} AS key, {hash} AS hash FROM {source} WHERE ({where}) AND {bucket} = ANY ({numbers}::int[])"
        ).format(
            keys=self.key_text(),
            hash=_hash([value for _, value in self.columns]),
            source=self.from_clause,
            where=self.where,
            bucket=self._bucket([value for _, value in self.key], buckets),
            numbers=sql.Literal(numbers),
        )

    def key_text(self) -> sql.Composable:
        """Return the key as an array of texts."""
        texts = (sql.SQL("({})::text").format(value) for _, value in self.key)
        return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(texts))

    def _bucket(self, key: Sequence[sql.Composable], buckets: int) -> sql.Composed:
        """Return which of the buckets a row with this key falls into."""
        forms = [self.forms.get(name, "bytes") for name, _ in self.key]
        sent = [sql.SQL(SENT[form]).format(value) for form, value in zip(forms, key, strict=True)]
        hashed = sql.SQL("(pg_catalog.hash_record_extended({}, 1) & {})::int")
        return hashed.format(_record(sent), sql.Literal(buckets - 1))


def _numbered(number: int) -> sql.Identifier:
    return sql.Identifier(f"c{number}")


def _record(values: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(values))


def _hash(values: Sequence[sql.Composable]) -> sql.Composed:
    """Return the hash of a row of these values."""
    return sql.SQL("pg_catalog.hash_record_extended(ROW(pg_catalog.record_send({})), 0)").format(_record(values))


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

    ``differences`` names the first of those, up to the limit; ``left`` and ``right`` are what was compared.
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

    async def of(self, sessions: SessionPool, side: Side, buckets: int) -> dict[int, Bucket]:
        """Return the bucket sums of ``side``, computing them once."""
        key = (side.endpoint, render_sql(side.sums(buckets)))
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._known:
                self._known[key] = await _sums(sessions, side, buckets)
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
    count = buckets_for(rows)
    right_sums = known.of(sessions, right, count) if known else _sums(sessions, right, count)
    ours, theirs = await together([_sums(sessions, left, count), right_sums])
    differing = sorted(b for b in ours.keys() | theirs.keys() if ours.get(b) != theirs.get(b))
    named: list[Difference] = []
    tally: Counter[Kind] = Counter()
    for batch in _batches(differing, ours, theirs):
        await _look(sessions, left, right, count, batch, named, tally, limit=limit, contained=contained)
    named = await _with_columns(sessions, left, right, named, values=values)
    left_rows = sum(n for n, _ in ours.values())
    right_rows = sum(n for n, _ in theirs.values())
    matched = left_rows - tally["missing"] - tally["changed"]
    return Comparison(
        left_rows, right_rows, matched, tally["missing"], tally["extra"], tally["changed"], tuple(named),
        Fingerprint.of(ours, count), Fingerprint.of(theirs, count),
    )  # fmt: skip


async def fingerprint(sessions: SessionPool, side: Side, buckets: int) -> Fingerprint:
    """Return what ``side`` holds now, in so many buckets. Raises SourceError or TargetError."""
    return Fingerprint.of(await _sums(sessions, side, buckets), buckets)


def buckets_for(rows: int) -> int:
    """Return how many buckets a table of ``rows`` is cut into: a power of two, 16 to 16,384."""
    return min(MOST_BUCKETS, 1 << max(4, (rows // ROWS_PER_BUCKET).bit_length()))


async def _sums(sessions: SessionPool, side: Side, buckets: int) -> dict[int, Bucket]:
    async with sessions.session(side.endpoint) as connection:
        with side.endpoint.translating_errors("can't hash the rows"):
            return {bucket: (count, total) for bucket, count, total in await run(connection, side.sums(buckets))}


def _batches(differing: Sequence[int], ours: dict[int, Bucket], theirs: dict[int, Bucket]) -> Iterator[list[int]]:
    """Yield buckets to look into, as many at once as may be held."""
    batch: list[int] = []
    held = 0
    for bucket in differing:
        size = ours.get(bucket, (0, ""))[0] + theirs.get(bucket, (0, ""))[0]
        if batch and held + size > BATCH_ROWS:
            yield batch
            batch, held = [], 0
        batch.append(bucket)
        held += size
    if batch:
        yield batch


async def _look(
    sessions: SessionPool, left: Side, right: Side, buckets: int, batch: list[int],
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


async def _rows(sessions: SessionPool, side: Side, buckets: int, batch: list[int]) -> dict[Key, list[int]]:
    rows: dict[Key, list[int]] = {}
    async with sessions.session(side.endpoint) as connection:
        with side.endpoint.translating_errors("can't read the keys"):
            for key, row_hash in await run(connection, side.rows(buckets, batch)):
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
    async with sessions.session(side.endpoint) as connection:
        with side.endpoint.translating_errors("can't read the rows that differ"):
            return {tuple(key): cells for key, cells in await run(connection, query)}
