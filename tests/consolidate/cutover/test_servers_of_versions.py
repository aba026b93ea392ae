"""The whole way between each version of Postgres that is to be had and the one that the tests run on, both ways round.

Versions that the machine hasn't are skipped; folders of their programs may be named by TEST_PG_BINS, as in a PATH.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from club_worlds import CATALOG, LAYOUT, SOURCES, TARGET
from moving_worlds import cut_over, follow, roll_back, stages
from servers import THROW_AWAY
from worlds import World, query, value

from payrollx_db.consolidate import moving, online
from payrollx_db.devserver import Programs, Server, create_database
from payrollx_db.devserver.programs import folders

VERSIONS = ("14", "15", "16", "17")
LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()),
       (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_trigger WHERE tgname = 'payrollx_moved')
"""


def programs_of(major: str) -> Programs:
    """Return the programs of that version. Skips where there are none."""
    named = filter(None, os.environ.get("TEST_PG_BINS", "").split(os.pathsep))
    for folder in (*map(Path, named), *folders()):  # whichever PAYROLLX_PG_BIN names for the tests' own server
        found = Programs.at(folder)
        if found is not None and found.major == major:
            return found
    pytest.skip(f"no programs of Postgres {major} are installed, nor named by TEST_PG_BINS")


@pytest.fixture
def apart(request: pytest.FixtureRequest, reachable_tmp: Path) -> Iterator[World]:
    """The club's legacy databases on one server and its unified one on another, copied and followed."""
    versions: tuple[str, str] = request.param
    servers = [
        Server(reachable_tmp / side, settings=THROW_AWAY, programs=programs_of(version) if version else None)
        for side, version in zip(("source", "target"), versions, strict=True)
    ]
    try:
        source, target = (server.up() for server in servers)
        urls = {name: create_database(source, name) for name in SOURCES}
        for name, url in urls.items():
            query(url, SOURCES[name])
        world = World(urls, create_database(target, "club"), LAYOUT, CATALOG)
        query(world.target, TARGET)
        yield world
    finally:
        for server in servers:
            server.destroy()


@pytest.mark.long
@pytest.mark.parametrize(
    "apart",
    [*((version, "") for version in VERSIONS), *(("", version) for version in VERSIONS)],
    indirect=True,
    ids=lambda versions: " to ".join(version or "ours" for version in versions),
)
def test_the_whole_way_there_and_back_and_there_again(apart: World) -> None:
    world = apart
    assert asyncio.run(online.check(world.task())).findings is not None
    world.copy_with(replace(world.task(), following=True), world.task().policies)
    query(world.urls["oldshop"], "UPDATE orders SET id = 60 WHERE id = 6; INSERT INTO orders VALUES (100, 1, '1.00')")
    query(world.urls["oldpeople"], "TRUNCATE members; INSERT INTO members VALUES ('west', 1, 'new', NULL, 1.5, now())")
    query(world.urls["oldmail"], "DELETE FROM letters WHERE id = 1")
    follow(world)
    assert query(world.target, "SELECT id FROM shop.orders WHERE id > 5 ORDER BY id") == [(60,), (100,)]
    for url in (world.urls["oldshop"], world.urls["oldmail"]):  # duplicates follow their owner by hand
        query(url, "TRUNCATE members")
    verdict = asyncio.run(online.verify(world.task()))
    assert all(table.identical for table in verdict.tables)

    cut_over(world)
    query(world.target, "UPDATE people.members SET score = 2.5, number = 7; TRUNCATE mail.letters")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(world.urls["oldshop"], "DELETE FROM orders")
    roll_back(world, "people")
    roll_back(world)
    assert query(world.urls["oldpeople"], "SELECT number, score FROM members") == [(7, 2.5)]
    assert value(world.urls["oldmail"], "SELECT count(*) FROM letters") == 0

    query(world.urls["oldmail"], "INSERT INTO letters VALUES (9, 'once more')")
    cut_over(world)
    assert value(world.target, "SELECT body FROM mail.letters WHERE id = 9") == "once more"
    assert asyncio.run(moving.complete(world.task(), unfence=True)).left == ()
    assert set(stages(world).values()) == {"complete"}
    for url in (world.target, *world.urls.values()):
        assert query(url, LEFT) == [(0, 0, 0)]
