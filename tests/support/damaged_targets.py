"""A copied target, and damages that are done to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from worlds import World, query, value

from payrollx_db.consolidate.verify.verifier import Verdict

Found = set[tuple[str, str, str, tuple[str, ...]]]  # source, key, kind, columns

# The keys, and those that came beside them: nothing may go, nothing may come unnoticed.
TABLE_KEYS = {"source", "target", "scope", "source_rows", "target_rows", "identical", "differences"}
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


def apply(world: World, damage: Damage) -> list[str]:
    keys = [key for (key,) in query(world.target, damage.statement)]
    assert keys, "the data has no row that could be damaged so"
    return keys


def differences(verdict: Verdict) -> Found:
    return {
        (table.table.source_name, next(iter(difference.key.values())) or "", difference.kind, difference.columns)
        for table in verdict.tables
        for difference in table.result.differences
    }


def owner_of(world: World, table: str) -> str:
    return next(
        f"{db.name}.public.{m.source.name}" for db in world.layout.databases for m in db.maps if m.target == table
    )


def expected_differences(world: World, damage: Damage, keys: list[str]) -> Found:
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


def moved_rows(damage: Damage, world: World) -> Found:
    """The row that went missing under its old key stands under a new one."""
    if "another key" not in damage.name:
        return set()
    old = [key for (key,) in query(world.urls["payrollx_wallet"], "SELECT id FROM wallets")]
    key = value(world.target, "SELECT id::text FROM wallet.wallets WHERE id <> ALL (%s::uuid[])", (old,))
    return {("payrollx_wallet.public.wallets", key, "extra", ())}
