"""Follow two databases while all kinds of writers write, do harm, and hold both sides against each other, row by row.

Two servers are made for the purpose, one a side, so that each can crash. Each round lets writers loose, has
`payrollx-db follow` at work, and does some kinds of harm at random moments; what it ended is started again. Then the
writers stop, `follow --once` brings over what is left, and both sides must be equal by a comparison that is none of the
tool's (`chaos_market`); what writers were told is done must be there. The same seed makes the same choices, but not the
same moments.
Usage: chaos_online.py [--rounds N] [--seed N] [--bad] [--fresh N] [--only KIND …]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chaos_market as market
import psycopg
from chaos_writers import OLD, Ledger, Writer

from payrollx_db.consolidate.endpoints import variable
from payrollx_db.devserver import Server, create_database, drop_database
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.url import DatabaseUrl

# Crashes here are those of the server, not of the machine: what was written needn't reach the disk.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_wal_size": "1GB"}
KINDS = (
    "nothing", "kill", "interrupt", "hang", "source session", "target session", "source crash", "target crash",
    "lost slot",
)  # fmt: skip
POLICIES = ("--policy=unconvertible=quarantine", "--policy=orphan=quarantine", "--policy=lossy=round")
PATIENCE = 120.0  # seconds that a call may take
TRIES = 8  # calls of a command within which it must go well, once nobody does harm any more
AWAY = (4, 5, 6)  # exit codes of a call that met harm: a side is away, or a killed call's session isn't gone yet
OUR_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%' ORDER BY random() LIMIT 1"
OUR_SLOT = "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'payrollx%' ORDER BY random() LIMIT 1"
LEFT_OVER = """
SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%' AND pid <> pg_backend_pid()
"""


class Failure(Exception):  # noqa: N818 - it is the round that fails
    """A round didn't end as it must."""


@dataclass
class Chaos:
    """Both servers, the writers, and the command that follows."""

    folder: Path
    dice: random.Random
    bad: bool
    ledger: Ledger = field(default_factory=Ledger)
    following: "subprocess.Popen[bytes] | None" = None
    copied: bool = False
    ended: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.source = Server(self.folder / "source", settings=SETTINGS)
        self.target = Server(self.folder / "target", settings=SETTINGS)
        self.log = self.folder / "follow.log"

    # -- the world ---------------------------------------------------------------------------------

    @property
    def urls(self) -> dict[str, DatabaseUrl]:
        """Where the legacy databases are."""
        return {name: self.source.url(name) for name in market.SOURCES}

    @property
    def goal(self) -> DatabaseUrl:
        """The unified database."""
        return self.target.url("unified")

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the command line goes from one server to the other."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        legacy = {variable(db.variable): self.urls[db.name].plain for db in market.LAYOUT.databases}
        return clean | legacy | market.ENVIRONMENT | {"DATABASE_URL": self.goal.plain}

    def make(self) -> None:
        """Make both servers and the legacy databases."""
        server = self.source.up()
        self.target.up()
        for name, statements in market.SOURCES.items():
            market.make(lambda database: create_database(server, database), name, statements)

    def begin_anew(self) -> None:
        """Make the unified database anew, and copy while writers write."""
        if rows(self.target.url(), "SELECT FROM pg_database WHERE datname = 'unified'"):
            self.must("follow", "--drop", "--yes")
            drop_database(self.target.url(), "unified")
        market.make(lambda name: create_database(self.target.url(), name), "unified", market.UNIFIED)
        self.copied = False

    def is_copied(self) -> bool:
        """Tell whether the rows have been copied, so that there is something to follow."""
        if not self.copied and rows(self.goal, "SELECT WHERE to_regclass('payrollx_meta.runs') IS NOT NULL"):
            self.copied = bool(rows(self.goal, "SELECT FROM payrollx_meta.runs WHERE status = 'done'"))
        return self.copied

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that every call is given."""
        return POLICIES if self.bad else ("--policy=lossy=round",)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let the writers write while the block lasts."""
        writers = [
            Writer(self.urls[name], OLD, name == "oldmarket", self.ledger, random.Random(self.dice.random()), self.bad)  # noqa: S311
            for name in ("oldmarket", "oldmarket", "oldmarket", "olddesk")
        ]
        try:
            for writer in writers:
                writer.start()
            yield
        finally:
            for writer in writers:
                writer.stopping.set()
            for writer in writers:
                writer.stop()

    # -- the command -------------------------------------------------------------------------------

    def command(self, *words: str) -> list[str]:
        """Return the command line of a call."""
        return [sys.executable, "-m", "payrollx_db", *words]

    def follow(self) -> None:
        """Have `follow` at work, if it isn't."""
        if self.following is not None and self.following.poll() is None:
            return
        if self.following is not None:
            self.ended[self.following.returncode] += 1
            if self.following.returncode not in (0, 130, -signal.SIGKILL, *AWAY):
                raise Failure(f"follow ended with {self.following.returncode}: {self.said()}")
        command = self.command(*(("follow",) if self.is_copied() else ("copy", "--follow")), *self.policies)
        with self.log.open("wb") as log:
            self.following = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def said(self) -> str:
        """Return the end of what `follow` has said."""
        return " | ".join(self.log.read_text("utf-8", errors="replace").splitlines()[-8:]) if self.log.exists() else ""

    def stop(self) -> None:
        """End `follow`, as Ctrl-C does."""
        if self.following is None:
            return
        if self.following.poll() is None:
            self.following.send_signal(signal.SIGINT)
        try:
            code = self.following.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.following.kill()
            raise Failure(f"follow didn't end when it was interrupted: {self.said()}") from None
        self.following = None
        self.ended[code] += 1
        if code not in (0, 130, -signal.SIGKILL, *AWAY):
            raise Failure(f"follow ended with {code}: {self.said()}")

    def must(self, *words: str) -> None:
        """Run a command until it goes well; raise Failure where it doesn't in a few calls."""
        codes: list[int] = []
        while True:
            command = self.command(*words)
            done = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            codes.append(done.returncode)
            if not done.returncode:
                return
            if done.returncode not in AWAY or len(codes) >= TRIES:
                said = " | ".join((done.stdout + done.stderr).splitlines()[-12:])
                raise Failure(f"{' '.join(words)}: exit codes {codes}: {said}")
            if done.returncode == 6 and "--resync" in done.stderr and words[0] == "follow":
                words = ("follow", "--resync", "--once", *self.policies)
            time.sleep(0.5)

    # -- one round ---------------------------------------------------------------------------------

    def round(self, kinds: list[str]) -> str:
        """Write, follow, do harm, and compare; return what there is to say of it."""
        before = self.ledger.transactions
        with self.writing():
            self.follow()
            time.sleep(self.dice.uniform(0.5, 3))
            for kind in kinds:
                self.harm(kind)
                time.sleep(self.dice.uniform(0, 1))
                self.follow()
                time.sleep(self.dice.uniform(0, 3))
            self.await_copy()
        self.stop()
        self.must("follow", "--once", *self.policies)
        self.compare()
        return f"{self.ledger.transactions - before} transactions, equal"

    def await_copy(self) -> None:
        """Wait until the rows have been copied, however often that has to be called."""
        until = time.monotonic() + PATIENCE
        while not self.is_copied():
            if time.monotonic() > until:
                raise Failure(f"the copy doesn't come to its end: {self.said()}")
            self.follow()
            time.sleep(0.2)

    def harm(self, kind: str) -> None:
        """Do it, to what is at work now."""
        if kind == "kill" and self.following is not None:
            self.following.kill()
            self.following.wait()
        elif kind == "interrupt":
            self.stop()
        elif kind == "hang" and self.following is not None:
            self.following.send_signal(signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.5, 2))
            self.following.send_signal(signal.SIGCONT)
        elif kind == "lost slot":
            self.lose_slot()
        elif kind.endswith("session"):
            side = self.source if kind.startswith("source") else self.target
            for (pid,) in rows(side.url(), OUR_SESSIONS):
                rows(side.url(), "SELECT pg_terminate_backend(%s)", (pid,))
        elif kind.endswith("crash"):
            side = self.source if kind.startswith("source") else self.target
            side.down(immediate=True)
            time.sleep(self.dice.uniform(0, 1))
            side.up()

    def lose_slot(self) -> None:
        """Drop a slot under the reader of it."""
        if self.following is not None:
            self.following.kill()
            self.following.wait()
        for (slot,) in rows(self.source.url(), OUR_SLOT):
            rows(self.source.url(), "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots"
                 " WHERE slot_name = %s AND active", (slot,))  # fmt: skip
            rows(self.source.url(), "SELECT pg_drop_replication_slot(%s)", (slot,))
        self.following = None

    def compare(self) -> None:
        """Raise Failure where the sides differ, or what was acknowledged isn't there."""
        if wrong := market.differences(self.urls, self.goal):
            raise Failure("differences: " + " / ".join(wrong))
        there = {number for (number,) in rows(self.goal, "SELECT id FROM market.marks")}
        if lost := self.ledger.marks - there:
            raise Failure(f"{len(lost)} acknowledged transactions are lost, such as that of {min(lost)}")
        until = time.monotonic() + 5
        while left := sum(rows(side.url(), LEFT_OVER)[0][0] for side in (self.source, self.target)):
            if time.monotonic() > until:
                raise Failure(f"{left} sessions are left over")
            time.sleep(0.1)


def rows(url: DatabaseUrl, query: str, params: Any = None) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows, if it has any. A server that is just recovering gets time."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(url.conninfo(), autocommit=True, application_name="chaos") as connection:
                cursor = connection.execute(query.encode(), params)
                return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def play(chaos: Chaos, options: argparse.Namespace) -> tuple[Counter[str], int, int]:
    """Play the rounds, a line each; return how often each kind was done, and how many rounds went well and failed."""
    done: Counter[str] = Counter()
    good = failed = 0
    for number in range(1, options.rounds + 1):
        started = time.monotonic()
        kinds = chaos.dice.choices(options.only or KINDS, k=chaos.dice.randint(1, 3))
        try:
            if number == 1 or failed or (options.fresh and number % options.fresh == 0):
                chaos.begin_anew()
            text = chaos.round(kinds)
            done.update(kinds)
            good += 1
        except (Failure, PayrollxError, psycopg.Error, subprocess.TimeoutExpired) as error:
            failed += 1
            text = f"FAILED: {error}"
            if options.stop:
                print(f"round {number:3}: {', '.join(kinds)}: {text}", flush=True)
                break
        print(f"round {number:3}: {', '.join(kinds)}: {text} ({time.monotonic() - started:.1f} s)", flush=True)
    return done, good, failed


def main() -> int:
    """Make the servers, play, print a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bad", action="store_true", help="writers write what doesn't fit, too; policies keep it out")
    parser.add_argument("--fresh", type=int, default=20, help="begin with a fresh copy every so many rounds")
    parser.add_argument("--only", nargs="*", choices=KINDS, help="these kinds of harm")
    parser.add_argument("--stop", action="store_true", help="stop at the first round that fails")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are to be stopped then, too
    with tempfile.TemporaryDirectory(prefix="payrollx-chaos-") as name:
        Path(name).chmod(0o711)
        chaos = Chaos(Path(name), random.Random(options.seed), options.bad)  # noqa: S311
        try:
            chaos.make()
            done, good, failed = play(chaos, options)
        finally:
            if chaos.following is not None:
                chaos.following.kill()
                chaos.following.wait()
            for server in (chaos.source, chaos.target):
                server.destroy()
    ledger = chaos.ledger
    print(f"\nharm done: {', '.join(f'{kind} {count}' for kind, count in sorted(done.items()))}")
    print(f"writers: {ledger.transactions} transactions, {len(ledger.marks)} marked; refused: {dict(ledger.refused)}")
    print(f"follow ended with: {dict(chaos.ended)}")
    print(f"seed {options.seed}: {good} of {good + failed} rounds ended with equal sides")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
