"""``payrollx-db completion``: the script that makes a shell complete our commands."""

import click
from click.shell_completion import get_completion_class

from payrollx_db.cli.command import command
from payrollx_db.cli.render import console


@command(example='eval "$(payrollx-db completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL. Evaluate it in the shell's start-up file."""
    from payrollx_db.cli import cli

    completion = get_completion_class(shell)
    if completion is None:  # the choice above names only shells that Click has a class for
        raise click.UsageError(f"Click has no completion for {shell}")
    console.answer(completion(cli, {}, "payrollx-db", "_PAYROLLX_DB_COMPLETE").source())
