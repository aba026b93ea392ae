"""Eight legacy databases as Prisma makes them, full of invented rows: something to consolidate for practice.

Every row is computed by the server from its number and a seed, so the same seed makes the same rows,
and the databases fit together without reading each other. A hostile set adds, and counts, what real
legacy data does to a stricter schema (see `payrollx_db.catalogs.payrollx.practice.faults`).
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.catalogs.payrollx.practice.faults import missing_rows
from payrollx_db.devserver.practice import (
    MARK,
    DatabaseMade,
    LegacySummary,
    Observer,
    TableSize,
    Trouble,
    plant,
    refuse_others,
)
from payrollx_db.errors import DevServerError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.databases import Connection, connect, create_database, drop_database
from payrollx_db.postgres.errors import cause, to_error
from payrollx_db.postgres.settings import COMMON
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__, "sql")

# Nothing here outlives a crash anyway: the databases would be made again.
SETTINGS = {**COMMON, "synchronous_commit": "off"}
AT_ONCE = 2


@dataclass(frozen=True)
class Recipe:
    """One legacy database: its tables in the order in which they are filled, and which of them are copies.

    ``files`` names the rows file of a table where another table of that name has its own.
    """

    name: str
    variable: str
    tables: tuple[str, ...]
    copies: frozenset[str] = frozenset()
    files: tuple[tuple[str, str], ...] = ()

    def rows_file(self, table: str) -> str:
        """Return the file below ``rows/`` that fills ``table``."""
        return f"rows/{dict(self.files).get(table, table)}"


# The largest first: two are made at once, and the last should be a small one.
RECIPES = (
    Recipe(
        "payrollx_payroll", "PAYROLL", ("employees", "payroll_runs", "payroll_items"),
        copies=frozenset({"employees"}),
    ),
    Recipe(
        "payrollx_transaction", "TRANSACTION", ("payroll_runs", "employees", "transactions"),
        copies=frozenset({"payroll_runs", "employees"}),
    ),
    Recipe(
        "payrollx_auth", "AUTH", ("users", "refresh_tokens", "audit_logs"),
        files=(("audit_logs", "auth_audit_logs"),),
    ),
    Recipe("payrollx_notification", "NOTIFICATION", ("notifications",)),
    Recipe(
        "payrollx_compliance", "COMPLIANCE", ("compliance_reports", "audit_logs"),
        files=(("audit_logs", "compliance_audit_logs"),),
    ),
    Recipe("payrollx_wallet", "WALLET", ("employees", "wallets"), frozenset({"employees"})),
    Recipe("payrollx_employee", "EMPLOYEE", ("organizations", "employees"), frozenset({"organizations"})),
    Recipe("payrollx_org", "ORG", ("organizations", "employees"), frozenset({"employees"})),
)  # fmt: skip


def make_legacy(
    url: DatabaseUrl,
    *,
    employees: int,
    hostile: bool = False,
    seed: int = 1,
    prefix: str = "",
    observer: Observer | None = None,
) -> LegacySummary:
    """Make the eight databases on the server at ``url`` (any database there; the user may create databases).

    ``prefix`` goes before each database's name; ``observer`` hears of each database that is complete,
    in the thread that made it. Databases of these names that an earlier call made are
    dropped and made anew; raises DevServerError where one is somebody else's, or the server refuses.
    """
    if employees < 1:
        raise DevServerError("a legacy set needs at least one employee")
    began = time.monotonic()
    refuse_others(url, [prefix + recipe.name for recipe in RECIPES])
    builder = _Builder(url, employees=employees, seed=seed, hostile=hostile, prefix=prefix, observer=observer)
    databases = sorted(builder.all(), key=lambda database: database.database)
    tables = tuple(table for database in databases for table in database.tables)
    troubles = tuple(sorted(trouble for database in databases for trouble in database.troubles))
    missing = missing_rows({(t.database, t.table): (t.rows, t.copy) for t in tables}, troubles)
    return LegacySummary(employees, seed, hostile, tables, troubles, missing, time.monotonic() - began)


def drop_legacy(url: DatabaseUrl, *, prefix: str = "") -> None:
    """Drop the eight databases. Raises DevServerError where one wasn't made by `make_legacy`."""
    refuse_others(url, [prefix + recipe.name for recipe in RECIPES])
    for recipe in RECIPES:
        drop_database(url, prefix + recipe.name)


# -- private -------------------------------------------------------------------------------------------


@dataclass
class _Builder:
    url: DatabaseUrl
    employees: int
    seed: int
    hostile: bool
    prefix: str
    observer: Observer | None

    def __post_init__(self) -> None:
        self._open: set[Connection] = set()

    def all(self) -> list[DatabaseMade]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [pool.submit(self._make, recipe) for recipe in RECIPES]
            try:
                return [future.result() for future in futures]
            except BaseException:  # Ctrl-C as well: statements that run for a minute are to end now
                pool.shutdown(wait=False, cancel_futures=True)
                for connection in tuple(self._open):
                    with suppress(psycopg.Error):  # it has just ended by itself
                        connection.cancel_safe()
                raise

    def _make(self, recipe: Recipe) -> DatabaseMade:
        began = time.monotonic()
        name = self.prefix + recipe.name
        drop_database(self.url, name)
        database = create_database(self.url, name)
        with self._connected(database, recipe) as connection:
            self._mark(connection, name)
            self._fill(connection, recipe)
            connection.execute(queries.load(f"keys/{recipe.name}"))
            troubles = self._plant(connection, recipe) if self.hostile else ()
            connection.execute("ANALYZE")
            tables = tuple(_size(connection, recipe, table) for table in recipe.tables)
        event = DatabaseMade(recipe.name, tables, troubles, time.monotonic() - began)
        if self.observer:
            self.observer(event)
        return event

    def _mark(self, connection: Connection, name: str) -> None:
        kind = "hostile" if self.hostile else "plain"
        mark = f"{MARK}: {self.employees} employees, seed {self.seed}, {kind}; may be dropped"
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))

    def _fill(self, connection: Connection, recipe: Recipe) -> None:
        connection.execute(queries.load(f"tables/{recipe.name}"))
        connection.execute(queries.load("functions"))
        _set(connection, "employees", str(self.employees))
        _set(connection, "seed", str(self.seed))
        connection.execute(queries.load("migrations"))
        for table in recipe.tables:
            _set(connection, "copy", str(table in recipe.copies))
            connection.execute(queries.load(recipe.rows_file(table)))

    def _plant(self, connection: Connection, recipe: Recipe) -> tuple[Trouble, ...]:
        connection.execute(queries.load("hostile/functions"))
        if "employees" in recipe.tables:
            connection.execute(queries.load("hostile/planted_employee"))
        return plant(connection, recipe.name, queries.load(f"hostile/{recipe.name}"))

    @contextmanager
    def _connected(self, url: DatabaseUrl, recipe: Recipe) -> Iterator[Connection]:
        with connect(url, SETTINGS) as connection:
            self._open.add(connection)
            try:
                yield connection
            except psycopg.Error as error:
                raise to_error(error, f"{recipe.name} can't be made", url, DevServerError) from cause(error)
            finally:
                self._open.discard(connection)


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", [f"payrollx_dev.{name}", value])


def _size(connection: Connection, recipe: Recipe, table: str) -> TableSize:
    name = sql.Identifier("public", table)
    query = sql.SQL("SELECT count(*), pg_catalog.pg_total_relation_size({}::regclass) FROM {}")
    row = connection.execute(query.format(sql.Literal(f'public."{table}"'), name)).fetchone()
    rows, size = row or (0, 0)
    return TableSize(recipe.name, table, rows, size, table in recipe.copies)
