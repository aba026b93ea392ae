"""How far the followed databases are ahead, how much log they keep for us, and how long their disks last.

A slot that nobody reads keeps the log until the disk is full, and then every database of that server stands still. So
what is kept is measured for as long as there is a slot, alarms, and is let go of at a limit that a person has set: to
follow anew costs a comparison, a full disk costs the services.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from psycopg import sql

from payrollx_db.consolidate.check.server_facts import free_bytes, is_here
from payrollx_db.consolidate.state.flows import FOLLOWING, LOST, FlowState
from payrollx_db.consolidate.state.lags import Lag
from payrollx_db.errors import PayrollxError
from payrollx_db.model.finding import Finding, Severity
from payrollx_db.postgres import query_files
from payrollx_db.postgres.replication.connection import lsn_number
from payrollx_db.postgres.replication.errors import RESYNC, SlotLostError
from payrollx_db.postgres.replication.slots import SlotState, drop_slot, slot_state
from payrollx_db.postgres.session import Connection, Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

HOUR = 3600.0
SHORT, SHORTER = 24 * HOUR, HOUR  # left until the disk is full: worth a warning, worth an alarm
UNATTENDED = 60.0  # seconds without a measurement, after which nobody seems to follow
SHARE = 4  # kept log that is worth an alarm by itself: a quarter of what is free
MUCH = 256 * 1024 * 1024  # kept log below which nothing is said: a checkpoint's worth is always kept
LET_GO = (
    "payrollx-db follow catches up; its --max-retained says when to let the slot go, payrollx-db follow --drop does so"
    " now"
)


@dataclass(frozen=True)
class Backlog:
    """What a follower knows of itself: keys that wait, and for how many seconds the oldest of them has."""

    keys: int
    seconds: float


async def measure(
    sessions: SessionPool,
    endpoint: Endpoint,
    flow: FlowState,
    before: Lag | None = None,
    backlog: Backlog | None = None,
) -> Lag:
    """Measure one flow in the database that is read. ``before`` is the last measurement, for the rate.

    Raises SourceError or TargetError where the server can't be asked.
    """
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't see how much of its log is kept"):
            state = await slot_state(connection, flow.slot)
            free, limit = await _room(connection)
    now = datetime.now(UTC)
    if state is None:
        return Lag(flow.database, flow.direction, now, wal_status="lost", free_bytes=free, keep_limit_bytes=limit)
    behind = None if flow.place is None else max(0, state.current - lsn_number(flow.place))
    seconds = backlog.seconds if backlog else (0.0 if not state.lag else (now - flow.at).total_seconds())
    return Lag(
        flow.database, flow.direction, now,
        lag_bytes=behind, lag_seconds=seconds, lag_keys=backlog.keys if backlog else None,
        retained_bytes=state.retained, bytes_per_second=_rate(state, before, now), free_bytes=free,
        safe_bytes=state.safe_wal_size, keep_limit_bytes=limit,
        wal_status="lost" if state.is_lost else state.wal_status, wal_end=state.current,
    )  # fmt: skip


async def measure_all(
    sessions: SessionPool,
    endpoints: Mapping[str, Endpoint],
    flows: Iterable[FlowState],
    known: Iterable[Lag],
    backlogs: Mapping[str, Backlog] | None = None,
) -> list[Lag]:
    """Measure the flows whose database is among ``endpoints``; of those that can't be asked, return what is known."""
    before = {(lag.database, lag.direction): lag for lag in known}
    measured = []
    for flow in flows:
        last = before.get((flow.database, flow.direction))
        endpoint = endpoints.get(flow.database if flow.direction == "forward" else "target")
        try:
            if endpoint is not None:
                last = await measure(sessions, endpoint, flow, last, (backlogs or {}).get(flow.database))
        except PayrollxError:
            pass  # it is shown how old the last measurement is
        if last is not None:
            measured.append(last)
    return measured


def findings(flows: Sequence[FlowState], lags: Iterable[Lag], *, at_work: bool) -> list[Finding]:
    """Return what needs attention: lost slots, disks that fill up, logs that nobody reads."""
    by_flow = {(lag.database, lag.direction): lag for lag in lags}
    wrong: list[Finding] = []
    unread: dict[str, list[FlowState]] = {}
    for flow in flows:
        lag = by_flow.get((flow.database, flow.direction))
        if flow.status == LOST or (lag and lag.wal_status == "lost"):
            message = f"slot {flow.slot} is lost: what has changed since can't be read from the log"
            wrong.append(Finding("slot-lost", "error", flow.database, 1, message, remedy=RESYNC))
            continue
        if lag is not None and (severity := _gravity(lag)):
            wrong.append(Finding("log-kept", severity, flow.database, 1, _kept(lag), remedy=LET_GO))
        if flow.status == FOLLOWING and not at_work:
            unread.setdefault(flow.direction, []).append(flow)
    return [*wrong, *(_not_followed(direction, some) for direction, some in unread.items())]


def _not_followed(direction: str, flows: Sequence[FlowState]) -> Finding:
    """Return the one finding of all databases whose log nobody reads: one call follows all of them."""
    names = tuple(flow.database for flow in flows)
    message = f"nobody follows it, and its server keeps the log for slot {flows[0].slot} meanwhile"
    if len(flows) > 1:
        message = f"nobody follows these {len(flows)}, and their servers keep the log for our slots meanwhile"
    ending = "follow --drop gives it up" if direction == "forward" else "complete ends it for good"
    remedy = f"payrollx-db follow goes on; payrollx-db {ending}"
    examples = names if len(names) > 1 else ()
    return Finding("not-followed", "warn", ", ".join(names), len(names), message, examples, remedy=remedy)


async def let_go(sessions: SessionPool, endpoint: Endpoint, flow: FlowState, lag: Lag) -> SlotLostError:
    """Drop the slot of a flow whose server keeps too much log for it; return what is to be told of it.

    That the slot is lost is to be recorded before. Raises SourceError or TargetError.
    """
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't let slot {flow.slot} go"):
            await drop_slot(connection, flow.slot)
    return SlotLostError(
        f"{flow.database}: its server kept {shown_bytes(lag.retained_bytes)} of log for slot {flow.slot}, more than was"
        " allowed, so the slot was let go rather than fill the disk",
        hint=RESYNC,
    )


def exceeds(lag: Lag, most: int | None) -> bool:
    """Tell whether more log is kept than a person allows."""
    return most is not None and lag.retained_bytes is not None and lag.retained_bytes > most


def with_backlog(lag: Lag, backlog: Backlog) -> Lag:
    """Return the measurement with what a follower knows better."""
    return replace(lag, lag_keys=backlog.keys, lag_seconds=backlog.seconds)


def shown_bytes(size: float | None) -> str:
    """Return a size for people; a question mark where it isn't known."""
    if size is None:
        return "?"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _gravity(lag: Lag) -> Severity | None:
    """Return how grave it is; ``None`` where it isn't. What a follower that keeps up makes a server keep is little."""
    left, kept = lag.seconds_left, lag.retained_bytes or 0
    if lag.wal_status == "unreserved" or (lag.free_bytes is not None and kept > lag.free_bytes / SHARE):
        return "error"
    if kept < MUCH or left is None or left > SHORT:
        return None
    return "error" if left < SHORTER else "warn"


def _kept(lag: Lag) -> str:
    text = f"its server keeps {shown_bytes(lag.retained_bytes)} of log for us"
    if lag.free_bytes is not None:
        text += f", {shown_bytes(lag.free_bytes)} are free"
    if lag.safe_bytes is not None:
        text += f", and gives the slot up after {shown_bytes(lag.safe_bytes)} more"
    if (left := lag.seconds_left) is not None:
        text += f"; at this rate that lasts {left / HOUR:.1f} hours"
    return text


def _rate(state: SlotState, before: Lag | None, now: datetime) -> float | None:
    if before is None or before.wal_end is None or state.current < before.wal_end:
        return None
    seconds = (now - before.measured_at).total_seconds()
    return (state.current - before.wal_end) / seconds if seconds >= 1 else before.bytes_per_second


async def _room(connection: Connection) -> tuple[int | None, int | None]:
    """Return the free bytes of the disk that has the log, as far as it can be seen from here, and the slots' limit."""
    ((directory, system, limit),) = await run(connection, sql.SQL(queries.load("wal_room")))
    known = directory and is_here(connection)
    return free_bytes(Path(directory), str(system), "pg_wal") if known else None, limit
