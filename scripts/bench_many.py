"""Measure the copy of many small tables against `pg_dump | psql` over the same databases: `bench_copy.py --many`.

Two servers, one a side; the contenders take turns on fresh targets, and the medians of the ratios count.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bench_tables
import psycopg
from bench_identity import where, with_password

from payrollx_db.consolidate.endpoints import variable
from payrollx_db.devserver import Programs, Server, create_database, drop_database
from payrollx_db.postgres.url import DatabaseUrl

DATABASES = 8


@dataclass
class ManyBench:
    """Both servers, how many tables there are, and the ways to carry them over."""

    source: DatabaseUrl
    target: DatabaseUrl
    programs: Programs
    tables: int
    jobs: int
    peak: list[int] = field(default_factory=list)  # kB, one a copy

    @property
    def names(self) -> list[str]:
        """The databases."""
        return bench_tables.database_names(DATABASES)

    def by_copy(self) -> None:
        """Our own: the installed command, with everything that it does before and after."""
        self.peak.append(self._ours("copy", "--json"))

    def by_verify(self) -> None:
        """The proof, after the copy."""
        self._ours("verify", "--json")

    def by_dump(self) -> None:
        """One database after the other through `pg_dump | psql`."""
        for name in self.names:
            dump = [str(self.programs.folder / "pg_dump"), "--no-owner", *where(self.source.with_database(name))]
            psql = [str(self.programs.folder / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
                    *where(self.target.with_database(f"bench_{name}"))]  # fmt: skip
            with subprocess.Popen(dump, stdout=subprocess.PIPE, env=with_password(self.source)) as reading:
                subprocess.run(
                    psql, stdin=reading.stdout, env=with_password(self.target), stdout=subprocess.DEVNULL, check=True
                )

    def fresh(self) -> None:
        """Make the target's databases anew, and let both servers settle."""
        for name in (*(f"bench_{name}" for name in self.names), "bench_many"):
            drop_database(self.target, name)
        for name in self.names:
            create_database(self.target, f"bench_{name}")
        create_database(self.target, "bench_many", template="bench_migrated")
        for url in (self.source, self.target):
            with psycopg.connect(url.conninfo(), autocommit=True) as connection:
                connection.execute("CHECKPOINT")

    def _ours(self, command: str, *options: str) -> int:
        environment = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        environment |= {variable(name.upper()): self.source.with_database(name).plain for name in self.names}
        environment |= {
            "DATABASE_URL": self.target.with_database("bench_many").plain,
            "PYTHONPATH": str(Path(__file__).parent),
            "BENCH_DATABASES": str(DATABASES),
            "BENCH_TABLES": str(self.tables),
        }
        words = ["--catalog", "bench_tables:CATALOG", "--from", "bench_tables:LAYOUT", "--jobs", str(self.jobs)]
        return run([sys.executable, "-m", "payrollx_db", command, *words, *options], environment)


def run(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command and return its peak memory in kB; on failure end with what it said."""
    with tempfile.TemporaryFile("w+") as output:
        # An installed command has its byte code, whatever this shell says of writing it.
        kept = {name: text for name, text in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(command, env=kept, stdout=subprocess.DEVNULL, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{command[0]} failed:\n{output.read()[-2000:]}")
    return usage.ru_maxrss


def measure(bench: ManyBench, rounds: int, contenders: list[tuple[str, Callable[[], None]]]) -> dict[str, list[float]]:
    """Let the contenders take turns; return the seconds of each. `verify` follows its copy."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in contenders}
    for number in range(rounds):
        for name, work in contenders if number % 2 == 0 else sorted(contenders, key=lambda c: c[0] != "dump"):
            if name != "verify":
                bench.fresh()
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
            print(f"round {number + 1}: {name} {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
    return seconds


def bench(options: argparse.Namespace, settings: Mapping[str, str]) -> None:
    """Start two servers, fill one, measure for each number of tables, print a table."""
    for tables in options.many:
        with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            servers = [Server(folder / side, settings=dict(settings)) for side in ("source", "target")]
            try:
                source, target = (server.up() for server in servers)
                many = ManyBench(source, target, Programs.find(), tables, options.jobs)
                rows = bench_tables.make_sources(source, DATABASES, tables)
                bench_tables.make_target(create_database(target, "bench_migrated"), DATABASES, tables)
                contenders = [("copy", many.by_copy), ("verify", many.by_verify), ("dump", many.by_dump)]
                chosen = [(n, w) for n, w in contenders if not options.only or n in options.only]
                report(tables, rows, measure(many, options.rounds, chosen), many.peak)
            finally:
                for server in servers:
                    server.destroy()


def report(tables: int, rows: int, seconds: Mapping[str, list[float]], peak: list[int]) -> None:
    """Print the medians and the ratios."""
    print(f"{tables:,} tables in {DATABASES} databases, {rows:,} rows")
    for name, times in seconds.items():
        print(f"  {name:<8} {statistics.median(times):7.2f} s  ({min(times):.2f} to {max(times):.2f})")
    if "copy" in seconds and "dump" in seconds:
        ratio = statistics.median(a / b for a, b in zip(seconds["copy"], seconds["dump"], strict=True))
        print(f"  copy / pg_dump | psql = {ratio:.2f}")
    if peak:
        print(f"  peak memory of the copy {max(peak) / 1024:.0f} MB")
