"""Measure a built-in system's consolidation against what people would do by hand, on the same servers and rows.

Two servers are made, one a side, with a production server's settings. Contenders take turns on fresh targets: `ours` is
`plan`, `check`, `copy` and `verify`, a command each; `one` is `copy --verify`, all of it in one command; `dump` is
`pg_dump | psql`, one database after the other, which converts and proves nothing; `pgcopydb` the same by `pgcopydb
clone`, where it is installed; `pipe` is `COPY TO | COPY FROM` by psql with the SQL of our plan, indexes afterwards and
keys last, as a good engineer would script it. Seconds are told by the clock and by the processors: those of the
commands and of both servers together, which say more where the machine has other work. Medians of the ratios of each
round count.
Usage: bench_catalog.py [--catalog tec|azora] [--from LAYOUT] [--users N] [--rounds N] [--jobs N] [--only NAME …]
"""

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
from bench_copy import PRODUCTION, PSQL, run
from bench_identity import where, with_password
from psycopg import sql

from payrollx_db.catalogs import registry
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.copy import indexes as load
from payrollx_db.consolidate.endpoints import endpoints, variable
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.devserver import Programs, Server, create_database, drop_database
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.layout import Layout
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

TICKS = os.sysconf("SC_CLK_TCK")
STEPS = ("plan", "check", "copy", "verify")
OURS = ("ours", "one")


@dataclass(frozen=True)
class Cost:
    """What a contender took: by the clock, and of the processors."""

    seconds: float
    processor: float


@dataclass
class Bench:
    """Both servers, what is on them, and the ways to carry it over."""

    catalog: Catalog
    layout: Layout
    servers: tuple[Server, Server]
    source: DatabaseUrl
    target: DatabaseUrl
    folder: Path
    jobs: int
    programs: Programs = field(default_factory=Programs.find)
    steps: dict[str, list[Cost]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The legacy databases, each once."""
        return list(dict.fromkeys(database.usual_database for database in self.layout.databases))

    @property
    def unified(self) -> DatabaseUrl:
        """Where our own copy and the pipe lead."""
        return self.target.with_database("bench_unified")

    def contenders(self) -> dict[str, Callable[[], None]]:
        """Who takes turns."""
        found = {"ours": self.by_ours, "one": self.by_one, "dump": self.by_dump, "pipe": self.by_pipe}
        return found | ({"pgcopydb": self.by_pgcopydb} if shutil.which("pgcopydb") else {})

    def by_ours(self) -> None:
        """The installed commands, one after the other."""
        for step in STEPS:
            self.steps.setdefault(step, []).append(self.cost(partial(self._command, step)))

    def by_one(self) -> None:
        """All of it in one command."""
        self._command("copy", "--verify")

    def _command(self, *words: str) -> None:
        environment = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        for database in self.layout.databases:
            url = self.source.with_database(database.usual_database)
            environment[variable(database.variable)] = url.plain
        environment |= {"DATABASE_URL": self.unified.plain, "PAYROLLX_CATALOG": str(self.catalog.option)}
        jobs = ["--jobs", str(self.jobs)] if words != ("plan",) else []
        run([sys.executable, "-m", "payrollx_db", *words, "--from", self.layout.name, "--json", *jobs], environment)

    def by_dump(self) -> None:
        """Each database through `pg_dump | psql`."""
        for name in self.names:
            dump = [str(self.programs.folder / "pg_dump"), "--no-owner", *where(self.source.with_database(name))]
            psql = [*self._psql_words(self.target.with_database(f"bench_{name}"))]
            with subprocess.Popen(dump, stdout=subprocess.PIPE, env=with_password(self.source)) as reading:
                subprocess.run(
                    psql, stdin=reading.stdout, env=with_password(self.target), stdout=subprocess.DEVNULL, check=True
                )
            if reading.returncode:
                sys.exit(f"pg_dump of {name} failed")

    def by_pgcopydb(self) -> None:
        """Each database through `pgcopydb clone`."""
        jobs = ["--table-jobs", str(self.jobs), "--index-jobs", str(self.jobs)]
        path = f"{self.programs.folder}:{os.environ['PATH']}"
        for name in self.names:
            work = self.folder / f"pgcopydb_{name}"
            ends = ["--source", self.source.with_database(name).plain]
            ends += ["--target", self.target.with_database(f"bench_{name}").plain]
            words = ["--dir", str(work), "--not-consistent", "--no-owner"]
            run(["pgcopydb", "clone", *ends, *jobs, *words], {**os.environ, "PATH": path})
            shutil.rmtree(work, ignore_errors=True)

    def by_pipe(self) -> None:
        """The tables by hand, with the SQL of our plan."""
        urls = {known.name: self.source.with_database(known.usual_database) for known in self.layout.databases}
        sources, goal = endpoints(urls, self.unified, application_name="bench")
        plan = asyncio.run(pipeline.plan(pipeline.Task(self.catalog, self.layout, sources, goal, (), self.jobs)))
        names = {table.target_name for table in plan.copies}
        keys = [key for key in plan.target.foreign_keys if key.table in names or key.target in names]
        drops: list[sql.Composable] = [
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(load.qualified(key.table), sql.Identifier(key.name))
            for key in keys
        ]
        for name in names:
            for index in plan.target.tables[name].indexes:
                drop = (
                    load.drop_constraint(name, index.constraint) if index.constraint else load.drop_index(name, index)
                )
                drops.append(sql.Composed([drop]))
        with psycopg.connect(self.unified.conninfo(), autocommit=True) as connection:
            for drop in drops:
                connection.execute(sql.Composed([drop]))
        with ThreadPoolExecutor(self.jobs) as workers:
            list(workers.map(lambda table: self._table(plan, table, urls[table.database]), plan.copies))
            list(workers.map(lambda key: self._psql(_add(key.table, key.name, key.definition)), keys))

    def _table(self, plan: Plan, table: TablePlan, source: DatabaseUrl) -> None:
        """One table: its rows, then its indexes, then what rests on them."""
        name = load.qualified(table.target_name).as_string(None)
        columns = ", ".join(f'"{column.target.name}"' for column in table.columns)
        send = f"COPY ({table.select().as_string(None)}) TO STDOUT (FORMAT binary)"
        take = f"BEGIN; TRUNCATE {name}; COPY {name} ({columns}) FROM STDIN (FORMAT binary, FREEZE); COMMIT"
        reading = subprocess.Popen(
            [*self._psql_words(source), "-c", send], stdout=subprocess.PIPE, env=with_password(self.source)
        )
        writing = [*self._psql_words(self.unified), "-c", take]
        subprocess.run(writing, stdin=reading.stdout, env=with_password(self.target) | PSQL, check=True)
        reading.wait()
        indexes = plan.target.tables[table.target_name].indexes
        constraints = [load.attach(table.target_name, i).as_string(None) for i in indexes if i.constraint]
        self._psql(*(index.definition for index in indexes), *constraints, f"ANALYZE {name}")

    def _psql_words(self, url: DatabaseUrl) -> list[str]:
        return [str(self.programs.folder / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where(url)]

    def _psql(self, *statements: str) -> None:
        words = [word for statement in statements for word in ("-c", statement)]
        run([*self._psql_words(self.unified), *words], with_password(self.target) | PSQL)

    # --- what it costs ------------------------------------------------------------------------------

    def cost(self, work: Callable[[], object]) -> Cost:
        """Do the work, and return what it took: of this process, its children, and both servers."""
        began, spent = time.perf_counter(), self._processor()
        work()
        return Cost(time.perf_counter() - began, self._processor() - spent)

    def _processor(self) -> float:
        usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        ours = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        return ours + sum(_of_server(server) for server in self.servers)

    def fresh(self) -> None:
        """Make the target's databases anew, and let both servers settle."""
        for name in self.names:
            drop_database(self.target, f"bench_{name}")
            create_database(self.target, f"bench_{name}")
        drop_database(self.target, "bench_unified")
        create_database(self.target, "bench_unified", template="bench_migrated")
        for url in (self.source, self.target):
            with psycopg.connect(url.conninfo(), autocommit=True) as connection:
                connection.execute("CHECKPOINT")


def _of_server(server: Server) -> float:
    """Return the seconds of processors that a server has used: its processes', with those that have ended."""
    postmaster = int((server.data_dir / "cluster" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    ticks = 0
    for pid in (str(postmaster), *children):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended, and is in the postmaster's from now on
            continue
        ticks += sum(map(int, fields[11:15] if pid == str(postmaster) else fields[11:13]))
    return ticks / TICKS


def _add(table: str, name: str, definition: str) -> str:
    return f'ALTER TABLE {load.qualified(table).as_string(None)} ADD CONSTRAINT "{name}" {definition}'


def measure(bench: Bench, only: list[str] | None, rounds: int) -> dict[str, list[Cost]]:
    """Let them take turns; return what each took."""
    turns = [(name, work) for name, work in bench.contenders().items() if not only or name in only]
    costs: dict[str, list[Cost]] = {name: [] for name, _ in turns}
    for number in range(rounds):
        first = number % len(turns)
        for name, work in turns[first:] + turns[:first]:
            bench.fresh()
            costs[name].append(cost := bench.cost(work))
            told = f"round {number + 1}: {name} {cost.seconds:.1f} s, processors {cost.processor:.1f} s"
            print(told, file=sys.stderr, flush=True)
    return costs


def report(bench: Bench, costs: dict[str, list[Cost]], rows: int) -> None:
    """Print the medians, and the ratios round by round."""
    print(
        f"{bench.catalog.name} from {bench.layout.name}: {len(bench.names)} databases, {rows:,} rows, {bench.jobs} jobs"
    )
    for name, taken in costs.items():
        line = _line(name, taken)
        if name not in OURS:
            mine = {ours: costs[ours] for ours in OURS if ours in costs}
            mine |= {"copy": bench.steps["copy"]} if bench.steps else {}
            for ours, own in mine.items():
                line += f"   {ours} / {name} = {_ratio(own, taken, lambda cost: cost.seconds):.2f},"
                line += f" by processors {_ratio(own, taken, lambda cost: cost.processor):.2f}"
        print(line)
    for name, taken in bench.steps.items():
        print(_line(f"  {name}", taken))


def _line(name: str, taken: list[Cost]) -> str:
    seconds = [cost.seconds for cost in taken]
    processor = statistics.median(cost.processor for cost in taken)
    return (
        f"  {name:<10} {statistics.median(seconds):7.1f} s ({min(seconds):.1f} to {max(seconds):.1f}), {processor:.1f}"
    )


def _ratio(ours: list[Cost], theirs: list[Cost], of: Callable[[Cost], float]) -> float:
    return statistics.median(of(a) / of(b) for a, b in zip(ours, theirs, strict=True))


def main() -> None:
    """Start two servers, fill one, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", default="tec", choices=["tec", "azora"])
    parser.add_argument("--from", dest="layout", default="legacy")
    parser.add_argument("--users", type=int, default=60, help="22,000 make five million rows of TEC's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="ours, one, dump, pipe, pgcopydb")
    options = parser.parse_args()
    catalog = registry.find(options.catalog)
    layout = registry.layout(catalog, options.layout)
    with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        servers = (Server(folder / "source", settings=PRODUCTION), Server(folder / "target", settings=PRODUCTION))
        try:
            source, target = (server.up() for server in servers)
            more = {"layout": options.layout} if options.catalog == "tec" else {}
            made = registry.practice(catalog)(source, employees=options.users, **more)
            migrate.upgrade(create_database(target, "bench_migrated"), catalog)
            bench = Bench(catalog, layout, servers, source, target, folder, options.jobs)
            costs = measure(bench, options.only, options.rounds)
            report(bench, costs, made.rows)
        finally:
            for server in servers:
                server.destroy()


if __name__ == "__main__":
    main()
