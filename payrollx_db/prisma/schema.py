"""A Prisma schema as frozen data: what its files say, with the place of each thing."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

SCALARS = frozenset({"String", "Boolean", "Int", "BigInt", "Float", "Decimal", "DateTime", "Json", "Bytes"})
UNSUPPORTED = "Unsupported"


@dataclass(frozen=True)
class Position:
    """A place in a file; lines and columns count from one."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Constant:
    """A bare word: ``true``, a value of an enum, a field's name (``address.street`` in a composite type)."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function with its arguments: ``autoincrement()``, ``title(sort: Desc)``."""

    name: str
    arguments: tuple["Argument", ...] = ()


@dataclass(frozen=True)
class Pairs:
    """An object: ``{ deletedAt: null }``, as the condition of a partial index has it."""

    items: tuple["Argument", ...] = ()


Value = str | int | Decimal | Constant | Call | Pairs | tuple["Value", ...]


@dataclass(frozen=True)
class Argument:
    """One argument; ``name`` is empty where it is given by position."""

    name: str
    value: Value


@dataclass(frozen=True)
class Attribute:
    """``@name(…)`` of a field or ``@@name(…)`` of a block; a native type is named ``db.VarChar``."""

    name: str
    arguments: tuple[Argument, ...]
    position: Position

    def argument(self, name: str, *, first: bool = False) -> Value | None:
        """Return the argument called ``name``; with ``first`` also one that is given by position."""
        for argument in self.arguments:
            if argument.name == name or (first and not argument.name):
                return argument.value
        return None

    def text(self, name: str, *, first: bool = False) -> str:
        """Return a string argument, or an empty string where it isn't given or is no string."""
        value = self.argument(name, first=first)
        return value if isinstance(value, str) else ""

    def words(self, name: str, *, first: bool = False) -> tuple[str, ...]:
        """Return the names in a list argument: fields, each perhaps with its sort order or length."""
        value = self.argument(name, first=first)
        listed = value if isinstance(value, tuple) else ()
        return tuple(item.name for item in listed if isinstance(item, Constant | Call))


class _Attributed:
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, if it is there."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def mapped(self) -> str:
        """Return the name in the database that ``map`` gives, or an empty string."""
        attribute = self.attribute("map")
        return attribute.text("name", first=True) if attribute else ""


@dataclass(frozen=True)
class Field(_Attributed):
    """A field: a column, or one side of a relation where its type is a model."""

    name: str
    type: str
    is_list: bool
    is_optional: bool
    attributes: tuple[Attribute, ...]
    documentation: str
    position: Position
    unsupported: str = ""
    """The database's own type, where the field is ``Unsupported("…")``."""

    @property
    def column(self) -> str:
        """The column's name in the database."""
        return self.mapped() or self.name

    @property
    def native_type(self) -> Attribute | None:
        """The attribute that names a type of the database (``@db.VarChar(20)``)."""
        return next((attribute for attribute in self.attributes if "." in attribute.name), None)

    @property
    def default(self) -> Value | None:
        """What ``@default`` says."""
        attribute = self.attribute("default")
        return attribute.argument("value", first=True) if attribute else None


@dataclass(frozen=True)
class Model(_Attributed):
    """A model, a view, or a composite type (which stands in no table of Postgres)."""

    kind: Literal["model", "view", "type"]
    name: str
    fields: tuple[Field, ...]
    attributes: tuple[Attribute, ...]
    documentation: str
    position: Position

    @property
    def table(self) -> str:
        """The table's (or view's) name in the database."""
        return self.mapped() or self.name

    @property
    def database_schema(self) -> str:
        """The schema that ``@@schema`` names, or an empty string: the one of the connection."""
        attribute = self.attribute("schema")
        return attribute.text("map", first=True) if attribute else ""

    def field(self, name: str) -> Field | None:
        """Return the field of that name, if it is there."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True)
class EnumValue(_Attributed):
    """One value of an enum."""

    name: str
    attributes: tuple[Attribute, ...]
    documentation: str
    position: Position

    @property
    def label(self) -> str:
        """The label in the database."""
        return self.mapped() or self.name


@dataclass(frozen=True)
class Enum(_Attributed):
    """An enum with its values."""

    name: str
    values: tuple[EnumValue, ...]
    attributes: tuple[Attribute, ...]
    documentation: str
    position: Position

    @property
    def type_name(self) -> str:
        """The type's name in the database."""
        return self.mapped() or self.name

    @property
    def database_schema(self) -> str:
        """The schema that ``@@schema`` names, or an empty string."""
        attribute = self.attribute("schema")
        return attribute.text("map", first=True) if attribute else ""


@dataclass(frozen=True)
class Configuration:
    """A ``datasource`` or ``generator`` block; only what it says, nothing of it is looked up."""

    kind: Literal["datasource", "generator"]
    name: str
    properties: tuple[Argument, ...]
    documentation: str
    position: Position

    def text(self, name: str) -> str:
        """Return a property that is a string, or an empty string."""
        return next((p.value for p in self.properties if p.name == name and isinstance(p.value, str)), "")


Block = Model | Enum | Configuration


@dataclass(frozen=True)
class Schema:
    """One Prisma schema, of one file or of a folder of files."""

    blocks: tuple[Block, ...]

    @property
    def models(self) -> tuple[Model, ...]:
        """Models and views, in the order of the files: what has rows."""
        return tuple(block for block in self._models() if block.kind != "type")

    @property
    def types(self) -> tuple[Model, ...]:
        """Composite types."""
        return tuple(block for block in self._models() if block.kind == "type")

    @property
    def enums(self) -> tuple[Enum, ...]:
        """Enums, in the order of the files."""
        return tuple(block for block in self.blocks if isinstance(block, Enum))

    @property
    def provider(self) -> str:
        """The database system that the datasource names (``postgresql``), or an empty string."""
        sources = (b for b in self.blocks if isinstance(b, Configuration) and b.kind == "datasource")
        return next((source.text("provider") for source in sources), "")

    def _models(self) -> Iterator[Model]:
        return (block for block in self.blocks if isinstance(block, Model))
