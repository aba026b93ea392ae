"""Routines whose code names tables without a schema find them where they were written to find them.

A routine without a search_path of its own uses its caller's. In the source that was the database's, or Postgres' own:
``"$user", public``. In the target each schema is somebody else's, so the routine gets the path that this was.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from psycopg import sql

from payrollx_db.lift.schema.model import Move
from payrollx_db.lift.schema.script import ends_transactions
from payrollx_db.lift.schema.target import Target, as_written
from payrollx_db.postgres import query_files
from payrollx_db.schema.roles.search_path import TEMPORARY, entries

queries = query_files.beside(__name__)

USER = "$user"


def set_early_paths(target: Target, schemas: Sequence[str], path: Sequence[str]) -> frozenset[int]:
    """Give routines that say nothing a search_path already where they are made; return their numbers.

    Since Postgres 17 an index's function finds names by its own search_path alone while the index is made.
    """
    listed = sql.SQL(", ").join(map(sql.Identifier, path))
    early = []
    for oid, _, identity, is_procedure, _, _, own in target.ask(queries.load("routines"), {"schemas": list(schemas)}):
        if own is None and not is_procedure:
            _set_path(target, identity, listed)
            early.append(oid)
    return frozenset(early)


def set_paths(
    target: Target, moves: Sequence[Move], default: str, places: Sequence[str], *, early: Collection[int] = ()
) -> Iterator[tuple[str, str]]:
    """Give routines of the moved schemas their search_path; yield the schema and a note for each that can't have one.

    ``default`` is the source database's own search_path, ``places`` are the schemas in which extensions lie, ``early``
    the routines whose path is only for a while.
    """
    homes = {move.source_schema: move.schema for move in moves}
    usual = [name for name in entries(default) if name in homes or name in places]
    rows = target.ask(queries.load("routines"), {"schemas": list(homes.values())})
    for oid, schema, identity, is_procedure, as_owner, body, own in rows:
        if own is None or oid in early:
            if is_procedure and ends_transactions(body):
                yield (
                    schema,
                    f"procedure {identity} ends transactions, so it can't have a search_path: call it with one",
                )
                continue
            path = _mapped([_source_of(homes, schema), *usual, *places], homes, places)
            path += [TEMPORARY] if as_owner else []
        else:
            names = entries(own)
            path = _mapped(names, homes, places)
            if path == names:
                continue
        _set_path(target, identity, sql.SQL(", ").join(map(sql.Identifier, path)))


def _set_path(target: Target, identity: str, listed: sql.Composed) -> None:
    statement = sql.SQL("ALTER ROUTINE {} SET search_path TO {}").format(as_written(identity), listed)
    target.change(statement, f"can't set the search_path of {identity}")


def _mapped(names: Sequence[str], homes: Mapping[str, str], places: Sequence[str]) -> list[str]:
    """Return a path with the moved schemas in place of where they were, and these where an extension lies there."""
    path: list[str] = []
    for name in names:
        path += [homes[name]] if name in homes else []
        path += [name] if name not in homes or name in places else []
    return list(dict.fromkeys(path))


def _source_of(homes: Mapping[str, str], schema: str) -> str:
    return next(name for name, home in homes.items() if home == schema)
