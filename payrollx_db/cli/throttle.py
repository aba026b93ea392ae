"""Options for those who share the servers with others: how fast, how long to wait, under which name."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import click

from payrollx_db.consolidate.pipeline import Task
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.postgres.session import Endpoint

MEGABYTE = 1_000_000
DURATION = re.compile(r"\d+ ?(ms|s|min|h|d)?")


def duration(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return a duration as the server reads it: ``500ms``, ``30s``, ``5min``; a bare number is of seconds."""
    if value is None or DURATION.fullmatch(value):
        return f"{value}s" if value and value.isdigit() else value
    raise click.BadParameter(f"{value!r} is not a duration; give a number and ms, s, min, h or d", ctx, param)


OPTIONS = (
    click.option("--max-rate", type=click.FloatRange(0, min_open=True), metavar="MB/S", envvar="PAYROLLX_MAX_RATE",
                 help="Megabytes to read per second at most, all tables together."),
    click.option("--lock-timeout", metavar="TIME", callback=duration, envvar="PAYROLLX_LOCK_TIMEOUT",
                 show_default="30s", help="Time that a statement may wait for a lock; 0 means for ever."),
    click.option("--statement-timeout", metavar="TIME", callback=duration, envvar="PAYROLLX_STATEMENT_TIMEOUT",
                 show_default="0", help="Time that one statement may take; 0 means for ever."),
    click.option("--application-name", metavar="NAME", default="payrollx-db", show_default=True,
                 envvar="PAYROLLX_APPLICATION_NAME",
                 help="application_name of our sessions (run and table are appended)."),
)  # fmt: skip


def gentle_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add these options. To be put below `task_options`."""

    @wraps(command)
    def wrapped(
        *,
        make_task: Callable[[Observer], Task],
        max_rate: float | None,
        lock_timeout: str | None,
        statement_timeout: str | None,
        application_name: str,
        **options: Any,
    ) -> Any:
        timeouts = {"lock_timeout": lock_timeout, "statement_timeout": statement_timeout}
        settings = {name: text for name, text in timeouts.items() if text is not None}

        def gentle(endpoint: Endpoint) -> Endpoint:
            chosen = {**endpoint.settings, **settings}
            return replace(endpoint, settings=chosen, application_name=application_name)

        def make(observer: Observer = ignore_events) -> Task:
            task = make_task(observer)
            sources = {name: gentle(endpoint) for name, endpoint in task.sources.items()}
            rate = max_rate * MEGABYTE if max_rate else None
            return replace(task, sources=sources, target=gentle(task.target), max_rate=rate)

        return command(make_task=make, **options)

    decorated: Callable[..., Any] = wrapped
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
