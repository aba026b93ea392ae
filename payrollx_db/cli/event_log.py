"""Progress for programs: each event as one line of JSON, in a file that can be followed while the command runs."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import click

from payrollx_db import __version__
from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError, PayrollxError
from payrollx_db.model.events import Event, Observer, ignore_events


@contextmanager
def recording(file: Path | None) -> Iterator[Observer]:
    """Yield an observer that appends each event to ``file``, between lines of how the command began and ended.

    Raises ConfigurationError where it can't be opened. Where it can't be written any more, the command goes on.
    """
    if file is None:
        yield ignore_events
        return
    with _opened(file) as stream:
        record = Recorder(stream)
        record.line("started", version=__version__, process=os.getpid())
        try:
            yield record
        except PayrollxError as failure:
            record.line("failed", message=failure.message, **console.error_fields(failure))
            raise
        except (KeyboardInterrupt, click.Abort):
            record.line("interrupted")
            raise
        except BaseException as crash:
            record.line("failed", message=f"unexpected {type(crash).__name__}")
            raise
        record.line("finished")


class Recorder:
    """Writes events as lines of JSON, each at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._broken = False
        context = click.get_current_context(silent=True)
        self._command = context.info_name if context else None

    def __call__(self, event: Event) -> None:
        """Write an event."""
        named = described(event)
        self.line(named.pop("event"), **named)

    def line(self, event: str, **more: Any) -> None:
        """Write one line."""
        document = {"time": console.now(), "event": event, "command": self._command, **more}
        try:
            if not self._broken:
                self._stream.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
        except OSError as error:  # a full disk here is no reason to stop a copy
            self._broken = True
            console.note(f"note: can't write events to {self._stream.name} any more: {error.strerror}")


def described(event: Event) -> dict[str, Any]:
    """Return an event as plain data: what it is called, ``table_started`` of TableStarted, and its fields."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": name, **asdict(event)}


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open(
            "ab", buffering=0
        )  # so that each line is out at once, and none is left to be written at the end
    except OSError as error:
        raise ConfigurationError(
            f"can't write events to {file}: {error.strerror}", hint="name a file in an existing folder"
        ) from None
