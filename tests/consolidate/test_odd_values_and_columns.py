"""Values and columns that other copying tools have lost or changed: each arrives as it was."""

import asyncio
from dataclasses import replace

import pytest
from conftest import TestServer
from rule_worlds import MakeTables
from servers import known_to
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.check import row_sizes
from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import Policies, Policy

SOURCE = """
CREATE TABLE gone (a integer, id integer PRIMARY KEY, b text, "order" text, c text, "user" text);
ALTER TABLE gone DROP COLUMN a; ALTER TABLE gone DROP COLUMN c;
INSERT INTO gone SELECT n, 'b' || n, NULLIF('', NULLIF(n % 3, 1)::text), CASE WHEN n % 2 = 0 THEN '' END
  FROM generate_series(1, 30) AS n;
CREATE TABLE times (id integer PRIMARY KEY, at timestamptz, plain timestamp, day date, span interval, hour time,
  zoned timetz);
INSERT INTO times VALUES
  (1, 'infinity', '-infinity', 'infinity', '1 mon -1 day 00:00:00.000001', '24:00', '23:59:59.999999-15:59'),
  (2, '4713-01-01 00:00 BC', '294276-12-31 23:59:59.999999', '4714-11-24 BC', '-178000000 years', '00:00',
    '00:00+15:59'),
  (3, '0001-12-31 BC', '1582-10-10', '5874897-12-31', '0', '12:00:00.5', '24:00+00');
CREATE TABLE numbers (id integer PRIMARY KEY, free numeric, real real, double double precision, cents numeric(5, -2));
INSERT INTO numbers VALUES
  (1, repeat('9', 100)::numeric + 0.0000000000000000000000000000000000000001, '-0', '5e-324', 123456),
  (2, 'NaN', 'NaN', '-Infinity', 0), (3, 'Infinity', '1e-45', '1.7976931348623157e308', -99900),
  (4, 1.10, 16777217, 0.1, NULL), (5, 1.100, 3.4028235e38, 9007199254740993, NULL);
CREATE TABLE texts (id integer PRIMARY KEY, body text, padded char(5), bits varbit, raw bytea);
INSERT INTO texts VALUES
  (1, repeat('é€😀', 400000), 'ab', B'', ''), (2, E'\\\\N', ' ', B'101', '\\x00ff5c4e'),
  (3, E'a\\tb\\nc\\r\\nd\\\\.', '', NULL, decode(repeat('00', 2000000), 'hex')), (4, '', NULL, B'0', NULL);
CREATE TABLE made (id integer PRIMARY KEY, price integer);
INSERT INTO made SELECT n, n * 10 FROM generate_series(1, 20) AS n;
"""
TARGET = """
CREATE TABLE app.gone ("user" text, id integer PRIMARY KEY, x integer, "order" text, b text);
ALTER TABLE app.gone DROP COLUMN x;
CREATE TABLE app.times (id integer PRIMARY KEY, at timestamptz, plain timestamp, day date, span interval, hour time,
  zoned timetz);
CREATE TABLE app.numbers (id integer PRIMARY KEY, free numeric, real real, double double precision,
  cents numeric(5, -2));
CREATE TABLE app.texts (id integer PRIMARY KEY, body text, padded char(5), bits varbit, raw bytea);
CREATE TABLE app.made (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price integer,
  tax integer GENERATED ALWAYS AS (price / 5) STORED);
"""
TABLES = {
    "gone": {"id": "integer", "b": "text?", "order": "text?", "user": "text?"},
    "times": {"id": "integer", "at": "timestamptz?", "plain": "timestamp?", "day": "date?", "span": "interval?",
              "hour": "time?", "zoned": "timetz?"},
    "numbers": {"id": "integer", "free": "numeric?", "real": "real?", "double": "float8?", "cents": "numeric(5,-2)?"},
    "texts": {"id": "integer", "body": "text?", "padded": "character(5)?", "bits": "bit varying?", "raw": "bytea?"},
    "made": {"id": "integer", "price": "integer?"},
}  # fmt: skip
ROWS = {
    "gone": 'id, b, "order", "user"',
    "times": "id, at, plain, day, span, hour, zoned",
    "numbers": "id, free, real, double, cents",
    "texts": "id, md5(body), length(body), padded::text || '|', bits, md5(raw), length(raw)",
    "made": "id, price",
}


@pytest.fixture
def world(make_tables: MakeTables, server: TestServer) -> World:
    tables = TABLES
    if server.version < 150000:  # no scale is below 0 there
        tables = {**TABLES, "numbers": {**TABLES["numbers"], "cents": "numeric(6,0)?"}}
    return make_tables(known_to(server.version, SOURCE), known_to(server.version, TARGET), tables)


@pytest.mark.parametrize(
    "small_tables", [1_000_000, pytest.param(0, marks=pytest.mark.long)], ids=["small tables", "large tables"]
)
def test_they_arrive_as_they_were(world: World, small_tables: int) -> None:
    replace(world, small_tables=small_tables).copy()

    for table, columns in ROWS.items():
        rows = "SELECT ({columns})::text FROM {table} ORDER BY id"
        there = query(world.urls["old"], rows.format(columns=columns, table=table))
        here = query(world.target, rows.format(columns=columns, table=f"app.{table}"))
        assert here == there, table
    assert world.verify().identical
    assert value(world.target, "SELECT sum(tax) FROM app.made") == 420
    next_id = value(world.target, "INSERT INTO app.made (price) VALUES (5) RETURNING id")
    assert next_id == 21, "the identity goes on after the rows"


# A column may have the name that a query gives to the table itself: the column would be meant, and not the row.
NAMED_LIKE_ROWS = {"kept": "text?", "r": "text?", "s": "text?", "t": "text?", "q": "text?"}
OF_ROWS = "kept text, r text, s text, t text, q text"


def test_columns_that_are_called_like_a_row_hide_none(make_tables: MakeTables) -> None:
    rows = "SELECT n, 'kept', 'r', 's', 't', 'q', NULLIF(n, 3) FROM generate_series(1, 5) AS n"
    world = make_tables(
        f"CREATE TABLE plain (id integer PRIMARY KEY, {OF_ROWS}, n integer); INSERT INTO plain {rows};"
        f"CREATE TABLE of_json (id integer PRIMARY KEY, {OF_ROWS}, n integer, body json); INSERT INTO of_json {rows}",
        f"CREATE TABLE app.plain (id integer PRIMARY KEY, {OF_ROWS}, n integer NOT NULL);"
        f"CREATE TABLE app.of_json (id integer PRIMARY KEY, {OF_ROWS}, n integer NOT NULL, body jsonb)",
        {
            "plain": {"id": "integer", **NAMED_LIKE_ROWS, "n": "integer?"},
            "of_json": {"id": "integer", **NAMED_LIKE_ROWS, "n": "integer?", "body": "json?"},
        },
    )

    policies = Policies((Policy("null", "quarantine"),))
    world.copy_with(world.task(), policies)

    texts = {"kept": "kept", "r": "r", "s": "s", "t": "t", "q": "q"}
    assert query(world.target, "SELECT source, row FROM payrollx_meta.quarantine ORDER BY 1") == [
        ("old.public.of_json", {"id": 3, **texts, "n": None, "body": None}),
        ("old.public.plain", {"id": 3, **texts, "n": None}),
    ]
    assert world.verify().identical
    asyncio.run(pipeline.copy(replace(world.task(), policies=policies), restart=True))
    assert world.verify().identical


def test_rows_that_no_message_holds_are_named(make_tables: MakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a gigabyte of a hundred thousand bytes. How long a value is doesn't show in what it takes on the disk."""
    monkeypatch.setattr(row_sizes, "MOST", 100_000)
    half = "decode(repeat('00', 60000), 'hex')"
    world = make_tables(
        "CREATE TABLE files (id integer PRIMARY KEY, name text, a bytea, b varchar, c text);"
        "ALTER TABLE files ALTER a SET STORAGE EXTERNAL;"
        f"INSERT INTO files VALUES (1, 'x', {half}, NULL, repeat('c', 60000)),"
        f" (2, 'y', {half}, repeat('b', 60000), 'c'),"
        " (3, 'z', '', repeat('b', 90000), repeat('c', 90000))",
        "CREATE TABLE app.files (id integer PRIMARY KEY, name text, a bytea, b text, c text)",
        {"files": {"id": "integer", "name": "text?", "a": "bytea?", "b": "varchar?", "c": "text?"}},
        derive={"files": {"c": "left({c}, 10)"}},
    )

    (finding,) = [f for f in asyncio.run(pipeline.check(world.task())) if f.severity == "block"]

    assert (finding.code, finding.place) == ("row-too-large", "old.public.files.name+a+b")
    assert (finding.count, finding.examples) == (1, ("2",))
    with pytest.raises(FindingsError):
        world.copy()
    query(world.urls["old"], "UPDATE files SET b = NULL WHERE id = 2")
    world.copy()
    assert world.verify().identical


def test_bytes_that_go_over_as_text_take_twice_their_room(
    make_tables: MakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reported of others: a bytea of 700 MB is read in binary form, and is more than a message holds as text."""
    monkeypatch.setattr(row_sizes, "MOST", 100_000)
    columns = "id integer PRIMARY KEY, a bytea, rights aclitem"  # which has no binary form
    world = make_tables(
        f"CREATE TABLE files ({columns}); ALTER TABLE files ALTER a SET STORAGE EXTERNAL;"
        "INSERT INTO files VALUES (1, decode(repeat('00', 40000), 'hex'), NULL),"
        " (2, decode(repeat('00', 60000), 'hex'), NULL)",
        f"CREATE TABLE app.files ({columns})",
        {"files": {"id": "integer", "a": "bytea?", "rights": "aclitem?"}},
    )

    (finding,) = [f for f in asyncio.run(pipeline.check(world.task())) if f.severity == "block"]

    assert (finding.code, finding.count, finding.examples) == ("row-too-large", 1, ("2",))
    query(world.urls["old"], "DELETE FROM files WHERE id = 2")
    world.copy()
    assert world.verify().identical
