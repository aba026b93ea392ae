"""PayrollX cut over and rolled back: what its services wrote meanwhile is in all eight legacy databases."""

import asyncio
from dataclasses import replace

import pytest
from moving_worlds import cut_over, follow, roll_back, stages
from test_round_trip import WRITES, assert_equal
from worlds import World, query, value

from payrollx_db.consolidate import moving

pytestmark = [pytest.mark.usefixtures("logical_server"), pytest.mark.long]

LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()),
       (SELECT count(*) FROM pg_publication)
"""


def test_eight_services_go_there_and_back(world: World) -> None:
    world.copy_with(replace(world.task(), following=True), world.task().policies)
    follow(world)
    assert cut_over(world).left == ()
    query(world.target, WRITES)
    query(
        world.target,
        "UPDATE employee.employees SET kyc_status = 'UNDER_REVIEW'"
        " WHERE id = (SELECT id FROM employee.employees ORDER BY id LIMIT 1)",
    )
    follow(world)
    assert value(world.target, "SELECT count(*) FROM payrollx_meta.stuck WHERE database = 'payrollx_employee'") == 1
    query(world.target, "UPDATE employee.employees SET kyc_status = 'APPROVED' WHERE kyc_status = 'UNDER_REVIEW'")
    follow(world)
    assert_equal(world)
    query(world.target, "UPDATE auth.users SET last_name = 'at the last moment'")
    assert roll_back(world).left == ()
    assert_equal(world)
    assert query(world.target, LEFT) == [(0, 0)]
    assert set(stages(world).values()) == {"back"}
    query(world.urls["payrollx_auth"], """UPDATE users SET "lastName" = 'written in the old one'""")
    follow(world)
    assert_equal(world)
    assert cut_over(world).left == ()  # what was rounded there was compared before it was followed again
    assert asyncio.run(moving.complete(world.task(), unfence=True)).left == ()
    assert query(world.target, LEFT) == [(0, 0)]
