"""Databases on which payrollx-db ran a copy when its state had no version yet (tests/support/recorded_states).

The legacy databases are made anew: the same rows, on another server, which the recorded state is then told.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import unique
from foreign_catalogs import CATALOG, CRM, LAYOUT, SHOP
from worlds import World, query

STATES = Path(__file__).parent / "recorded_states"
# The rows that the recorded copy found: fewer, and with dates that don't depend on when they were made.
FEWER = {
    "oldshop": SHOP
    + """
    DELETE FROM orders WHERE number > 9;
    UPDATE orders SET placed = '2024-02-29 12:00+00' WHERE placed IS NOT NULL;
    DELETE FROM "order""Lines" WHERE "order" > 6
    """,
    "oldcrm": CRM + """ DELETE FROM "Sales Force".visits WHERE ctid > '(0,8)' """,
}
SAME_SOURCE = """
    UPDATE payrollx_meta.sources SET dbname = %s, system = (SELECT system_identifier::text FROM pg_control_system())
    WHERE database = %s
"""

EarlierState = Callable[[str], World]


@pytest.fixture
def earlier_state(server: Any) -> Iterator[EarlierState]:
    """Make the world of one of the recorded states: ``finished`` or ``interrupted``."""
    names = []

    def database(script: str) -> Any:
        names.append(unique("earlier"))
        url = server.create_database(names[-1])
        query(url, script)
        return url

    def make(state: str) -> World:
        urls = {name: database(script) for name, script in FEWER.items()}
        target = database((STATES / f"{state}.sql").read_text(encoding="utf-8"))
        for name, url in urls.items():
            query(target, SAME_SOURCE, (url.dbname, name))
        return World(urls, target, LAYOUT, CATALOG)

    yield make
    for name in names:
        server.drop_database(name)
