"""The statements that give things their new names, drop indexes that repeat others, and build missing ones."""

from collections.abc import Iterator

from psycopg import sql

from payrollx_db.lift.reshape.current import Current
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.steps import Stage, Step

GONE = "isn't in the lifted schema"


def index_steps(current: Current, stage: Stage) -> Iterator[Step]:
    """Yield what makes and drops indexes, in the names of now; say what is done already, and what isn't there."""
    for entry in current.reshape.taken_of(current.service, "drop_indexes"):
        index = current.index(entry.table, entry.name)
        if index is None:
            stage.already.append(entry)
        elif index.needed or index.marked:
            stage.refuse(entry, "a constraint, the replica identity or the order of CLUSTER stands on it")
        else:
            yield Step(str(entry), (sql.SQL("DROP INDEX {}").format(current.identifier(index.name)),), entry)
    for entry in current.reshape.taken_of(current.service, "create_indexes"):
        table = current.table(entry.table)
        if table is None and current.reshape.copy_of(entry.service, entry.table):
            continue  # the copy is gone
        columns = current.columns(entry.table, list(map(str, entry.values["columns"])))
        if table is None or not columns:
            stage.refuse(entry, f"{entry.table} or a column of it {GONE}")
        elif current.index(entry.table, entry.name):
            stage.already.append(entry)
        else:
            yield Step(str(entry), (create_index(current, entry.name, table.name, columns),), entry)


def create_index(current: Current, name: str, table: str, columns: list[str]) -> sql.Composed:
    """Return the statement that builds an index on columns of a table."""
    return sql.SQL("CREATE INDEX {} ON {} ({})").format(
        sql.Identifier(name), current.identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def rename_steps(current: Current, stage: Stage) -> Iterator[Step]:
    """Yield the renames: of what belongs to tables first, so that the tables still have their names of now."""
    for section in ("enums", "columns", "constraints", "indexes", "sequences", "table"):
        for entry in current.reshape.taken_of(current.service, section):
            if not _is_dropped(current, entry):
                yield from _rename(current, stage, entry)


# --- private -----------------------------------------------------------------------------------------------------


def _is_dropped(current: Current, entry: Entry) -> bool:
    """Tell whether the same file drops what it renames: the index, or the table of a copy once that is done."""
    dropped = current.reshape.entries.get((*entry.key[:2], "drop_indexes", entry.name))
    if entry.section == "indexes" and dropped is not None and current.reshape.is_taken(dropped):
        return True
    gone = bool(entry.table) and current.table(entry.table) is None
    return gone and bool(current.reshape.copy_of(entry.service, entry.table))


def _rename(current: Current, stage: Stage, entry: Entry) -> Iterator[Step]:
    table = current.table(entry.table) if entry.table else None
    if entry.table and table is None:
        stage.refuse(entry, f"the table {entry.table} {GONE}")
        return
    old, new = entry.name or entry.table, entry.rename
    if _is_there(current, entry, old):
        if old != new:
            yield Step(str(entry), (_statement(current, entry, table.name if table else "", old),), entry)
    elif _is_there(current, entry, new):
        stage.already.append(entry)
    else:
        stage.refuse(entry, GONE)


def _is_there(current: Current, entry: Entry, name: str) -> bool:
    facts = current.facts
    table = current.table(entry.table)
    if entry.section == "constraints":
        return current.constraint(entry.table, name) is not None
    there = {
        "enums": lambda: name in facts.enums,
        "table": lambda: name in facts.tables,
        "columns": lambda: bool(table and table.column(name)),
        "indexes": lambda: any(index.name == name for index in facts.indexes),
        "sequences": lambda: any(sequence == name for _, sequence in facts.sequences),
    }
    return there[entry.section]()


def _statement(current: Current, entry: Entry, table: str, old: str) -> sql.Composed:
    templates = {
        "enums": "ALTER TYPE {thing} RENAME TO {new}",
        "table": "ALTER TABLE {thing} RENAME TO {new}",
        "columns": "ALTER TABLE {table} RENAME COLUMN {old} TO {new}",
        "constraints": "ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}",
        "indexes": "ALTER INDEX {thing} RENAME TO {new}",
        "sequences": "ALTER SEQUENCE {thing} RENAME TO {new}",
    }
    return sql.SQL(templates[entry.section]).format(
        thing=current.identifier(old),
        table=current.identifier(table),
        old=sql.Identifier(old),
        new=sql.Identifier(entry.rename),
    )
