"""What the environment may say: variables of the process, and those of a file ``.env``, which says less.

A folder in which somebody calls us may hold anything. A file there sets options that choose and tune. It can't have
a module of that folder imported or programs run, nor say what destroys (`payrollx_db.cli.destructive`).
"""

import codecs
import io
import os
import sys

import click
from click.core import ParameterSource

from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError

FILE = ".env"
PROGRAMS = {"PAYROLLX_PG_BIN"}  # whose programs would be run
_from_file: set[str] = set()  # the variables that only the file .env has set


def load_file() -> str:
    """Add the variables of the nearest file ``.env``; real variables win. Return its path, empty where there is none.

    It is looked for as python-dotenv does: in the working folder, then in each folder above. One that names programs
    to be run is left out, with a warning.
    """
    _from_file.clear()
    path = find_file()
    if not path:
        return ""
    from dotenv import load_dotenv

    real = set(os.environ)
    load_dotenv(stream=io.StringIO(_text(path)), override=False)
    _from_file.update(set(os.environ) - real)
    for name in PROGRAMS & _from_file:
        del os.environ[name]
        console.warning(f"{name} in {path} is not used: a folder of programs is named by a real variable only")
    _from_file.difference_update(PROGRAMS)
    return path


def _text(path: str) -> str:
    """Return what is in the file, also as Windows writes it: with a mark at its beginning, or two bytes a character.

    Raises ConfigurationError where it can't be read, or is no text.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as below
            content = file.read()
        return content.decode(
            "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        )
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}", hint="let your user read it") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text in UTF-8", hint="save it in that encoding") from None


def find_file() -> str:
    """Return the path of the nearest file ``.env``, from the working folder upwards; empty where there is none."""
    folder = os.getcwd()  # noqa: PTH109 - importing pathlib and dotenv for nothing would cost each call
    while True:
        path = os.path.join(folder, FILE)  # noqa: PTH118 - as above
        if os.path.isfile(path):  # noqa: PTH113 - as above
            return path
        above = os.path.dirname(folder)  # noqa: PTH120 - as above
        if above == folder:
            return ""
        folder = above


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
