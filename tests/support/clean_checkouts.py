"""No test leaves a file in the checkout: what is committed with a careless `git add` has been written by nobody."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
BEFORE = pytest.StashKey[set[str]]()


def _entries() -> set[str]:
    """Names in the checkout's top folder, but for hidden ones: tools keep their caches there."""
    return {path.name for path in CHECKOUT.iterdir() if not path.name.startswith((".", "__"))}


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[BEFORE] = _entries()


def pytest_sessionfinish(session: pytest.Session) -> None:
    left = _entries() - session.config.stash.get(BEFORE, _entries())
    if left and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name in sorted(_entries() - config.stash.get(BEFORE, _entries())):
        terminalreporter.write_line(f"a test has left {name} in {CHECKOUT}: give it tmp_path", red=True)
