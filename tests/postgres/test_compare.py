"""Comparing two sides, on tables made by hand: which rows are the same, and which values."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import unique
from psycopg import sql
from worlds import query

from payrollx_db.consolidate.plan.conversion import canonical, form
from payrollx_db.consolidate.plan.mapping import ROW, from_item
from payrollx_db.postgres import compare as compare_module
from payrollx_db.postgres.compare import Comparison, compare
from payrollx_db.postgres.introspect import inspect
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.sides import Side
from payrollx_db.postgres.url import DatabaseUrl

Comparer = Callable[..., Comparison]


def pooled(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call what takes its sessions from a pool, with a pool of its own."""

    async def call() -> Any:
        async with SessionPool() as sessions:
            return await function(sessions, *arguments, **options)

    return asyncio.run(call())


@pytest.fixture(scope="module")
def scratch(server: Any, migrated_template: str) -> Iterator[DatabaseUrl]:
    name = f"{migrated_template}_compare"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture
def compared(scratch: DatabaseUrl) -> Iterator[Comparer]:
    """Compare two tables of the same columns, given as definition and rows."""

    def side(name: str, kind: Any, key: tuple[str, ...]) -> Side:
        endpoint = Endpoint(scratch, kind, "scratch")
        table = pooled(inspect, endpoint).tables[f"public.{name}"]
        columns = tuple((c.name, canonical(sql.Identifier(ROW, c.name), c.type)) for c in table.columns)
        return Side(endpoint, from_item(table), tuple(c for c in columns if not key or c[0] in key), columns)

    def compared(definition: str, ours: str, theirs: str, *key: str, **options: Any) -> Comparison:
        for name, rows in (("ours", ours), ("theirs", theirs)):
            query(scratch, f"CREATE TABLE {name} ({definition})")
            if rows:
                query(scratch, f"INSERT INTO {name} {rows}")
        left, right = side("ours", "source", key), side("theirs", "target", key)
        return pooled(compare, left, right, rows=10, **options)

    yield compared
    query(scratch, "DROP TABLE IF EXISTS ours, theirs")


def counts(result: Comparison) -> tuple[int, int, int, int]:
    return result.matched, result.missing, result.extra, result.changed


def test_without_a_key_rows_are_a_multiset(compared: Comparer) -> None:
    result = compared(
        "a int, b text", "VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL)", "VALUES (1, 'x'), (2, NULL), (2, NULL)"
    )

    assert counts(result) == (2, 2, 1, 0)
    assert not result.identical
    assert {(d.kind, d.key["a"], d.key["b"]) for d in result.differences} == {
        ("missing", "1", "x"),
        ("extra", "2", None),
    }


def test_the_order_of_rows_is_nothing(compared: Comparer) -> None:
    rows = "SELECT n % 7, NULL FROM generate_series(1, 500) AS n ORDER BY n"

    result = compared("a int, b text", rows, rows + " DESC")

    assert counts(result) == (500, 0, 0, 0)
    assert result.identical


def test_a_key_of_several_columns(compared: Comparer) -> None:
    result = compared(
        "a int, b text, c int",
        "VALUES (1, 'x', 1), (1, 'y', 1), (2, 'x', 1)", "VALUES (1, 'x', 1), (1, 'y', 2), (2, 'y', 1)",
        "a", "b",
    )  # fmt: skip

    assert counts(result) == (1, 1, 1, 1)
    assert [(d.kind, d.key, d.columns) for d in result.differences] == [
        ("changed", {"a": "1", "b": "y"}, ("c",)),
        ("missing", {"a": "2", "b": "x"}, ()),
        ("extra", {"a": "2", "b": "y"}, ()),
    ]


def test_keys_that_would_run_together_are_apart(compared: Comparer) -> None:
    result = compared("a text, b text, c int", "VALUES ('1,', '1', 5)", "VALUES ('1', ',1', 5)", "a", "b")

    assert counts(result) == (0, 1, 1, 0)


@pytest.mark.parametrize("held", [50_000, 100])
def test_a_changed_row_is_one_whether_or_not_all_that_differ_are_held_at_once(
    compared: Comparer, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(compare_module, "BATCH_ROWS", held)
    ours = "SELECT n, 'x' || n FROM generate_series(1, 900) AS n"
    theirs = "SELECT n, CASE WHEN n % 3 = 0 THEN 'y' ELSE 'x' || n END FROM generate_series(11, 905) AS n"

    result = compared("a int PRIMARY KEY, b text", ours, theirs, "a", limit=1000)

    assert counts(result) == (593, 10, 5, 297)
    assert {int(d.key["a"] or 0) for d in result.differences if d.kind == "changed"} == set(range(12, 901, 3))
    assert {d.columns for d in result.differences if d.kind == "changed"} == {("b",)}


@pytest.mark.parametrize("rows", [0, 3])
def test_one_side_empty(compared: Comparer, rows: int) -> None:
    result = compared("a int, b int", f"SELECT n, n FROM generate_series(1, {rows}) AS n", "", "a")

    assert (result.left_rows, result.right_rows, counts(result)) == (rows, 0, (0, rows, 0, 0))
    assert result.identical == (rows == 0)


def test_contained_lets_the_right_side_have_more(compared: Comparer) -> None:
    result = compared("a int, b int", "VALUES (1, 1)", "VALUES (1, 1), (2, 2)", "a", contained=True)

    assert (result.contained, result.identical, result.differences) == (True, False, ())


# Values that differ, and whose types' own hashes don't (or their equality says they are the same).
ALIKE = [
    ("numeric", "1.5", "-1.5"),
    ("numeric", "1.0", "1.00"),
    ("bigint", "1", "4294967296"),
    ("bigint", "-1", "4294967295"),
    ("timestamptz", "'2000-01-01 00:00:00.000001+00'", "'2000-01-01 01:11:34.967296+00'"),
    ("jsonb", "'[1]'", "'[-1]'"),
    ("jsonb", "'[[1], 2]'", "'[[1, 2]]'"),
    ("jsonb", """'{"a": {"b": 1}, "c": 2}'""", """'{"a": {"b": 1, "c": 2}}'"""),
    ("jsonb", "'1.0'", "'1.00'"),
    ("jsonb", "'null'", "NULL"),
    ("float8", "'0'", "'-0'"),
    ("int[]", "'{{1,2},{3,4}}'", "'{1,2,3,4}'"),
    ("int[]", "'[0:1]={1,2}'", "'{1,2}'"),
    ("text[]", "'{NULL}'", "'{}'"),
    ("text[]", "'{NULL}'", "'{\"NULL\"}'"),
    ("text[]", "'{}'", "NULL"),
    ("text", "''", "NULL"),
    ("text", "'e'", "'e '"),
    ("text", "U&'\\00e9'", "U&'e\\0301'"),
    ("varchar(3)", "'a'", "'A'"),
    ("char(3)", "'a'", "'b'"),
    ("interval", "'1 month'", "'30 days'"),
    ("json", "'[1,2]'", "'[1, 2]'"),
    ("numrange", "'[1,2)'", "'[1,2]'"),
    ("bytea", "'\\x00'", "'\\x0000'"),
]


@pytest.mark.parametrize(("kind", "ours", "theirs"), ALIKE, ids=[f"{k} {a} {b}" for k, a, b in ALIKE])
def test_values_that_only_look_alike(compared: Comparer, kind: str, ours: str, theirs: str) -> None:
    result = compared(f"a int, v {kind}", f"VALUES (1, {ours}), (2, {ours})", f"VALUES (1, {theirs}), (2, {ours})", "a")

    assert [(d.key["a"], d.kind, d.columns) for d in result.differences] == [("1", "changed", ("v",))]


def test_enums_of_two_types_compare_by_their_labels(compared: Comparer, scratch: DatabaseUrl) -> None:
    query(scratch, "CREATE TYPE mood AS ENUM ('fine', 'sad')")
    query(scratch, "CREATE TYPE feeling AS ENUM ('sad', 'odd', 'fine')")
    result = compared("a int, m text", "VALUES (1, 'fine')", "VALUES (1, 'fine')", "a")
    assert result.identical
    query(scratch, "ALTER TABLE ours ALTER m TYPE mood USING m::mood")
    query(scratch, "ALTER TABLE theirs ALTER m TYPE feeling USING m::feeling")
    sides = []
    for name, kind in (("ours", "source"), ("theirs", "target")):
        endpoint = Endpoint(scratch, kind, "scratch")  # type: ignore[arg-type]
        table = pooled(inspect, endpoint).tables[f"public.{name}"]
        columns = tuple((c.name, canonical(sql.Identifier(ROW, c.name), c.type)) for c in table.columns)
        sides.append(Side(endpoint, from_item(table), columns[:1], columns))

    assert pooled(compare, *sides, rows=1).identical


@pytest.mark.parametrize(
    ("ours", "changed", "by_text"),
    [
        ("6f1c1d5e-0000-4000-8000-00000000000a", 0, True),
        ("6F1C1D5E-0000-4000-8000-00000000000A", 0, False),  # another text of the same value
        ("{6f1c1d5e00004000800000000000000a}", 0, False),
        ("6f1c1d5e-0000-4000-8000-00000000000b", 1, False),
        (None, 1, False),
    ],
)
def test_values_that_one_side_keeps_as_text(
    compared: Comparer, scratch: DatabaseUrl, ours: str | None, changed: int, *, by_text: bool
) -> None:
    """Texts that are the same prove the values to be; texts that aren't prove nothing."""
    theirs = "VALUES (1, '6f1c1d5e-0000-4000-8000-00000000000a'::uuid), (2, NULL)"
    compared("a int, b uuid", "VALUES (2, NULL)", theirs)
    query(scratch, "ALTER TABLE ours ALTER b TYPE text")
    query(scratch, "INSERT INTO ours VALUES (1, %s)", (ours,))
    sides = []
    for name, kind in (("ours", "source"), ("theirs", "target")):
        values = {"a": sql.SQL("s.a"), "b": sql.SQL("s.b::uuid")}
        columns, written = tuple(values.items()), {"b": sql.SQL("s.b::text")}
        endpoint = Endpoint(scratch, kind, "scratch")  # type: ignore[arg-type]
        sides.append(Side(endpoint, sql.SQL("public.{} AS s").format(sql.Identifier(name)), columns[:1], columns,
                          written=written))  # fmt: skip

    result = pooled(compare, *sides, rows=2)

    assert counts(result) == (2 - changed, 0, 0, changed)
    assert [difference.columns for difference in result.differences] == [("b",)] * changed
    assert bool(result.written) == by_text


@pytest.mark.parametrize("most", [1, 1000])
def test_keys_that_one_side_keeps_as_text_lie_within_the_other(
    compared: Comparer, scratch: DatabaseUrl, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Rows of one key are looked for in two buckets where its texts differ, however many are held at once."""
    monkeypatch.setattr(compare_module, "BATCH_ROWS", most)
    some = "SELECT ('6f1c1d5e-0000-4000-8000-' || lpad(n::text, 12, 'a'))::uuid, n FROM generate_series(1, {}) AS n"
    compared("a uuid, b int", some.format(40), some.format(60))
    query(scratch, "ALTER TABLE ours ALTER a TYPE text USING CASE b % 3 WHEN 0 THEN upper(a::text) ELSE a::text END")
    query(scratch, "UPDATE ours SET b = 0 WHERE b IN (7, 9)")
    query(scratch, "DELETE FROM theirs WHERE b IN (8, 12)")
    sides = []
    for name, kind in (("ours", "source"), ("theirs", "target")):
        values = {"a": sql.SQL("s.a::uuid"), "b": sql.SQL("s.b")}
        columns, written = tuple(values.items()), {"a": sql.SQL("s.a::text")}
        endpoint = Endpoint(scratch, kind, "scratch")  # type: ignore[arg-type]
        source = sql.SQL("public.{} AS s").format(sql.Identifier(name))
        sides.append(Side(endpoint, source, columns[:1], columns, written=written))

    result = pooled(compare, *sides, rows=60, contained=True, known=compare_module.Sums())

    assert counts(result) == (36, 2, 20, 2)
    assert sorted(difference.kind for difference in result.differences) == ["changed", "changed", "missing", "missing"]


@pytest.mark.parametrize("contained", [True, False])
def test_rows_meet_whatever_the_encodings_are(server: Any, monkeypatch: pytest.MonkeyPatch, *, contained: bool) -> None:
    """A row's bucket doesn't depend on its server's bytes: else buckets looked into one by one hold other rows."""
    monkeypatch.setattr(compare_module, "BATCH_ROWS", 1)
    names = unique("latin"), unique("utf")
    query(server.url, f"CREATE DATABASE {names[0]} TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'")
    server.create_database(names[1])
    values = "'Köln ' || n, ARRAY['é' || n, NULL], pg_catalog.to_jsonb('ü' || n), ('ä' || n)::char(9), ('ß' || n)::name"
    sides = []
    for name, kind, changed in zip(names, ("source", "target"), (7, 8), strict=True):
        url = server.url.with_database(name)
        query(url, "CREATE TABLE t (a text, b text[], c jsonb, d char(9), e name, f int)")
        query(
            url,
            f"INSERT INTO t SELECT {values}, CASE n WHEN {changed} THEN 0 ELSE n END FROM generate_series(1, 90) AS n",
        )
        table = pooled(inspect, endpoint := Endpoint(url, kind, kind)).tables["public.t"]  # type: ignore[arg-type]
        columns = tuple((c.name, canonical(sql.Identifier(ROW, c.name), c.type)) for c in table.columns)
        forms = {c.name: form(c.type) for c in table.columns}
        sides.append(Side(endpoint, from_item(table), columns[:-1], columns, forms=forms))

    result = pooled(compare, *sides, rows=1000, contained=contained)

    for name in names:
        server.drop_database(name)
    assert counts(result) == (88, 0, 0, 2)
    assert [difference.columns for difference in result.differences] == [("f",), ("f",)]
