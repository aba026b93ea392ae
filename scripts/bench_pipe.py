"""Measure the pipe against `psql | psql`: the same binary COPY, between two servers made for the purpose.

Both ways take turns on the same machine and the same servers, so that a ratio holds where a time wouldn't.
Usage: bench_pipe.py [--narrow ROWS] [--wide ROWS] [--runs N] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from payrollx_db.devserver import Programs, Server
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.session import Endpoint, copy_connection
from payrollx_db.postgres.url import DatabaseUrl

NARROW = "CREATE TABLE narrow (id bigint, n integer, at timestamptz)"
FILL_NARROW = "INSERT INTO narrow SELECT g, g %% 1000, now() FROM generate_series(1, %s) AS g"
WIDE = "CREATE TABLE wide (id uuid, name text, body text, data jsonb, at timestamptz, amount numeric(38,18))"
FILL_WIDE = """
INSERT INTO wide SELECT gen_random_uuid(), 'name ' || g, repeat(md5(g::text), 6),
  jsonb_build_object('k', g, 'v', md5(g::text)), now(), g / 7.0 FROM generate_series(1, %s) AS g
"""


def prepare(source: DatabaseUrl, target: DatabaseUrl, narrow: int, wide: int) -> dict[str, int]:
    """Make both tables on both sides, filled on the source. Returns their sizes in bytes."""
    with psycopg.connect(source.conninfo(), autocommit=True) as connection:
        for make, fill, rows in ((NARROW, FILL_NARROW, narrow), (WIDE, FILL_WIDE, wide)):
            connection.execute(make)
            connection.execute(fill, (rows,))
        connection.execute("VACUUM ANALYZE")
        sizes = connection.execute("SELECT pg_table_size('narrow'), pg_table_size('wide')").fetchone() or (0, 0)
    with psycopg.connect(target.conninfo(), autocommit=True) as connection:
        connection.execute(NARROW)
        connection.execute(WIDE)
    return {"narrow": sizes[0], "wide": sizes[1]}


def by_psql(table: str, source: DatabaseUrl, target: DatabaseUrl, programs: Programs) -> None:
    """Copy by two psql processes and a pipe between them."""
    environment = {**os.environ, "PGPASSWORD": source.params["password"]}
    read = subprocess.Popen(
        [*_psql(programs, source), "-c", f"COPY {table} TO STDOUT (FORMAT binary)"],
        stdout=subprocess.PIPE,
        env=environment,
    )
    write = subprocess.Popen(
        [*_psql(programs, target), "-c", f"COPY {table} FROM STDIN (FORMAT binary)"],
        stdin=read.stdout,
        env={**os.environ, "PGPASSWORD": target.params["password"]},
    )
    if read.stdout is not None:
        read.stdout.close()
    if write.wait() or read.wait():
        sys.exit("psql failed")


def _psql(programs: Programs, url: DatabaseUrl) -> list[str]:
    where = url.params
    program = str(programs.folder / "psql")
    return [program, "-X", "-q", "-h", where["host"], "-p", where["port"], "-U", where["user"], url.dbname]


def by_pipe(table: str, source: DatabaseUrl, target: DatabaseUrl) -> None:
    """Copy by our pipe."""

    async def copy() -> None:
        here, there = Endpoint(source, "source", "source"), Endpoint(target, "target", "target")
        async with copy_connection(here) as reader, copy_connection(there) as writer:
            columns = ["id", "n", "at"] if table == "narrow" else ["id", "name", "body", "data", "at", "amount"]
            query = f"SELECT {', '.join(columns)} FROM public.{table}"
            await pipe(reader, query, writer, ("public", table), columns, source=here, target=there)

    asyncio.run(copy())


def timed(work: Callable[[], None], target: DatabaseUrl, table: str) -> float:
    """Return the seconds that ``work`` takes, on an empty target table."""
    with psycopg.connect(target.conninfo(), autocommit=True) as connection:
        connection.execute(f"TRUNCATE {table}")
        connection.execute("CHECKPOINT")
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(source: DatabaseUrl, target: DatabaseUrl, programs: Programs, table: str, runs: int) -> dict[str, Any]:
    """Let both ways take turns; the first pair only warms up."""
    pairs = []
    for run in range(runs + 1):
        pair = (
            timed(lambda: by_pipe(table, source, target), target, table),
            timed(lambda: by_psql(table, source, target, programs), target, table),
        )
        if run:
            pairs.append(pair)
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    return {
        "pipe": statistics.median(ours for ours, _ in pairs),
        "psql": statistics.median(theirs for _, theirs in pairs),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }


def main() -> None:
    """Start two servers, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--narrow", type=int, default=3_000_000)
    parser.add_argument("--wide", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as folder:
        Path(folder).chmod(0o711)
        servers = [Server(Path(folder) / name) for name in ("source", "target")]
        try:
            source, target = (server.up() for server in servers)
            programs = Programs.find()
            sizes = prepare(source, target, options.narrow, options.wide)
            results = {table: measure(source, target, programs, table, options.runs) for table in sizes}
        finally:
            for server in servers:
                server.destroy()
    for table, found in results.items():
        ratios = f"ratio {found['ratio']:.2f} ({found['ratios'][0]:.2f} to {found['ratios'][-1]:.2f})"
        both = f"pipe {found['pipe']:6.2f} s   psql | psql {found['psql']:6.2f} s"
        print(f"{table:<8} {sizes[table] / 1e6:6.0f} MB   {both}   {ratios}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if options.json:
        options.json.write_text(json.dumps({"sizes": sizes, "results": results}, indent=2))


if __name__ == "__main__":
    main()
