"""How our commands look in ``--help``, and when they are imported.

Help is as wide as the terminal and coloured there; piped it is plain text of 80 columns.
"""

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
from rich_click import RichCommand, RichGroup
from rich_click.rich_context import RichContext
from rich_click.rich_help_formatter import RichHelpFormatter
from rich_click.rich_panel import RichCommandPanel

LOOK: Mapping[str, Any] = {
    "theme": "default-slim",
    "text_markup": None,  # a sentence may well hold [brackets]
    "text_paragraph_linebreaks": "\n\n",
    "padding_helptext_first_line": (0, 0, 1, 0),
    "envvar_string": "\\[env var: {}]",
    "default_string": "\\[default: {}]",
    "arguments_panel_title": "Arguments",
    "options_table_column_types": ["opt_all_metavar", "help"],
    "show_arguments": False,  # the usage line names them, and the text speaks of them
    "width": None,
    "max_width": None,
}
SETTINGS: Mapping[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "auto_envvar_prefix": "PAYROLLX",
    "rich_help_config": LOOK,
}


class Formatter(RichHelpFormatter):
    """rich-click's formatter, without the blanks with which it fills each line."""

    def getvalue(self) -> str:
        """Return the help text."""
        text = "\n".join(line.rstrip() for line in super().getvalue().splitlines())
        return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n")


class Context(RichContext):
    """A context whose help goes through our formatter."""

    formatter_class = Formatter


class Command(RichCommand):
    """A command with an example, each of whose options shows its environment variable."""

    context_class = Context

    def __init__(self, *args: Any, example: str = "", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.example = example
        _show_variables(self)

    def format_epilog(self, ctx: RichContext, formatter: RichHelpFormatter) -> None:  # type: ignore[override]
        """Show the example below everything else."""
        _format_example(self.example, formatter)
        super().format_epilog(ctx, formatter)


class Group(RichGroup):
    """A group of such commands."""

    context_class = Context
    command_class = Command

    def __init__(self, *args: Any, example: str = "", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.example = example
        _show_variables(self)

    def format_epilog(self, ctx: RichContext, formatter: RichHelpFormatter) -> None:  # type: ignore[override]
        """Show the example below everything else."""
        _format_example(self.example, formatter)
        super().format_epilog(ctx, formatter)


class LazyCommands(Mapping[str, click.Command]):
    """The commands by name, each imported when it is asked for. ``places`` says where each is: ``module:name``."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = self._places[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class LazyGroup(Group):
    """A group whose commands are imported on first use, and listed under headings without being imported."""

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._sections = sections
        listed = {name: entry for section in sections.values() for name, entry in section.items()}
        self.commands = LazyCommands({name: place for name, (place, _) in listed.items()})  # type: ignore[assignment]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click says the name
        """Return the commands in the order of the help."""
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List options and commands. The commands that are listed are stand-ins, so that none is imported."""
        index = Group(self.name, params=self.params, add_help_option=self.add_help_option)
        for title, section in self._sections.items():
            index.add_panel(RichCommandPanel(title, commands=list(section)))
            for name, (_, line) in section.items():
                index.add_command(Command(name, short_help=line))
        context = Context(index, info_name=ctx.info_name, **SETTINGS)
        index.format_options(context, formatter)  # type: ignore[arg-type]


def command(name: str | None = None, *, example: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function. ``example`` is a call of it that works, for its help."""
    return click.command(name, cls=Command, example=example, **settings)


def group(name: str | None = None, *, example: str, **settings: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a group of commands of a function, as `command`."""
    return click.group(name, cls=Group, example=example, **settings)


def _show_variables(command: click.Command) -> None:
    for option in command.params:
        if isinstance(option, click.Option) and option.expose_value and not option.is_eager:
            option.show_envvar = True


def _format_example(example: str, formatter: RichHelpFormatter) -> None:
    if example:
        formatter.write("Example:", style=formatter.config.style_options_panel_title_style)
        formatter.write(f"  {example}", style="", markup=False, soft_wrap=True)
