"""The command: what it lists, what it makes, what it leaves, and how it ends."""

from typing import Any

import psycopg
from test_follow import SOURCE, TABLES, TARGET
from worlds import query

OBJECTS = (
    "SELECT (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_replication_slots"
    " WHERE database = current_database())"
)
KEYS = "SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' AND connamespace = 'app'::regnamespace"


def made(world: Any) -> tuple[int, int]:
    """Return how many publications and slots the source has."""
    (row,) = query(world.world.urls["old"], OBJECTS)
    return (int(row[0]), int(row[1]))


def test_dry_run_lists_and_makes_nothing(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES, copy=False)

    listed = world.answer("follow", "--dry-run")

    assert [item["kind"] for item in listed["made"]] == ["publication", "slot"]
    assert listed["findings"] == []
    assert made(world) == (0, 0)


def test_tables_that_are_not_copied_are_refused(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES, copy=False)

    done = world.command("follow", "--once")

    assert (done.returncode, made(world)) == (6, (0, 0))
    assert "payrollx-db" in done.stderr


def test_once_follows_and_drop_leaves_nothing(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES, copy=False)
    before = world.rows(KEYS)
    world.world.copy()
    world.write("DELETE FROM players WHERE id < 10")
    report = world.answer("follow", "--once")
    assert (report["databases"][0]["database"], report["databases"][0]["status"]) == ("old", "following")
    assert world.differences() == []
    assert made(world) == (1, 1)
    refused = "INSERT INTO app.teams (id, name) VALUES (gen_random_uuid(), 'x')"
    assert sqlstate(world, refused) == "25006"
    restarted = world.command("copy", "--restart", "--yes")
    assert (restarted.returncode, "--drop" in restarted.stderr) == (6, True), restarted.stderr

    dropped = world.answer("follow", "--drop", "--yes")

    assert (dropped["left"], dropped["unrestored"], made(world)) == ([], [], (0, 0))
    assert world.rows(KEYS) == before
    assert world.rows("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [(0,)]
    assert sqlstate(world, refused) == ""
    assert world.answer("follow", "--drop", "--yes")["databases"] == []


def test_a_column_more_stops_it(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES)
    world.write("ALTER TABLE players ADD COLUMN goals integer; UPDATE players SET goals = 1")

    done = world.command("follow", "--once")

    assert done.returncode == 3
    assert "goals" in done.stderr


def test_a_lost_slot_is_told_and_resynchronised(follow_world: Any) -> None:
    world = follow_world(SOURCE, TARGET, TABLES)
    query(world.world.urls["old"], "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
          " WHERE database = current_database()")  # fmt: skip
    world.write("UPDATE teams SET notes = 'changed' WHERE name < 'team 4'; DELETE FROM players WHERE id % 9 = 0;"
                " INSERT INTO players SELECT 500, min(id), 7 FROM teams")  # fmt: skip

    done = world.command("follow", "--once")
    assert done.returncode == 6
    assert "--resync" in done.stderr

    report = world.answer("follow", "--once", "--resync")
    assert report["databases"][0]["status"] == "following"
    assert world.differences() == []


def sqlstate(world: Any, statement: str) -> str:
    """Return the SQLSTATE with which the target refuses a statement, nothing where it doesn't."""
    try:
        query(world.world.target, statement)
    except psycopg.Error as error:
        return error.sqlstate or ""
    return ""
