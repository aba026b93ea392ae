"""The only module that prints. Answers go to stdout; progress, notes and problems to stderr."""

import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from payrollx_db.errors import PayrollxError

# Words that a reader looks for, and how they look.
MARKS = {"yes": "green", "NO": "bold red"}

stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False)


def answer_json(document: Any) -> None:
    """Print the one JSON document that a command answers with."""
    click.echo(json.dumps(document, indent=2, default=str, ensure_ascii=False))


def answer(text: str) -> None:
    """Print plain text to stdout, as it is."""
    click.echo(text)


def note(text: str) -> None:
    """Print a line for people to stderr."""
    stderr.print(text, markup=False, soft_wrap=True)


def table(*columns: tuple[str, str], title: str | None = None) -> Table:
    """Return an empty table; each column is its heading and ``left`` or ``right``."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading, justify in columns:
        made.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    return made


def answer_table(made: Table) -> None:
    """Print a table to stdout. Piped, it is as wide as its content asks for, so that no cell is cut."""
    (stdout if sys.stdout.isatty() else _wide()).print(made)


def _wide() -> Console:
    """Return a console of no width to speak of: for pipes, and for measuring."""
    return Console(highlight=False, width=10_000)


def answer_groups(headings: Sequence[tuple[str, str]], groups: Iterable[tuple[str, Sequence[Sequence[str]]]]) -> None:
    """Print rows under titles: as one table where it fits the terminal, else each row on two lines.

    ``headings`` are as for `table`; each group is a title and its rows of cells, the first one a name.
    """
    listed = [(title, list(rows)) for title, rows in groups]
    made = table(*headings)
    for title, rows in listed:
        made.add_row(Text(title, style="bold"))
        for name, *cells in rows:
            made.add_row(Text(f"  {name}"), *(Text(cell, style=MARKS.get(cell, "")) for cell in cells))
    if not sys.stdout.isatty() or _wide().measure(made).maximum <= stdout.width:
        answer_table(made)
        return
    for title, rows in listed:
        stdout.print(Text(title, style="bold"))
        for name, *cells in rows:
            stdout.print(Text(f"  {name}"))
            told = [
                Text.assemble((cell, MARKS.get(cell, "")), f" {heading}" if heading not in ("", "time") else "")
                for cell, (heading, _) in zip(cells, headings[1:], strict=False)
                if cell not in ("", "0")
            ]
            stdout.print(Text("      ").append(Text("  ").join(told)))


def problem(text: str) -> None:
    """Print a one-line problem to stderr."""
    stderr.print(f"payrollx-db: {text}", markup=False, soft_wrap=True, style="red")


def error(failure: PayrollxError) -> None:
    """Print what went wrong, its details, and the next step."""
    problem(failure.message)
    for line in failure.details:
        note(f"  {line}")
    if failure.hint:
        note(f"  next: {failure.hint}")


def trace(failure: PayrollxError) -> None:
    """Print where it happened. Not the driver's own error behind it, whose details may hold whole rows."""
    click.echo("".join(traceback.format_exception(failure, chain=False)), err=True)


def usage_error(failure: click.ClickException) -> None:
    """Print Click's own complaint, in Click's words."""
    failure.show(file=sys.stderr)
