"""What a failure means, where it is about walls or the database's state; the rest stays SQLAlchemy's."""

import re
from collections.abc import Iterator

from sqlalchemy.engine import ExceptionContext

from payrollx_db.errors import BoundaryError, ConnectionLostError, PayrollxError, TargetError
from payrollx_db.facade import drivers
from payrollx_db.facade.wall import ACTIVE_SERVICE, ServiceScope, SessionState, Wall
from payrollx_db.postgres.url import DatabaseUrl

DENIED = "42501"
READ_ONLY = "25006"
FAILED = "25P02"  # a statement of this transaction failed before
ABSENT = ("42P01", "3F000")  # no such table, no such schema
NO_SUCH_ROLE = ("22023", "42704")
GONE = re.compile("08|57P0[1-5]|25P0[34]")  # the server has ended the session, whatever the driver thinks


def of_failure(context: ExceptionContext, url: DatabaseUrl) -> PayrollxError | None:
    """Return what a failure that SQLAlchemy has caught means, or ``None`` where its own words are right."""
    error = context.original_exception
    if isinstance(error, PayrollxError) or not isinstance(error, context.dialect.loaded_dbapi.Error):
        return None
    state, said = drivers.sqlstate(error), drivers.said(error)
    if context.is_pre_ping:
        return None
    if context.connection is None:
        return _noted(unreachable(url, said), state)
    if GONE.match(state):
        context.is_disconnect = True
    if context.is_disconnect:
        return _noted(lost(url, said, at_end=context.statement is None), state)
    wall = context.connection.get_execution_options()[ACTIVE_SERVICE].scope.wall
    made = _refused(wall, context, state, said, url)
    return _noted(made, state) if made else None


def unreachable(url: DatabaseUrl, said: str) -> TargetError:
    """Return the error for a database that no connection can be made to."""
    return TargetError(f"can't connect to {url}: {said}", hint="check that the server runs and the URL is right")


def lost(url: DatabaseUrl, said: str, *, at_end: bool) -> ConnectionLostError:
    """Return the error for a connection that broke under a transaction, or while that ended."""
    if at_end:
        return ConnectionLostError(
            f"the connection to {url} was lost while the transaction ended ({said}): it may or may not be committed",
            hint="look at what it wrote before running it again",
        )
    return ConnectionLostError(
        f"the connection to {url} was lost in the middle of a transaction ({said}); nothing of it was kept",
        hint="run the whole transaction again",
    )


def failed_before(url: DatabaseUrl) -> TargetError:
    """Return the error for going on after a failure, as if it hadn't been one."""
    made = TargetError(
        f"a statement of this transaction on {url} failed, and so nothing of it can be kept",
        hint="let the error leave the with block, or try what may fail inside session.begin_nested()",
    )
    made.sqlstate = FAILED
    return made


def of_opening(error: Exception, scope: ServiceScope, held: SessionState, *, gone: bool) -> PayrollxError:
    """Return what it means that a transaction can't be opened, or can't go on as another role."""
    role, url, state = scope.opening.role, scope.url, drivers.sqlstate(error)
    made = TargetError(f"can't open a transaction on {url}: {drivers.said(error)}", hint="run it again")
    if gone and held.opened:
        made = lost(url, drivers.said(error), at_end=False)
    elif gone:
        made = ConnectionLostError(f"the connection to {url} is lost; nothing was sent", hint="run it again")
    elif state == FAILED:
        made = failed_before(url)
    elif state in NO_SUCH_ROLE and role in drivers.said(error):
        made = TargetError(
            f"the server of {url} has no role {role}",
            hint="payrollx-db migrate makes the roles; payrollx-db roles --check says what is missing",
        )
    elif state == DENIED:
        made = TargetError(
            f"{held.login} may not act as {role} on {url}", hint=f"let a DBA run: GRANT {role} TO {held.login};"
        )
    return _noted(made, state)


# -- private ------------------------------------------------------------------------------------------


def _noted(made: PayrollxError, state: str) -> PayrollxError:
    made.sqlstate, made.transient = state, isinstance(made, ConnectionLostError)
    return made


def _refused(wall: Wall, context: ExceptionContext, state: str, said: str, url: DatabaseUrl) -> PayrollxError | None:
    compiled = getattr(context.execution_context, "compiled", None)
    own = wall.schema in getattr(compiled, "schemas", ())
    if state == DENIED:
        return _denied(wall, said, context.statement or "", url, own=own)
    if state == READ_ONLY and not wall.schema:
        return BoundaryError(f"{wall.name} only reads: {said}", hint="write through the service's own facade")
    if state in ABSENT and "FROM" not in said:  # a name that no FROM clause has is somebody's slip, in any language
        if own or (compiled is not None and not wall.schema) or _lacks_own(wall, said):
            return TargetError(f"{url} lacks tables of {wall.name}: {said}", hint="run payrollx-db migrate")
        return _of_another(wall, said, context.statement or "")
    return None


def _denied(wall: Wall, said: str, statement: str, url: DatabaseUrl, *, own: bool) -> PayrollxError:
    if named := _named(wall, said, statement):
        return wall.refusal(*named, "use")
    if own and {wall.schema, *_own_tables(wall)}.intersection(re.findall(r"\w+", said)[-1:]):
        return TargetError(
            f"the role {wall.role} may not use what is its own on {url}: {said}",
            hint="run payrollx-db migrate, which grants it; payrollx-db roles --check says what else is missing",
        )
    may = "use the rows of its own tables" if wall.schema else "read the services' tables"
    return BoundaryError(f"{wall.name} may not do that: {said}", hint=f"the role {wall.role} may only {may}")


def _named(wall: Wall, said: str, statement: str) -> tuple[str, str] | None:
    """Return the other service's schema, and table, that a refusal is about: by the server's words and the SQL."""
    words = re.findall(r"\w+", said)
    for schema, tables, named in _mentions(wall, statement):
        if schema in words[-1:] or (named and set(words) & set(tables)):
            return schema, named
    return None


def _of_another(wall: Wall, said: str, statement: str) -> BoundaryError | None:
    """Return the refusal where a table isn't there because the role doesn't get to see its schema."""
    words = set(re.findall(r"\w+", said)).difference(_own_tables(wall))
    for schema, tables, named in _mentions(wall, statement):
        if missing := words & set(tables):
            return wall.refusal(schema, named or min(missing), "use")
    return None


def _lacks_own(wall: Wall, said: str) -> bool:
    """Tell whether one of the service's own tables isn't there, where it was named in its schema."""
    return any(f'"{wall.schema}.{table}"' in said for table in _own_tables(wall))


def _own_tables(wall: Wall) -> tuple[str, ...]:
    return next((service.tables for service in wall.catalog_services() if service.schema == wall.schema), ())


def _mentions(wall: Wall, statement: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the other services' schemas, tables, and which of these the statement names, or nothing."""
    for service in wall.others():
        pattern = rf'\b{re.escape(service.schema)}"?\s*\.\s*"?(\w+)'
        named = next((name for name in re.findall(pattern, statement) if name in service.tables), "")
        yield service.schema, service.tables, named
