"""The stream hands out which keys changed, whatever the keys are and however they changed."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from streams import Followed, followed, published
from worlds import query, value

from payrollx_db.errors import FindingsError
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from conftest import TestServer

TABLES = """
CREATE TABLE plain (id text PRIMARY KEY, v text);
CREATE SCHEMA "Odd.One";
CREATE TABLE "Odd.One"."a % ""b"" c" ("Zwei'" text, n int, "%s" text, PRIMARY KEY ("%s", n));
CREATE TABLE "whole rows" (a int, b text); ALTER TABLE "whole rows" REPLICA IDENTITY FULL;
CREATE TABLE whole_key (id int PRIMARY KEY, v text); ALTER TABLE whole_key REPLICA IDENTITY FULL;
CREATE TABLE looked_up (id int PRIMARY KEY, currency text, note text);
CREATE TABLE by_index (id int NOT NULL, other int NOT NULL, UNIQUE (id, other), PRIMARY KEY (other));
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_id_other_key;
CREATE TABLE timed (at timestamptz, f float8, b bytea, i interval, PRIMARY KEY (at, f, b, i));
CREATE TABLE parts (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parts_de PARTITION OF parts FOR VALUES IN ('de');
CREATE TABLE parts_fr PARTITION OF parts FOR VALUES IN ('fr');
"""


@pytest.fixture(scope="module")
def old(logical_server: "TestServer") -> Iterator[DatabaseUrl]:
    url = logical_server.create_database("keys of all kinds")
    query(url, TABLES)
    yield url
    logical_server.drop_database("keys of all kinds")


async def _plain(one: Followed) -> None:
    one.write("INSERT INTO plain VALUES ('1', 'x'), ('2', 'y'), (E'é\"''{}\\\\,\\n', 'z'), ('', 'empty'), ('NULL', '')")
    assert await one.keys() == [("",), ("1",), ("2",), ("NULL",), ("é\"'{}\\,\n",)]
    one.write("UPDATE plain SET v = 'w' WHERE id = '1'; DELETE FROM plain WHERE id = '2'")
    assert await one.keys() == [("1",), ("2",)]
    one.write("UPDATE plain SET id = '3' WHERE id = '1'")
    assert await one.keys() == [("1",), ("3",)]
    assert await one.keys() == []


async def _aborted(one: Followed) -> None:
    one.write(
        "BEGIN; INSERT INTO plain VALUES ('kept'); SAVEPOINT a; INSERT INTO plain VALUES ('lost'); ROLLBACK TO a;"
        " SAVEPOINT b; INSERT INTO plain VALUES ('kept too'); RELEASE b; COMMIT; BEGIN; TRUNCATE plain; ROLLBACK"
    )
    changes = await one.changes()
    assert sorted(changes.keys[one.tables[0].oid]) == [("kept",), ("kept too",)]
    assert (changes.truncated, changes.unsettled) == (frozenset(), None)


async def _composite(one: Followed) -> None:
    odd, whole_rows, whole_key, by_index = range(4)
    one.write("""INSERT INTO "Odd.One"."a % ""b"" c" VALUES ('v', 1, 'k'); INSERT INTO by_index VALUES (1, 2)""")
    one.write("INSERT INTO \"whole rows\" VALUES (1, NULL), (NULL, 'b'); INSERT INTO whole_key VALUES (7, 'v')")
    changes = await one.changes()
    assert [sorted(changes.keys[table.oid], key=str) for table in one.tables] == [
        [("1", "k")], [("1", None), (None, "b")], [("7",)], [("2",)],
    ]  # fmt: skip
    one.write("""UPDATE "Odd.One"."a % ""b"" c" SET n = 2; UPDATE "Odd.One"."a % ""b"" c" SET "Zwei'" = ''""")
    one.write('UPDATE "whole rows" SET b = \'c\' WHERE a = 1; DELETE FROM "whole rows" WHERE a IS NULL')
    one.write("UPDATE whole_key SET id = 8; UPDATE by_index SET other = 3; DELETE FROM by_index")
    changes = await one.changes()
    assert sorted(changes.keys[one.tables[odd].oid]) == [("1", "k"), ("2", "k")]
    assert set(changes.keys[one.tables[whole_rows].oid]) == {("1", None), ("1", "c"), (None, "b")}
    assert sorted(changes.keys[one.tables[whole_key].oid]) == [("7",), ("8",)]
    assert sorted(changes.keys[one.tables[by_index].oid]) == [("2",), ("3",)]
    assert ("8",) in changes.keys[one.tables[whole_key].oid]
    assert ("9",) not in changes.keys[one.tables[whole_key].oid]


async def _stored_out_of_line(one: Followed) -> None:
    # Long keys that don't shrink are stored out of line, and aren't sent again with a row that has another change.
    one.write(
        "ALTER TABLE plain ALTER id SET STORAGE EXTERNAL;"
        " INSERT INTO plain VALUES (repeat('k', 2500), repeat('v', 9000))"
    )
    assert await one.keys() == [("k" * 2500,)]
    one.write("UPDATE plain SET v = 'short' WHERE id LIKE 'kk%'")
    assert await one.keys() == [("k" * 2500,)]


async def _watched(one: Followed) -> None:
    oid = one.tables[0].oid

    async def touching(statement: str) -> list[Any]:
        one.write(statement)
        changes = await one.changes()
        assert set(changes.watched.get(oid, ())) <= set(changes.keys[oid])
        return sorted(changes.watched.get(oid, ()))

    assert await touching("INSERT INTO looked_up VALUES (1, 'EUR', 'a'), (2, NULL, 'b')") == [("1",), ("2",)]
    assert await touching("UPDATE looked_up SET note = 'c'") == []
    one.write("UPDATE looked_up SET currency = 'CHF' WHERE id = 1")
    assert await touching("UPDATE looked_up SET note = ''") == [("1",)]
    assert await touching("UPDATE looked_up SET currency = '' WHERE id = 2") == [("2",)]
    assert await touching("UPDATE looked_up SET id = 3 WHERE id = 2") == [("2",), ("3",)]
    assert await touching("DELETE FROM looked_up WHERE id = 3") == [("3",)]
    await one.again(one.began)  # what it doesn't know counts as changed
    await one.changes()
    assert await touching("UPDATE looked_up SET note = 'd'") == []
    await one.again((await one.changes()).place)
    assert await touching("UPDATE looked_up SET note = 'e'") == [("1",)]


async def _texts_of_our_settings(one: Followed) -> None:
    one.write("INSERT INTO timed VALUES ('2026-02-03 04:05:06.789+00', 0.1::float8 + 0.2, '\\x00ff', '1 year 2 days')")
    assert await one.keys() == [("2026-02-03 04:05:06.789+00", "0.30000000000000004", "\\x00ff", "1 year 2 days")]


async def _truncated(one: Followed) -> None:
    first, other = one.tables
    before, _ = await one.snapshot()
    one.write("INSERT INTO plain VALUES ('new'); TRUNCATE plain, looked_up")
    for _ in range(2):  # what the snapshot doesn't see stays
        assert (await one.changes(before)).truncated == {first.oid, other.oid}
    assert (await one.changes()).truncated == {first.oid, other.oid}
    assert (await one.changes()).truncated == frozenset()


async def _partitioned(one: Followed) -> None:
    one.write("INSERT INTO parts VALUES (1, 'de'), (2, 'fr')")
    assert await one.keys() == [("1", "de"), ("2", "fr")]
    one.write("UPDATE parts SET region = 'fr' WHERE id = 1; DELETE FROM parts_fr WHERE id = 2")
    assert await one.keys() == [("1", "de"), ("1", "fr"), ("2", "fr")]
    one.write("CREATE TABLE parts_it PARTITION OF parts FOR VALUES IN ('it'); INSERT INTO parts_it VALUES (5, 'it')")
    assert await one.keys() == [("5", "it")]
    one.write("TRUNCATE parts")
    assert (await one.changes()).truncated == {one.tables[0].oid}


async def _prepared(one: Followed) -> None:
    one.write("BEGIN; INSERT INTO plain VALUES ('prepared'); PREPARE TRANSACTION 'of the stream'")
    assert await one.keys() == []
    one.write("COMMIT PREPARED 'of the stream'")
    assert await one.keys() == [("prepared",)]


ODD = '"Odd.One"."a % ""b"" c"'
CASES: dict[str, tuple[Any, list[tuple[Any, ...]], dict[str, Any]]] = {
    "inserted, updated, deleted, renamed": (_plain, [("plain", "id")], {}),
    "rolled back to a savepoint": (_aborted, [("plain", "id")], {}),
    "several columns, whole rows, an index": (
        _composite, [(ODD, "n", "%s"), ('"whole rows"', "a", "b"), ("whole_key", "id"), ("by_index", "other")], {},
    ),
    "stored out of line": (_stored_out_of_line, [("plain", "id")], {}),
    "watched columns": (_watched, [("looked_up", "id")], {"watched": ("currency",)}),
    "written as our settings say": (_texts_of_our_settings, [("timed", "at", "f", "b", "i")], {}),
    "truncated": (_truncated, [("plain", "id"), ("looked_up", "id")], {}),
    "of a partitioned table": (_partitioned, [("parts", "id", "region")], {}),
    "of a prepared transaction": (_prepared, [("plain", "id")], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_keys_that_changed(old: DatabaseUrl, case: str) -> None:
    slots = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    if "prepared" in case and value(old, "SHOW max_prepared_transactions") == "0":
        pytest.skip("the server allows no prepared transactions")
    play, names, options = CASES[case]
    tables = [published(old, *name, **options) for name in names]

    async def run() -> None:
        async with followed(old, *tables) as one:
            await play(one)

    query(old, "ALTER DATABASE \"keys of all kinds\" SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'")
    asyncio.run(run())
    assert value(old, slots) == 0, "a slot is left, which keeps the server's log"


def test_keys_in_a_database_of_another_encoding(logical_server: "TestServer") -> None:
    query(logical_server.url, "CREATE DATABASE \"Müller's\" ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    url = logical_server.url.with_database("Müller's")

    async def run() -> None:
        async with followed(url, published(url, '"Bücher"', "größe")) as one:
            one.write("INSERT INTO \"Bücher\" VALUES ('süß'), ('ÿ')")
            assert await one.keys() == [("süß",), ("ÿ",)]

    try:
        query(url, 'CREATE TABLE "Bücher" ("größe" text PRIMARY KEY)')
        asyncio.run(run())
    finally:
        logical_server.drop_database("Müller's")


def test_bytes_that_are_no_text_stop_it(logical_server: "TestServer") -> None:
    query(logical_server.url, "CREATE DATABASE \"no encoding\" ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    url = logical_server.url.with_database("no encoding")
    url = replace(url, params={**url.params, "client_encoding": "UTF8"})

    async def run() -> None:
        async with followed(url, published(url, "t", "id")) as one:
            one.write("INSERT INTO t VALUES (convert_from('\\xfffe', 'SQL_ASCII'))")
            with pytest.raises(FindingsError) as caught:
                await one.keys()
            assert caught.value.sqlstate == "22021"

    try:
        query(url, "CREATE TABLE t (id text PRIMARY KEY)")
        asyncio.run(run())
    finally:
        logical_server.drop_database("no encoding")
