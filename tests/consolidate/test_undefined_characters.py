"""Bytes that an encoding has no character for: found with their rows before anything is written, and kept as bytes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique
from lifted_worlds import rows

from payrollx_db.postgres.url import DatabaseUrl

pytestmark = pytest.mark.long

CODE = "undefined-character"
TABLES = rb"""
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, tags text[], "the doc" jsonb, number int4range);
CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people, "pet name" varchar(20));
CREATE TABLE pairs (a int, b text, c "char", PRIMARY KEY (a, b));
CREATE TABLE by_day (day date, note text) PARTITION BY RANGE (day);
CREATE TABLE by_day_1 PARTITION OF by_day FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE bare (name text);
CREATE TABLE named (name text PRIMARY KEY);
INSERT INTO people SELECT n, E'\xcf' || n FROM generate_series(1, 500) AS n;
INSERT INTO pets VALUES (1, 5, 'rex'), (2, 6, 'max');
INSERT INTO pairs VALUES (1, E'\xe0', 'x');
INSERT INTO bare VALUES ('fine'), (E'\x98');
INSERT INTO named VALUES (E'\x98');
INSERT INTO pairs VALUES (2, E'\x98', 'x');
INSERT INTO by_day VALUES ('2024-02-03', E'\x98');
UPDATE people SET name = E'bad \x98' WHERE id IN (5, 400);
UPDATE people SET tags = ARRAY['a', E'\x98'] WHERE id = 7;
UPDATE people SET "the doc" = jsonb_build_object('k', E'\x98') WHERE id = 8;
"""


@dataclass(frozen=True)
class Story:
    """What was done one after the other: without a policy, by one, with a row mended; and what was kept."""

    lifted: Done
    checked: Done
    unchecked: Done
    written: list[Any]
    copied: Done
    kept: list[Any]
    unmended: Done
    mended: Done
    names: list[Any]


@pytest.fixture(scope="module")
def story(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Lift a database in WIN1251."""
    names = unique("cyrillic"), unique("unified")
    rows(server.url, f"CREATE DATABASE {names[0]} ENCODING 'WIN1251' LOCALE 'C' TEMPLATE template0")
    old, new = server.url.with_database(names[0]), server.create_database(names[1])
    fill(old, TABLES)
    folder = tmp_path_factory.mktemp("cyrillic")
    environment = {"DATABASE_URL": new.plain, "LEGACY_DATABASE_URL": old.plain}

    def command(*words: str) -> Done:
        return call((*words, "--lift", str(folder / "lift.toml")), environment, folder)

    words = ("--source", f"old={old.plain}", "--name", names[1], "--to", new.plain, "--dir", str(folder))
    lifted = call(("lift", *words), {}, folder)
    checked = command("check", "--json", "--policy", "undefined-character:people.name=quarantine")
    unchecked = command("copy", "--check-rows", "never")
    written = rows(new, "SELECT count(*) FROM old.people")
    rows(old, "DELETE FROM bare WHERE convert_to(name, 'WIN1251') = '\\x98'")
    rows(old, "TRUNCATE named, by_day; DELETE FROM pairs WHERE a = 2")
    copied = command("copy", "--verify", "--policy", f"{CODE}=quarantine", "--policy", "orphan=quarantine")
    kept = rows(new, "SELECT s.row FROM payrollx_meta.quarantine AS s WHERE s.source LIKE '%people' AND s.key = '5'")
    unmended = command("quarantine", "retry")
    rows(old, "UPDATE people SET name = 'mended' WHERE id = 5")
    mended = command("quarantine", "retry")
    there = rows(new, 'SELECT name FROM old.people WHERE id IN (5, 400) UNION ALL SELECT "pet name" FROM old.pets')
    yield Story(lifted, checked, unchecked, written, copied, kept, unmended, mended, there)
    for name in names:
        server.drop_database(name)
    for role in rows(server.url, f"SELECT quote_ident(rolname) FROM pg_roles WHERE rolname LIKE '{names[1]}%'"):
        rows(server.url, f"DROP ROLE {role}")


def fill(url: DatabaseUrl, script: bytes) -> None:
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute("SET client_encoding TO 'WIN1251'")
        connection.execute(script)


def found(done: Done) -> dict[str, tuple[int, list[str], bool]]:
    """By place: how many rows, some of their keys, and whether a policy helps."""
    findings = [one for one in json.loads(done.stdout)["findings"] if one["code"] == CODE]
    return {one["place"]: (one["count"], one["examples"], "no policy" not in one["message"]) for one in findings}


def test_rows_are_named_before_anything_is_written(story: Story) -> None:
    assert (story.lifted.returncode, story.checked.returncode) == (3, 3), story.checked.stdout
    assert f"{CODE} old.public.people.name: 2 rows" in story.lifted.stderr
    assert found(story.checked) == {
        "old.public.people.name": (2, ["400", "5"], True),
        "old.public.people.tags": (1, ["7"], True),
        "old.public.people.the doc": (1, ["8"], True),
        "old.public.bare.name": (1, ["ctid (0,2)"], False),
        "old.public.named.name": (1, ["ctid (0,1)"], False),
        "old.public.pairs.b": (1, ["ctid (0,2)"], False),
        "old.public.by_day.note": (1, [], False),
    }


def test_a_copy_that_does_not_look_is_undone_and_names_them(story: Story) -> None:
    assert story.unchecked.returncode == 3
    assert f"{CODE} old.public.bare.name: 1 row" in story.unchecked.stderr
    assert story.written == [0]


def test_quarantine_keeps_the_bytes_and_the_rest_goes_over(story: Story) -> None:
    assert story.copied.returncode == 0, story.copied.stdout + story.copied.stderr
    assert story.kept == [{"id": 5, "name": "\\x6261642098", "tags": None, "the doc": None, "number": None}]


def test_a_row_that_is_mended_goes_in_and_another_stays_out(story: Story) -> None:
    assert "people: 0 restored, 4 remain in quarantine" in story.unmended.stdout
    assert "people: 1 restored, 3 remain in quarantine" in story.mended.stdout
    assert "pets: 1 restored, 0 remain" in story.mended.stdout
    assert sorted(story.names) == ["max", "mended", "rex"]
