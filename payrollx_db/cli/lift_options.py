"""Options that the commands of ``payrollx-db lift`` share."""

from pathlib import Path

import click

from payrollx_db.lift.project import FILE

lift_file = click.option(
    "--lift", "file", type=click.Path(dir_okay=False, path_type=Path), default=FILE, show_default=True, metavar="FILE",
    envvar="PAYROLLX_LIFT", show_envvar=True, help="The file that says what becomes of each schema.",
)  # fmt: skip
services = click.option(
    "--service", "services", multiple=True, metavar="NAME", envvar="PAYROLLX_SERVICES", show_envvar=True,
    help="Only this service; repeat the option for several.",
)  # fmt: skip
