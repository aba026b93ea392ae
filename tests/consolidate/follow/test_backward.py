"""The way back: what is written in the unified database is in the legacy ones after a pass, or is stuck and counted."""

from dataclasses import replace

import pytest
from back_worlds import Back, rows, run_back
from rule_worlds import MakeTables
from worlds import World, query

from payrollx_db.consolidate.follow.back_ledger import BackLedger
from payrollx_db.errors import LockLostError
from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.session import session

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
CREATE TABLE parts (id integer, region text, v text NOT NULL DEFAULT '', PRIMARY KEY (id, region))
  PARTITION BY LIST (region);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
INSERT INTO "Par""ents %s" VALUES
  (1, 'a', 'one', 'fine', '2024-02-29 12:00:00.123', 'mine', 'x', 1.50, '{fine}'),
  (1, 'b', 'two', 'o''dd', NULL, 'mine', NULL, NULL, NULL),
  (2, 'a', 'three', 'fine', 'infinity', 'mine', '', 'NaN', '{}');
INSERT INTO kids (t, p, doc) VALUES (1, 'a', '{"a": 1}'), (1, 'b', NULL), (2, 'a', 'null');
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
PARENTS_AS_TEXT = '"tenant Id", id, name, mood, at::text, "left", short, n::text, moods::text'


@pytest.fixture
def odd_world(make_tables: MakeTables) -> World:
    """Composite keys, partitions on both sides, odd names, enums and arrays of them, identities, generated columns."""
    world = make_tables(SOURCE, TARGET, {"kids": {}})
    parents = TableMap(
        SourceTable('Par"ents %s', {
            "tenant Id": "integer", "id": "text", "name": "text", "mood": "Mood", "at": "timestamp(3)?",
            "short": "varchar(5)?", "n": "numeric(10,2)?", "moods": "Mood[]?",
        }),
        "app.parents", rename={"tenant Id": "tenant_id"}, new=("extra",),
    )  # fmt: skip
    columns = {"id": "bigint", "t": "integer", "p": "text", "doc": "json?", "note": "text?"}
    maps = (
        TableMap(SourceTable("kids", columns), "app.kids"),
        parents,
        TableMap(SourceTable("parts", {"id": "integer", "region": "text", "v": "text"}), "app.parts"),
    )
    discards = (
        Discard('Par"ents %s', "nobody reads it", column="left"),
        Discard("kids", "it is computed", column="twice"),
    )
    world.layout = Layout("rules", (LegacyDatabase("old", "OLD", "app", maps, discards=discards),))
    service = replace(world.catalog.services[0], tables=("parents", "kids", "parts"))
    world.catalog = replace(world.catalog, services=(service,))
    return world


def parents(world: World) -> list[tuple[object, ...]]:
    return rows(world.urls["old"], PARENTS, PARENTS_AS_TEXT, "1, 2")


def test_shapes_of_all_kinds_come_back(odd_world: World) -> None:
    old, new = odd_world.urls["old"], odd_world.target

    async def work(back: Back) -> None:
        query(
            new,
            """
            UPDATE app.parents SET name = 'ONE', n = 2.5, moods = '{o''dd,fine}', extra = 'lost'
              WHERE (tenant_id, id) = (1, 'a');
            INSERT INTO app.parents VALUES
              (3, 'c', 'new one', 'fine', '2025-01-01 00:00:00.123456+00', 'abc', 1, NULL, 'x');
            INSERT INTO app.kids VALUES (100, 3, 'c', '{"k": [1, 2]}', 'hello');
            DELETE FROM app.kids WHERE t = 2;
            DELETE FROM app.parents WHERE tenant_id = 2;
            UPDATE app.parts SET region = 'a' WHERE id = 2;
            INSERT INTO app.parts VALUES (3, 'b', 'z')
            """,
        )
        await back.passes()
        assert parents(odd_world) == [
            (1, "a", "ONE", "fine", "2024-02-29 12:00:00.123", "mine", "x", "2.50", "{o'dd,fine}"),
            (1, "b", "two", "o'dd", None, "mine", None, None, None),
            (3, "c", "new one", "fine", "2025-01-01 00:00:00.123", "kept", "abc", "1.00", None),
        ]
        assert rows(old, "kids", "id, t, p, doc::text, twice, note") == [
            (1, 1, "a", '{"a": 1}', 2, None),
            (2, 1, "b", None, 4, None),
            (100, 3, "c", '{"k": [1, 2]}', 200, "hello"),
        ]
        assert rows(old, "parts", "*", "1, 2") == [(1, "a", "x"), (2, "a", "y"), (3, "b", "z")]
        assert await back.stuck("old") == {}

    run_back(odd_world, work)


def test_values_swapped_between_rows_keep_what_only_the_legacy_rows_have(odd_world: World) -> None:
    query(odd_world.urls["old"], f"UPDATE {PARENTS} SET \"left\" = 'of ' || name")

    async def work(back: Back) -> None:
        query(
            odd_world.target,
            "UPDATE app.parents SET name = CASE name WHEN 'one' THEN 'two' ELSE 'one' END WHERE tenant_id = 1",
        )
        await back.passes()
        assert [(row[1], row[2], row[5]) for row in parents(odd_world)[:2]] == [
            ("a", "two", "of one"),
            ("b", "one", "of two"),
        ]

    run_back(odd_world, work)


def test_what_the_legacy_table_does_not_take_is_stuck_until_it_does(odd_world: World) -> None:
    new = odd_world.target

    async def work(back: Back) -> None:
        before = parents(odd_world)
        query(
            new,
            """
            UPDATE app.parents SET mood = 'new', name = 'other' WHERE (tenant_id, id) = (1, 'a');
            UPDATE app.parents SET short = 'too long' WHERE (tenant_id, id) = (1, 'b');
            UPDATE app.parents SET n = 123456789012, moods = '{fine,new}' WHERE tenant_id = 2;
            INSERT INTO app.parents VALUES (9000000000, 'z', 'far', 'fine'), (4, 'd', 'ok', 'fine');
            INSERT INTO app.parts VALUES (7, 'nowhere', 'x'), (8, 'a', NULL), (9, 'a', 'fits')
            """,
        )
        await back.passes()
        assert parents(odd_world) == [*before, (4, "d", "ok", "fine", None, "kept", None, None, None)]
        assert [row[0] for row in rows(odd_world.urls["old"], "parts")] == [1, 2, 9]
        stuck = await back.stuck("old")
        assert set(stuck["public.parts"]) == {'["7", "nowhere"]', '["8", "a"]'}
        assert "no partition" in stuck["public.parts"]['["7", "nowhere"]'] or "23514" in str(stuck)
        assert {key: len(reason.split("; ")) for key, reason in stuck['public.Par"ents %s'].items()} == {
            '["1", "a"]': 1, '["1", "b"]': 1, '["2", "a"]': 2, '["z", "9000000000"]': 1,
        }  # fmt: skip
        assert back.followers["old"].judge.stuck == {"public.parts": 2, 'public.Par"ents %s': 4}  # type: ignore[union-attr]
        query(
            new,
            """
            UPDATE app.parents SET mood = 'fine', short = 'x', n = 1, moods = '{}';
            DELETE FROM app.parents WHERE id = 'z'; UPDATE app.parts SET region = 'b', v = 'y' WHERE id IN (7, 8)
            """,
        )
        await back.passes()
        assert await back.stuck("old") == {}
        assert [row[1:4] for row in parents(odd_world)] == [
            ("a", "other", "fine"), ("b", "two", "fine"), ("a", "three", "fine"), ("d", "ok", "fine"),
        ]  # fmt: skip
        assert [row[:2] for row in rows(odd_world.urls["old"], "parts")] == [
            (1, "a"), (2, "b"), (7, "b"), (8, "b"), (9, "a"),
        ]  # fmt: skip

    run_back(odd_world, work)


def test_what_the_legacy_constraints_refuse_is_stuck_beside_swapped_values(odd_world: World) -> None:
    async def work(back: Back) -> None:
        query(
            odd_world.target,
            """
            INSERT INTO app.parents VALUES (5, 'e', 'same', 'fine'), (5, 'f', 'same', 'fine');
            UPDATE app.parents SET name = CASE name WHEN 'one' THEN 'two' ELSE 'one' END WHERE tenant_id = 1;
            UPDATE app.parents SET name = 'same', short = 'y' WHERE tenant_id = 2
            """,
        )
        await back.passes()
        found = {(row[0], row[1]): (row[2], row[5], row[6]) for row in parents(odd_world)}
        assert found[1, "a"] == ("two", "mine", "x")
        assert found[1, "b"] == ("one", "mine", None)
        assert [name for name, _, _ in found.values()].count("same") == 1
        stuck = await back.stuck("old")
        assert len(stuck['public.Par"ents %s']) == 2
        assert all("23505" in reason for reason in stuck['public.Par"ents %s'].values())

    run_back(odd_world, work)


def test_a_truncated_table_is_emptied_but_for_rows_that_are_stuck(odd_world: World) -> None:
    async def work(back: Back) -> None:
        query(
            odd_world.target,
            """
            TRUNCATE app.parents CASCADE;
            INSERT INTO app.parents VALUES (1, 'a', 'again', 'fine'), (1, 'b', 'odd', 'new'), (6, 'g', 'g', 'fine')
            """,
        )
        await back.passes()
        assert [row[:3] for row in parents(odd_world)] == [(1, "a", "again"), (1, "b", "two"), (6, "g", "g")]
        assert rows(odd_world.urls["old"], "kids") == []
        assert set((await back.stuck("old"))['public.Par"ents %s']) == {'["1", "b"]'}
        assert parents(odd_world)[0][5] == "mine"

    run_back(odd_world, work)


def test_without_the_right_to_leave_triggers_out_parents_come_first(odd_world: World) -> None:
    """What still points at a row that is gone in the target keeps the legacy row, which is stuck."""
    query(
        odd_world.urls["old"],
        f"CREATE TABLE others (id integer PRIMARY KEY, t integer, p text, FOREIGN KEY (t, p) REFERENCES {PARENTS});"
        " INSERT INTO others VALUES (1, 1, 'b')",
    )  # fmt: skip
    database = odd_world.layout.databases[0]
    left = (*database.discards, Discard("others", "nobody needs it"))
    odd_world.layout = Layout("rules", (replace(database, discards=left),))

    async def work(back: Back) -> None:
        query(
            odd_world.target,
            """
            INSERT INTO app.parents VALUES (3, 'c', 'c', 'fine'), (3, 'd', 'd', 'new');
            INSERT INTO app.kids VALUES (100, 3, 'c'), (101, 3, 'd');
            DELETE FROM app.kids WHERE id IN (2, 3); DELETE FROM app.parents WHERE id = 'b' OR tenant_id = 2
            """,
        )
        await back.passes()
        assert [row[:2] for row in parents(odd_world)] == [(1, "a"), (1, "b"), (3, "c")]
        assert [row[0] for row in rows(odd_world.urls["old"], "kids")] == [1, 100]
        stuck = await back.stuck("old")
        assert set(stuck['public.Par"ents %s']) == {'["1", "b"]', '["3", "d"]'}
        assert set(stuck["public.kids"]) == {"101"}

    run_back(odd_world, work, as_replica=False)


def test_without_that_right_no_row_is_deleted_that_others_point_at(make_tables: MakeTables) -> None:
    """Values that two rows swap are stuck there, for to write them anew would take the rows of other tables along."""
    world = make_tables(
        """
        CREATE TABLE p (id integer PRIMARY KEY, name text UNIQUE, own text DEFAULT 'own');
        CREATE TABLE c (id integer PRIMARY KEY, p integer NOT NULL REFERENCES p ON DELETE CASCADE);
        INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');
        INSERT INTO c SELECT n, n FROM generate_series(1, 4) AS n
        """,
        """
        CREATE TABLE app.p (id integer PRIMARY KEY, name text);
        CREATE TABLE app.c (id integer PRIMARY KEY, p integer NOT NULL)
        """,
        {"p": {"id": "integer", "name": "text?"}, "c": {"id": "integer", "p": "integer"}},
    )
    database = world.layout.databases[0]
    world.layout = Layout("rules", (replace(database, discards=(Discard("p", "unread", column="own"),)),))

    async def work(back: Back) -> None:
        query(
            world.target,
            """
            UPDATE app.p SET name = CASE id WHEN 1 THEN 'b' WHEN 2 THEN 'a' WHEN 3 THEN 'd' ELSE 'e' END;
            UPDATE app.c SET p = p
            """,
        )
        await back.passes()
        old = world.urls["old"]
        assert rows(old, "p", "id, name") == [(1, "a"), (2, "b"), (3, "d"), (4, "e")]
        assert [row[0] for row in rows(old, "c")] == [1, 2, 3, 4]
        assert set((await back.stuck("old"))["public.p"]) == {"1", "2"}
        query(world.target, "UPDATE app.p SET name = 'x' WHERE id = 2")
        await back.passes()
        query(world.target, "UPDATE app.p SET name = 'b' WHERE id = 1")
        await back.passes()
        assert rows(old, "p", "id, name") == [(1, "b"), (2, "x"), (3, "d"), (4, "e")]
        assert await back.stuck("old") == {}

    run_back(world, work, as_replica=False)


def test_rows_in_quarantine_stay_untouched_where_they_are(odd_world: World) -> None:
    """Even where the target gets a row of their key, loses it again, or is emptied."""
    query(odd_world.target, "ALTER TABLE app.parts ADD CHECK (v <> 'bad')")
    query(odd_world.urls["old"], "INSERT INTO parts VALUES (66, 'a', 'bad')")

    async def work(back: Back) -> None:
        old = odd_world.urls["old"]
        query(odd_world.target, "INSERT INTO app.parts VALUES (66, 'a', 'good')")
        await back.passes()
        assert (66, "a", "bad") in rows(old, "parts")
        assert set((await back.stuck("old"))["public.parts"]) == {'["66", "a"]'}
        query(odd_world.target, "DELETE FROM app.parts WHERE id = 66")
        await back.passes()
        assert (66, "a", "bad") in rows(old, "parts")
        assert await back.stuck("old") == {}
        query(odd_world.target, "TRUNCATE app.parts")
        await back.passes()
        assert rows(old, "parts") == [(66, "a", "bad")]

    run_back(odd_world, work, policies=Policies.read(["check-violated=quarantine"]))


def test_a_way_back_that_fails_on_a_row_makes_it_stuck(make_tables: MakeTables) -> None:
    world = make_tables(
        "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL); INSERT INTO t VALUES (1, 1), (2, 2)",
        "CREATE TABLE app.t (id integer PRIMARY KEY, a text NOT NULL)",
        {"t": {"id": "integer", "a": "integer"}},
        derive={"t": {"a": "'<' || {a} || '>'"}},
        inverse={"t": {"a": "pg_catalog.btrim({a}, '<>')::integer"}},
    )

    async def work(back: Back) -> None:
        query(world.target, "UPDATE app.t SET a = '<x>' WHERE id = 1; UPDATE app.t SET a = '<7>' WHERE id = 2")
        await back.passes()
        assert rows(world.urls["old"], "t") == [(1, 1), (2, 7)]
        assert "22P02" in (await back.stuck("old"))["public.t"]["1"]
        query(world.target, "TRUNCATE app.t; INSERT INTO app.t VALUES (1, '<9>'), (2, 'oh'), (3, '<3>')")
        await back.passes()
        assert rows(world.urls["old"], "t") == [(1, 9), (2, 7), (3, 3)]
        assert set((await back.stuck("old"))["public.t"]) == {"2"}

    run_back(world, work)


def test_whatever_code_a_function_or_a_trigger_raises_makes_the_row_stuck(make_tables: MakeTables) -> None:
    """22023 is what a server says of its settings as well, and others may make up codes of their own."""
    world = make_tables(
        """
        CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL);
        INSERT INTO t SELECT n, 'x' FROM generate_series(1, 5) n;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN IF new.a = 'XY002' THEN RAISE EXCEPTION USING ERRCODE = new.a; END IF; RETURN new; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse()
        """,
        """
        CREATE TABLE app.t (id integer PRIMARY KEY, a text NOT NULL);
        CREATE FUNCTION app.back(a text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
          IF a IN ('22023', 'P0001', 'XY001') THEN RAISE EXCEPTION USING ERRCODE = a; END IF; RETURN lower(a); END $$
        """,
        {"t": {"id": "integer", "a": "text"}},
        derive={"t": {"a": "pg_catalog.upper({a})"}},
        inverse={"t": {"a": "CASE WHEN {a} LIKE 'XY002' THEN {a} ELSE app.back({a}) END"}},
    )
    codes = {"1": "22023", "2": "P0001", "3": "XY001", "4": "XY002"}

    async def work(back: Back) -> None:
        for key, code in codes.items():
            query(world.target, f"UPDATE app.t SET a = '{code}' WHERE id = {key}")
        query(world.target, "UPDATE app.t SET a = 'FINE' WHERE id = 5")
        await back.passes()
        assert rows(world.urls["old"], "t") == [(1, "x"), (2, "x"), (3, "x"), (4, "x"), (5, "fine")]
        stuck = (await back.stuck("old"))["public.t"]
        assert [codes[key] in reason or codes[key] == "P0001" for key, reason in stuck.items()] == [True] * 4, stuck

    run_back(world, work, as_replica=False)


def test_a_follower_from_before_writes_nothing_any_more(odd_world: World) -> None:
    async def work(back: Back) -> None:
        query(odd_world.target, "UPDATE app.parts SET v = 'first'")
        async with session(back.flows[0].written) as connection:
            await BackLedger(back.flows[0], as_replica=True).read(connection)
        with pytest.raises(LockLostError):
            await back.passes()
        assert [row[2] for row in rows(odd_world.urls["old"], "parts")] == ["x", "y"]
        follower = back.followers["old"]
        await follower.close()
        await follower.connect()
        await back.passes()
        assert [row[2] for row in rows(odd_world.urls["old"], "parts")] == ["first", "first"]

    run_back(odd_world, work)
