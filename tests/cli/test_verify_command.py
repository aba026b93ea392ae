"""Verify of duplicate tables, and its command."""

import json
from dataclasses import replace
from typing import Any

import pytest
from damaged_targets import (
    COUNT_KEYS,
    DAMAGES,
    TABLE_KEYS,
    apply,
    differences,
    owner_of,
)
from worlds import World, query, snapshot_of, value

from payrollx_db.postgres.url import DatabaseUrl

# --- duplicate tables: the target has to contain them -------------------------------------------------


def duplicates_of(world: World, table: str) -> dict[str, set[str]]:
    """The ids in each duplicate of ``table``, by the database that holds it."""
    return {
        db.name: {key for (key,) in query(world.urls[db.name], f"SELECT id FROM {table}")}
        for db in world.layout.databases
        for d in db.duplicates
        if d.source.name == table
    }


def test_a_duplicate_table_may_lack_rows_of_its_owner(copied: World) -> None:
    lacking = [t for t in copied.verify().tables if t.table.owner and t.result.extra]

    assert lacking, "the copies that people keep by hand lack rows"
    for table in lacking:
        assert table.identical
        assert table.document()["extra"] == 0
        assert table.document()["differences"] == []


def test_a_duplicate_table_that_gains_a_row_the_owner_never_had(copied: World, legacy: Any) -> None:
    world = replace(copied, urls=legacy.urls)
    (new,) = query(
        world.urls["payrollx_wallet"],
        'INSERT INTO employees SELECT gen_random_uuid()::text, "organizationId", gen_random_uuid()::text,'
        ' "walletAddress", "kycStatus", "kycDocuments", salary, "paymentToken", "createdAt", "updatedAt", "deletedAt"'
        " FROM employees LIMIT 1 RETURNING id",
    )

    verdict = world.verify("employee")

    assert differences(verdict) == {("payrollx_wallet.public.employees", new[0], "missing", ())}


def test_a_duplicate_table_whose_row_is_stale(copied: World, legacy: Any) -> None:
    world = replace(copied, urls=legacy.urls)
    (stale,) = query(
        world.urls["payrollx_payroll"],
        "UPDATE employees SET salary = coalesce(salary, 0) + 1e-18, \"kycStatus\" = 'REJECTED'"
        " WHERE id = (SELECT id FROM employees WHERE \"kycStatus\" <> 'REJECTED' ORDER BY id LIMIT 1) RETURNING id",
    )

    verdict = world.verify("employee")

    assert differences(verdict) == {
        ("payrollx_payroll.public.employees", stale[0], "changed", ("kyc_status", "salary"))
    }


# --- the command line ---------------------------------------------------------------------------------


def test_identical_sides_end_with_zero(copied: World) -> None:
    before = snapshot_of(copied.target)

    done = copied.command("verify", "--from", "legacy", "--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"identical", "rows_identical", "tables", "totals", "uncovered", "structure", "sums"}
    assert document["identical"] is True
    places = {(t.source_name, t.target_name) for t in copied.plan().tables}
    assert {(t["source"], t["target"]) for t in document["tables"]} == places
    for table in document["tables"]:
        assert set(table) == TABLE_KEYS | COUNT_KEYS
        assert table["identical"] is True
        assert table["differences"] == []
        database, _, name = table["source"].split(".")
        assert table["source_rows"] == value(copied.urls[database], f"SELECT count(*) FROM {name}")
        assert table["target_rows"] == value(copied.target, f"SELECT count(*) FROM {table['target']}")
    assert snapshot_of(copied.target) == before


def test_differences_as_json_end_with_three(damaged: World) -> None:
    """Each kind, in different tables at once; what isn't damaged stays identical."""
    by_name = {damage.name: damage for damage in DAMAGES}
    chosen = [
        by_name[name] for name in ("a row is missing", "a row too many", "a microsecond", "the last of eighteen digits")
    ]
    wanted = {damage.table: (damage, apply(damaged, damage)) for damage in chosen}

    done = damaged.command("verify", "--json")

    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert document["identical"] is False
    different = {table["target"]: table for table in document["tables"] if not table["identical"]}
    assert set(different) == set(wanted)
    for name, (damage, keys) in wanted.items():
        table = different[name]
        assert table["source"] == owner_of(damaged, name)
        difference = {"key": {"id": keys[0]}, "kind": damage.kind, "columns": list(damage.columns)}
        assert table["differences"] == [difference]
        counts = {kind: table[kind] for kind in ("missing", "extra", "changed")}
        assert counts == {"missing": 0, "extra": 0, "changed": 0} | {damage.kind: 1}


LEFT, RIGHT = "Ünlikely-left", "Ünlikely-right"


@pytest.fixture
def told(damaged: World, legacy: Any) -> World:
    """A pair of sides with one row changed whose values are easily recognized, and one missing, and one extra."""
    world = replace(damaged, urls=legacy.urls)
    key = value(world.target, "SELECT min(id::text) FROM auth.users")
    for url, column in ((world.urls["payrollx_auth"], '"lastName"'), (world.target, "last_name")):
        side = RIGHT if url is world.target else LEFT
        query(url, f"UPDATE {'auth.' if side == RIGHT else ''}users SET {column} = %s WHERE id::text = %s", (side, key))
    first = "SELECT min(id::text)::uuid::text FROM"
    token = f"UPDATE refresh_tokens SET token = %s WHERE id = ({first} refresh_tokens)"
    query(world.urls["payrollx_auth"], token, (LEFT + "-token",))
    query(world.target, f"DELETE FROM auth.refresh_tokens WHERE id::text = ({first} auth.refresh_tokens)")
    query(
        world.target,
        "INSERT INTO auth.audit_logs (user_id, action, resource, resource_id) VALUES (%s, %s, 'a', 'b')",
        (key, RIGHT + "-action"),
    )
    return world


@pytest.mark.parametrize("json_too", [[], ["--json"]], ids=["words", "json"])
def test_no_value_is_shown_unless_asked_for(told: World, json_too: list[str]) -> None:
    done = told.command("--debug", "verify", "--service", "auth", *json_too)

    assert done.returncode == 3
    assert "last_name" in done.stdout
    assert value(told.target, "SELECT id::text FROM auth.users WHERE last_name = %s", (RIGHT,)) in done.stdout
    assert "nlikely" not in done.stdout + done.stderr


def test_values_are_shown_when_asked_for(told: World) -> None:
    document = told.answer("verify", "--service", "auth", "--show-values")
    words = told.command("verify", "--service", "auth", "--show-values")

    differences = {table["target"]: table["differences"] for table in document["tables"]}
    ((changed,), (missing,), (extra,)) = (
        differences[f"auth.{name}"] for name in ("users", "refresh_tokens", "audit_logs")
    )
    assert changed["values"] == {"last_name": [LEFT, RIGHT]}
    assert (missing["kind"], missing["values"]["token"]) == ("missing", [LEFT + "-token", None])
    assert (extra["kind"], extra["values"]["action"]) == ("extra", [None, RIGHT + "-action"])
    assert f"last_name: '{LEFT}' → '{RIGHT}'" in words.stdout
    assert "nlikely" not in words.stderr


def test_the_limit_of_named_rows(damaged: World) -> None:
    query(damaged.target, "UPDATE auth.users SET role = role || '?'")
    rows = value(damaged.target, "SELECT count(*) FROM auth.users")
    assert rows > 20

    (default,) = (t for t in damaged.answer("verify", "--service", "auth")["tables"] if t["target"] == "auth.users")
    words = damaged.command("verify", "--service", "auth", "--limit", "3").stdout
    none = damaged.verify("auth", limit=0)

    assert (len(default["differences"]), default["changed"]) == (20, rows)
    assert len({difference["key"]["id"] for difference in default["differences"]}) == 20
    assert words.count(" in role") == 3
    assert f"and {rows - 3:,} more (--limit)" in words
    assert differences(none) == set()
    assert not none.identical


def test_verify_writes_nothing(damaged: World) -> None:
    query(damaged.target, "UPDATE auth.users SET role = 'x'")

    def seen(url: DatabaseUrl) -> tuple[Any, ...]:
        return snapshot_of(url), query(url, "SELECT oid, relname FROM pg_class ORDER BY 1")

    before = [seen(url) for url in (damaged.target, *damaged.urls.values())]

    damaged.verify("auth", values=True)

    assert [seen(url) for url in (damaged.target, *damaged.urls.values())] == before
