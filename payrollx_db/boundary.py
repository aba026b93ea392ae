"""The walls as Python holds them: which tables a statement names, who may, and what a refusal of the server means.

Every statement that SQLAlchemy compiles notes the tables that it names, once, in its cached form; looking at it again
is a comparison of two small sets. Raw SQL isn't parsed here: the server's roles hold that. What is refused of raw SQL
is what would step out of the role (`_LEAVING`), as a courtesy to whoever does so without meaning it.
"""

import importlib
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from payrollx_db import drivers
from payrollx_db.catalog import Catalog
from payrollx_db.errors import (
    BoundaryError,
    CatalogError,
    ConnectionLostError,
    PayrollxError,
    PlacementError,
    TargetError,
)
from payrollx_db.urls import DatabaseUrl

TURN = "payrollx_turn"  # the execution option that says who a connection's statements are for
HELD = "payrollx_held"  # the key in Connection.info of what we know of its session

SYSTEM = frozenset({None, "pg_catalog", "information_schema"})

DENIED = "42501"
READ_ONLY = "25006"
ABSENT = ("42P01", "3F000")  # no such table, no such schema
NO_SUCH_ROLE = ("22023", "42704")

_LEAVING = re.compile(
    r"\bset\s+(?:session\s+|local\s+)?(?:role|session\s+authorization)\b|\breset\s+(?:role|all|session\b)|\bdiscard\s+all\b"
    r"|^\s*(?:begin|end|start\s+transaction|prepare\s+transaction)\b"
    r"|(?:^|;)\s*(?:commit|abort|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"\s*(?:select|insert|update|delete|with|values|table|merge|copy|explain|show|savepoint|release|rollback\s+to)\b",
    re.IGNORECASE,
)
_TRACES = re.compile(r"set_config|advisory_lock|\bset\s+(?!local\b)|\blisten\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wall:
    """What one facade may touch: its name, its role, and its schema (an empty one for the reader: all schemas).

    ``catalog`` is ``package.module:name``; it is imported only to tell the owner in an error. ``elsewhere`` are
    pairs of a schema and the (masked) URL of another database that has it.
    """

    name: str
    role: str
    schema: str
    catalog: str
    elsewhere: tuple[tuple[str, str], ...] = ()

    def refusal(self, schema: str, table: str, what: str) -> BoundaryError:
        """Return the error for a statement that names another service's table."""
        place = f"{schema}.{table}" if table else f"the schema {schema}"
        owner = owner_of(self.catalog, schema)
        if owner is None:
            return BoundaryError(
                f"{self.name} may not {what} {place}, which is no table of its own",
                hint=f"its tables are those of the schema {self.schema}",
            )
        return BoundaryError(
            f"{self.name} may not {what} {place}, which belongs to the {owner} service",
            hint=f"ask the {owner} service for it; for a report use unified.reader.session(), and to change both"
            f" at once unified.transaction({self.name}, {owner})",
        )


@dataclass(frozen=True)
class Confined:
    """A wall, how its transactions open, and the database where they do."""

    wall: Wall
    opening: drivers.Opening
    url: DatabaseUrl


@dataclass
class Turn:
    """Whose turn it is on a connection. It changes only where several services share one transaction."""

    confined: Confined


@dataclass
class Held:
    """What we know of a session: who logged in, how its transaction opened, and whether it may hold traces."""

    login: str
    opened: drivers.Opening | None = None
    traces: bool = False


def catalog_at(name: str) -> Catalog:
    """Import the catalog at ``package.module:name``."""
    module, _, attribute = name.partition(":")
    found: Catalog = getattr(importlib.import_module(module), attribute)
    return found


def owner_of(catalog: str, schema: str) -> str | None:
    """Return the name of the service that has ``schema``, or ``None``."""
    try:
        return catalog_at(catalog).owner(f"{schema}.").name
    except CatalogError:
        return None


def guard(engine: Engine, driver: str, url: DatabaseUrl) -> None:
    """Hold every statement of ``engine`` to the wall of its `TURN`, and open its transactions under that role."""
    dialect: Any = engine.dialect
    dialect.statement_compiler = _noting(dialect.statement_compiler)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[HELD] = Held(drivers.login(driver, connection))

    @event.listens_for(engine, "before_cursor_execute")
    def before(
        connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        confined = connection.get_execution_options()[TURN].confined
        traces = _inspect(confined.wall, statement, context)
        held = start(connection, driver)
        held.traces = held.traces or traces

    @event.listens_for(engine, "commit")
    def commit(connection: Connection) -> None:
        held: Held = connection.info[HELD]
        if held.traces:
            drivers.runs(driver, connection.connection.dbapi_connection, drivers.CLEANING)
        held.opened, held.traces = None, False

    @event.listens_for(engine, "rollback")
    def rollback(connection: Connection) -> None:
        connection.info[HELD].opened = None

    @event.listens_for(engine, "rollback_savepoint")
    def rollback_savepoint(connection: Connection, _name: str, _context: None) -> None:
        # SET LOCAL goes back with the savepoint, and we don't keep count of which one it was made in
        held: Held = connection.info[HELD]
        held.opened = _ANOTHER if held.opened else None

    @event.listens_for(engine, "checkin")
    def checkin(_connection: Any, record: ConnectionPoolEntry) -> None:
        held: Held | None = record.info.get(HELD)
        if held and held.traces:  # it was rolled back, which leaves locks of the session
            record.invalidate()

    @event.listens_for(engine, "handle_error")
    def handle_error(context: ExceptionContext) -> PayrollxError | None:
        return _meaning(context, url)


def start(connection: Connection, driver: str) -> Held:
    """Open the transaction of ``connection`` for whose turn it is, if it isn't open for them already.

    Raises TargetError where the role can't be taken or the server is gone.
    """
    held: Held = connection.info[HELD]
    confined: Confined = connection.get_execution_options()[TURN].confined
    if held.opened is confined.opening:
        return held
    real = connection.connection.dbapi_connection
    try:
        if held.opened is None:
            drivers.opens(driver, real, confined.opening, held.login)
        else:
            drivers.switches(driver, real, confined.opening)
    except connection.dialect.loaded_dbapi.Error as error:
        gone = connection.dialect.is_disconnect(error, real, None)
        if gone:
            connection.invalidate(error)
        raise _cannot_open(error, confined, held, gone=gone) from None
    held.opened = confined.opening
    return held


# -- private ------------------------------------------------------------------------------------------

_ANOTHER = drivers.Opening("")


def _noting(compiler: type[Any]) -> type[Any]:
    """Return the dialect's compiler, noting which tables a statement names and whether it holds raw SQL."""

    class Noting(compiler):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.named: set[tuple[str | None, str]] = set()
            self.has_text = False
            super().__init__(*arguments, **options)
            self.schemas = frozenset(schema for schema, _ in self.named)

        def visit_table(self, table: Any, *arguments: Any, **options: Any) -> str:
            self.named.add((table.schema, table.name))
            return str(super().visit_table(table, *arguments, **options))

        def visit_insert(self, insert: Any, *arguments: Any, **options: Any) -> str:
            self.named.add((insert.table.schema, insert.table.name))
            return str(super().visit_insert(insert, *arguments, **options))

        def visit_textclause(self, *arguments: Any, **options: Any) -> str:
            self.has_text = True
            return str(super().visit_textclause(*arguments, **options))

    return Noting


def _inspect(wall: Wall, statement: str, context: Any) -> bool:
    """Raise BoundaryError where the wall forbids the statement; tell whether it may leave traces in the session."""
    compiled = context.compiled if context is not None else None
    if context is not None and context.isddl:
        raise BoundaryError(
            f"{wall.name} may not change tables: {' '.join(statement.split()[:3])} …",
            hint="tables are changed by migrations: payrollx-db migrate",
        )
    schemas: frozenset[str | None] = getattr(compiled, "schemas", frozenset())
    if schemas:
        _look_at(wall, compiled, schemas, context)
    if compiled is not None and not compiled.has_text:
        return "set_config" in statement or "advisory_lock" in statement
    if leaving := _LEAVING.search(statement):
        raise BoundaryError(
            f"{wall.name} may not run {leaving.group().strip(' ;').upper()!r}: the facade opens and ends its"
            " transaction, under its role",
            hint="leave the with block to commit, raise to roll back; begin_nested() makes a savepoint",
        )
    return bool(_TRACES.search(statement)) or not _PLAIN.match(statement)


def _look_at(wall: Wall, compiled: Any, schemas: frozenset[str | None], context: Any) -> None:
    renamed = context.execution_options.get("schema_translate_map") or {}
    if wall.schema:
        for schema in schemas:
            actual = renamed.get(schema, schema)
            if actual != wall.schema and actual not in SYSTEM:
                table = min(name for its_schema, name in compiled.named if its_schema == schema)
                raise wall.refusal(str(actual), table, _verb(compiled))
        return
    for schema, url in wall.elsewhere:
        if schema in schemas:
            raise PlacementError(
                f"{schema} is not in the unified database but in {url}",
                hint="read it through its own facade, and join the two in the application",
            )
    if _verb(compiled) != "read":
        raise BoundaryError(
            f"{wall.name} only reads, and may not {_verb(compiled)} anything",
            hint="write through the service's own facade, or through unified.transaction(...)",
        )


def _verb(compiled: Any) -> str:
    changes = {"isinsert": "insert into", "isupdate": "update", "isdelete": "delete from"}
    return next((verb for mark, verb in changes.items() if getattr(compiled, mark, False)), "read")


def _cannot_open(error: Exception, confined: Confined, held: Held, *, gone: bool) -> PayrollxError:
    role, url, state = confined.opening.role, confined.url, drivers.sqlstate(error)
    made = TargetError(f"can't open a transaction on {url}: {drivers.said(error)}", hint="run it again")
    if gone:
        made = ConnectionLostError(f"the connection to {url} is lost; nothing was sent", hint="run it again")
    elif state in NO_SUCH_ROLE:
        made = TargetError(
            f"the server of {url} has no role {role}",
            hint="payrollx-db migrate makes the roles; payrollx-db roles --check says what is missing",
        )
    elif state == DENIED:
        made = TargetError(
            f"{held.login} may not act as {role} on {url}", hint=f"let a DBA run: GRANT {role} TO {held.login};"
        )
    made.sqlstate, made.passing = state, gone
    return made


def _meaning(context: ExceptionContext, url: DatabaseUrl) -> PayrollxError | None:
    """Return what a failure means where that is about walls or the database's state; else leave it to SQLAlchemy."""
    error = context.original_exception
    if isinstance(error, PayrollxError) or not isinstance(error, context.dialect.loaded_dbapi.Error):
        return None
    state, said = drivers.sqlstate(error), drivers.said(error)
    made: PayrollxError | None = None
    if context.connection is None or (context.is_disconnect and context.is_pre_ping):
        unreachable = TargetError(
            f"can't connect to {url}: {said}", hint="check that the server runs and the URL is right"
        )
        made = None if context.is_pre_ping else unreachable
    elif context.is_disconnect:
        made = _lost(context, url)
    else:
        wall = context.connection.get_execution_options()[TURN].confined.wall
        made = _refused(wall, context, state, said, url)
    if made:
        made.sqlstate, made.passing = state, isinstance(made, ConnectionLostError)
    return made


def _lost(context: ExceptionContext, url: DatabaseUrl) -> PayrollxError:
    if context.statement is None:
        return ConnectionLostError(
            f"the connection to {url} was lost while the transaction ended: it may or may not be committed",
            hint="look at what it wrote before running it again",
        )
    return ConnectionLostError(
        f"the connection to {url} was lost in the middle of a transaction; nothing of it was kept",
        hint="run the whole transaction again",
    )


def _refused(wall: Wall, context: ExceptionContext, state: str, said: str, url: DatabaseUrl) -> PayrollxError | None:
    compiled = getattr(context.execution_context, "compiled", None)
    if state == DENIED:
        named = _named(wall, said, context.statement or "")
        if named:
            return wall.refusal(*named, "use")
        return BoundaryError(
            f"{wall.name} may not do that: {said}", hint=f"the role {wall.role} may only use the rows of its own tables"
        )
    if state == READ_ONLY and not wall.schema:
        return BoundaryError(f"{wall.name} only reads: {said}", hint="write through the service's own facade")
    if state in ABSENT and getattr(compiled, "schemas", frozenset()) & {wall.schema}:
        return TargetError(f"{url} lacks tables of {wall.name}: {said}", hint="run payrollx-db migrate")
    return None


def _named(wall: Wall, said: str, statement: str) -> tuple[str, str] | None:
    """Return the other service's schema, and table, that a refusal is about: by the server's words, else by the SQL."""
    words = said.split()
    for service in catalog_at(wall.catalog).services:
        if service.schema == wall.schema:
            continue
        tables = re.findall(rf'\b{re.escape(service.schema)}"?\s*\.\s*"?(\w+)', statement)
        if service.schema in words[-1:] or (tables and set(words) & set(service.tables)):
            return service.schema, tables[0] if tables else ""
    return None
