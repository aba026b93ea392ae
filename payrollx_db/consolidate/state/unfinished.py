"""The guard for an unfinished run: whether there is one, how far it came, and which command ends it.

Until a run is finished, its tables lack rows, indexes and foreign keys. Whoever would judge them, or write to them,
asks here first, and says the same in the same words.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

import psycopg
from psycopg import sql

from payrollx_db.consolidate.plan.destination import Destination, overlapping, scope_of, tables_of, written
from payrollx_db.consolidate.state import schema
from payrollx_db.errors import PayrollxError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.layout import LIFTED
from payrollx_db.postgres import locks, query_files
from payrollx_db.postgres.session import Connection, Endpoint, session
from payrollx_db.postgres.steps import Statement, Steps, perform, perform_async

queries = query_files.beside(__name__)

USUAL_LAYOUTS = ("legacy", LIFTED)  # which need not be named
MOST_SCOPES = 5  # that are named one by one
PATIENCE = 5.0  # seconds, to say how far a run came that has just stopped

State = Literal["at work", "killed", "interrupted", "failed"]


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that is at work or can be resumed.

    ``tables`` are its target tables, of which ``tables_in`` have all of their rows, ``rows_in`` in all; ``down`` counts
    by kind what it has dropped and not restored, and ``lacking`` are the tables that lack it. ``holder`` is the session
    that is at work on it, empty where none is.
    """

    id: int
    catalog: str
    layout: str
    services: tuple[str, ...]
    status: str
    stage: str
    message: str
    tool_version: str
    host: str
    process: int
    tables: tuple[str, ...]
    tables_in: int
    rows_in: int
    down: dict[str, int]
    lacking: tuple[str, ...]
    holder: str = ""
    destinations: tuple[Destination, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that it writes, where it writes nothing but scopes."""
        if not all(destination.scope for destination in self.destinations):
            return ()
        return tuple(dict.fromkeys(written(destination.scope) for destination in self.destinations))

    def concerns(self, destinations: Collection[Destination]) -> bool:
        """Tell whether ``destinations`` lack anything as long as it is unfinished: other scopes need not."""
        if not self.scopes or overlapping(self.destinations, destinations):
            return True
        return not tables_of(destinations).isdisjoint(self.lacking)

    @property
    def state(self) -> State:
        """What became of it: one that says it is running, and that no session is at work on, was killed."""
        if self.holder:
            return "at work"
        return "killed" if self.status == "running" else "failed" if self.status == "failed" else "interrupted"

    @property
    def progress(self) -> str:
        """How far it came, in words: what is in, and what is down."""
        tables = f"{self.tables_in:,} of {_counted(len(self.destinations) or len(self.tables), 'table')}"
        text = f"{tables} and {_counted(self.rows_in, 'row')} are in"
        if self.down:
            verb = "is" if list(self.down.values()) == [1] else "are"
            text += f"; {' and '.join(_counted(count, kind) for kind, count in self.down.items())} {verb} still down"
        return text

    def __str__(self) -> str:
        if self.state == "at work":
            work = f"is at work (process {self.process} on {self.host}, {self.holder})"
        else:
            work = f"is unfinished ({self.state} in stage {self.stage})"
        scopes = self.scopes
        more = f" and {len(scopes) - MOST_SCOPES} more" if len(scopes) > MOST_SCOPES else ""
        of = f" of {'; '.join(scopes[:MOST_SCOPES])}{more}" if scopes else ""
        return f"run {self.id}{of} {work}: {self.progress}"

    def command(self, catalog: Catalog | None = None) -> str:
        """Return the command line that resumes it; ``catalog`` is the one that the caller works with."""
        words = ["copy"]
        known = catalog if catalog is not None and catalog.name == self.catalog else None
        if known is None or set(self.services) != {service.name for service in known.services}:
            words += [f"--service {name}" for name in self.services]
        if self.layout not in USUAL_LAYOUTS:
            words.append(f"--from {self.layout}" if known is not None and self.layout in known.layouts else "--from …")
        if known is not None:
            return known.command(" ".join(words))
        if self.layout == LIFTED:
            return f"payrollx-db {' '.join(words)} --lift …"
        return f"payrollx-db {' '.join(words)}" + (" --catalog …" if self.catalog != "payrollx" else "")

    def next_step(self, catalog: Catalog | None = None) -> str:
        """Return what to do about it, as a hint."""
        if self.state == "at work":
            return "wait for it: payrollx-db status shows how far it is"
        command = self.command(catalog)
        return f"{command} resumes it; with --restart, it is undone first; payrollx-db abandon gives it up"

    def document(self) -> dict[str, object]:
        """Return it as plain data, for ``--json``."""
        return {
            "run": self.id,
            "state": self.state,
            "stage": self.stage,
            "services": list(self.services),
            "tables": len(self.tables),
            "tables_in": self.tables_in,
            "rows_in": self.rows_in,
            "down": self.down,
            "scopes": list(self.scopes),
            "command": self.command(),
        }


def find_unfinished(
    connection: psycopg.Connection[Any], schemas: Collection[str] | None = None
) -> UnfinishedRun | None:
    """Return the newest unfinished run that writes into one of ``schemas`` (default: anywhere), if there is one.

    Leaves no setting behind in the session. Raises StateConflictError where a newer tool keeps the state, and what
    the driver raises.
    """
    with connection.transaction(force_rollback=True):
        return perform(connection, _find(schemas))


async def find_unfinished_async(
    connection: Connection,
    schemas: Collection[str] | None = None,
    destinations: Collection[Destination] | None = None,
) -> UnfinishedRun | None:
    """Do the same in an asynchronous session; with ``destinations``, only for a run that these have to do with."""
    async with connection.transaction(force_rollback=True):
        return await perform_async(connection, _find(schemas, destinations))


def refuse_unfinished(run: UnfinishedRun | None, place: str, action: str, catalog: Catalog | None = None) -> None:
    """Raise StateConflictError where there is an unfinished ``run``: ``action`` is what must wait for its end."""
    if run is not None:
        raise StateConflictError(f"{place} can't be {action} now: {run}", hint=run.next_step(catalog))


async def refuse_unfinished_at(
    endpoint: Endpoint, schemas: Collection[str], action: str, catalog: Catalog | None = None
) -> None:
    """Do the same for the unfinished run, if any, that writes into ``schemas`` there. Raises TargetError, too."""
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't read the recorded runs"):
            run = await find_unfinished_async(connection, schemas)
    refuse_unfinished(run, endpoint.url.masked, action, catalog)


async def describe_stopped(endpoint: Endpoint, catalog: Catalog) -> str:
    """Say how far the run came that this process has just stopped, and how it goes on.

    Says nothing where the server doesn't tell within a few seconds: it may be what the run failed with.
    """
    try:
        async with asyncio.timeout(PATIENCE), session(endpoint) as connection:
            run = await find_unfinished_async(connection)
    except (TimeoutError, psycopg.Error, OSError, PayrollxError):
        return ""
    if run is None:
        return ""
    stopped = replace(run, holder="")  # which is still this process
    return f"{stopped}; {stopped.next_step(catalog)}"


def _find(
    schemas: Collection[str] | None, destinations: Collection[Destination] | None = None
) -> Steps[UnfinishedRun | None]:
    if not (yield from schema.find_version()):
        return None
    rows = yield Statement(sql.SQL(queries.load("unfinished")))
    for (
        number, catalog, layout, services, status, stage, message, tool, host, process, tables, ready, rows_in, own,
    ) in rows:  # fmt: skip
        if schemas is not None and not {name.partition(".")[0] for name in tables} & set(schemas):
            continue
        holder = yield from locks.name_holders(locks.RUN)
        down = yield from _down(number)
        lacking = tuple(sorted({name for _, _, names in down for name in names}))
        found = UnfinishedRun(
            number, catalog, layout, tuple(services), status, stage, message or "", tool, host, process, tuple(tables),
            ready, rows_in, {kind: count for kind, count, _ in down}, lacking, holder,
            tuple(Destination(table, scope_of(constants)) for table, constants in own),
        )  # fmt: skip
        if destinations is None or found.concerns(destinations):
            return found
    return None


def _down(run: int) -> Steps[list[tuple[str, int, list[str]]]]:
    ((there,),) = yield Statement(sql.SQL(queries.load("table_exists")), {"name": "objects"})
    if not there:
        return []
    rows = yield Statement(sql.SQL(queries.load("down")), {"run": run})
    return [(kind, count, names) for kind, count, names in rows]


def _counted(number: int, thing: str) -> str:
    plural = f"{thing}es" if thing.endswith("x") else f"{thing}s"
    return f"1 {thing}" if number == 1 else f"{number:,} {plural}"
