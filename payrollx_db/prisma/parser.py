"""From the text of ``.prisma`` files to a Schema, by the grammar that Prisma documents.

Comments of three slashes are documentation: those above a thing, and the one behind it on its line. A blank
line parts two comments, of which the last is the thing's, and parts a comment from a block altogether.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, cast

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma.schema import (
    UNSUPPORTED,
    Argument,
    Attribute,
    Block,
    Configuration,
    Enum,
    EnumValue,
    Field,
    Model,
    Position,
    Schema,
)
from payrollx_db.prisma.tokens import tokens
from payrollx_db.prisma.values import Cursor, read_attribute, read_value

_BLOCKS = "a block begins with model, view, enum, type, datasource or generator, its name and {"
_FIELDS = "a field is a name, a type (perhaps with ? or []) and attributes, on a line of its own"


class _Body(NamedTuple):
    """What stands between a block's braces; only its own kind of members is there."""

    fields: tuple[Field, ...]
    values: tuple[EnumValue, ...]
    properties: tuple[Argument, ...]
    attributes: tuple[Attribute, ...]


def parse(files: Mapping[str, str]) -> Schema:
    """Read the texts of one schema's files, by their names, as one schema.

    Raises PrismaSchemaError, with file, line and column, for what isn't of the language, and for two
    blocks or fields of one name.
    """
    blocks = [block for name, text in files.items() for block in _blocks(Cursor(list(tokens(text, name))))]
    _refuse_duplicates(blocks)
    return Schema(tuple(blocks))


def _blocks(cursor: Cursor) -> Iterator[Block]:
    documentation = ""
    while not cursor.at("end"):
        if cursor.at("newline"):
            cursor.take()
            documentation = ""
        elif cursor.at("doc", "comment"):
            documentation = _comment_block(cursor)
        else:
            yield _block(cursor, documentation)
            documentation = ""


def _block(cursor: Cursor, documentation: str) -> Block:
    position = cursor.token.position
    keyword = cursor.expect_word("a block", _BLOCKS)
    name = cursor.expect_word("the block's name", _BLOCKS)
    cursor.expect_sign("{", _BLOCKS)
    if cursor.at("doc", "comment"):
        cursor.take()
    if not cursor.at("newline") and not cursor.at_sign("}"):
        raise cursor.unexpected("the line's end behind '{'", "put each member of the block on a line of its own")
    body = _body(cursor, keyword, position)
    match keyword:
        case "model" | "view" | "type":
            return Model(keyword, name, body.fields, body.attributes, documentation, position)
        case "enum":
            return Enum(name, body.values, body.attributes, documentation, position)
        case _:
            kind = cast("Literal['datasource', 'generator']", keyword)
            return Configuration(kind, name, body.properties, documentation, position)


def _body(cursor: Cursor, keyword: str, opened: Position) -> _Body:
    if keyword not in ("model", "view", "type", "enum", "datasource", "generator"):
        raise PrismaSchemaError(f"{opened}: there is no block {keyword!r}", hint=_BLOCKS)
    fields: list[Field] = []
    values: list[EnumValue] = []
    properties: list[Argument] = []
    attributes: list[Attribute] = []
    documentation = ""
    while not cursor.take_sign("}"):
        position = cursor.token.position
        if cursor.at("end"):
            raise PrismaSchemaError(f"{opened}: the block isn't closed", hint="close it with } on a line of its own")
        if cursor.at("newline"):
            cursor.take()
        elif cursor.at("doc", "comment"):
            documentation = _comment_block(cursor)
        elif keyword not in ("datasource", "generator") and cursor.take_sign("@@"):
            attributes.append(read_attribute(cursor, position))
            _line_end(cursor)
        else:
            if keyword == "enum":
                values.append(_enum_value(cursor, documentation))
            elif keyword in ("datasource", "generator"):
                properties.append(_property(cursor))
            else:
                fields.append(_field(cursor, documentation))
            documentation = ""
    return _Body(tuple(fields), tuple(values), tuple(properties), tuple(attributes))


def _field(cursor: Cursor, documentation: str) -> Field:
    position = cursor.token.position
    name = cursor.expect_word("a field or a block attribute", _FIELDS)
    if cursor.at_sign(":"):
        raise cursor.unexpected(f"the type of {name}", "leave the colon out: a field is written `name Type`")
    if cursor.at_sign("["):
        raise cursor.unexpected(f"the type of {name}", "write a list as Type[]")
    type_name = cursor.expect_word(f"the type of {name}", _FIELDS)
    unsupported = _unsupported_type(cursor) if type_name == UNSUPPORTED else ""
    is_list = cursor.take_sign("[")
    if is_list:
        cursor.expect_sign("]", "write a list as Type[]")
    is_optional = cursor.take_sign("?")
    if cursor.at_sign("!"):
        raise cursor.unexpected("attributes", "leave the exclamation mark out: a field is required unless it has ?")
    attributes = tuple(_field_attributes(cursor))
    documentation = "\n".join(filter(None, (documentation, _line_end(cursor))))
    return Field(name, type_name, is_list, is_optional, attributes, documentation, position, unsupported)


def _unsupported_type(cursor: Cursor) -> str:
    hint = 'write it with the database\'s own type in a string: Unsupported("tsvector")'
    cursor.expect_sign("(", hint)
    if not cursor.at("string"):
        raise cursor.unexpected("a type in a string", hint)
    type_name = cursor.take().text
    cursor.expect_sign(")", hint)
    return type_name


def _enum_value(cursor: Cursor, documentation: str) -> EnumValue:
    position = cursor.token.position
    name = cursor.expect_word(
        "a value of the enum", "write each value on a line of its own, with @map for other labels"
    )
    attributes = tuple(_field_attributes(cursor))
    return EnumValue(name, attributes, "\n".join(filter(None, (documentation, _line_end(cursor)))), position)


def _property(cursor: Cursor) -> Argument:
    hint = 'write it as a name and a value: provider = "postgresql"'
    name = cursor.expect_word("a property", hint)
    cursor.expect_sign("=", hint)
    value = read_value(cursor)
    _line_end(cursor)
    return Argument(name, value)


def _field_attributes(cursor: Cursor) -> Iterator[Attribute]:
    while cursor.at_sign("@"):
        position = cursor.take().position
        yield read_attribute(cursor, position)


def _line_end(cursor: Cursor) -> str:
    documentation = cursor.take().text if cursor.at("doc") else ""
    if cursor.at("comment"):
        cursor.take()
    if not cursor.at("newline") and not cursor.at_sign("}"):
        raise cursor.unexpected("an attribute or the line's end", "put each member of the block on a line of its own")
    return documentation


def _comment_block(cursor: Cursor) -> str:
    lines: list[str] = []
    while cursor.at("doc", "comment"):
        token = cursor.take()
        if token.kind == "doc":
            lines.append(token.text)
        if cursor.at("newline"):
            cursor.take()
    return "\n".join(lines)


def _refuse_duplicates(blocks: list[Block]) -> None:
    first: dict[str, Position] = {}
    for block in blocks:
        # Blocks of configuration have names of their own: a model may be called what a datasource is.
        key = f"{block.kind} {block.name}" if isinstance(block, Configuration) else block.name
        if key in first:
            raise PrismaSchemaError(
                f"{block.position}: {key} is declared twice, first at {first[key]}",
                hint="rename one of them, or give the files of two schemas one by one",
            )
        first[key] = block.position
        members = block.fields if isinstance(block, Model) else block.values if isinstance(block, Enum) else ()
        _refuse_duplicate_members(block.name, members)


def _refuse_duplicate_members(block: str, members: tuple[Field, ...] | tuple[EnumValue, ...]) -> None:
    names: set[str] = set()
    for member in members:
        if member.name in names:
            raise PrismaSchemaError(
                f"{member.position}: {block} has {member.name} twice", hint="rename or remove one of them"
            )
        names.add(member.name)
