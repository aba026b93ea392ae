"""A column's type, with all that it is made of: two types of one name may still be two types."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

BUILT_IN = "pg_catalog"

# Postgres' long names, as `format_type` prints them, and the short ones that people write.
SHORT = (
    ("timestamp", " without time zone", "timestamp"),
    ("timestamp", " with time zone", "timestamptz"),
    ("time", " without time zone", "time"),
    ("time", " with time zone", "timetz"),
)
# What people write for a type beside the short name that we print.
SPELLINGS = {
    "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean", "float4": "real",
    "float": "float8", "double precision": "float8", "decimal": "numeric", "char": "character", "bpchar": "character",
    "character varying": "varchar", "bit varying": "varbit", "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz", "time without time zone": "time", "time with time zone": "timetz",
}  # fmt: skip
# What pg_type calls those types that are shown by another name.
NAMES = {
    "integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "real": "float4", "character": "bpchar",
    '"char"': "char",
}  # fmt: skip
# Types that are one long where no length is written.
ONE_LONG = ("char", "character", "nchar", "bit")


@dataclass(frozen=True)
class ColumnType:
    """A column's type. ``display`` is its short name with modifiers (``numeric(38,18)``, ``text[]``, an
    enum by its bare name); ``name`` is the bare type name of pg_type, ``_``-prefixed for arrays.

    A domain shows as what it is made of, and is named in ``domain``.
    """

    schema: str
    name: str
    display: str
    kind: str  # pg_type.typtype: b base, e enum, c composite, r range, m multirange
    element_kind: str = ""  # the same of an array's element type, d where that is a domain
    labels: tuple[str, ...] = ()  # an enum's
    element: "ColumnType | None" = None  # an array's element type, a range's subtype
    attributes: tuple[tuple[str, "ColumnType"], ...] = ()  # a composite's
    domain: str = ""  # the bare name of the domain that it was declared as
    checks: tuple[str, ...] = ()  # what that domain, and those below it, demand of VALUE
    not_null: bool = False  # whether one of them takes no NULL
    extension: str = ""  # whose type it is
    binary: bool = True  # whether it has a binary form; what it is made of may lack one
    order: str = ""  # a range's operator class, collation and canonical function

    @property
    def built_in(self) -> bool:
        """Whether it is one of Postgres' own types."""
        return self.schema == BUILT_IN

    @property
    def is_array(self) -> bool:
        """Whether it is an array type."""
        return bool(self.element_kind)

    @property
    def modifier(self) -> str:
        """What the type is limited to: ``38,18``, ``year to month``, or nothing."""
        bare = self.display.removesuffix("[]")
        if self.name.removeprefix("_") == "interval":
            return bare.removeprefix("interval").strip()
        return bare.partition("(")[2].partition(")")[0]

    @property
    def bare(self) -> "ColumnType":
        """The same type without its modifier."""
        if not self.modifier:
            return self
        return replace(self, display=_without_modifier(self.display), element=self.element and self.element.bare)

    def is_written(self, text: str) -> bool:
        """Tell whether ``text``, as a layout writes it, means this type: by any of its names, a domain by its own."""
        if text == self.display or (self.domain and text in (self.domain, f"{self.domain}[]")):
            return True
        if self.built_in:
            return one_spelling(text) == one_spelling(self.display)
        return text == _without_modifier(self.display)

    def parts(self) -> Iterator["ColumnType"]:
        """Yield the type itself and all that it is made of."""
        yield self
        for part in (self.element, *(attribute for _, attribute in self.attributes)):
            if part is not None:
                yield from part.parts()


@dataclass(frozen=True)
class ColumnTypes:
    """The types that `queries/types.sql` lists, by oid and modifier, put together on demand."""

    rows: Mapping[tuple[int, int], tuple[Any, ...]]
    _known: dict[tuple[int, int], ColumnType] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "ColumnTypes":
        """Return the types of the query's ``rows``."""
        return cls({(oid, modifier): tuple(rest) for oid, modifier, *rest in rows})

    def get(self, oid: int, modifier: int) -> ColumnType:
        """Return the type that a column is declared with."""
        if (oid, modifier) not in self._known:
            self._known[oid, modifier] = self._put_together(oid, modifier)
        return self._known[oid, modifier]

    def _put_together(self, oid: int, modifier: int) -> ColumnType:
        display, schema, name, kind, base, base_modifier, part, not_null, binary, *rest = self.rows[oid, modifier]
        extension, labels, members, checks, order = rest
        if kind == "d":
            inner = self.get(base, base_modifier)
            demands = (*inner.checks, *(checks or ()))
            return replace(inner, domain=name, checks=demands, not_null=inner.not_null or not_null)
        element = self.get(part, modifier if (part, modifier) in self.rows else -1) if part else None
        element_kind = ""
        if element is not None and kind == "b":
            element_kind = "d" if element.domain else element.kind
        return ColumnType(
            schema, name, self._display(display, schema, name, element if element_kind else None), kind, element_kind,
            labels=tuple(labels or ()), element=element,
            attributes=tuple((member, self.get(*declared)) for member, *declared in members or ()),
            extension=extension, binary=binary, order=order,
        )  # fmt: skip

    @staticmethod
    def _display(display: str, schema: str, name: str, element: ColumnType | None) -> str:
        """Return how the type is shown: one of the database's own by its bare name, with its modifier."""
        if schema == BUILT_IN:
            return short_type(display)
        if element is not None:
            return f"{element.domain or element.display}[]"
        return f"{name}{display[display.rindex('(') :]}" if display.endswith(")") else name


def short_type(display: str) -> str:
    """Return Postgres' long type name in its short form: ``timestamp(3)`` for ``timestamp(3) without time zone``."""
    base, brackets, rest = display.partition("[]")
    array = brackets + rest
    base = base.replace("character varying", "varchar").replace("double precision", "float8")
    for start, end, short in SHORT:
        if base.startswith(start) and base.endswith(end):
            return short + base[len(start) : -len(end)] + array
    return base + array


def one_spelling(text: str) -> str:
    """Return a type's name in one of the ways to write it: ``char(5)`` and ``bpchar(5)`` are ``character(5)``."""
    if '"' in text:
        return text
    base, brackets, rest = short_type(" ".join(text.lower().split())).partition("[]")
    name, parenthesis, modifier = base.partition("(")
    name = SPELLINGS.get(name.strip(), name.strip())
    return name + (parenthesis + modifier).replace(" ", "") + brackets + rest


def written_type(text: str) -> ColumnType:
    """Return the type that an SQL expression writes as ``text``, as far as its words say what it is."""
    text = text.strip().removeprefix(f"{BUILT_IN}.")
    element = text.partition("[")[0].strip()
    display = one_spelling(f"{element}(1)" if element.lower() in ONE_LONG else element)
    name = "interval" if display.startswith("interval") else display.partition("(")[0]
    known = ColumnType(BUILT_IN, NAMES.get(name, name), display, "b")
    if "[" not in text:
        return known
    return ColumnType(BUILT_IN, f"_{known.name}", f"{display}[]", "b", "b", element=known)


def _without_modifier(display: str) -> str:
    if display.startswith("interval"):
        return "interval" + "[]" * display.endswith("[]")
    name, _, rest = display.partition("(")
    return name + rest.partition(")")[2]
