"""Worlds whose legacy databases are followed, to be cut over: the club's, with rows that services write meanwhile."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from club_worlds import CATALOG, LAYOUT, SOURCES, TARGET
from conftest import unique
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.cutover.beginning import plan_all
from payrollx_db.consolidate.follow.follower import document_of, published
from payrollx_db.consolidate.follow.forward import flows_of
from payrollx_db.consolidate.opening import opened
from payrollx_db.consolidate.state.flows import FOLLOWING, record_flow, start_at
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.postgres.replication.connection import lsn_text
from payrollx_db.postgres.replication.publications import create_publication, read_surroundings
from payrollx_db.postgres.replication.slots import create_slot
from payrollx_db.postgres.session import session

if TYPE_CHECKING:
    from conftest import TestServer


def begin_following(world: World) -> None:
    """Make slots and publications, and copy while services may write."""

    async def make() -> None:
        task = world.task()
        async with opened(task) as context:
            plan = await plan_all(context, task)
            flows, findings = flows_of(plan, context.sources, context.target)
            assert not findings
            async with exclusive(context.target) as run:
                await migrate(run)
                for flow in flows:
                    async with session(flow.read) as connection:
                        await create_publication(connection, flow.publication, published(flow.watched))
                        begins = await create_slot(flow.read, flow.slot)
                        around = document_of(await read_surroundings(connection, flow.publication))
                    name, names = (flow.name, flow.direction), (flow.slot, flow.publication)
                    async with run.transaction() as connection:
                        await record_flow(connection, name, None, names, [], None)
                        await start_at(connection, name, lsn_text(begins), FOLLOWING, around)

    asyncio.run(make())
    asyncio.run(pipeline.copy(replace(world.task(), following=True)))


@pytest.fixture
def moving(logical_server: "TestServer") -> Iterator[World]:
    """The club's databases, followed into their target."""
    scripts = {**SOURCES, "club": TARGET}
    urls: dict[str, Any] = {}
    try:
        for name, script in scripts.items():
            urls[name] = logical_server.create_database(unique(name))
            query(urls[name], script)
        world = World({name: urls[name] for name in SOURCES}, urls["club"], LAYOUT, CATALOG)
        begin_following(world)
        yield world
    finally:
        for url in urls.values():
            logical_server.drop_database(url.dbname)
