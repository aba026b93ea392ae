"""The kill test in short: two rounds of each kind of harm that the script knows."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "chaos_copy.py"


@pytest.mark.long
def test_two_rounds_of_each_kind() -> None:
    command = [sys.executable, str(SCRIPT), "--rounds", "12", "--employees", "30", "--seed", "3"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 of 12 rounds ended as undisturbed" in done.stdout
