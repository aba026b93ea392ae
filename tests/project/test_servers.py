"""What ``--pg`` takes, and what it says of servers that can't be had."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TestServer
from servers import Choice, choose

from payrollx_db.devserver import Programs, server_version

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("text", "kind", "version"),
    [("embedded", "embedded", ""), ("embedded:16", "embedded", "16"), ("docker:17", "docker", "17")],
)
def test_a_server_is_named_by_kind_and_version(text: str, kind: str, version: str) -> None:
    assert Choice.parse(text) == Choice(kind, version)


def test_a_url_is_taken_as_it_is(server: TestServer) -> None:
    chosen = choose(server.url.plain)

    assert chosen.url == server.url
    assert server_version(server.url) in chosen.title
    assert server.url.params["password"] not in chosen.title


@pytest.mark.parametrize(
    "text", ["", "docker", "docker:", "docker:latest", "embedded:", "embedded:16.2", "17", "local"]
)
def test_anything_else_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(pytest.UsageError, match=r"name embedded, embedded:16, docker:17, or a postgresql:// URL"):
        Choice.parse(text)


def test_a_url_of_something_else_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="--pg"):
        Choice.parse("mysql://me:hidden@localhost/test")


def test_a_version_that_is_not_there_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYROLLX_PG_BIN", raising=False)

    with pytest.raises(pytest.UsageError, match=r"--pg embedded:9: no programs of Postgres 9 are installed"):
        choose("embedded:9")


def test_a_version_holds_for_the_servers_of_single_tests_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Programs.find()
    monkeypatch.setenv("PAYROLLX_PG_BIN", str(found.folder))

    chosen = choose(f"embedded:{found.major}")

    assert chosen.url is None
    assert chosen.title == f"postgres: {found.version}, embedded"
    assert os.environ["PAYROLLX_PG_BIN"] == str(found.folder)


def test_without_an_engine_a_container_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    with pytest.raises(pytest.UsageError, match=r"--pg docker:17: no container can be had: "):
        choose("docker:17")


@pytest.mark.long
def test_a_parallel_run_shares_the_server_that_a_url_names(server: TestServer) -> None:
    test = "tests/project/test_servers.py::test_a_url_is_taken_as_it_is"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "1", "--pg", server.url.plain, test]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert f"postgres: {server_version(server.url)} at " in done.stdout
    assert server.url.params["password"] not in done.stdout
