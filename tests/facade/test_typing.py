"""The types of the facades, as mypy and pyright see them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RIGHT, WRONG = HERE / "typing" / "facade_types.py", HERE / "typing" / "facade_mistakes.py"

# Where in a file something is wrong, and by which of the checker's rules.
Mistakes = set[tuple[str, int, str]]


def expected(checker: int) -> Mistakes:
    """Return what the comments of the mistakes say: mypy's rules stand first, pyright's after the slash."""
    mistakes = set()
    for number, line in enumerate(WRONG.read_text(encoding="utf-8").splitlines(), 1):
        _, _, comment = line.partition("# expect: ")
        if comment:
            rules = comment.split(" / ")[checker].split(", ")
            mistakes |= {(WRONG.name, number, rule) for rule in rules}
    return mistakes


def run(*argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *argv, str(RIGHT), str(WRONG)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout


def test_mypy_knows_the_types_and_finds_mistakes() -> None:
    """One run for both: two at once would wait for each other's cache, which is the project's own."""
    answer = run("mypy", "--strict", "--config-file", "pyproject.toml")
    found = re.findall(r"([^/\\\n]+\.py):(\d+): error: .*\[([\w-]+)\]$", answer, re.MULTILINE)

    assert {(name, int(line), rule) for name, line, rule in found} == expected(0), answer


@pytest.mark.long
def test_pyright_knows_the_types_and_finds_mistakes() -> None:
    """Basedpyright is pyright in a wheel, with the node that it runs on."""
    answer = run("basedpyright", "--outputjson", "--level", "error", "--pythonpath", sys.executable)
    found = json.loads(answer)["generalDiagnostics"]

    assert {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["rule"])
        for one in found
        if one["severity"] == "error"
    } == expected(1), answer
