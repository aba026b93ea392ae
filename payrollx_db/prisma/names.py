"""The names that a Prisma schema gives to what is in a database: tables, columns, references and enums."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma.relations import ManyToMany, Relation, relations
from payrollx_db.prisma.schema import Enum, Field, Model, Schema, Value

Name = tuple[str, str]
"""A schema (empty where the Prisma schema doesn't say one) and a table or type in it."""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class ColumnNames:
    """A column and the field that it is; ``field`` has what else the schema says of it."""

    column: str
    attribute: str
    documentation: str
    default: Value | None
    """What ``@default`` says: a value, or a Call such as ``cuid()`` that the client or the database answers."""
    is_updated_at: bool
    field: Field


@dataclass(frozen=True)
class RelationNames:
    """A foreign key of a table, with what its two sides are called.

    ``attribute`` is this table's; ``back`` is the target's, and empty where the schema declares none.
    """

    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]
    attribute: str
    documentation: str
    back: str
    back_is_list: bool
    back_documentation: str
    constraint: str
    on_delete: str
    on_update: str


@dataclass(frozen=True)
class TableNames:
    """A table or view and the model that it is; ``columns`` are by their names in the database."""

    name: Name
    class_name: str
    documentation: str
    columns: Mapping[str, ColumnNames]
    relations: tuple[RelationNames, ...]
    is_view: bool
    is_ignored: bool
    model: Model


@dataclass(frozen=True)
class JoinNames:
    """A table of Prisma's own for a relation of many to many; its columns are called A and B.

    Column A points at ``left``, whose attribute ``left_attribute`` lists rows of ``right``; and the other way round.
    """

    name: Name
    left: Name
    left_attribute: str
    left_documentation: str
    right: Name
    right_attribute: str
    right_documentation: str


@dataclass(frozen=True)
class EnumNames:
    """A type and the enum that it is; ``members`` are the enum's names by their labels in the database."""

    name: Name
    class_name: str
    documentation: str
    members: Mapping[str, str]
    enum: Enum


@dataclass(frozen=True)
class Names:
    """All names of one Prisma schema, by the names in the database."""

    provider: str
    tables: Mapping[Name, TableNames]
    joins: Mapping[Name, JoinNames]
    enums: Mapping[Name, EnumNames]

    def table(self, schema: str, table: str) -> TableNames | None:
        """Return the names of a table; a model that says no schema is in any."""
        return _lookup(self.tables, schema, table)

    def join(self, schema: str, table: str) -> JoinNames | None:
        """Return the names of a table of Prisma's own, likewise."""
        return _lookup(self.joins, schema, table)

    def enum(self, schema: str, name: str) -> EnumNames | None:
        """Return the names of an enumerated type, likewise."""
        return _lookup(self.enums, schema, name)


def of(schema: Schema) -> Names:
    """Return the names that ``schema`` gives.

    Raises PrismaSchemaError for a type or field that isn't there, and for two models (or two fields of one)
    that are one table (or column).
    """
    paired = relations(schema)
    held = [relation for relation in paired if isinstance(relation, Relation)]
    models = frozenset(model.name for model in schema.models)
    tables = [_table(model, models, held) for model in schema.models]
    _refuse_shared("table", [(table.name, table.model) for table in tables])
    joins = [_join(relation) for relation in paired if isinstance(relation, ManyToMany)]
    enums = [_enum(enum) for enum in schema.enums]
    return Names(
        provider=schema.provider,
        tables={table.name: table for table in tables},
        joins={join.name: join for join in joins},
        enums={enum.name: enum for enum in enums},
    )


def _lookup(entries: Mapping[Name, Entry], schema: str, name: str) -> Entry | None:
    return entries.get((schema, name)) or entries.get(("", name))


def _table(model: Model, models: frozenset[str], held: list[Relation]) -> TableNames:
    columns = [_column(field) for field in model.fields if field.type not in models]
    _refuse_shared("column", [(("", column.column), column.field) for column in columns])
    return TableNames(
        name=_name(model),
        class_name=model.name,
        documentation=model.documentation,
        columns={column.column: column for column in columns},
        relations=tuple(_relation(relation) for relation in held if relation.model is model),
        is_view=model.kind == "view",
        is_ignored=model.attribute("ignore") is not None,
        model=model,
    )


def _column(field: Field) -> ColumnNames:
    return ColumnNames(
        column=field.column,
        attribute=field.name,
        documentation=field.documentation,
        default=field.default,
        is_updated_at=field.attribute("updatedAt") is not None,
        field=field,
    )


def _relation(relation: Relation) -> RelationNames:
    opposite = relation.opposite
    return RelationNames(
        columns=relation.columns,
        target=_name(relation.target),
        target_columns=relation.target_columns,
        attribute=relation.field.name,
        documentation=relation.field.documentation,
        back=opposite.name if opposite else "",
        back_is_list=opposite.is_list if opposite else False,
        back_documentation=opposite.documentation if opposite else "",
        constraint=relation.constraint,
        on_delete=relation.on_delete,
        on_update=relation.on_update,
    )


def _join(relation: ManyToMany) -> JoinNames:
    return JoinNames(
        name=(relation.left.database_schema, relation.table),
        left=_name(relation.left),
        left_attribute=relation.left_field.name,
        left_documentation=relation.left_field.documentation,
        right=_name(relation.right),
        right_attribute=relation.right_field.name,
        right_documentation=relation.right_field.documentation,
    )


def _enum(enum: Enum) -> EnumNames:
    return EnumNames(
        name=(enum.database_schema, enum.type_name),
        class_name=enum.name,
        documentation=enum.documentation,
        members={value.label: value.name for value in enum.values},
        enum=enum,
    )


def _name(model: Model) -> Name:
    return model.database_schema, model.table


def _refuse_shared(what: str, named: Iterable[tuple[Name, Model | Field]]) -> None:
    first: dict[Name, Model | Field] = {}
    for name, thing in named:
        if name in first:
            both = f"{first[name].name} and {thing.name}"
            raise PrismaSchemaError(
                f"{thing.position}: {both} are both the {what} {'.'.join(filter(None, name))}",
                hint=f"correct the @{'@' if what == 'table' else ''}map of one of them",
            )
        first[name] = thing
