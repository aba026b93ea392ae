"""What a statement may do behind a wall: which tables it names, and what its raw SQL would do to the session.

Raw SQL isn't parsed: the server's roles hold that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from payrollx_db.errors import BoundaryError
from payrollx_db.facade import raw_sql, sealed_sql
from payrollx_db.facade.compiler import NotingCompiler
from payrollx_db.facade.wall import Wall

SYSTEM_SCHEMAS = frozenset({None, "pg_catalog", "information_schema"})
ROLE_SETTINGS = frozenset({"role", "session_authorization"})


def check(wall: Wall, statement: str, parameters: Any, context: Any) -> bool | None:
    """Raise BoundaryError or PlacementError where the wall forbids the statement.

    Tells whether the statement may leave something in the session; ``None`` means no, and that it holds no raw SQL.
    """
    if context.isddl:
        raise BoundaryError(
            f"{wall.name} may not change tables: {' '.join(statement.split()[:3])} …",
            hint=f"tables are changed by migrations: {wall.command('migrate')}",
        )
    compiled = context.compiled
    if wall.sealed:
        _refuse_unsealing(wall, statement, raw=compiled is None or getattr(compiled, "has_text", True))
    if compiled is None:
        return _check_text(wall, statement)
    if not isinstance(compiled, NotingCompiler):  # a SQLAlchemy that compiles in another way
        raise BoundaryError(f"the facade can't tell which tables a {type(compiled).__name__} names")
    if compiled.schemas:
        _check_tables(wall, compiled, context.execution_options.get("schema_translate_map") or {})
    if compiled.has_text:
        return _check_text(wall, statement)
    if not compiled.may_set:
        return None
    if not ROLE_SETTINGS.isdisjoint(map(str, _values(parameters))) or raw_sql.read(statement).leaving:
        raise _leaving(wall, "SET_CONFIG")
    return True


# -- private ------------------------------------------------------------------------------------------


def _check_text(wall: Wall, statement: str) -> bool:
    if error := wall.named_apart(statement):
        raise error
    effects = raw_sql.read(statement)
    if effects.leaving:
        raise _leaving(wall, effects.leaving)
    return effects.dirty


def _refuse_unsealing(wall: Wall, statement: str, *, raw: bool) -> None:
    """Raise BoundaryError where a statement may change who a tenant's session is, or show what others left in it."""
    if (raw or sealed_sql.suspicious(statement)) and (words := sealed_sql.refused(statement)):
        raise BoundaryError(
            f"{wall.name} may not run {words}: one login serves all tenants, so a session stays who it is",
            hint="SET LOCAL takes timeouts and the planner's settings; leave the block to commit, raise to roll back",
        )


def _check_tables(wall: Wall, compiled: NotingCompiler, translation: Mapping[str | None, str | None]) -> None:
    schemas = {_translated(named, translation) for named in compiled.named} if translation else compiled.schemas
    if wall.schema:
        for schema in schemas:
            if schema != wall.schema and schema not in SYSTEM_SCHEMAS:
                _check_read(wall, compiled, str(schema), translation)
        return
    for named in sorted(compiled.named, key=str):
        if error := wall.apart(str(_translated(named, translation)), named[1]):
            raise error
    if compiled.verb != "read":
        raise BoundaryError(f"{wall.name} only reads, and may not {compiled.verb} anything", hint=wall.way_to_write())
    for column in compiled.secret.values():
        raise wall.hidden(column)


def _check_read(
    wall: Wall, compiled: NotingCompiler, schema: str, translation: Mapping[str | None, str | None]
) -> None:
    """Raise BoundaryError unless a statement only reads another service's tables, and may."""
    tables = sorted(named[1] for named in compiled.named if _translated(named, translation) == schema)
    written = {table for home, table in compiled.written if translation.get(home, home) == schema}
    for table in tables:
        if table in written or f"{schema}.{table}" not in wall.reads:
            raise wall.refusal(schema, table, compiled.verb)
        if error := wall.apart(schema, table):
            raise error
    if schema in compiled.hidden:
        raise wall.hidden(compiled.hidden[schema])


def _translated(named: tuple[str | None, str, bool], translation: Mapping[str | None, str | None]) -> str | None:
    """Return the schema of a table that a statement names, after SQLAlchemy's translation of schemas."""
    schema, _, is_translated = named
    return translation.get(schema, schema) if is_translated else schema


def _leaving(wall: Wall, words: str) -> BoundaryError:
    return BoundaryError(
        f"{wall.name} may not run {words}: the facade opens and ends its transaction, under its role",
        hint="leave the with block to commit, raise to roll back; begin_nested() makes a savepoint",
    )


def _values(parameters: Any) -> Iterator[Any]:
    """Yield the values of one set of parameters, or of many."""
    if isinstance(parameters, Mapping):
        yield from parameters.values()
    elif isinstance(parameters, list | tuple):
        for value in parameters:
            yield from _values(value) if isinstance(value, Mapping | list | tuple) else (value,)
