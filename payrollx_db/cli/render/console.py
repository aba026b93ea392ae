"""The only module that prints. Answers go to stdout; progress, notes and problems to stderr.

With `json_logs`, whatever goes to stderr is one JSON document a line, for collectors of logs.
"""

import io
import json
import os
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.control import strip_control_codes
from rich.table import Table
from rich.text import Text

from payrollx_db.errors import CatalogError, PayrollxError

# Words that a reader looks for, and how they look.
MARKS = {"yes": "green", "NO": "bold red", "identical": "green", "NOT identical": "bold red"}

# Text is shown as it is: a key or a path may well hold [brackets] or :colons:.
PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}

stdout = Console(soft_wrap=True, **PLAIN)
stderr = Console(stderr=True, **PLAIN)

Level = Literal["debug", "info", "warning", "error"]

_json_logs = False


def print_anything() -> None:
    """Let a terminal or a pipe with few characters, as on Windows, get others as escapes: no command fails on them.

    Where the caller has closed a stream (``>&-``), what goes there is left out.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not _takes_all(stream):
            stream.reconfigure(errors="backslashreplace")


def leave_unwritten() -> None:
    """Give up what a stream couldn't be made to take: Python would try once more at its end, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _as_far_as_it_goes() -> Iterator[None]:
    """Leave out what stderr can't take: that its disk is full is no reason to stop a copy."""
    try:
        yield
    except BrokenPipeError:  # whoever read it has gone
        raise
    except OSError:
        pass


def _takes_all(stream: Any) -> bool:
    """Tell whether a stream takes every character as it is."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")


def json_logs(*, enabled: bool) -> None:
    """Choose whether stderr gets JSON lines instead of words."""
    global _json_logs  # noqa: PLW0603 - one process has one stderr
    _json_logs = enabled
    if enabled:
        sys.excepthook = _log_crash


def logs_json() -> bool:
    """Tell whether stderr gets JSON lines."""
    return _json_logs


def now() -> str:
    """Return the time of a line of JSON, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@_as_far_as_it_goes()
def log(level: Level, message: str, **more: Any) -> None:
    """Print one line of JSON to stderr."""
    document = {"time": now(), "level": level, "message": message, **more}
    text = json.dumps(document, default=str, ensure_ascii=not _takes_all(sys.stderr))
    click.echo(text, err=True)


def _log_crash(kind: type[BaseException], crash: BaseException, _traceback: Any) -> None:
    # Not its message: that of a driver may hold a row.
    log("error", f"unexpected {kind.__name__}", traceback="".join(traceback.format_tb(crash.__traceback__)))


@_as_far_as_it_goes()
def warning(text: str) -> None:
    """Print a warning to stderr: what was asked for is done, but not as somebody may expect."""
    if _json_logs:
        log("warning", text)
        return
    stderr.print(f"payrollx-db: warning: {text}", soft_wrap=True, style="yellow")


def answer_json(document: Any) -> None:
    """Print the one JSON document that a command answers with."""
    click.echo(json.dumps(document, indent=2, default=str, ensure_ascii=not _takes_all(sys.stdout)))


def answer(text: str) -> None:
    """Print plain text to stdout, as it is."""
    click.echo(text)


def answer_wrapped(text: str, *, indent: int = 0, further: int | None = None) -> None:
    """Print a paragraph to stdout, broken between words where it is a terminal; piped, it stays one line.

    ``further`` is the indentation of its second and later lines, where that is another.
    """
    click.echo(_folded(stdout, text, indent, indent if further is None else further))


def answer_marked(mark: str, style: str, text: str = "") -> None:
    """Print a line to stdout that begins with a coloured word."""
    stdout.print(Text.assemble((mark, style), text))


@_as_far_as_it_goes()
def note(text: str) -> None:
    """Print a line for people to stderr."""
    if _json_logs:
        log("info", text)
    elif stderr.is_terminal:
        stderr.print(text, markup=False, soft_wrap=True)
    else:  # what it would print then, without laying it out: of many tables there are many lines
        click.echo(strip_control_codes(text), err=True)


def table(*columns: tuple[str, str], title: str | None = None) -> Table:
    """Return an empty table; each column is its heading and ``left`` or ``right``."""
    empty = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading, justify in columns:
        empty.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    return empty


def answer_table(filled: Table) -> None:
    """Print a table to stdout. Piped, it is as wide as its content asks for, so that no cell is cut."""
    (stdout if sys.stdout.isatty() else _wide()).print(filled)


def _folded(console: Console, text: str, first: int, further: int) -> str:
    """Indent each line of ``text``, and break it between words where ``console`` is a terminal."""
    if not console.file.isatty():
        return "\n".join(" " * first + line for line in text.splitlines())
    folder = textwrap.TextWrapper(max(console.width, 40), break_long_words=False, break_on_hyphens=False)
    folder.initial_indent, folder.subsequent_indent = " " * first, " " * further
    return "\n".join(folder.fill(line) for line in text.splitlines())


def _wide() -> Console:
    """Return a console of no width to speak of: for pipes, and for measuring."""
    return Console(width=10_000, height=100, **PLAIN)  # with both, a dumb terminal's 80 columns don't count


def answer_groups(headings: Sequence[tuple[str, str]], groups: Iterable[tuple[str, Sequence[Sequence[str]]]]) -> None:
    """Print rows under titles: as one table where it fits the terminal, else each row on two lines.

    ``headings`` are as for `table`; each group is a title and its rows of cells, the first one a name.
    """
    listed = [(title, list(rows)) for title, rows in groups]
    wide = table(*headings)
    for title, rows in listed:
        wide.add_row(Text(title, style="bold"))
        for name, *cells in rows:
            wide.add_row(Text(f"  {name}"), *(Text(cell, style=MARKS.get(cell, "")) for cell in cells))
    if not sys.stdout.isatty() or _wide().measure(wide).maximum <= stdout.width:
        answer_table(wide)
        return
    counted = {(side, heading) for heading, side in headings if side == "right" and heading != "time"}
    for title, rows in listed:
        stdout.print(Text(title, style="bold"))
        for name, *cells in rows:
            stdout.print(Text(f"  {name}"))
            # A number needs its heading; a word says by itself what it is.
            notes = [
                Text.assemble((cell, MARKS.get(cell, "")), f" {heading}" if (side, heading) in counted else "")
                for cell, (heading, side) in zip(cells, headings[1:], strict=False)
                if cell not in ("", "0")
            ]
            for line in _packed(notes, stdout.width - 6):
                stdout.print(Text("      ").append(line))


def _packed(notes: Iterable[Text], width: int) -> Iterator[Text]:
    """Yield lines of so many notes as fit into ``width``, each at least of one."""
    line = Text()
    for one in notes:
        if line and line.cell_len + 2 + one.cell_len > width:
            yield line
            line = Text()
        line = line + Text("  ") + one if line else one
    yield line


@_as_far_as_it_goes()
def problem(text: str) -> None:
    """Print a one-line problem to stderr."""
    if _json_logs:
        log("error", text)
        return
    stderr.print(f"payrollx-db: {text}", markup=False, soft_wrap=True, style="red")


def error(failure: PayrollxError) -> None:
    """Print what went wrong, its details, and the next step."""
    if _json_logs:
        log("error", failure.message, **error_fields(failure))
        return
    problem(failure.message)
    for line in failure.details:
        note(_folded(stderr, line, 2, 6))
    if failure.hint:
        note(_folded(stderr, f"hint: {failure.hint}", 2, 6))


def error_fields(failure: PayrollxError) -> dict[str, Any]:
    """Return what else is to be said of an error, as plain data."""
    return {
        "error": type(failure).__name__,
        "exit_code": failure.exit_code,
        "details": list(failure.details),
        "hint": failure.hint,
    }


@_as_far_as_it_goes()
def trace(failure: PayrollxError) -> None:
    """Print where it happened. Not the driver's own error behind it, whose details may hold whole rows."""
    # A catalog's own error has no rows in it, and its traceback is what its author needs.
    text = "".join(traceback.format_exception(failure, chain=isinstance(failure, CatalogError)))
    if _json_logs:
        log("debug", "where it happened", traceback=text)
    else:
        click.echo(text, err=True)


def usage_error(failure: click.ClickException) -> None:
    """Print what is wrong with the command line, the nearest name where one isn't known, and where to look."""
    if isinstance(failure, click.exceptions.NoArgsIsHelpError):
        failure.show(file=sys.stderr)
        return
    message = failure.format_message()
    if nearest := getattr(failure, "possibilities", None):
        message = f"{failure.message} Did you mean {nearest[0]!r}?"
    if _json_logs:
        log("error", message, error=type(failure).__name__, exit_code=failure.exit_code)
        return
    problem(message)
    if isinstance(failure, click.UsageError) and failure.ctx is not None:
        note(f"  {failure.ctx.get_usage().strip()}")
        note(f"  hint: {failure.ctx.command_path} --help")
