"""Turns a server's error into ours: by its SQLSTATE alone, in our own words, without a secret or a value of a row."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import asyncpg
import psycopg

from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.masking import mask
from payrollx_db.postgres.url import DatabaseUrl

DRIVER_ERRORS = (
    psycopg.Error, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError,
)  # fmt: skip
# What a driver raises by itself and whose text speaks of the connection. Others quote what they couldn't convert.
OF_THE_CONNECTION = (
    psycopg.OperationalError, psycopg.InterfaceError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError,
)  # fmt: skip

SHOWN = (*sqlstates.NAMES_THINGS, "08", "25", "28", "3D", "40", "53", "57")  # in a traceback, with --debug

NO_HINTS: Mapping[str, str] = MappingProxyType({})


def to_error(
    error: BaseException, what: str, url: DatabaseUrl, kind: type[PayrollxError], hints: Mapping[str, str] = NO_HINTS
) -> PayrollxError:
    """Return the error of ours for a driver's: ``what`` says what failed where, ``kind`` which class it is.

    An error that the data caused is a FindingsError instead. ``hints`` are the caller's own, by SQLSTATE or class.
    """
    state = sqlstate(error)
    data = sqlstates.is_of_data(state) and not isinstance(original(error), psycopg.OperationalError)
    result = (FindingsError if data else kind)(f"{what}: {explain(error, url)}", hint=hint(error, hints))
    result.sqlstate = state
    result.transient = is_transient(error)
    return result


def explain(error: BaseException, url: DatabaseUrl | None = None) -> str:
    """Return what an error means, where it happened (table, column, constraint), and its SQLSTATE.

    The server's own message is added only where it can name nothing but things of the catalog. ``url`` is where the
    password is known from that must not be shown.
    """
    state, below = sqlstate(error), original(error)
    if not state:
        spoken = isinstance(below, OF_THE_CONNECTION) and str(below)
        return mask(" ".join(spoken.split()), url) if spoken else type(below).__name__
    names = mask(message(below), url) if sqlstates.among(state, sqlstates.NAMES_THINGS) else ""
    if names and state.startswith(sqlstates.OURS):
        return names
    where = _place(below)
    parts = [sqlstates.words(state), *([where] if where else []), f"SQLSTATE {state}"]
    text = f"{parts[0]} ({', '.join(parts[1:])})"
    return f"{text}: {names}" if names else text


def cause(error: BaseException) -> BaseException | None:
    """Return what a traceback may show as the cause of ours: not an error whose own message may hold a value."""
    state = sqlstate(error)
    return None if state and not sqlstates.among(state, SHOWN) else error


def hint(error: BaseException, hints: Mapping[str, str] = NO_HINTS) -> str:
    """Return what to do about an error; ``hints`` go before ours."""
    state = sqlstate(error)
    if state:
        own = next((hints[state[:end]] for end in (5, 3, 2) if state[:end] in hints), "")
        return own or sqlstates.hint(state)
    if isinstance(original(error), OF_THE_CONNECTION):  # it never answered, or is gone
        return hints.get("08", sqlstates.UNREACHABLE)
    return sqlstates.UNKNOWN


def is_transient(error: BaseException) -> bool:
    """Tell whether an error is of the connection or the moment, so that the same may go well when it is tried again.

    Refused logins, missing databases and whatever the data causes are not.
    """
    if state := sqlstate(error):
        return sqlstates.is_transient(state)
    below = original(error)
    if isinstance(below, psycopg.OperationalError | asyncpg.InternalClientError):  # cut off, or no answer at all
        return True
    return isinstance(below, OSError) and not isinstance(below, FileNotFoundError | PermissionError)


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of an error of any driver, or of SQLAlchemy's around it; empty where there is none."""
    below = original(error)
    return str(getattr(below, "sqlstate", None) or _fields(below).get("C") or "")


def message(error: BaseException) -> str:
    """Return the server's message in one line, without detail or context. It may hold a value: not for people."""
    below = original(error)
    primary = getattr(getattr(below, "diag", None), "message_primary", None) or _fields(below).get("M")
    return " ".join(str(primary or (below.args[0] if below.args else "")).split())


def detail(error: BaseException) -> str:
    """Return the server's detail. It may hold a value: not for people."""
    below = original(error)
    cause = below.__cause__ if hasattr(below.__cause__, "sqlstate") else None  # asyncpg's, inside SQLAlchemy's adapter
    found = getattr(getattr(below, "diag", None), "message_detail", None) or _fields(below).get("D")
    return str(found or getattr(cause or below, "detail", None) or "")


def original(error: BaseException) -> BaseException:
    """Return the driver's error inside SQLAlchemy's, or the error itself."""
    below = getattr(error, "orig", None)
    return below if isinstance(below, BaseException) else error


def _fields(error: BaseException) -> Mapping[str, Any]:
    """Return the fields of the server's answer as pg8000 hands them out."""
    return error.args[0] if error.args and isinstance(error.args[0], Mapping) else {}


def _place(error: BaseException) -> str:
    """Return what of the catalog an error names by itself: its fields of their own are in no language."""
    fields: Any = getattr(error, "diag", error)
    schema, table, column, constraint = (
        getattr(fields, f"{name}_name", None) for name in ("schema", "table", "column", "constraint")
    )
    kind = getattr(fields, "datatype_name", None) or getattr(fields, "data_type_name", None)  # psycopg's, asyncpg's
    parts = [
        f"table {schema}.{table}" if table else f"schema {schema}" if schema and not kind else "",
        f"column {column}" if column else "",
        f"constraint {constraint}" if constraint else "",
        f"type {kind}" if kind else "",
    ]
    return ", ".join(part for part in parts if part)
