"""Legacy databases as Prisma leaves them, full of invented rows, for a catalog whose layout says what they are."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files

import psycopg
from psycopg import sql

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
from payrollx_db.devserver.prisma_rows import RowMaker
from payrollx_db.errors import DevServerError
from payrollx_db.model.layout import Layout, LegacyDatabase
from payrollx_db.postgres import query_files
from payrollx_db.postgres.databases import Connection, connect, create_database, drop_database
from payrollx_db.postgres.errors import cause, to_error
from payrollx_db.postgres.settings import COMMON
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__)

SETTINGS = {**COMMON, "synchronous_commit": "off"}  # nothing here outlives a crash: it would be made again
OLD = 2  # what a service has that has moved out is so many times as much as it has left behind


@dataclass(frozen=True)
class World:
    """What a catalog's legacy databases are made of.

    ``package`` is where its SQL lies: ``sql/tables/SERVICE.sql``, and ``sql/hostile/SERVICE.sql`` where there is one.
    ``left_behind`` has, by service, the service in whose database its tables lie as well, with old rows. ``prefix``
    goes before each database's name.
    """

    package: str
    layout: Layout
    rows: RowMaker
    left_behind: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def make(
        self, url: DatabaseUrl, *, hostile: bool = False, seed: int = 1, observer: Observer | None = None
    ) -> LegacySummary:
        """Make the legacy databases on the server at ``url`` (any database there).

        Entries whose usual database is the same are made in one. Databases of an earlier call are dropped and made
        anew; raises DevServerError where one is somebody else's, or the server refuses.
        """
        began = time.monotonic()
        groups: dict[str, list[LegacyDatabase]] = {}
        for legacy in self.layout.databases:
            groups.setdefault(self.prefix + legacy.usual_database, []).append(legacy)
        refuse_others(url, list(groups))
        made: list[DatabaseMade] = []
        for name, entries in groups.items():
            made.append(self._make(url, name, entries, seed=seed, hostile=hostile))
            if observer:
                observer(made[-1])
        tables = tuple(table for database in made for table in database.tables)
        troubles = tuple(sorted(trouble for database in made for trouble in database.troubles))
        return LegacySummary(self.rows.size, seed, hostile, tables, troubles, (), time.monotonic() - began)

    # -- private -----------------------------------------------------------------------------------------

    def _make(
        self, url: DatabaseUrl, name: str, entries: Sequence[LegacyDatabase], *, seed: int, hostile: bool
    ) -> DatabaseMade:
        began = time.monotonic()
        drop_database(url, name)
        database = create_database(url, name)
        with connect(database, SETTINGS) as connection:
            try:
                self._mark(connection, name, seed, hostile=hostile)
                self._fill(connection, entries, seed)
                troubles = tuple(self._plant(connection, entries)) if hostile else ()
                connection.execute("ANALYZE")
                tables = tuple(_sizes(connection, name, [*entries, *self._left_in(entries)]))
            except psycopg.Error as error:
                raise to_error(error, f"{name} can't be made", url, DevServerError) from cause(error)
        return DatabaseMade(name, tables, troubles, time.monotonic() - began)

    def _mark(self, connection: Connection, name: str, seed: int, *, hostile: bool) -> None:
        kind = "hostile" if hostile else "plain"
        mark = f"{MARK}: {self.rows.size} users, seed {seed}, {kind}; may be dropped"
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))

    def _fill(self, connection: Connection, entries: Sequence[LegacyDatabase], seed: int) -> None:
        connection.execute("SELECT pg_catalog.set_config('payrollx_dev.seed', %s, false)", [str(seed)])
        connection.execute(queries.load("prisma_functions"))
        old = replace(self.rows, size=max(1, self.rows.size // OLD))
        for rows, some in ((self.rows, entries), (old, self._left_in(entries))):
            for entry in some:
                connection.execute(self._sql("tables", entry.service).encode())
                for statement in rows.statements([known.target for known in entry.maps]):
                    connection.execute(statement)

    def _left_in(self, entries: Sequence[LegacyDatabase]) -> list[LegacyDatabase]:
        """Return the entries that have moved out of the database of ``entries``."""
        homes = {entry.service for entry in entries}
        return [known for known in self.layout.databases if self.left_behind.get(known.service) in homes]

    def _plant(self, connection: Connection, entries: Sequence[LegacyDatabase]) -> Iterator[Trouble]:
        for entry in entries:
            if script := self._sql("hostile", entry.service):
                yield from plant(connection, entry.name, script)

    def _sql(self, kind: str, service: str) -> str:
        """Return a file's SQL; empty where there is none."""
        file = files(self.package).joinpath("sql", kind, f"{service}.sql")
        return file.read_text("utf-8") if file.is_file() else ""


def _sizes(connection: Connection, database: str, entries: Sequence[LegacyDatabase]) -> Iterator[TableSize]:
    for entry in entries:
        for known in entry.maps:
            name = sql.Identifier("public", known.source.name)
            place = sql.Literal(f'public."{known.source.name}"')
            query = sql.SQL("SELECT count(*), pg_catalog.pg_total_relation_size({}::regclass) FROM {}")
            ((rows, size),) = connection.execute(query.format(place, name)).fetchall()
            yield TableSize(database, known.source.name, rows, size, copy=False)
