"""Churches' consolidation goes on around one in trouble, and after a kill; what was done stays done."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from church_worlds import Churches, open_churches
from command_line import Done
from conftest import TestServer
from system_facts import SystemWorld
from watchers import eventually
from worlds import query, value


@pytest.fixture(scope="module")
def churches(server: TestServer) -> Iterator[Churches]:
    yield from open_churches(server, 3)


def states(done: Done) -> dict[str, str]:
    return {one["id"]: one["state"] for one in json.loads(done.stdout)["tenants"]}


def problems(done: Done, tenant: str) -> str:
    return " ".join(*(one["problems"] for one in json.loads(done.stdout)["tenants"] if one["id"] == tenant))


@pytest.mark.long
def test_one_church_with_an_unknown_table_is_one_trouble_and_the_others_are_copied_once(churches: Churches) -> None:
    with churches.unified("koinonia-shared") as world:
        ids = list(states(world.run("plan", "--json")))
        odd, one = ids[0], ids[1]
        query(churches.url(odd), 'CREATE TABLE "Prayer" (id int)')
        try:
            planned = world.run("plan", "--json")
            assert (planned.returncode, states(planned)[odd], states(planned)[one]) == (3, "trouble", "planned")
            assert "Prayer" in problems(planned, odd)
            stopped = world.run("copy", "--json", "--stop-at-trouble")
            assert stopped.returncode == 3
            assert json.loads(stopped.stdout)["stopped"] is True
            chosen = world.run("copy", "--json", "--tenant", one)
            assert (chosen.returncode, list(states(chosen))) == (0, [one])
            copied = world.run("copy", "--verify", "--json")
            assert copied.returncode == 3
            assert states(copied)[odd] == "trouble"
            proof = json.loads(copied.stdout)["verify"]
            assert {one["id"]: one["state"] for one in proof["tenants"]} == {n: "identical" for n in ids if n != odd}
            assert set(states(copied).values()) <= {"trouble", "copied", "already copied"}
            unknown = world.run("copy", "--json", "--tenant", "nobody")
            assert unknown.returncode == 2
        finally:
            query(churches.url(odd), 'DROP TABLE "Prayer"')
        rest = world.run("copy", "--json")
        assert (rest.returncode, states(rest)[odd]) == (0, "copied"), rest.stderr
        again = world.run("copy", "--json")
        assert set(states(again).values()) == {"already copied"}
        assert value(world.target, "SELECT count(DISTINCT tenant_id) FROM tenant.members") == len(ids)


@pytest.mark.long
def test_a_copy_that_is_killed_in_a_group_is_resumed_by_the_next_one(churches: Churches) -> None:
    with churches.unified("koinonia-shared") as world:
        kill_in_a_group(world)
        resumed = world.run("copy", "--json")
        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        assert set(states(resumed).values()) <= {"copied", "already copied"}
        verified = world.run("verify", "--json")
        assert (verified.returncode, set(states(verified).values())) == (0, {"identical"})


def kill_in_a_group(world: SystemWorld) -> None:
    """Copy in a process of its own, and kill it while the tenants' rows are written."""
    command = [sys.executable, "-m", "payrollx_db", "copy", "--catalog", "koinonia-shared", "--from", "legacy"]
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tenant.messages'::regclass"
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(world.target.conninfo()) as holder:
        holder.execute("LOCK TABLE tenant.messages IN SHARE MODE")
        process: subprocess.Popen[Any] = subprocess.Popen(command, env=world.env, stdout=subprocess.DEVNULL)
        try:
            eventually(lambda: process.poll() is not None or value(world.target, waiting) > 0, "its waiting")
            assert process.poll() is None
        finally:
            process.kill()
            process.wait()
    eventually(lambda: value(world.target, others) == 0, "the end of its sessions")


@pytest.mark.long
def test_all_churches_that_share_tables_are_emptied_before_their_registry_and_copied_anew(churches: Churches) -> None:
    with churches.unified("koinonia-shared") as world:
        first = world.run("copy")
        assert (first.returncode, "NOT VALID" in first.stderr) == (0, False), first.stderr
        unvalidated = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
        assert value(world.target, unvalidated) == 0
        query(churches.registry, 'UPDATE "Tenant" SET "lastAccessedAt" = now()')
        before = value(world.target, "SELECT count(*) FROM tenant.members")
        again = world.run("copy", "--restart", "--yes", "--json")
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["totals"] == {"copied": 3}
        assert value(world.target, "SELECT count(*) FROM tenant.members") == before
        verified = world.run("verify", "--json")
        assert (verified.returncode, json.loads(verified.stdout)["totals"]) == (0, {"identical": 3}), verified.stdout


def test_two_churches_with_one_database_are_refused_by_whatever_name_it_is_called(churches: Churches) -> None:
    as_localhost = """UPDATE "Tenant" AS t SET "databaseUrl" = replace(o."databaseUrl", '127.0.0.1', 'localhost')
                      FROM "Tenant" AS o WHERE t.id = %s AND o.id = %s"""
    with churches.unified("koinonia-shared") as world:
        one, other, third = states(world.run("plan", "--json"))
        before = value(churches.registry, 'SELECT "databaseUrl" FROM "Tenant" WHERE id = %s', [other])
        query(churches.registry, as_localhost, [other, one])
        try:
            assert "localhost" in value(churches.registry, 'SELECT "databaseUrl" FROM "Tenant" WHERE id = %s', [other])
            copied = world.run("copy", "--json")
        finally:
            query(churches.registry, 'UPDATE "Tenant" SET "databaseUrl" = %s WHERE id = %s', [before, other])
        assert copied.returncode == 3
        assert states(copied) == {one: "trouble", other: "trouble", third: "copied"}
        assert "have one database" in problems(copied, one)
        assert "have one database" in problems(copied, other)
        assert value(world.target, "SELECT array_agg(DISTINCT tenant_id) FROM tenant.members") == [third]
