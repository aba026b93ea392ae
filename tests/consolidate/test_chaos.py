"""The kill test in short: the script of sixty rounds and more, with a few of them."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "chaos_copy.py"


def test_a_few_rounds() -> None:
    command = [sys.executable, str(SCRIPT), "--rounds", "4", "--employees", "30", "--seed", "3"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 rounds ended as undisturbed" in done.stdout
