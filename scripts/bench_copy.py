"""Measure `copy` against the tools people use today, on the same machine, the same servers and the same rows.

Two servers are made for the purpose, with the settings that a production server would have (fsync on). The
legacy databases get the unified tables' secondary indexes too, so that all contenders do the same work. They
take turns; medians are compared. Contenders: `payrollx-db copy`; pgcopydb, where installed; pg_dump | pg_restore
in the directory format; and the limit: psql | psql with the SQL that
`plan --sql` shows, indexes as tables finish, keys last.
On request also: `check` before and `verify` after each copy, against the copy's time; the identity copy (see
bench_identity.py) against pgcopydb; and the copy alone at further sizes, for its time and its memory.
With --many, many small tables instead, against pg_dump | psql (see bench_many.py).
Usage: bench_copy.py [--employees N] [--rounds N] [--jobs N] [--only NAME …] [--also check|verify|identity …]
                     [--sizes N …] [--json FILE]
       bench_copy.py --many [TABLES …] [--rounds N] [--jobs N] [--only copy|verify|dump …]
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import bench_many
import psycopg
from bench_identity import make_target, where, with_password
from psycopg import sql

from payrollx_db.catalogs.payrollx.practice.databases import make_legacy
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.copy import indexes as load
from payrollx_db.consolidate.endpoints import endpoints, variable
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.devserver import Programs, Server, create_database, drop_database
from payrollx_db.legacy import LAYOUT
from payrollx_db.postgres.introspect import ForeignKey
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

PRODUCTION = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
}

PSQL = {"PGOPTIONS": "-c maintenance_work_mem=256MB -c synchronous_commit=off"}


ActiveService = list[tuple[str, Callable[[], None]]]
Seconds = dict[str, list[float]]


@dataclass(frozen=True)
class Point:
    """What the copy took at one size. ``peak`` is of its process, in kB."""

    employees: int
    rows: int
    seconds: list[float]
    peak: int


@dataclass
class Bench:
    """Both servers, what is on them, and the ways to carry it over."""

    source: DatabaseUrl
    target: DatabaseUrl
    programs: Programs
    folder: Path
    jobs: int
    peak: list[int] = field(default_factory=list)  # kB, one a copy
    identity: bool = False  # whether there is a target for the identity copy

    @property
    def urls(self) -> dict[str, DatabaseUrl]:
        """Where each legacy database is."""
        return {database.name: self.source.with_database(database.name) for database in LAYOUT.databases}

    def plan(self, target: DatabaseUrl) -> Plan:
        """Return the plan into ``target``."""
        sources, goal = endpoints(self.urls, target, application_name="bench")
        return asyncio.run(pipeline.plan(pipeline.Task(CATALOG, LAYOUT, sources, goal, (), self.jobs)))

    # --- the contenders ----------------------------------------------------------------------------

    def by_copy(self) -> None:
        """Our own: the installed command, with everything that it does before and after."""
        self.peak.append(self._ours("-m", "payrollx_db", "copy", "--json"))

    def by_check(self) -> None:
        """All that `check` looks at, before the copy."""
        self._ours("-m", "payrollx_db", "check", "--json")

    def by_verify(self) -> None:
        """The proof of all rows, after the copy."""
        self._ours("-m", "payrollx_db", "verify", "--json")

    def by_identity(self) -> None:
        """Our copy of the same tables as they are, into one database."""
        self._ours(str(Path(__file__).with_name("bench_identity.py")), database="bench_identity")

    def _ours(self, *words: str, database: str = "bench_unified") -> int:
        """Run a program of ours from the legacy databases into ``database``; return its peak memory in kB."""
        environment = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        environment |= {variable(db.variable): self.urls[db.name].plain for db in LAYOUT.databases}
        environment["DATABASE_URL"] = self.target.with_database(database).plain
        return run([sys.executable, *words, "--jobs", str(self.jobs)], environment)

    def by_dump(self) -> None:
        """pg_dump in the directory format, uncompressed, and pg_restore, one database after the other."""
        for name, excluded in self._duplicates().items():
            dump = self.folder / f"dump_{name}"
            shutil.rmtree(dump, ignore_errors=True)
            words = [f"--exclude-table={table}" for table in excluded]
            jobs = ["-j", str(self.jobs)]
            run(
                [self._program("pg_dump"), "-Fd", "-Z0", *jobs, *words, "-f", str(dump), *where(self.urls[name])],
                with_password(self.source),
            )
            goal = self.target.with_database(f"bench_{name}")
            restore = [self._program("pg_restore"), *jobs, "--no-owner", *where(goal), str(dump)]
            run(restore, with_password(self.target))
            shutil.rmtree(dump)

    def by_pgcopydb(self) -> None:
        """Clone by pgcopydb, one database after the other."""
        for name, excluded in self._duplicates().items():
            filters = self.folder / f"{name}.ini"
            filters.write_text("[exclude-table]\n" + "".join(f"public.{table}\n" for table in excluded))
            work = self.folder / f"pgcopydb_{name}"
            shutil.rmtree(work, ignore_errors=True)
            jobs = ["--table-jobs", str(self.jobs), "--index-jobs", str(self.jobs)]
            ends = ["--source", self.urls[name].plain, "--target", self.target.with_database(f"bench_{name}").plain]
            words = ["--dir", str(work), "--skip-large-objects", *(["--filters", str(filters)] if excluded else [])]
            path = f"{self.programs.folder}:{os.environ['PATH']}"
            run(
                ["pgcopydb", "clone", *ends, *jobs, *words, "--not-consistent", "--no-owner"],
                {**os.environ, "PATH": path},
            )
            shutil.rmtree(work, ignore_errors=True)

    def by_hand(self) -> None:
        """The limit: what a good engineer would script with psql, knowing all that we know."""
        target = self.target.with_database("bench_unified")
        plan = self.plan(target)
        names = {table.target_name for table in plan.copies}
        keys = [key for key in plan.target.foreign_keys if key.table in names or key.target in names]
        with psycopg.connect(target.conninfo(), autocommit=True) as connection:
            for key in keys:
                table = load.qualified(key.table).as_string(None)
                connection.execute(
                    sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(key.name))
                )
            for name in names:
                for index in plan.target.tables[name].indexes:
                    drop = (
                        load.drop_constraint(name, index.constraint)
                        if index.constraint
                        else load.drop_index(name, index)
                    )
                    connection.execute(sql.Composed([drop]))
        with ThreadPoolExecutor(self.jobs) as workers:
            list(workers.map(lambda table: self._table_by_hand(plan, table, target), plan.copies))
            list(workers.map(lambda key: self._psql(target, _add_key(key)), keys))

    def _table_by_hand(self, plan: Plan, table: TablePlan, target: DatabaseUrl) -> None:
        """One table: its rows, then its indexes, then what rests on them."""
        name = load.qualified(table.target_name).as_string(None)
        columns = ", ".join(f'"{column.target.name}"' for column in table.columns)
        send = f"COPY ({table.select().as_string(None)}) TO STDOUT (FORMAT binary)"
        take = f"BEGIN; TRUNCATE {name}; COPY {name} ({columns}) FROM STDIN (FORMAT binary, FREEZE); COMMIT"
        source = [*self._psql_words(self.urls[table.database]), "-c", send]
        read = subprocess.Popen(source, stdout=subprocess.PIPE, env=with_password(self.source))
        words = [*self._psql_words(target), "-c", take]
        subprocess.run(words, stdin=read.stdout, env=with_password(self.target) | PSQL, check=True)
        indexes = plan.target.tables[table.target_name].indexes
        constraints = [load.attach(table.target_name, i).as_string(None) for i in indexes if i.constraint]
        self._psql(target, *(index.definition for index in indexes), *constraints, f"ANALYZE {name}")

    # --- helpers -----------------------------------------------------------------------------------

    def fresh(self) -> None:
        """Make the target's databases anew, and let both servers settle."""
        names = [f"bench_{db.name}" for db in LAYOUT.databases]
        for name in (*names, "bench_unified", "bench_identity"):
            drop_database(self.target, name)
        for name in names:
            create_database(self.target, name)
        create_database(self.target, "bench_unified", template="bench_migrated")
        if self.identity:
            create_database(self.target, "bench_identity", template="bench_same")
        for url in (self.source, self.target):
            with psycopg.connect(url.conninfo(), autocommit=True) as connection:
                connection.execute("CHECKPOINT")

    def _duplicates(self) -> dict[str, list[str]]:
        return {db.name: [d.source.name for d in db.duplicates] for db in LAYOUT.databases}

    def _program(self, name: str) -> str:
        return str(self.programs.folder / name)

    def _psql_words(self, url: DatabaseUrl) -> list[str]:
        return [self._program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where(url)]

    def _psql(self, url: DatabaseUrl, *statements: str) -> None:
        words = [word for statement in statements for word in ("-c", statement)]
        run([*self._psql_words(url), *words], with_password(self.target) | PSQL)


def index_the_legacy_side(bench: Bench, target: DatabaseUrl) -> None:
    """Give the legacy tables the secondary indexes that the unified ones have, over the columns that fill them."""
    for table in bench.plan(target).copies:
        sources = {column.target.name: column.sources for column in table.columns}
        with psycopg.connect(bench.urls[table.database].conninfo(), autocommit=True) as connection:
            for index in table.target.indexes:
                columns = [sources[name][0] for name in index.columns if len(sources.get(name, ())) == 1]
                if index.constraint or len(columns) != len(index.columns) or table.source.unique_over(columns):
                    continue
                connection.execute(
                    sql.SQL("CREATE INDEX ON {} ({})").format(
                        sql.Identifier(table.source.schema, table.source.name),
                        sql.SQL(", ").join(map(sql.Identifier, columns)),
                    )
                )


def free_of_duplicates(bench: Bench) -> None:
    """Drop the foreign keys at duplicate tables, which the tools that leave those tables out would stumble over."""
    for database in LAYOUT.databases:
        copies = {duplicate.source.name for duplicate in database.duplicates}
        with psycopg.connect(bench.urls[database.name].conninfo(), autocommit=True) as connection:
            keys = connection.execute(
                "SELECT conrelid::regclass::text, conname, confrelid::regclass::text"
                " FROM pg_constraint WHERE contype = 'f'"
            )
            for table, name, parent in keys.fetchall():
                if copies & {table, parent}:
                    drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
                    connection.execute(drop.format(sql.Identifier(table), sql.Identifier(name)))


def _add_key(key: ForeignKey) -> str:
    return f'ALTER TABLE {load.qualified(key.table).as_string(None)} ADD CONSTRAINT "{key.name}" {key.definition}'


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command and return its peak memory in kB; on failure end with what it said."""
    with tempfile.TemporaryFile("w+") as said:
        # An installed command has its byte code, whatever this shell says of writing it.
        kept = {name: text for name, text in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(command, env=kept, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{command[0]} failed:\n{said.read()[-2000:]}")
    return usage.ru_maxrss


def fill(bench: Bench, employees: int, template: DatabaseUrl) -> int:
    """Make the legacy databases anew, in this size; return how many rows there are."""
    rows = sum(table.rows for table in make_legacy(bench.source, employees=employees).tables)
    index_the_legacy_side(bench, template)
    free_of_duplicates(bench)
    return rows


def contenders(bench: Bench, also: list[str], only: list[str] | None) -> list[ActiveService]:
    """Return who takes turns, each with what is measured in one go on a fresh target."""
    copying: ActiveService = [("copy", bench.by_copy)]
    if "check" in also:
        copying.insert(0, ("check", bench.by_check))
    if "verify" in also:
        copying.append(("verify", bench.by_verify))
    turns: list[ActiveService] = [copying, [("limit", bench.by_hand)], [("dump/restore", bench.by_dump)]]
    if shutil.which("pgcopydb"):
        turns.append([("pgcopydb", bench.by_pgcopydb)])
    if "identity" in also:
        turns.append([("identity", bench.by_identity)])
    return [turn for turn in turns if not only or {name for name, _ in turn} & {*only, *also}]


def measure(bench: Bench, turns: list[ActiveService], rounds: int) -> Seconds:
    """Let them take turns; return the seconds of each."""
    seconds: Seconds = {name: [] for turn in turns for name, _ in turn}
    for number in range(rounds):
        first = number % len(turns)
        for turn in turns[first:] + turns[:first]:
            bench.fresh()
            for name, work in turn:
                started = time.perf_counter()
                work()
                seconds[name].append(time.perf_counter() - started)
                print(f"round {number + 1}: {name} {seconds[name][-1]:.1f} s", file=sys.stderr, flush=True)
    return seconds


def main() -> None:
    """Start two servers, fill one, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--employees", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--also", nargs="*", default=[], choices=["check", "verify", "identity"])
    parser.add_argument("--sizes", nargs="*", type=int, default=[], help="further numbers of employees, copy only")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--many", nargs="*", type=int, metavar="TABLES", help="many small tables (400, unless given)")
    options = parser.parse_args()
    if options.many is not None:
        options.many = options.many or [400]
        bench_many.bench(options, PRODUCTION)
        return
    with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        servers = [Server(folder / side, settings=PRODUCTION) for side in ("source", "target")]
        try:
            source, target = (server.up() for server in servers)
            bench = Bench(source, target, Programs.find(), folder, options.jobs)
            template = create_database(target, "bench_migrated")
            migrate.upgrade(template, CATALOG)
            curve = [curve_point(bench, size, options.rounds, template) for size in sorted(options.sizes)]
            rows = fill(bench, options.employees, template)
            if "identity" in options.also:
                make_target(bench.programs, bench.urls, create_database(target, "bench_same"))
                bench.identity = True
            bench.peak.clear()
            seconds = measure(bench, contenders(bench, options.also, options.only), options.rounds)
        finally:
            for server in servers:
                server.destroy()
    if "copy" in seconds:
        curve.append(Point(options.employees, rows, seconds["copy"], max(bench.peak)))
    report(seconds, curve, rows, options)


def curve_point(bench: Bench, employees: int, rounds: int, template: DatabaseUrl) -> Point:
    """Measure the copy alone, in this size."""
    rows = fill(bench, employees, template)
    bench.peak.clear()
    seconds = measure(bench, [[("copy", bench.by_copy)]], rounds)
    return Point(employees, rows, seconds["copy"], max(bench.peak))


def report(seconds: Seconds, curve: list[Point], rows: int, options: argparse.Namespace) -> None:
    """Print the medians and the ratios, round by round; write all of it as JSON where asked for."""
    print(f"{options.employees:,} employees, {rows:,} rows with the duplicate tables, {options.jobs} jobs")
    for name, found in seconds.items():
        ratios = [f"{ours} / {theirs} = {ratio(seconds, ours, theirs):.2f}" for ours, theirs in pairs(seconds, name)]
        line = f"  {name:<14} {statistics.median(found):7.1f} s  ({min(found):.1f} to {max(found):.1f})"
        print("   ".join((line, *ratios)))
    for point in sorted(curve, key=lambda point: point.employees):
        line = f"  {point.employees:>9,} employees {point.rows:>11,} rows {statistics.median(point.seconds):7.1f} s"
        smallest = min(curve, key=lambda point: point.employees)
        times = statistics.median(point.seconds) / statistics.median(smallest.seconds)
        print(f"{line}   {times:5.1f} times   peak memory {point.peak / 1024:.0f} MB")
    if options.json:
        told = {"employees": options.employees, "rows": rows, "jobs": options.jobs, "seconds": seconds}
        ratios_found = {f"{a}/{b}": ratio(seconds, a, b) for name in seconds for a, b in pairs(seconds, name)}
        told |= {"ratios": ratios_found, "sizes": [asdict(point) for point in curve]}
        options.json.write_text(json.dumps(told, indent=2))


def pairs(seconds: Seconds, name: str) -> list[tuple[str, str]]:
    """Return what the time of ``name`` is to be divided by, or is to divide."""
    if name in ("check", "verify"):
        return [(name, "copy")]
    if name == "identity":
        return [(name, "pgcopydb")] if "pgcopydb" in seconds else []
    return [("copy", name)] if name != "copy" and "copy" in seconds else []


def ratio(seconds: Seconds, ours: str, theirs: str) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(a / b for a, b in zip(seconds[ours], seconds[theirs], strict=True))


if __name__ == "__main__":
    main()
