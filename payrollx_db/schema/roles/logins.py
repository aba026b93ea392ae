"""Makes a service's role one that logs in, or makes a further login that is in this role and nothing else.

A login that *is* the role has nothing to fall back to: for it RESET ROLE, RESET SESSION AUTHORIZATION and SET
ROLE gain nothing, and a session needs no SET ROLE. Roles belong to the whole server: what is done here holds
for every database on it.
"""

from dataclasses import dataclass

from psycopg import sql

from payrollx_db.errors import ConfigurationError, StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import query_files
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.roles.snapshot import Connection, connected, run

queries = query_files.beside(__name__)

HASH = b"scram-sha-256"


@dataclass(frozen=True)
class Login:
    """A login of a service: its name, the role that it is or is in, and whether it can log in now."""

    service: str
    role: str
    name: str
    logs_in: bool

    @property
    def is_role(self) -> bool:
        """Tell whether the login is the service's role itself, so that a session needs no SET ROLE."""
        return self.name == self.role


def allow(url: DatabaseUrl, catalog: Catalog, service: str, password: str, *, name: str | None = None) -> Login:
    """Let the service's role log in with ``password``; with ``name``, another login that is made a member of it.

    The password is hashed here (SCRAM-SHA-256): neither it nor anything that it could be used for without
    guessing goes to the server, or into its log. Called again, it changes the password. Raises CatalogError for
    an unknown service, ConfigurationError for an empty password, TargetError where there is no such role or this
    login may not change it, and StateConflictError where ``name`` is a role that is more than such a login.
    """
    role = catalog.service(service).role
    login = name or role
    if not password:
        raise ConfigurationError("the password is empty", hint="give one; Postgres would let nobody in with it")
    with connected(url, f"can't let {login} log in") as connection:
        _must_exist(connection, url, role, catalog)
        verifier = connection.pgconn.encrypt_password(password.encode(), login.encode(), HASH).decode()
        parts = {"login": sql.Identifier(login), "role": sql.Identifier(role), "verifier": sql.Literal(verifier)}
        statement = "ALTER ROLE {login} LOGIN PASSWORD {verifier}"
        if login != role and not _is_plain_login(connection, login, role, catalog):
            statement = "CREATE ROLE {login} LOGIN PASSWORD {verifier} IN ROLE {role}"
        run(connection, sql.SQL(statement).format(**parts))
    return Login(service, role, login, logs_in=True)


def forbid(url: DatabaseUrl, catalog: Catalog, service: str, *, name: str | None = None) -> Login:
    """Undo ``allow``: the role logs in no more and has no password; a login called ``name`` is dropped.

    Sessions that are open stay open. Raises as ``allow`` does.
    """
    role = catalog.service(service).role
    login = name or role
    with connected(url, f"can't stop {login} from logging in") as connection:
        _must_exist(connection, url, login, catalog)
        statement = "ALTER ROLE {} NOLOGIN PASSWORD NULL"
        if login != role:
            _is_plain_login(connection, login, role, catalog)
            statement = "DROP ROLE {}"
        run(connection, sql.SQL(statement).format(sql.Identifier(login)))
    return Login(service, role, login, logs_in=False)


def _must_exist(connection: Connection, url: DatabaseUrl, role: str, catalog: Catalog) -> None:
    if not connection.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", [role]).fetchall():
        raise TargetError(
            f"{url.masked} has no role {role}",
            hint=f"{catalog.command('migrate')} makes the roles, or {catalog.command('roles --sql')}",
        )


def _is_plain_login(connection: Connection, login: str, role: str, catalog: Catalog) -> bool:
    """Tell whether ``login`` is there, as a login in ``role`` and nothing else; anything more is refused."""
    row = connection.execute(queries.load("login"), {"login": login}).fetchone()
    if row is None:
        return False
    is_more, roles = row
    ours = {catalog.owner_role, catalog.reader_role, *(service.role for service in catalog.services)}
    if is_more or roles != [role] or login in ours:
        raise StateConflictError(
            f"there is a role {login} already, and it is more than a login in {role}",
            hint="take another --name, or leave it out and let the service's role itself log in",
        )
    return True
