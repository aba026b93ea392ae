"""What a failure means, where it is about walls or the database's state; the rest stays SQLAlchemy's.

A failure is judged by its SQLSTATE, by the function of the server that raised it, and by the names in its message,
which are the same in every language. The server names no table in a field of its own where a privilege or a table is
missing.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import psycopg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import PendingRollbackError

from payrollx_db.errors import BoundaryError, ConnectionLostError, PayrollxError, TargetError
from payrollx_db.facade import tenant_errors
from payrollx_db.facade.wall import ACTIVE_SERVICE, ServiceScope, SessionState, Wall
from payrollx_db.postgres import connect, errors
from payrollx_db.postgres.masking import mask
from payrollx_db.postgres.sqlstates import FORBIDDEN, READ_ONLY
from payrollx_db.postgres.url import DatabaseUrl

FAILED = "25P02"  # a statement of this transaction failed before
ABSENT = ("42P01", "3F000")  # no such table, no such schema
NO_SUCH_ROLE = ("22023", "42704")
GONE = re.compile("08|57P0[1-5]|25P0[34]")  # the server has ended the session, whatever the driver thinks
NOT_IN_FROM = "errorMissingRTE"  # a name that no FROM clause has is somebody's slip, and no missing table

AnyError = TypeVar("AnyError", bound=PayrollxError | None)


def of_failure(context: ExceptionContext, url: DatabaseUrl) -> PayrollxError | None:
    """Return what a failure that SQLAlchemy has caught means, or ``None`` where its own words are right."""
    error = context.original_exception
    if isinstance(error, PendingRollbackError):  # COMMIT on a connection that was lost before
        return lost(url, None, at_end=False)
    if isinstance(error, PayrollxError):  # where a default is asked for, SQLAlchemy would wrap it
        return error if context.sqlalchemy_exception is not None else None
    if context.is_pre_ping or not isinstance(error, context.dialect.loaded_dbapi.Error):
        return None
    if context.connection is None or context.is_disconnect:
        gone = unreachable(url, error) if context.connection is None else None
        return gone or lost(url, error, at_end=context.statement is None)
    wall = context.connection.engine.get_execution_options()[ACTIVE_SERVICE].scope.wall
    if of_tenant := tenant_errors.of_tenant(_original(error)):
        return _with_sqlstate(of_tenant, error)
    return _with_sqlstate(_of_statement(wall, context, error, url), error)


def unreachable(url: DatabaseUrl, error: BaseException) -> TargetError:
    """Return the error for a database that no connection can be made to.

    Where psycopg was refused, the server is asked once more, which takes a login's time: libpq hides the SQLSTATE.
    """
    refused = _original(error)
    if isinstance(refused, psycopg.OperationalError) and not sqlstate_of(refused):
        connect.note_refusal(refused, url, {})
    message = f"can't connect to {url}: {_explain(error, url)}"
    hint = errors.hint(_original(error)) if sqlstate_of(error) else "check that the server runs and the URL is right"
    return _with_sqlstate(TargetError(message, hint=hint), error)


def lost(url: DatabaseUrl, error: BaseException | None, *, at_end: bool) -> ConnectionLostError:
    """Return the error for a connection that broke under a transaction, or while that ended."""
    message = _explain(error, url) if error else "noticed before"
    if at_end:
        result = ConnectionLostError(
            f"the connection to {url} was lost while the transaction ended ({message}): it may or may not be committed",
            hint="look at what it wrote before running it again",
        )
    else:
        result = ConnectionLostError(
            f"the connection to {url} was lost in the middle of a transaction ({message}); nothing of it was kept",
            hint="run the whole transaction again",
        )
    result.transient = True
    return _with_sqlstate(result, error)


def sqlstate_of(error: BaseException | None) -> str:
    """Return the SQLSTATE of a driver's error, or an empty string."""
    return errors.sqlstate(error) if error else ""


def failed_before(url: DatabaseUrl) -> TargetError:
    """Return the error for going on after a failure, as if it hadn't been one."""
    result = TargetError(
        f"a statement of this transaction on {url} failed, and so nothing of it can be kept",
        hint="let the error leave the with block, or try what may fail inside session.begin_nested()",
    )
    result.sqlstate = FAILED
    return result


def of_begin(error: Exception, scope: ServiceScope, state: SessionState, *, lost_now: bool) -> PayrollxError:
    """Return what it means that a transaction can't begin, or can't go on as another role."""
    role, url, sqlstate = scope.settings.role, scope.url, sqlstate_of(error)
    if lost_now and state.settings:
        return lost(url, error, at_end=False)
    if lost_now:
        gone = ConnectionLostError(f"the connection to {url} is lost; nothing was sent", hint="run it again")
        gone.transient = True
        return _with_sqlstate(gone, error)
    result = TargetError(f"can't begin a transaction on {url}: {_explain(error, url)}", hint="run it again")
    if sqlstate == FAILED:
        result = failed_before(url)
    elif sqlstate in NO_SUCH_ROLE and _mentions(_message(error), role):
        result = TargetError(
            f"the server of {url} has no role {role}",
            hint=f"{scope.wall.command('migrate')} makes the roles;"
            f" {scope.wall.command('roles --check')} says what is missing",
        )
    elif scope.settings.computed and sqlstate in (*ABSENT, "42883"):
        result = TargetError(
            f"{url} lacks what proves whose a session is", hint=f"run {scope.wall.command('migrate')}, which makes it"
        )
    elif of_tenant := tenant_errors.of_tenant(_original(error)):
        return _with_sqlstate(of_tenant, error)
    elif sqlstate == FORBIDDEN:
        result = TargetError(
            f"{state.login} may not act as {role} on {url}", hint=f"let a DBA run: GRANT {role} TO {state.login};"
        )
    return _with_sqlstate(result, error)


# -- private ------------------------------------------------------------------------------------------


def _original(error: BaseException) -> BaseException:
    """Return asyncpg's own error inside that of SQLAlchemy's adapter, or the error itself."""
    cause = error.__cause__
    return cause if cause is not None and hasattr(cause, "server_source_function") else error


def _message(error: BaseException) -> str:
    """Return the server's message, to look for names in, or to show where it can hold nothing else."""
    return errors.message(_original(error))


def _routine(error: BaseException) -> str:
    """Return the function of the server that raised an error, or an empty string."""
    source = _original(error)
    fields: Any = source.args[0] if source.args and isinstance(source.args[0], Mapping) else {}  # pg8000's
    routine = getattr(getattr(source, "diag", None), "source_function", None) or fields.get("R")
    return str(routine or getattr(source, "server_source_function", None) or "")


def _explain(error: BaseException, url: DatabaseUrl) -> str:
    """Return what an error means: in our words, or in the driver's where no server has answered."""
    if sqlstate_of(error):
        return errors.explain(_original(error), url)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return mask(lines[0].rpartition(">: ")[2], url)  # asyncpg's adapter puts the class before it


def _with_sqlstate(result: AnyError, error: BaseException | None) -> AnyError:
    if result is not None:
        result.sqlstate = sqlstate_of(error)
    return result


def _of_statement(
    wall: Wall, context: ExceptionContext, error: BaseException, url: DatabaseUrl
) -> PayrollxError | None:
    compiled = getattr(context.execution_context, "compiled", None)
    statement, message, sqlstate = context.statement or "", _message(error), sqlstate_of(error)
    names_own = wall.schema in getattr(compiled, "schemas", ())
    if sqlstate == FORBIDDEN:
        return _denied(wall, message, statement, url, names_own=names_own)
    if sqlstate == READ_ONLY and not wall.schema:
        return BoundaryError(f"{wall.name} only reads: {message}", hint=wall.way_to_write())
    if sqlstate in ABSENT and _routine(error) != NOT_IN_FROM:
        if table := next((table for table in sorted(wall.reads) if _mentions(message, table)), ""):
            return wall.absent(table, url)
        if names_own or (compiled is not None and not wall.schema) or _lacks_own(wall, message):
            return TargetError(f"{url} lacks tables of {wall.name}: {message}", hint=f"run {wall.command('migrate')}")
        return _of_another(wall, message, statement)
    return None


def _denied(wall: Wall, message: str, statement: str, url: DatabaseUrl, *, names_own: bool) -> PayrollxError:
    if named := _denied_table(wall, message, statement):
        return wall.refused_read(*named) or wall.refusal(*named, "use")
    if names_own and _mentions(message, wall.schema, *_own_tables(wall)):
        return TargetError(
            f"the role {wall.role} may not use what is its own on {url}: {message}",
            hint=wall.how_to_grant(),
        )
    may = "use the rows of its own tables" if wall.schema else "read the services' tables"
    return BoundaryError(f"{wall.name} may not do that: {message}", hint=f"the role {wall.role} may only {may}")


def _denied_table(wall: Wall, message: str, statement: str) -> tuple[str, str] | None:
    """Return the other service's schema, and table, that a refusal is about: by names in the message and the SQL."""
    for schema, tables, named in _named_by_others(wall, statement):
        if _mentions(message, schema) or (named and _mentions(message, *tables)):
            return schema, named
    return None


def _of_another(wall: Wall, message: str, statement: str) -> BoundaryError | None:
    """Return the refusal where a table isn't there because the role doesn't get to see its schema."""
    own = _own_tables(wall)
    for schema, tables, named in _named_by_others(wall, statement):
        missing = [table for table in tables if table not in own and _mentions(message, table)]
        if missing:
            return wall.refusal(schema, named or min(missing), "use")
    return None


def _lacks_own(wall: Wall, message: str) -> bool:
    """Tell whether one of the service's own tables isn't there, where it was named in its schema."""
    return _mentions(message, *(f"{wall.schema}.{table}" for table in _own_tables(wall)))


def _own_tables(wall: Wall) -> tuple[str, ...]:
    return next((service.tables for service in wall.catalog_services() if service.schema == wall.schema), ())


def _named_by_others(wall: Wall, statement: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the other services' schemas, tables, and which of these the statement names, or nothing."""
    for service in wall.others():
        pattern = rf'\b{re.escape(service.schema)}"?\s*\.\s*"?(\w+)'
        named = next((name for name in re.findall(pattern, statement) if name in service.tables), "")
        yield service.schema, service.tables, named


def _mentions(message: str, *names: str) -> bool:
    """Tell whether one of ``names`` stands in a message of whatever language, quoted in whatever way."""
    return any(re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", message) for name in names if name)
