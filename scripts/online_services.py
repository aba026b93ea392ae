"""Eight small services, each a program of its own: an old client on its legacy database, a facade on the unified one.

    python scripts/online_services.py wallet payroll --old URL --new URL --ledgers FOLDER --rate 20

Each writes one row a transaction, and keeps in its ledger what was acknowledged. Where the side that it writes to
refuses (SQLSTATE 25006, which a closed gate says), it goes over to the other one, as a service does that is given
another URL. Nothing else tells it that there is a cutover. It ends when it is terminated.
"""

import argparse
import os
import random
import signal
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from online_ledger import GONE, Entry
from online_tables import SERVICES, Kept
from psycopg import sql

from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.url import DatabaseUrl

CLOSED = "25006"  # read_only_sql_transaction: the gate's
TRANSIENT = ("40", "55P03", "57P", "08")  # deadlocks, lock timeouts, a server that goes down: try again
PATIENCE = 0.005  # seconds between two tries where a side is closed


DATABASES = {
    "auth": "payrollx_auth", "organization": "payrollx_org", "employee": "payrollx_employee",
    "wallet": "payrollx_wallet", "payroll": "payrollx_payroll", "transaction": "payrollx_transaction",
    "notification": "payrollx_notification", "compliance": "payrollx_compliance",
}  # fmt: skip


class RefusedError(Exception):
    """The side that was written to refuses: ``closed`` where it has been closed, else try again there."""

    def __init__(self, *, closed: bool, unknown: bool = False) -> None:
        super().__init__("closed" if closed else "try again")
        self.closed = closed
        self.unknown = unknown


class OldClient:
    """Plain SQL over one session with the legacy database, as an old service has it."""

    side = "old"

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.Connection[Any] | None = None

    def insert(self, kept: Kept, key: str, mark: str, given: str) -> None:
        """Add a row."""
        row = kept.old_row(key, mark, given)
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        places = sql.SQL(", ").join(sql.Placeholder() * len(row))
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
        self._run(query.format(sql.Identifier("public", kept.table), names, places), list(row.values()))

    def update(self, kept: Kept, key: str, mark: str) -> None:
        """Change a row's mark."""
        query = sql.SQL('UPDATE {} SET {} = %s WHERE "id" = %s')
        self._run(query.format(sql.Identifier("public", kept.table), sql.Identifier(kept.mark)), [mark, key])

    def delete(self, kept: Kept, key: str) -> None:
        """Delete a row."""
        self._run(sql.SQL('DELETE FROM {} WHERE "id" = %s').format(sql.Identifier("public", kept.table)), [key])

    def _run(self, query: sql.Composed, params: list[Any]) -> None:
        sent = False
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self.url, autocommit=True)
            sent = True
            done = self._connection.execute(query, params)
        except psycopg.Error as error:
            raise refusal(error.sqlstate or "", sent=sent, error=error) from None
        if done.rowcount != 1:
            raise LookupError(f"{done.rowcount} rows, and there has to be one")


class NewClient:
    """The service's facade on the unified database."""

    side = "new"

    def __init__(self, service: str, url: str) -> None:
        os.environ["DATABASE_URL"] = url
        import importlib

        self._module = importlib.import_module(f"payrollx_db.{service}")

    def warm_up(self, service: str) -> None:
        """Connect, and read once of each table, as a service does before it is given work."""
        for kept in SERVICES[service]:
            self._run(partial(_read_none, self._model(kept)))

    def insert(self, kept: Kept, key: str, mark: str, given: str) -> None:
        """Add a row."""
        rows = [getattr(self._module, model)(**row) for model, row in kept.new_rows(key, mark, given)]

        def add(session: Any) -> None:
            for row in rows:
                session.add(row)
                session.flush()

        self._run(add)

    def update(self, kept: Kept, key: str, mark: str) -> None:
        """Change a row's mark."""

        def change(session: Any) -> None:
            row = session.get(self._model(kept), uuid.UUID(key))
            if row is None:
                raise LookupError(f"{kept.table} {key} isn't there")
            setattr(row, kept.attribute, mark)

        self._run(change)

    def delete(self, kept: Kept, key: str) -> None:
        """Delete a row."""

        def remove(session: Any) -> None:
            row = session.get(self._model(kept), uuid.UUID(key))
            if row is None:
                raise LookupError(f"{kept.table} {key} isn't there")
            session.delete(row)

        self._run(remove)

    def _model(self, kept: Kept) -> Any:
        return getattr(self._module, kept.model)

    def _run(self, work: Callable[[Any], Any]) -> None:
        from sqlalchemy.exc import DBAPIError

        try:
            with self._module.db.session() as session:
                work(session)
        except PayrollxError as error:
            raise refusal(error.sqlstate, sent=True, error=error) from None
        except DBAPIError as error:
            raise refusal(getattr(error.orig, "sqlstate", "") or "", sent=True, error=error) from None


def _read_none(model: Any, session: Any) -> None:
    session.get(model, uuid.uuid4())


def refusal(sqlstate: str, *, sent: bool, error: Exception) -> RefusedError:
    """Return what an error means to a service; an error that means nothing of this is raised as it is."""
    if sqlstate == CLOSED:
        return RefusedError(closed=True)
    if not sqlstate or sqlstate.startswith(TRANSIENT):
        return RefusedError(closed=False, unknown=sent and (not sqlstate or sqlstate.startswith(("08", "57P"))))
    raise error


Client = OldClient | NewClient


class Service:
    """One service at work: it changes rows that are there, adds some, and deletes some of those that it added."""

    def __init__(self, name: str, clients: tuple[Client, Client], ledger: Path, seed: int) -> None:
        self.name = name
        self.clients = list(clients)
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.number = 0
        self.rows: dict[str, list[str]] = {}
        self.given: dict[str, list[str]] = {}
        self.added: dict[str, list[str]] = {}
        self._ledger = ledger.open("a", buffering=1, encoding="utf-8")

    def learn(self, url: str) -> None:
        """Read which rows there are to be changed, and to be referred to."""
        with psycopg.connect(url) as connection:
            for kept in SERVICES[self.name]:
                query = sql.SQL('SELECT "id" FROM {} ORDER BY "id" LIMIT 200')
                rows = connection.execute(query.format(sql.Identifier("public", kept.table))).fetchall()
                self.rows[kept.table] = [key for (key,) in rows]
                if kept.given:
                    self.given[kept.table] = [key for (key,) in connection.execute(kept.given.encode()).fetchall()]
                self.added[kept.table] = []

    def write(self) -> None:
        """Make one write, on whichever side takes it, and keep it in the ledger."""
        kept = self.random.choice(SERVICES[self.name])
        mark, added = f"{self.name} {self.number}", self.added[kept.table]
        self.number += 1
        roll = self.random.random() if kept.grows else 1.0
        if roll < 0.4:
            key = str(uuid.uuid4())
            given = self.random.choice(self.given[kept.table])
            self._until_done(kept, key, mark, lambda client: client.insert(kept, key, mark, given))
            added.append(key)
        elif roll < 0.5 and added:
            key = added.pop(self.random.randrange(len(added)))
            self._until_done(kept, key, GONE, lambda client: client.delete(kept, key))
        else:
            key = self.random.choice(self.rows[kept.table] + added)
            self._until_done(kept, key, mark, lambda client: client.update(kept, key, mark))

    def _until_done(self, kept: Kept, key: str, mark: str | None, work: Callable[[Client], None]) -> None:
        while True:
            client, doubt = self.clients[0], False
            try:
                work(client)
            except RefusedError as error:
                if error.unknown:
                    doubt = True
                    self._keep(Entry(kept.table, key, mark, time.time(), client.side, "unknown"))
                if error.closed:
                    self.clients.reverse()
                time.sleep(PATIENCE)
                if doubt:
                    return
                continue
            self._keep(Entry(kept.table, key, mark, time.time(), client.side))
            return

    def _keep(self, entry: Entry) -> None:
        self._ledger.write(entry.line() + "\n")


def main() -> int:
    """Run services until they are terminated, or have written enough: each in a process of its own."""
    given = options()
    names = list(dict.fromkeys(given.services))
    for name in names:
        NewClient(name, given.new)  # imported once, before there are several processes
    children = {}
    for name in names[1:]:
        child = os.fork()
        if not child:
            return serve(name, given)
        children[child] = name
    codes = [serve(names[0], given)]
    codes += [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return max(codes)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("services", nargs="+", choices=sorted(SERVICES), metavar="SERVICE")
    parser.add_argument("--old", required=True, help="URL of any database on the legacy databases' server")
    parser.add_argument("--new", required=True, help="URL of the unified database")
    parser.add_argument("--ledgers", required=True, type=Path, help="folder in which acknowledged writes are kept")
    parser.add_argument("--rate", type=float, default=20, help="writes a second; 0: as many as there can be")
    return parser.parse_args()


def serve(name: str, given: argparse.Namespace) -> int:
    """Be one service until it is terminated, or has written enough."""
    stopped: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    old = DatabaseUrl.parse(given.old).with_database(DATABASES[name]).plain
    new = NewClient(name, given.new)
    new.warm_up(name)
    service = Service(name, (OldClient(old), new), given.ledgers / f"{name}.ledger", seed=sum(map(ord, name)))
    service.learn(old)
    pace(service, given.rate, stopped)
    return 0


def pace(service: Service, rate: float, stopped: list[bool]) -> None:
    """Let a service write so many times a second; what a pause has cost isn't made up for in a rush."""
    due = time.monotonic()
    while not stopped:
        service.write()
        if rate:
            due = max(due + 1 / rate, time.monotonic() - 0.2)
            time.sleep(max(due - time.monotonic(), 0))


if __name__ == "__main__":
    sys.exit(main())
