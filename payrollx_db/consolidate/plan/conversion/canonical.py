"""The one form in which both sides are compared (law 4)."""

from psycopg import sql

from payrollx_db.postgres.column_types import ColumnType
from payrollx_db.postgres.sides import Form

TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})

# Types that can be compared as they are: with a hash for their keys, and a binary form that both servers share.
# (Not interval: a month equals thirty days. Not json: it has no equality at all.)
HASHABLE = frozenset({
    "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "uuid", "date", "time", "timetz",
    "timestamp", "timestamptz", "bytea", "jsonb", "inet", "cidr", "macaddr", "macaddr8", "oid",
})  # fmt: skip
# Types whose values are written in ASCII alone, whatever they are.
TEXTLESS = (HASHABLE - {"jsonb"}) | {"interval", "money", "bit", "varbit", "pg_lsn", "xid8", "point", "box", "circle"}


def canonical(value: sql.Composable, kind: ColumnType) -> sql.Composable:
    """Return ``value``, an expression of the target's type, in the form in which sides are compared.

    Enums compare by label, because their hash is of an OID that differs between databases; text by its
    bytes (collation C); what has no proper equality of its own by its text. Money goes by its amount, because its
    text depends on the server's locale.
    """
    if kind.is_array:
        return _canonical_array(value, kind)
    if kind.built_in and kind.name == "money":
        return sql.SQL("({})::pg_catalog.numeric").format(value)
    if kind.built_in and (kind.kind in ("r", "m") or (kind.kind == "b" and kind.name in HASHABLE)):
        # The binary form names the type, and a domain over it would be another one.
        return sql.SQL("({})::{}").format(value, sql.Identifier("pg_catalog", kind.name))
    if has_own_spaces(kind):
        return sql.SQL('{} COLLATE "C"').format(with_own_spaces(value))
    return sql.SQL('({})::text COLLATE "C"').format(value)


def _canonical_array(value: sql.Composable, kind: ColumnType) -> sql.Composable:
    element = kind.name.removeprefix("_")
    if kind.built_in and element == "money":
        return sql.SQL("({})::pg_catalog._numeric").format(value)
    if kind.built_in and kind.element_kind == "b" and element in HASHABLE | TEXTS:
        return sql.SQL("({})::{}").format(value, sql.Identifier("pg_catalog", kind.name))
    return sql.SQL("({})::text[]").format(value)


def has_own_spaces(kind: ColumnType) -> bool:
    """Tell whether values of ``kind`` end in spaces of their own though it is a `bpchar`: no length fills them up."""
    return kind.built_in and kind.name == "bpchar" and not kind.modifier


def with_own_spaces(value: sql.Composable) -> sql.Composable:
    """Return a `bpchar` as text with the spaces at its end, which a cast would take away."""
    return sql.SQL("pg_catalog.textin(pg_catalog.bpcharout({}))").format(value)


def form(kind: ColumnType) -> Form:
    """Return of which form values of ``kind`` are once they are canonical."""
    if kind.is_array:
        plain = kind.built_in and kind.element_kind == "b" and kind.name.removeprefix("_") in HASHABLE | {"money"}
        return "bytes" if plain else "texts"
    if kind.built_in and kind.name == "jsonb":
        return "document"
    plain = kind.built_in and (kind.kind in ("r", "m") or kind.name in HASHABLE | {"money"})
    return "bytes" if plain else "text"


def has_text(kind: ColumnType) -> bool:
    """Tell whether values of a type may have other characters than those of ASCII."""
    parts = [part for part in (kind.element, *(attribute for _, attribute in kind.attributes)) if part is not None]
    if parts:
        return any(has_text(part) for part in parts)
    return not (kind.built_in and (kind.kind in ("r", "m") or kind.name in TEXTLESS))
