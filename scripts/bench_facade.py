"""Measure what a facade costs, and what the plan of one database promised.

A facade against a plain SQLAlchemy session with the same pool: a point read, an update, an insert, turn about, on both
drivers, by the clock and by this process's time of the processor, which other programs disturb less. The import of one
service against that of SQLAlchemy's ORM, its Postgres dialect and the driver. Then the claims of the migration plan, as
they are: connections held, a report across services, and the time of a backup. Everything is paired, and medians of
ratios are shown, with their range. A server is made for the purpose, with fsync on.
Usage: bench_facade.py [--employees N] [--rounds N] [--turns N] [--costs-only] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import psycopg
from sqlalchemy import URL, Engine, create_engine, func, select, text, update
from sqlalchemy.orm import Session

from payrollx_db import auth, employee, organization, payroll, unified
from payrollx_db.catalogs.payrollx.practice.databases import make_legacy
from payrollx_db.devserver import Programs, Server, create_database
from payrollx_db.facade import engines as facade_engines
from payrollx_db.facade.drivers import connect_arguments
from payrollx_db.facade.facade import Facade
from payrollx_db.legacy import LAYOUT
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

THREADS = 8
IMPORTS = ("import sqlalchemy.orm, sqlalchemy.dialects.postgresql, psycopg", "import payrollx_db.auth, psycopg")
PLAIN_REPORT = {  # what the application would fetch from each database, to join it by itself
    "payrollx_org": 'SELECT id, name FROM public.organizations WHERE "deletedAt" IS NULL',
    "payrollx_employee": 'SELECT id, "organizationId" FROM public.employees',
    "payrollx_payroll": 'SELECT "employeeId", amount FROM public.payroll_items',
}

Work = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One claim: what is wanted or promised, what both sides took, and the second's share of the first, with its range.

    ``lowest`` and ``highest`` are of single rounds.
    """

    claim: str
    wanted: str
    before: str
    after: str
    ratio: float
    lowest: float | None = None
    highest: float | None = None


def main() -> None:
    """Measure, print the table, write JSON."""
    options = parsed()
    with servers() as url:
        unified_url = url.with_database("payrollx_production")
        if options.costs_only:
            create_unified(url, unified_url)
        else:
            fill(url, unified_url, options.employees)
        lines = [line for driver in ("psycopg", "pg8000") for line in costs(unified_url, driver, options)]
        lines += (
            []
            if options.costs_only
            else [
                imports(options.rounds),
                connections(url, unified_url),
                report(url, options.rounds),
                backups(url, unified_url, options.rounds),
            ]
        )
    show(lines)
    if options.json:
        options.json.write_text(json.dumps([asdict(line) for line in lines], indent=2) + "\n", encoding="utf-8")


def costs(url: DatabaseUrl, driver: str, options: argparse.Namespace) -> Iterator[Line]:
    """Yield the cost of a facade's transactions against plain ones."""
    os.environ["DATABASE_URL"] = url.plain.replace("postgresql://", f"postgresql+{driver}://")
    engine = plain_engine(url, driver)
    someone = auth.User(email=f"{uuid.uuid4()}@x", password=uuid.uuid4().hex, first_name="A", last_name="B")
    with auth.db.session() as session:
        session.add(someone)
    reading = select(auth.User).where(auth.User.id == someone.id)
    renaming = update(auth.User).where(auth.User.id == someone.id)

    def read(session: Session) -> None:
        session.scalars(reading).one()

    def rename(session: Session) -> None:
        session.execute(renaming.values(first_name=uuid.uuid4().hex))

    def insert(session: Session) -> None:
        session.add(auth.RefreshToken(token=uuid.uuid4().hex, user_id=someone.id, expires_at=func.now()))

    for name, work in (("point read", read), ("update of a row", rename), ("insert of a row", insert)):
        wall, processor = turns(in_plain(engine, work), in_facade(work), options)
        yield line(f"{name}, {driver}: plain session, facade", "<= 1.08", *wall, 1e6, "us")
        yield line(f"{name}, {driver}: the same, processor time", "<= 1.08", *processor, 1e6, "us")
    engine.dispose()
    auth.db.dispose()


def in_plain(engine: Engine, work: Callable[[Session], None]) -> Work:
    """Return ``work`` in a transaction of a plain session."""

    def once() -> None:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            work(session)

    return once


def in_facade(work: Callable[[Session], None]) -> Work:
    """Return ``work`` in a transaction of the facade."""

    def once() -> None:
        with auth.db.session() as session:
            work(session)

    return once


def plain_engine(url: DatabaseUrl, driver: str) -> Engine:
    """Return an engine with the facade's settings, and SQLAlchemy's own way of beginning a transaction."""
    arguments = connect_arguments(driver, url, application_name="bench", timeout=10)
    settings = facade_engines.PoolSettings()
    return create_engine(
        URL.create(f"postgresql+{driver}"),
        connect_args=arguments,
        pool_size=settings.size,
        max_overflow=settings.overflow,
        pool_recycle=settings.recycle,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def imports(rounds: int) -> Line:
    """Compare the import of a service with that of SQLAlchemy's ORM and the driver, in fresh processes."""

    def fresh(statement: str) -> Work:
        return lambda: subprocess.run([sys.executable, "-c", statement], check=True)

    before, after = paired(fresh(IMPORTS[0]), fresh(IMPORTS[1]), max(rounds, 3))
    return line("import: SQLAlchemy's ORM for Postgres and psycopg, one service", "<= 1.25", before, after, 1e3, "ms")


def connections(url: DatabaseUrl, unified_url: DatabaseUrl) -> Line:
    """Count the server's sessions while all eight services work at once: eight engines, and the one of the facades."""
    os.environ["DATABASE_URL"] = unified_url.plain
    engines = [plain_engine(url.with_database(database.name), "psycopg") for database in LAYOUT.databases]
    apart = sessions_held(url, [in_plain(engine, nothing) for engine in engines])
    for engine in engines:
        engine.dispose()
    one = sessions_held(url, [of_service(module.db) for module in unified.SERVICES])
    auth.db.dispose()
    return Line("connections that stay: eight databases, one (plan: -80 %)", "0.20", str(apart), str(one), one / apart)


def of_service(facade: Facade) -> Work:
    """Return a transaction of a service that does nothing much."""

    def once() -> None:
        with facade.session() as session:
            nothing(session)

    return once


def nothing(session: Session) -> None:
    """Run the least statement that takes a connection."""
    session.execute(text("SELECT 1"))


def sessions_held(url: DatabaseUrl, works: list[Work]) -> int:
    """Let several threads do all works at once, and count the sessions that their pools hold afterwards."""
    barrier = Barrier(THREADS)

    def thread(number: int) -> None:
        for shift in range(len(works) * 5):
            barrier.wait()
            works[(number + shift) % len(works) if shift % 2 else shift // 2 % len(works)]()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(thread, range(THREADS)))
    with psycopg.connect(url.conninfo()) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(found[0]) if found else 0


def report(url: DatabaseUrl, rounds: int) -> Line:
    """Compare a report joined by the application from three databases with one join through the reader."""
    joined = (
        select(organization.Organization.name, func.sum(payroll.PayrollItem.amount))
        .join(employee.Employee, employee.Employee.organization_id == organization.Organization.id)
        .join(payroll.PayrollItem, payroll.PayrollItem.employee_id == employee.Employee.id)
        .where(organization.Organization.deleted_at.is_(None))
        .group_by(organization.Organization.name)
    )
    answers: dict[str, dict[str, Decimal]] = {}

    def in_sql() -> None:
        with unified.reader.session() as session:
            answers["one"] = {name: amount for name, amount in session.execute(joined)}  # noqa: C416 - rows are no pairs to mypy

    before, after = paired(lambda: answers.update(apart=by_application(url)), in_sql, rounds)
    if answers["one"] != answers["apart"]:
        raise SystemExit("the two reports differ")
    auth.db.dispose()
    return line(
        "report over three services: joined by hand, by SQL (plan: -20 to -30 %)", "0.75", before, after, 1e3, "ms"
    )


def by_application(url: DatabaseUrl) -> dict[str, Decimal]:
    """Fetch from each database, and join in Python."""
    rows = {}
    for database, query in PLAIN_REPORT.items():
        with psycopg.connect(url.with_database(database).conninfo()) as connection:
            rows[database] = connection.execute(query.encode()).fetchall()
    names: dict[object, str] = dict(rows["payrollx_org"])
    employers: dict[object, object] = dict(rows["payrollx_employee"])
    totals: dict[str, Decimal] = {}
    for person, amount in rows["payrollx_payroll"]:
        name = names.get(employers.get(person))
        if name is not None:
            totals[name] = totals.get(name, Decimal()) + amount
    return totals


def backups(url: DatabaseUrl, unified_url: DatabaseUrl, rounds: int) -> Line:
    """Compare pg_dump of eight databases, one after the other, with pg_dump of one."""
    program = str(Programs.find().folder / "pg_dump")

    def dump(*urls: DatabaseUrl) -> Work:
        def once() -> None:
            for one in urls:
                where = ["-h", one.params["host"], "-p", one.params["port"], "-U", one.params["user"], one.dbname]
                environment = os.environ | {"PGPASSWORD": one.params["password"]}
                subprocess.run([program, "-Fc", *where], check=True, env=environment, stdout=subprocess.DEVNULL)

        return once

    eight = [url.with_database(database.name) for database in LAYOUT.databases]
    before, after = paired(dump(*eight), dump(unified_url), rounds)
    return line("pg_dump: eight databases, one (plan: -80 %)", "0.20", before, after, 1.0, "s")


# -- how it is measured -------------------------------------------------------------------------------


Pair = tuple[list[float], list[float]]


def turns(first: Work, second: Work, options: argparse.Namespace) -> tuple[Pair, Pair]:
    """Do both turn about, one operation at a time: the median seconds of each round, by clock and by processor time."""
    wall: Pair = ([], [])
    processor: Pair = ([], [])
    for number in range(options.rounds + 1):
        took: tuple[Pair, Pair] = (([], []), ([], []))
        for _ in range(options.turns):
            for side, work in enumerate((first, second)):
                used, began = time.process_time(), time.perf_counter()
                work()
                took[0][side].append(time.perf_counter() - began)
                took[1][side].append(time.process_time() - used)
        if number:  # the first round fills caches
            for side in (0, 1):
                wall[side].append(statistics.median(took[0][side]))
                processor[side].append(statistics.median(took[1][side]))
    return wall, processor


def paired(first: Work, second: Work, rounds: int) -> tuple[list[float], list[float]]:
    """Do both turn about, and return the seconds of each time."""
    first()
    second()  # both once, to fill caches
    both = [(timed(first), timed(second)) for _ in range(rounds)]
    return [before for before, _ in both], [after for _, after in both]


def timed(work: Work) -> float:
    """Return the seconds that ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def line(claim: str, wanted: str, before: list[float], after: list[float], scale: float, unit: str) -> Line:
    """Return the table's line: medians, and the median of the ratios."""
    ratios = sorted(b / a for a, b in zip(before, after, strict=True))
    first, second = (f"{statistics.median(seconds) * scale:,.1f} {unit}" for seconds in (before, after))
    return Line(claim, wanted, first, second, statistics.median(ratios), ratios[0], ratios[-1])


def show(lines: list[Line]) -> None:
    """Print the table."""
    for one in lines:
        spread = f"[{one.lowest:.2f}-{one.highest:.2f}]" if one.lowest is not None else ""
        print(f"{one.claim:72} {one.before:>12} {one.after:>12}   {one.ratio:5.2f} {spread:11}   wanted: {one.wanted}")


# -- the server and the rows --------------------------------------------------------------------------


@contextmanager
def servers() -> Iterator[DatabaseUrl]:
    """Yield the URL of a server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="payrollx-bench-"))
    server = Server(folder, settings={"shared_buffers": "512MB", "max_connections": "200"})
    try:
        yield server.up()
    finally:
        server.destroy()


def fill(url: DatabaseUrl, unified_url: DatabaseUrl, employees: int) -> None:
    """Make the eight legacy databases, and the unified one of their rows."""
    make_legacy(url, employees=employees)
    create_unified(url, unified_url)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    environment |= {"LEGACY_DATABASE_URL": url.plain, "DATABASE_URL": unified_url.plain}
    subprocess.run(
        [sys.executable, "-m", "payrollx_db", "copy", "--json"], check=True, env=environment, capture_output=True
    )


def create_unified(url: DatabaseUrl, unified_url: DatabaseUrl) -> None:
    """Make the unified database, empty."""
    create_database(url, unified_url.dbname)
    migrate.upgrade(unified_url, CATALOG)


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--employees", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--turns", type=int, default=300, help="operations a round")
    parser.add_argument("--costs-only", action="store_true", help="only the facade against a plain session")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
