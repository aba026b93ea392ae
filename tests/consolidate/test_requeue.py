"""`quarantine retry`: the target's own constraints decide about each row, and rows that it refuses hold no other up."""

import json
from typing import Any

from club_worlds import NAMES, key
from worlds import World, query, value

from payrollx_db.model.policy import Policies

MEMBERS, ORDERS = "oldpeople.public.members", "oldshop.public.orders"
ACCOUNT = (
    "SELECT rows_read, rows_written, rows_quarantined FROM payrollx_meta.tables WHERE (source, kind) = (%s, 'copy')"
)


def copy(world: World, *policies: str) -> None:
    world.copy_with(world.task(), Policies.read(policies))


def retry(world: World) -> tuple[int, dict[str, Any]]:
    """Retry what lies in quarantine; return the exit code, and what is said of each source table."""
    done = world.command("quarantine", "retry", "--json", env=NAMES)
    return done.returncode, {entry["source"]: entry for entry in json.loads(done.stdout)}


def test_a_row_that_the_target_refuses_stays_out(club: World) -> None:
    """Its value can be converted by now, and breaks a constraint of the target; the row beside it goes in."""
    for database in club.urls.values():
        query(database, "DELETE FROM members WHERE number IN (4, 5) AND region <> 'north'")
    query(club.urls["oldpeople"], "UPDATE members SET badge = 'lost' WHERE number IN (4, 5)")
    copy(club, "unconvertible=quarantine", "drift=owner")
    query(club.urls["oldpeople"], "UPDATE members SET badge = NULL, score = number * 999 - 3995 WHERE number IN (4, 5)")
    query(club.urls["oldpeople"], "UPDATE members SET score = 1000 WHERE number = 5")

    code, done = retry(club)

    assert code == 3
    assert done[MEMBERS]["restored"] == [key("north", 4)]
    assert list(done[MEMBERS]["refused"]) == [key("north", 5)]
    assert done[MEMBERS]["refused"][key("north", 5)], "the reason is said"
    assert query(club.target, ACCOUNT, (MEMBERS,)) == [(8, 7, 1)]
    assert value(club.target, "SELECT count(*) FROM people.members WHERE number = 5 AND region = 'north'") == 0

    query(club.urls["oldpeople"], "UPDATE members SET score = 1 WHERE number = 5")
    assert retry(club)[1][MEMBERS]["restored"] == [key("north", 5)]
    assert query(club.target, ACCOUNT, (MEMBERS,)) == [(8, 8, 0)]


def test_rows_go_back_as_the_copy_brought_the_others(club: World) -> None:
    """Past a rule that does something else instead, and into an identity that takes no number from an INSERT."""
    query(
        club.target,
        "CREATE RULE nothing AS ON INSERT TO people.members DO INSTEAD NOTHING;"
        "ALTER TABLE shop.orders ALTER id ADD GENERATED ALWAYS AS IDENTITY",
    )
    query(club.urls["oldpeople"], "UPDATE members SET badge = 'lost' WHERE number = 4")
    query(club.urls["oldshop"], "UPDATE orders SET level = 9 WHERE id = 3")
    copy(club, "unconvertible=quarantine", "drift=owner", "orphan=quarantine")
    for name in ("oldpeople", "oldshop", "oldmail"):
        query(club.urls[name], "UPDATE members SET badge = NULL WHERE number = 4")
    query(club.urls["oldshop"], "UPDATE orders SET level = 1 WHERE id = 3")

    code, done = retry(club)

    assert (code, done[ORDERS]["restored"]) == (0, ["3"])
    assert sorted(done[MEMBERS]["restored"]) == sorted([key("north", 4), key('so"uth', 4)])
    assert value(club.target, "SELECT count(*) FROM people.members WHERE number = 4") == 2
    assert club.verify().identical


def test_a_key_that_is_checked_at_the_end_is_checked_for_each_row(club: World) -> None:
    """The key to levels is deferred: a row that breaks it must not take down the rows that don't."""
    query(club.urls["oldshop"], "UPDATE orders SET level = 9 WHERE id IN (2, 3)")
    copy(club, "orphan=quarantine")
    query(club.urls["oldshop"], "UPDATE orders SET level = 1 WHERE id = 3")

    code, done = retry(club)

    assert code == 3
    assert (done[ORDERS]["restored"], list(done[ORDERS]["refused"])) == (["3"], ["2"])
    assert query(club.target, "SELECT id, level FROM shop.orders WHERE id IN (2, 3)") == [(3, 1)]
    assert query(club.target, ACCOUNT, (ORDERS,)) == [(6, 5, 1)]
    assert club.verify().identical


def test_numbers_lie_in_quarantine_with_all_their_digits(club: World) -> None:
    """Whatever the source says of how many digits a number is written with."""
    source = club.urls["oldpeople"]
    query(source, f'ALTER DATABASE "{source.dbname}" SET extra_float_digits = -10')
    query(source, "UPDATE members SET badge = 'lost', score = 0.1::float8 + 0.2::float8 WHERE number = 1")

    copy(club, "unconvertible=quarantine", "drift=owner")

    kept = "SELECT DISTINCT row ->> 'score' FROM payrollx_meta.quarantine WHERE source = %s"
    assert query(club.target, kept, (MEMBERS,)) == [("0.30000000000000004",)]
    assert club.verify().identical


def test_what_an_earlier_run_decided_ends_where_a_table_is_copied_again(club: World) -> None:
    """Emptied and copied again, a table is as its own run left it: what lay in quarantine before went in since."""
    query(club.urls["oldshop"], "UPDATE orders SET level = 9 WHERE id = 2")
    copy(club, "orphan=quarantine")
    query(club.urls["oldshop"], "UPDATE orders SET level = 1 WHERE id = 2")
    query(club.target, "TRUNCATE shop.orders")

    copy(club)

    assert value(club.target, "SELECT count(*) FROM shop.orders") == 6
    assert club.verify().identical
    assert retry(club) == (0, {})
