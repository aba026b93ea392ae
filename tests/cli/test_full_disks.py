"""What a command prints goes to a full disk, or nowhere: the work is done, and no traceback is shown."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import World

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


def run(world: World, redirected: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command by a shell that redirects one of its streams; what the other one takes comes back."""
    command = shlex.join([sys.executable, "-m", "payrollx_db", *arguments])
    return subprocess.run(
        ["sh", "-c", f"{command} {redirected}"], capture_output=True, text=True, env=world.env, check=False
    )


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
def test_progress_that_can_not_be_written_stops_no_copy(reading_world: World, redirected: str) -> None:
    done = run(reading_world, redirected, "copy", "--service", "auth", "--json")

    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "done")


def test_an_answer_that_can_not_be_written_is_one_line(reading_world: World) -> None:
    for arguments in (("status",), ("status", "--json"), ("--help",)):
        done = run(reading_world, ">/dev/full", *arguments)

        assert done.returncode == 1
        assert "can't write the answer to stdout: No space left on device" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_caller_that_wants_no_answer_gets_its_exit_code(reading_world: World) -> None:
    reading_world.copy("auth")

    done = run(reading_world, ">&-", "status")

    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_report_on_a_full_disk_is_no_matter_of_its_folder(reading_world: World, tmp_path: Path) -> None:
    reading_world.copy("auth")
    (tmp_path / "report.html").symlink_to(FULL)

    done = reading_world.command("report", "--html", str(tmp_path / "report.html"))

    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "make room there, or name a file elsewhere" in done.stderr
