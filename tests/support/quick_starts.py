"""What every session does before its first test, done once: rewriting a checkout's tests, and looking for garbage."""

import gc
import importlib
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]


def pytest_collection(session: pytest.Session) -> None:
    """Let every second worker of a parallel run begin with the last file.

    In a new checkout each file's assertions are rewritten when it is first imported, and kept. Workers that go the same
    way do all of it twice; those that meet half-way find what is left done.
    """
    worker: dict[str, Any] = getattr(session.config, "workerinput", {})
    if worker.get("workercount", 1) < 2 or int(worker["workerid"].removeprefix("gw")) % 2 == 0:
        return
    if session.config.option.file_or_dir or session.config.getoption("importmode") != "prepend":
        return  # somebody wants a few files only
    for file in sorted(TESTS.rglob("test_*.py"), reverse=True):
        if str(file.parent) not in sys.path:
            sys.path.insert(0, str(file.parent))
        # Whatever is wrong with a file, pytest says so when it collects it.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(file.stem)


def pytest_collection_finish() -> None:
    """Keep what is there to the end out of every search for garbage: modules, models and thousands of tests."""
    gc.collect()
    gc.freeze()
