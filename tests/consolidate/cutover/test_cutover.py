"""A cutover moves the writers of several databases to one, with every row, and back, and forward again."""

import asyncio
import json
import time
from pathlib import Path

import psycopg
import pytest
from club_worlds import NAMES
from fenced_databases import transaction
from moving_worlds import LIMITS, cut_over, follow, roll_back, stages
from worlds import World, query, value

from payrollx_db.consolidate import moving, online
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.errors import StateConflictError

LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()),
       (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_trigger WHERE tgname = 'payrollx_moved')
"""


def test_everything_is_there_only_the_target_is_written_and_completing_leaves_nothing(moving_world: World) -> None:
    world = moving_world
    query(world.urls["oldshop"], "INSERT INTO orders VALUES (100, 1, '1.00'); DELETE FROM orders WHERE id = 1")
    switched = cut_over(world)
    assert switched.left == ()
    assert set(switched.databases) == {"oldpeople", "oldshop", "oldmail"}
    assert query(world.target, "SELECT id FROM shop.orders ORDER BY id") == [(n,) for n in (2, 3, 4, 5, 6, 100)]
    for name, table in (("oldpeople", "levels"), ("oldshop", "orders"), ("oldmail", "members")):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            query(world.urls[name], f"DELETE FROM {table}")
    query(world.target, "INSERT INTO shop.orders (id, level, price) VALUES (101, 2, '2.00')")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        query(world.target, "INSERT INTO shop.orders (id, level, price) VALUES (102, 99, '2.00')")
    assert value(world.target, "SELECT bool_and(convalidated) FROM pg_constraint WHERE contype = 'f'")
    assert set(stages(world).values()) == {"open"}
    assert cut_over(world).nothing_to_do
    assert_complete_leaves_nothing_but_closed_gates(world)


def test_tables_that_no_legacy_database_has_keep_their_references(moving_world: World) -> None:
    """They follow nobody: their foreign keys are down with the other ends alone, and come back with these."""
    world = moving_world
    query(
        world.target,
        "CREATE TABLE mail.notes (id integer PRIMARY KEY, level integer REFERENCES people.levels, o integer);"
        "ALTER TABLE mail.notes ADD CONSTRAINT of_order FOREIGN KEY (o) REFERENCES shop.orders",
    )
    keys = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'mail.notes'::regclass ORDER BY 1"
    follow(world)
    assert query(world.target, keys) == []
    cut_over(world, "people")
    assert query(world.target, keys) == [("notes_level_fkey",)]
    assert cut_over(world).loosened == ()
    assert query(world.target, keys) == [("notes_level_fkey",), ("of_order",)]
    assert world.answer("status")["unrestored"] == []
    back = roll_back(world, "people")
    assert back.loosened == ("shop.orders.level -> people.levels.id",)


STANDS = """
SELECT (SELECT array_agg(t::text ORDER BY t::text) FROM payrollx_meta.touched AS t),
       (SELECT array_agg(p::text ORDER BY p::text) FROM payrollx_meta.proofs AS p),
       (SELECT array_agg(q::text ORDER BY q::text) FROM payrollx_meta.quarantine AS q),
       (SELECT array_agg(s::text ORDER BY s::text) FROM payrollx_meta.switches AS s)
"""
NOBODY_WAITS = {"catch up", "prepare", "prove before", "validate"}


def assert_every_step_was_foreseen(rehearsed: Rehearsed, switched: Switched) -> None:
    assert set(rehearsed.steps) == set(switched.seconds) - NOBODY_WAITS
    assert all(seconds > 0 for name, seconds in rehearsed.steps.items() if name != "keys")
    parts = rehearsed.document()["predicted_seconds"]
    assert rehearsed.predicted >= max(rehearsed.steps.values())
    assert sum(parts.values()) >= rehearsed.document()["predicted_stop_seconds"] - 0.01


@pytest.mark.long
def test_back_and_forward_again(moving_world: World) -> None:
    world = moving_world
    before = query(world.target, STANDS)
    foreseen = asyncio.run(moving.rehearse_cutover(world.task(), LIMITS))
    assert query(world.target, STANDS) == before
    assert_every_step_was_foreseen(foreseen, cut_over(world))
    query(world.target, "INSERT INTO shop.orders (id, level, price) VALUES (101, 2, '2.00')")
    query(
        world.target, "UPDATE people.members SET name = 'moved' WHERE number = 1; DELETE FROM mail.letters WHERE id = 1"
    )
    follow(world)
    assert value(world.urls["oldshop"], "SELECT price FROM orders WHERE id = 101") == "2.00"
    with pytest.raises(StateConflictError):
        asyncio.run(online.drop_following(world.task()))
    query(world.target, "UPDATE shop.orders SET price = '2.50' WHERE id = 101")
    foreseen = asyncio.run(moving.rehearse_rollback(world.task(), LIMITS))
    back = roll_back(world)
    assert_every_step_was_foreseen(foreseen, back)
    assert back.left == ()
    assert set(stages(world).values()) == {"back"}
    assert value(world.urls["oldshop"], "SELECT price FROM orders WHERE id = 101") == "2.50"
    assert value(world.urls["oldpeople"], "SELECT count(*) FROM members WHERE name = 'moved'") == 2
    assert value(world.urls["oldmail"], "SELECT count(*) FROM letters") == 2
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(world.target, "DELETE FROM shop.orders")
    query(world.urls["oldshop"], "INSERT INTO orders VALUES (102, 1, '3.00')")
    follow(world)
    assert value(world.target, "SELECT price FROM shop.orders WHERE id = 102") == "3.00"
    assert cut_over(world).left == ()
    assert value(world.target, "SELECT count(*) FROM shop.orders WHERE id IN (101, 102)") == 2
    assert world.verify(structure=False).identical


def assert_complete_leaves_nothing_but_closed_gates(world: World) -> None:
    ended = asyncio.run(moving.complete(world.task(), unfence=False))
    assert ended.left == ()
    assert set(stages(world).values()) == {"complete"}
    assert query(world.target, LEFT) == [(0, 0, 0)]
    for name, url in world.urls.items():
        slots, publications, _ = query(url, LEFT)[0]
        assert (slots, publications) == (0, 0)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            query(url, "DELETE FROM members" if name != "oldpeople" else "DELETE FROM levels")
    with pytest.raises(StateConflictError, match="there is nothing to compare"):
        asyncio.run(online.verify(world.task()))
    asyncio.run(moving.complete(world.task(), unfence=True))
    for url in world.urls.values():
        assert query(url, LEFT) == [(0, 0, 0)]
        assert query(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'payrollx'") == []
    with pytest.raises(StateConflictError):
        roll_back(world)


def test_one_service_moves_and_comes_back_alone(moving_world: World) -> None:
    world = moving_world
    switched = cut_over(world, "shop")
    assert switched.databases == ("oldshop",)
    assert switched.loosened == ("shop.orders.level -> people.levels.id",)
    query(world.target, "INSERT INTO shop.orders (id, level, price) VALUES (7, 99, '1.00')")
    query(world.urls["oldpeople"], "UPDATE levels SET title = 'still here'")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(world.target, "UPDATE people.levels SET title = 'x'")
    follow(world)
    assert value(world.target, "SELECT count(*) FROM people.levels WHERE title = 'still here'") == 2
    assert value(world.urls["oldshop"], "SELECT level FROM orders WHERE id = 7") == 99
    assert roll_back(world, "shop").databases == ("oldshop",)
    query(world.urls["oldshop"], "DELETE FROM orders WHERE id = 7")
    assert set(cut_over(world).databases) == {"oldpeople", "oldshop", "oldmail"}
    assert world.verify(structure=False).identical


def test_the_command_line_tells_what_it_does_and_where_one_is(moving_world: World, tmp_path: Path) -> None:
    world = moving_world
    told = tmp_path / "told"
    rehearsed = world.command("cutover", "--dry-run", "--max-stop", "300s", "--max-lag", "300s", env=NAMES)
    assert rehearsed.returncode == 0, rehearsed.stderr + rehearsed.stdout
    assert "writers would wait" in rehearsed.stdout
    assert "payrollx_back_" in rehearsed.stdout
    assert stages(world) == {}
    with transaction(world.urls["oldshop"], "LOCK TABLE orders IN ROW EXCLUSIVE MODE", application="night batch"):
        time.sleep(1)
        hindered = world.command("cutover", "--dry-run", "--max-stop", "0.001ms", "--max-lag", "300s", env=NAMES)
        assert hindered.returncode == 3
        assert "night batch" in hindered.stdout
        refused = world.command("cutover", "--yes", "--attempts", "1", "--max-lag", "300s", env=NAMES)
        assert refused.returncode == 3
        assert "night batch" in refused.stderr
    assert set(stages(world).values()) <= {"following"}
    done = world.command(
        "cutover", "--yes", "--max-stop", "300s", "--max-lag", "300s", "--json",
        "--on-open", f'echo "$PAYROLLX_ACTION $PAYROLLX_OPENED_SERVICES" > {told}', env=NAMES,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["told"]["command"] == 0
    assert told.read_text() == "cutover people shop mail\n"
    secret = world.target.params.get("password")
    assert secret is None or secret not in done.stdout + done.stderr + rehearsed.stdout
    status = world.answer("status")
    assert {switch["stage"] for switch in status["switches"]} == {"open"}
    assert "payrollx-db rollback" in world.command("status").stdout


def test_what_was_done_is_reported_signed(moving_world: World, tmp_path: Path) -> None:
    world = moving_world
    cut_over(world)
    roll_back(world, "shop")
    cut_over(world)
    file, key = tmp_path / "report.json", tmp_path / "keys" / "key"
    key.parent.mkdir()
    for _ in range(2):  # the second call writes the same from what is recorded
        done = world.command("complete", "--yes", "--report", str(file), "--key-file", str(key), env=NAMES)
        assert done.returncode == 0, done.stderr
        databases = {each["database"]: each for each in json.loads(file.read_text())["databases"]}
        shop = databases["oldshop"]
        moves = [entry["stage"] for entry in shop["history"] if "stop_seconds" in entry["facts"]]
        assert moves == ["open", "back", "open"]
        assert shop["facts"] == {"keys_back": 0, "stuck": {}}
        assert shop["proof"]["place"]
        assert [entry["stage"] for entry in shop["history"]][-1] == "complete"
    assert world.command("report", "--check", str(file), "--key-file", str(key), env=NAMES).returncode == 0
    file.write_text(file.read_text().replace('"stop_seconds": ', '"stop_seconds": 1'))
    assert world.command("report", "--check", str(file), "--key-file", str(key), env=NAMES).returncode == 3
