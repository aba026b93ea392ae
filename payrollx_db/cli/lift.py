"""``payrollx-db lift``: databases as they are, with their schemas, into one database."""

import os
from pathlib import Path

import click
from click.core import ParameterSource

from payrollx_db import signals
from payrollx_db.cli.command import LazyGroup
from payrollx_db.cli.lift_options import databases, name, server, sources
from payrollx_db.cli.options import as_json
from payrollx_db.errors import ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

# Each command: where it is, and what it does. They are imported when they are called.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Commands": {
        "init": ("payrollx_db.cli.lift_init:init", "Find the databases, and write lift.toml."),
        "plan": ("payrollx_db.cli.lift_plan:plan", "Say what a lift would meet, and what the target lacks for it."),
        "reshape": ("payrollx_db.cli.lift_reshape:reshape", "Suggest better shapes, and make those that are taken."),
        "schema": ("payrollx_db.cli.lift_schema:schema", "Make the databases' schemas in the target, as they are."),
    },
}


@click.group(
    "lift",
    cls=LazyGroup,
    sections=SECTIONS,
    invoke_without_command=True,
    example="payrollx-db lift --server postgresql://reader@db.example/postgres --databases 'shop_*,crm'"
    " --to postgresql://owner@db.example/unified",
)
@server
@databases
@sources
@name
@click.option("--to", "target", metavar="URL", envvar="DATABASE_URL", show_envvar=True,
              help="URL of the unified database; it is made where it isn't there yet.")  # fmt: skip
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=".", show_default=True,
              metavar="DIR", envvar="PAYROLLX_LIFT_DIR", show_envvar=True,
              help="Folder for lift.toml and lift.lock.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", default=min(4, os.cpu_count() or 1),
              show_default="CPUs, up to 4", envvar="PAYROLLX_JOBS", show_envvar=True,
              help="Number of tables, slices or indexes to work on at once.")  # fmt: skip
@as_json
@click.pass_context
def lift(
    ctx: click.Context,
    *,
    server: str | None,
    databases: tuple[str, ...],
    sources: tuple[str, ...],
    name: str,
    target: str | None,
    folder: Path,
    jobs: int,
    as_json: bool,
) -> int:
    """Carry databases over as they are: each schema becomes a service, and nothing is written by hand.

    With --databases or --source, all of it is done at once: lift.toml is written, the plan is made, the schemas are
    made, the rows are copied and verified, and the account is shown. Called again, it does what is left. The
    commands below do the same step by step, and most other commands take lift.toml with --lift.

    Exit code 3 means that a finding blocks the lift, or that both sides differ.
    """
    typed = [parameter.opts[0] for parameter in ctx.command.params if parameter.name and _is_typed(ctx, parameter.name)]
    if ctx.invoked_subcommand is not None:
        if typed:
            raise click.UsageError(f"{', '.join(typed)} stands behind {ctx.invoked_subcommand}, or without a command.")
        return 0
    if not typed:
        click.echo(ctx.get_help())
        return 0
    signals.interrupt_commands()
    from payrollx_db.cli.lift_all import Asked, lift_all

    if not target:
        raise ConfigurationError("nothing says where the unified database is", hint="add --to URL, or set DATABASE_URL")
    unified = DatabaseUrl.parse(target, name="--to")
    return lift_all(Asked(server, databases, sources, name, unified, folder, jobs, as_json))


def _is_typed(ctx: click.Context, parameter: str) -> bool:
    return ctx.get_parameter_source(parameter) is ParameterSource.COMMANDLINE
