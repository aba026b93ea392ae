"""Eight services move to one database and back while they write, on one screen.

    python scripts/demo_online.py
    python scripts/demo_online.py --writes 100000 --rate 0

Eight small programs write into eight legacy databases; each keeps in a ledger what was acknowledged. Meanwhile the
databases are copied and followed, all services are cut over, one goes back and forth again, and it is completed.
In the end every acknowledged write has to be found. It has servers of its own, and touches nothing else.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from online_services import DATABASES
from online_tables import SERVICES
from online_world import OnlineWorld, Program
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

POLICIES = ("--policy", "drift=owner", "--policy", "stranded=owner")
BACK = "wallet"  # the service that goes back and forth
NEAR = 64 * 1024  # bytes of the log that a follower may be behind to count as near
SECONDS_NEAR = 3.0  # or what is written in so many seconds, where that is more
REFRESH = 0.25


@dataclass
class Screen:
    """What people see: a table that lives on a terminal, lines where it is piped."""

    world: OnlineWorld
    console: Console
    steps: list[tuple[str, str]] = field(default_factory=list)
    live: Live | None = None
    rates: dict[str, float] = field(default_factory=dict)
    lags: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}
        self._refreshed = 0.0

    def step(self, title: str) -> None:
        """Begin a step of the story."""
        self.steps.append((title, ""))
        if self.live is None:
            self.console.print(title, style="bold", highlight=False)
        self.refresh(now=True)

    def note(self, text: str) -> None:
        """Say how the step goes, in place of what was said of it before."""
        title, _ = self.steps[-1]
        self.steps[-1] = (title, text)
        if self.live is None:
            self.console.print(f"  {text}", highlight=False)
        self.refresh(now=True)

    def refresh(self, *, now: bool = False) -> None:
        """Show the newest figures, a few times a second at most."""
        if self.live is None or (not now and time.monotonic() - self._refreshed < REFRESH):
            return
        self._refreshed = time.monotonic()
        self.live.update(self.picture(), refresh=True)

    def picture(self) -> Group:
        """Return the story so far above the services as they are."""
        story = Text()
        for number, (title, text) in enumerate(self.steps, 1):
            current = number == len(self.steps)
            story.append(f"{number:>2} {title}", style="bold" if current else "dim")
            story.append(f"  {text}\n" if text else "\n", style="" if current else "dim")
        return Group(story, self.table())

    def table(self) -> Table:
        """Return the services: where each writes, how much, how far behind, and how long it stood still."""
        wide = self.console.width >= 110
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("service", "writes to", "writes/s", "acknowledged", "behind", "stood still"):
            table.add_column(heading, justify="left" if heading in ("service", "writes to", "stood still") else "right")
        for name, balance in self.world.balances().items():
            side = balance.last.side if balance.last else "old"
            place = DATABASES[name] if side == "old" else f"{name}.*"
            pauses = [f"{(until - since) * 1000:,.0f}" for since, until, _ in balance.pauses][-3 if wide else -2 :]
            behind = self.lags.get(DATABASES[name])
            table.add_row(
                name,
                Text(place if wide else side, style="yellow" if side == "old" else "green"),
                f"{self._rate(name, sum(balance.writes.values())):,.0f}",
                f"{sum(balance.writes.values()):,}",
                "" if behind is None else f"{behind / 1024:,.0f} kB",
                f"{', '.join(pauses)} ms" if pauses else "",
            )
        return table

    def _rate(self, name: str, writes: int) -> float:
        moment, before = self._seen.get(name, (time.monotonic(), writes))
        if time.monotonic() - moment >= 1 or name not in self._seen:
            self.rates[name] = (writes - before) / max(time.monotonic() - moment, 1)
            self._seen[name] = (time.monotonic(), writes)
        return self.rates.get(name, 0.0)


@dataclass
class Story:
    """The steps, from the first write to the ledger's account."""

    world: OnlineWorld
    screen: Screen
    seconds: float
    _written: tuple[float, int] = (0.0, 0)

    def tell(self) -> int:
        """Play all of it. Returns the exit code."""
        screen, world = self.screen, self.world
        screen.step("two servers, eight legacy databases, and services that write")
        world.make(screen.note)
        world.start_services()
        self.watch(3, until=lambda: all(b.last for b in world.balances().values()), most=60)
        screen.step("payrollx-db check --online")
        self.check()
        screen.step("payrollx-db copy --follow")
        following = self.begin("copy", "--follow", *POLICIES)
        self.until_near(following)
        self.watch(self.seconds)
        self.switch(following, "cutover")
        following = self.begin("follow", *POLICIES)
        self.watch(self.seconds)
        self.switch(following, "rollback", "--service", BACK)
        following = self.begin("follow", *POLICIES)
        self.watch(self.seconds)
        self.switch(following, "cutover", "--service", BACK)
        screen.step("payrollx-db complete")
        self.command("complete", "--yes")
        self.watch(1)
        return self.account()

    def check(self) -> None:
        """Ask what is missing, run the SQL that the check gives a DBA, and ask again."""
        found = self.world.answer("check", "--online", *POLICIES)["findings"]
        missing = [finding for finding in found if finding["severity"] == "block"]
        for finding in missing:
            self.world.grant(finding["database"], finding["sql"])
        self.command("check", "--online", *POLICIES)
        done = "; ".join(finding["sql"].rstrip(";") for finding in missing)
        self.screen.note(f"a DBA ran: {done}" if done else "all is possible")

    def switch(self, following: Program, *arguments: str) -> None:
        """Cut over or roll back, and say how long each client stood still."""
        self.screen.step(f"payrollx-db {' '.join(arguments)}")
        before = {name: len(balance.pauses) for name, balance in self.world.balances().items()}
        waited = self.command(*arguments, *POLICIES, "--yes").line("writers waited")
        if code := following.stop():  # it has handed over by then
            raise RuntimeError(f"{following.name}: exit code {code}\n{following.said}")
        self.watch(2)
        stops = [
            (until - since) * 1000
            for name, balance in self.world.balances().items()
            for since, until, _ in balance.pauses[before[name] :]
        ]
        if not stops:
            raise RuntimeError(f"{' '.join(arguments)}: no service has moved")
        most = f"{min(stops):,.0f} to {max(stops):,.0f} ms" if len(stops) > 1 else f"{stops[0]:,.0f} ms"
        moved = "1 service moved" if len(stops) == 1 else f"{len(stops)} services moved"
        self.screen.note(f"{moved}; clients stood still for {most}, and none failed. {waited}".strip())

    def account(self) -> int:
        """Hold the ledger against the databases."""
        world, screen = self.world, self.screen
        screen.step("the ledger")
        while world.wants_more:
            self.watch(1)
        world.stop_services()
        crashed = world.crashed
        differences = [text for name in SERVICES for text in world.differences(name, "new")]
        writes = sum(sum(balance.writes.values()) for balance in world.balances().values())
        unknown = sum(len(balance.possible) for balance in world.balances().values())
        left = world.left_on_sources()
        for problem in [*differences[:10], *left, *filter(None, [crashed])]:
            screen.note(problem)
        verdict = "each is in the unified database" if not differences else f"{len(differences):,} are NOT there"
        doubt = f" ({unknown} whose connection broke may be either way)" if unknown else ""
        screen.note(f"{writes:,} acknowledged writes: {verdict}{doubt}; {len(left)} things left on the old databases")
        return 1 if differences or crashed or left else 0

    # -- how they are done -------------------------------------------------------------------------------

    def command(self, *arguments: str) -> Program:
        """Run a command that has to go well, while the screen goes on."""
        return self.world.must(*arguments, meanwhile=self.screen.refresh)

    def begin(self, *arguments: str) -> Program:
        """Start a command that runs until it is stopped."""
        return self.world.begin(*arguments)

    def until_near(self, following: Program, most: float = 300) -> None:
        """Wait until the follower is near on all databases."""
        self.watch(2, until=lambda: self._is_near(following), most=most)
        lags = self.world.lag()
        self.screen.note(
            f"follows {len(lags)} databases, {max(lags.values(), default=0) / 1024:,.0f} kB behind at most"
        )

    def _is_near(self, following: Program) -> bool:
        if following.process.poll() is not None:
            raise RuntimeError(f"{following.name}: exit code {following.process.returncode}\n{following.said}")
        self.screen.lags = self.world.lag()
        copied = " behind" in following.said  # of each database it tells now and then how far
        near = max(NEAR, SECONDS_NEAR * self._log_per_second())
        return copied and len(self.screen.lags) >= len(DATABASES) and max(self.screen.lags.values()) < near

    def _log_per_second(self) -> float:
        """Return how fast the servers have written their log since this was asked last."""
        (then, before), now = self._written, (time.monotonic(), self.world.written())
        self._written = now
        return (now[1] - before) / max(now[0] - then, 0.1) if before else 0.0

    def watch(self, seconds: float, *, until: Callable[[], bool] = lambda: True, most: float = 30) -> None:
        """Let the services write for a while, and then until something is so."""
        ends, latest = time.monotonic() + seconds, time.monotonic() + seconds + most
        while time.monotonic() < ends or not until():
            if time.monotonic() > latest:
                raise RuntimeError(f"{self.screen.steps[-1][0]}: nothing has come of it in {most:.0f} s")
            if crashed := self.world.crashed:
                raise RuntimeError(f"a service failed:\n{crashed}")
            self.screen.lags = self.world.lag()
            self.screen.refresh()
            time.sleep(REFRESH)


def default_folder() -> Path:
    """Return where the servers' files go: beside those of the other demo."""
    data = Path("/var/lib") if os.geteuid() == 0 else Path(os.environ.get("XDG_DATA_HOME", "~/.local/share"))
    return data.expanduser() / "payrollx-db" / "demo-online"


def main() -> int:
    """Read the options, and play the story."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--employees", type=int, default=100, help="how large the legacy databases are")
    parser.add_argument("--rate", type=float, default=10, help="writes a second of each service; 0: all that it can")
    parser.add_argument("--writes", type=int, default=0, help="writes of each service at least")
    parser.add_argument("--seconds", type=float, default=4, help="how long each state is shown")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where the servers' files go")
    parser.add_argument("--keep", action="store_true", help="leave the servers running at the end")
    given = parser.parse_args()
    world = OnlineWorld(given.folder, given.employees, given.rate, given.writes)
    console = Console()
    screen = Screen(world, console)
    try:
        if console.is_terminal:
            with Live(console=console, auto_refresh=False) as screen.live:
                code = Story(world, screen, given.seconds).tell()
        else:
            code = Story(world, screen, given.seconds).tell()
            console.print(screen.table())
    except RuntimeError as error:
        console.print(f"{error}", style="bold red", highlight=False, markup=False)
        return 1
    finally:
        world.stop_services()
        if not given.keep:
            world.destroy()
    return code


if __name__ == "__main__":
    sys.exit(main())
