"""``payrollx-db metrics``."""

import asyncio
import threading
from typing import TYPE_CHECKING

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.render import console
from payrollx_db.cli.targets import health_options

if TYPE_CHECKING:
    from payrollx_db.health.database import Expected, Place
    from payrollx_db.health.examine import Health

LOOPBACK = "127.0.0.1"


def address(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, int] | None:
    """Return HOST:PORT as both; the loopback address where only a port is given."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) < 65536:
        raise click.BadParameter(f"{value!r} is not an address; give HOST:PORT, or a port alone", ctx, param)
    return host.removeprefix("[").removesuffix("]") or LOOPBACK, int(port)


@command(example="payrollx-db metrics --listen 9187")
@health_options
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=address,
    envvar="PAYROLLX_METRICS_LISTEN",
    help="Serve the metrics there until interrupted, measured anew for each scrape. A port alone means 127.0.0.1.",
)
def metrics(
    places: "tuple[Place, ...]", expected: "Expected", *, timeout: float, listen: tuple[str, int] | None
) -> int:
    """Print or serve doctor's measurements as Prometheus metrics.

    A database that doesn't answer is shown as payrollx_up 0 and is no error. This needs an extra: pip install
    'payrollx-db[metrics]'.
    """
    from payrollx_db.health import metrics as exported
    from payrollx_db.health.examine import examine

    def fresh() -> "Health":
        return asyncio.run(examine(places, expected, seconds=timeout))

    exported.require_client()
    if listen is None:
        console.answer(exported.exposition(fresh()).rstrip("\n"))
        return 0
    port, end = exported.listen(*listen, fresh)
    console.note(f"serving http://{_shown(listen[0])}:{port}/metrics; stop with Ctrl-C")
    try:
        threading.Event().wait()
    finally:
        end()
    return 0


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
