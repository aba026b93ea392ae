"""A server that crashes right after a run was told to be done has it done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from club_worlds import TARGET
from servers import THROW_AWAY
from worlds import World, query

from payrollx_db.devserver import Server, create_database

# Nothing but a commit that waits for it writes the log: what a crash takes away is all that no commit has waited for.
SLOW_LOG = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "autovacuum": "off", "bgwriter_delay": "10s"}


@pytest.fixture
def crashing(reachable_tmp: Path) -> Iterator[Server]:
    """A server of the test's own, whose log waits for commits to ask for it."""
    server = Server(reachable_tmp / "server", settings=THROW_AWAY | SLOW_LOG)
    try:
        server.up()
        yield server
    finally:
        server.destroy()


def test_a_finished_run_is_finished_after_a_crash(club: World, crashing: Server) -> None:
    world = replace(club, target=create_database(crashing.url(), "club"))
    query(world.target, TARGET)
    report = world.copy()

    crashing.down(immediate=True)
    crashing.up()

    assert query(world.target, "SELECT id, status FROM payrollx_meta.runs") == [(report.run.id, "done")]
    assert query(world.target, "SELECT count(*) FROM people.members") == [(10,)]
    assert world.verify().identical
