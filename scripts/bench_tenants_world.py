"""What `bench_tenants.py` measures on: two servers, quickly made churches, and who has used the processors.

A church's database is made once for each of the first few, and cloned for all others: how they came to be isn't what is
measured. The rows of the registry are each church's own.
"""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

from psycopg import sql

from payrollx_db.catalogs.koinonia.practice.churches import Church
from payrollx_db.catalogs.koinonia.practice.world import MARKED, ChurchWorld
from payrollx_db.devserver import Server
from payrollx_db.devserver.practice import DatabaseMade
from payrollx_db.postgres.databases import connect
from payrollx_db.postgres.url import DatabaseUrl

MEMBERS = 50  # of a church on average, which makes some hundred rows
PROTOTYPES = 12  # churches that are made; older ones and plans are every third
FILE_COPY = 150000  # the first server that can be told so
TICKS = os.sysconf("SC_CLK_TCK")


class ClonedWorld(ChurchWorld):
    """Koinonia's practice databases, of which all but the first few are clones of these."""

    def _church(self, church: Church) -> DatabaseMade:
        if church.number < PROTOTYPES:
            return super()._church(church)
        began = perf_counter()
        clone = sql.Identifier(church.url.dbname)
        parts = {"clone": clone, "prototype": sql.Identifier(self.all[church.number % PROTOTYPES].url.dbname)}
        with connect(self.url) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {clone}").format(**parts))
            making = sql.SQL("CREATE DATABASE {clone} TEMPLATE {prototype}").format(**parts)
            if connection.info.server_version >= FILE_COPY:  # as before: no page of it goes through the log
                making += sql.SQL(" STRATEGY file_copy")
            connection.execute(making)
            mark = sql.Literal(f"{MARKED}, cloned; may be dropped")
            connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(clone, mark))
        return DatabaseMade(church.url.dbname, (), (), perf_counter() - began)


@dataclass(frozen=True)
class Figure:
    """What a step took: seconds by the clock, of our processors and of both servers', and the most memory in kB."""

    clock: float
    ours: float
    servers: float
    peak: int = 0


@dataclass
class TwoServers:
    """A server a side with default lock settings, in a folder that is kept or not, and what was measured on them."""

    folder: Path
    figures: dict[str, Figure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take over what earlier calls have measured here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        self.sides = [Server(self.folder / side) for side in ("source", "target")]
        if self._kept.exists():
            self.figures = {name: Figure(*values) for name, values in json.loads(self._kept.read_text()).items()}

    def up(self) -> tuple[DatabaseUrl, DatabaseUrl]:
        """Start both, and return their URLs."""
        source, target = (server.up() for server in self.sides)
        return source, target

    def destroy(self) -> None:
        """Stop both and remove their folders."""
        for server in self.sides:
            server.destroy()

    def churches(self, source: DatabaseUrl, tenants: int) -> None:
        """Make the legacy databases, unless an earlier call has."""
        mark = self.folder / "tenants"
        if mark.exists():
            if int(mark.read_text()) != tenants:
                message = f"{self.folder} has {mark.read_text()} tenants; name another folder"
                raise SystemExit(message)
            return
        ClonedWorld(source, tenants, tenants * MEMBERS, 1, hostile=False).make()
        mark.write_text(str(tenants))

    @contextmanager
    def measured(self, what: str) -> Iterator[None]:
        """Measure what the block does by child processes and in both servers."""
        self.processors()  # of sessions that have just ended
        ours, servers, began = _children(), self.processors(), perf_counter()
        yield
        clock = perf_counter() - began
        sleep(0.3)  # until the servers have seen their last sessions end
        used = self.processors() - servers
        now = _children()
        peak = now.ru_maxrss if now.ru_maxrss > ours.ru_maxrss else 0
        self.record(what, Figure(clock, _seconds(now) - _seconds(ours), used, peak))

    def record(self, what: str, figure: Figure) -> None:
        """Keep a figure, also for the next call on this folder."""
        self.figures[what] = figure
        values = {name: (f.clock, f.ours, f.servers, f.peak) for name, f in self.figures.items()}
        self._kept.write_text(json.dumps(values))

    def processors(self) -> float:
        """Return the seconds that both servers and their ended sessions have used; 0 where the system doesn't tell."""
        return sum(_used_by(server.status().pid or 0) for server in self.sides)

    @property
    def _kept(self) -> Path:
        return self.folder / "figures.json"


def _children() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def _seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _used_by(pid: int) -> float:
    """Return the seconds of a process with those of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(number) for number in fields[11:15]) / TICKS
