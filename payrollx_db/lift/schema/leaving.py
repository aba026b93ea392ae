"""What the project leaves behind isn't made: tables and whatever belongs to them, and single columns."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from psycopg import errors, sql

from payrollx_db.errors import FindingsError
from payrollx_db.lift.schema.contents import Contents
from payrollx_db.lift.schema.model import Move
from payrollx_db.lift.schema.staging import KINDS, Thing
from payrollx_db.lift.schema.target import Target, as_written
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)

# Of these, one that can't be made for want of a foreign server would stop the rest.
SHOWING = ("FOREIGN TABLE", "VIEW")
OF_THEM = ("TRIGGER", "DEFAULT", "RULE", "CONSTRAINT")


@dataclass(frozen=True)
class Omitted:
    """Entries of the dump that aren't even made and dropped again: by their numbers, and by how they begin."""

    oids: frozenset[int]
    beginnings: tuple[str, ...]


def omitted(contents: Contents, moves: Sequence[Move], absent: Collection[tuple[str, str]]) -> Omitted:
    """Return what of the dump stays out from the beginning: views and foreign tables that are left behind, and
    ``absent``, further ones as schema and name.
    """
    left = {*absent, *((move.source_schema, name) for move in moves for name in move.left_behind)}
    oids: set[int] = set()
    beginnings: list[str] = []
    for schema, name in sorted(left):
        for kind in SHOWING:
            numbers = [entry.oid for entry in contents.entries if entry.content.startswith(f"{kind} {schema} {name} ")]
            if numbers:
                oids.update(numbers)
                beginnings += [f"COMMENT {schema} {kind} {name} ", f"COMMENT {schema} COLUMN {name}."]
                beginnings += [f"{part} {schema} {name} " for part in OF_THEM]
    return Omitted(frozenset(oids), tuple(beginnings))


def drop(target: Target, moves: Sequence[Move], new: Sequence[Thing]) -> Iterator[tuple[str, str]]:
    """Drop what is left behind and was made; yield the schema and a note for each foreign key that goes with it.

    Raises FindingsError where something that isn't left behind needs it.
    """
    for move in moves:
        if move.left_behind:
            yield from _drop_from(target, move, [thing for thing in new if thing.schema == move.source_schema])


def _drop_from(target: Target, move: Move, new: Sequence[Thing]) -> Iterator[tuple[str, str]]:
    names = dict(target.ask(queries.load("names"), {"schema": move.source_schema}))
    chosen = [
        thing
        for thing in new
        if not thing.owned and (names.get(thing.oid) in move.left_behind or thing.identity in move.left_behind)
    ]
    tables = [thing for thing in chosen if thing.kind in ("table", "foreign table")]
    for table, key, other, from_others in target.ask(
        queries.load("keys_to"), {"tables": [thing.oid for thing in tables]}
    ):
        target.change(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(as_written(table), sql.Identifier(key)),
            f"can't drop the foreign key {key} of {table}",
        )
        if from_others:
            yield move.schema, f"the foreign key {key} of {table} stays out: {other} is left behind"
    for thing in reversed(chosen):  # what was made later may need what was made before
        _run(target, sql.SQL("DROP {} {}").format(sql.SQL(KINDS[thing.kind]), as_written(thing.identity)), move)
    gone = {thing.oid for thing in chosen}
    columns = target.ask(queries.load("columns_of"), {"schema": move.source_schema, "gone": list(gone)})
    for table, column, text in columns:
        if text in move.left_behind:
            statement = sql.SQL("ALTER TABLE {} DROP COLUMN {}").format(as_written(table), sql.Identifier(column))
            _run(target, statement, move)


def _run(target: Target, statement: sql.Composed, move: Move) -> None:
    try:
        with target.savepoint():
            target.statements.append(statement.as_string(None))
            target.connection.execute(statement)
    except errors.DependentObjectsStillExist as error:
        raise FindingsError(
            f"something of {move.source} needs what is left behind; nothing was changed",
            details=tuple((error.diag.message_detail or "").splitlines()),
            hint="leave that behind as well, in lift.toml, or let what it needs come along",
        ) from None
