"""What the environment may say: variables of the process, and those of a file ``.env``, which says less.

A folder in which somebody calls us may hold anything. A file there sets options that choose and tune. It can't have
a module of that folder imported, nor say what destroys (`payrollx_db.cli.destructive`).
"""

import os
import sys

import click
from click.core import ParameterSource

FILE = ".env"
_from_file: set[str] = set()  # the variables that only the file .env has set


def load_file() -> None:
    """Add the variables of the file ``.env`` in the working folder, where there is one; real variables win."""
    _from_file.clear()
    if not os.path.exists(FILE):  # noqa: PTH110 - importing pathlib and dotenv for nothing would cost each call
        return
    from dotenv import load_dotenv

    real = set(os.environ)
    load_dotenv(FILE, override=False)
    _from_file.update(set(os.environ) - real)


def search_working_folder(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Let ``package.module:name`` lie in the working folder: the callback of each option that takes one.

    The folder is searched after all else, so that no file there stands in for a module that Python or an
    installed package has; and only where a person named the module, on the command line or in a real variable.
    """
    if value and ":" in value and _said_by_a_person(ctx, parameter) and os.getcwd() not in sys.path:  # noqa: PTH109 - sys.path holds text
        sys.path.append(os.getcwd())  # noqa: PTH109
    return value


def _said_by_a_person(ctx: click.Context, parameter: click.Parameter) -> bool:
    source = ctx.get_parameter_source(parameter.name or "")
    names = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or []
    real = any(name in os.environ and name not in _from_file for name in names)
    return source is ParameterSource.COMMANDLINE or (source is ParameterSource.ENVIRONMENT and real)
