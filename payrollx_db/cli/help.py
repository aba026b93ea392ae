"""How ``--help`` looks: as wide as the terminal and coloured there; piped it is plain text of 80 columns."""

import re
from collections.abc import Mapping
from typing import Any

import click
from rich_click import RichCommand, RichGroup
from rich_click.rich_context import RichContext
from rich_click.rich_panel import RichCommandPanel

LOOK: Mapping[str, Any] = {
    "theme": "default-slim",
    "text_markup": None,  # a sentence may well hold [brackets]
    "text_paragraph_linebreaks": "\n\n",
    "padding_helptext_first_line": (0, 0, 1, 0),
    "envvar_string": "\\[env var: {}]",
    "default_string": "\\[default: {}]",
    "options_table_column_types": ["opt_all_metavar", "help"],
    "show_arguments": False,  # the usage line names them, and the text explains them
    "width": None,
    "max_width": None,
}


def help_text(
    command: click.Command, ctx: click.Context, example: str, listing: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return the help of ``command``, with the commands of ``listing`` under their headings where it is a group."""
    settings: dict[str, Any] = {"params": command.get_params(ctx), "help": command.help, "add_help_option": False}
    page = RichCommand(name=command.name, **settings) if listing is None else RichGroup(name=command.name, **settings)
    for title, lines in (listing or {}).items():
        page.add_panel(RichCommandPanel(title, commands=list(lines)))
    if isinstance(page, RichGroup):
        for name, line in ((name, line) for lines in (listing or {}).values() for name, line in lines.items()):
            page.add_command(click.Command(name, short_help=line))
    context = RichContext(
        page, parent=ctx.parent, info_name=ctx.info_name, auto_envvar_prefix=ctx.auto_envvar_prefix,
        rich_help_config=LOOK,
    )  # fmt: skip
    text = "\n".join(line.rstrip() for line in page.get_help(context).splitlines())
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + (f"\n\nExample:\n  {example}" if example else "")
