"""What a migration changes of a structure on purpose becomes part of what runs have recorded of it; nothing else does.

The structure is read before and after the migration, in its transaction: what differs between the two is the
migration's doing. What had been lost before stays recorded, so that `verify` still misses it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from payrollx_db.postgres import query_files, structure
from payrollx_db.postgres.steps import Statement, Steps, perform

queries = query_files.beside(__name__)

Thing = tuple[str, str, str]  # an object's kind, table and name
Properties = Mapping[str, Any]
Rows = list[tuple[str, Thing, Properties]]  # each with its root table; what several tables use is there for each


@dataclass(frozen=True)
class _Record:
    """What one run has recorded, with the revisions that the database was at."""

    run: int
    revisions: tuple[str, ...]
    objects: Rows


@contextmanager
def following(connection: psycopg.Connection[Any], service: str = "", schema: str = "") -> Iterator[None]:
    """Let the records of finished runs follow what the block, a migration, changes; in the current transaction.

    With a ``service``, only the runs of that one are looked at, and nothing else may be changed; with its ``schema``,
    only what these runs have recorded of tables there is read, unless the block changes what tables elsewhere use too.
    Does nothing where no run has recorded a structure, or this role may not write to the records.
    """
    if not perform(connection, _writable()):
        yield
        return
    names = perform(connection, _names(service, schema))
    before, revisions = _read(connection, names, few=bool(schema)), perform(connection, _revisions())
    yield
    after, now = _read(connection, names, few=bool(schema)), perform(connection, _revisions())
    if before == after and revisions == now:
        return
    where = schema if _lie_in(schema, before, after) else ""
    for record in perform(connection, _records(service, where)):
        objects = changed_by(record.objects, before, after)
        # Whose record was behind already can't tell what of the differences some earlier migration has made.
        at = now if record.revisions == revisions else record.revisions
        if (objects, at) != (record.objects, record.revisions):
            perform(connection, _rewrite(record.run, where, at, objects))


def changed_by(recorded: Rows, before: Rows, after: Rows) -> Rows:
    """Return ``recorded`` with what became of it between ``before`` and ``after``, property by property."""
    was = {thing: properties for _, thing, properties in before}
    now = {thing: properties for _, thing, properties in after}
    objects = [
        (root, thing, _changed(properties, was.get(thing, {}), now[thing]) if thing in now else properties)
        for root, thing, properties in recorded
        if thing in now or thing not in was
    ]
    roots, known = {root for root, _, _ in recorded}, {(root, thing) for root, thing, _ in recorded}
    # What was there before, and in no record, somebody has made by hand: it is still none of the design.
    added = [row for row in after if row[0] in roots and row[:2] not in known and row[1] not in was]
    return objects + added


def _changed(recorded: Properties, was: Properties, now: Properties) -> Properties:
    """Return the recorded properties with those that have changed as they are now."""
    changed = {name for name in {*was, *now} if was.get(name) != now.get(name)}
    kept = {name: value for name, value in recorded.items() if name not in changed}
    return kept | {name: now[name] for name in changed if name in now}


def _lie_in(schema: str, before: Rows, after: Rows) -> bool:
    """Tell whether all things that differ between the two are a schema's own: others' records may name what isn't."""
    was = {thing: properties for _, thing, properties in before}
    now = {thing: properties for _, thing, properties in after}
    differing = (thing for thing in {*was, *now} if was.get(thing) != now.get(thing))
    return all(structure.plain_name(table).startswith(f"{schema}.") for _, table, _ in differing)


def _read(connection: psycopg.Connection[Any], names: list[str], *, few: bool) -> Rows:
    """Read the structure of what has these names; the settings for that don't outlast it."""
    if not names:
        return []
    with connection.transaction(force_rollback=True):
        return perform(connection, _structure(names, few=few))


def _structure(names: list[str], *, few: bool) -> Steps[Rows]:
    yield Statement(structure.settings_statement())
    if few:
        yield Statement(sql.SQL(queries.load("read_few")))
    return _rows((yield Statement(structure.structure_query(), structure.query_parameters((), names))))


def _names(service: str, schema: str) -> Steps[list[str]]:
    rows = yield Statement(sql.SQL(queries.load("recorded_names")), {"service": service, "schema": schema})
    return [name for (name,) in rows]


def _records(service: str, schema: str) -> Steps[list[_Record]]:
    """Read what runs have recorded of a schema's tables, once nobody else is about to write to these records."""
    yield Statement(sql.SQL(queries.load("hold_structures")), {"service": service})
    parameters = {"service": service, "schema": schema}
    rows = yield Statement(sql.SQL(queries.load("recorded_structures")), parameters)
    return [_Record(run, tuple(revisions), _rows(objects)) for run, revisions, objects in rows]


def _rewrite(run: int, schema: str, revisions: tuple[str, ...], objects: Rows) -> Steps[None]:
    document = Jsonb([[root, *thing, properties] for root, thing, properties in objects])
    parameters = {"run": run, "schema": schema, "revisions": list(revisions), "objects": document}
    yield Statement(sql.SQL(queries.load("rewrite_structure")), parameters)


def _writable() -> Steps[bool]:
    ((writable,),) = yield Statement(sql.SQL(queries.load("structures_writable")))
    return bool(writable)


def _revisions() -> Steps[tuple[str, ...]]:
    ((readable,),) = yield Statement(sql.SQL(queries.load("table_readable")), {"name": "alembic_version"})
    rows = (yield Statement(sql.SQL(queries.load("revisions")))) if readable else []
    return tuple(revision for (revision,) in rows)


def _rows(rows: Iterable[Any]) -> Rows:
    return [(root, (kind, table, name), properties) for root, kind, table, name, properties in rows]
