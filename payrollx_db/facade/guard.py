"""The guard: a dialect that runs each transaction under a service's role, and each statement behind its wall.

SQLAlchemy hands everything that it sends to its dialect, which begins, executes, commits and rolls back; a subclass
that looks at what passes needs no events and replaces nothing. `GuardedDialect` is what the drivers have in common,
`dialects` has one class for each.

A pool asks a dialect whether an idle connection still lives, which costs a round trip. Here the answer is a
transaction that begins with the settings of the connection's last one, most often those of the next. Where they
aren't, it is rolled back in the round trip that begins the right one.
"""

import asyncio
import weakref
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.pool import ConnectionPoolEntry

from payrollx_db.errors import BoundaryError, PayrollxError
from payrollx_db.facade import error_translation, statements
from payrollx_db.facade.transaction_settings import (
    RESET_SESSION,
    TransactionSettings,
    begin_script,
    role_script,
    switch_script,
)
from payrollx_db.facade.wall import ACTIVE_SERVICE, SESSION_STATE, ActiveService, ServiceScope, SessionState
from payrollx_db.postgres.url import DatabaseUrl

SAVEPOINT_ENDINGS = ("ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT ")
OWN_OPTIONS = frozenset({"isolation_level", "postgresql_readonly", "postgresql_deferrable", ACTIVE_SERVICE})


class GuardedDialect(DefaultDialect):
    """What the dialects of all drivers have in common. It stands before SQLAlchemy's own among a class's bases."""

    def __init__(self, database_url: DatabaseUrl | None = None, **options: Any) -> None:
        """``database_url`` is what errors name; the other options are SQLAlchemy's."""
        if database_url is None:
            raise TypeError("a guarded dialect needs the URL of its database")
        super().__init__(**options)
        self.database_url = database_url
        self._initializing: Connection | None = None
        self._states: weakref.WeakKeyDictionary[Any, SessionState] = weakref.WeakKeyDictionary()

    # -- what each driver does in its own way --

    def execute_script(self, connection: Any, script: str) -> None:
        """Run statements without parameters or results, in one round trip. Raises the driver's own errors."""
        raise NotImplementedError

    def is_open(self, connection: Any) -> bool:
        """Tell whether a DBAPI connection is in a transaction, as the server last said; also where it is lost since."""
        raise NotImplementedError

    def begin(self, connection: Any, settings: TransactionSettings, login: str, *, again: bool = False) -> None:
        """Begin a transaction; with ``again``, instead of the one that is open. Raises the driver's own errors."""
        script = begin_script(settings, login)
        self.execute_script(connection, f"ROLLBACK; {script}" if again else script)

    def login_of(self, connection: Any) -> str:
        """Return who has logged in on a new DBAPI connection."""
        cursor = connection.cursor()
        cursor.execute("SELECT session_user")
        (name,) = cursor.fetchone()
        cursor.close()
        return str(name)

    # -- where connections are made --

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """Connect. Raises TargetError where the network refuses."""
        try:
            return super().connect(*arguments, **options)
        except self.failures as error:
            if isinstance(error, self.loaded_dbapi.Error):  # SQLAlchemy knows those, and tells `guard` of them
                raise
            raise error_translation.unreachable(self.database_url, error) from None

    def initialize(self, connection: Connection) -> None:
        """Let SQLAlchemy ask a new server for its version, which is no service's business."""
        self._initializing = connection
        try:
            super().initialize(connection)
        except (NotImplementedError, ResourceClosedError):
            # SQLAlchemy 2.1 can't invalidate the connection that it asks on; the error of trying hides a cancellation.
            if self.is_async and (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from None
            raise
        finally:
            self._initializing = None

    def note_login(self, connection: Any, record: ConnectionPoolEntry) -> None:
        """Note who has logged in on a new connection."""
        state = SessionState(self.login_of(connection))
        record.info[SESSION_STATE] = self._states[self.get_driver_connection(connection)] = state

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Tell whether an idle connection lives, by beginning a transaction as its last one was."""
        state = self._states.get(self.get_driver_connection(dbapi_connection))
        if state is None or state.last is None:
            return bool(super().do_ping(dbapi_connection))
        try:
            self.begin(dbapi_connection, state.last, state.login)
        except self.failures as error:
            if self.is_disconnect(error, dbapi_connection, None):
                return False
            state.last = None  # that role isn't to be had any more; whoever wants it is told then
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]
            return bool(super().do_ping(dbapi_connection))
        state.settings, state.unused = state.last, True
        return True

    # -- where a transaction begins, goes on and ends --

    def open(self, connection: Connection) -> SessionState:
        """Let the transaction of ``connection`` be that of the service whose turn it is.

        Raises TargetError where the role can't be taken or the server is gone, and BoundaryError where somebody has
        ended the transaction on the driver's own connection.
        """
        state, scope = _state(connection), _scope(connection)
        dbapi_connection = connection.connection.dbapi_connection
        if state.settings is not None and not self.is_open(dbapi_connection):
            state.end(dirty=True)
            raise BoundaryError(
                f"the transaction of {scope.wall.name} was ended behind the facade's back, and its role with it",
                hint="leave the with block to commit, raise to roll back",
            )
        if state.in_force is scope.settings:
            return state
        try:
            self._enforce(dbapi_connection, state, scope.settings)
        except self.failures as error:
            lost = self.is_disconnect(error, dbapi_connection, None)
            if lost:
                connection.invalidate(error)
            raise error_translation.of_begin(error, scope, state, lost_now=lost) from None
        state.settings = state.in_force = state.last = scope.settings
        state.unused = False
        return state

    def _enforce(self, dbapi_connection: Any, state: SessionState, settings: TransactionSettings) -> None:
        if state.settings is None:
            self.begin(dbapi_connection, settings, state.login)
        elif state.settings == settings:
            if not state.unused:  # a statement may have changed the role
                self.execute_script(dbapi_connection, role_script(settings))
        elif state.unused:
            self.begin(dbapi_connection, settings, state.login, again=True)
        else:
            state.switched = True
            self.execute_script(dbapi_connection, switch_script(settings))

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit what can be committed. Raises TargetError where a statement failed before, or the server is gone."""
        state: SessionState = dbapi_connection.info[SESSION_STATE]
        if state.failed or state.dirty:  # of a failed transaction, COMMIT would silently keep nothing
            self._run_before_commit(dbapi_connection, RESET_SESSION if state.dirty else "SELECT 1")
        if state.settings is not None:
            super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]
        state.end()

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back and clean the session in one go: behind a pooler, the next statement would be in another one.

        A session that is lost is as good as rolled back, and no reason to hide why the transaction failed.
        """
        try:
            state: SessionState | None = dbapi_connection.info.get(SESSION_STATE)
        except NotImplementedError:  # SQLAlchemy's first look at a server isn't a pool's connection
            state = None
        if state is None:
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]
            return
        real = dbapi_connection.dbapi_connection
        try:
            if state.dirty:
                self.execute_script(real, f"ROLLBACK; {RESET_SESSION}")
            if state.settings is not None or self.is_open(real):
                super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]
        except self.failures as error:
            dbapi_connection.invalidate(error)  # whatever state it is in, it isn't handed on
        state.end()

    def do_rollback_to_savepoint(self, connection: Connection, name: str) -> None:
        """Roll back to a savepoint, which takes SET LOCAL back that came after it.

        Nobody keeps count of which savepoint a service's turn began in. Where there was one service only, its role and
        its settings stay as they were before.
        """
        state = _state(connection)
        if state.switched and state.settings is not None:
            state.settings, state.in_force = _UNKNOWN, None
        if state.dirty:
            state.in_force = None
        state.failed = False
        super().do_rollback_to_savepoint(connection, name)  # type: ignore[no-untyped-call]

    # -- where statements pass --

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement, if the wall lets it pass."""
        self._admit(statement, parameters, context)
        super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement with many sets of parameters, if the wall lets it pass."""
        self._admit(statement, parameters, context)
        super().do_executemany(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """Execute a statement as it is, if the wall lets it pass."""
        self._admit(statement, None, context)
        super().do_execute_no_params(cursor, statement, context)  # type: ignore[no-untyped-call]

    def set_connection_execution_options(self, connection: Connection, opts: Mapping[str, Any]) -> None:
        """Set options of a connection. Raises BoundaryError for those that are the facade's."""
        own = OWN_OPTIONS | {"schema_translate_map"} if _scope(connection).wall.sealed else OWN_OPTIONS
        if refused := own & opts.keys():
            raise BoundaryError(
                f"the connection of a facade's session takes no option {min(refused)}",
                hint="say how a transaction runs when it opens: session(isolation=..., read_only=...)",
            )
        super().set_connection_execution_options(connection, opts)

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Tell whether the server has ended the session, whatever the driver thinks."""
        gone = error_translation.GONE.match(error_translation.sqlstate_of(e))
        return bool(gone or isinstance(e, OSError) or super().is_disconnect(e, connection, cursor))

    # -- private --

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What a driver raises where the server refuses or is gone."""
        return self.loaded_dbapi.Error, OSError

    def _admit(self, statement: str, parameters: Any, context: Any) -> None:
        connection: Connection = context.root_connection
        if connection is self._initializing:
            return
        scope = _scope(connection)
        state = _state(connection)
        # The session's own map of schemas, mostly none, is the same each time; a statement's own may be another one.
        is_own = context.execution_options.get("schema_translate_map") is scope.translation
        if (
            is_own
            and getattr(context.compiled, "admitted", None) is scope.wall
            and state.in_force is scope.settings
            and self.is_open(connection.connection.dbapi_connection)
        ):
            return
        dirty = statements.check(scope.wall, statement, parameters, context)
        if dirty is None:
            if is_own:
                context.compiled.admitted = scope.wall
            if state.settings is not None and statement.startswith(SAVEPOINT_ENDINGS):
                return  # it works where nothing else does: in a transaction that has failed
        self.open(connection)
        if dirty:
            state.dirty, state.in_force = True, None

    def _run_before_commit(self, dbapi_connection: Any, script: str) -> None:
        """Run what comes before COMMIT. Raises TargetError where it has failed or the server is gone."""
        try:
            self.execute_script(dbapi_connection.dbapi_connection, script)
        except self.failures as error:
            if error_translation.sqlstate_of(error) == error_translation.FAILED:
                raise error_translation.failed_before(self.database_url) from None
            dbapi_connection.invalidate(error)
            raise error_translation.lost(self.database_url, error, at_end=False) from None


def guard(engine: Engine) -> None:
    """Note who logs in on each connection of ``engine``, and translate what fails."""
    dialect = engine.dialect
    if not isinstance(dialect, GuardedDialect):
        raise TypeError(f"{type(dialect).__name__} is no guarded dialect")
    event.listen(engine, "connect", dialect.note_login)

    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> PayrollxError | None:
        connection = context.connection
        if connection is not None and not connection.closed and not connection.invalidated:
            _state(connection).failed = True
        return error_translation.of_failure(context, dialect.database_url)


# -- private ------------------------------------------------------------------------------------------

_UNKNOWN = TransactionSettings("")


def _scope(connection: Connection) -> ServiceScope:
    """Return whose turn it is: the engine says that, whose options no session and no statement changes."""
    active: ActiveService | None = connection.engine.get_execution_options().get(ACTIVE_SERVICE)
    if active is None:
        raise BoundaryError("this engine is no service's, and executes nothing", hint="open a facade's session")
    return active.scope


def _state(connection: Connection) -> SessionState:
    state: SessionState = connection.connection.info[SESSION_STATE]
    return state
