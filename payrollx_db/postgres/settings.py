"""The settings of our sessions: one table for all of them, whoever opens them and for what.

Every session gets the same, so that a value is written and compared in one form wherever it lies, and no name is
found through ``search_path``. They are given at connection time, where they outweigh what the role and the database
have set, and where nothing of ours is left in a session that a pooler hands to somebody else: it refuses them.
"""

from collections.abc import Mapping

# `jit`: compiling a query of dozens of casts costs more than it saves on a scan of less than millions of rows.
# `search_path`: nothing may depend on it. `TimeZone`, `DateStyle`, `IntervalStyle` and
# `extra_float_digits` decide how values turn into text. Timeouts of 0 because one statement here
# may copy or index a whole table, whatever the role's defaults are. `lock_timeout`: so that none waits for ever
# behind another's exclusive lock, with others' statements queueing behind it. `client_connection_check_interval`: when
# this process is killed, the server gives up its statements, and with them their locks, before the next
# run asks for those (indexes.LOCK_TIMEOUT), not when an index of an hour is built. `max_parallel_workers_per_gather`:
# --jobs says how much is done at once; workers beside it take more than asked for, and hashing by groups takes a
# fifth more of the processor with them.
COMMON: Mapping[str, str] = {
    "search_path": "pg_catalog",
    "jit": "off",
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
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
TARGET = {**COMMON, "synchronous_commit": "off"}

# Unknown to older servers, which would refuse the session for it; and there all the same where a role or a database
# has it: a copy would be cut off.
TIMED = 170_000
UNLIMITED = "SET transaction_timeout = 0"


def as_options(settings: Mapping[str, str]) -> str:
    """Return settings as libpq's parameter ``options`` takes them."""
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
