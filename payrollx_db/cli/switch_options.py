"""Options that cutover and rollback share: what a person allows, and who is told when it is done."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.durations import Duration
from payrollx_db.consolidate.cutover.clients import Telling
from payrollx_db.consolidate.cutover.fence import Patience
from payrollx_db.consolidate.cutover.switching import Limits

Command = Callable[..., Any]
NAMES = ("max_stop", "max_lag", "catch_up", "attempts", "terminate")


def limit_options(command: Command) -> Command:
    """Add the options that say what a person allows; the command gets them as ``limits``."""

    @wraps(command)
    def wrapped(**given: Any) -> Any:
        stop, lag, catch_up, attempts, terminate = (given.pop(name) for name in NAMES)
        patience = Patience(attempts=attempts)
        return command(limits=Limits(stop, lag, catch_up, terminate, patience), **given)

    return _decorated(wrapped, LIMITS)


def telling_options(command: Command) -> Command:
    """Add the options that say who is told; the command gets them as ``telling``."""

    @wraps(command)
    def wrapped(*, on_open: str, on_open_url: str, wait_for_connections: float, **given: Any) -> Any:
        return command(telling=Telling(on_open or "", on_open_url or "", wait_for_connections), **given)

    return _decorated(wrapped, TELLING)


def _decorated(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def _duration(*names: str, default: str, **settings: Any) -> Callable[[Command], Command]:
    return click.option(*names, type=Duration(), default=default, show_default=True, metavar="TIME", **settings)


LIMITS = (
    _duration("--max-stop", default="5s", envvar="PAYROLLX_MAX_STOP",
              help="How long writers may wait. When it runs out before the other side can be opened, they go on, and"
              " nothing has changed."),
    _duration("--max-lag", default="1s", envvar="PAYROLLX_MAX_LAG",
              help="How far behind a pass may be before writers are made to wait."),
    _duration("--catch-up", default="60s", envvar="PAYROLLX_CATCH_UP",
              help="How long to wait until the lag is that small."),
    click.option("--attempts", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N",
                 envvar="PAYROLLX_ATTEMPTS",
                 help="Attempts to lock the tables, each for less than a second. Writers go on in between."),
    destructive_option("--terminate", is_flag=True,
                       help="End the sessions that are in the way of the locks after a first attempt in vain."),
)  # fmt: skip

TELLING = (
    destructive_option("--on-open", metavar="CMD", default="",
                       help="Shell command to run as soon as the other side is open. It gets PAYROLLX_ACTION (cutover"
                       " or rollback) and PAYROLLX_OPENED_SERVICES, and no secret."),
    click.option("--on-open-url", metavar="URL", default="", envvar="PAYROLLX_ON_OPEN_URL",
                 help="URL to POST the services to as soon as the other side is open, as JSON."),
    _duration("--wait-for-connections", default="0s", envvar="PAYROLLX_WAIT_FOR_CONNECTIONS",
              help="How long to wait until each service has a session on the other side."),
)  # fmt: skip
