"""A cutover moves the writers of several databases to one, with every row, and back, and forward again."""

import psycopg
import pytest
from moving_worlds import cut_over, roll_back, stages
from worlds import World, query, value

LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()),
       (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_trigger WHERE tgname = 'payrollx_moved')
"""


def test_everything_is_there_and_only_the_target_is_written(moving_world: World) -> None:
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


def test_back_and_forward_again(moving_world: World) -> None:
    world = moving_world
    cut_over(world)
    query(world.target, "INSERT INTO shop.orders (id, level, price) VALUES (101, 2, '2.00')")
    query(
        world.target, "UPDATE people.members SET name = 'moved' WHERE number = 1; DELETE FROM mail.letters WHERE id = 1"
    )
    back = roll_back(world)
    assert back.left == ()
    assert set(stages(world).values()) == {"back"}
    assert value(world.urls["oldshop"], "SELECT price FROM orders WHERE id = 101") == "2.00"
    assert value(world.urls["oldpeople"], "SELECT count(*) FROM members WHERE name = 'moved'") == 2
    assert value(world.urls["oldmail"], "SELECT count(*) FROM letters") == 2
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(world.target, "DELETE FROM shop.orders")
    query(world.urls["oldshop"], "INSERT INTO orders VALUES (102, 1, '3.00')")
    assert cut_over(world).left == ()
    assert value(world.target, "SELECT count(*) FROM shop.orders WHERE id IN (101, 102)") == 2
    assert world.verify(structure=False).identical
