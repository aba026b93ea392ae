"""What the target demands of a row, and the source doesn't: the check finds it, and names the rows."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from conftest import TestServer
from preflight_worlds import Make
from rule_worlds import MakeTables
from servers import known_to
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import FindingsError
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import ACTIONS, Policies

SOURCE = """
CREATE TABLE emails (id integer PRIMARY KEY, email text NOT NULL);
INSERT INTO emails VALUES (1, 'a@x'), (2, 'A@x'), (3, 'b@x');
CREATE TABLE slots (id integer PRIMARY KEY, tenant integer, slug text);
INSERT INTO slots VALUES (1, NULL, 'a'), (2, NULL, 'a'), (3, 1, 'a'), (4, 2, NULL), (5, 2, NULL);
CREATE TABLE codes (id integer PRIMARY KEY, code text UNIQUE);
INSERT INTO codes VALUES (1, 'a'), (2, 'a '), (3, 'b');
CREATE TABLE pays (id integer PRIMARY KEY, amount numeric, hours integer, note text);
INSERT INTO pays VALUES (1, -1, 1, 'x'), (2, 2, 0, 'x'), (3, 3, 3, 'never'), (4, 4, 4, NULL), (5, 60000, 1, 'x');
CREATE TABLE days (id integer PRIMARY KEY, day date, k text);
INSERT INTO days VALUES (1, '2020-05-01', 'a'), (2, '2031-01-01', 'b'), (3, '2021-05-01', ''), (4, NULL, 'd'),
  (5, '2021-06-01', 'e'), (6, '2021-07-01', 'e');
CREATE TABLE stays (id integer PRIMARY KEY, room integer, start date, finish date);
INSERT INTO stays VALUES (1, 1, '2020-01-01', '2020-01-05'), (2, 1, '2020-01-04', '2020-01-06'),
  (3, 2, '2020-01-04', '2020-01-06'), (4, 1, '2020-01-05', '2020-01-08');
CREATE TABLE texts (id integer PRIMARY KEY, body text);
INSERT INTO texts SELECT n, n || (SELECT string_agg(md5(n::text || m), '') FROM generate_series(1, n * 40) AS m)
  FROM generate_series(1, 4) AS n;
CREATE TABLE sums (id integer PRIMARY KEY, amount integer, body text);
INSERT INTO sums SELECT n, NULLIF(n, 2), (SELECT string_agg(md5(m::text), '') FROM generate_series(1, n * n * 40) AS m)
  FROM generate_series(1, 3) AS n;
CREATE TABLE lists (id integer PRIMARY KEY, tags text[]);
INSERT INTO lists VALUES (1, '{a,b}'), (2, '{{a},{b}}'), (3, NULL);
CREATE TABLE plain (id integer PRIMARY KEY, email text UNIQUE, amount numeric);
INSERT INTO plain SELECT n, 'user' || n, n FROM generate_series(1, 50) AS n;
"""
TARGET = """
CREATE TABLE app.emails (id integer PRIMARY KEY, email text NOT NULL);
CREATE UNIQUE INDEX one_email ON app.emails (lower(email)) INCLUDE (id);
CREATE TABLE app.slots (id integer PRIMARY KEY, tenant integer, slug text, UNIQUE NULLS NOT DISTINCT (tenant, slug));
CREATE TABLE app.codes (id integer PRIMARY KEY, code char(10) UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE DOMAIN app.some_text AS text CHECK (VALUE <> 'never');
CREATE TABLE app.pays (id integer PRIMARY KEY, amount numeric CONSTRAINT positive CHECK (amount > 0), hours integer,
  note app.some_text NOT NULL DEFAULT 'none', rate numeric(6, 2) GENERATED ALWAYS AS (amount / hours) STORED,
  flag boolean DEFAULT true, CONSTRAINT flagged CHECK (flag), CONSTRAINT whole CHECK (app IS NULL),
  app integer);
CREATE TABLE app.days (id integer, day date, k text) PARTITION BY RANGE (day);
CREATE TABLE app.days_2020 PARTITION OF app.days FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.days_2021 PARTITION OF app.days FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
ALTER TABLE app.days_2021 ADD CONSTRAINT filled CHECK (k <> '');
CREATE UNIQUE INDEX one_k ON app.days_2021 (k);
CREATE TABLE app.stays (id integer PRIMARY KEY, room integer, start date, finish date,
  CONSTRAINT apart EXCLUDE USING gist (int4range(room, room, '[]') WITH &&, daterange(start, finish) WITH &&));
CREATE TABLE app.texts (id integer PRIMARY KEY, body text);
CREATE INDEX by_body ON app.texts (body);
CREATE TABLE app.sums (id integer PRIMARY KEY, amount integer, body text,
  double integer GENERATED ALWAYS AS (amount * 2) STORED NOT NULL);
CREATE INDEX by_ranges ON app.sums USING brin (body);
CREATE TABLE app.lists (id integer PRIMARY KEY, tags text[] CHECK (array_position(tags, 'x') IS NULL));
CREATE TABLE app.plain (id bigint PRIMARY KEY, email text UNIQUE, amount numeric CHECK (amount > 0),
  CHECK (length(email) > 0));
CREATE UNIQUE INDEX lowered ON app.plain (lower(email)) WHERE amount > 0;
"""
TABLES = {
    "emails": {"id": "integer", "email": "text"},
    "slots": {"id": "integer", "tenant": "integer?", "slug": "text?"},
    "codes": {"id": "integer", "code": "text?"},
    "pays": {"id": "integer", "amount": "numeric?", "hours": "integer?", "note": "text?"},
    "days": {"id": "integer", "day": "date?", "k": "text?"},
    "stays": {"id": "integer", "room": "integer?", "start": "date?", "finish": "date?"},
    "texts": {"id": "integer", "body": "text?"},
    "sums": {"id": "integer", "amount": "integer?", "body": "text?"},
    "lists": {"id": "integer", "tags": "text[]?"},
    "plain": {"id": "integer", "email": "text?", "amount": "numeric?"},
}
EXPECTED = {
    ("duplicate", "emails.email"): {"2"},
    ("duplicate", "slots.tenant+slug"): {"2", "5"},
    ("duplicate", "codes.code"): {"2"},
    ("lossy", "codes.code"): {"2"},
    ("check-violated", "pays.amount"): {"1"},
    ("check-violated", "pays.note"): {"3"},
    ("null", "pays.note"): {"4"},
    ("uncomputable", "pays.amount+hours"): {"2", "5"},
    ("no-partition", "days.day"): {"2", "4"},
    ("check-violated", "days.day+k"): {"3"},
    ("duplicate", "days.day+k"): {"6"},
    ("exclusion", "stays.room+start+finish"): {"2"},
    ("too-large", "texts.body"): {"3", "4"},
    ("too-large", "sums.body"): {"3"},
    ("check-violated", "sums.amount"): {"2"},
    ("uncomputable", "lists.tags"): {"2"},
}


def findings_of(world: World) -> list[Finding]:
    """Return what the check says that blocks."""
    return [finding for finding in asyncio.run(pipeline.check(world.task())) if finding.severity == "block"]


def named(findings: list[Finding]) -> dict[tuple[str, str], set[str]]:
    """Return the keys that findings name, by code and place without database and schema."""
    return {(f.code, f.place.split(".", 2)[2]): set(f.examples) for f in findings}


@pytest.fixture
def ruled(make_tables: MakeTables, server: TestServer) -> World:
    """A world in which each table but the last has rows that the target refuses."""
    return make_tables(SOURCE, known_to(server.version, TARGET), TABLES, new={"pays": ("flag", "app")})


def test_each_rule_names_its_rows_and_a_policy_leaves_them_out(ruled: World, server: TestServer) -> None:
    slots = ("duplicate", "slots.tenant+slug")  # before Postgres 15 two rows without a value are no duplicates
    expected = {place: keys for place, keys in EXPECTED.items() if server.version >= 150000 or place != slots}
    assert named(findings_of(ruled)) == expected

    policies = Policies.read(f"{code}={ACTIONS[code][0]}" for code in sorted({code for code, _ in expected}))
    report = ruled.copy_with(ruled.task(), policies)

    out = {
        (row.split(".")[-1], key)
        for row, key in query(ruled.target, "SELECT source, key FROM payrollx_meta.quarantine")
    }
    assert out == {(place.split(".")[0], key) for (_, place), keys in expected.items() for key in keys}
    assert report.run.status == "done"
    assert ruled.verify().identical
    assert value(ruled.target, "SELECT count(*) FROM app.plain") == 50


@pytest.mark.parametrize("code", sorted({code for code, _ in EXPECTED} - {"null", "duplicate", "lossy"}))
def test_a_new_code_has_a_policy(code: str) -> None:
    assert ACTIONS[code] == ("quarantine",)


def test_where_the_rows_are_not_checked_first_the_copy_is_undone_and_names_them(ruled: World) -> None:
    query(ruled.urls["old"], "DELETE FROM codes WHERE id = 2")  # nothing would notice that it is changed

    with pytest.raises(FindingsError) as refused:
        asyncio.run(pipeline.copy(replace(ruled.task(), check_rows="never")))

    assert any(line.startswith("check-violated old.public.pays.amount") for line in refused.value.details)
    assert value(ruled.target, "SELECT count(*) FROM app.plain") == 0


def test_equality_of_an_extension_s_type_and_of_domains_over_it(make_tables: MakeTables) -> None:
    source = (
        "CREATE TABLE users (id integer PRIMARY KEY, email text UNIQUE, nick text);"
        "INSERT INTO users VALUES (1, 'a@x', 'n'), (2, 'A@x', 'N'), (3, 'b@x', 'm');"
        "CREATE TABLE notes (id integer PRIMARY KEY, email text);"
        "INSERT INTO notes VALUES (1, 'A@X'), (2, 'B@x'), (3, 'c@x')"
    )
    target = (
        "CREATE EXTENSION citext; CREATE DOMAIN app.nick AS citext CHECK (VALUE <> 'M');"
        "CREATE TABLE app.users (id integer PRIMARY KEY, email citext UNIQUE, nick text);"
        "CREATE UNIQUE INDEX one_nick ON app.users ((nick::citext));"
        "CREATE TABLE app.notes (id integer PRIMARY KEY, email citext REFERENCES app.users (email))"
    )
    tables = {
        "users": {"id": "integer", "email": "text?", "nick": "text?"},
        "notes": {"id": "integer", "email": "text?"},
    }
    try:
        world = make_tables(source, target, tables)
    except psycopg.Error:
        pytest.skip("this server has no citext")

    assert named(findings_of(world)) == {
        ("duplicate", "users.email"): {"2"},
        ("duplicate", "users.nick"): {"2"},
        ("orphan", "notes.email"): {"c@x"},
    }
    world.copy_with(world.task(), Policies.read(["duplicate=quarantine", "orphan=quarantine"]))
    assert value(world.target, "SELECT count(*) FROM app.notes") == 2
    assert world.verify().identical


def test_a_check_whose_function_reads_a_table_is_said_to(make_world: Make) -> None:
    """As pgcopydb 264: the rows that it looks for aren't there yet when those come that it is asked about."""
    world = make_world()
    query(world.target, "CREATE TABLE shop.words (word text)")
    body = "SELECT EXISTS (SELECT FROM shop.words WHERE word = $1)"
    query(world.target, f"CREATE FUNCTION shop.known(text) RETURNS bool STABLE LANGUAGE sql AS '{body}'")
    query(world.target, "ALTER TABLE shop.things ADD CONSTRAINT known CHECK (shop.known(name) AND id > 0)")
    query(world.urls["old"], "INSERT INTO things VALUES (1, 'a')")

    (finding,) = (f for f in asyncio.run(pipeline.check(world.task())) if f.code == "check-violated")

    assert "which calls shop.known(text): if that reads other tables" in finding.message


OVERLOADED = """
CREATE FUNCTION app.code(bytea) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN encode($1, 'hex'); END $$;
SET search_path = app, pg_catalog;
CREATE FUNCTION app.code(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT code(convert_to($1, 'UTF8')) $$;
CREATE TABLE app.items (id integer PRIMARY KEY, name text, coded text GENERATED ALWAYS AS (app.code(name)) STORED);
"""


def test_a_generated_column_whose_function_needs_a_path_is_found_before(make_tables: MakeTables) -> None:
    """As supabase/cli 3921: one function of this name calls the other, which is in no search_path of the copy."""
    source = "CREATE TABLE items (id integer PRIMARY KEY, name text); INSERT INTO items VALUES (1, 'a');"
    world = make_tables(source, OVERLOADED, {"items": {"id": "integer", "name": "text?"}}, new={"items": ["coded"]})

    (finding,) = findings_of(world)
    assert "ALTER FUNCTION app.code(text) SET search_path" in finding.message

    query(world.target, "ALTER FUNCTION app.code(text) SET search_path = app, pg_temp")
    world.copy()
    assert query(world.target, "SELECT id, coded FROM app.items") == [(1, "61")]
    assert world.verify().identical
