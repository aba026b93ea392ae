"""Durations on the command line: ``500ms``, ``1s``, ``2min``; a bare number is of seconds."""

import re
from typing import Any

import click

UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "min": 60.0, "h": 3600.0}
FORM = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|min|h|)")


class Duration(click.ParamType[float]):
    """A duration, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a duration. Fails as Click does."""
        if isinstance(value, int | float):
            return float(value)
        match = FORM.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no duration: write it like 500ms, 1s or 2min", param, ctx)
        return float(match[1]) * UNITS[match[2]]
