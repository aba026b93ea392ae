"""Where `chaos_online.py` plays: two servers, the databases on them, the writers, and calls of the command line."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chaos_market as market
import psycopg
from chaos_writers import NEW, OLD, Ledger, Writer

from payrollx_db.consolidate.endpoints import variable
from payrollx_db.devserver import Programs, Server, create_database, drop_database
from payrollx_db.postgres.url import DatabaseUrl

# Crashes here are those of the server, not of the machine: what was written needn't reach the disk.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_wal_size": "1GB"}
POLICIES = ("--policy=unconvertible=quarantine", "--policy=orphan=quarantine", "--policy=lossy=round")
PATIENCE = 300.0  # seconds that a call may take: a proof begins anew wherever a writer empties a table
LOST_AFTER = 20.0  # seconds after which Ctrl-C is sent again to a call that hasn't said a word yet
STOP = 5.0  # seconds that writers may wait in a move
TRIES = 10  # calls of a command within which it must go well, once nobody does harm any more
AWAY = (3, 4, 5, 6)  # exit codes of a call that met harm: refused, a side is away, a killed call's session isn't gone
ENDED = (0, 130, -signal.SIGKILL, -signal.SIGINT)  # the last one: before the interpreter has begun
BEGUN = "payrollx_db/cli"  # in what a call says that was interrupted when our own code was at work
LEFT_OVER = """
SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%' AND pid <> pg_backend_pid()
"""
STAGES = "SELECT database, stage FROM payrollx_meta.switches"


class Failure(Exception):  # noqa: N818 - it is the round that fails
    """A round didn't end as it must."""


@dataclass
class Call:
    """A call of the command line that runs, and the file that has what it says."""

    words: tuple[str, ...]
    process: "subprocess.Popen[bytes]"
    log: Path
    interrupted: bool = False

    @property
    def runs(self) -> bool:
        """Tell whether it is still at work."""
        return self.process.poll() is None

    def said(self, lines: int = 10) -> str:
        """Return the end of what it has said."""
        return " | ".join(self.log.read_text("utf-8", errors="replace").splitlines()[-lines:])

    def end(self, number: int) -> int:
        """Send it a signal if it runs, and return its exit code. Raises Failure where it doesn't end."""
        if self.runs:
            self.process.send_signal(number)
            if number == signal.SIGINT:
                self.interrupted = True
                self._interrupt_again()
        return self.wait()

    def _interrupt_again(self) -> None:
        """Send Ctrl-C once more where the interpreter has lost it: it drops one that meets a callback of its own."""
        try:
            self.process.wait(LOST_AFTER)
        except subprocess.TimeoutExpired:
            if not self.log.stat().st_size:
                self.process.send_signal(signal.SIGINT)

    @property
    def is_unbegun(self) -> bool:
        """Tell whether Ctrl-C met the interpreter before it had read the first line of ours: it says so by itself."""
        if not self.interrupted or self.process.returncode != 1:
            return False
        said = self.log.read_text("utf-8", errors="replace")
        return "KeyboardInterrupt" in said and BEGUN not in said

    def wait(self) -> int:
        """Wait until it ends, and return its exit code. Raises Failure where it doesn't."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"{' '.join(self.words)} didn't end: {self.said()}") from None


@dataclass
class Site:
    """All of it. ``bad`` says that writers write what doesn't fit, too, and that policies keep it out; ``unfit`` that
    they write to the unified database what can't go back. ``pace`` is how much more time there is than on a machine
    that does nothing else: writers pause for longer, and moves may lag and stop for longer.
    """

    folder: Path
    dice: random.Random
    bad: bool = False
    unfit: bool = False
    source_programs: Programs | None = None
    target_programs: Programs | None = None
    pace: float = 1.0
    ledger: Ledger = field(default_factory=Ledger)
    codes: Counter[str] = field(default_factory=Counter)
    calls: list[Call] = field(default_factory=list)
    copied: bool = False

    def __post_init__(self) -> None:
        self.source = Server(self.folder / "source", settings=SETTINGS, programs=self.source_programs)
        self.target = Server(self.folder / "target", settings=SETTINGS, programs=self.target_programs)

    # -- databases ---------------------------------------------------------------------------------

    @property
    def urls(self) -> dict[str, DatabaseUrl]:
        """Where the legacy databases are."""
        return {name: self.source.url(name) for name in market.SOURCES}

    @property
    def goal(self) -> DatabaseUrl:
        """The unified database."""
        return self.target.url("unified")

    def begin_anew(self) -> None:
        """Make all databases anew, with nothing copied yet."""
        for server in (self.source, self.target):
            server.destroy()
            server.up()
        for name, statements in market.SOURCES.items():
            market.make(lambda database: create_database(self.source.url(), database), name, statements)
        self.make_goal()
        self.ledger = Ledger(transactions=self.ledger.transactions, refused=self.ledger.refused)
        self.ledger.unfit.set()

    def make_goal(self) -> None:
        """Make the unified database anew."""
        drop_database(self.target.url(), "unified")
        market.make(lambda name: create_database(self.target.url(), name), "unified", market.UNIFIED)
        self.copied = False

    def is_copied(self) -> bool:
        """Tell whether the rows have been copied, so that there is something to follow."""
        if not self.copied and rows(self.goal, "SELECT WHERE to_regclass('payrollx_meta.runs') IS NOT NULL"):
            self.copied = bool(rows(self.goal, "SELECT FROM payrollx_meta.runs WHERE status = 'done'"))
        return self.copied

    def stages(self) -> dict[str, str]:
        """Return on which side each database is, as the tool has recorded it."""
        there = rows(self.goal, "SELECT to_regclass('payrollx_meta.switches') IS NOT NULL")
        return dict(rows(self.goal, STAGES)) if there[0][0] else {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let writers write on both sides while the block lasts: those of the side that is closed are refused."""
        writers = [
            Writer(url, names, is_market, self.ledger, random.Random(self.dice.random()), bad, pause * self.pace)  # noqa: S311
            for url, names, is_market, bad, pause in (
                (self.urls["oldmarket"], OLD, True, self.bad, 0.02),
                (self.urls["oldmarket"], OLD, True, self.bad, 0.02),
                (self.urls["olddesk"], OLD, False, self.bad, 0.02),
                (self.goal, NEW, True, self.unfit, 0.02),
                (self.goal, NEW, True, False, 0.02),
                (self.goal, NEW, False, False, 0.02),
            )
            if names is OLD or self.is_copied()
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

    # -- calls -------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the command line goes from one server to the other."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        legacy = {variable(db.variable): self.urls[db.name].plain for db in market.LAYOUT.databases}
        return clean | legacy | market.ENVIRONMENT | {"DATABASE_URL": self.goal.plain}

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that calls are given."""
        return POLICIES if self.bad else ("--policy=lossy=round",)

    @property
    def limits(self) -> tuple[str, ...]:
        """The limits that moves are given."""
        return () if self.pace == 1 else (f"--max-lag={self.pace:g}s", f"--max-stop={STOP * self.pace:g}s")

    def call(self, *words: str) -> Call:
        """Start a call."""
        log = self.folder / f"call-{len(self.calls)}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "payrollx_db", *words], env=self.environment, stdout=said, stderr=said
            )
        self.calls.append(Call(words, process, log))
        return self.calls[-1]

    def count(self, call: Call) -> int:
        """Note with which exit code a call has ended. Raises Failure where it is none that harm explains."""
        code = -signal.SIGINT if call.is_unbegun else call.process.returncode
        self.codes[f"{call.words[0]} {code}"] += 1
        if code not in (*ENDED, *AWAY):
            raise Failure(f"{' '.join(call.words)} ended with {code}: {call.said(20)}")
        return code

    def must(self, *words: str, before: Callable[[], None] = lambda: None) -> None:
        """Call it until it goes well, and ``before`` each call that. Raises Failure where it doesn't within a few."""
        codes: list[int] = []
        while True:
            before()
            call = self.call(*words)
            call.wait()
            codes.append(self.count(call))
            if not codes[-1]:
                return
            said = call.said(30)
            if len(codes) >= TRIES:
                raise Failure(f"{' '.join(words)}: exit codes {codes}: {said}")
            if codes[-1] == 6 and "--resync" in said:  # as the hint says
                resync = self.call("follow", "--resync", "--once", *self.policies)
                resync.wait()
                codes.append(self.count(resync))
            time.sleep(0.5)

    def end(self) -> None:
        """End all that runs, and remove the servers."""
        for call in self.calls:
            if call.runs:
                call.process.kill()
                call.process.wait()
        for server in (self.source, self.target):
            server.destroy()

    # -- both sides --------------------------------------------------------------------------------

    def mend_stuck(self) -> None:
        """Let no more be written that can't go back, and correct what is there."""
        self.ledger.unfit.clear()
        time.sleep(0.2)  # a transaction that has begun
        rows(self.goal, "UPDATE market.orders SET state = 'SENT' WHERE state = 'RETURNED'")

    def compare(self, moved: Collection[str], completed: Collection[str]) -> None:
        """Raise Failure where the sides differ, what was acknowledged isn't there, or sessions are left.

        Of services that are completed, each side goes its own way.
        """
        if wrong := market.differences(self.urls, self.goal, moved, completed):
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
                return cursor.fetchall() if cursor.description is not None else []
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
