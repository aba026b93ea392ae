"""Matrices of cases of one kind: in the usual run a part of them, and all of them where there is time."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

EVERY = 3


def some(cases: Iterable[Any], name: Callable[[Any], str] = str) -> list[Any]:
    """Return the cases as parameters called by ``name``. Each third one is for the usual run; the others are long."""
    return [
        pytest.param(case, id=name(case), marks=pytest.mark.long if number % EVERY else ())
        for number, case in enumerate(cases)
    ]
