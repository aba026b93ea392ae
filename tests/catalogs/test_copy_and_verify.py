"""`copy --verify` copies and proves in one command: it answers as `verify` does, and says where something differs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import TestServer
from system_facts import SystemWorld, open_world
from worlds import query, value

POLICY = ("--policy", "trigger=fire")


@pytest.fixture
def world(server: TestServer) -> Iterator[SystemWorld]:
    yield from open_world(server, "azora", "legacy", 2)


def without_times(verdict: dict[str, Any]) -> dict[str, Any]:
    return verdict | {"tables": [table | {"seconds": 0} for table in verdict["tables"]]}


def test_what_a_trigger_of_the_target_changes_is_told_in_the_same_command(world: SystemWorld) -> None:
    query(world.target, "CREATE FUNCTION mint.zero() RETURNS trigger LANGUAGE plpgsql AS"
                        " $$ BEGIN NEW.balance = 0; RETURN NEW; END $$")  # fmt: skip
    query(world.target, "CREATE TRIGGER zero BEFORE INSERT ON mint.wallets FOR EACH ROW EXECUTE FUNCTION mint.zero()")

    done = world.run("copy", "--verify", "--json", *POLICY)

    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["verify"]["identical"]) == ("done", False)
    (different,) = [table for table in document["verify"]["tables"] if not table["identical"]]
    assert (different["target"], different["differences"][0]["columns"]) == ("mint.wallets", ["balance"])
    verified = json.loads(world.run("verify", "--json").stdout)
    assert without_times(document["verify"]) == without_times(verified)
    assert value(world.target, "SELECT count(*) FROM payrollx_meta.verifications") == 2

    again = world.run("copy", "--verify", *POLICY)
    assert again.returncode == 3
    assert "nothing to do" in again.stdout
    assert "NOT identical" in again.stdout

    query(world.target, "DROP FUNCTION mint.zero CASCADE")
    restarted = world.run("copy", "--restart", "--yes", "--verify")
    assert restarted.returncode == 0, restarted.stdout + restarted.stderr
    assert "as designed" in restarted.stdout
    assert "payrollx-db verify proves" not in restarted.stderr


def test_it_does_not_go_with_following_and_a_plan_alone_proves_nothing(world: SystemWorld) -> None:
    following = world.run("copy", "--verify", "--follow")
    assert following.returncode == 2
    assert "payrollx-db verify --online" in following.stderr

    planned = world.run("copy", "--verify", "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    assert "verify" not in json.loads(planned.stdout)
