"""Verify: every kind of damage to the target is found, and named by table, key, kind and columns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from unified import World, query, snapshot_of, value

from payrollx_db.consolidate import compare
from payrollx_db.consolidate.verify import Verdict
from payrollx_db.urls import DatabaseUrl

Found = set[tuple[str, str, str, tuple[str, ...]]]  # source, key, kind, columns

# The keys, and those that came beside them: nothing may go, nothing may come unnoticed.
TABLE_KEYS = {"source", "target", "source_rows", "target_rows", "identical", "differences"}
COUNT_KEYS = {"seconds", "quarantined", "missing", "extra", "changed"}


@pytest.fixture(scope="module")
def copied(server: Any, legacy_to_read: Any, migrated_template: str) -> Iterator[World]:
    """A finished copy, for tests that change nothing; the others work on clones of its target."""
    name = f"{migrated_template}_copied"
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template))
    world.copy()
    yield world
    server.drop_database(name)


@pytest.fixture
def damaged(server: Any, copied: World) -> Iterator[World]:
    """A finished copy whose target the test may damage."""
    name = f"{copied.target.dbname}_damaged"
    yield replace(copied, target=server.create_database(name, copied.target.dbname), events=[])
    server.drop_database(name)


@dataclass(frozen=True)
class Damage:
    """A statement that damages rows of ``table`` and returns their keys, and what verify has to say of each."""

    name: str
    table: str
    kind: str
    columns: tuple[str, ...]
    statement: str


def change(name: str, column: str, new: str, *, where: str = "true") -> Damage:
    """Set one column of the first row that has ``where`` to ``new``."""
    table, _, column = column.rpartition(".")
    statement = (
        f"UPDATE {table} SET {column} = {new}"
        f" WHERE id = (SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT 1) RETURNING id::text"
    )
    return Damage(name, table, "changed", (column,), statement)


SWAP_ROWS = """
WITH pair AS (
  SELECT a.id AS one, b.id AS other FROM {table} AS a JOIN {table} AS b ON a.{column} <> b.{column}
  ORDER BY a.id, b.id LIMIT 1
)
UPDATE {table} AS t SET {column} = source.{column}
FROM pair, {table} AS source
WHERE (t.id, source.id) IN ((pair.one, pair.other), (pair.other, pair.one))
RETURNING t.id::text
"""


def swap(table: str, column: str) -> Damage:
    statement = SWAP_ROWS.format(table=table, column=column)
    return Damage(f"two rows swap {column}", table, "changed", (column,), statement)


DAMAGES = (
    Damage(
        "a row is missing", "auth.refresh_tokens", "missing", (),
        "DELETE FROM auth.refresh_tokens WHERE id = (SELECT id FROM auth.refresh_tokens ORDER BY id LIMIT 1)"
        " RETURNING id::text",
    ),
    Damage(
        "a row too many", "auth.audit_logs", "extra", (),
        "INSERT INTO auth.audit_logs (user_id, action, resource, resource_id, created_at)"
        " SELECT user_id, action, resource, resource_id, created_at FROM auth.audit_logs LIMIT 1 RETURNING id::text",
    ),
    Damage(
        "a row under another key", "wallet.wallets", "missing", (),
        "WITH old AS (SELECT id FROM wallet.wallets ORDER BY id LIMIT 1)"
        " UPDATE wallet.wallets AS w SET id = gen_random_uuid() FROM old WHERE w.id = old.id RETURNING old.id::text",
    ),
    change("the last of eighteen digits", "payroll.payroll_items.amount", "amount + 1e-18"),
    change("the sign", "payroll.payroll_runs.total_amount", "-total_amount", where="total_amount <> 0"),
    swap("payroll.payroll_items", "amount"),
    swap("transaction.transactions", "status"),
    swap("auth.users", "password"),
    change("NULL becomes an empty text", "notification.notifications.error", "''", where="error IS NULL"),
    change("a value becomes NULL", "notification.notifications.sent_at", "NULL", where="sent_at IS NOT NULL"),
    change("a microsecond", "transaction.transactions.created_at", "created_at + interval '1 microsecond'"),
    change("a time zone", "transaction.transactions.updated_at", "updated_at + interval '1 hour'"),
    change(
        "a key of a document", "notification.notifications.metadata",
        "(SELECT jsonb_object_agg(key || '_', value) FROM jsonb_each(metadata))",
        where="jsonb_typeof(metadata) = 'object' AND metadata <> '{}'",
    ),
    change("NULL becomes a document's null", "notification.notifications.metadata", "'null'", where="metadata IS NULL"),
    change(
        "the order in an array", "wallet.wallets.key_share_ids", "key_share_ids[2:] || key_share_ids[1]",
        where="key_share_ids[1] <> key_share_ids[2]",
    ),
    change("the end of an array", "wallet.wallets.key_share_ids", "key_share_ids || NULL::text",
           where="key_share_ids IS NOT NULL"),
    Damage(
        "two columns of one row are swapped", "auth.users", "changed", ("first_name", "last_name"),
        "UPDATE auth.users SET first_name = last_name, last_name = first_name"
        " WHERE id = (SELECT id FROM auth.users WHERE first_name <> last_name ORDER BY id LIMIT 1) RETURNING id::text",
    ),
    change("a label", "transaction.transactions.type", "'REFUND'", where="type <> 'REFUND'"),
    change("upper and lower case", "auth.users.email", "upper(email)", where="email <> upper(email)"),
    change("a space at the end", "auth.users.role", "role || ' '"),
    change("a letter and its accent", "auth.users.last_name", "E'e\\u0301'", where="last_name <> E'\\u00e9'"),
    change("yes and no", "wallet.wallets.is_active", "NOT is_active"),
    change("a number", "payroll.payroll_items.retry_count", "retry_count + 1"),
    change("a reference", "payroll.payroll_runs.created_by", "gen_random_uuid()"),
    Damage(
        "a key that isn't called id", "organization.organization_settings", "changed", ("onboarding_completed",),
        "UPDATE organization.organization_settings SET onboarding_completed = NOT onboarding_completed"
        " WHERE organization_id = (SELECT min(organization_id::text)::uuid FROM organization.organization_settings)"
        " RETURNING organization_id::text",
    ),
)  # fmt: skip


def do(world: World, damage: Damage) -> list[str]:
    keys = [key for (key,) in query(world.target, damage.statement)]
    assert keys, "the data has no row that could be damaged so"
    return keys


def found(verdict: Verdict) -> Found:
    return {
        (table.table.source_name, next(iter(difference.key.values())) or "", difference.kind, difference.columns)
        for table in verdict.tables
        for difference in table.result.differences
    }


def owner_of(world: World, table: str) -> str:
    return next(
        f"{db.name}.public.{m.source.name}" for db in world.layout.databases for m in db.maps if m.target == table
    )


def expected(world: World, damage: Damage, keys: list[str]) -> Found:
    """What must be found in the owner's table and, where they hold the row at all, in its duplicates."""
    owner = owner_of(world, damage.table)
    table = owner.rpartition(".")[2]
    places = [owner]
    places += [
        f"{db.name}.public.{table}" for db in world.layout.databases for d in db.duplicates if d.source.name == table
    ]
    return {
        (place, key, damage.kind, damage.columns)
        for place in places
        for key in keys
        if place == owner
        or value(world.urls[place.partition(".")[0]], f"SELECT count(*) FROM {table} WHERE id = %s", (key,))
    }


def extra(damage: Damage, world: World) -> Found:
    """The row that went missing under its old key stands under a new one."""
    if "another key" not in damage.name:
        return set()
    old = [key for (key,) in query(world.urls["payrollx_wallet"], "SELECT id FROM wallets")]
    key = value(world.target, "SELECT id::text FROM wallet.wallets WHERE id <> ALL (%s::uuid[])", (old,))
    return {("payrollx_wallet.public.wallets", key, "extra", ())}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_each_damage_is_found_and_nothing_else(damaged: World, damage: Damage) -> None:
    keys = do(damaged, damage)

    verdict = damaged.verify(damage.table.partition(".")[0])

    assert not verdict.identical
    assert found(verdict) == expected(damaged, damage, keys) | extra(damage, damaged)


@pytest.mark.parametrize("damage", [d for d in DAMAGES if "swap" in d.name], ids=lambda damage: damage.name)
def test_swaps_are_found_where_all_rows_share_one_bucket(
    damaged: World, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum over a bucket must not be blind to values that change places."""
    monkeypatch.setattr(compare, "MOST_BUCKETS", 1)
    keys = do(damaged, damage)

    verdict = damaged.verify(damage.table.partition(".")[0])

    assert compare.buckets_for(10_000) == 1
    assert found(verdict) == expected(damaged, damage, keys)


def test_two_swaps_in_one_bucket_that_cancel_out(damaged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows swap one column, and the same two swap another: each column's values are all there still."""
    monkeypatch.setattr(compare, "MOST_BUCKETS", 1)
    keys = do(damaged, swap("payroll.payroll_items", "amount"))
    query(
        damaged.target,
        "UPDATE payroll.payroll_items AS t SET created_at = s.created_at + interval '1 s'"
        " FROM payroll.payroll_items AS s WHERE s.id <> t.id AND t.id = ANY (%s::uuid[]) AND s.id = ANY (%s::uuid[])",
        (keys, keys),
    )

    verdict = damaged.verify("payroll")

    assert {(key, columns) for _, key, _, columns in found(verdict)} == {(k, ("amount", "created_at")) for k in keys}


def test_every_row_gone(damaged: World) -> None:
    before = value(damaged.target, "SELECT count(*) FROM notification.notifications")
    query(damaged.target, "TRUNCATE notification.notifications")

    (table,) = damaged.verify("notification", limit=7).tables

    result = table.result
    assert (result.left_rows, result.right_rows, result.missing, result.matched) == (before, 0, before, 0)
    assert len(result.differences) == 7


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

    assert found(verdict) == {("payrollx_wallet.public.employees", new[0], "missing", ())}


def test_a_duplicate_table_whose_row_is_stale(copied: World, legacy: Any) -> None:
    world = replace(copied, urls=legacy.urls)
    (stale,) = query(
        world.urls["payrollx_payroll"],
        "UPDATE employees SET salary = coalesce(salary, 0) + 1e-18, \"kycStatus\" = 'REJECTED'"
        " WHERE id = (SELECT id FROM employees WHERE \"kycStatus\" <> 'REJECTED' ORDER BY id LIMIT 1) RETURNING id",
    )

    verdict = world.verify("employee")

    assert found(verdict) == {("payrollx_payroll.public.employees", stale[0], "changed", ("kyc_status", "salary"))}


# --- the command line ---------------------------------------------------------------------------------


def test_identical_sides_end_with_zero(copied: World) -> None:
    before = snapshot_of(copied.target)

    done = copied.command("verify", "--from", "legacy", "--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"identical", "tables"}
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
    wanted = {damage.table: (damage, do(damaged, damage)) for damage in chosen}

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
    assert found(none) == set()
    assert not none.identical


def test_verify_writes_nothing(damaged: World) -> None:
    query(damaged.target, "UPDATE auth.users SET role = 'x'")

    def seen(url: DatabaseUrl) -> tuple[Any, ...]:
        return snapshot_of(url), query(url, "SELECT oid, relname FROM pg_class ORDER BY 1")

    before = [seen(url) for url in (damaged.target, *damaged.urls.values())]

    damaged.verify("auth", values=True)

    assert [seen(url) for url in (damaged.target, *damaged.urls.values())] == before
