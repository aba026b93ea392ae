"""Options that the commands of ``payrollx-db lift`` share."""

from pathlib import Path

import click

FILE = "lift.toml"
SERVER = "--server"

lift_file = click.option(
    "--lift", "file", type=click.Path(dir_okay=False, path_type=Path), default=FILE, show_default=True, metavar="FILE",
    envvar="PAYROLLX_LIFT", show_envvar=True, help="The file that says what becomes of each schema.",
)  # fmt: skip
services = click.option(
    "--service", "services", multiple=True, metavar="NAME", envvar="PAYROLLX_SERVICES", show_envvar=True,
    help="Only this service; repeat the option for several.",
)  # fmt: skip
server = click.option(
    SERVER, metavar="URL", envvar="LEGACY_DATABASE_URL", show_envvar=True,
    help="URL of any database on the server that has the databases.",
)  # fmt: skip
databases = click.option(
    "--databases", multiple=True, metavar="PATTERN", envvar="PAYROLLX_LIFT_DATABASES", show_envvar=True,
    help="Databases of that server: names or patterns (* and ?), with commas between them; repeatable.",
)  # fmt: skip
sources = click.option(
    "--source", "sources", multiple=True, metavar="NAME=URL", envvar="PAYROLLX_LIFT_SOURCES", show_envvar=True,
    help="One database by its own URL, under the name NAME; repeatable.",
)  # fmt: skip
name = click.option(
    "--name", default="unified", show_default=True, metavar="NAME", envvar="PAYROLLX_LIFT_NAME", show_envvar=True,
    help="Name of what the databases become; its roles begin with it.",
)  # fmt: skip
