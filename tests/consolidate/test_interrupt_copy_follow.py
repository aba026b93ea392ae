"""Ctrl-C in ``copy --follow`` where the interpreter is busy with itself, between the copy and what follows it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from club_worlds import CATALOG, LAYOUT, NAMES, SOURCES, TARGET
from conftest import unique
from watchers import PATIENCE
from worlds import World, query, value

# The command line, which is sent Ctrl-C as soon as it says that the copy is done: from a finalizer, out of which the
# interpreter lets no exception.
SENT_IN_A_FINALIZER = """
import os, signal, sys
from payrollx_db.model.events import Notice
class Tidied:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):
            pass
said = Notice.__init__
def say(self, text):
    said(self, text)
    if "has copied" in text:
        Tidied()
Notice.__init__ = say
sys.argv = ["payrollx-db", "copy", "--follow"]
from payrollx_db.__main__ import main
main()
"""


@pytest.fixture
def world(logical_server: Any) -> Iterator[World]:
    """The club's databases, with nothing copied yet."""
    urls = {}
    try:
        for name, script in {**SOURCES, "club": TARGET}.items():
            urls[name] = logical_server.create_database(unique(name))
            query(urls[name], script)
        yield World({name: urls[name] for name in SOURCES}, urls["club"], LAYOUT, CATALOG)
    finally:
        for url in urls.values():
            logical_server.drop_database(url.dbname)


def test_it_is_heard_between_the_copy_and_what_follows_it(world: World) -> None:
    environment = {**world.env, **NAMES, "PYTHONPATH": f"tests/support{os.pathsep}tests"}
    done = subprocess.run(
        [sys.executable, "-c", SENT_IN_A_FINALIZER],
        env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "from here on, what services write is followed" in done.stderr
    assert "payrollx-db follow goes on" in done.stderr
    assert value(world.target, "SELECT status FROM payrollx_meta.runs") == "done"
