"""From a URL, which may leave open which server it means, to the one place that a session reached.

libpq decides: by several hosts and target_session_attrs, names with several addresses, service files, variables of the
environment, password files. asyncpg and pg_dump decide otherwise. So the first session asks libpq, and all that follow,
of whichever driver, are told the answer.
"""

from dataclasses import replace

import psycopg

from payrollx_db.postgres.pooled import AsyncConnection, SyncConnection
from payrollx_db.postgres.url import DatabaseUrl

# What chose the place, and what isn't of the place.
LEFT_OUT = frozenset({
    "service", "servicefile", "target_session_attrs", "load_balance_hosts", "hostaddr",
    "application_name", "fallback_application_name", "client_encoding", "connect_timeout", "replication",
})  # fmt: skip

OF_THE_SESSION = frozenset({"connect_timeout", "replication"})  # whether it is refused depends on them


def resolved(url: DatabaseUrl, connection: SyncConnection | AsyncConnection) -> DatabaseUrl:
    """Return the URL of the one host, port, login and database that ``connection``, opened by ``url``, is with."""
    info = connection.info
    params = {name: text for name, text in info.get_parameters().items() if name not in LEFT_OUT}
    params |= {name: url.params[name] for name in ("application_name", "connect_timeout") if name in url.params}
    params |= {"host": info.host, "port": str(info.port), "user": info.user, "dbname": info.dbname}
    if info.hostaddr:
        params["hostaddr"] = info.hostaddr
    if info.password:
        params["password"] = info.password
    return replace(url, params=params)


def refused_place(url: DatabaseUrl, error: psycopg.OperationalError) -> DatabaseUrl:
    """Return the URL of the one place that refused a session of ``url``: the last of those that libpq tried."""
    tried = error.pgconn
    if tried is None or not tried.port:
        return url
    answers = {
        "host": tried.host, "hostaddr": tried.hostaddr, "port": tried.port,
        "user": tried.user, "password": tried.password, "dbname": tried.db,
    }  # fmt: skip
    kept = {name: text for name, text in url.params.items() if name not in LEFT_OUT or name in OF_THE_SESSION}
    return replace(url, params=kept | {name: text.decode() for name, text in answers.items() if text})
