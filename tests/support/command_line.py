"""The command line called in this process: what it does and says is the same, and its imports are there already."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from payrollx_db.cli import main
from payrollx_db.cli.render import console

Done = subprocess.CompletedProcess[str]


def call(arguments: tuple[str, ...], env: Mapping[str, str], folder: Path | None = None) -> Done:
    """Run ``payrollx-db`` in ``folder`` with the environment ``env`` and none else; return how it ended."""
    out, err = io.StringIO(), io.StringIO()
    kept, path, handler, hook = dict(os.environ), list(sys.path), signal.getsignal(signal.SIGTERM), sys.excepthook
    _set_environment(env)
    try:
        with chdir(folder or Path.cwd()), redirect_stdout(out), redirect_stderr(err):
            with pytest.raises(SystemExit) as ended:
                main(list(arguments))
    finally:
        _set_environment(kept)
        sys.path[:] = path  # a catalog in the folder is searched for there
        signal.signal(signal.SIGTERM, handler)
        console.json_logs(enabled=False)
        sys.excepthook = hook
    return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), out.getvalue(), err.getvalue())


def spawn(arguments: tuple[str, ...], env: Mapping[str, str]) -> Done:
    """Do the same in a process of its own, for what can't be otherwise."""
    command = [sys.executable, "-m", "payrollx_db", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=600, check=False)


def _set_environment(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
