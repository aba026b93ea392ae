"""Ctrl-C and SIGTERM before a command works: the process says that it was interrupted, and nothing else."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from payrollx_db import cli

# The command line, which is sent a signal by itself as soon as a module of that name is looked for.
SENT_WHILE_IMPORTING = """
import os, signal, sys
name, kind, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
class Sender:
    def find_spec(self, fullname, path=None, target=None):
        if fullname == name:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), kind)
sys.meta_path.insert(0, Sender())
sys.argv = ["payrollx-db", *arguments]
from payrollx_db.__main__ import main
main()
"""
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def sent_while_importing(module: str, kind: signal.Signals, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SENT_WHILE_IMPORTING, module, str(int(kind)), *arguments]
    environment = {**os.environ, "DATABASE_URL": NOWHERE, "LEGACY_DATABASE_URL": NOWHERE}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("click", signal.SIGINT),
        ("payrollx_db.cli.render.console", signal.SIGTERM),
        ("payrollx_db.cli.copy", signal.SIGINT),
        ("psycopg", signal.SIGTERM),
        ("asyncpg", signal.SIGINT),
    ],
)
def test_while_it_is_imported(module: str, kind: signal.Signals) -> None:
    done = sent_while_importing(module, kind, "copy")

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "payrollx-db: interrupted\n")


def test_in_a_line_of_json_where_logs_are() -> None:
    done = sent_while_importing("psycopg", signal.SIGINT, "--log-format=json", "copy")

    assert done.returncode == 130
    assert done.stderr.startswith('{"time": "')
    assert done.stderr.endswith('"level": "error", "message": "interrupted"}\n')


def test_a_catalog_that_is_imported() -> None:
    """Code of others, which runs when the command has begun."""
    done = sent_while_importing("their", signal.SIGINT, "copy", "--catalog", "their.catalog:CATALOG")

    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "payrollx-db: interrupted"


def test_a_cancellation_that_asyncio_cannot_tell_from_another_one_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cancelled(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(cli.cli, "main", cancelled)
    with pytest.raises(SystemExit) as ended:
        cli.main(["status"])
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err
