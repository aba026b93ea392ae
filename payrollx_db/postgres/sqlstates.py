"""What a SQLSTATE means to us: our own words for it, whether it passes, and what to do about it.

A server writes its messages in the language that it is set to, and puts values of rows into them. Its code is the
same everywhere. A key of two characters stands for a whole class.
"""

LOCK_NOT_AVAILABLE, QUERY_CANCELED, DEADLOCK = "55P03", "57014", "40P01"
FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION = "23503", "23505"
IN_USE = "55006"
NO_TIME = "22007"
NO_SUCH_NAME = ("3F000", "42704", "42883", "42P01")
FORBIDDEN, READ_ONLY, NO_SUCH_DATABASE = "42501", "25006", "3D000"

ORPHANED = "PX002"  # raised by our own SQL: rows point at no row
# The same of tenants: a limit of the plan, a session that proves nothing, a plan that isn't known, a key that is.
PLAN_LIMIT, UNPROVEN, NO_PLAN, KEY_NEEDED = "PX402", "PX403", "PX404", "PX405"

# What the rows cause: data exceptions, broken constraints, a view's check option, values that are too long for an
# index, and what we raise about rows.
DATA = ("22", "23", "44", "54000", ORPHANED)
OF_SETTINGS = ("22023",)  # a role that isn't there, a setting that isn't valid: no row has caused it

# What a row may have caused where an expression was computed of it: no data where some was expected, data exceptions
# (22023 as well: functions raise it for values), broken constraints, limits, and what functions of others raise.
OF_ROWS = ("21", "22", "23", "2F", "38", "39", "44", "54", "P0")
# The same where it is only computed: what a function doesn't do of one value, as infinity as an integer (0A000), is no
# less of that value than one that is out of range.
OF_COMPUTING = (*OF_ROWS, "0A")
# All classes that the server has: one that isn't among them is some function's or trigger's own.
CLASSES = (
    *OF_ROWS, "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "24", "25", "26",
    "27", "28", "2B", "2D", "34", "3B", "3D", "3F", "40", "42", "53", "55", "57", "58", "72", "F0", "HV", "XX",
)  # fmt: skip

# What may go well a moment later: lost connections, serialization (a standby's recovery conflict), deadlock, too many
# connections, and the three ways in which a server ends or refuses sessions while it stops or starts.
TRANSIENT = ("08", "40001", "40P01", "53300", "57P01", "57P02", "57P03")
# A pooler's, and not of the moment: it refuses a session's settings, and will do so again.
LASTING = ("08P01",)

# Here the server's own message names things of the catalog (a table, a role, a setting) and nothing else. In any
# other class it may hold a value of a row, or what somebody's trigger says. PX: raised by our own SQL, in our words.
NAMES_THINGS = ("08P01", "0A", "2B", "3F", "42", IN_USE, "55P03", "58P01", "58P02", "PX")
OURS = "PX"

WORDS = {
    "01": "a warning that counts as an error",
    "08": "the connection is lost",
    "08P01": "what was sent isn't understood",
    "0A": "the server can't do that",
    "21": "more than one row where one is expected",
    "22": "a value doesn't fit its type",
    "22001": "a text is longer than its column takes",
    "22003": "a number is out of its type's range",
    NO_TIME: "a text is no date or time",
    "22008": "a date or time is out of range",
    "22012": "a division by zero",
    "22021": "a text isn't valid in the database's encoding",
    "22023": "a role, a setting or an argument isn't valid",
    "22P02": "a text isn't valid for the type that it is converted to",
    "22P03": "bytes aren't valid for the type that they are read as",
    "22P05": "a character doesn't exist in the other encoding",
    "23": "a row breaks a constraint",
    "23502": "a value is missing in a NOT NULL column",
    FOREIGN_KEY_VIOLATION: "a foreign key is violated: a row points at one that isn't there",
    UNIQUE_VIOLATION: "two rows have the same unique key",
    "23514": "a row breaks a check constraint",
    "23P01": "a row overlaps with another one",
    "25": "the transaction's state doesn't allow it",
    READ_ONLY: "the transaction is read-only",
    "25P02": "a statement of this transaction failed before",
    "25P03": "the session was idle in a transaction for longer than allowed",
    "25P04": "the transaction took longer than allowed",
    "28": "the server doesn't let this user in",
    "28P01": "password authentication failed",
    "2B": "something else depends on it",
    NO_SUCH_DATABASE: "the database does not exist",
    "3F": "there is no such schema",
    "40": "the transaction was rolled back",
    "40001": "serialization failure: another transaction changed the same rows",
    "40P01": "deadlock: two transactions waited for each other",
    "42": "the statement doesn't fit the database",
    FORBIDDEN: "permission denied",
    "42703": "there is no such column",
    "42704": "there is no such thing",
    "42883": "there is no such function",
    "42P01": "there is no such table",
    "42P07": "something else has that name",
    "42710": "something else has that name",
    "44": "a row breaks a view's check option",
    "53": "the server has run out of something",
    "53100": "the server's disk is full",
    "53200": "the server has no room left in its memory or its table of locks",
    "53300": "too many connections: the server has none left",
    "54": "a limit of the server is exceeded",
    "55": "it isn't in the state for that",
    IN_USE: "it is in use",
    LOCK_NOT_AVAILABLE: "lock timeout: another session holds the lock",
    "57": "somebody intervened",
    QUERY_CANCELED: "the statement was cancelled, or hit the statement timeout",
    "57P01": "the server ended the session",
    "57P02": "the server ended the session, after a crash of another one",
    "57P03": "the server takes no sessions at this moment: it starts, stops or recovers",
    "57P04": "the database was dropped",
    "57P05": "the session was idle for longer than allowed",
    "58": "the server failed to read or write a file",
    "F0": "the server's configuration is broken",
    "P0": "a function or trigger of the database raised an error",
    "38": "a function of the database failed",
    "39": "a function of the database failed",
    "XX": "the server met an internal error",
    "XX001": "the server found damaged data",
    "XX002": "the server found a damaged index",
}

AGAIN = "then run the same command again"
UNREACHABLE = f"check that the server is running and that host and port are right, {AGAIN}"
UNKNOWN_NAME = (
    "check that the URL names the right database, and that it is migrated; where one of its functions or triggers calls"
    " this by its bare name, give that function the path: ALTER FUNCTION … SET search_path = …"
)
UNKNOWN = "the server's log says more about it; PAYROLLX_DEBUG=1 shows where in payrollx-db it happened"
HINTS = {
    "08": UNREACHABLE,
    "08P01": "if a pooler such as PgBouncer stands in front, it refuses a parameter of the URL, or the login: correct"
    " the URL, or point it at the server itself",
    "0A": "a newer version of Postgres may be able to do it",
    "22": "the data doesn't fit; fix those rows in the source",
    "22023": f"check that the roles are there (payrollx-db roles), and the settings of the command line and the URL,"
    f" {AGAIN}",
    "22P04": f"the two servers' COPY formats differ; see that both are supported versions of Postgres, {AGAIN}",
    "22P05": "make the database that is written with ENCODING 'UTF8', or fix those rows in the source",
    "23": "the data doesn't fit; fix those rows in the source",
    READ_ONLY: "it is a standby, or set to default_transaction_read_only: point the URL at the primary, or lift that",
    "25P03": f"raise idle_in_transaction_session_timeout for this login, {AGAIN}",
    "25P04": f"raise transaction_timeout for this login, {AGAIN}",
    "28": "check the user name in its URL, and whether pg_hba.conf lets this user in from here, with or without TLS",
    "28P01": "check the user name and the password in its URL",
    "2B": "drop or move first what depends on it",
    NO_SUCH_DATABASE: "create the database, or correct its name in the URL",
    "3F": "check that the URL names the right database, and that it is migrated",
    "40": "run the same command again",
    "42": "check that the URL names the right database, and that it has the tables that this version knows",
    "42704": UNKNOWN_NAME,
    "42883": UNKNOWN_NAME,
    "42P07": f"somebody has made something of that name: rename or drop it, {AGAIN}",
    "42710": f"somebody has made something of that name: rename or drop it, {AGAIN}",
    FORBIDDEN: "use a role that may do it, or let a DBA grant it",
    "44": "the data doesn't fit; fix those rows in the source",
    "53": f"see in the server's log what it has run out of, {AGAIN}",
    "53100": f"free space on the server's disk, or add some, {AGAIN}",
    "53200": f"raise max_locks_per_transaction (with a restart) or the server's memory, or ask for fewer --jobs,"
    f" {AGAIN}",
    "53300": f"end idle sessions, ask for fewer --jobs, or raise max_connections or the CONNECTION LIMIT, {AGAIN}",
    "53400": f"raise the limit that is exceeded, such as temp_file_limit, {AGAIN}",
    "54": "the server's log names the limit; make the row, the index or the statement smaller",
    IN_USE: f"end the sessions that use it, {AGAIN}",
    LOCK_NOT_AVAILABLE: "end the session that holds the lock, or wait until it lets go, and run it again; commands that"
    " have --lock-timeout wait longer with it",
    QUERY_CANCELED: f"somebody cancelled it, or --statement-timeout is too short; {AGAIN}",
    "57P": UNREACHABLE,
    "57P03": f"wait until the server is ready, {AGAIN}",
    "57P04": "create the database anew, or correct its name in the URL",
    "58": "look into the server's log and at its disk",
    "F0": "look into the server's log and its configuration files",
    "P0": "the function or trigger is none of ours: its message is in the server's log",
    ORPHANED: "bring in the rows that these point at first, or remove these",
    "XX": "look into the server's log; if it says so too, check the database with amcheck, and its backups",
}


def among(sqlstate: str, states: tuple[str, ...]) -> bool:
    """Tell whether a code is one of these codes and classes."""
    return bool(sqlstate) and sqlstate.startswith(states)


def is_transient(sqlstate: str) -> bool:
    """Tell whether the same may go well a moment later."""
    return among(sqlstate, TRANSIENT) and not among(sqlstate, LASTING)


def is_of_data(sqlstate: str) -> bool:
    """Tell whether rows have caused it."""
    return among(sqlstate, DATA) and not among(sqlstate, OF_SETTINGS)


def may_be_of_a_row(sqlstate: str) -> bool:
    """Tell whether a row may have caused it: one that was written, or of which an expression was computed.

    Trying each tells. What functions and triggers of others raise counts, whatever code they have made up; of our own
    what is said of rows.
    """
    if among(sqlstate, (*CLASSES, OURS)):
        return among(sqlstate, (*OF_ROWS, ORPHANED))
    return bool(sqlstate)


def may_be_of_computing(sqlstate: str) -> bool:
    """Tell whether a row may have caused it of which an expression was computed, in a statement that can be run."""
    return may_be_of_a_row(sqlstate) or among(sqlstate, OF_COMPUTING)


def is_of_statement(sqlstate: str) -> bool:
    """Tell whether a statement can't be run for what it says, whatever the rows are."""
    return among(sqlstate, ("0A", "42")) and sqlstate != FORBIDDEN


def words(sqlstate: str) -> str:
    """Return what a code means."""
    return _nearest(WORDS, sqlstate) or "the server refused it"


def hint(sqlstate: str) -> str:
    """Return what to do about a code."""
    return _nearest(HINTS, sqlstate) or UNKNOWN


def _nearest(table: dict[str, str], sqlstate: str) -> str:
    return next((table[sqlstate[:end]] for end in (5, 3, 2) if sqlstate[:end] in table), "")
