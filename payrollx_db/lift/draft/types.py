"""From a column's type to what SQLAlchemy calls it, and to what Python has for its values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from payrollx_db.lift.draft import names
from payrollx_db.lift.draft.database import Column, Type
from payrollx_db.lift.draft.source import Code, Imports, Item, Named, Text, call

CORE, POSTGRES = "sqlalchemy", "sqlalchemy.dialects.postgresql"

# What the base's type_annotation_map says of Python's types needs no word in a column: by pg_type.typname.
MAPPED = {
    "bool": "bool", "int4": "int", "float8": "float", "text": "str", "bytea": "bytes", "date": "datetime.date",
    "time": "datetime.time", "timestamptz": "datetime.datetime", "uuid": "uuid.UUID", "numeric": "decimal.Decimal",
}  # fmt: skip
EXPLICIT = {
    "bool": "Boolean", "int4": "Integer", "float8": "Double", "text": "Text", "bytea": "LargeBinary", "date": "Date",
    "time": "Time", "uuid": "Uuid", "numeric": "Numeric",
}  # fmt: skip
# Others without parameters: where each is from, its name, and the annotation.
PLAIN = {
    "int2": (CORE, "SmallInteger", "int"),
    "int8": (CORE, "BigInteger", "int"),
    "float4": (CORE, "REAL", "float"),
    "json": (POSTGRES, "JSON", "Any"),
    "jsonb": (POSTGRES, "JSONB", "Any"),
    "inet": (POSTGRES, "INET", "Any"),
    "cidr": (POSTGRES, "CIDR", "Any"),
    "macaddr": (POSTGRES, "MACADDR", "str"),
    "macaddr8": (POSTGRES, "MACADDR8", "str"),
    "money": (POSTGRES, "MONEY", "str"),
    "oid": (POSTGRES, "OID", "int"),
    "regclass": (POSTGRES, "REGCLASS", "str"),
    "tsvector": (POSTGRES, "TSVECTOR", "str"),
    "tsquery": (POSTGRES, "TSQUERY", "str"),
    "citext": (POSTGRES, "CITEXT", "str"),
    "hstore": (POSTGRES, "HSTORE", "dict[str, str | None]"),
}
RANGES = {
    "int4": "int", "int8": "int", "num": "decimal.Decimal", "date": "datetime.date", "ts": "datetime.datetime",
    "tstz": "datetime.datetime",
}  # fmt: skip
BROUGHT = frozenset({"citext", "hstore"})  # of extensions, in whatever schema


@dataclass(frozen=True)
class Use:
    """How a column says its type: ``item`` for SQLAlchemy, ``annotation`` for Python.

    ``implied`` tells that the annotation alone says it.
    """

    item: Item
    annotation: str
    implied: bool = False

    @property
    def loose(self) -> bool:
        """Tell whether the annotation says nothing of NULL, because it takes anything."""
        return self.annotation == "Any"


@dataclass(frozen=True)
class NamedType:
    """An enum or a domain that a module defines: the constant that columns name, and what it is."""

    constant: str
    annotation: str
    type: Type
    members: Mapping[str, str] = field(default_factory=dict)  # of an enum: names of Python by the labels


class Types:
    """The types of one module: what it imports for them, and which enums and domains it defines."""

    def __init__(
        self,
        known: Mapping[int, Type],
        imports: Imports,
        given: Callable[[Type], str] | None = None,
        member: Callable[[Type, str], str] | None = None,
    ) -> None:
        """``given`` may know what an enum's class is called, and ``member`` what its members are."""
        self._member = member
        self._known = known
        self._imports = imports
        self._given = given
        self.named: dict[int, NamedType] = {}
        self.taken: frozenset[str] = names.RESERVED  # names that the module has for something else

    def use(self, column: Column) -> Use:
        """Return how a column says its type."""
        collation = None if column.collation_schema not in (None, "pg_catalog") else column.collation
        return self._of(self._known[column.type], column.written, column.dimensions, collation)

    def define(self, kind: Type) -> NamedType:
        """Return the enum or domain, which the module defines at most once."""
        if kind.oid not in self.named:
            used = {
                *self.taken,
                *(one.annotation for one in self.named.values()),
                *(one.constant for one in self.named.values()),
            }
            constant = names.constant(kind.name, used)
            if kind.kind == "e":
                title = (self._given(kind) if self._given else "") or names.class_name(kind.name, used)
                self.named[kind.oid] = NamedType(constant, title, kind, _members(kind, self._member))
            else:
                base = self._of(self._known[kind.base], kind.base_written, 0, None)
                self.named[kind.oid] = NamedType(constant, base.annotation, kind)
        return self.named[kind.oid]

    def base_of(self, kind: Type) -> Item:
        """Return what a domain is over."""
        return self._of(self._known[kind.base], kind.base_written, 0, None).item

    def forbids_null(self, oid: int) -> bool:
        """Tell whether a type is a domain that takes no NULL."""
        kind = self._known[oid]
        return kind.kind == "d" and (kind.not_null or self.forbids_null(kind.base))

    def default(self, column: Column) -> str | None:
        """Return a column's default, which may be its domain's."""
        if column.default is not None or column.identity:
            return column.default
        return self._known[column.type].default if self._known[column.type].kind == "d" else None

    def is_textual(self, column: Column) -> bool:
        """Tell whether a column holds text or an enum's labels, so that a default may be a plain text."""
        kind = self._known[column.type]
        return kind.kind == "e" or (kind.schema == "pg_catalog" and kind.name in {"text", "varchar"})

    def _of(self, kind: Type, written: str, dimensions: int, collation: str | None) -> Use:
        if kind.element and kind.kind == "b":
            return self._array(kind, written, dimensions, collation)
        if kind.kind == "e" or (kind.kind == "d" and self._sayable(kind)):
            named = self.define(kind)
            return Use(Code(named.constant), named.annotation)
        if kind.schema != "pg_catalog" and not (kind.name in BROUGHT and kind.kind == "b"):
            return self._other(written)
        parameters = _parameters(written)
        if kind.name in MAPPED and not parameters and not collation:
            return self._plain(kind.name)
        if kind.name in PLAIN:
            module, name, annotation = PLAIN[kind.name]
            return Use(Code(self._imports.name(module, name)), annotation)
        return self._with_parameters(kind, written, parameters, collation)

    def _plain(self, name: str) -> Use:
        annotation = MAPPED[name]
        if name == "timestamptz":
            return Use(call("DateTime", timezone=Code("True")), annotation, implied=True)
        return Use(Code(EXPLICIT[name]), annotation, implied=True)

    def annotation(self, use: Use) -> str:
        """Return a type's annotation, and import what it names."""
        for word in set(re.findall(r"\w+", use.annotation)):
            if word in {"datetime", "decimal", "uuid"}:
                self._imports.module(word)
            elif word in {"Range", "MultiRange"}:
                self._imports.name(POSTGRES, word)
            elif word == "Any":
                self._imports.name("typing", word)
        return use.annotation

    def explicit(self, use: Use) -> Item:
        """Return the type in words, also where an annotation would do, and import it."""
        if use.implied:
            self._imports.name(CORE, use.item.flat.partition("(")[0])
        return use.item

    def _array(self, kind: Type, written: str, dimensions: int, collation: str | None) -> Use:
        element = self._of(self._known[kind.element], re.sub(r"(\[\])+$", "", written), 0, collation)
        given = Named("dimensions", Code(str(dimensions))) if dimensions > 1 else None
        name = self._imports.name(POSTGRES, "ARRAY")
        annotation = element.annotation
        for _ in range(max(dimensions, 1)):
            annotation = f"list[{annotation}]"
        return Use(call(name, self.explicit(element), *([given] if given else [])), annotation)

    def _with_parameters(self, kind: Type, written: str, parameters: list[str], collation: str | None) -> Use:
        numbers: list[Item] = [Code(number) for number in parameters]
        named = [Named("collation", Text(collation))] if collation else []
        if kind.name == "numeric":
            return Use(call(self._imports.name(CORE, "Numeric"), *numbers), "decimal.Decimal")
        if kind.name in {"text", "varchar"} or (kind.name == "bpchar" and numbers):
            name = self._imports.name(CORE, {"text": "Text", "varchar": "String", "bpchar": "CHAR"}[kind.name])
            return Use(call(name, *numbers, *named) if numbers or named else Code(name), "str")
        if kind.name in {"bit", "varbit"}:
            varying = [Named("varying", Code("True"))] if kind.name == "varbit" else []
            return Use(call(self._imports.name(POSTGRES, "BIT"), *numbers, *varying), "str")
        if kind.name in {"timestamp", "timestamptz", "time", "timetz"}:
            return self._time(kind.name, numbers)
        if kind.name == "interval":
            return self._interval(written)
        return self._range(kind) or self._other(written)

    def _time(self, name: str, precision: list[Item]) -> Use:
        zone = [Named("timezone", Code("True"))] if name.endswith("tz") else []
        stamp = name.startswith("timestamp")
        annotation = "datetime.datetime" if stamp else "datetime.time"
        if precision:
            title = self._imports.name(POSTGRES, "TIMESTAMP" if stamp else "TIME")
            return Use(call(title, *zone, precision=precision[0]), annotation)
        title = self._imports.name(CORE, "DateTime" if stamp else "Time")
        return Use(call(title, *zone) if zone else Code(title), annotation)

    def _interval(self, written: str) -> Use:
        annotation = "datetime.timedelta"
        match = re.fullmatch(r"interval ?([a-z ]*?) ?(?:\((\d)\))?", written)
        fields, precision = match.groups() if match else ("", None)
        if not fields and not precision:
            return Use(Code(self._imports.name(POSTGRES, "INTERVAL")), annotation)
        named = [Named("fields", Text(fields.upper()))] if fields else []
        named += [Named("precision", Code(precision))] if precision else []
        return Use(call(self._imports.name(POSTGRES, "INTERVAL"), *named), annotation)

    def _range(self, kind: Type) -> Use | None:
        match = re.fullmatch(r"(\w+?)(multi)?range", kind.name)
        if kind.kind not in "rm" or match is None or match[1] not in RANGES:
            return None
        many = "MultiRange" if match[2] else "Range"
        annotation = f"{many}[{RANGES[match[1]]}]"
        return Use(Code(self._imports.name(POSTGRES, kind.name.upper())), annotation)

    def _other(self, written: str) -> Use:
        self._imports.name(f"{self._imports.own}.base", "PostgresType")
        return Use(call("PostgresType", Text(written)), "Any")

    def _sayable(self, kind: Type) -> bool:
        """Tell whether SQLAlchemy has words for a domain: it knows one check, and no domain over another."""
        return len(kind.checks) <= 1 and self._known[kind.base].kind == "b" and not self._known[kind.base].element


def _parameters(written: str) -> list[str]:
    match = re.search(r"\(([-\d, ]+)\)", written)
    return [part.strip() for part in match[1].split(",")] if match else []


def _members(kind: Type, given: Callable[[Type, str], str] | None) -> dict[str, str]:
    members: dict[str, str] = {}
    for label in kind.labels:
        members[label] = names.member((given(kind, label) if given else "") or label, members.values())
    return members
