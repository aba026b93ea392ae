"""What a reshape does between services: references to another one's table, and copies that go."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from psycopg import sql

from payrollx_db.lift.names import shortened
from payrollx_db.lift.reshape.current import Current
from payrollx_db.lift.reshape.facts import Constraint
from payrollx_db.lift.reshape.file import Entry, Reshape
from payrollx_db.lift.reshape.indexes import missing_name, serves
from payrollx_db.lift.reshape.renaming import GONE, create_index
from payrollx_db.lift.reshape.steps import Stage, Step

Services = Mapping[str, Current]


def copy_steps(services: Services, reshape: Reshape, stage: Stage) -> Iterator[Step]:
    """Yield a step for each copy: keys to it go to its owner's table, and it is dropped."""
    for entry in _taken(services, reshape, stage, "copy", "of"):
        mine, theirs = services[entry.service], services[entry.values["of"]]
        copy, owner = mine.table(entry.table), theirs.table(entry.table)
        if owner is None:
            stage.refuse(entry, f"the owner's table {entry.values['of']}.{entry.table} {GONE}")
        elif copy is None:
            stage.already.append(entry)
        else:
            moved: list[sql.Composable] = []
            for key in mine.facts.foreign_keys:
                if key.target == (mine.schema, copy.name) and (key.schema, key.table) != (mine.schema, copy.name):
                    moved += _moved(entry, mine, theirs, key, stage)
            drop = sql.SQL("DROP TABLE {}").format(mine.identifier(copy.name))
            yield Step(str(entry), (*moved, drop), entry)


def reference_steps(services: Services, reshape: Reshape, stage: Stage) -> Iterator[Step]:
    """Yield a step for each reference: an index where none serves it, and a foreign key where it is enforced."""
    for entry in _taken(services, reshape, stage, "references", "service"):
        if reshape.copy_of(entry.service, entry.table):
            continue
        mine = services[entry.service]
        owner = reshape.copy_of(entry.values["service"], entry.values["table"]) or entry.values["service"]
        theirs = services.get(owner)
        table, column = mine.table(entry.table), mine.column(entry.table, entry.name)
        target = theirs.table(entry.values["table"]) if theirs else None
        key = theirs.column(entry.values["table"], entry.values["column"]) if theirs else None
        if table is None or column is None or theirs is None or target is None or key is None:
            stage.refuse(entry, f"it, or what it points at, {GONE}")
            continue
        statements: list[sql.Composable] = []
        if not any(index.table == table.name and serves(index, [column.name]) for index in mine.facts.indexes):
            name = missing_name(table.name, [column.name], [*mine.facts.names])
            statements.append(create_index(mine, name, table.name, [column.name]))
        there = (theirs.schema, target.name)
        if entry.values["enforced"] and not _is_there(mine, table.name, column.name, there):
            name = shortened(f"{table.name}_{column.name}_fkey")
            statements.append(_foreign_key(mine, table.name, name, column.name, theirs, target.name, key.name))
        if statements:
            yield Step(str(entry), tuple(statements), entry)
        else:
            stage.already.append(entry)


# --- private -----------------------------------------------------------------------------------------------------


def _taken(services: Services, reshape: Reshape, stage: Stage, section: str, other: str) -> Iterator[Entry]:
    for entry in reshape.taken:
        if entry.section != section:
            continue
        absent = [name for name in (entry.service, entry.values[other]) if name not in services]
        if absent:
            stage.skipped.append(f"{entry}: {', '.join(absent)} isn't lifted yet, or not chosen")
        else:
            yield entry


def _moved(entry: Entry, mine: Current, theirs: Current, key: Constraint, stage: Stage) -> list[sql.Composable]:
    """Return the statements that make a foreign key point at the owner's table instead of the copy."""
    copy = mine.table(entry.table)
    sources = {new: source for source, new in mine.reshape.column_names(entry.service, entry.table).items()}
    columns = [theirs.column(entry.table, sources.get(column, column)) for column in key.target_columns]
    owner = theirs.table(entry.table)
    words = mine.facts.reserved
    start = "FOREIGN KEY ({}) REFERENCES {}({})".format(
        _as_written(key.columns, words),
        ".".join(_as_written([part], words) for part in (mine.schema, copy.name if copy else "")),
        _as_written(key.target_columns, words),
    )
    if owner is None or not all(columns) or not key.definition.startswith(start):
        stage.refuse(entry, f"the foreign key {key.name} of {key.table} can't be pointed at {entry.values['of']}")
        return []
    anew = sql.SQL("FOREIGN KEY ({}) REFERENCES {} ({})").format(
        _listed(key.columns), theirs.identifier(owner.name), _listed([column.name for column in columns if column])
    )
    alter = sql.SQL("ALTER TABLE {} ").format(sql.Identifier(key.schema, key.table))
    name, rest = sql.Identifier(key.name), sql.SQL(key.definition.removeprefix(start))
    return [
        alter + sql.SQL("DROP CONSTRAINT {}").format(name),
        alter + sql.SQL("ADD CONSTRAINT {} {}{}").format(name, anew, rest),
    ]


def _as_written(names: Sequence[str], reserved: Collection[str]) -> str:
    """Return names as the server writes them: quoted only where it has to."""
    plain = re.compile(r"[a-z_][a-z0-9_$]*")
    return ", ".join(
        name if plain.fullmatch(name) and name not in reserved else sql.Identifier(name).as_string(None)
        for name in names
    )


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _is_there(mine: Current, table: str, column: str, target: tuple[str, str]) -> bool:
    return any(
        (key.schema, key.table, key.columns, key.target) == (mine.schema, table, (column,), target)
        for key in mine.facts.foreign_keys
    )


def _foreign_key(
    mine: Current, table: str, name: str, column: str, theirs: Current, target: str, key: str
) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})").format(
        mine.identifier(table),
        sql.Identifier(name),
        sql.Identifier(column),
        theirs.identifier(target),
        sql.Identifier(key),
    )
