"""Duplicate tables that aren't as their owner's: the newer row stays, a row comes in once, a mended one is merged."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from club_worlds import NAMES, key
from worlds import World, query, value

from payrollx_db.consolidate.pipeline import Report
from payrollx_db.model.policy import Policies

AGED = 'UPDATE members SET name = %s, "updatedAt" = %s WHERE (region, number) = (%s, %s)'
NEW = "INSERT INTO members VALUES (%s, %s, %s, NULL, 0.5, '2024-01-01')"
MEMBER = "SELECT name FROM people.members WHERE (region, number) = (%s, %s)"
KEPT = "SELECT source, key, kind, code, cause FROM payrollx_meta.quarantine ORDER BY 1, 2, 3"
OWNER, SHOP, MAIL = (f"{name}.public.members" for name in ("oldpeople", "oldshop", "oldmail"))


def copy(world: World, *policies: str) -> Report:
    report = world.copy_with(world.task(), Policies.read(policies))
    assert all(table.balanced for table in report.tables)
    return report


def member(world: World, region: str, number: int) -> Any:
    return value(world.target, MEMBER, (region, number))


def account(report: Report, source: str) -> tuple[int | None, ...]:
    """Return what was read of a source table, written, quarantined and merged."""
    (table,) = [table for table in report.tables if table.source == source]
    return table.rows_read, table.rows_written, table.rows_quarantined, table.rows_merged


def test_the_newer_copy_stays_and_the_older_one_gives_way(club: World) -> None:
    """Of two rows that differ, each the newer one once; the key has two columns, one of them with a quote."""
    query(club.urls["oldshop"], AGED, ("newer in the shop", "2025-01-01", 'so"uth', 2))
    query(club.urls["oldshop"], AGED, ("older in the shop", "2023-01-01", "north", 3))
    query(club.urls["oldmail"], AGED, ("undated in the mail", None, "north", 4))

    report = copy(club, "drift=newest")

    assert member(club, 'so"uth', 2) == "newer in the shop"
    assert member(club, "north", 3) == "member north3"
    assert member(club, "north", 4) == "member north4"
    assert value(club.target, "SELECT count(*) FROM people.members") == 10
    south = key('so"uth', 2)
    assert set(query(club.target, KEPT)) == {
        (OWNER, south, "row", "drift", f"{SHOP} {south}"),
        (SHOP, south, "adopted", "drift", ""),
        (SHOP, key("north", 3), "row", "drift", ""),
        # the mail's copy is as the owner's was, and so not what stays
        (MAIL, south, "row", "drift", f"{OWNER} {south}"),
        (MAIL, key("north", 4), "row", "drift", ""),
    }
    assert account(report, OWNER) == (10, 9, 1, 0)
    assert account(report, SHOP) == (10, 1, 1, 8)
    assert club.verify().identical


@pytest.mark.long
def test_two_newer_copies_bring_one_row(club: World) -> None:
    for name in ("oldshop", "oldmail"):
        query(club.urls[name], AGED, (f"newer in {name}", "2025-01-01", "north", 1))

    report = copy(club, "drift=newest")

    (first,) = query(club.target, "SELECT source FROM payrollx_meta.quarantine WHERE kind = 'adopted'")
    assert member(club, "north", 1) == f"newer in {first[0].partition('.')[0]}"
    assert sum(account(report, source)[1] or 0 for source in (SHOP, MAIL)) == 1
    assert value(club.target, "SELECT count(*) FROM people.members") == 10
    assert club.verify().identical


@pytest.mark.parametrize(
    "names",
    [pytest.param(("alike", "alike"), marks=pytest.mark.long), ("in the shop", "in the mail")],
    ids=["equal", "different"],
)
def test_two_copies_adopt_one_row(club: World, names: Sequence[str]) -> None:
    """A row that the owner never had goes in once; the other copy's stays out, and says whose is in."""
    for database, name in zip(("oldshop", "oldmail"), names, strict=True):
        query(club.urls[database], NEW, ("west", 7, name))

    report = copy(club, "stranded=adopt")

    west = key("west", 7)
    ((winner, _, _, _, _),) = [row for row in query(club.target, KEPT) if row[2] == "adopted"]
    ((loser, _, _, code, cause),) = [row for row in query(club.target, KEPT) if row[2] == "row"]
    assert {winner, loser} == {SHOP, MAIL}
    assert (code, cause) == ("stranded", f"{winner} {west}")
    assert member(club, "west", 7) == names[(SHOP, MAIL).index(winner)]
    assert account(report, winner) == (11, 1, 0, 10)
    assert account(report, loser) == (11, 0, 1, 10)
    assert club.verify().identical


def test_a_quarantined_duplicate_is_merged_once_it_is_equal(club: World) -> None:
    """Retry looks at duplicates too: they go nowhere, but count as merged when the target has their equal."""
    for number in (1, 2):
        query(club.urls["oldshop"], AGED, ("drifted", "2023-01-01", 'so"uth', number))
    copy(club, "drift=owner")
    again = ("quarantine", "retry", "--json")
    unchanged = club.command(*again, env=NAMES)
    assert unchanged.returncode == 3, unchanged.stderr
    reasons = json.loads(unchanged.stdout)[0]
    assert (reasons["source"], reasons["restored"]) == (SHOP, [])
    assert reasons["refused"].keys() == {key('so"uth', 1), key('so"uth', 2)}

    query(club.urls["oldshop"], AGED, ('member so"uth2', "2024-01-01", 'so"uth', 2))
    done = club.command(*again, env=NAMES)

    assert done.returncode == 3, done.stderr
    (retried,) = json.loads(done.stdout)
    assert (retried["source"], retried["restored"]) == (SHOP, [key('so"uth', 2)])
    assert list(retried["refused"]) == [key('so"uth', 1)]
    counts = "SELECT rows_read, rows_written, rows_quarantined, rows_merged FROM payrollx_meta.tables WHERE source = %s"
    assert query(club.target, counts, (SHOP,)) == [(10, 0, 1, 9)]
    assert value(club.target, "SELECT count(*) FROM people.members") == 10
    assert club.verify().identical


def test_keys_of_several_columns_are_named_alike_everywhere(club: World) -> None:
    """What quarantine lists is what it shows, and is the row that lies there."""
    query(club.urls["oldpeople"], "UPDATE members SET badge = 'lost' WHERE (region, number) = ('so\"uth', 4)")
    query(club.urls["oldmail"], AGED, ("drifted", None, "north", 5))
    copy(club, "unconvertible=quarantine", "drift=owner")

    listed = json.loads(club.command("quarantine", "list", "--json", env=NAMES).stdout)

    assert (OWNER, key('so"uth', 4)) in {(entry["source"], entry["key"]) for entry in listed}
    assert (MAIL, key("north", 5)) in {(entry["source"], entry["key"]) for entry in listed}
    for entry in listed:
        shown = json.loads(club.command("quarantine", "show", entry["source"], entry["key"], env=NAMES).stdout)
        assert [shown["row"]["region"], str(shown["row"]["number"])] == json.loads(entry["key"])
    assert club.verify().identical


@pytest.mark.long
def test_a_row_with_a_key_of_several_columns_goes_in_when_its_cause_is_gone(club: World) -> None:
    query(club.urls["oldpeople"], "UPDATE members SET badge = 'lost' WHERE number = 4")
    copy(club, "unconvertible=quarantine", "drift=owner")
    query(club.urls["oldpeople"], "UPDATE members SET badge = NULL WHERE number = 4 AND region = 'north'")

    done = club.command("quarantine", "retry", "--json", env=NAMES)

    (owners,) = [entry for entry in json.loads(done.stdout) if entry["source"] == OWNER]
    assert owners["restored"] == [key("north", 4)]
    assert owners["refused"].keys() == {key('so"uth', 4)}
    assert member(club, "north", 4) == "member north4"
