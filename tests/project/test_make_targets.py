"""The make targets pass on what a person says, and nothing that the environment says of what destroys."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
@pytest.mark.parametrize(
    ("said", "environment", "answered"),
    [(["YES=1"], {}, True), ([], {}, False), (["YES=0"], {}, False), ([], {"YES": "1"}, False)],
)
def test_a_restore_in_a_script_is_confirmed_on_the_command_line_alone(
    said: list[str], environment: dict[str, str], answered: bool
) -> None:
    command = ["make", "--dry-run", "db-restore", "SERVICE=auth", *said]
    env = {"PATH": os.environ["PATH"]} | environment
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    restoring = next(line for line in done.stdout.splitlines() if "service restore auth" in line)
    assert restoring.split()[-1] == ("--yes" if answered else "auth")
