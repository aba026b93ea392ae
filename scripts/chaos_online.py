"""Follow, cut over and go back while all kinds of writers write, do harm, and hold both sides against each other.

Two servers are made for the purpose, one a side, so that each can crash. Writers write on both sides at any time: those
of the closed side have to be refused. A round has `payrollx-db follow` at work, and does some kinds of harm at
random moments; what it ended is started again. Every other round moves services to the other side, by `cutover` or
`rollback`, all or one of them, and does harm to that, at every step of it; or it completes them. Then the writers stop,
`follow --once` brings over what is left, and both sides must be equal, row by row, by a comparison that is none of the
tool's (`chaos_market`); each transaction that was acknowledged must be there. The same seed makes the same choices, but
not the same moments.
Usage: chaos_online.py [--rounds N] [--seed N] [--stay] [--bad] [--stuck] [--alone] [--complete] [--mixed] [--fresh N]
                       [--stop] [--only KIND …] [--source-bin FOLDER] [--target-bin FOLDER] [--pace FACTOR]
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from chaos_sides import SERVICES, Move, Sides
from chaos_site import PATIENCE, Call, Failure, Site, rows

from payrollx_db.devserver import Programs
from payrollx_db.errors import PayrollxError

KINDS = (
    "nothing", "kill", "interrupt", "hang", "source session", "target session", "source crash", "target crash",
    "lost slot",
)  # fmt: skip
OF_A_MOVE = ("nothing", "kill", "interrupt", "hang", "source session", "target session", "source crash",
             "target crash", "second operator")  # fmt: skip
OUR_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%' ORDER BY random() LIMIT 1"
OUR_SLOT = "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'payrollx%' ORDER BY random() LIMIT 1"
END_READER = "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = %s AND active"
VERIFIED = 0.2  # how often both sides are compared by the tool in the midst of a round
NOTHING_LEFT = "nothing is left to do"  # says who was called when the other had ended
ENOUGH = 0.5  # seconds of a step that are worth a word
MIXED = (0.5, 0.5, 0.5, 0.8)  # how often fresh databases have what is bad, what is stuck, moves alone, completions
LONGEST = 4.0  # seconds after its start in which harm is done to a cutover or a rollback


@dataclass
class Chaos:
    """The rounds of one site. ``sides`` knows where each service is."""

    site: Site
    dice: random.Random
    sides: Sides
    following: Call | None = None
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count the seconds of the block as those of a step."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.spent[step] = self.spent.get(step, 0) + time.monotonic() - started

    def round(self, kinds: list[str], of_a_move: list[str] | None) -> str:
        """Write, follow, do harm, perhaps move, and compare; return what there is to say of it."""
        before = self.site.ledger.transactions
        text = "stays"
        with self.site.writing():
            with self.timed("follow"):
                self.follow_and_harm(kinds)
            with self.timed("copy"):
                self.await_copy()
            with self.timed("verify"):
                if self.dice.random() < VERIFIED:
                    self.verify()
            with self.timed("move"):
                if of_a_move is not None:
                    if self.dice.random() < 0.5:  # else it is asked to hand over
                        self.stop()
                    text = str(self.move(self.sides.choose(), of_a_move))
        with self.timed("catch up"):
            self.catch_up()
        with self.timed("compare"):
            self.sides.compare()
        return f"{text}, {self.site.ledger.transactions - before} transactions, equal"

    # -- following ---------------------------------------------------------------------------------

    def follow_and_harm(self, kinds: list[str]) -> None:
        """Have `follow` at work, do harm to it and to its servers, and start it again."""
        self.follow()
        time.sleep(self.dice.uniform(0.5, 2))
        for kind in kinds:
            self.harm(kind, self.following)
            time.sleep(self.dice.uniform(0, 1))
            self.follow()
            time.sleep(self.dice.uniform(0, 2))

    def catch_up(self) -> None:
        """Bring over what is left, now that nobody writes any more."""
        self.stop()
        if not self.sides.done:
            self.site.must("follow", "--once", *self.site.policies)
            if self.site.bad and set(SERVICES) - self.sides.moved:  # rows that wait for others come in then
                self.site.must("verify", "--online", *self.site.policies)

    def follow(self) -> None:
        """Have `follow` at work, if it isn't."""
        if self.following is not None:
            if self.following.runs:
                return
            self.site.count(self.following)
        words = ("follow",) if self.site.is_copied() else ("copy", "--follow")
        self.following = self.site.call(*words, *self.site.policies)

    def stop(self) -> None:
        """End `follow`, as Ctrl-C does."""
        if self.following is not None:
            self.following.end(signal.SIGINT)
            self.site.count(self.following)
            self.following = None

    def await_copy(self) -> None:
        """Wait until the rows have been copied, however often that has to be called."""
        until = time.monotonic() + PATIENCE
        while not self.site.is_copied():
            if time.monotonic() > until:
                said = " || ".join(call.said(20) for call in self.site.calls[-2:])
                raise Failure(f"the copy doesn't come to its end: {said}")
            self.follow()
            time.sleep(0.2)

    # -- moving ------------------------------------------------------------------------------------

    def verify(self) -> None:
        """Have the tool compare both sides, while the writers write: it must find them equal."""
        self.stop()
        if set(SERVICES) - self.sides.moved:
            self.site.must("verify", "--online", *self.site.policies)
        self.follow()

    def move(self, move: Move, kinds: list[str]) -> Move:
        """Let services write on the other side, with harm on the way; return what was done."""
        words = (*move.words, *(() if move.action == "complete" else (*self.site.policies, *self.site.limits)))
        if self.dice.random() < 0.5:
            self.mend_stuck(move)
        for kind in kinds:
            call = self.site.call(*words)
            pause = time.monotonic() + self.dice.uniform(0, LONGEST * self.site.pace)
            while call.runs and time.monotonic() < pause:
                time.sleep(0.005)
            if kind == "second operator":
                self.second_operator(call, words)
            elif call.runs:
                self.harm(kind, call)
            call.wait()
            if self.site.count(call) == 0:
                break
        else:
            self.site.must(*words, before=lambda: self.mend_stuck(move))
        self.site.ledger.unfit.set()
        self.sides.done_with(move)
        return move

    def mend_stuck(self, move: Move) -> None:
        """Correct the rows that can't go back, and let no more be written, before a rollback of their service."""
        if move.action == "rollback" and "market" in move.services:
            self.site.mend_stuck()

    def second_operator(self, call: Call, words: tuple[str, ...]) -> None:
        """Call the same while a first call is at work: one of both has to be refused by the other's name."""
        second = self.site.call(*words)
        both = call.wait(), second.wait()
        self.site.count(second)
        if both == (0, 0) and NOTHING_LEFT not in second.said() + call.said() and words[0] != "complete":
            raise Failure(f"two operators at once: {call.said(4)} || {second.said(4)}")

    # -- harm --------------------------------------------------------------------------------------

    def harm(self, kind: str, call: Call | None) -> None:
        """Do it, to the call that is at work now, or to its servers."""
        if kind in ("kill", "lost slot") and call is not None:
            call.end(signal.SIGKILL)
        if kind == "interrupt" and call is not None:
            call.end(signal.SIGINT)
        elif kind == "hang" and call is not None and call.runs:
            call.process.send_signal(signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.5, 3))
            call.process.send_signal(signal.SIGCONT)
        elif kind == "lost slot":
            self.lose_slot()
        elif kind.endswith("session"):
            side = self.site.source if kind.startswith("source") else self.site.target
            for (pid,) in rows(side.url(), OUR_SESSIONS):
                rows(side.url(), "SELECT pg_terminate_backend(%s)", (pid,))
        elif kind.endswith("crash"):
            side = self.site.source if kind.startswith("source") else self.site.target
            side.down(immediate=True)
            time.sleep(self.dice.uniform(0, 1))
            side.up()

    def lose_slot(self) -> None:
        """Drop a slot of ours."""
        side = self.site.target if self.dice.random() * 2 < len(self.sides.moved) else self.site.source
        for (slot,) in rows(side.url(), OUR_SLOT):
            rows(side.url(), END_READER, (slot,))
            rows(side.url(), "SELECT pg_drop_replication_slot(%s)", (slot,))
        self.following = None


def play(chaos: Chaos, options: argparse.Namespace) -> tuple[Counter[str], int, int]:
    """Play the rounds, a line each; return how often each kind was done, and how many rounds went well and failed."""
    done: Counter[str] = Counter()
    good = bad = 0
    fresh = True
    for number in range(1, options.rounds + 1):
        started = time.monotonic()
        chaos.spent.clear()
        kinds = chaos.dice.choices(options.only or KINDS, k=chaos.dice.randint(0 if number % 2 else 1, 2))
        chosen = [kind for kind in OF_A_MOVE if kind in (options.only or OF_A_MOVE)] or ["nothing"]
        of_a_move = None if options.stay or number % 2 == 0 else chaos.dice.choices(chosen, k=chaos.dice.randint(1, 3))
        try:
            if fresh or chaos.sides.done or (options.fresh and number % options.fresh == 0):
                with chaos.timed("fresh databases"):
                    begin_anew(chaos, options)
                fresh = False
            text = chaos.round(kinds, of_a_move)
            done.update(kinds)
            done.update(f"{kind} in a move" for kind in of_a_move or ())
            good += 1
        except (Failure, PayrollxError, psycopg.Error) as error:
            bad += 1
            fresh, text = True, f"FAILED: {error}"
            if chaos.following is not None:
                chaos.following.end(signal.SIGKILL)
                chaos.following = None
        said = ", ".join(kinds) + (f"; {', '.join(of_a_move)}" if of_a_move else "")
        seconds = ", ".join(f"{step} {spent:.1f}" for step, spent in chaos.spent.items() if spent > ENOUGH)
        print(f"round {number:3}: {said}: {text} ({time.monotonic() - started:.1f} s: {seconds})", flush=True)
        if bad and options.stop:
            break
    return done, good, bad


def begin_anew(chaos: Chaos, options: argparse.Namespace) -> None:
    """Begin with fresh databases; with ``--mixed``, what is written to them, and done with them, is chosen anew."""
    choices = [options.bad, options.stuck, options.alone, options.complete]
    if options.mixed:
        choices = [chaos.dice.random() < share for share in MIXED]
    chaos.site.bad, chaos.site.unfit, alone, completes = choices
    chaos.site.begin_anew()
    chaos.sides = Sides(chaos.site, chaos.dice, alone, completes)
    print(f"fresh databases: bad {choices[0]}, stuck {choices[1]}, alone {alone}, complete {completes}", flush=True)


def programs(folder: Path | None) -> Programs | None:
    """Return the programs in a folder that an option names; nothing where none is named."""
    return Programs.named(folder, named_by="the option") if folder is not None else None


def main() -> int:
    """Make the servers, play, print a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stay", action="store_true", help="follow only: no cutover and no rollback")
    parser.add_argument("--bad", action="store_true", help="writers write what doesn't fit, too; policies keep it out")
    parser.add_argument("--stuck", action="store_true", help="writers write what can't go back, too")
    parser.add_argument("--alone", action="store_true", help="move one service alone, too")
    parser.add_argument("--complete", action="store_true", help="complete services, too")
    parser.add_argument("--mixed", action="store_true", help="choose of these four anew for each fresh databases")
    parser.add_argument("--source-bin", type=Path, help="the programs of the legacy databases' server")
    parser.add_argument("--target-bin", type=Path, help="the programs of the unified database's server")
    parser.add_argument("--fresh", type=int, default=20, help="begin with fresh databases every so many rounds")
    parser.add_argument("--only", nargs="*", choices=dict.fromkeys(KINDS + OF_A_MOVE), help="these kinds of harm")
    parser.add_argument("--pace", type=float, default=1.0, help="so much more time, on a machine that others use, too")
    parser.add_argument("--stop", action="store_true", help="stop at the first round that fails")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are to be stopped then, too
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored, by all that we call as well
    with tempfile.TemporaryDirectory(prefix="payrollx-chaos-") as name:
        Path(name).chmod(0o711)
        dice = random.Random(options.seed)  # noqa: S311
        site = Site(Path(name), dice, source_programs=programs(options.source_bin),
                    target_programs=programs(options.target_bin), pace=options.pace)  # fmt: skip
        try:
            done, good, bad = play(Chaos(site, dice, Sides(site, dice)), options)
        finally:
            site.end()
    print(f"\nharm done: {', '.join(f'{kind} {count}' for kind, count in sorted(done.items()))}")
    print(f"writers: {site.ledger.transactions} transactions; refused: {dict(site.ledger.refused)}")
    print(f"calls and their exit codes: {dict(sorted(site.codes.items()))}")
    print(f"seed {options.seed}: {good} of {good + bad} rounds ended with equal sides")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
