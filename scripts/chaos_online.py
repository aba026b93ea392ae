"""Follow, cut over and go back while all kinds of writers write, do harm, and hold both sides against each other.

Two servers are made for the purpose, one a side, so that each can crash. Writers write on both sides at any time: those
of the closed side have to be refused. A round has `payrollx-db follow` at work, and does some kinds of harm at
random moments; what it ended is started again. Every other round moves the services to the other side, by `cutover` or
`rollback`, and does harm to that, at every step of it. Then the writers stop, `follow --once` brings over what is left,
and both sides must be equal, row by row, by a comparison that is none of the tool's (`chaos_market`); each transaction
that was acknowledged must be there. The same seed makes the same choices, but not the same moments.
Usage: chaos_online.py [--rounds N] [--seed N] [--stay] [--bad] [--fresh N] [--stop] [--only KIND …]
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psycopg
from chaos_site import PATIENCE, Call, Failure, Site, rows

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
LONGEST = 4.0  # seconds after its start in which harm is done to a cutover or a rollback


@dataclass
class Chaos:
    """The rounds of one site. ``moved`` says that services write to the unified database."""

    site: Site
    dice: random.Random
    following: Call | None = None
    moved: bool = False

    def round(self, kinds: list[str], of_a_move: list[str] | None) -> str:
        """Write, follow, do harm, perhaps move, and compare; return what there is to say of it."""
        before = self.site.ledger.transactions
        text = "stays"
        with self.site.writing():
            self.follow()
            time.sleep(self.dice.uniform(0.5, 2))
            for kind in kinds:
                self.harm(kind, self.following)
                time.sleep(self.dice.uniform(0, 1))
                self.follow()
                time.sleep(self.dice.uniform(0, 2))
            self.await_copy()
            if of_a_move is not None:
                self.stop()
                text = self.move(of_a_move)
        self.stop()
        self.site.must("follow", "--once", *self.site.policies)
        self.site.compare()
        return f"{text}, {self.site.ledger.transactions - before} transactions, equal"

    # -- following ---------------------------------------------------------------------------------

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

    def move(self, kinds: list[str]) -> str:
        """Let the services write on the other side, with harm on the way; return what was done."""
        words = ("rollback" if self.moved else "cutover", "--yes", *self.site.policies)
        for kind in kinds:
            call = self.site.call(*words)
            pause = time.monotonic() + self.dice.uniform(0, LONGEST)
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
            self.site.must(*words)
        self.moved = not self.moved
        self.look_where_it_is()
        return words[0]

    def second_operator(self, call: Call, words: tuple[str, ...]) -> None:
        """Call the same while a first call is at work: one of both has to be refused by the other's name."""
        second = self.site.call(*words)
        both = call.wait(), second.wait()
        self.site.count(second)
        if both == (0, 0) and "already" not in second.said() + call.said():
            raise Failure(f"two operators at once: {call.said(4)} || {second.said(4)}")

    def look_where_it_is(self) -> None:
        """Raise Failure where the recorded stages, or the gates, say otherwise than the commands that went well."""
        stages = set(self.site.stages().values())
        if stages != {"open" if self.moved else "back"}:
            raise Failure(f"moved {self.moved}, and the stages are {stages}")
        closed = [self.site.urls["oldmarket"], self.site.urls["olddesk"]] if self.moved else [self.site.goal]
        table = {True: "marks", False: "market.marks"}[self.moved]
        try:
            rows(closed[0], f"INSERT INTO {table} VALUES (-1)")
        except psycopg.errors.ReadOnlySqlTransaction:
            return
        raise Failure(f"the side that is closed takes writes: moved {self.moved}")

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
        side = self.site.target if self.moved else self.site.source
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
        kinds = chaos.dice.choices(options.only or KINDS, k=chaos.dice.randint(0 if number % 2 else 1, 2))
        chosen = [kind for kind in OF_A_MOVE if kind in (options.only or OF_A_MOVE)] or ["nothing"]
        of_a_move = None if options.stay or number % 2 == 0 else chaos.dice.choices(chosen, k=chaos.dice.randint(1, 3))
        try:
            if fresh or (options.fresh and number % options.fresh == 0):
                chaos.site.begin_anew()
                chaos.moved = fresh = False
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
        print(f"round {number:3}: {said}: {text} ({time.monotonic() - started:.1f} s)", flush=True)
        if bad and options.stop:
            break
    return done, good, bad


def main() -> int:
    """Make the servers, play, print a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stay", action="store_true", help="follow only: no cutover and no rollback")
    parser.add_argument("--bad", action="store_true", help="writers write what doesn't fit, too; policies keep it out")
    parser.add_argument("--fresh", type=int, default=20, help="begin with fresh databases every so many rounds")
    parser.add_argument("--only", nargs="*", choices=dict.fromkeys(KINDS + OF_A_MOVE), help="these kinds of harm")
    parser.add_argument("--stop", action="store_true", help="stop at the first round that fails")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are to be stopped then, too
    with tempfile.TemporaryDirectory(prefix="payrollx-chaos-") as name:
        Path(name).chmod(0o711)
        dice = random.Random(options.seed)  # noqa: S311
        site = Site(Path(name), dice, options.bad)
        try:
            done, good, bad = play(Chaos(site, dice), options)
        finally:
            site.end()
    print(f"\nharm done: {', '.join(f'{kind} {count}' for kind, count in sorted(done.items()))}")
    print(f"writers: {site.ledger.transactions} transactions; refused: {dict(site.ledger.refused)}")
    print(f"calls and their exit codes: {dict(sorted(site.codes.items()))}")
    print(f"seed {options.seed}: {good} of {good + bad} rounds ended with equal sides")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
