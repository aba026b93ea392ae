"""A log of what facades send: off by default, and never with a value unless somebody asks for it.

It goes to the logger ``payrollx_db.queries``: statements with how long they took at level DEBUG, failures with their
SQLSTATE at level ERROR. In development one wants the statements, in production the failures.
"""

import logging
import os
import re
import time
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from payrollx_db.errors import ConfigurationError
from payrollx_db.facade import error_translation, raw_sql
from payrollx_db.facade.wall import ACTIVE_SERVICE

Kind = Literal["off", "errors", "statements"]

VARIABLE, ENVIRONMENT = "PAYROLLX_QUERY_LOG", "PAYROLLX_ENVIRONMENT"
BY_ENVIRONMENT: Mapping[str, Kind] = {"development": "statements", "production": "errors"}
KINDS: tuple[Kind, ...] = ("off", "errors", "statements")
STARTED = "payrollx_query_started"

# What a statement is made of, as far as a row's value may stand in it: in a text, a number or a comment. A text without
# an end is one all the same: its statement has failed, and is logged for that.
PARTS = re.compile(
    r"""
      (?P<comment> --[^\n\r]* | /\* )
    | (?P<name> "(?:[^"]|"")*(?:"|\Z) )
    | (?P<text> [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)
              | (?P<dollars>\$(?:[^\W\d]\w*)?\$).*?(?:(?P=dollars)|\Z) )
    | (?P<word> (?:%\(\w+\)|\$\d|[^\W\d])[\w$]* )
    | (?P<number> \d\w*(?:\.\w*)?(?:(?<=[eE])[+-]\d+)? | \.\d\w*(?:(?<=[eE])[+-]\d+)? )
    """,
    re.DOTALL | re.VERBOSE,
)

logger = logging.getLogger("payrollx_db.queries")
_on: dict[str, Any] = {}


def start(kind: Kind | None = None, *, values: bool = False) -> Kind:
    """Log what this process's facades send from now on, and return what is logged.

    Without ``kind``, PAYROLLX_QUERY_LOG says it, else PAYROLLX_ENVIRONMENT: in ``development`` the statements, in
    ``production`` the failures, otherwise nothing. With ``values``, statements' parameters are logged, too, and texts
    and numbers in them. Raises ConfigurationError for a kind that there isn't.
    """
    chosen = kind or _from(os.environ)
    if chosen not in KINDS:
        raise ConfigurationError(f"{VARIABLE} is {chosen!r}", hint=f"use {', '.join(KINDS)}")
    stop()
    if chosen != "off":
        _on["error"] = ("handle_error", lambda context: _failed(context, values=values))
    if chosen == "statements":
        _on["before"] = ("before_cursor_execute", _begins)
        _on["after"] = ("after_cursor_execute", lambda *arguments: _ended(*arguments, values=values))
    for name, listener in _on.values():
        event.listen(Engine, name, listener)
    return chosen


def stop() -> None:
    """Log nothing any more."""
    while _on:
        _, (name, listener) = _on.popitem()
        event.remove(Engine, name, listener)


def without_values(statement: str) -> str:
    """Return a statement in one line, with question marks for texts and numbers, and without comments."""
    shown, at = [], 0
    while match := PARTS.search(statement, at):
        shown.append(statement[at : match.start()])
        at = match.end()
        if match["comment"]:
            if match["comment"] == "/*" and (at := raw_sql.end_of_comment(statement, at)) < 0:
                return " ".join("".join(shown).split())
            shown.append(" ")
        else:
            shown.append(match["name"] or match["word"] or "?")
    return " ".join("".join([*shown, statement[at:]]).split())


def _from(environ: Mapping[str, str]) -> Any:
    return environ.get(VARIABLE) or BY_ENVIRONMENT.get(environ.get(ENVIRONMENT, ""), "off")


def _service(connection: Connection) -> str:
    """Return whose statement it is; empty of an engine that is no service's."""
    active = connection.engine.get_execution_options().get(ACTIVE_SERVICE)
    return active.scope.wall.name if active is not None else ""


def _begins(connection: Connection, *_: Any) -> None:
    connection.info.setdefault(STARTED, []).append(time.monotonic())


def _ended(
    connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any, *, values: bool
) -> None:
    started = connection.info.get(STARTED) or [time.monotonic()]
    took = (time.monotonic() - started.pop()) * 1000
    if service := _service(connection):
        shown = f"{statement} {parameters!r}" if values else without_values(statement)
        logger.debug("%s %.1f ms: %s", service, took, shown)


def _failed(context: ExceptionContext, *, values: bool) -> None:
    connection = context.connection
    service = _service(connection) if connection is not None and not connection.closed else "a facade"
    if not service or context.original_exception is None:
        return
    if connection is not None and not connection.closed:
        connection.info.pop(STARTED, None)
    statement = context.statement or ""
    shown = f"{statement} {context.parameters!r}" if values else without_values(statement)
    state = error_translation.sqlstate_of(context.original_exception) or type(context.original_exception).__name__
    logger.error("%s failed with %s: %s", service, state, shown)
