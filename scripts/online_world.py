"""Two servers, eight legacy databases, the unified one, eight services that write, and the commands on all of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from online_ledger import Balance, LedgerReader
from online_services import DATABASES
from online_tables import SERVICES
from psycopg import sql

from payrollx_db.catalogs.payrollx.practice.databases import make_legacy
from payrollx_db.devserver import Server, create_database
from payrollx_db.postgres.url import DatabaseUrl

HERE = Path(__file__).resolve().parent
UNIFIED = "payrollx_production"
SETTINGS = {"shared_buffers": "64MB", "max_wal_size": "512MB", "wal_sender_timeout": "60s"}
POLL = 0.1  # seconds between two looks at a program that runs


@dataclass
class Program:
    """A command that runs, and where it writes what it says."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def stop(self, seconds: float = 30) -> int:
        """Interrupt it as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def line(self, beginning: str) -> str:
        """Return the line of what it has said that begins so; empty where none does."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return next((line for line in lines if line.startswith(beginning)), "")

    @property
    def said(self) -> str:
        """The end of what it has said."""
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-12:]) if self.log.exists() else ""


@dataclass
class OnlineWorld:
    """All that there is, in one folder."""

    folder: Path
    employees: int
    rate: float
    writes: int = 0  # of each service at least
    services: Program | None = None
    ledgers: dict[str, LedgerReader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.old = Server(self.folder / "old", settings=SETTINGS)
        self.new = Server(self.folder / "new", settings=SETTINGS)
        self.logs = self.folder / "logs"

    def make(self, note: Callable[[str], None]) -> None:
        """Make both servers anew, fill the legacy databases, and migrate the unified one."""
        self.destroy()
        self.logs.mkdir(parents=True)
        note("two servers")
        old, new = self.old.up(), self.new.up()
        note(f"eight legacy databases of {self.employees} employees")
        make_legacy(old, employees=self.employees)
        create_database(new, UNIFIED)
        note("the unified database")
        self.must("migrate")

    def destroy(self) -> None:
        """End what runs, and remove all of it."""
        self.stop_services()
        for server in (self.old, self.new):
            server.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- the services ----------------------------------------------------------------------------------

    def start_services(self) -> None:
        """Start the eight services; each writes until it is stopped."""
        command = [
            sys.executable, str(HERE / "online_services.py"), *SERVICES, "--old", self.old.url().plain,
            "--new", self.unified.plain, "--ledgers", str(self.folder), "--rate", str(self.rate),
        ]  # fmt: skip
        self.services = self._start("services", command, new_session=True)
        self.ledgers = {name: LedgerReader(self.folder / f"{name}.ledger") for name in SERVICES}

    def stop_services(self) -> None:
        """Stop them, and wait until each has ended by itself."""
        if self.services is not None and self.services.process.poll() is None:
            os.killpg(self.services.process.pid, signal.SIGTERM)
            self.services.process.wait(30)

    def balances(self) -> dict[str, Balance]:
        """Return what each service's ledger adds up to by now."""
        return {name: ledger.read() for name, ledger in self.ledgers.items()}

    @property
    def wants_more(self) -> bool:
        """Whether any service has written less often than it is to."""
        return any(sum(balance.writes.values()) < self.writes for balance in self.balances().values())

    @property
    def crashed(self) -> str:
        """What the services said of an error with which one ended; empty where none did."""
        failed = self.services is not None and (self.services.process.poll() or "Traceback" in self.services.said)
        return self.services.said if self.services is not None and failed else ""

    # -- the command line --------------------------------------------------------------------------------

    def begin(self, *arguments: str) -> Program:
        """Start a command, and return without waiting for it."""
        return self._start(arguments[0], [sys.executable, "-m", "payrollx_db", *arguments])

    def run(self, *arguments: str, meanwhile: Callable[[], None] = lambda: None) -> Program:
        """Run a command to its end, and do something now and then meanwhile."""
        program = self.begin(*arguments)
        while program.process.poll() is None:
            meanwhile()
            time.sleep(POLL)
        return program

    def must(self, *arguments: str, meanwhile: Callable[[], None] = lambda: None) -> Program:
        """Run a command that has to go well. Raises RuntimeError with what it said."""
        program = self.run(*arguments, meanwhile=meanwhile)
        if program.process.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: exit code {program.process.returncode}\n{program.said}")
        return program

    def answer(self, *arguments: str) -> Any:
        """Run a command with ``--json``, and return its document, whatever it finds."""
        command = [sys.executable, "-m", "payrollx_db", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False)
        if done.returncode not in (0, 3):
            raise RuntimeError(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def _start(self, name: str, command: list[str], *, new_session: bool = False) -> Program:
        number = len(list(self.logs.glob("*.log")))
        log = self.logs / f"{number:02}-{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, env=self.environment, start_new_session=new_session
            )
        return Program(name, process, log)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of commands and services: nothing of the caller's own databases."""
        kept = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        kept = {name: text for name, text in kept.items() if not name.startswith("PAYROLLX_") or "PG_BIN" in name}
        urls = {"DATABASE_URL": self.unified.plain, "LEGACY_DATABASE_URL": self.old.url().plain}
        return kept | urls | {"PYTHONPATH": str(HERE)}

    # -- what is there -------------------------------------------------------------------------------------

    @property
    def unified(self) -> DatabaseUrl:
        """The unified database."""
        return self.new.url(UNIFIED)

    def old_url(self, service: str) -> DatabaseUrl:
        """The legacy database of a service."""
        return self.old.url(DATABASES[service])

    def grant(self, database: str, statements: str) -> None:
        """Run what a check gives a DBA, in a legacy database or in the unified one."""
        url = self.old.url(database) if database in DATABASES.values() else self.unified
        with psycopg.connect(url.plain, autocommit=True) as connection:
            for statement in statements.splitlines():
                connection.execute(statement.encode())

    def lag(self) -> dict[str, int]:
        """Return how many bytes of the log each slot is behind, by the database that is followed or written back."""
        query = "SELECT database, pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn)::bigint"
        lags: dict[str, int] = {}
        for server in (self.old, self.new):
            with psycopg.connect(server.url().plain) as connection:
                rows = connection.execute(f"{query} FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL")
                for name, behind in rows:
                    lags[name] = max(lags.get(name, 0), behind)
        return lags

    def written(self) -> int:
        """Return how many bytes of log both servers have written in all."""
        query, total = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint", 0
        for server in (self.old, self.new):
            with psycopg.connect(server.url().plain) as connection:
                total += connection.execute(query).fetchall()[0][0]
        return total

    def left_on_sources(self) -> list[str]:
        """Return what is left on the legacy databases that keeps log, or sends it: slots and publications."""
        left = []
        for database in DATABASES.values():
            with psycopg.connect(self.old.url(database).plain) as connection:
                rows = connection.execute(
                    "SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()"
                    " UNION ALL SELECT 'publication ' || pubname FROM pg_publication"
                ).fetchall()
                left += [f"{database}: {thing}" for (thing,) in rows]
        return left

    def marks(self, service: str, side: str) -> dict[str, dict[str, Any]]:
        """Return the marks of all rows of a service's tables on one side, by table and key."""
        found: dict[str, dict[str, Any]] = {}
        url = self.old_url(service) if side == "old" else self.unified
        schema = "public" if side == "old" else service
        with psycopg.connect(url.plain) as connection:
            for kept in SERVICES[service]:
                column = kept.mark if side == "old" else kept.attribute
                query = sql.SQL("SELECT id::text, {} FROM {}").format(
                    sql.Identifier(column), sql.Identifier(schema, kept.table)
                )
                found[kept.table] = dict(connection.execute(query).fetchall())
        return found

    def differences(self, service: str, side: str) -> list[str]:
        """Return the acknowledged writes of a service that aren't on a side."""
        balance = self.ledgers[service].read()
        marks = self.marks(service, side)
        return [text for table, found in marks.items() for text in balance.differences(table, found)]
