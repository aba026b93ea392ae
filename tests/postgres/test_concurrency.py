"""Work of several groups at once: neighbours are of different groups."""

from payrollx_db.postgres.concurrency import taking_turns


def test_neighbours_are_of_different_groups_and_each_keeps_its_order() -> None:
    tables = ["auth.users", "auth.logins", "auth.roles", "pay.runs", "pay.items", "org.units"]

    turns = taking_turns(tables, lambda name: name.partition(".")[0])

    assert turns == ["auth.users", "pay.runs", "org.units", "auth.logins", "pay.items", "auth.roles"]
