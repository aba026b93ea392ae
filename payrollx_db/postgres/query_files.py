"""SQL that is longer than a line or two lies in files, in a folder ``queries`` (or another) beside its module.

They are part of the package, never data: that is why their text may be called a literal.
"""

from functools import cache
from importlib.resources import files
from typing import LiteralString


class QueryFiles:
    """The ``.sql`` files of one package's folder."""

    def __init__(self, package: str, folder: str) -> None:
        self._package, self._folder = package, folder

    def load(self, name: str) -> LiteralString:
        """Return the text of ``name``.sql, also of a folder below. Raises FileNotFoundError where there is none."""
        return _read(self._package, self._folder, name)


def beside(module: str, folder: str = "queries") -> QueryFiles:
    """Return the files in ``folder`` beside ``module``, which says its own ``__name__``."""
    return QueryFiles(module.rpartition(".")[0], folder)


@cache
def _read(package: str, folder: str, name: str) -> LiteralString:
    return files(package).joinpath(folder, f"{name}.sql").read_text("utf-8")
