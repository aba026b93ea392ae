"""One side of a comparison: the queries that put its rows into buckets, and hash them.

What is hashed is the row's binary form (`record_send`), as one string. The types' own hashes serve their equality,
not proof: numeric's ignores the sign, jsonb's where an inner array ends, an array's its dimensions, that of int8 and
timestamps folds 64 bits into 32; and a record's adds them up with fixed factors, so that a sum of it over rows
can't see two rows swapping a value.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from psycopg import sql

from payrollx_db.postgres.session import Endpoint

Form = Literal["text", "texts", "document", "bytes"]
BucketedBy = Literal["row", "key"]
# What is hashed of a key's part in each form, so that rows fall into one bucket whatever the server's encoding is.
# (In UTF8, which every session speaks, the hash of a text is that of what it sends.)
SENT: dict[Form, str] = {
    "text": "pg_catalog.textsend({})",
    "texts": "ARRAY(SELECT pg_catalog.textsend(e.value) FROM pg_catalog.unnest({}) AS e (value))",
    "document": "pg_catalog.jsonb_send({})",
    "bytes": "{}",
}


@dataclass(frozen=True)
class Side:
    """One side: where it is, which rows to read, and their key and columns in canonical form.

    Both sides of a comparison name the same keys and columns in the same order. ``forms`` says of which form a part
    of the key is, where its bytes depend on the server's encoding. ``by_index`` says that the rows are a few of many,
    to be found by an index. ``written`` has, of some columns, a text that is cheaper to come by than the value: where
    it is the same on both sides, so is the value, and where it isn't, the value may be all the same.
    """

    endpoint: Endpoint
    from_clause: sql.Composable
    key: tuple[tuple[str, sql.Composable], ...]
    columns: tuple[tuple[str, sql.Composable], ...]
    where: sql.Composable = field(default_factory=lambda: sql.SQL("true"))
    forms: Mapping[str, Form] = field(default_factory=dict)
    by_index: bool = False
    written: Mapping[str, sql.Composable] = field(default_factory=dict)

    def sums(self, buckets: int, by: BucketedBy = "key") -> sql.Composable:
        """Return a query of the rows in each bucket, and the sum of their hashes as text.

        ``buckets`` is a power of two, ``by`` what a row's bucket is taken from. The sum over all rows is the same.
        """
        return self._sums_by_key(buckets) if by == "key" else self._sums_by_row(buckets)

    def by_texts(self, names: Collection[str]) -> "Side":
        """Return the side with the texts of these columns in place of their values."""
        columns, key = (
            tuple((name, self.written[name] if name in names else value) for name, value in pairs)
            for pairs in (self.columns, self.key)
        )
        texts: dict[str, Form] = dict.fromkeys(names, "text")
        return replace(self, columns=columns, key=key, forms={**self.forms, **texts})

    def total(self, number: int) -> sql.Composable:
        """Return a query of one row: ``number``, how many rows there are, and the sum of their hashes as text."""
        hashed = _hash([value for _, value in self.columns])
        return sql.SQL(
            "SELECT {number}, pg_catalog.count(*), pg_catalog.sum(h.hash)::text"
            " FROM (SELECT {hash} AS hash FROM {source} WHERE {where} OFFSET 0) AS h"
        ).format(number=sql.Literal(number), hash=hashed, source=self.from_clause, where=self.where)

    def rows(self, buckets: int, by: BucketedBy, numbers: list[int], texts: Collection[str] = ()) -> sql.Composable:
        """Return a query of the key and the hash of each row that falls into a bucket of these ``numbers``.

        Buckets ``by`` key are those of a side `by_texts` of these columns.
        """
        among = sql.SQL("{} = ANY ({}::int[])")
        conditions = [self.where]
        if by == "key":  # before a row is hashed: most rows are in no such bucket
            conditions.append(among.format(self.by_texts(texts).key_bucket(buckets), sql.Literal(numbers)))
        query = sql.SQL("SELECT {keys} AS key, {hash} AS hash FROM {source} WHERE {where} OFFSET 0").format(
            keys=self.key_text(),
            hash=_hash([value for _, value in self.columns]),
            source=self.from_clause,
            where=sql.SQL(" AND ").join(sql.SQL("({})").format(condition) for condition in conditions),
        )
        if by == "key":
            return query
        bucket = among.format(_masked(sql.SQL("r.hash"), buckets), sql.Literal(numbers))
        return sql.SQL("SELECT r.key, r.hash FROM ({}) AS r WHERE {}").format(query, bucket)

    def key_bucket(self, buckets: int) -> sql.Composable:
        """Return which of the buckets a row falls into by its key."""
        return self._bucket([value for _, value in self.key], buckets)

    def key_text(self) -> sql.Composable:
        """Return the key as an array of texts."""
        texts = (sql.SQL("({})::text").format(value) for _, value in self.key)
        return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(texts))

    def _sums_by_row(self, buckets: int) -> sql.Composed:
        hashed = _hash([value for _, value in self.columns])
        return sql.SQL(
            "SELECT {bucket} AS bucket, pg_catalog.count(*), pg_catalog.sum(h.hash)::text"
            " FROM (SELECT {hash} AS hash FROM {source} WHERE {where} OFFSET 0) AS h GROUP BY 1"
        ).format(bucket=_masked(sql.SQL("h.hash"), buckets), hash=hashed, source=self.from_clause, where=self.where)

    def _sums_by_key(self, buckets: int) -> sql.Composed:
        """Each value is computed once, though a key is hashed by itself and with its row: OFFSET 0 keeps the planner
        from writing the expressions out again wherever they are used. Bucket and hash are a query of their own, so that
        a server that expects as many buckets as rows doesn't sort whole rows by them.
        """
        outside = [pair for pair in self.key if pair not in self.columns]
        values = [*self.columns, *outside]
        inner = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(value, _numbered(number)) for number, (_, value) in enumerate(values)
        )
        key = [_numbered(values.index(pair)) for pair in self.key]
        row = [_numbered(number) for number in range(len(self.columns))]
        return sql.SQL(
            "SELECT h.bucket, pg_catalog.count(*), pg_catalog.sum(h.hash)::text FROM (SELECT {bucket} AS bucket,"
            " {hash} AS hash FROM (SELECT {inner} FROM {source} WHERE {where} OFFSET 0) AS v OFFSET 0) AS h GROUP BY 1"
        ).format(
            bucket=self._bucket(key, buckets), hash=_hash(row), inner=inner, source=self.from_clause, where=self.where
        )

    def _bucket(self, key: Sequence[sql.Composable], buckets: int) -> sql.Composed:
        """Return which of the buckets a row with this key falls into."""
        forms = [self.forms.get(name, "bytes") for name, _ in self.key]
        sent = [sql.SQL(SENT[form]).format(value) for form, value in zip(forms, key, strict=True)]
        return _masked(sql.SQL("pg_catalog.hash_record_extended({}, 1)").format(_record(sent)), buckets)


def _masked(hashed: sql.Composable, buckets: int) -> sql.Composed:
    return sql.SQL("({} & {})::int").format(hashed, sql.Literal(buckets - 1))


def _numbered(number: int) -> sql.Identifier:
    return sql.Identifier(f"c{number}")


def _record(values: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(values))


def _hash(values: Sequence[sql.Composable]) -> sql.Composed:
    """Return the hash of a row of these values."""
    return sql.SQL("pg_catalog.hash_record_extended(ROW(pg_catalog.record_send({})), 0)").format(_record(values))
