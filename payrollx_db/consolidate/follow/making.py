"""What following makes in the databases that are read: a publication and a slot each, and nothing else.

They are listed before, recorded before they are made, and dropped again whatever half-done state they are in. A slot
without anybody who reads it keeps its server's log until the disk is full, so that none may be forgotten.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import document_of, published
from payrollx_db.consolidate.follow.shapes import fingerprint
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.errors import PayrollxError, StateConflictError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.identity import Identity
from payrollx_db.postgres.replication.connection import lsn_text
from payrollx_db.postgres.replication.publications import create_publication, drop_publication, read_surroundings
from payrollx_db.postgres.replication.slots import create_slot, drop_slot, slot_state
from payrollx_db.postgres.session import Connection, Endpoint

PUBLICATION, SLOT = "publication", "slot"


@dataclass(frozen=True)
class Made:
    """Something that following makes in the database called ``database``; ``what`` says of what it is."""

    database: str
    kind: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.database}: {self.kind} {self.name} ({self.what})"

    def document(self) -> dict[str, str]:
        """Return it as plain data, for ``--json``."""
        return asdict(self)


@dataclass(frozen=True)
class Left:
    """What could not be dropped, why, and the statement that does it."""

    made: Made
    reason: str
    statement: str

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {**self.made.document(), "reason": self.reason, "statement": self.statement}


def listing(flows: Iterable[Flow]) -> tuple[Made, ...]:
    """Return what following makes in the databases that are read."""
    return tuple(made for flow in flows for made in _of_flow(flow))


async def make(context: Context, session: RunSession, flow: Flow, run: int | None, status: str) -> None:
    """Make the flow's publication and its slot, anew where they are there, and record from where its log begins.

    ``status`` is what the flow is in afterwards. Raises SourceError, TargetError, or StateConflictError where somebody
    else's slot has that name.
    """
    name = (flow.name, flow.direction)
    identity = flow.read.place.identity if flow.read.place else None
    made = [{"kind": item.kind, "name": item.name} for item in _of_flow(flow)]
    async with session.transaction() as connection:
        await connection.execute("SET LOCAL synchronous_commit = on")  # before anything is made
        place = identity.document() if identity else None
        await state.record_flow(connection, name, run, (flow.slot, flow.publication), made, place)
    # The owner of the unified tables needn't have the right to make anything in their database, or to replicate it.
    reader = context.target_as_given if flow.direction == "back" else flow.read
    async with context.sessions.session(reader, fresh=True) as connection:
        with reader.translating_errors("can't make the publication"):
            await _drop_slot(connection, reader, flow.slot)
            await drop_publication(connection, flow.publication)
            await create_publication(connection, flow.publication, published(flow.watched))
        begins = await create_slot(reader, flow.slot)
        with reader.translating_errors("can't read the publication"):
            surroundings = document_of(await read_surroundings(connection, flow.publication))
    async with session.transaction() as connection:
        await state.start_at(connection, name, lsn_text(begins), status, surroundings, fingerprint(flow))
    context.observer(Notice(f"{flow.name}: publication {flow.publication} and slot {flow.slot} are made"))


async def drop(
    context: Context, session: RunSession, recorded: Sequence[FlowState], *, forget: bool = False
) -> tuple[Left, ...]:
    """Drop all that was made for these flows, and forget them; return what is left of it, and why.

    With ``forget``, flows whose database can't be reached are forgotten, too. What belongs to nobody's record is left
    alone. Raises TargetError.
    """
    left: list[Left] = []
    for flow in recorded:
        # What a flow back reads from is in the unified database, and the login's (see `make`).
        back = flow.direction == "back"
        endpoint = context.target_as_given if back else context.sources.get(flow.database)
        remaining = await _drop_made(context, endpoint, flow)
        left += remaining
        if not remaining or forget:
            async with session.transaction() as connection:
                await state.forget_flow(connection, (flow.database, flow.direction))
        if not remaining:
            context.observer(Notice(f"{flow.database}: nothing is left of what was made to follow it"))
    return tuple(left)


def refuse_other_place(flow: Flow, recorded: FlowState, same: Iterable[str]) -> None:
    """Raise StateConflictError where the database that is read isn't shown to be the one that was followed."""
    identity = flow.read.place.identity if flow.read.place else None
    if identity is None or recorded.read_place is None or flow.name in same:
        return
    if differences := Identity.of_document(recorded.read_place).differences(identity):
        raise StateConflictError(
            f"{flow.name} was followed with another server than {flow.read.url.masked}, as far as can be told",
            details=tuple(differences),
            hint=f"give the URL of the one that it was with; where this is that same one, moved or promoted, say so by"
            f" --same-server {flow.name}",
        )


def _of_flow(flow: Flow) -> Iterable[Made]:
    names = ", ".join(watched.table.full_name for watched in flow.watched)
    yield Made(flow.name, PUBLICATION, flow.publication, f"the keys of {names}")
    yield Made(flow.name, SLOT, flow.slot, "it keeps the server's log until it is read")


async def _drop_made(context: Context, endpoint: Endpoint | None, flow: FlowState) -> list[Left]:
    if endpoint is None:
        return [_left(flow, item, "no URL was given for it") for item in flow.made]
    left = []
    try:
        async with context.sessions.session(endpoint, fresh=True) as connection:
            for item in sorted(flow.made, key=lambda item: item["kind"] != SLOT):
                try:
                    await _drop_one(connection, endpoint, item)
                except PayrollxError as error:
                    left.append(_left(flow, item, error.message))
    except PayrollxError as error:
        return [_left(flow, item, error.message) for item in flow.made]
    return left


async def _drop_one(connection: Connection, endpoint: Endpoint, item: dict[str, str]) -> None:
    with endpoint.translating_errors(f"can't drop {item['kind']} {item['name']}"):
        if item["kind"] == SLOT:
            await _drop_slot(connection, endpoint, item["name"])
        elif item["kind"] == PUBLICATION:
            await drop_publication(connection, item["name"])


async def _drop_slot(connection: Connection, endpoint: Endpoint, name: str) -> None:
    """Drop a slot of ours, if it is there. Raises StateConflictError where one of that name is of another database."""
    slot = await slot_state(connection, name)
    if slot is None:
        return
    if not slot.is_here:
        raise StateConflictError(
            f"slot {name} on the server of {endpoint.name} is one of database {slot.database}, and none of ours",
            hint="see who made it",
        )
    await drop_slot(connection, name)


def _left(flow: FlowState, item: dict[str, str], reason: str) -> Left:
    name = item["name"]
    if item["kind"] == SLOT:
        statement = sql.SQL("SELECT pg_catalog.pg_drop_replication_slot({});").format(sql.Literal(name))
    else:
        statement = sql.SQL("DROP PUBLICATION IF EXISTS {};").format(sql.Identifier(name))
    made = Made(flow.database, item["kind"], name, "made to follow it")
    return Left(made, reason, statement.as_string(None))
