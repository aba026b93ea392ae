"""A commit whose answer is lost is in: what is done again because of it must not be done twice."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from club_worlds import key
from relays import losing_one_answer
from worlds import World, query, value

from payrollx_db.model.events import Notice
from payrollx_db.model.policy import Policies

STRANDED = "INSERT INTO members VALUES ('west', 7, 'stranded', NULL, 0.5, '2024-01-01')"
IS_IN = """
SELECT count(*) FROM payrollx_meta.parts WHERE (source, target) = (%s, 'people.members') AND finished_at IS NOT NULL
"""


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrollx_db.consolidate.retrying.FIRST_PAUSE", 0.02)
    monkeypatch.setattr("payrollx_db.consolidate.retrying.JITTER", 0.01)


def is_in(world: World, source: str) -> Callable[[], bool]:
    def look() -> bool:
        recorded = value(world.target, "SELECT to_regclass('payrollx_meta.parts') IS NOT NULL")
        return bool(recorded and value(world.target, IS_IN, (source,)))

    return look


@pytest.mark.parametrize("source", ["oldshop.public.members", "oldpeople.public.members"], ids=["adopted", "copied"])
def test_what_is_in_is_not_brought_in_again(club: World, source: str) -> None:
    """The rows that a duplicate table brings in have no key here that would keep them from coming twice."""
    query(club.target, "ALTER TABLE people.members DROP CONSTRAINT members_pkey")
    query(club.urls["oldshop"], STRANDED)

    with losing_one_answer(club.target, is_in(club, source)) as relay:
        world = replace(club, target=relay.url)
        report = world.copy_with(world.task(), Policies.read(["stranded=adopt"]))

    assert relay.lost == 1
    assert any("is tried again" in event.text for event in club.events if isinstance(event, Notice))
    assert all(table.balanced for table in report.tables)
    assert value(club.target, "SELECT count(*) FROM people.members") == 11
    assert value(club.target, "SELECT key FROM payrollx_meta.quarantine WHERE kind = 'adopted'") == key("west", 7)
    assert club.verify().identical
