"""Work of several groups at once: neighbours are of different groups."""

from payrollx_db.postgres.concurrency import answer_of, taking_turns


def test_neighbours_are_of_different_groups_and_each_keeps_its_order() -> None:
    tables = ["auth.users", "auth.logins", "auth.roles", "pay.runs", "pay.items", "org.units"]

    turns = taking_turns(tables, lambda name: name.partition(".")[0])

    assert turns == ["auth.users", "pay.runs", "org.units", "auth.logins", "pay.items", "auth.roles"]


def test_the_text_of_an_answer_is_never_asked_for() -> None:
    """As its handler of SIGINT is taken away, asyncio writes the result of a task out; of a plan, that takes long."""
    asked: list[str] = []

    class Plan:
        def __repr__(self) -> str:
            asked.append("repr")
            return "a plan of many tables"

    async def made() -> Plan:
        return Plan()

    assert isinstance(answer_of(made()), Plan)
    assert asked == []
