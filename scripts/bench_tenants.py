"""Measure many tenants of Koinonia's template, in both shapes, against `pg_dump | psql` in a loop, in one run.

Two servers, one a side, with default lock settings. Each figure is in seconds by the clock, and in seconds of the
processors (of our processes alone); the ratios are of one run on one machine, whatever that has to do besides.

    python scripts/bench_tenants.py --tenants 20 200
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from bench_identity import where, with_password

from payrollx_db.catalogs.koinonia.practice import make_legacy
from payrollx_db.devserver import Programs, Server, create_database
from payrollx_db.postgres.url import DatabaseUrl

MEMBERS = 50  # of a tenant, which makes some hundred rows

SHAPES = {"schemas": "koinonia", "shared": "koinonia-shared"}


@dataclass
class TenantsBench:
    """Both servers, and what was measured: by what, its seconds by the clock, of processors, and kB at the most."""

    source: DatabaseUrl
    target: DatabaseUrl
    programs: Programs
    tenants: int
    figures: dict[str, tuple[float, float, int]] = field(default_factory=dict)

    def run(self, shape: str) -> None:
        """Take all tenants the whole way into one shape."""
        catalog, url = SHAPES[shape], create_database(self.target, f"bench_{shape}")
        steps = [["migrate"], ["plan"], ["copy"], ["verify"], ["roles", "--check"], ["doctor"]]
        if shape == "schemas":
            steps.insert(1, ["tenant", "migrate", "--from", "legacy"])
        for words in steps:
            with self.measured(f"{shape}: {' '.join(words[:2])}"):
                self._ours(words, catalog, url)

    def by_loop(self) -> None:
        """One database after the other through `pg_dump | psql`."""
        names = [f"tenant_{name}" for name in self.ids()]
        for name in names:
            create_database(self.target, f"dump_{name}")
        with self.measured("pg_dump | psql"):
            for name in names:
                dump = [str(self.programs.folder / "pg_dump"), "--no-owner", *where(self.source.with_database(name))]
                psql = [str(self.programs.folder / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
                        *where(self.target.with_database(f"dump_{name}"))]  # fmt: skip
                with subprocess.Popen(dump, stdout=subprocess.PIPE, env=with_password(self.source)) as reading:
                    subprocess.run(
                        psql, stdin=reading.stdout, env=with_password(self.target), stdout=subprocess.DEVNULL,
                        check=True,
                    )  # fmt: skip
                if reading.returncode:
                    sys.exit(f"pg_dump of {name} failed")

    def ids(self) -> list[str]:
        """The tenants that the registry names and that have a database."""
        registry = self.source.with_database("koinonia_registry")
        with psycopg.connect(registry.conninfo()) as connection:
            rows = connection.execute(
                'SELECT t.id FROM public."Tenant" AS t JOIN pg_catalog.pg_database AS d'
                " ON d.datname = 'tenant_' || t.id ORDER BY 1"
            ).fetchall()
        return [name for (name,) in rows]

    @contextmanager
    def measured(self, what: str) -> Iterator[None]:
        """Measure what the block does."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        yield
        after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
        processors = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        peak = after.ru_maxrss if after.ru_maxrss > before.ru_maxrss else 0
        self.figures[what] = (clock, processors, peak)
        print(f"{self.tenants} tenants: {what} {clock:.1f} s, {processors:.1f} s of processors", file=sys.stderr)

    def _ours(self, words: list[str], catalog: str, url: DatabaseUrl) -> None:
        environment = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        environment |= {"DATABASE_URL": url.plain, "LEGACY_DATABASE_URL": self.source.plain}
        environment |= {"PAYROLLX_CATALOG": catalog}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with tempfile.TemporaryFile("w+") as output:
            command = [sys.executable, "-m", "payrollx_db", *words]
            done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=output, check=False)
            if done.returncode not in (0, 3):
                output.seek(0)
                sys.exit(f"{words} failed:\n{output.read()[-2000:]}")


def report(figures: Mapping[str, tuple[float, float, int]], tenants: int) -> None:
    """Print all figures, and the ratios to the loop."""
    print(f"\n{tenants:,} tenants of 25 tables")
    loop = figures.get("pg_dump | psql")
    for what, (clock, processors, peak) in figures.items():
        ratio = f"  {clock / loop[0]:6.2f} of the loop" if loop and what.endswith("copy") else ""
        memory = f"  {peak / 1024:.0f} MB" if peak else ""
        print(f"  {what:<40} {clock:8.1f} s {processors:8.1f} s of processors{ratio}{memory}")


def main() -> None:
    """Start two servers for each number of tenants, fill one, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, nargs="+", default=[20])
    parser.add_argument("--shape", choices=list(SHAPES), nargs="+", default=list(SHAPES))
    parser.add_argument("--no-loop", action="store_true", help="leave pg_dump | psql out")
    options = parser.parse_args()
    for tenants in options.tenants:
        with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            servers = [Server(folder / side) for side in ("source", "target")]
            try:
                source, target = (server.up() for server in servers)
                make_legacy(source, employees=tenants * MEMBERS, tenants=tenants)
                bench = TenantsBench(source, target, Programs.find(), tenants)
                for shape in options.shape:
                    bench.run(shape)
                if not options.no_loop:
                    bench.by_loop()
                report(bench.figures, tenants)
            finally:
                for server in servers:
                    server.destroy()


if __name__ == "__main__":
    main()
