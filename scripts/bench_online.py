"""Measure `follow` against a native subscription of the same tables, on the same servers, in one run.

Two servers are made for the purpose. Each of N legacy databases has three tables; pgbench writes to all of them at the
rate asked for. First our followers bring that into one unified database, with its transforms (ids to uuid, timestamps
to zones, a lookup), then a subscription a database brings the same into tables of the same shape, with no transform.
What is compared are processor seconds of all processes of a method together, from /proc: walls say little on a machine
that others use. Then one source's bulk update, and as many inserts, in one transaction each.
Usage: bench_online.py [--sources N] [--rate N] [--seconds N] [--bulk ROWS] [--folder DIR] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.endpoints import endpoints
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.following import catch_up
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


@dataclass
class Bench:
    """The servers, and what was measured."""

    arguments: argparse.Namespace
    folder: Path
    results: dict[str, Any] = field(default_factory=dict)

    def make(self) -> None:
        """Make both servers, the sources with their rows, and the unified database with its tables."""
        items = self.arguments.bulk
        self.old, self.new = (Server(self.folder / name, settings=SETTINGS) for name in ("old", "new"))
        old, new = self.old.up(), self.new.up()
        self.sources = {f"s{n}": create_database(old, f"s{n}") for n in range(1, self.arguments.sources + 1)}
        self.unified = create_database(new, "unified")
        self.natives = {name: create_database(new, f"native_{name}") for name in self.sources}
        for name, url in self.sources.items():
            execute(url, SOURCE + FILL.format(items=items))
            execute(self.unified, TARGET.format(schema=f"t{name}"))
            execute(self.natives[name], SOURCE)

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

    def writers(self) -> list["subprocess.Popen[str]"]:
        """Start pgbench on each source, at the rate asked for."""
        script = self.folder / "writes.sql"
        script.write_text(WRITES)
        asked = ("-R", str(self.arguments.rate), "-T", str(self.arguments.seconds))
        command = ["pgbench", "-n", "-c", "2", "-j", "1", *asked, "-f", str(script)]
        command += ["-D", f"items={self.arguments.bulk}"]
        return [
            subprocess.Popen([*command, url.conninfo()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for url in self.sources.values()
        ]

    # -- ours --------------------------------------------------------------------------------------

    async def ours(self) -> None:
        """Copy, follow while pgbench writes, then bring over what is written in bulk."""
        await pipeline.copy(self.task)
        async with online.followed(self.task) as (_, followers):
            for follower in followers:
                await follower.connect()
            try:
                await self._steady_ours(followers)
                await self._bulk("ours", lambda: catch_up(followers[0], lambda _: None), self._our_pids)
                await asyncio.gather(*(catch_up(follower, lambda _: None) for follower in followers))
                self.results["differences"] = self.differences()
            finally:
                for follower in followers:
                    await follower.close()
        await online.drop_following(self.task)

    async def _steady_ours(self, followers: list[Follower]) -> None:
        stop, lags, passes = asyncio.Event(), list[float](), 0

        def passed(result: Any) -> None:
            nonlocal passes
            passes += 1
            if result.commits:
                lags.append(result.lag)

        before = cpu(self._our_pids(), own=True)
        following = [asyncio.create_task(follower.run(stop, passed)) for follower in followers]
        transactions = await asyncio.to_thread(transactions_of, self.writers())
        stop.set()
        await asyncio.gather(*following)
        await asyncio.gather(*(catch_up(follower, lambda _: None) for follower in followers))
        spent = difference(cpu(self._our_pids(), own=True), before)
        self.results["steady ours"] = self._steady(transactions, spent, lags) | {"passes": passes}

    def _our_pids(self) -> dict[str, list[int]]:
        slots = "SELECT active_pid FROM pg_replication_slots WHERE slot_name LIKE 'payrollx%'"
        sessions = (
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'bench follow%'"
            " AND backend_type = 'client backend'"
        )
        return {
            "walsender": pids(self.old.url(), slots), "read": pids(self.old.url(), sessions),
            "write": pids(self.new.url(), sessions),
        }  # fmt: skip

    # -- native ------------------------------------------------------------------------------------

    async def native(self) -> None:
        """Do the same with a subscription a source."""
        for name, url in self.sources.items():
            execute(url, f"CREATE PUBLICATION native FOR TABLE {', '.join(TABLES)}")
            where = url.conninfo().replace("'", "''")
            execute(self.natives[name], f"CREATE SUBSCRIPTION native_{name} CONNECTION '{where}' PUBLICATION native"
                                        " WITH (binary = true)")  # fmt: skip
        await asyncio.to_thread(self._await_copies)
        await self._steady_native()
        await self._bulk("native", lambda: asyncio.to_thread(self._await_native, ["s1"]), self._native_pids)
        for name in self.sources:
            execute(self.natives[name], f"DROP SUBSCRIPTION native_{name}")

    async def _steady_native(self) -> None:
        before, lags = cpu(self._native_pids()), list[float]()
        writing = asyncio.create_task(asyncio.to_thread(transactions_of, self.writers()))
        query = "SELECT extract(epoch FROM replay_lag)::float8 FROM pg_stat_replication WHERE replay_lag IS NOT NULL"
        while not writing.done():
            lags += [row[0] for row in rows(self.old.url(), query)]
            await asyncio.sleep(0.5)
        transactions = await writing
        await asyncio.to_thread(self._await_native, list(self.sources))
        spent = difference(cpu(self._native_pids()), before)
        self.results["steady native"] = self._steady(transactions, spent, lags)

    def _native_pids(self) -> dict[str, list[int]]:
        slots = "SELECT active_pid FROM pg_replication_slots WHERE slot_name LIKE 'native%'"
        workers = (
            "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND datname LIKE 'native%'"
        )
        return {"walsender": pids(self.old.url(), slots), "apply": pids(self.new.url(), workers)}

    def _await_copies(self) -> None:
        query = "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'"
        while any(rows(url, query)[0][0] for url in self.natives.values()):
            time.sleep(0.3)

    def _await_native(self, names: Iterable[str]) -> None:
        """Wait until subscriptions have all that is committed by now."""
        for name in names:
            ((lsn,),) = rows(self.sources[name], "SELECT pg_current_wal_insert_lsn()::text")
            execute(self.sources[name], "SELECT pg_logical_emit_message(true, 'bench', '')")
            confirmed = f"SELECT confirmed_flush_lsn >= '{lsn}'::pg_lsn FROM pg_replication_slots"
            query = f"{confirmed} WHERE slot_name = 'native_{name}'"
            while not rows(self.old.url(), query)[0][0]:
                time.sleep(0.05)

    # -- both --------------------------------------------------------------------------------------

    async def _bulk(
        self, method: str, bring: Callable[[], Awaitable[Any]], who: Callable[[], dict[str, list[int]]]
    ) -> None:
        count = self.arguments.bulk
        for what, statement, number in (
            ("update", BULK_UPDATE, count), ("insert", BULK_INSERT.format(rows=count), count),
        ):  # fmt: skip
            before = cpu(who(), own=method == "ours")
            began = time.monotonic()
            await asyncio.to_thread(execute, self.sources["s1"], statement)
            await bring()
            spent = difference(cpu(who(), own=method == "ours"), before)
            each = {name: round(seconds / number * 1e6, 1) for name, seconds in spent.items()}
            self.results[f"bulk {what} {method}"] = {
                "rows": number, "seconds": round(time.monotonic() - began, 1), "us_per_row": each,
                "total": round(sum(spent.values()) / number * 1e6, 1),
            }  # fmt: skip

    def _steady(self, transactions: int, spent: dict[str, float], lags: list[float]) -> dict[str, Any]:
        lags = sorted(lags) or [0.0]
        return {
            "per_second": round(transactions / self.arguments.seconds),
            "us_per_transaction": {name: round(s / transactions * 1e6) for name, s in spent.items()},
            "total": round(sum(spent.values()) / transactions * 1e6),
            "lag_p50": round(statistics.median(lags), 3), "lag_p99": round(lags[int(len(lags) * 0.99)], 3),
        }  # fmt: skip

    def differences(self) -> list[str]:
        """Name the tables whose rows aren't the same on both sides."""
        wrong = []
        for name, url in self.sources.items():
            for table, (old, new) in COMPARED.items():
                query = "SELECT count(*), sum(hashtextextended(ROW({})::text, 0)) FROM {}"
                left, right = query.format(old, table), query.format(new, f"t{name}.{table}")
                if rows(url, left) != rows(self.unified, right):
                    wrong.append(f"{name}.{table}")
        return wrong


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
    """Return the processor seconds of processes by what they do; with ``own`` this one's, too."""
    spent = {name: sum(map(seconds_of, numbers)) for name, numbers in who.items()}
    return spent | ({"python": sum(resource.getrusage(resource.RUSAGE_SELF)[:2])} if own else {})


def seconds_of(pid: int) -> float:
    """Return the processor seconds of a process; none where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


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


def ratio(results: dict[str, Any], what: str) -> str:
    """Return ours against native."""
    ours, native = results[f"{what} ours"]["total"], results[f"{what} native"]["total"]
    return f"{what}: {ours} against {native} us, {ours / native:.2f}"


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--rate", type=int, default=100, help="transactions a second of each source")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--bulk", type=int, default=50_000, help="rows of the bulk update, and of the insert")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="bench-online-", dir="/tmp"))
    folder.chmod(0o755)
    bench = Bench(arguments, folder)
    try:
        bench.make()
        asyncio.run(bench.ours())
        asyncio.run(bench.native())
    finally:
        for server in (bench.old, bench.new):
            server.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    for name, result in bench.results.items():
        print(name, json.dumps(result))
    for what in ("steady", "bulk update", "bulk insert"):
        print(ratio(bench.results, what))
    if arguments.json:
        arguments.json.write_text(json.dumps(bench.results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
