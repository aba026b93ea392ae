"""What Prisma schemas call a database's tables, columns, relations and enums, service by service.

A name of the database is looked for as it is, and else in snake case, as a reshape writes it. Nothing else is
tried: what isn't found keeps the name that it would have without the schema, and is told.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from payrollx_db import prisma
from payrollx_db.errors import ConfigurationError
from payrollx_db.lift.draft import names
from payrollx_db.lift.draft.database import Column, Constraint, Database, Table, Type
from payrollx_db.lift.draft.models import Names, ServiceDraft
from payrollx_db.prisma.schema import Call

Entry = TypeVar("Entry")
QUALIFIED = re.compile(r"^(?:\w+|\"(?:[^\"]|\"\")+\")\.")


@dataclass(frozen=True)
class PrismaSchema:
    """A Prisma schema to take names from; ``service`` says whose it is, and is empty where its tables tell."""

    path: Path
    service: str = ""


@dataclass(frozen=True)
class Given:
    """The names by service, and in which the schemas and the database disagree, a sentence each."""

    names: Mapping[str, Names] = field(default_factory=dict)
    disagreements: Sequence[str] = ()


@dataclass(frozen=True)
class _Part:
    """What one Prisma schema says of one schema of its database: a database of several becomes several services."""

    path: Path
    schema: str
    said: prisma.Names

    @property
    def tables(self) -> dict[str, prisma.TableNames]:
        return {name: table for (schema, name), table in self.said.tables.items() if schema == self.schema}


def given_names(schemas: Sequence[PrismaSchema], services: Sequence[ServiceDraft], database: Database) -> Given:
    """Return what the Prisma schemas say of the services' tables.

    Raises PrismaSchemaError where one can't be read, and ConfigurationError where it isn't clear of which
    service one speaks, or two speak of the same.
    """
    parts: dict[str, _Part] = {}
    for schema in schemas:
        if schema.service and schema.service not in {service.name for service in services}:
            raise ConfigurationError(f"--prisma names a service {schema.service}, which isn't drafted")
        for part in _parts(schema.path):
            candidates = [one for one in services if schema.service in ("", one.name)]
            service = _service_of(part, candidates, sure=bool(schema.service))
            if service.name in parts:
                raise ConfigurationError(
                    f"{part.path} and {parts[service.name].path} both speak of the service {service.name}",
                    hint="say whose they are: --prisma SERVICE=PATH",
                )
            parts[service.name] = part
    found = {service.name: _Finder(parts[service.name], service) for service in services if service.name in parts}
    told = [line for finder in found.values() for line in finder.disagreements(database.types)]
    return Given({name: finder.names() for name, finder in found.items()}, tuple(told))


def _parts(path: Path) -> list[_Part]:
    said = prisma.of(prisma.read(path))
    return [_Part(path, schema, said) for schema in dict.fromkeys(schema for schema, _ in said.tables)]


def _service_of(part: _Part, services: Sequence[ServiceDraft], *, sure: bool) -> ServiceDraft:
    shared = {one.name: sum(1 for table in part.tables if _has(one, table)) for one in services}
    best = max(services, key=lambda one: shared[one.name])
    if sure:
        return best
    if 2 * shared[best.name] <= len(part.tables) or Counter(shared.values())[shared[best.name]] > 1:
        counted = ", ".join(f"{count} are in {name}" for name, count in shared.items())
        raise ConfigurationError(
            f"it isn't clear of which service {part.path} speaks: of its {len(part.tables)} tables, {counted}",
            hint="say whose it is: --prisma SERVICE=PATH",
        )
    return best


def _has(service: ServiceDraft, table: str) -> bool:
    return any(_is(one.name, table) for one in service.tables)


class _Finder:
    """Finds in a part what the database has, by the database's names."""

    def __init__(self, part: _Part, service: ServiceDraft) -> None:
        self._part = part
        self._service = service
        self._tables = _by_name([table.name for table in service.tables], part.tables)
        enums = {name: enum for (schema, name), enum in part.said.enums.items() if schema == part.schema}
        self._enums = _Lookup(enums)

    def names(self) -> Names:
        """Return the names as the writer of modules asks for them."""
        return Names(
            table=lambda table: self._of(table, lambda said: said.class_name),
            column=self._attribute,
            enum=lambda kind: enum.class_name if (enum := self._enum(kind)) else "",
            relationship=self._relationship,
            table_comment=lambda table: self._of(table, lambda said: said.documentation),
            column_comment=lambda table, column: said.documentation if (said := self._column(table, column)) else "",
            enum_comment=lambda kind: enum.documentation if (enum := self._enum(kind)) else "",
            member=lambda kind, label: enum.members.get(label, "") if (enum := self._enum(kind)) else "",
            join=self._join,
            made_by_client=self._made_by_client,
        )

    def disagreements(self, types: Mapping[int, Type]) -> Iterator[str]:
        """Yield where schema and database disagree, and what of the schema no model takes on."""
        shapes = {
            said.name[1]: {
                (mine.column if (mine := self._column(table, column)) else column.name): prisma.ColumnShape(
                    _written(column, types), is_nullable=not column.not_null
                )
                for column in table.columns
            }
            for table in self._service.tables
            if (said := self._tables.get(table.name))
        }
        told = prisma.disagreements(self._part.said, self._part.schema, shapes)
        views = {view.class_name for view in self._part.tables.values() if view.is_view}
        yield from (str(one) for one in told if one.code != "prisma-table" or not _speaks_of(one.message, views))
        for table in self._service.tables:
            for column in table.columns:
                mine = self._column(table, column)
                if mine and isinstance(mine.default, Call) and self._is_left_out(column, mine.default):
                    place = f"{mine.field.position}: {self._tables[table.name].class_name}.{mine.attribute}"
                    yield f"{place} is made by Prisma's client, with {mine.default.name}(): the model has no default"

    def _of(self, table: Table, part: Callable[[prisma.TableNames], str]) -> str:
        said = self._tables.get(table.name)
        return part(said) if said else ""

    def _column(self, table: Table, column: Column) -> prisma.ColumnNames | None:
        said = self._tables.get(table.name)
        return _by_name([one.name for one in table.columns], said.columns).get(column.name) if said else None

    def _attribute(self, table: Table, column: Column) -> str:
        said = self._column(table, column)
        return said.attribute if said else ""

    def _enum(self, kind: Type) -> prisma.EnumNames | None:
        return self._enums.find(kind.name) if kind.schema == self._service.schema else None

    def _relationship(self, table: Table, key: Constraint) -> tuple[str, str]:
        said = self._tables.get(table.name)
        for relation in said.relations if said else ():
            if self._is_over(relation, key):
                return _python(relation.attribute), _python(relation.back)
        return "", ""

    def _is_over(self, relation: prisma.RelationNames, key: Constraint) -> bool:
        same = zip((*relation.columns, relation.target[1]), (*key.columns, str(key.target)), strict=False)
        return len(relation.columns) == len(key.columns) and all(_is(there, here) for here, there in same)

    def _join(self, table: Table) -> Mapping[str, str]:
        for (schema, name), join in self._part.said.joins.items():
            if schema == self._part.schema and _is(table.name, name):
                ends = {"a": (join.left, join.left_attribute), "b": (join.right, join.right_attribute)}
                return {
                    key.columns[0]: _python(ends[key.columns[0].lower()][1])
                    for key in table.of_kind("f")
                    if key.columns[0].lower() in ends and _is(str(key.target), ends[key.columns[0].lower()][0][1])
                }
        return {}

    def _made_by_client(self, table: Table, column: Column) -> str:
        said = self._column(table, column)
        if said and said.is_updated_at and column.written.startswith("timestamp"):
            return "updatedAt"
        made = said.default if said and column.default is None else None
        is_uuid = isinstance(made, Call) and made.name == "uuid" and not self._is_left_out(column, made)
        return "uuid" if is_uuid else ""

    def _is_left_out(self, column: Column, default: Call) -> bool:
        """Tell whether a default of Prisma's client has nothing that answers for it here."""
        if column.default is not None or column.identity or default.name in ("now", "autoincrement", "dbgenerated"):
            return False
        plain = default.name == "uuid" and all(one.value == 4 for one in default.arguments)
        return not (plain and column.written in ("uuid", "text"))


class _Lookup:
    """Enums by their types' names, and by these names in snake case."""

    def __init__(self, entries: Mapping[str, prisma.EnumNames]) -> None:
        self._entries = entries
        self._snake = {names.words(name): entry for name, entry in entries.items()}

    def find(self, name: str) -> prisma.EnumNames | None:
        return self._entries.get(name) or self._snake.get(name)


def _by_name(database: Iterable[str], said: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entries by the names in the database: as they are, and else in snake case where that is one."""
    there = list(database)
    snake = Counter(names.words(name) for name in said)
    renamed = {names.words(name): entry for name, entry in said.items() if snake[names.words(name)] == 1}
    plain = {name: said[name] for name in there if name in said}
    taken = {id(entry) for entry in plain.values()}
    return plain | {
        name: renamed[name]
        for name in there
        if name not in plain and name in renamed and id(renamed[name]) not in taken
    }


def _written(column: Column, types: Mapping[int, Type]) -> str:
    kind = types.get(column.type)
    element = types.get(kind.element) if kind and kind.element else None
    if kind and kind.kind == "e":
        return kind.name
    if element and element.kind == "e":
        return f"{element.name}[]"
    return QUALIFIED.sub("", column.written)  # of an extension, whose schema Prisma doesn't say


def _is(there: str, said: str) -> bool:
    return there in (said, names.words(said))


def _speaks_of(message: str, classes: Iterable[str]) -> bool:
    return any(message.endswith(f"({name})") for name in classes)


def _python(name: str) -> str:
    return names.attribute(name) if name else ""
