"""How the log describes a table: its name, its published columns, and which of them tell a row."""

import struct
from dataclasses import dataclass

_u16 = struct.Struct("!H").unpack_from
_u32 = struct.Struct("!I").unpack_from
_type = struct.Struct("!Ii").unpack_from

IDENTITIES = {"d": "default", "n": "nothing", "f": "full", "i": "an index"}


@dataclass(frozen=True)
class Column:
    """One published column. ``is_of_key`` is that it is part of the replica identity."""

    name: str
    type_oid: int
    modifier: int
    is_of_key: bool


@dataclass(frozen=True)
class Relation:
    """One table as a message describes it. ``identity`` is pg_class.relreplident."""

    oid: int
    name: str
    identity: str
    columns: tuple[Column, ...]


def read_relation(message: bytes, at: int) -> Relation:
    """Read a message of kind R, whose fields begin ``at``."""
    (oid,) = _u32(message, at)
    schema, at = _text(message, at + 4)
    name, at = _text(message, at)
    identity = chr(message[at])
    (count,) = _u16(message, at + 1)
    at += 3
    columns = []
    for _ in range(count):
        flags = message[at]
        column, at = _text(message, at + 1)
        type_oid, modifier = _type(message, at)
        columns.append(Column(column, type_oid, modifier, bool(flags & 1)))
        at += 8
    return Relation(oid, f"{schema or 'pg_catalog'}.{name}", identity, tuple(columns))


def difference(before: Relation | None, now: Relation, name: str) -> str:
    """Say in what a description differs from the one before, or from the ``name`` that is expected."""
    if now.name != name:
        return f"its name is {now.name}"
    old, new = ({column.name: column for column in one.columns} if one else {} for one in (before, now))
    texts = [f"column {column} came" for column in new if column not in old]
    texts += [f"column {column} went" for column in old if column not in new]
    texts += [
        f"column {column} has another type"
        for column in old
        if column in new and _type_of(old[column]) != _type_of(new[column])
    ]
    if before and before.identity != now.identity:
        texts.append(f"its replica identity is {IDENTITIES.get(now.identity, now.identity)}")
    return ", ".join(texts) or "its key, or the order of its columns"


def _type_of(column: Column) -> tuple[int, int]:
    return column.type_oid, column.modifier


def _text(message: bytes, at: int) -> tuple[str, int]:
    end = message.index(0, at)
    return message[at:end].decode(), end + 1
