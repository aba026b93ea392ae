"""How a facade's transaction begins, goes on as another service, and leaves nothing behind: settings and their SQL.

All of it is sent as one string in one round trip. asyncpg's adapter sends its ``BEGIN`` by itself, so there the
settings follow it as one query.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

# What statements may have left in the session. It is taken back inside the transaction, so that it holds behind a
# pooler too.
RESET_SESSION = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *;"
    " SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP;"
    " DO 'DECLARE statement text; BEGIN"
    " FOR statement IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql"
    " LOOP EXECUTE pg_catalog.format(''DEALLOCATE %I'', statement); END LOOP; END'"
)


@dataclass(frozen=True)
class TransactionSettings:
    """How a transaction runs: as which role, in which schema, and under which rules.

    ``local`` holds further settings as pairs of name and value, in force until the transaction ends. ``computed`` are
    such with an SQL expression for the value, which the login computes before it takes the role.
    """

    role: str
    schema: str = ""
    isolation: Isolation | None = None
    read_only: bool = False
    local: tuple[tuple[str, str], ...] = ()
    computed: tuple[tuple[str, str], ...] = ()

    def values(self, login: str) -> list[tuple[str, str]]:
        """Return the settings to make for ``login``: no role where it is the role already."""
        from psycopg import sql

        role = [] if login == self.role else [("role", self.role)]
        return [*role, ("search_path", self.schema and sql.Identifier(self.schema).as_string()), *self.local]

    def calls(self, login: str) -> list[str]:
        """Return expressions that make the settings for ``login``: what it computes first, and the role last."""
        computed = [_call(name, expression) for name, expression in self.computed]
        return [*computed, *(_call(name, _literal(value)) for name, value in reversed(self.values(login)))]

    @property
    def modes(self) -> str:
        """The transaction's modes, as ``BEGIN`` and ``SET TRANSACTION`` take them."""
        isolation = f" ISOLATION LEVEL {self.isolation}" if self.isolation else ""
        return isolation + (" READ ONLY" if self.read_only else "")


@lru_cache(maxsize=256)
def begin_script(settings: TransactionSettings, login: str) -> str:
    """Return the SQL that begins a transaction."""
    if settings.computed:
        return f"BEGIN{settings.modes}; SELECT {', '.join(settings.calls(login))}"
    return "; ".join([f"BEGIN{settings.modes}", *(_local(*pair) for pair in settings.values(login))])


@lru_cache(maxsize=256)
def begin_query(settings: TransactionSettings, login: str) -> str:
    """Return the query that makes the settings in a transaction that has just begun."""
    return "SELECT " + ", ".join(settings.calls(login))


@lru_cache(maxsize=256)
def switch_script(settings: TransactionSettings) -> str:
    """Return the SQL by which the open transaction goes on as another role, in another schema."""
    return "; ".join(_local(*pair) for pair in settings.values(""))


def role_script(settings: TransactionSettings) -> str:
    """Return the SQL that makes sure of the role in the open transaction."""
    return _local("role", settings.role)


# -- private ------------------------------------------------------------------------------------------


def _call(name: str, expression: str) -> str:
    return f"pg_catalog.set_config({_literal(name)}, {expression}, true)"


def _literal(value: str) -> str:
    from psycopg import sql

    return sql.Literal(value).as_string()


def _local(name: str, value: str) -> str:
    from psycopg import sql

    if name == "search_path":  # a list of names, not one string
        return f"SET LOCAL search_path TO {value}" if value else "SET LOCAL search_path TO ''"
    return sql.SQL("SET LOCAL {} TO {}").format(sql.SQL(name), sql.Literal(value)).as_string()
