"""Verify: every kind of damage to the target is found, and named by table, key, kind and columns."""

import pytest
from damaged_targets import DAMAGES, Damage, apply, differences, expected_differences, moved_rows, swap
from matrices import some
from worlds import World, query, value

from payrollx_db.postgres import compare


@pytest.mark.parametrize("damage", some(DAMAGES, lambda damage: str(damage.name)))
def test_each_damage_is_found_and_nothing_else(damaged: World, damage: Damage) -> None:
    keys = apply(damaged, damage)

    verdict = damaged.verify(damage.table.partition(".")[0])

    assert not verdict.identical
    assert differences(verdict) == expected_differences(damaged, damage, keys) | moved_rows(damage, damaged)


@pytest.mark.parametrize("damage", [d for d in DAMAGES if "swap" in d.name], ids=lambda damage: damage.name)
def test_swaps_are_found_where_all_rows_share_one_bucket(
    damaged: World, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum over a bucket must not be blind to values that change places."""
    monkeypatch.setattr(compare, "MOST_BUCKETS", 1)
    keys = apply(damaged, damage)

    verdict = damaged.verify(damage.table.partition(".")[0])

    assert compare.buckets_for(10_000) == 1
    assert differences(verdict) == expected_differences(damaged, damage, keys)


def test_two_swaps_in_one_bucket_that_cancel_out(damaged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows swap one column, and the same two swap another: each column's values are all there still."""
    monkeypatch.setattr(compare, "MOST_BUCKETS", 1)
    keys = apply(damaged, swap("payroll.payroll_items", "amount"))
    query(
        damaged.target,
        "UPDATE payroll.payroll_items AS t SET created_at = s.created_at + interval '1 s'"
        " FROM payroll.payroll_items AS s WHERE s.id <> t.id AND t.id = ANY (%s::uuid[]) AND s.id = ANY (%s::uuid[])",
        (keys, keys),
    )

    verdict = damaged.verify("payroll")

    assert {(key, columns) for _, key, _, columns in differences(verdict)} == {
        (k, ("amount", "created_at")) for k in keys
    }


def test_every_row_gone(damaged: World) -> None:
    before = value(damaged.target, "SELECT count(*) FROM notification.notifications")
    query(damaged.target, "TRUNCATE notification.notifications")

    (table,) = damaged.verify("notification", limit=7).tables

    result = table.result
    assert (result.left_rows, result.right_rows, result.missing, result.matched) == (before, 0, before, 0)
    assert len(result.differences) == 7
