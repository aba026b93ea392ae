"""The catalog and the layout of a lift: from the project and its lock, with nothing written by hand.

The mapping is total: every table and every column of the lifted schemas goes where it was, or is left behind with the
reason that the project gives, or because the server computes it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import lock as locks
from payrollx_db.lift import project as projects
from payrollx_db.lift.lock import Lock, LockedSchema, LockedTable
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.reshape import file as reshapes
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import LIFTED, Discard, DuplicateTable, Layout, LegacyDatabase, SourceTable, TableMap

FOREIGN = "a foreign table: its rows are on another server"
GENERATED = "the target computes it, too"
ALL_OF = ".*"  # after a schema's name, in left_behind
PRISMA = "_prisma_migrations"


class Shape(Protocol):
    """What the target calls things, where it isn't what the source calls them. Names are the source's bare ones."""

    @property
    def taken(self) -> Sequence[object]:
        """What of the shapes a person has said yes to, done or not."""

    def table_name(self, service: str, table: str) -> str:
        """Return what a table is called in the target."""

    def column_names(self, service: str, table: str) -> Mapping[str, str]:
        """Return the columns that are called otherwise in the target, with their names there."""

    def copy_of(self, service: str, table: str) -> str:
        """Return the service whose table of the same name this one is a copy of; empty where it is none."""

    def references(self, schemas: Mapping[str, str]) -> Iterable[Reference]:
        """Return the references between services, in the target's names; ``schemas`` has each service's schema."""


class AsItIs:
    """Everything is called what the source calls it."""

    taken: Sequence[object] = ()

    def table_name(self, service: str, table: str) -> str:  # noqa: ARG002 - as the protocol has it
        """Return the table's own name."""
        return table

    def column_names(self, service: str, table: str) -> Mapping[str, str]:  # noqa: ARG002 - as above
        """Return none."""
        return {}

    def copy_of(self, service: str, table: str) -> str:  # noqa: ARG002 - as above
        """Return that no table is a copy."""
        return ""

    def references(self, schemas: Mapping[str, str]) -> Iterable[Reference]:  # noqa: ARG002 - as above
        """Return none."""
        return ()


@dataclass(frozen=True)
class Lift:
    """A project with what comes of it."""

    project: Project
    lock: Lock
    catalog: Catalog
    layout: Layout


def load(path: Path) -> Lift:
    """Return the lift that ``path`` describes, as it was locked, with the names that a reshape gives.

    Raises ConfigurationError where the project is wrong, or there is no lock of all its sources.
    """
    project = projects.read(path)
    lock = locks.read(project)
    if lock is None:
        raise ConfigurationError(
            f"{path} was not planned yet: there is no {locks.path_of(project).name}",
            hint=f"{project.command('lift plan')} reads the databases, and writes it",
        )
    return lift(project, lock, reshapes.read(reshapes.beside(path)))


def lift(project: Project, lock: Lock, shape: Shape | None = None) -> Lift:
    """Return what comes of ``project``. Raises ConfigurationError where ``lock`` isn't of all its sources."""
    for source in project.schemas:
        if source.source not in lock.schemas or lock.schemas[source.source].source_schema != source.source_schema:
            raise ConfigurationError(
                f"{locks.path_of(project)} doesn't have {source.source}, which {project.path.name} has",
                hint=f"{project.command('lift plan')} --renew writes it anew",
            )
    builder = _Builder(project, lock, shape or AsItIs())
    return Lift(project, lock, builder.catalog(), builder.layout())


def left_tables(source: LiftedSchema, locked: LockedSchema) -> Mapping[str, str]:
    """Return the tables of a schema that are left behind, each with the reason."""
    foreign = {name: FOREIGN for name, table in locked.tables.items() if table.kind == "f"}
    return foreign | {name: reason for name, reason in source.left_behind.items() if name in locked.tables}


def left_columns(source: LiftedSchema, locked: LockedSchema) -> Mapping[tuple[str, str], str]:
    """Return the columns that are left behind of tables that aren't, as (table, column), each with the reason."""
    left: dict[tuple[str, str], str] = {}
    tables = left_tables(source, locked)
    for name, table in locked.tables.items():
        if name not in tables:
            left |= {(name, column): GENERATED for column in table.generated}
    for place, reason in source.left_behind.items():
        name, _, column = place.rpartition(".")
        if place not in locked.tables and name in locked.tables and name not in tables:
            left[name, column] = reason
    return left


# --- private -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Builder:
    project: Project
    lock: Lock
    shape: Shape

    @property
    def sources(self) -> Iterator[tuple[LiftedSchema, LockedSchema]]:
        return ((source, self.lock.schemas[source.source]) for source in self.project.schemas)

    def catalog(self) -> Catalog:
        services = tuple(
            Service(source.service, source.schema, source.role, tuple(sorted(self._tables(source, locked))))
            for source, locked in self.sources
        )
        known = {f"{service.schema}.{table}" for service in services for table in service.tables}
        references = [
            reference
            for reference in (*self._references(), *self.shape.references(self._schemas))
            if {reference.table, reference.target_table} <= known
        ]
        return Catalog(
            self.project.name,
            services,
            tuple(sorted(set(references))),
            self.project.owner_role,
            self.project.reader_role,
            option=str(self.project.path),
            lifted=True,
            reshaped=bool(self.shape.taken),
        )

    def layout(self) -> Layout:
        prisma = any(PRISMA in locked.tables for _, locked in self.sources)
        return Layout(
            LIFTED,
            tuple(self._database(source, locked) for source, locked in self.sources),
            timezone=self.project.timezone,
            migrations="prisma" if prisma else None,
            remedy=f"{self._unapplied}{self.project.command('lift plan')} says what has changed; with --renew it takes"
            f" that on, or leave it behind in {self.project.path.name}, with a reason",
        )

    @property
    def _unapplied(self) -> str:
        if not self.shape.taken:
            return ""
        return f"what the reshape takes has to be done first: {self.project.command('lift reshape --apply')}; else "

    @property
    def _schemas(self) -> dict[str, str]:
        return {source.service: source.schema for source in self.project.schemas}

    def _tables(self, source: LiftedSchema, locked: LockedSchema) -> Iterator[str]:
        left = left_tables(source, locked)
        for table in locked.tables:
            if table not in left and not self.shape.copy_of(source.service, table):
                yield self.shape.table_name(source.service, table)

    def _place(self, source: LiftedSchema, table: str) -> str:
        return f"{source.schema}.{self.shape.table_name(source.service, table)}"

    def _references(self) -> Iterator[Reference]:
        """Yield the foreign keys between lifted tables of one database, in the target's names.

        Where the source holds its rows to no key (NOT VALID, NOT ENFORCED), neither does the target: rows without a
        parent come along, and are counted.
        """
        for source, locked in self.sources:
            for key in locked.foreign_keys:
                here = self._of_same_database(source, key.table)
                there = self._of_same_database(source, key.target)
                if here and there and not self.shape.copy_of(here[0].service, here[1]):
                    there = self._owning(*there)
                    yield Reference(
                        self._place(*here), self._columns(*here, key.columns),
                        self._place(*there), self._columns(*there, key.target_columns), enforced=key.validated,
                    )  # fmt: skip

    def _of_same_database(self, source: LiftedSchema, full_name: str) -> tuple[LiftedSchema, str] | None:
        """Return the source that has the table ``schema.table`` of ``source``'s database, and its bare name."""
        for other in self._beside(source):
            prefix = f"{other.source_schema}."
            if (
                full_name.startswith(prefix)
                and full_name.removeprefix(prefix) in self.lock.schemas[other.source].tables
            ):
                return other, full_name.removeprefix(prefix)
        return None

    def _owning(self, source: LiftedSchema, table: str) -> tuple[LiftedSchema, str]:
        """Return the source whose table has the rows: of a copy, its owner."""
        owner = self.shape.copy_of(source.service, table)
        return next((other for other in self.project.schemas if other.service == owner), source), table

    def _beside(self, source: LiftedSchema) -> list[LiftedSchema]:
        """Return the sources of the same database, ``source`` among them."""
        place = (source.database, source.url)
        return [other for other in self.project.schemas if (other.database, other.url) == place]

    def _columns(self, source: LiftedSchema, table: str, columns: Iterable[str]) -> tuple[str, ...]:
        names = self.shape.column_names(source.service, table)
        return tuple(names.get(column, column) for column in columns)

    def _database(self, source: LiftedSchema, locked: LockedSchema) -> LegacyDatabase:
        tables = left_tables(source, locked)
        columns = left_columns(source, locked)
        beside = self._beside(source)
        elsewhere = {other.source_schema for other in beside if other is not source}
        elsewhere |= {place.removesuffix(ALL_OF) for place in source.left_behind if place.endswith(ALL_OF)}
        maps, duplicates = self._maps(source, locked, set(tables), set(columns))
        return LegacyDatabase(
            name=source.source,
            variable=self.project.variables[source.source],
            service=source.service,
            maps=maps,
            duplicates=duplicates,
            discards=tuple(self._discards(source, locked)),
            schema=source.source_schema,
            sequences={
                name: self._sequence(source, name) for name in locked.sequences if name not in source.left_behind
            },
            elsewhere=frozenset(elsewhere),
            whole=beside[0] is source,
        )

    def _maps(
        self, source: LiftedSchema, locked: LockedSchema, left: set[str], left_columns: set[tuple[str, str]]
    ) -> tuple[tuple[TableMap, ...], tuple[DuplicateTable, ...]]:
        maps: list[TableMap] = []
        duplicates: list[DuplicateTable] = []
        owners = {other.service: other.source for other in self.project.schemas}
        for name, table in locked.tables.items():
            if name in left:
                continue
            source_table = _source_table(name, table, left_columns)
            if owner := self.shape.copy_of(source.service, name):
                duplicates.append(DuplicateTable(source_table, owners[owner]))
                continue
            renames = self.shape.column_names(source.service, name)
            rename = {column: renames[column] for column in source_table.columns if column in renames}
            maps.append(TableMap(source_table, self._place(source, name), rename))
        return tuple(maps), tuple(duplicates)

    def _discards(self, source: LiftedSchema, locked: LockedSchema) -> Iterator[Discard]:
        tables, columns = left_tables(source, locked), left_columns(source, locked)
        yield from (Discard(table, reason) for table, reason in tables.items())
        yield from (Discard(table, reason, column) for (table, column), reason in columns.items())
        listed = {*tables, *(f"{table}.{column}" for table, column in columns)}
        yield from (Discard(place, reason) for place, reason in source.left_behind.items() if place not in listed)

    def _sequence(self, source: LiftedSchema, name: str) -> str:
        """Return what a sequence is called in the target; ``name`` is quoted by the server."""
        return f"{_quoted(source.schema)}.{_bare(name)}"


def _source_table(name: str, table: LockedTable, left: set[tuple[str, str]]) -> SourceTable:
    return SourceTable(name, {column: shape for column, shape in table.columns.items() if (name, column) not in left})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _bare(quoted: str) -> str:
    """Return what stands behind the schema in ``schema.name``, each quoted where it needs it."""
    if not quoted.startswith('"'):
        return quoted.partition(".")[2]
    end = 1
    while quoted[end] != '"' or quoted[end : end + 2] == '""':
        end += 2 if quoted[end] == '"' else 1
    return quoted[end + 2 :]
