"""SQL that is longer than a line or two, one statement a file."""

from functools import cache
from importlib.resources import files
from typing import LiteralString


@cache
def load(name: str) -> LiteralString:
    """Return the text of ``name``.sql. It is part of the package, never data: hence a literal."""
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
