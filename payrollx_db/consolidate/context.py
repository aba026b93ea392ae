"""What every step of a consolidation works with: both sides, their sessions, who is told, and how much at once."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields

from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.copy_pipe import RateLimit
from payrollx_db.postgres.sequences import ColumnSequence
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import SessionPool


@dataclass(frozen=True, kw_only=True)
class Context:
    """The context of one command.

    ``sources`` has an endpoint for each legacy database by its layout name; ``target`` acts as the role that owns
    the tables, where there is one, and ``target_as_given`` as the login itself. ``sessions`` are shared by all steps,
    and so is ``rate``, which bounds the bytes that they read from the sources together (``None``: no bound). ``jobs``
    is how many tables or slices are worked on at once; ``without_triggers`` leaves the target's triggers out, and
    ``policies`` say, among other things, whether those may fire that change rows. ``following`` says that the sources
    are written meanwhile, and followed afterwards. ``sequences`` has those that were read already, by their database
    and their tables; where they stand is asked anew each time.
    """

    sources: Mapping[str, Endpoint]
    target: Endpoint
    target_as_given: Endpoint
    sessions: SessionPool = field(repr=False)
    observer: Observer = field(default=ignore_events, repr=False)
    jobs: int = 4
    rate: RateLimit | None = None
    without_triggers: bool = False
    policies: Policies = field(default_factory=Policies)
    following: bool = False
    sequences: dict[tuple[Endpoint, frozenset[int]], tuple[ColumnSequence, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """The sources by their layout names, and the target by the name ``target``."""
        return {**self.sources, "target": self.target}

    def of_run(self, run: int, session: RunSession) -> "RunContext":
        """Return the context of run number ``run``, which works in ``session``."""
        known = {known.name: getattr(self, known.name) for known in fields(Context)}
        return RunContext(**known, run=run, session=session)


@dataclass(frozen=True, kw_only=True)
class RunContext(Context):
    """The context of a recorded run: its number, and the session in which it reads and records."""

    run: int
    session: RunSession = field(repr=False)

    @property
    def connection(self) -> Connection:
        """What the run reads with; to write, open a `transaction`."""
        return self.session.connection

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that writes, and yield its connection. Raises LockLostError."""
        return self.session.transaction()

    @property
    def lock_pid(self) -> int:
        """The server's process id of the session that holds the lock: every writing transaction asks for it."""
        return self.session.lock_pid
