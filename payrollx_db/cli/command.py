"""Our commands: each has an example and shows its variables, and is imported when it is called."""

import gc
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from payrollx_db import signals

Listing = Mapping[str, Mapping[str, str]]  # headings, and below each the commands with what they do


class Command(click.Command):
    """A command with an example, whose options show their environment variables."""

    def __init__(self, *args: Any, example: str = "", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.example = example
        for option in self.params:
            if isinstance(option, click.Option) and option.expose_value and not option.is_eager:
                option.show_envvar = True

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, which is imported by now: from here on, Ctrl-C interrupts what is under way."""
        signals.interrupt_commands()
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return super().invoke(ctx)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help text. What lays it out is imported here, so that other calls start without it."""
        from payrollx_db.cli.help import help_text

        return help_text(self, ctx, self.example)


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command

    def listing(self, ctx: click.Context) -> Listing:
        """Return the commands for the help."""
        lines = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return {"Commands": {name: command.get_short_help_str(200) for name, command in lines.items() if command}}

    def get_help(self, ctx: click.Context) -> str:
        """Return the help text, as `Command.get_help`."""
        from payrollx_db.cli.help import help_text

        return help_text(self, ctx, self.example, self.listing(ctx))


class LazyGroup(Group):
    """A group whose commands are imported on first use. ``sections`` say under which heading each is listed."""

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._sections = sections
        places = {name: place for section in sections.values() for name, (place, _) in section.items()}
        self.commands = _LazyCommands(places)  # type: ignore[assignment]

    def invoke(self, ctx: click.Context) -> Any:
        """Import and run a command. Until it runs, nothing is under way that Ctrl-C would have to interrupt."""
        return click.Group.invoke(self, ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click says the name
        """Return the commands in the order of the help."""
        return list(self.commands)

    def listing(self, ctx: click.Context) -> Listing:  # noqa: ARG002 - as above
        """Return the commands for the help, without importing them."""
        return {title: {name: line for name, (_, line) in section.items()} for title, section in self._sections.items()}


class _LazyCommands(Mapping[str, click.Command]):
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


def command(name: str | None = None, *, example: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function. ``example`` is a call of it that works, for its help."""
    return click.command(name, cls=Command, example=example, **settings)


def group(name: str | None = None, *, example: str, **settings: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a group of commands of a function, as `command`."""
    return click.group(name, cls=Group, example=example, **settings)
