"""Following a source: after each call, both sides hold the same, whatever was written in between."""

from typing import Any

SOURCE = """
CREATE TABLE teams (id text PRIMARY KEY, name text UNIQUE NOT NULL, notes text);
CREATE TABLE players (id integer PRIMARY KEY, team text NOT NULL REFERENCES teams ON UPDATE CASCADE, shirt integer,
  UNIQUE (team, shirt));
INSERT INTO teams SELECT md5(n::text)::uuid::text, 'team ' || n, repeat(md5(n::text), 300)
  FROM generate_series(1, 9) AS n;
INSERT INTO players SELECT n, md5((1 + n % 9)::text)::uuid::text, n FROM generate_series(1, 99) AS n;
"""
TARGET = """
CREATE TABLE app.teams (id uuid PRIMARY KEY, name text UNIQUE NOT NULL, notes text);
CREATE TABLE app.players (id bigint PRIMARY KEY, team uuid NOT NULL REFERENCES app.teams, shirt integer,
  UNIQUE (team, shirt));
"""
TABLES = {
    "teams": {"id": "text", "name": "text", "notes": "text?"},
    "players": {"id": "integer", "team": "text", "shirt": "integer?"},
}


def test_what_is_written_is_brought_over(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES)
    world.write("INSERT INTO teams VALUES (gen_random_uuid()::text, 'new', NULL)")
    world.write("UPDATE teams SET name = name || '!' WHERE name < 'team 5'; DELETE FROM players WHERE id % 7 = 0")
    world.write("UPDATE teams SET id = gen_random_uuid()::text WHERE name = 'team 6'")

    report = world.follow()

    assert world.differences() == []
    assert report.databases[0].keys > 0


def test_uniques_that_were_swapped(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES)
    world.write("UPDATE players SET shirt = -shirt; UPDATE players SET shirt = 1 - shirt WHERE shirt < 0")
    world.follow()
    world.write("BEGIN; UPDATE teams SET name = '~' WHERE name = 'team 1'; UPDATE teams SET name = 'team 1' WHERE name"
                " = 'team 2'; UPDATE teams SET name = 'team 2' WHERE name = '~'; COMMIT")  # fmt: skip
    world.follow()

    assert world.differences() == []
