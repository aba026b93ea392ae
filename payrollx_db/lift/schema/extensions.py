"""Extensions: what the source has comes first, and lies where the dump's names look for it while that is run.

A database has an extension once, and two sources may have it in different schemas. So where it can be moved it is,
inside the transaction, and put back before its end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.backup import needs
from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.lift.schema.source import Extension, Source
from payrollx_db.lift.schema.target import Target
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)

PUBLIC = "public"
AVAILABLE = "SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = %s"
SCHEMA_EXISTS = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s"


@dataclass(frozen=True)
class Arranged:
    """The extensions as they lie now: where each is to lie in the end, and what couldn't be had, as notes."""

    places: dict[str, str]
    displaced: dict[str, str]
    notes: tuple[str, ...]

    def settle(self, target: Target) -> None:
        """Put back those that were moved, or made, where they aren't to stay."""
        for name, place in self.displaced.items():
            target.change(_moved(name, place), f"can't move the extension {name} to {place}")


def arrange(target: Target, source: Source, staged: Collection[str], kept: Collection[str]) -> Arranged:
    """Make the source's extensions, each in the schema where the source has it.

    ``staged`` are the schemas that the dump names, ``kept`` those that stay: an extension doesn't stay in another.
    Raises FindingsError where one that the schemas use can't be had.
    """
    installed = {row[0]: Extension(*row) for row in target.ask(queries.load("extensions"))}
    used = {need.name: need for need in source.needs if need.kind == needs.EXTENSION}
    places: dict[str, str] = {}
    displaced: dict[str, str] = {}
    lacks: list[str] = []
    notes: list[str] = []
    for extension in source.extensions:
        here = installed.get(extension.name)
        problem = _bring(target, extension, here, needed=extension.name in used)
        if not problem:
            final = here.schema if here else _final_place(extension, staged, kept)
            places[extension.name] = final
            if final != extension.schema and (here is None or extension.name in used):
                displaced[extension.name] = final
        elif extension.name in used:
            lacks.append(f"{extension.name}, which {used[extension.name].used_by or 'it'} uses: {problem}")
        else:
            notes.append(f"the extension {extension.name} isn't there: {problem}; no definition names it")
    if lacks:
        raise FindingsError(
            f"{target.endpoint.url.masked} can't have what {source.database} uses; nothing was changed",
            details=tuple(lacks),
            hint="install these extensions on the target's server, or let a role that may do it create them there",
        )
    return Arranged(places, displaced, tuple(notes))


def _bring(target: Target, extension: Extension, here: Extension | None, *, needed: bool) -> str:
    """Have an extension lie where the source has it; return what is in the way, if anything."""
    if here is None:
        if not target.ask(AVAILABLE, [extension.name]):
            return "the target's server hasn't it"
        return _create(target, extension)
    if here.schema == extension.schema or not needed:
        return ""
    if not here.relocatable:
        return f"it lies in {here.schema}, its names are asked for in {extension.schema}, and it can't be moved"
    _make_schema(target, extension.schema)
    try:
        with target.savepoint():
            target.change(_moved(extension.name, extension.schema), f"can't move {extension.name} for a while")
    except PayrollxError as error:
        return f"it lies in {here.schema}, its names are asked for in {extension.schema}: {error.message}"
    return ""


def _create(target: Target, extension: Extension) -> str:
    try:
        with target.savepoint():
            _make_schema(target, extension.schema)
            target.change(
                sql.SQL("CREATE EXTENSION {} SCHEMA {} CASCADE").format(
                    sql.Identifier(extension.name), sql.Identifier(extension.schema)
                ),
                f"can't create the extension {extension.name}",
            )
    except (PayrollxError, psycopg.Error) as error:
        return str(error)
    return ""


def _make_schema(target: Target, name: str) -> None:
    if not target.ask(SCHEMA_EXISTS, [name]):
        target.change(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)), f"can't make the schema {name}")


def _final_place(extension: Extension, staged: Collection[str], kept: Collection[str]) -> str:
    """Return where a new extension is to stay: where it was, unless that is a schema that the lift takes elsewhere."""
    moves_away = extension.schema in staged and extension.schema not in (PUBLIC, *kept)
    return PUBLIC if moves_away and extension.relocatable else extension.schema


def _moved(name: str, place: str) -> sql.Composed:
    return sql.SQL("ALTER EXTENSION {} SET SCHEMA {}").format(sql.Identifier(name), sql.Identifier(place))


def path(places: dict[str, str], *, without: Sequence[str] = ("pg_catalog",)) -> tuple[str, ...]:
    """Return the schemas in which extensions lie, each once."""
    return tuple(dict.fromkeys(place for place in places.values() if place not in without))
