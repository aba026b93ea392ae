"""The way back: what is written in the unified database is in the legacy ones after a pass, or is stuck and counted."""

import pytest
from back_worlds import Back, rows, run_back
from rule_worlds import MakeTables
from worlds import query, value

pytestmark = pytest.mark.usefixtures("logical_server")

SOURCE = """
CREATE TYPE "Mood" AS ENUM ('fine', 'o''dd');
CREATE TABLE "Par""ents %s" (
  "tenant Id" integer, "id" text, "name" text NOT NULL UNIQUE, "mood" "Mood" NOT NULL DEFAULT 'fine',
  "at" timestamp(3), "left" text DEFAULT 'kept', "short" varchar(5), "n" numeric(10,2), moods "Mood"[],
  PRIMARY KEY ("tenant Id", "id"));
CREATE TABLE kids (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t integer NOT NULL, p text NOT NULL, doc json,
  twice bigint GENERATED ALWAYS AS (id * 2) STORED, note text,
  FOREIGN KEY (t, p) REFERENCES "Par""ents %s" DEFERRABLE);
CREATE TABLE parts (id integer, region text, v text NOT NULL DEFAULT '', PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
INSERT INTO "Par""ents %s" VALUES
  (1, 'a', 'one', 'fine', '2024-02-29 12:00:00.123', 'mine', 'x', 1.50, '{fine}'),
  (1, 'b', 'two', 'o''dd', NULL, 'mine', NULL, NULL, NULL), (2, 'a', 'three', 'fine', 'infinity', 'mine', '', 'NaN', '{}');
INSERT INTO kids (t, p, doc) VALUES (1, 'a', '{"a":1}'), (1, 'b', NULL), (2, 'a', 'null');
INSERT INTO parts VALUES (1, 'a', 'x'), (2, 'b', 'y')
"""
TARGET = """
CREATE TYPE app.mood AS ENUM ('new', 'o''dd', 'fine');
CREATE TABLE app.parents (
  tenant_id bigint, id text, name text NOT NULL, mood app.mood NOT NULL, at timestamptz, short text, n numeric,
  moods app.mood[], extra text, PRIMARY KEY (id, tenant_id));
CREATE TABLE app.kids (id bigint PRIMARY KEY, t bigint NOT NULL, p text NOT NULL, doc jsonb, note text,
  FOREIGN KEY (p, t) REFERENCES app.parents (id, tenant_id));
CREATE TABLE app.parts (id integer, region text, v text, PRIMARY KEY (id, region)) PARTITION BY HASH (id);
CREATE TABLE app.parts_0 PARTITION OF app.parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES WITH (MODULUS 2, REMAINDER 1)
"""
PARENTS = '"Par""ents %s"'


def odd_world(make_tables: MakeTables) -> object:
    from dataclasses import replace

    from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, SourceTable, TableMap

    world = make_tables(SOURCE, TARGET, {"kids": {}, "parts": {}})
    parents = TableMap(
        SourceTable('Par"ents %s', {
            "tenant Id": "integer", "id": "text", "name": "text", "mood": "Mood", "at": "timestamp(3)?",
            "short": "varchar(5)?", "n": "numeric(10,2)?", "moods": "Mood[]?",
        }),
        "app.parents", rename={"tenant Id": "tenant_id"}, new=("extra",),
    )  # fmt: skip
    kids = TableMap(
        SourceTable("kids", {"id": "bigint", "t": "integer", "p": "text", "doc": "json?", "note": "text?"}), "app.kids"
    )
    parts = TableMap(SourceTable("parts", {"id": "integer", "region": "text", "v": "text"}), "app.parts")
    discards = (
        Discard('Par"ents %s', "nobody reads it", column="left"),
        Discard("kids", "it is computed", column="twice"),
    )
    legacy = LegacyDatabase("old", "OLD", "app", (kids, parents, parts), discards=discards)
    world.layout = Layout("rules", (legacy,))
    world.catalog = replace(
        world.catalog, services=(replace(world.catalog.services[0], tables=("parents", "kids", "parts")),)
    )
    return world


def test_shapes_of_all_kinds_come_back(make_tables: MakeTables) -> None:
    world = odd_world(make_tables)
    old = world.urls["old"]

    async def work(back: Back) -> None:
        query(
            world.target,
            """
            UPDATE app.parents SET name = 'ONE', n = 2.5, moods = '{o''dd,fine}', extra = 'lost' WHERE (tenant_id, id) = (1, 'a');
            INSERT INTO app.parents VALUES (3, 'c', 'new one', 'fine', '2025-01-01 00:00:00.123456+00', 'abc', 1, NULL, 'x');
            INSERT INTO app.kids VALUES (100, 3, 'c', '{"k": [1, 2]}', 'hello');
            DELETE FROM app.kids WHERE t = 2; DELETE FROM app.parents WHERE tenant_id = 2;
            UPDATE app.parts SET region = 'a' WHERE id = 2; INSERT INTO app.parts VALUES (3, 'b', 'z')
            """,
        )
        await back.passes()
        assert rows(old, PARENTS, "*", "1, 2") == [
            (
                1,
                "a",
                "ONE",
                "fine",
                value(old, "SELECT '2024-02-29 12:00:00.123'::timestamp"),
                "mine",
                "x",
                2.5,
                ["o'dd", "fine"],
            ),
            (1, "b", "two", "o'dd", None, "mine", None, None, None),
            (
                3,
                "c",
                "new one",
                "fine",
                value(old, "SELECT '2025-01-01 00:00:00.123'::timestamp"),
                "kept",
                "abc",
                1,
                None,
            ),
        ]
        assert rows(old, "kids", "id, t, p, doc::text, twice, note") == [
            (1, 1, "a", '{"a": 1}', 2, None),
            (2, 1, "b", None, 4, None),
            (100, 3, "c", '{"k": [1, 2]}', 200, "hello"),
        ]
        assert rows(old, "parts", "*", "1, 2") == [(1, "a", "x"), (2, "a", "y"), (3, "b", "z")]
        assert await back.stuck("old") == {}

    run_back(world, work)
