"""What the online benchmarks work on: two servers, N legacy databases of three tables, a unified one, and writers.

Processor seconds are read from /proc: walls say little on a machine that others use.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from payrollx_db.consolidate.endpoints import endpoints
from payrollx_db.consolidate.planner import Task
from payrollx_db.devserver import Server, create_database
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, Lookup, SourceTable, TableMap
from payrollx_db.postgres.url import DatabaseUrl

SETTINGS = {"wal_level": "logical", "max_wal_size": "2GB", "max_wal_senders": "40", "max_replication_slots": "40",
            "max_logical_replication_workers": "40", "max_worker_processes": "60"}  # fmt: skip
SOURCE = """
CREATE TABLE organizations (id text PRIMARY KEY, name text NOT NULL, config jsonb, "updatedAt" timestamp(3) NOT NULL);
CREATE TABLE payroll_runs (id text PRIMARY KEY, "organizationId" text NOT NULL, status text NOT NULL,
  "totalAmount" numeric(38,18) NOT NULL, currency text NOT NULL, "updatedAt" timestamp(3) NOT NULL);
CREATE TABLE payroll_items (id text PRIMARY KEY, "payrollRunId" text NOT NULL, "employeeId" text NOT NULL,
  amount numeric(38,18) NOT NULL, status text NOT NULL, "txSignature" text, "retryCount" integer NOT NULL,
  "updatedAt" timestamp(3) NOT NULL);
"""
FILL = """
INSERT INTO organizations SELECT md5('o' || n)::uuid::text, 'org ' || n, '{{"a": 1}}', now()
  FROM generate_series(1, 100) AS n;
INSERT INTO payroll_runs SELECT md5('r' || n)::uuid::text, md5('o' || 1 + n % 100)::uuid::text, 'DRAFT', n, 'SOL', now()
  FROM generate_series(1, 1000) AS n;
INSERT INTO payroll_items
  SELECT md5('i' || n)::uuid::text, md5('r' || 1 + n % 1000)::uuid::text, md5('e' || n)::uuid::text,
  n / 100.0, 'DRAFT', 'sig' || md5(n::text), 0, now() FROM generate_series(1, {items}) AS n;
ANALYZE;
"""
TARGET = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.organizations (id uuid PRIMARY KEY, name text NOT NULL, config jsonb,
  updated_at timestamptz NOT NULL);
CREATE TABLE {schema}.payroll_runs (id uuid PRIMARY KEY, organization_id uuid NOT NULL, status text NOT NULL,
  total_amount numeric(38,18) NOT NULL, currency text NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE {schema}.payroll_items (id uuid PRIMARY KEY, payroll_run_id uuid NOT NULL, employee_id uuid NOT NULL,
  amount numeric(38,18) NOT NULL, currency text, status text NOT NULL, tx_signature text, retry_count integer NOT NULL,
  updated_at timestamptz NOT NULL);
"""
TABLES = {
    "organizations": {"id": "text", "name": "text", "config": "jsonb?", "updatedAt": "timestamp(3)"},
    "payroll_runs": {
        "id": "text", "organizationId": "text", "status": "text", "totalAmount": "numeric(38,18)", "currency": "text",
        "updatedAt": "timestamp(3)",
    },
    "payroll_items": {
        "id": "text", "payrollRunId": "text", "employeeId": "text", "amount": "numeric(38,18)", "status": "text",
        "txSignature": "text?", "retryCount": "integer", "updatedAt": "timestamp(3)",
    },
}  # fmt: skip
WRITES = """
\\set i random(1, :items)
\\set r random(1, 1000)
BEGIN;
UPDATE payroll_items SET status = 'DONE', "retryCount" = "retryCount" + 1, "updatedAt" = now()
  WHERE id = md5('i' || :i)::uuid::text;
UPDATE payroll_runs SET "totalAmount" = "totalAmount" + 1, "updatedAt" = now() WHERE id = md5('r' || :r)::uuid::text;
COMMIT;
"""
WRITES_UNIFIED = """
\\set i random(1, :items)
\\set r random(1, 1000)
BEGIN;
UPDATE {schema}.payroll_items SET status = 'DONE', retry_count = retry_count + 1, updated_at = now()
  WHERE id = md5('i' || :i)::uuid;
UPDATE {schema}.payroll_runs SET total_amount = total_amount + 1, updated_at = now() WHERE id = md5('r' || :r)::uuid;
COMMIT;
"""
BULK_UPDATE = """UPDATE payroll_items SET status = 'PENDING', "retryCount" = "retryCount" + 1"""
BULK_INSERT = """
INSERT INTO payroll_items
  SELECT gen_random_uuid()::text, md5('r' || 1 + n % 1000)::uuid::text, md5('e' || n)::uuid::text,
  n / 100.0, 'DRAFT', 'sig' || md5(n::text), 0, now() FROM generate_series(1, {rows}) AS n
"""
COMPARED = {  # what both sides' rows are compared by
    "organizations": ("id, name, config", "id, name, config"),
    "payroll_runs": ('id, status, "totalAmount", currency', "id, status, total_amount, currency"),
    "payroll_items": (
        'id, status, "retryCount", amount, "txSignature"',
        "id, status, retry_count, amount, tx_signature",
    ),
}
TICKS = os.sysconf("SC_CLK_TCK")
BEGAN = time.monotonic()


@dataclass
class BenchWorld:
    """The servers and databases. Each source has ``items`` rows in its largest table, the first one ``bulk``."""

    folder: Path
    count: int
    items: int
    bulk: int
    _servers: tuple[Server, ...] = ()

    def make(self) -> None:
        """Make both servers, the sources with their rows, and the unified database with its tables."""
        progress(f"two servers, {self.count} sources of {self.items:,} rows")
        self.old, self.new = (Server(self.folder / name, settings=SETTINGS) for name in ("old", "new"))
        self._servers = (self.old, self.new)
        old, new = self.old.up(), self.new.up()
        self.sources = {f"s{n}": create_database(old, f"s{n}") for n in range(1, self.count + 1)}
        self.unified = create_database(new, "unified")
        for name, url in self.sources.items():
            execute(url, SOURCE + FILL.format(items=max(self.items, self.bulk) if name == "s1" else self.items))
        self.empty()

    def make_natives(self) -> dict[str, DatabaseUrl]:
        """Make a database for each source that has its tables, empty; return them by the source's name."""
        natives = {name: create_database(self.new.url(), f"native_{name}") for name in self.sources}
        for url in natives.values():
            execute(url, SOURCE)
        return natives

    def empty(self) -> None:
        """Make the unified database's tables anew, as nothing had ever been copied into them."""
        execute(self.unified, "DROP SCHEMA IF EXISTS payrollx_meta CASCADE")
        for name in self.sources:
            execute(self.unified, f"DROP SCHEMA IF EXISTS t{name} CASCADE")
            execute(self.unified, TARGET.format(schema=f"t{name}"))

    def destroy(self) -> None:
        """End the servers, where they were made, and remove what they had."""
        servers, self._servers = self._servers, ()
        for server in servers:
            server.destroy()

    @property
    def task(self) -> Task:
        """The consolidation of all sources."""
        services = tuple(Service(n, schema=f"t{n}", role=f"r{n}", tables=tuple(TABLES)) for n in self.sources)
        lookups = {"payroll_items": {"run": Lookup("payroll_runs", {"id": "payrollRunId"})}}
        derive = {"payroll_items": {"currency": "{run.currency}"}}
        databases = tuple(
            LegacyDatabase(name, variable=name.upper(), service=name, maps=tuple(
                TableMap(SourceTable(table, columns), f"t{name}.{table}", lookups=lookups.get(table, {}),
                         derive=derive.get(table, {}))
                for table, columns in TABLES.items()
            ))
            for name in self.sources
        )  # fmt: skip
        sources, target = endpoints(self.sources, self.unified, application_name="bench")
        return Task(
            Catalog("bench", services, (), owner_role="bench_owner"), Layout("bench", databases), sources, target
        )

    def commits(self, *, unified: bool = False) -> int:
        """Return how often the largest tables were written: each of the writers' transactions does so once."""
        if not unified:
            query = 'SELECT sum("retryCount") FROM payroll_items'
            return sum(int(rows(url, query)[0][0]) for url in self.sources.values())
        query = "SELECT sum(retry_count) FROM t{}.payroll_items"
        return sum(int(rows(self.unified, query.format(name))[0][0]) for name in self.sources)

    def spent(self) -> float:
        """Return the processor seconds of both servers, of sessions that have ended too."""
        return sum(cpu_of_server(self.folder / name) for name in ("old", "new"))

    def writers(
        self, rate: int, seconds: int, *, unified: bool = False, logs: Path | None = None
    ) -> list["subprocess.Popen[str]"]:
        """Start pgbench for each source, on it or on its tables in the unified database, at the rate asked for.

        In the folder ``logs`` each keeps a log of its transactions.
        """
        started = []
        for name, url in self.sources.items():
            script = self.folder / f"writes-{name}-{unified}.sql"
            script.write_text(WRITES_UNIFIED.replace("{schema}", f"t{name}") if unified else WRITES)
            command = ["pgbench", "-n", "-c", "2", "-j", "1", "-R", str(rate), "-T", str(seconds), "-f", str(script)]
            command += ["-l", f"--log-prefix={logs / name}"] if logs is not None else []
            command += ["-D", f"items={self.items}", (self.unified if unified else url).conninfo()]
            started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started


def progress(text: str) -> None:
    """Say what is done now, and since when this runs: it may take minutes."""
    sys.stderr.write(f"{time.monotonic() - BEGAN:6.1f} s  {text}\n")
    sys.stderr.flush()


def execute(url: DatabaseUrl, statement: str) -> None:
    """Run statements, without any parameters."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute(statement.encode())


def rows(url: DatabaseUrl, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def pids(url: DatabaseUrl, query: str) -> list[int]:
    """Return the process ids that a query finds."""
    return [pid for (pid,) in rows(url, query) if pid]


def cpu(who: dict[str, list[int]], *, own: bool = False) -> dict[str, float]:
    """Return the processor seconds of processes by what they do; with ``own`` those of this thread, too.

    Where what is measured runs in the main thread, what the benchmark itself does belongs into another one.
    """
    spent = {name: sum(map(seconds_of, numbers)) for name, numbers in who.items()}
    return spent | ({"python": sum(resource.getrusage(resource.RUSAGE_THREAD)[:2])} if own else {})


def seconds_of(pid: int) -> float:
    """Return the processor seconds of a process; none where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_server(folder: Path) -> float:
    """Return the processor seconds of a server's processes, also of those that have ended."""
    postmaster = int((folder / "cluster" / "postmaster.pid").read_text().split()[0])
    ended = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return seconds_of(postmaster) + (int(ended[13]) + int(ended[14])) / TICKS + sum(map(seconds_of, map(int, children)))


def difference(after: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """Return what was spent in between."""
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}


def transactions_of(writers: Iterable["subprocess.Popen[str]"]) -> int:
    """Wait for pgbench, and return how many transactions it did."""
    total = 0
    for writer in writers:
        said, _ = writer.communicate()
        counts = [line for line in said.splitlines() if line.startswith("number of transactions actually processed")]
        if not counts:
            raise RuntimeError(said)
        total += int(counts[0].partition(":")[2].split("/")[0])
    return total
