"""Cut `copy` off at random moments, resume it, and hold the end against that of an undisturbed run.

Two servers are made for the purpose, one a side, so that each can crash. An undisturbed run gives the reference: each
table's content hash, the indexes and constraints, and the timeline of the run's events. Each round takes a fresh
target, starts `copy`, and after a random event of a chosen stage does one kind of harm; then `copy` is called until it
ends well, and everything must be as in the reference, with nothing left over. The same seed makes the same choices.
`--world yard` plays among partitioned and foreign tables (`chaos_worlds`), where `payrollx` has neither.
Usage: chaos_copy.py [--rounds N] [--seed N] [--world NAME] [--employees N] [--policies] [--only KIND …]
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
from itertools import cycle, product
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
from chaos_worlds import WORLDS, ChaosWorld

from payrollx_db import cli
from payrollx_db.consolidate.endpoints import variable
from payrollx_db.devserver import Server, create_database, drop_database
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Event, Notice, ObjectBuilt, RunStarted, StageStarted, TableFinished
from payrollx_db.postgres.url import DatabaseUrl

# Crashes here are those of the server, not of the machine: what was written needn't reach the disk.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_wal_size": "1GB"}
KINDS = ("kill", "source session", "target session", "lock session", "source crash", "target crash")
POLICIES = {
    "unconvertible": "quarantine", "duplicate": "quarantine", "case-collision": "quarantine", "orphan": "quarantine",
    "lossy": "round", "drift": "newest", "stranded": "adopt",
}  # fmt: skip
TRIES = 6  # calls of `copy` within which a round must have ended well
PATIENCE = 120.0  # seconds that one call may take
MARK = "event:"
OUR_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%' ORDER BY random()"
LOCK_SESSION = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7237021 AND granted"

OBJECTS = """
SELECT 'index', schemaname || '.' || indexname, indexdef FROM pg_indexes
WHERE schemaname !~ '^(pg_|information_schema|payrollx_meta)'
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) || convalidated
FROM pg_constraint WHERE conrelid <> 0 AND connamespace::regnamespace::text !~ '^(pg_|information_schema|payrollx_meta)'
ORDER BY 1, 2, 3
"""
TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname !~ '^(pg_|information_schema|payrollx_meta)' ORDER BY 1
"""
SEQUENCES = """
SELECT schemaname, sequencename, last_value FROM pg_sequences
WHERE schemaname !~ '^(pg_|information_schema|payrollx_meta)' ORDER BY 1, 2
"""
KEPT = """
SELECT source, key, kind, code, action, column_name, cause, row::text FROM payrollx_meta.quarantine ORDER BY 1, 2, 3, 6
"""
ACCOUNTS = """
SELECT source, target, rows_read, rows_written, rows_quarantined, rows_merged FROM payrollx_meta.tables ORDER BY 1, 2
"""
LEFTOVERS = {
    "temporary tables": "SELECT count(*) FROM pg_class WHERE relpersistence = 't'",
    "invalid indexes": "SELECT count(*) FROM pg_index WHERE NOT indisvalid",
    "unvalidated constraints": "SELECT count(*) FROM pg_constraint WHERE NOT convalidated",
    "sessions": "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%'",
    "advisory locks": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "prepared transactions": "SELECT count(*) FROM pg_prepared_xacts",
}


class Failure(Exception):  # noqa: N818 - it is the round that fails
    """A round didn't end as it must."""


def label(event: Event, stage: str) -> str:
    """Return the name of what is under way after an event."""
    match event:
        case StageStarted(name):
            return {"load": "keys"}.get(name, name)
        case RunStarted():
            return "take down"
        case TableFinished() if stage == "copy":
            return "index"
        case ObjectBuilt(kind=kind):
            return {"index": "index", "foreign key": "keys", "foreign key check": "validate"}.get(kind, "attach")
        case _:
            return (
                "merge" if stage in ("merge", "account") else "copy" if stage in ("copy", "index", "attach") else stage
            )


@dataclass
class Call:
    """One call of `copy` as a process, and the events that it has told so far: when, and what was under way then."""

    process: subprocess.Popen[str]
    events: list[tuple[float, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Read what the process tells until it ends."""
        if self.process.stderr is None:
            return
        for line in self.process.stderr:
            if line.startswith(MARK):
                self.events.append((time.monotonic(), line.removeprefix(MARK).strip()))
            else:
                self.said.append(line.rstrip())

    @property
    def stage(self) -> str:
        """What is under way."""
        return self.events[-1][1] if self.events else "start"

    def reaches(self, number: int) -> bool:
        """Wait until so many events were told; return whether the process is still at work."""
        until = time.monotonic() + PATIENCE
        while len(self.events) < number and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        return self.process.poll() is None


@dataclass
class Chaos:
    """Both servers, and what a run between them must lead to."""

    world: ChaosWorld
    source: Server
    target: Server
    policies: bool
    random: random.Random
    timeline: list[tuple[float, str]] = field(default_factory=list)
    reference: dict[str, Any] = field(default_factory=dict)

    @property
    def goal(self) -> DatabaseUrl:
        """The database that is copied into."""
        return self.target.url("unified")

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the command line goes from one server to the other."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        legacy = {variable(db.variable): self.source.url(db.name).plain for db in self.world.layout.databases}
        return clean | legacy | dict(self.world.environment) | {"DATABASE_URL": self.goal.plain}

    def make(self, employees: int) -> None:
        """Make the legacy databases and the migrated template, and the undisturbed run."""
        self.world.make_sources(self.source.up(), employees, self.policies)
        # A crash lets a sequence skip the numbers that are logged ahead of it since the last checkpoint.
        with psycopg.connect(self.source.url().conninfo(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        self.world.make_target(create_database(self.target.up(), "template_migrated"))
        self.fresh()
        with self.copying() as call:
            started = time.monotonic()
        if call.process.returncode:
            sys.exit("the undisturbed run failed:\n" + "\n".join(call.said))
        self.timeline = [(when - started, what) for when, what in call.events]
        self.timeline[-2] = (self.timeline[-2][0], "account")
        self.reference = self.state()
        self.verify()

    def fresh(self) -> None:
        """Make the target anew."""
        drop_database(self.target.url(), "unified")
        create_database(self.target.url(), "unified", template="template_migrated")

    @contextmanager
    def copying(self) -> Iterator[Call]:
        """Start `copy`, and wait for its end when the block is through."""
        words = [f"--policy={code}={action}" for code, action in POLICIES.items()] if self.policies else []
        command = [sys.executable, __file__, "--child", "copy", "--json", "--jobs", "2", *words]
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        call = Call(process)
        listener = Thread(target=call.listen)
        listener.start()
        try:
            yield call
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"copy didn't end within {PATIENCE:.0f} s: {call.said[-3:]}") from None
        finally:
            process.kill()
            process.wait()
            listener.join()

    # --- one round ------------------------------------------------------------------------------------

    def round(self, kind: str, stage: str) -> tuple[str, list[int]]:
        """Do one kind of harm in one stage, and resume; return the stage that was hit, and all exit codes."""
        self.fresh()
        places = [n for n, (_, what) in enumerate(self.timeline) if what == stage]
        place = self.random.choice(places)
        pause = self.random.uniform(0, self.timeline[place + 1][0] - self.timeline[place][0])
        with self.copying() as call:
            at_work = call.reaches(place + 1)
            time.sleep(pause)
            hit = stage if call.stage == "merge" and len(call.events) > place else call.stage
            harmed = at_work and hit != "end" and self.harm(kind, call)
        codes, said = [call.process.returncode], call.said
        while codes[-1]:
            self.judge(codes, said)
            with self.copying() as again:
                pass
            codes.append(again.process.returncode)
            said = again.said
        self.compare()
        return (hit if harmed else "too late"), codes

    def harm(self, kind: str, call: Call) -> bool:
        """Do it; return whether there was anything to do it to."""
        if kind == "kill":
            call.process.kill()
            return True
        side = self.source if kind.startswith("source") else self.target
        if kind.endswith("crash"):
            side.down(immediate=True)
            time.sleep(self.random.uniform(0, 1))
            side.up()
            return True
        query = LOCK_SESSION if kind == "lock session" else OUR_SESSIONS
        while call.process.poll() is None:
            if found := rows(side.url(), query):
                return bool(rows(side.url(), "SELECT pg_terminate_backend(%s)", found[0])[0][0])
            time.sleep(0.005)
        return False

    def judge(self, codes: list[int], said: list[str]) -> None:
        """Raise Failure where a call ended otherwise than by what was done to it."""
        # 6: the next call may come before the server has noticed that a killed process's session is gone.
        if codes[-1] not in (-9, 4, 5, 6) or len(codes) >= TRIES:
            raise Failure(f"exit codes {codes}: " + " | ".join(said[-6:]))
        if codes[-1] == 6:
            time.sleep(1)

    def compare(self) -> None:
        """Raise Failure where the end isn't that of the undisturbed run."""
        state = self.state()
        if wrong := [what for what, found in state.items() if found != self.reference[what]]:
            raise Failure(f"not as in the undisturbed run: {', '.join(wrong)}")
        if (found := rows(self.goal, "SELECT status FROM payrollx_meta.runs")) != [("done",)]:
            raise Failure(f"runs: {found}")
        self.verify()
        self.nothing_left()

    def state(self) -> dict[str, Any]:
        """Return all that must be as in the reference, by what it is called."""
        found: dict[str, Any] = {"objects": rows(self.goal, OBJECTS), "accounts": rows(self.goal, ACCOUNTS)}
        found["quarantine"] = rows(self.goal, KEPT)
        found["sequences"] = rows(self.goal, SEQUENCES)
        for (name,) in rows(self.goal, TABLES):
            found[name] = rows(self.goal, f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {name} AS t")
        return found

    def verify(self) -> None:
        """Raise Failure where `verify` doesn't say that both sides are identical."""
        command = [sys.executable, "-m", "payrollx_db", "verify", "--jobs", "2"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(f"verify: exit code {done.returncode}: {done.stdout[-800:]} {done.stderr[-800:]}")

    def nothing_left(self) -> None:
        """Raise Failure where something stays behind; sessions get a moment to end."""
        until = time.monotonic() + 5
        while left := self.leftovers():
            if time.monotonic() > until:
                raise Failure(f"left over: {', '.join(left)}")
            time.sleep(0.1)

    def leftovers(self) -> list[str]:
        """Return what stays behind, on either side."""
        places = [self.goal, *(self.source.url(db.name) for db in self.world.layout.databases)]
        return [
            f"{count} {what} in {url.dbname}"
            for url in places
            for what, query in LEFTOVERS.items()
            if (count := rows(url, query)[0][0])
        ]


def rows(url: DatabaseUrl, query: str, params: Any = None) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows. A server that is just recovering gets time."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(url.conninfo(), autocommit=True, application_name="chaos") as connection:
                return connection.execute(query, params).fetchall()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def child(arguments: list[str]) -> None:
    """Be the command line, telling every event by a line: what is under way after it."""
    from payrollx_db.cli import copy
    from payrollx_db.cli.render import console

    stage = "start"

    def tell(event: Event) -> None:
        nonlocal stage
        if isinstance(event, Notice):
            console.note(event.text)
        else:
            stage = label(event, stage)
            print(f"{MARK}{stage}", file=sys.stderr, flush=True)

    @contextmanager
    def showing(_events: object = None) -> Iterator[Any]:
        yield tell
        print(f"{MARK}end", file=sys.stderr, flush=True)

    vars(copy)["showing"] = showing
    cli.main(arguments)


def play(chaos: Chaos, rounds: int, kinds: list[str]) -> tuple[Counter[tuple[str, str]], int]:
    """Play the rounds, a line each; return how often each kind hit each stage, and how many rounds failed."""
    stages = [what for what in dict.fromkeys(what for _, what in chaos.timeline) if what != "end"]
    pairs = list(product(kinds, stages))
    chaos.random.shuffle(pairs)
    hits: Counter[tuple[str, str]] = Counter()
    failed = 0
    for number, (kind, stage) in zip(range(1, rounds + 1), cycle(pairs), strict=False):
        started = time.monotonic()
        try:
            hit, codes = chaos.round(kind, stage)
            said = f"hit {hit}, exit codes {' '.join(map(str, codes))}, end as undisturbed"
            hits[kind, hit] += 1
        except (Failure, PayrollxError, psycopg.Error) as error:
            failed += 1
            said = f"FAILED: {error}"
        print(f"round {number:3}: {kind} in {stage}: {said} ({time.monotonic() - started:.1f} s)", flush=True)
    return hits, failed


def summary(hits: Counter[tuple[str, str]], failed: int, options: argparse.Namespace) -> None:
    """Print how often each kind of harm hit each stage."""
    stages = sorted({stage for _, stage in hits})
    print(f"\n{'':16}" + "".join(f"{stage:>10}" for stage in stages))
    for kind in KINDS:
        if any(k == kind for k, _ in hits):
            print(f"{kind:16}" + "".join(f"{hits[kind, stage] or '':>10}" for stage in stages))
    good = sum(hits.values())
    print(f"seed {options.seed}, world {options.world}: {good} of {good + failed} rounds ended as undisturbed")


def main() -> int:
    """Make the servers, play, print a summary."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", choices=WORLDS, default="payrollx")
    parser.add_argument("--employees", type=int, default=300, help="how large the world payrollx is")
    parser.add_argument("--policies", action="store_true", help="hostile databases, and policies that resolve all")
    parser.add_argument("--only", nargs="*", choices=KINDS, help="these kinds of harm")
    options = parser.parse_args()
    if options.policies and options.world != "payrollx":
        parser.error("--policies is for the world payrollx, whose databases can be hostile")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are to be stopped then, too
    with tempfile.TemporaryDirectory(prefix="payrollx-chaos-") as name:
        Path(name).chmod(0o711)
        servers = [Server(Path(name) / side, settings=SETTINGS) for side in ("source", "target")]
        try:
            chaos = Chaos(WORLDS[options.world], servers[0], servers[1], options.policies, random.Random(options.seed))  # noqa: S311
            chaos.make(options.employees)
            print(f"undisturbed: {chaos.timeline[-1][0]:.1f} s, {len(chaos.timeline)} events", flush=True)
            hits, failed = play(chaos, options.rounds, options.only or list(KINDS))
        finally:
            for server in servers:
                server.destroy()
    summary(hits, failed, options)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
