"""Worlds that are followed: copied, then written, then brought over again, and compared."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from command_line import Done
from psycopg import sql
from worlds import World, query

from payrollx_db.consolidate import online
from payrollx_db.consolidate.follow.follower import Follower, Held, Passed
from payrollx_db.consolidate.follow.following import catch_up
from payrollx_db.consolidate.follow.keys import rows_of
from payrollx_db.consolidate.online import FollowReport
from payrollx_db.postgres.session import run, session

HASHED = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ({}) AS t"


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

    def command(self, *arguments: str) -> Done:
        """Run the command line on this world, whose catalog and layout it finds in this module."""
        globals().update(CATALOG=self.world.catalog, LAYOUT=self.world.layout)
        name, *rest = arguments
        return self.world.command(name, "--catalog", f"{__name__}:CATALOG", "--from", f"{__name__}:LAYOUT", *rest)

    def answer(self, *arguments: str) -> Any:
        """Run a command with --json and return its document."""
        done = self.command(*arguments, "--json")
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)

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
    async def following(self, **settings: Any) -> AsyncIterator[list[Follower]]:
        """Yield the connected followers of all sources, which do passes when they are told to."""
        async with online.followed(self.world.task()) as (_, followers):
            for follower in followers:
                for name, setting in settings.items():
                    setattr(follower, name, setting)
                await follower.connect()
            try:
                yield followers
            finally:
                for follower in followers:
                    await follower.close()


async def pass_by(follower: Follower) -> Passed:
    """Let a follower do passes until all is in."""
    return await catch_up(follower, lambda _: None)


async def differences_under(follower: Follower, held: Held) -> list[str]:
    """Name the written tables that don't equal the snapshot that is held."""
    wrong = []
    for move in follower.flow.moves:
        names = sql.SQL(", ").join(map(sql.Identifier, move.column_names))
        made = sql.SQL("SELECT * FROM ({}) AS m ({})").format(rows_of(move, None), names)
        there = sql.SQL("SELECT {} FROM {}").format(names, move.table.identifier)
        source = await run(held.reader, sql.SQL(HASHED).format(made))
        async with session(follower.flow.written) as connection:
            target = await run(connection, sql.SQL(HASHED).format(there))
        if source != target:
            wrong.append(f"{move.name}: {source} there, {target} here")
    return wrong


@pytest.fixture
def follow_world(make_tables: Any, logical_server: Any) -> Any:
    """Make a world of tables as `make_tables` does, copy it, and follow it once."""

    def make(*arguments: Any, copy: bool = True, **options: Any) -> FollowedWorld:
        followed = FollowedWorld(make_tables(*arguments, **options))
        if copy:
            followed.world.copy()
            followed.follow()
        return followed

    return make
