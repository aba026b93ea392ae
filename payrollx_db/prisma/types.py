"""Which type of Postgres a field's column has, by Prisma's own tables of native types."""

from payrollx_db.prisma.names import Names
from payrollx_db.prisma.schema import UNSUPPORTED, Field

_BY_SCALAR = {
    "String": "text",
    "Boolean": "boolean",
    "Int": "integer",
    "BigInt": "bigint",
    "Float": "double precision",
    "Decimal": "numeric(65,30)",
    "DateTime": "timestamp(3) without time zone",
    "Json": "jsonb",
    "Bytes": "bytea",
}
# Each with how its argument is written; {} is where it stands, with its parentheses.
_BY_NATIVE = {
    "Text": "text",
    "Char": "character{}",
    "VarChar": "character varying{}",
    "Bit": "bit{}",
    "VarBit": "bit varying{}",
    "Uuid": "uuid",
    "Xml": "xml",
    "Inet": "inet",
    "Citext": "citext",
    "Boolean": "boolean",
    "SmallInt": "smallint",
    "Integer": "integer",
    "BigInt": "bigint",
    "Oid": "oid",
    "Real": "real",
    "DoublePrecision": "double precision",
    "Decimal": "numeric{}",
    "Money": "money",
    "Timestamp": "timestamp{} without time zone",
    "Timestamptz": "timestamp{} with time zone",
    "Time": "time{} without time zone",
    "Timetz": "time{} with time zone",
    "Date": "date",
    "Json": "json",
    "JsonB": "jsonb",
    "ByteA": "bytea",
}
# Postgres itself writes the length that these have when none is given.
_LENGTH_OF_ONE = frozenset({"Char", "Bit"})


def expected_type(field: Field, names: Names) -> str:
    """Return the column's type, or an empty string where the schema doesn't tell it.

    It is written as ``format_type`` does, but that the name of an enum stands as it is, unquoted.
    """
    type_name = _element_type(field, names)
    return f"{type_name}[]" if type_name and field.is_list else type_name


def _element_type(field: Field, names: Names) -> str:
    if field.type == UNSUPPORTED:
        return ""  # written by hand, in any of the ways that Postgres understands
    if native := field.native_type:
        name = native.name.rpartition(".")[2]
        given = [argument.value for argument in native.arguments]
        if not given and name in _LENGTH_OF_ONE:
            given = [1]
        return _BY_NATIVE.get(name, "").format(f"({','.join(map(str, given))})" if given else "")
    enums = (enum.name[1] for enum in names.enums.values() if enum.class_name == field.type)
    return _BY_SCALAR.get(field.type) or next(enums, "")
