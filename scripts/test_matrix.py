"""Run the tests on each version of Postgres that this machine can have, one after the other, and end in a table.

A version is taken from programs on this machine (PAYROLLX_PG_BIN's, those of TEST_PG_BINS, the wheel's, Debian's), else
from a container. What can't be had is told with the reason, and is no failure. PYTEST_ARGS is handed on to pytest.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from payrollx_db.devserver import Programs
from payrollx_db.devserver.programs import VARIABLE, folders

ROOT = Path(__file__).resolve().parent.parent
FURTHER = "TEST_PG_BINS"  # folders of further programs, as in a PATH
VERSIONS = ("14", "15", "16", "17", "18")
PARALLEL = ("--numprocesses", "2", "--dist", "worksteal", "-m", "not long")
COUNTED = {"passed": "passed", "failed": "failed", "error": "failed", "errors": "failed", "skipped": "skipped"}


@dataclass(frozen=True)
class Place:
    """Where a version is had: what ``--pg`` is to say, and the folder of its programs; or why it isn't."""

    version: str
    server: str = ""
    folder: Path | None = None
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """How the tests went on one version. ``ended`` is pytest's exit code."""

    place: Place
    passed: int
    failed: int
    skipped: int
    seconds: float
    ended: int


def place(version: str) -> Place:
    """Return where ``version`` is to be had on this machine."""
    for programs in _installed():
        if programs.major == version:
            return Place(version, f"embedded:{version}", programs.folder)
    if reason := no_container(f"postgres:{version}"):
        return Place(version, reason=f"no programs of it on this machine, and {reason}")
    return Place(version, f"docker:{version}")


def counted(summary: str) -> dict[str, int]:
    """Return what pytest's last line counts: passed, failed (with errors), skipped."""
    counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
    for number, word in re.findall(r"(\d+) ([a-z]+)", summary):
        if word in COUNTED:
            counts[COUNTED[word]] += int(number)
    return counts


def run(place: Place, arguments: Sequence[str]) -> Outcome:
    """Run pytest there, show what it prints, and return how it went."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if place.folder:
        environment[VARIABLE] = str(place.folder)
    began, last = time.monotonic(), ""
    command = [sys.executable, "-m", "pytest", "--pg", place.server, *PARALLEL, *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last = line if line.strip() else last
    return Outcome(place, **counted(last), seconds=time.monotonic() - began, ended=process.returncode)


def table(outcomes: Sequence[Outcome], missing: Sequence[Place]) -> str:
    """Return the table, and a line for each version that was not to be had."""
    rows = [f"{'version':<10}{'server':<16}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}"]
    for outcome in outcomes:
        counts = f"{outcome.passed:>8}{outcome.failed:>8}{outcome.skipped:>8}{outcome.seconds:>9.1f}"
        wrong = f"  exit code {outcome.ended}" if outcome.ended and not outcome.failed else ""
        rows.append(f"{outcome.place.version:<10}{outcome.place.server:<16}{counts}{wrong}")
    return "\n".join([*rows, *(f"{there.version:<10}not run: {there.reason}" for there in missing)])


def main(versions: Sequence[str]) -> int:
    """Run them all. Returns 0 where every version that was run passed, and one was."""
    arguments = shlex.split(os.environ.get("PYTEST_ARGS", ""))
    places = [place(version) for version in versions or VERSIONS]
    outcomes = []
    for there in places:
        if there.server:
            print(f"\n--- Postgres {there.version}: {there.server}", flush=True)
            outcomes.append(run(there, arguments))
    print("\n" + table(outcomes, [there for there in places if not there.server]))
    return int(not outcomes or any(outcome.ended for outcome in outcomes))


def _installed() -> Iterator[Programs]:
    named = [os.environ.get(VARIABLE, ""), *os.environ.get(FURTHER, "").split(os.pathsep)]
    for folder in (*(Path(name).expanduser() for name in named if name), *folders()):
        if programs := Programs.at(folder) or Programs.at(folder / "bin"):
            yield programs


def no_container(image: str) -> str:
    """Return why a container of ``image`` can't be had; empty where it can."""
    for command, lacking in (
        (["docker", "version"], "no container engine answers"),
        (["docker", "image", "inspect", image], ""),
        (["docker", "pull", "--quiet", image], f"{image} can't be fetched"),
    ):
        try:
            code = subprocess.run(command, capture_output=True, timeout=300, check=False).returncode
        except (OSError, subprocess.TimeoutExpired):
            return lacking or f"{image} can't be looked for"
        if not lacking and not code:
            return ""  # the image is here already
        if lacking and code:
            return lacking
    return ""


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
