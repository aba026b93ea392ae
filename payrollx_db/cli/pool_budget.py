"""``payrollx-db pool-budget``."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.render import console
from payrollx_db.cli.targets import places
from payrollx_db.health.pool_budget import MOST, Budget, Room, budget

if TYPE_CHECKING:
    from payrollx_db.health.database import Place
    from payrollx_db.model.catalog import Catalog, Service

AUTO = "auto"
FINDINGS = 3


def limit(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """Return the number that was given, or ``None`` where the server is to be asked."""
    if value == AUTO:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(f"{value!r} is neither {AUTO} nor a positive number", ctx, param)
    return int(value)


@command("pool-budget", example="payrollx-db pool-budget --max-connections 200 --replicas 3")
@options.database_url
@options.catalog
@click.option(
    "--max-connections",
    default=AUTO,
    show_default=True,
    metavar="auto|N",
    callback=limit,
    envvar="PAYROLLX_MAX_CONNECTIONS",
    help="The server's max_connections; auto asks the server for it, and for what it reserves.",
)
@click.option(
    "--replicas",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    envvar="PAYROLLX_REPLICAS",
    help="Number of processes of each service.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME",
    envvar="PAYROLLX_SERVICES",
    help="Only this service; repeat the option for several.",
)
@click.option(
    "--reserve",
    type=click.IntRange(min=0),
    metavar="N",
    default=10,
    show_default=True,
    envvar="PAYROLLX_RESERVE",
    help="Number of connections to keep free for people and tools.",
)
@options.as_json
def pool_budget(
    *, database_url: str | None, catalog: str, max_connections: int | None, replicas: int, services: tuple[str, ...],
    reserve: int, as_json: bool,
) -> int:  # fmt: skip
    """Compute how large each service's pool may be, so that all of them fit the server.

    Services that are on other servers are counted there. Exit code 3 means that they don't fit.
    """
    chosen = _services(registry.find(catalog), services)
    shares = [
        (place, budget(room, [service.name for service in on], replicas=replicas, kept=reserve))
        for place, room, on in _servers(database_url, max_connections, chosen)
    ]
    if as_json:
        console.answer_json(
            {"fits": all(b.fits for _, b in shares), "servers": [_document(*share) for share in shares]}
        )
    else:
        for share in shares:
            _show(*share)
    return 0 if all(b.fits for _, b in shares) else FINDINGS


def _services(catalog: "Catalog", names: tuple[str, ...]) -> "list[Service]":
    return [options.named_service(catalog, name) for name in dict.fromkeys(names)] or list(catalog.services)


def _servers(
    database_url: str | None, max_connections: int | None, chosen: "list[Service]"
) -> "list[tuple[str, Room, list[Service]]]":
    """Return each server with its room and the services on it. With ``max_connections``, no server is asked."""
    if max_connections is not None:
        return [("a server that you describe", Room(max_connections), chosen)]
    grouped: dict[str, tuple[Place, list[Service]]] = {}
    for place in places(chosen, database_url):
        # Two databases of one server share its connections.
        key = ",".join(place.url.params.get(name, "") for name in ("host", "port"))
        grouped.setdefault(key, (place, []))[1].extend(place.services)
    return [(place.url.masked, asyncio.run(_room(place)), on) for place, on in grouped.values()]


async def _room(place: "Place") -> Room:
    from payrollx_db.health.sizes import room
    from payrollx_db.postgres.session import Endpoint

    return await room(Endpoint(place.url, "target", place.url.dbname, "payrollx-db pool-budget"))


def _document(server: str, share: Budget) -> dict[str, Any]:
    return {
        "server": server,
        "max_connections": share.room.max_connections,
        "reserved": share.room.reserved,
        "database_limit": share.room.limit,
        "kept": share.kept,
        "usable": share.usable,
        "services": list(share.services),
        "replicas": share.replicas,
        "processes": share.processes,
        "share": share.share,
        "fits": share.fits,
        "pool_size": share.pool_size,
        "pool_overflow": share.pool_overflow,
        "per_service": share.per_service,
        "total": share.total,
        "environment": share.environment if share.fits else {},
        "advice": list(share.advice),
    }


def _show(server: str, share: Budget) -> None:
    room = share.room
    minus = [f"{room.reserved} that the server reserves"] if room.reserved else []
    minus += [f"{share.kept} kept for people and tools"] if share.kept else []
    less = f", less {' and '.join(minus)}" if minus else ""
    limited = f" (the database's own limit is {room.limit})" if room.limit is not None else ""
    console.answer(server)
    console.answer_wrapped(f"{room.max_connections} connections{limited}{less}: {share.usable} to share out", indent=2)
    processes = f"{len(share.services)} services with {share.replicas} of each make {share.processes} processes"
    if not share.fits:
        console.answer_wrapped(f"{processes}: it doesn't fit, they need {share.total}", indent=2)
        for advice in share.advice:
            console.answer_wrapped(f"hint: {advice}", indent=4)
        return
    capped = f", and has no use for more than {MOST}" if share.share > MOST else ""
    console.answer_wrapped(f"{processes}: each may take {share.share}{capped}", indent=2)
    console.answer("")
    table = console.table(
        ("service", "left"), ("processes", "right"), ("pool", "right"), ("overflow", "right"), ("at most", "right")
    )
    for service in share.services:
        table.add_row(
            service, str(share.replicas), str(share.pool_size), str(share.pool_overflow), str(share.per_service)
        )
    table.add_row("together", str(share.processes), "", "", str(share.total))
    console.answer_table(table)
    console.answer("\nfor the environment of each process:")
    for name, text in share.environment.items():
        console.answer(f"export {name}={text}")
