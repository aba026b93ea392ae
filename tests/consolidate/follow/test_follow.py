"""Following a source: after each call, both sides hold the same, whatever was written in between."""

import asyncio
from typing import Any

from follows import FollowedWorld, differences_under, pass_by

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
    swapped_uniques_are_brought_over(world)
    a_unique_value_of_a_deleted_row_is_brought_over(world)
    world.write("INSERT INTO teams VALUES (gen_random_uuid()::text, 'new', NULL)")
    world.write("UPDATE teams SET name = name || '!' WHERE name < 'team 5'; DELETE FROM players WHERE id % 7 = 0")
    world.write("UPDATE teams SET id = gen_random_uuid()::text WHERE name = 'team 6'")

    report = world.follow()

    assert world.differences() == []
    assert report.databases[0].keys > 0
    an_emptied_table_is_brought_over(world)


def swapped_uniques_are_brought_over(world: FollowedWorld) -> None:
    world.write("UPDATE players SET shirt = -shirt; UPDATE players SET shirt = 1 - shirt WHERE shirt < 0")
    world.follow()
    world.write("BEGIN; UPDATE teams SET name = '~' WHERE name = 'team 1'; UPDATE teams SET name = 'team 1' WHERE name"
                " = 'team 2'; UPDATE teams SET name = 'team 2' WHERE name = '~'; COMMIT")  # fmt: skip
    world.follow()

    assert world.differences() == []


def a_unique_value_of_a_deleted_row_is_brought_over(world: FollowedWorld) -> None:
    world.write("BEGIN; DELETE FROM players WHERE team = (SELECT id FROM teams WHERE name = 'team 3');"
                " DELETE FROM teams WHERE name = 'team 3'; INSERT INTO teams VALUES (md5('x')::uuid::text, 'team 3');"
                " COMMIT")  # fmt: skip
    world.follow()

    assert world.differences() == []


def an_emptied_table_is_brought_over(world: FollowedWorld) -> None:
    world.write("TRUNCATE players; INSERT INTO players SELECT 7, min(id), 1 FROM teams")
    world.follow()

    assert world.rows("SELECT id FROM app.players") == [(7,)]
    assert world.differences() == []


def test_more_keys_than_a_pass_takes(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES)
    more = "INSERT INTO players SELECT n, min(id), n FROM teams, generate_series({}, {}) AS n GROUP BY n"
    world.write("; ".join(more.format(start, start + 99) for start in range(1000, 2000, 100)))
    world.write(more.format(5000, 6000))

    passes, wrong = asyncio.run(_in_pieces(world))

    assert passes > 1
    assert wrong == []


async def _in_pieces(world: FollowedWorld) -> tuple[int, list[str]]:
    """Let a follower that holds few keys come to a snapshot; return in how many passes, and what differs then."""
    async with world.following(most_keys=150) as (follower,):
        passes = 1
        while (await follower.one_pass(barrier=True)).partial:
            passes += 1
        async with follower.holding() as held:
            wrong = await differences_under(follower, held)
        await pass_by(follower)
    return passes, wrong
