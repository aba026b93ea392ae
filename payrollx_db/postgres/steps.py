"""Statements that depend on each other's answers, written once for blocking and for asynchronous sessions.

A generator yields each statement and is sent its rows; where the server refuses one, the driver's error is raised
inside it. `perform` and `perform_async` are who speaks to the server.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from payrollx_db.postgres.pooled import AsyncConnection

T = TypeVar("T")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Statement:
    """One statement, with its parameters."""

    text: sql.Composable
    params: Any = None


Steps = Generator[Statement, Rows, T]


def perform(connection: psycopg.Connection[Any], steps: Steps[T]) -> T:
    """Run the statements in a blocking session; return what the steps return, raise what they let pass."""
    resume: Callable[[], Statement] = partial(next, steps)
    while True:
        try:
            statement = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            cursor = connection.execute(sql.Composed([statement.text]), statement.params)
            resume = partial(steps.send, cursor.fetchall() if cursor.description is not None else [])
        except psycopg.Error as error:
            resume = partial(steps.throw, error)


async def perform_async(connection: AsyncConnection, steps: Steps[T]) -> T:
    """Do the same in an asynchronous session."""
    resume: Callable[[], Statement] = partial(next, steps)
    while True:
        try:
            statement = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            cursor = await connection.execute(sql.Composed([statement.text]), statement.params)
            resume = partial(steps.send, await cursor.fetchall() if cursor.description is not None else [])
        except psycopg.Error as error:
            resume = partial(steps.throw, error)
