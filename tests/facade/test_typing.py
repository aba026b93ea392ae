"""The types of the facades, as mypy and pyright see them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PYRIGHT = shutil.which("pyright") or shutil.which("basedpyright")  # the second needs no network when it runs
RIGHT, WRONG = HERE / "typing" / "facade_types.py", HERE / "typing" / "facade_mistakes.py"


def test_mypy_knows_the_types_and_finds_mistakes() -> None:
    """One run for both: two at once would wait for each other's cache, which is the project's own."""
    argv = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", str(RIGHT), str(WRONG)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    found = re.findall(r"([^/\\\n]+\.py):(\d+): error", done.stdout)
    expected = [n for n, line in enumerate(WRONG.read_text().splitlines(), 1) if "# expect:" in line]

    assert sorted({(name, int(number)) for name, number in found}) == [(WRONG.name, n) for n in expected], done.stdout


@pytest.mark.skipif(PYRIGHT is None, reason="neither pyright nor basedpyright is installed")
def test_pyright_knows_the_types() -> None:
    assert PYRIGHT
    argv = [PYRIGHT, "--level", "error", "--pythonpath", sys.executable, str(RIGHT)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout
