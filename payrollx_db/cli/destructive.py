"""Options that destroy data, or that answer the question before: a person says them, on the command line.

No variable sets them, and so no file ``.env`` does, in whatever folder the command is called.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError


class DestructiveOption(click.Option):
    """An option that has no environment variable. Made by `destructive_option`."""

    def __init__(self, *args: Any, former: Sequence[str] = (), **settings: Any) -> None:
        if settings.get("envvar"):
            raise TypeError("what destroys has no environment variable")
        super().__init__(*args, **{**settings, "allow_from_autoenv": False})
        self._former = former

    def consume_value(self, ctx: click.Context, opts: Mapping[str, click.Parameter]) -> tuple[Any, ParameterSource]:
        """Take the value of the command line, and warn of a variable that set it in earlier versions."""
        for variable in self.former_variables(ctx):
            if os.environ.get(variable):
                console.warning(f"{variable} is set, but not read any more: only the command line says {self.opts[0]}")
        return super().consume_value(ctx, opts)

    def former_variables(self, ctx: click.Context) -> list[str]:
        """Return the variables that one may expect to set this option."""
        names = dict.fromkeys([self.name or "", *(text.lstrip("-").replace("-", "_") for text in self.opts)])
        automatic = [f"{ctx.auto_envvar_prefix}_{name.upper()}" for name in names] if ctx.auto_envvar_prefix else []
        return [*automatic, *self._former]


def destructive_option(*names: str, former: Sequence[str] = (), **settings: Any) -> Callable[[Any], Any]:
    """Return an option for what destroys, or for the answer to the question whether to.

    ``former`` are variables that set it in earlier versions, besides PAYROLLX_<COMMAND>_<OPTION>; whoever
    still has one set is warned. Raises TypeError where an ``envvar`` is given.
    """
    return click.option(*names, cls=DestructiveOption, former=former, **settings)


def confirm(consequence: str, *, yes: bool) -> None:
    """Ask whether to go on, unless ``yes``; end the command with exit code 1 where the answer is no.

    Raises ConfigurationError where nobody is there to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(consequence, hint="add --yes if that is what you want")
    if not click.confirm(f"{consequence}. Go on?", err=True):
        console.note("nothing was changed")
        raise click.exceptions.Exit(1)


same_servers = destructive_option(
    "--same-server", multiple=True, metavar="NAME",
    help="Source, or target, that is the server which the run was with, though nothing shows it: after a failover or a"
    " move. Repeat the option for several.",
)  # fmt: skip
yes = destructive_option("--yes", is_flag=True, help="Do not ask for confirmation.")
