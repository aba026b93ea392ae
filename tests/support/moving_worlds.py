"""Worlds whose legacy databases are followed, to be cut over: the club's, with what services write meanwhile."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from club_worlds import CATALOG, LAYOUT, SOURCES, TARGET
from conftest import unique
from worlds import World, query

from payrollx_db.consolidate import moving, online
from payrollx_db.consolidate.cutover.outcome import Switched
from payrollx_db.consolidate.cutover.switching import Limits

if TYPE_CHECKING:
    from conftest import TestServer

LIMITS = Limits(max_stop=300.0, max_lag=300.0)


def follow(world: World) -> None:
    """Bring over, in whatever direction, what was committed."""
    asyncio.run(online.follow(world.task(), once=True))


def cut_over(world: World, *services: str, limits: Limits = LIMITS, **options: Any) -> Switched:
    return asyncio.run(moving.cutover(world.task(*services), limits, **options))


def roll_back(world: World, *services: str, limits: Limits = LIMITS, **options: Any) -> Switched:
    return asyncio.run(moving.rollback(world.task(*services), limits, **options))


def stages(world: World) -> dict[str, str]:
    return dict(query(world.target, "SELECT database, stage FROM payrollx_meta.switches"))


@contextmanager
def make_moving_world(server: "TestServer") -> Iterator[World]:
    """Make the club's databases, copy them, and follow them into their target."""
    scripts = {**SOURCES, "club": TARGET}
    urls: dict[str, Any] = {}
    try:
        for name, script in scripts.items():
            urls[name] = server.create_database(unique(name))
            query(urls[name], script)
        world = World({name: urls[name] for name in SOURCES}, urls["club"], LAYOUT, CATALOG)
        world.copy_with(replace(world.task(), following=True), world.task().policies)
        follow(world)
        yield world
    finally:
        for url in urls.values():
            server.drop_database(url.dbname)


@pytest.fixture
def moving_world(logical_server: "TestServer") -> Iterator[World]:
    """A world of the test's own that is followed."""
    with make_moving_world(logical_server) as world:
        yield world
