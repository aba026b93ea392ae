"""Worlds that are followed: copied, then written, then brought over again, and compared."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from worlds import World, query

from payrollx_db.consolidate import online
from payrollx_db.consolidate.follow.follower import Follower, Passed
from payrollx_db.consolidate.follow.following import catch_up
from payrollx_db.consolidate.online import FollowReport


@dataclass
class FollowedWorld:
    """A world whose sources are followed, one call after the other."""

    world: World

    def write(self, statements: str, source: str = "") -> None:
        """Write to a source (the only one, unless named), each statement by itself where it says so."""
        query(self.world.urls[source or next(iter(self.world.urls))], "SET synchronous_commit = on; " + statements)

    def follow(self, **options: Any) -> FollowReport:
        """Bring over all that was committed."""
        return asyncio.run(online.follow(self.world.task(), once=True, **options))

    def differences(self) -> list[str]:
        """Name the tables that aren't the same on both sides."""
        verdict = self.world.verify(structure=False)
        return [
            f"{t.table.target_name}: {t.result.missing} missing, {t.extra} extra, {t.result.changed} changed"
            for t in verdict.tables
            if not t.identical
        ]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows of the target."""
        return query(self.world.target, statement)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[list[Follower]]:
        """Yield the connected followers of all sources, which do passes when they are told to."""
        async with online.followed(self.world.task()) as (_, followers):
            for follower in followers:
                await follower.connect()
            try:
                yield followers
            finally:
                for follower in followers:
                    await follower.close()


async def pass_by(follower: Follower) -> Passed:
    """Let a follower do passes until all is in."""
    return await catch_up(follower, lambda _: None)


@pytest.fixture
def follow_world(make_tables: Any, logical_server: Any) -> Any:
    """Make a world of tables as `make_tables` does, copy it, and follow it once."""

    def make(*arguments: Any, copy: bool = True, **options: Any) -> FollowedWorld:
        followed = FollowedWorld(replace(make_tables(*arguments, **options)))
        if copy:
            followed.world.copy()
            followed.follow()
        return followed

    return make
