"""The settings of our sessions: one table for all of them, whoever opens them and for what.

Every session gets the same, so that a value is written and compared in one form wherever it lies, and no name is
found through ``search_path``. They outweigh what the role and the database have set. A session that is ours alone gets
them once, for as long as it lasts; of one that a pooler lends us, each transaction gets them, for itself alone.
"""

from collections.abc import Mapping

from psycopg import sql

# `jit`: compiling a query of dozens of casts costs more than it saves on a scan of less than millions of rows.
# `search_path`: nothing may depend on it. `TimeZone`, `DateStyle`, `IntervalStyle`, `extra_float_digits` and
# `bytea_output` decide how values turn into text, `xmloption` which texts are XML, the next three what SQL means.
# `client_min_messages`: asyncpg drops the rows that arrived together with a notice, from amid a COPY.
# `quote_all_identifiers`: definitions of both sides are compared. `default_transaction_…`: a transaction that is
# serializable, read-only and deferrable would wait for our own others to end, for ever.
# Timeouts of 0 because one statement here may copy or index a whole table, whatever the role's defaults are.
# `lock_timeout`: so that none waits for ever behind another's exclusive lock, with others' statements queueing behind
# it. `client_connection_check_interval`: when this process is killed, the server gives up its statements, and with them
# their locks, before the next run asks for those (indexes.LOCK_TIMEOUT), not when an index of an hour is built.
# `max_parallel_workers_per_gather`: --jobs says how much is done at once; workers beside it take more than asked for,
# and hashing by groups takes a fifth more of the processor with them.
COMMON: Mapping[str, str] = {
    "search_path": "pg_catalog",
    "jit": "off",
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "array_nulls": "on",
    "client_min_messages": "error",
    "quote_all_identifiers": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "row_security": "off",  # rows that a policy of the table would hide are an error, not a loss
    "client_connection_check_interval": "2s",
    "max_parallel_workers_per_gather": "0",
    "lock_timeout": "30s",
}
SOURCE = {**COMMON, "default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
# The run's own records say which tables are done, so a crash that loses the last commits loses
# their records with them; the run's last commit is made durable (store.finish_run).
# Indexes are built where the database has its tables, unless their own definition says otherwise.
TARGET = {**COMMON, "synchronous_commit": "off", "default_tablespace": ""}

# A transaction's own name of what a session has for all of its transactions.
OF_TRANSACTION = {
    "default_transaction_read_only": "transaction_read_only",
    "default_transaction_isolation": "transaction_isolation",
    "default_transaction_deferrable": "transaction_deferrable",
}

# Unknown to older servers, which would refuse it; and there all the same where a role or a database has it: a copy
# would be cut off.
TIMED = 170_000


def for_version(settings: Mapping[str, str], version: int) -> dict[str, str]:
    """Return the settings that a server of that version number knows."""
    return {**settings, "transaction_timeout": "0"} if version >= TIMED else dict(settings)


def of_session(settings: Mapping[str, str], pid: int) -> sql.Composed:
    """Return the statement that gives a session its settings where the server's own process id of it is ``pid``.

    It returns one row there, and none where a pooler stands between, which makes up the number that the driver is told:
    there it sets nothing.
    """
    calls = [sql.SQL("pg_catalog.set_config({}, {}, false)").format(name, text) for name, text in settings.items()]
    query = "SELECT {} WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) {}"
    return sql.SQL(query).format(sql.SQL(", ").join(calls), sql.Literal(pid))


def of_transaction(settings: Mapping[str, str]) -> sql.Composed:
    """Return the statements that give the current transaction its settings, and nothing that comes after it.

    None of them takes a snapshot, so that the transaction's own characteristics can still be set.
    """
    statements = [
        sql.SQL("SET LOCAL {} TO {}").format(sql.Identifier(OF_TRANSACTION.get(name, name)), _value(name, text))
        for name, text in settings.items()
    ]
    return sql.SQL("; ").join(statements)


def _value(name: str, text: str) -> sql.Composable:
    if name == "search_path":  # a list of names, not one name
        return sql.SQL(", ").join(sql.Identifier(part.strip()) for part in text.split(","))
    return sql.Literal(text)
