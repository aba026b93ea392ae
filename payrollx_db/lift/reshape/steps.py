"""What a reshape does, step by step: each is tried in a savepoint, and what the server refuses is said in our words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from payrollx_db.lift.reshape.file import Entry
from payrollx_db.postgres import errors, sqlstates
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.session import Connection, Endpoint, render_sql

# What speaks of the moment or the connection, not of the statement: no refusal of this step.
OF_THE_MOMENT = (*sqlstates.TRANSIENT, sqlstates.LOCK_NOT_AVAILABLE, sqlstates.QUERY_CANCELED, "53")
NO_TABLE = "42P01"
WHY = {
    "42883": "its expression compares the column in a way that the new type doesn't have",
    "42804": "its types don't go together: those of a default, an expression, or the two ends of a foreign key",
    "42P17": "an index or a partition key can't be computed from the new type: it depends on the session's time zone",
    "42P16": "the table inherits it, or is partitioned by it",
    "42704": "an index's operator class, or the type itself, isn't there for it",
    "42710": "something else has that name",
    "42P07": "something else has that name",
    "42701": "another column has that name",
    "2BP01": "something else stands on it",
    "42601": "it can't be written so",
}
LEAVE_OUT = 'write take = "never" there, or change first what stands on it; then run the same command again'


@dataclass(frozen=True)
class Step:
    """Statements that belong together: what they are for, and which suggestion asks for them."""

    what: str
    statements: tuple[sql.Composable, ...]
    entry: Entry | None = None


@dataclass(frozen=True)
class Refusal:
    """What can't be done, and why."""

    what: str
    reason: str


@dataclass
class Stage:
    """The steps of one transaction: the statements that went well, what was refused, and what was so already.

    ``name`` is the service's; empty for what goes from one service to another.
    """

    name: str
    statements: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)
    already: list[Entry] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def refuse(self, what: Any, reason: str) -> None:
        """Note that something can't be done."""
        self.refusals.append(Refusal(str(what), reason))

    async def run(self, connection: Connection, target: Endpoint, steps: Iterable[Step]) -> bool:
        """Try each step in a savepoint; tell whether all went well. Raises TargetError where the connection fails."""
        results = [await self._run(connection, target, step) for step in steps]
        return all(results)

    async def _run(self, connection: Connection, target: Endpoint, step: Step) -> bool:
        try:
            async with connection.transaction():
                for statement in step.statements:
                    await connection.execute(sql.Composed([statement]))
        except DRIVER_ERRORS as error:
            state = errors.sqlstate(error)
            if not state or sqlstates.among(state, OF_THE_MOMENT):
                raise
            follows = state == NO_TABLE and self.refusals
            self.refuse(step.what, "what it stands on is refused" if follows else explain(error, target))
            return False
        self.statements += [render_sql(statement).rstrip(";") + ";" for statement in step.statements]
        if step.entry is not None:
            self.done.append(step.entry)
        return True


def explain(error: BaseException, target: Endpoint) -> str:
    """Return why the server refused a step: by its SQLSTATE, in our words first."""
    why = WHY.get(errors.sqlstate(error), "")
    text = errors.explain(error, target.url)
    return f"{why}: {text}" if why else text
