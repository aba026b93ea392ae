"""docs/lift-tutorial.md is true: its commands run one after the other, and answer what the page shows."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from check_docs import ROOT, Block, Page, invocations
from command_line import call

from payrollx_db.devserver import Programs, Server
from payrollx_db.errors import DevServerError

PAGE = Page(ROOT, "docs/lift-tutorial.md")
TIME = re.compile(r"\s+\d+\.\d s$")  # the last column of a table of a copy


@pytest.fixture
def environment(reachable_tmp: Path) -> Iterator[dict[str, str]]:
    """The environment of a newcomer, in which nothing of Postgres is named yet."""
    try:
        Programs.find()
    except DevServerError as error:
        pytest.skip(str(error))
    place = reachable_tmp / "server"
    names = ("PATH", "LD_LIBRARY_PATH", "PAYROLLX_PG_BIN", "HOME")
    yield {name: os.environ[name] for name in names if name in os.environ} | {"PAYROLLX_DEV_DATA_DIR": str(place)}
    Server(place).destroy()


@pytest.mark.long
def test_the_page_leads_from_databases_to_a_project(environment: dict[str, str], tmp_path: Path) -> None:
    answer, shown = "", 0
    for block in PAGE.blocks:
        if block.language == "sh":
            answer = run(block, environment, tmp_path)
        elif block.language == "python":
            assert run_python(block, environment, tmp_path / "unified") == "112\n"
        elif block.language == "toml":
            assert block.text in (tmp_path / "lift.toml").read_text("utf-8")
        elif answer and not re.search(r"^(pip|export|payrollx-db) ", block.text, re.MULTILINE):
            # How much could be better changes whenever something more is looked at.
            count = not block.text.startswith("suggestions")
            missing = [line for line in lines(block.text, count=count) if line not in lines(answer, count=count)]
            assert not missing, answer
            shown += 1
    assert shown == 8
    assert (tmp_path / "report.html").stat().st_size > 10_000


def run(block: Block, environment: dict[str, str], folder: Path) -> str:
    """Run a block of shell, command by command, and return what they answered."""
    answers = ""
    for line in block.text.splitlines():
        if line.startswith("sed "):
            subprocess.run(["sh", "-c", line], cwd=folder, check=True)
            continue
        for arguments in invocations(line):
            done = call(tuple(arguments), environment, folder)
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
            answers += done.stdout
            if arguments == ["dev", "env"]:
                words = (shlex.split(exported)[1] for exported in done.stdout.splitlines())
                environment |= dict(word.split("=", 1) for word in words)
    return answers


def run_python(block: Block, environment: dict[str, str], folder: Path) -> str:
    """Run a block of Python in a drafted project, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", block.text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def lines(text: str, *, count: bool = True) -> list[str]:
    """The lines of an answer without the time that a table took, the spaces at their ends and perhaps all numbers."""
    plain = [TIME.sub("", line.rstrip()).rstrip() for line in text.splitlines()]
    return plain if count else [re.sub(r" +\d+", " 0", line) for line in plain]
