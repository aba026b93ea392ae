"""A move or a drop of a tenant that is killed on its way: nothing is lost, and the next one goes on."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from church_worlds import Churches
from conftest import TestServer, unique
from test_tenant_moves import Unified, tenants
from worlds import query, value

from payrollx_db.devserver.practice import LegacySummary

pytestmark = pytest.mark.long

# What stands still while somebody holds it, and so can be killed there: by the table that is locked, and how.
DROP_STEPS = {
    "before services are kept out": ("registry.tenants", "EXCLUSIVE"),
    "before its rows are dumped": ("{schema}.members", "ACCESS EXCLUSIVE"),
    "before its schema goes": ("{schema}.members", "SHARE"),
    "before its routes go": ("registry.admin_email_index", "EXCLUSIVE"),
}
MOVE_STEPS = {
    "before services are kept out": ("here", "registry.tenants", "EXCLUSIVE"),
    "while it is exported": ("here", "{schema}.members", "ACCESS EXCLUSIVE"),
    "before it is registered there": ("there", "registry.tenants", "EXCLUSIVE"),
    "while it is copied": ("there", "tenant.members", "EXCLUSIVE"),
    "before its routes are there": ("there", "registry.admin_email_index", "EXCLUSIVE"),
}


@pytest.fixture(scope="module")
def two_houses(server: TestServer) -> Iterator[tuple[Unified, Unified]]:
    none = Churches(server, "none_", LegacySummary(0, 0, False, (), (), (), 0.0), ())
    with ExitStack() as stack:
        here, there = (
            Unified(stack.enter_context(none.unified(name))) for name in ("koinonia", "koinonia-shared")
        )  # fmt: skip
        assert here.world.run("dev", "seed", "--json").returncode == 0
        yield here, there


def kill_at(house: Unified, table: str, mode: str, stopped: Unified, *words: str) -> None:
    """Run a command of ``house`` until it waits for a lock that is held in ``stopped``, and kill it there."""
    command = [sys.executable, "-m", "payrollx_db", *words, "--catalog", str(house.world.catalog.option), "--yes"]
    with psycopg.connect(stopped.world.target.conninfo()) as holder:
        holder.execute(f"LOCK TABLE {table} IN {mode} MODE")
        process = subprocess.Popen(command, env=house.world.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        try:
            while value(stopped.world.target, waiting, [table]) == 0:
                assert process.poll() is None, f"it ended before it came to {table}"
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    for place in (house, stopped):
        while value(place.world.target, busy) > 0:
            time.sleep(0.05)


def test_a_drop_that_is_killed_loses_nothing_and_the_next_one_ends_it(
    two_houses: tuple[Unified, Unified], tmp_path: Path
) -> None:
    here, _ = two_houses
    tenant = tenants(here)[0]
    rows, routes = here.rows(tenant), here.routes(tenant)
    for step, (table, mode) in DROP_STEPS.items():
        words = ("tenant", "drop", tenant, "--dir", str(tmp_path / step))
        kill_at(here, table.format(schema=f"tenant_{tenant}"), mode, here, *words)
        gone = value(here.world.target, "SELECT to_regnamespace(%s) IS NULL", [f"tenant_{tenant}"])
        assert gone or here.rows(tenant) == rows, step
        assert here.status(tenant) in ("active", "suspended"), step
        ended = here.world.run(*words, "--yes", "--json")
        assert ended.returncode == 0, (step, ended.stderr)
        assert (here.status(tenant), here.routes(tenant)) == (None, []), step
        back = here.world.run("tenant", "restore", tenant, "--dir", str(tmp_path / step), "--yes", "--json")
        assert back.returncode == 0, (step, back.stderr)
        assert (here.rows(tenant), here.routes(tenant)) == (rows, routes), step
        if json.loads(back.stdout)["status"] == "suspended":  # as the one that was killed has left it
            assert here.world.run("tenant", "resume", tenant).returncode == 0


def test_a_move_that_is_killed_is_active_in_one_place_at_most_and_can_be_made_again(
    two_houses: tuple[Unified, Unified], server: TestServer
) -> None:
    here, there = two_houses
    tenant = tenants(here)[-1]
    rows, routes = here.rows(tenant), here.routes(tenant)
    for step, (side, table, mode) in MOVE_STEPS.items():
        via = [unique("via") for _ in range(2)]
        to = there.world.target
        words = ("tenant", "move", tenant, "--to", to.plain, "--as", "koinonia-shared")
        stopped = here if side == "here" else there
        kill_at(here, table.format(schema=f"tenant_{tenant}"), mode, stopped, *words,
                "--via", to.with_database(via[0]).plain)  # fmt: skip
        states = [here.status(tenant), there.status(tenant)]
        assert states.count("active") <= 1, (step, states)
        assert here.rows(tenant) == rows, step
        if there.status(tenant) is not None:
            dropped = there.world.run("tenant", "drop", tenant, "--without-backup", "--yes")
            assert dropped.returncode == 0, (step, dropped.stderr)
        moved = here.move(tenant, there, via[1])
        assert moved.returncode == 0, (step, moved.stderr)
        assert (there.rows(tenant), there.routes(tenant)) == (rows, routes), step
        assert there.world.run("tenant", "drop", tenant, "--without-backup", "--yes").returncode == 0
        assert here.world.run("tenant", "resume", tenant).returncode == 0
        for name in via:
            server.drop_database(name)
    assert query(here.world.target, "SELECT status FROM registry.tenants WHERE id = %s", [tenant]) == [("active",)]
