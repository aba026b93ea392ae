"""The matrix: which versions it finds, what it counts, and that it says what it couldn't run."""

import os
from pathlib import Path

import pytest
import test_matrix as matrix

from payrollx_db.devserver import Programs


def test_a_version_on_this_machine_is_used() -> None:
    found = Programs.find()

    assert matrix.place(found.major).server == f"embedded:{found.major}"


def test_a_version_in_a_folder_that_is_named_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for program in ("postgres", "initdb", "pg_ctl"):
        (tmp_path / program).write_text("#!/bin/sh\necho postgres '(PostgreSQL)' 13.1\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("TEST_PG_BINS", os.pathsep.join(["/nowhere", str(tmp_path)]))

    assert matrix.place("13") == matrix.Place("13", "embedded:13", tmp_path)


def test_a_version_that_is_nowhere_is_told_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    assert matrix.main(["9"]) == 1

    said = capsys.readouterr().out
    assert "9         not run: no programs of it on this machine, and no container engine answers" in said


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("==== 2 failed, 30 passed, 4 skipped, 1 error in 61.20s (0:01:01) ====", (30, 3, 4)),
        ("5 passed, 1 warning in 0.12s", (5, 0, 0)),
        ("no tests ran in 0.01s", (0, 0, 0)),
    ],
)
def test_what_pytest_says_is_counted(line: str, expected: tuple[int, int, int]) -> None:
    assert tuple(matrix.counted(line).values()) == expected


@pytest.mark.long
def test_it_runs_what_it_is_told_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    major = Programs.find().major
    monkeypatch.setenv("PYTEST_ARGS", "-n 0 -p no:cacheprovider tests/project/test_servers.py -k 'named_by_kind'")

    assert matrix.main([major]) == 0

    rows = capsys.readouterr().out.splitlines()
    assert rows[-1].split()[:5] == [major, f"embedded:{major}", "3", "0", "0"]


@pytest.mark.long
def test_a_failure_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(
        "PYTEST_ARGS", "-n 0 -p no:cacheprovider tests/project/test_servers.py -k nothing_is_called_this"
    )

    assert matrix.main([Programs.find().major]) == 1
    assert capsys.readouterr().out.rstrip().endswith("exit code 5")
