"""Copies that are cut off at a chosen moment, within this process, as Ctrl-C does."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from worlds import World

from payrollx_db.consolidate import pipeline
from payrollx_db.model.events import Event, TableFinished


def a_table_is_in(event: Event) -> bool:
    """The moment at which the first table has all of its rows."""
    return isinstance(event, TableFinished)


def interrupt(world: World, *services: str, moment: Callable[[Event], bool] = a_table_is_in) -> None:
    """Copy, and be cancelled when ``moment`` comes."""

    async def copy() -> None:
        def watch(event: Event) -> None:
            if moment(event):
                task.cancel()

        asked = replace(world.task(*services, observer=watch), small_tables=0)  # whose indexes would stay
        task = asyncio.create_task(pipeline.copy(asked))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(copy())
