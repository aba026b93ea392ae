"""The walls as Python holds them: which tables a statement names, and who may; and each transaction under its role.

Every statement that SQLAlchemy compiles notes the tables that it names, once, in its cached form; looking at it again
is a comparison of two small sets. Raw SQL isn't parsed: the server's roles hold that.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.pool import ConnectionPoolEntry

from payrollx_db.errors import BoundaryError, PayrollxError, PlacementError
from payrollx_db.facade import drivers, error_translation, raw_sql
from payrollx_db.facade.wall import ACTIVE_SERVICE, SESSION_STATE, ServiceScope, SessionState, Wall
from payrollx_db.postgres.url import DatabaseUrl

SYSTEM = frozenset({None, "pg_catalog", "information_schema"})
ACTING = frozenset({"role", "session_authorization"})
ENDINGS = ("ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT ")
OURS = frozenset({"isolation_level", "postgresql_readonly", "postgresql_deferrable", ACTIVE_SERVICE})


def guard(engine: Engine, driver: str, url: DatabaseUrl) -> None:
    """Hold every statement of ``engine`` to its `ActiveService`'s wall; open its transactions under that role."""
    dialect: Any = engine.dialect
    dialect.statement_compiler = _noting(dialect.statement_compiler)
    if dialect.is_async:
        dialect.initialize = _cancellable(dialect.initialize)
    if driver == "pg8000":
        dialect.do_close = drivers.closes
    _guard_connections(engine, driver, url)
    _guard_statements(engine, driver, url)
    _guard_endings(engine, driver, url)


def start(connection: Connection, driver: str) -> SessionState:
    """Open the transaction of ``connection`` for whose turn it is, if it isn't open for them already.

    Raises TargetError where the role can't be taken or the server is gone, and BoundaryError where somebody has ended
    the transaction on the driver's own connection.
    """
    held: SessionState = connection.info[SESSION_STATE]
    scope: ServiceScope = connection.get_execution_options()[ACTIVE_SERVICE].scope
    real = connection.connection.dbapi_connection
    if held.opened is not None and not drivers.is_open(driver, real):
        held.opened, held.dirty = None, True
        raise BoundaryError(
            f"the transaction of {scope.wall.name} was ended behind the facade's back, and its role with it",
            hint="leave the with block to commit, raise to roll back",
        )
    if held.opened is scope.opening and not held.role_uncertain:
        return held
    try:
        if held.opened is None:
            drivers.opens(driver, real, scope.opening, held.login)
        elif held.opened is scope.opening:
            drivers.acts(driver, real, scope.opening)
        else:
            held.switched = True
            drivers.switches(driver, real, scope.opening)
    except drivers.failures(driver, connection.dialect) as error:
        gone = _is_gone(connection, error)
        raise error_translation.of_opening(error, scope, held, gone=gone) from None
    held.opened, held.role_uncertain = scope.opening, False
    return held


# -- private ------------------------------------------------------------------------------------------

_ANOTHER = drivers.TransactionSettings("")


def _guard_connections(engine: Engine, driver: str, url: DatabaseUrl) -> None:
    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except OSError as error:  # asyncpg lets them through; SQLAlchemy knows only the drivers' own
            raise error_translation.unreachable(url, drivers.said(error)) from None

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[SESSION_STATE] = SessionState(drivers.login(driver, connection))

    @event.listens_for(engine, "set_connection_execution_options")
    def options(_connection: Connection, given: dict[str, Any]) -> None:
        if refused := OURS & given.keys():
            raise BoundaryError(
                f"the connection of a facade's session takes no option {min(refused)}",
                hint="say how a transaction runs when it opens: session(isolation=..., read_only=...)",
            )

    @event.listens_for(engine, "checkin")
    def checkin(_connection: Any, record: ConnectionPoolEntry) -> None:
        held: SessionState | None = record.info.get(SESSION_STATE)
        if held and held.dirty:  # what isn't cleaned isn't handed on
            record.invalidate()
        elif held:  # the pool itself has rolled back what somebody left to the garbage collector
            held.end()


def _cancellable(initialize: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """Let a task that is cancelled while SQLAlchemy asks a new server for its version end as cancelled.

    SQLAlchemy 2.1 can't invalidate the connection that it asks on; the error of trying hides the cancellation.
    """

    def whole(connection: Connection) -> None:
        try:
            initialize(connection)
        except (NotImplementedError, ResourceClosedError):
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from None
            raise

    return whole


def _guard_statements(engine: Engine, driver: str, url: DatabaseUrl) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def before(
        connection: Connection, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool
    ) -> None:
        scope: ServiceScope = connection.get_execution_options()[ACTIVE_SERVICE].scope
        dirty = _inspect(scope.wall, statement, parameters, context)
        if dirty is None and statement.startswith(ENDINGS) and connection.info[SESSION_STATE].opened:
            return  # it works where nothing else does: in a transaction that has failed
        held = start(connection, driver)
        if dirty:
            held.dirty = held.role_uncertain = True

    @event.listens_for(engine, "handle_error")
    def handle_error(context: ExceptionContext) -> PayrollxError | None:
        if context.connection is not None and (held := _held(context.connection)):
            held.failed = True
        return error_translation.of_failure(context, url)


def _guard_endings(engine: Engine, driver: str, url: DatabaseUrl) -> None:
    @event.listens_for(engine, "commit")
    def commit(connection: Connection) -> None:
        held = _held(connection)
        if held is None:
            raise error_translation.lost(url, "noticed before", at_end=False)
        if held.failed or held.dirty:  # of a failed transaction, COMMIT would silently keep nothing
            _last(connection, drivers.RESET_SESSION if held.dirty else "SELECT 1", driver, url)
        held.end()

    @event.listens_for(engine, "rollback")
    def rollback(connection: Connection) -> None:
        held = _held(connection)
        if held and (held.opened is None or _rolled_back(connection, held, driver)):
            held.end()

    @event.listens_for(engine, "rollback_savepoint")
    def rollback_savepoint(connection: Connection, _name: str, _context: None) -> None:
        # SET LOCAL goes back with the savepoint, and we don't keep count of which one it was made in. Where there was
        # one service only, that leaves the role as it is, and the settings that somebody made before.
        if held := _held(connection):
            if held.opened and held.switched:
                held.opened = _ANOTHER
            held.role_uncertain |= held.dirty
            held.failed = False


def _held(connection: Connection) -> SessionState | None:
    """Return what is known of the session, or ``None`` where it is lost."""
    return None if connection.closed or connection.invalidated else connection.info[SESSION_STATE]


def _is_gone(connection: Connection, error: Exception) -> bool:
    real: Any = connection.connection.dbapi_connection
    dialect: Any = connection.dialect
    gone = bool(error_translation.GONE.match(drivers.sqlstate(error)) or dialect.is_disconnect(error, real, None))
    if gone:
        connection.invalidate(error)
    return gone


def _last(connection: Connection, script: str, driver: str, url: DatabaseUrl) -> None:
    """Run what comes before the end of a transaction. Raises TargetError where it has failed or is gone."""
    try:
        drivers.runs(driver, connection.connection.dbapi_connection, script)
    except drivers.failures(driver, connection.dialect) as error:
        if drivers.sqlstate(error) == error_translation.FAILED:
            raise error_translation.failed_before(url) from None
        _is_gone(connection, error)
        raise error_translation.lost(url, drivers.said(error), at_end=False) from None


def _rolled_back(connection: Connection, held: SessionState, driver: str) -> bool:
    """Roll back and clean the session in one go: behind a pooler, the next statement would be in another one.

    A session that is lost is as good as rolled back, and no reason to hide why the transaction failed.
    """
    if driver == "asyncpg" and not held.dirty:
        return True  # its adapter rolls back, whatever we do
    try:
        script = f"ROLLBACK; {drivers.RESET_SESSION}" if held.dirty else "ROLLBACK"
        drivers.runs(driver, connection.connection.dbapi_connection, script)
    except drivers.failures(driver, connection.dialect) as error:
        connection.invalidate(error)  # whatever state it is in, it isn't handed on
        return False
    return True


def _noting(compiler: type[Any]) -> type[Any]:
    """Return the dialect's compiler, noting which tables a statement names, what it does, and if it holds raw SQL."""

    class Noting(compiler):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.named: set[tuple[str | None, str, bool]] = set()  # schema, table, and whether it can be translated
            self.has_text = False
            self.verb = "read"
            super().__init__(*arguments, **options)
            self.schemas = frozenset(schema for schema, _, _ in self.named)
            self.sets = raw_sql.may_set(getattr(self, "string", ""))

        def _note(self, table: Any) -> None:
            self.named.add((table.schema, table.name, isinstance(table, Table)))

        def visit_table(self, table: Any, *arguments: Any, **options: Any) -> str:
            self._note(table)
            return str(super().visit_table(table, *arguments, **options))

        def visit_column(self, column: Any, *arguments: Any, **options: Any) -> str:
            of = column.table
            if getattr(of, "__visit_name__", "") == "table":  # in RETURNING or VALUES, where no FROM names it
                self._note(of)
            self.has_text |= column.is_literal and column.name != "*"  # somebody's own SQL in the place of a column
            return str(super().visit_column(column, *arguments, **options))

        def visit_insert(self, insert: Any, *arguments: Any, **options: Any) -> str:
            self._note(insert.table)
            self.verb = "insert into"
            return str(super().visit_insert(insert, *arguments, **options))

        def visit_update(self, *arguments: Any, **options: Any) -> str:
            self.verb = "update"
            return str(super().visit_update(*arguments, **options))

        def visit_delete(self, *arguments: Any, **options: Any) -> str:
            self.verb = "delete from"
            return str(super().visit_delete(*arguments, **options))

        def visit_textclause(self, *arguments: Any, **options: Any) -> str:
            self.has_text = True
            return str(super().visit_textclause(*arguments, **options))

    return Noting


def _inspect(wall: Wall, statement: str, parameters: Any, context: Any) -> bool | None:
    """Raise BoundaryError where the wall forbids the statement.

    Tells whether it may leave traces in the session; ``None`` means no, and that it holds no raw SQL.
    """
    compiled = context.compiled if context is not None else None
    if context is not None and context.isddl:
        raise BoundaryError(
            f"{wall.name} may not change tables: {' '.join(statement.split()[:3])} …",
            hint="tables are changed by migrations: payrollx-db migrate",
        )
    if getattr(compiled, "schemas", None):
        _look_at(wall, compiled, context)
    if compiled is None or getattr(compiled, "has_text", True):
        signs = raw_sql.read(statement)
        if signs.leaving:
            raise _leaving(wall, signs.leaving)
        return signs.dirty
    if not compiled.sets:
        return None
    if not ACTING.isdisjoint(map(str, _values(parameters))) or raw_sql.read(statement).leaving:
        raise _leaving(wall, "SET_CONFIG")
    return True


def _look_at(wall: Wall, compiled: Any, context: Any) -> None:
    schemas = compiled.schemas
    if renamed := context.execution_options.get("schema_translate_map"):
        schemas = {_actual(named, renamed) for named in compiled.named}
    if wall.schema:
        for schema in schemas:
            if schema != wall.schema and schema not in SYSTEM:
                table = min(named[1] for named in compiled.named if _actual(named, renamed or {}) == schema)
                raise wall.refusal(str(schema), table, compiled.verb)
        return
    for schema, url in wall.elsewhere:
        if schema in schemas:
            raise PlacementError(
                f"{schema} is not in the unified database but in {url}",
                hint="read it through its own facade, and join the two in the application",
            )
    if compiled.verb != "read":
        raise BoundaryError(
            f"{wall.name} only reads, and may not {compiled.verb} anything",
            hint="write through the service's own facade, or through unified.transaction(...)",
        )


def _actual(named: tuple[str | None, str, bool], renamed: Mapping[str | None, str | None]) -> str | None:
    """Return the schema of a table that a statement names, after SQLAlchemy's translation of schemas."""
    schema, _, translated = named
    return renamed.get(schema, schema) if translated else schema


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
