"""SQL that is longer than a line or two lies in files, one statement each, in a folder ``queries`` beside its module.

They are part of the package, never data: that is why their text may be called a literal.
"""

from functools import cache
from importlib.resources import files
from typing import LiteralString


class QueryFiles:
    """The ``.sql`` files of one package's folder ``queries``."""

    def __init__(self, package: str) -> None:
        self._package = package

    def load(self, name: str) -> LiteralString:
        """Return the text of ``name``.sql. Raises FileNotFoundError where there is none."""
        return _read(self._package, name)


def beside(module: str) -> QueryFiles:
    """Return the queries beside ``module``, which says its own ``__name__``."""
    return QueryFiles(module.rpartition(".")[0])


@cache
def _read(package: str, name: str) -> LiteralString:
    return files(package).joinpath("queries", f"{name}.sql").read_text("utf-8")
