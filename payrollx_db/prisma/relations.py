"""Relations of a Prisma schema, each with both its sides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma.schema import SCALARS, UNSUPPORTED, Attribute, Constant, Field, Model, Schema


@dataclass(frozen=True)
class Relation:
    """A relation that columns hold: ``field`` of ``model`` has them, ``opposite`` is the other side, if declared."""

    name: str
    model: Model
    field: Field
    columns: tuple[str, ...]
    target: Model
    target_columns: tuple[str, ...]
    opposite: Field | None
    constraint: str
    on_delete: str
    on_update: str


@dataclass(frozen=True)
class ManyToMany:
    """A relation that a table of Prisma's own holds: its column A points at ``left``, its column B at ``right``."""

    table: str
    left: Model
    left_field: Field
    right: Model
    right_field: Field


def relations(schema: Schema) -> tuple[Relation | ManyToMany, ...]:
    """Pair the sides of each relation.

    Raises PrismaSchemaError for a type that nothing declares, and for a relation over fields that aren't there.
    """
    models = {model.name: model for model in schema.models}
    known = SCALARS | {UNSUPPORTED} | {enum.name for enum in schema.enums} | {type_.name for type_ in schema.types}
    return tuple(
        relation
        for model in schema.models
        for field in model.fields
        if (relation := _relation(model, field, models, known))
    )


def _relation(
    model: Model, field: Field, models: Mapping[str, Model], known: frozenset[str]
) -> Relation | ManyToMany | None:
    if field.type not in models:
        if field.type not in known:
            raise PrismaSchemaError(
                f"{field.position}: nothing declares the type {field.type} of {model.name}.{field.name}",
                hint="correct its name, or name the folder of all the schema's files instead of one of them",
            )
        return None
    attribute = field.attribute("relation")
    target = models[field.type]
    opposite = _opposite(model, field, target)
    if attribute and (names := attribute.words("fields")):
        return _held_by_columns(model, field, attribute, names, target, opposite)
    if field.is_list and opposite and opposite.is_list:
        return _many_to_many(model, field, target, opposite)
    return None


def _held_by_columns(
    model: Model, field: Field, attribute: Attribute, names: tuple[str, ...], target: Model, opposite: Field | None
) -> Relation:
    references = attribute.words("references")
    if len(references) != len(names):
        raise PrismaSchemaError(
            f"{attribute.position}: the relation {model.name}.{field.name} has {len(names)} fields "
            f"and {len(references)} references",
            hint="name a field of the other model in references for each one in fields",
        )
    return Relation(
        name=_name(field),
        model=model,
        field=field,
        columns=tuple(_columns(model, names, attribute)),
        target=target,
        target_columns=tuple(_columns(target, references, attribute)),
        opposite=opposite,
        constraint=attribute.text("map"),
        on_delete=_word(attribute, "onDelete"),
        on_update=_word(attribute, "onUpdate"),
    )


def _columns(model: Model, names: tuple[str, ...], attribute: Attribute) -> Iterator[str]:
    for name in names:
        field = model.field(name)
        if not field:
            raise PrismaSchemaError(
                f"{attribute.position}: a relation names {model.name}.{name}, which isn't there",
                hint=f"name a field of {model.name}",
            )
        yield field.column


def _many_to_many(model: Model, field: Field, target: Model, opposite: Field) -> ManyToMany | None:
    left, right = sorted(((model, field), (target, opposite)), key=lambda side: (side[0].name, side[1].name))
    if (model, field) != left:  # each is met from both its sides, and told once
        return None
    name = _name(field) or f"{left[0].name}To{right[0].name}"
    return ManyToMany(f"_{name}", left[0], left[1], right[0], right[1])


def _opposite(model: Model, field: Field, target: Model) -> Field | None:
    """Return the field of ``target`` that is the other side: of this model, and of the same relation's name.

    In a relation of a model with itself that is another field; where both sides could hold the columns,
    the one that doesn't is the other side.
    """
    sides = [other for other in target.fields if other.type == model.name and _name(other) == _name(field)]
    others = [other for other in sides if other is not field]
    return others[0] if len(others) == 1 else None


def _name(field: Field) -> str:
    attribute = field.attribute("relation")
    return attribute.text("name", first=True) if attribute else ""


def _word(attribute: Attribute, name: str) -> str:
    value = attribute.argument(name)
    return value.name if isinstance(value, Constant) else ""
