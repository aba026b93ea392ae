"""Measure a lift with its rows against what everybody has: `pg_dump -Fc | pg_restore`, and the schema renamed.

Two servers, one a side; the contenders take turns on fresh targets, and the medians of the ratios count. Ours is the
one command that does it all, from a lift.toml on. What it says that its verification took, for which the other way
has nothing, is told apart.

    .venv/bin/python scripts/bench_lift.py --databases 33 --tables 343
    .venv/bin/python scripts/bench_lift.py --megabytes 1000
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import bench_tables
import psycopg
from bench_identity import where, with_password
from psycopg import sql

from payrollx_db.devserver import Programs, Server, create_database, drop_database
from payrollx_db.lift import project
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.postgres.url import DatabaseUrl

UNIFIED, RESTORED, BIG = "bench_lifted", "bench_restored", "bench_big"
SETTINGS = {"max_wal_size": "4GB", "shared_buffers": "256MB"}
VERIFY = "verify"
ROW_BYTES = 340  # of the big tables, about
BIG_TABLES = 4
BIG_TABLE = """
CREATE TABLE {table} AS
SELECT n AS id, md5(n::text) AS name, now() - n * interval '1 second' AS at, (n % 1000)::integer AS kind,
       round((n * 0.37)::numeric, 2) AS amount, repeat(md5((n * 7)::text), 6) AS note,
       jsonb_build_object('n', n, 'tag', n % 17) AS facts
FROM generate_series(1::bigint, {rows}) AS n;
ALTER TABLE {table} ADD PRIMARY KEY (id);
CREATE INDEX ON {table} (kind, at);
CREATE UNIQUE INDEX ON {table} (name);
ANALYZE {table};
"""


@dataclass(frozen=True)
class LiftBench:
    """Both servers, the databases, and the ways to carry them over."""

    source: DatabaseUrl
    target: DatabaseUrl
    programs: Programs
    names: list[str]
    file: Path
    jobs: int

    def by_lift(self) -> float:
        """Our own: the installed command, a plan first, then schemas, then rows. Return the seconds of its verify."""
        # An installed command has its byte code, whatever this shell says of writing it.
        ours = ("PYTHONDONTWRITEBYTECODE", "DATABASE_URL")
        environment = {name: text for name, text in os.environ.items() if not name.endswith(ours)}
        words = ["lift", "--server", self.source.plain, "--to", self.target.with_database(UNIFIED).plain]
        words += [part for name in self.names for part in ("--databases", name)]
        words += ["--dir", str(self.file.parent), "--jobs", str(self.jobs), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "payrollx_db", *words], env=environment, capture_output=True, check=True
        )
        return float(json.loads(done.stdout)["seconds"]["verify"])

    def by_dump(self) -> float:
        """One database after the other into `public`, which is then renamed."""
        target = self.target.with_database(RESTORED)
        for name in self.names:
            dump = [str(self.programs.program("pg_dump")), "-Fc", *where(self.source.with_database(name))]
            restore = [str(self.programs.program("pg_restore")), "--no-owner", "--exit-on-error", *where(target)]
            with subprocess.Popen(dump, stdout=subprocess.PIPE, env=with_password(self.source)) as reading:
                subprocess.run(restore, stdin=reading.stdout, env=with_password(self.target), check=True)
            with psycopg.connect(target.conninfo(), autocommit=True) as connection:
                rename = sql.SQL("ALTER SCHEMA public RENAME TO {}; CREATE SCHEMA public")
                connection.execute(rename.format(sql.Identifier(name)))
        return 0.0

    def fresh(self) -> None:
        """Make the targets anew, and let both servers settle."""
        for name in (UNIFIED, RESTORED):
            drop_database(self.target, name)
            create_database(self.target, name)
        for url in (self.source, self.target):
            with psycopg.connect(url.conninfo(), autocommit=True) as connection:
                connection.execute("CHECKPOINT")


def measure(bench: LiftBench, rounds: int) -> dict[str, list[float]]:
    """Let the contenders take turns; return the seconds of each."""
    contenders: list[tuple[str, Callable[[], float]]] = [("lift", bench.by_lift), ("dump", bench.by_dump)]
    seconds: dict[str, list[float]] = {name: [] for name in ("lift", "dump", VERIFY)}
    for number in range(rounds):
        for name, work in contenders if number % 2 == 0 else reversed(contenders):
            bench.fresh()
            started = time.perf_counter()
            proving = work()
            seconds[name].append(time.perf_counter() - started - proving)
            print(f"round {number + 1}: {name} {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
            if name == "lift":
                seconds[VERIFY].append(proving)
    return seconds


def make_big(server: DatabaseUrl, megabytes: int) -> list[str]:
    """Make one database of about that size, and return its name."""
    rows = megabytes * 1_000_000 // ROW_BYTES // BIG_TABLES
    url = create_database(server, BIG)
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        for number in range(BIG_TABLES):
            table = sql.Identifier(f"entry_{number}")
            connection.execute(sql.SQL(BIG_TABLE).format(table=table, rows=sql.Literal(rows)))
        connection.execute("VACUUM")
    return [BIG]


def write_project(file: Path, names: list[str]) -> None:
    """Write a lift.toml of these databases."""
    schemas = tuple(LiftedSchema(name, name, "public", "", name, name, f"bench_role_{name}") for name in names)
    project.write(Project(file, "bench", "", "bench_owner", "bench_reader", schemas))


def main() -> int:
    """Start two servers, fill one, measure, print the medians and the ratio."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        servers = [Server(folder / side, settings=SETTINGS) for side in ("source", "target")]
        try:
            source, target = (server.up() for server in servers)
            names = _make(source, options)
            write_project(folder / "lift.toml", names)
            bench = LiftBench(source, target, Programs.find(), names, folder / "lift.toml", options.jobs)
            report(measure(bench, options.rounds))
        finally:
            for server in servers:
                server.destroy()
    return 0


def report(seconds: Mapping[str, list[float]]) -> None:
    """Print the medians and the ratio."""
    for name, times in seconds.items():
        print(f"  {name:<6} {statistics.median(times):7.2f} s  ({min(times):.2f} to {max(times):.2f})")
    ratio = statistics.median(a / b for a, b in zip(seconds["lift"], seconds["dump"], strict=True))
    print(f"  lift with rows / pg_dump -Fc | pg_restore and renames = {ratio:.2f}")


def _make(source: DatabaseUrl, options: argparse.Namespace) -> list[str]:
    if options.megabytes:
        return make_big(source, options.megabytes)
    bench_tables.make_sources(source, options.databases, options.tables)
    return bench_tables.database_names(options.databases)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--databases", type=int, default=33, help="how many small databases")
    parser.add_argument("--tables", type=int, default=343, help="how many tables they have in all")
    parser.add_argument("--megabytes", type=int, default=0, help="one database of that size in their place")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
