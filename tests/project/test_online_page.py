"""docs/online.md is true: its commands run one after the other, from the check to the end; and so does its demo."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from check_docs import ROOT, Page, invocations
from command_line import Done, call
from demo_online import Screen
from online_ledger import Balance, Entry, LedgerReader
from online_services import DATABASES
from online_tables import SERVICES
from online_world import OnlineWorld
from rich.console import Console

from payrollx_db.devserver import Programs, Server
from payrollx_db.errors import DevServerError

PAGE = Page(ROOT, "docs/online.md")
UNTIL_STOPPED = ["follow"]  # runs until Ctrl-C; the page has it with --once as well
POLICIES = "drift=owner stranded=owner"


@pytest.fixture
def environment(reachable_tmp: Path) -> Iterator[dict[str, str]]:
    """The environment of somebody with legacy databases and a migrated, empty unified one, on one server."""
    try:
        Programs.find()
    except DevServerError as error:
        pytest.skip(str(error))
    place = reachable_tmp / "server"
    names = ("PATH", "LD_LIBRARY_PATH", "PAYROLLX_PG_BIN", "HOME")
    known = {name: os.environ[name] for name in names if name in os.environ}
    known |= {"PAYROLLX_DEV_DATA_DIR": str(place), "PAYROLLX_POLICY": POLICIES}
    try:
        for arguments in (("dev", "up"), ("dev", "legacy", "--employees", "20"), ("dev", "env")):
            done = call(arguments, known)
            assert done.returncode == 0, done.stderr
        words = (shlex.split(exported)[1] for exported in done.stdout.splitlines())
        known |= dict(word.split("=", 1) for word in words)
        assert call(("migrate",), known).returncode == 0
        yield known
    finally:
        Server(place).destroy()


@pytest.mark.long
def test_the_page_leads_from_the_check_to_the_end(environment: dict[str, str]) -> None:
    """What the page shows side by side, a copy before it follows and a way forward after one back, comes between."""
    ran = [tuple(arguments) for arguments in commands()]
    assert {arguments[0] for arguments in ran} >= {"check", "follow", "cutover", "rollback", "complete"}
    for arguments in ran:
        for before in preparations(arguments):
            expect(call(before, environment), before)
        expect(call(arguments, environment), arguments)
    assert json.loads(call(("complete", "--yes", "--json"), environment).stdout or "{}").get("left", []) == []


def commands() -> Iterator[list[str]]:
    for block in PAGE.blocks:
        if block.language == "sh":
            for line in block.text.splitlines():
                for arguments in invocations(line.partition("#")[0]):
                    if arguments == ["follow", "--resync"]:
                        yield [*arguments, "--once"]
                    elif arguments != UNTIL_STOPPED and arguments[:2] != ["copy", "--follow"]:
                        yield arguments


def preparations(arguments: tuple[str, ...]) -> list[tuple[str, ...]]:
    match arguments:
        case ("follow", "--dry-run"):
            return [("copy",)]
        case ("cutover", "--dry-run", *_):
            return [("follow", "--once")]
        case ("complete", *_):
            return [("cutover", "--yes")]
        case _:
            return []


def expect(done: Done, arguments: tuple[str, ...]) -> None:
    asks = arguments[-1:] == ("--drop",)  # it asks, and there is nobody to answer
    assert done.returncode == (2 if asks else 0), (arguments, done.stdout, done.stderr)


@pytest.mark.long
def test_the_ledger_finds_every_acknowledged_write(reachable_tmp: Path) -> None:
    """Eight services write as fast as they can, through copy, follow, cutover, rollback, cutover and complete."""
    try:
        Programs.find()
    except DevServerError as error:
        pytest.skip(str(error))
    script = [sys.executable, str(ROOT / "scripts/demo_online.py"), "--folder", str(reachable_tmp / "demo")]
    writes = os.environ.get("ONLINE_WRITES", "1000")
    options = ["--employees", "30", "--rate", "20", "--writes", writes, "--seconds", "2"]
    done = subprocess.run([*script, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = " ".join(done.stdout.split())
    found = re.search(r"([\d,]+) acknowledged writes: each is in the unified database.*; 0 things left", text)
    assert found, done.stdout
    assert int(found[1].replace(",", "")) >= 8 * int(writes)


# -- the ledger ----------------------------------------------------------------------------------------


def test_a_lost_write_is_found() -> None:
    balance = Balance()
    for entry in (
        Entry("t", "1", "first", 1, "old"),
        Entry("t", "1", "second", 2, "old"),
        Entry("t", "2", "kept", 3, "old"),
        Entry("t", "2", None, 4, "new"),
        Entry("t", "3", "mine", 5, "new"),
    ):
        balance.add(entry)

    assert list(balance.differences("t", {"1": "second", "3": "mine"})) == []
    assert list(balance.differences("t", {"1": "first", "2": "kept"})) == [
        "t 1: 'first' in place of 'second'", "t 2: 'kept' in place of None", "t 3: None in place of 'mine'",
    ]  # fmt: skip
    assert balance.pauses == [(3, 4, "new")]


def test_a_write_of_which_nobody_knows_may_be_there_or_not() -> None:
    balance = Balance()
    balance.add(Entry("t", "1", "known", 1, "old"))
    balance.add(Entry("t", "1", "perhaps", 2, "old", "unknown"))
    for mark in ("known", "perhaps"):
        assert list(balance.differences("t", {"1": mark})) == []

    balance.add(Entry("t", "1", "sure", 3, "old"))
    assert list(balance.differences("t", {"1": "perhaps"})) == ["t 1: 'perhaps' in place of 'sure'"]


def test_a_ledger_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "service.ledger"
    reader = LedgerReader(path)
    assert reader.read().rows == {}
    first, second = Entry("t", "1", "a", 1, "old").line(), Entry("t", "2", "b", 2, "old").line()
    path.write_text(f"{first}\n{second[:10]}")
    assert reader.read().rows == {("t", "1"): "a"}
    path.write_text(f"{first}\n{second}\n")
    assert reader.read().rows == {("t", "1"): "a", ("t", "2"): "b"}


@pytest.mark.parametrize("columns", [80, 200])
def test_the_screen_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    world = OnlineWorld(tmp_path, employees=1, rate=1)
    for name in SERVICES:
        reader = world.ledgers[name] = LedgerReader(tmp_path / name)
        for number in range(4):
            reader.balance.add(Entry("t", str(number), "x", number + 0.001, ("old", "new")[number % 2]))
    console = Console(width=columns, force_terminal=True, record=True, file=(tmp_path / "screen").open("w"))
    screen = Screen(world, console, lags=dict.fromkeys(DATABASES.values(), 10**6))
    with console.capture() as captured:
        console.print(screen.table())
    console.file.close()
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", captured.get()).splitlines()]
    assert len(lines) == 1 + len(SERVICES)
    assert max(map(len, lines)) <= columns
    assert lines[1].endswith("1,000, 1,000 ms" if columns == 80 else "1,000, 1,000, 1,000 ms")
