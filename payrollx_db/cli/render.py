"""The only module that prints. Answers go to stdout; progress, notes and problems to stderr."""

import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from payrollx_db.errors import PayrollxError

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
    console = stdout if sys.stdout.isatty() else Console(highlight=False, width=10_000)
    console.print(made)


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


def usage_error(failure: click.ClickException) -> None:
    """Print Click's own complaint, in Click's words."""
    failure.show(file=sys.stderr)
