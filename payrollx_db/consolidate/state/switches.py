"""Switches: which side of each legacy database is the one that is written, and how far a change of sides has come.

Each step is recorded before it is done. So whoever comes after a kill knows what may be half-done.
"""

import getpass
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.state.flows import FIRST_VERSION
from payrollx_db.consolidate.state.runs import this_process
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run_together

queries = query_files.beside(__name__)

FOLLOWING, FENCING, FENCED, OPEN = "following", "fencing", "fenced", "open"
ROLLING_BACK, BACK, COMPLETE = "rolling_back", "back", "complete"
CLOSED = "closed"  # the step of a rollback from which on the legacy databases may be open

# What each stage means, and what may be done next: for people.
MEANING = {
    FOLLOWING: ("its legacy database is written, and followed", "payrollx-db cutover"),
    FENCING: (
        "a cutover was begun and not finished: its legacy database is written, or refuses writes already",
        "payrollx-db cutover goes on, payrollx-db rollback undoes it",
    ),
    FENCED: (
        "its legacy database refuses writes, and the unified one isn't open yet",
        "payrollx-db cutover opens it, payrollx-db rollback opens the legacy database again",
    ),
    OPEN: (
        "the unified database is written, and its legacy database follows back",
        "payrollx-db follow keeps it in step; payrollx-db rollback, or payrollx-db complete",
    ),
    ROLLING_BACK: ("a rollback was begun and not finished", "payrollx-db rollback goes on"),
    BACK: ("its legacy database is written again, and followed", "payrollx-db follow, payrollx-db cutover"),
    COMPLETE: ("it has moved for good", "nothing is left to do"),
}
# Stages in which the legacy database is the one that services write.
LEGACY_IS_WRITTEN = frozenset({FOLLOWING, FENCING, FENCED, BACK})


@dataclass(frozen=True)
class Switch:
    """A switch as recorded. ``intent`` has the step that was begun, facts of it, and the history of the stages."""

    database: str
    stage: str = FOLLOWING
    intent: dict[str, Any] | None = field(default_factory=dict)
    operator: str | None = None
    at: datetime | None = None

    @property
    def step(self) -> str:
        """The step that was begun last."""
        return str((self.intent or {}).get("step") or "")

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was recorded with that step."""
        return (self.intent or {}).get("facts") or {}

    @property
    def history(self) -> list[dict[str, Any]]:
        """The stages that it has been in, each with who brought it there and when."""
        return list((self.intent or {}).get("history") or [])

    @property
    def direction(self) -> str:
        """Which way its rows are followed in this stage: ``forward``, ``back``, or nowhere."""
        if self.stage == COMPLETE:
            return ""
        return "forward" if self.stage in LEGACY_IS_WRITTEN else "back"

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        meaning, following = MEANING[self.stage]
        return {
            "database": self.database,
            "stage": self.stage,
            "step": self.step,
            "means": meaning,
            "next": following,
            "operator": self.operator,
            "at": self.at.isoformat() if self.at else None,
            "history": self.history,
        }


async def switches(connection: Connection, databases: Iterable[str] = ()) -> dict[str, Switch]:
    """Return the recorded switches, and one that is following for each of ``databases`` that has none."""
    known = {name: Switch(name) for name in databases}
    if await schema.version(connection) < FIRST_VERSION:
        return known
    cursor = connection.cursor(row_factory=class_row(Switch))
    await cursor.execute("SELECT database, stage, intent, operator, at FROM payrollx_meta.switches ORDER BY database")
    return known | {switch.database: switch for switch in await cursor.fetchall()}


async def record(
    connection: Connection,
    databases: Collection[str],
    stage: str,
    step: str,
    facts: Mapping[str, Any] | None = None,
    *,
    durable: bool = False,
) -> None:
    """Record, in the current transaction, the stage of ``databases`` and the step that is about to be done.

    ``durable`` makes its commit wait until nothing can undo it: before what nobody could find out otherwise.
    """
    await run_together(connection, recording(databases, stage, step, facts, durable=durable))


def recording(
    databases: Collection[str],
    stage: str,
    step: str,
    facts: Mapping[str, Any] | None = None,
    *,
    durable: bool = False,
) -> list[sql.Composable]:
    """Return the statements by which `record` does so."""
    query = sql.SQL(queries.load("record_switch")).format(
        databases=list(databases),
        stage=stage,
        step=step,
        facts=json.dumps(dict(facts or {})),
        operator=this_operator(),
    )
    return [sql.SQL("SET LOCAL synchronous_commit = on"), query] if durable else [query]


def this_operator() -> str:
    """Return who works here: the account, the host, and the process."""
    host, process = this_process()
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        account = "somebody"
    return f"{account} on {host} (process {process})"
