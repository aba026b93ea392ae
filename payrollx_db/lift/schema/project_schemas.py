"""All schemas of a project: database by database, each in a transaction of its own, one after the other.

While one is made, the next are read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Self

from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.lift import lock as locks
from payrollx_db.lift import project as projects
from payrollx_db.lift.lock import Lock
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.schema import source
from payrollx_db.lift.schema import target as target_side
from payrollx_db.lift.schema.ahead import reading_ahead
from payrollx_db.lift.schema.lifting import finish, lift_database
from payrollx_db.lift.schema.model import Move, Observer, Outcome, Roles, ignore_steps
from payrollx_db.lift.schema.source import FindClients
from payrollx_db.postgres.introspect import Database
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl


def lift_schemas(
    project: Project, target: DatabaseUrl, services: Iterable[str], environ: Mapping[str, str], find: FindClients,
    observer: Observer = ignore_steps, *, dry_run: bool = False, before: Lock | None = None,
    stop_at_failure: bool = False,
) -> Iterator[Outcome]:  # fmt: skip
    """Carry the schemas of these services (none: all) over, and yield what was done for each database.

    A failure in one leaves the others as they are, and is in what is yielded; the ones after it are left alone with
    ``stop_at_failure``. ``before`` says what the sources were like when the plan was made: one that isn't so any more
    isn't lifted. Raises ConfigurationError where nothing says where a source is, and TargetError where there is no
    session of the target, or the services can't be granted what they may do.
    """
    sources = projects.endpoints(project, environ)
    into = Endpoint(target, "target", target.dbname)
    roles = Roles(project.name, project.owner_role, project.reader_role)
    groups = [
        [Move(s.source, s.source_schema, s.service, s.schema, s.role, s.left_behind) for s in lifted]
        for lifted in _by_database(project.chosen(services), sources)
    ]
    given_up = Event()
    with _Sessions(into) as sessions:
        reads = [
            partial(
                source.read, sources[moves[0].source], moves, find,
                target_version=sessions.current.info.server_version, given_up=given_up,
                accept=partial(_refuse_changed, project, moves, before) if before else None,
            )
            for moves in groups
        ]  # fmt: skip
        with reading_ahead(reads, given_up) as waiting:
            for moves, read in zip(groups, waiting, strict=True):
                observer(moves[0].source, "reading the source's schema")
                try:
                    with read as origin:
                        session = sessions.current
                        outcome = lift_database(origin, into, session, moves, roles, observer, dry_run=dry_run)
                except PayrollxError as error:
                    sessions.renew()
                    outcome = Outcome.failed(moves, error)
                yield outcome
                if outcome.error and stop_at_failure:
                    break
        if not dry_run:
            finish(into, sessions.current, [move for moves in groups for move in moves], roles)


@dataclass
class _Sessions:
    """The session of the target, and another one after a failure, which leaves one good for nothing."""

    into: Endpoint
    _stack: ExitStack = field(default_factory=ExitStack)
    _open: SyncConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.renew()

    @property
    def current(self) -> SyncConnection:
        """The session, which is opened where there is none. Raises TargetError and PooledError."""
        if self._open is None:
            self._open = self._stack.enter_context(target_side.session(self.into))
        return self._open

    def renew(self) -> None:
        """Close the session: the next use opens another."""
        self._open = None
        self._stack.close()


def _refuse_changed(project: Project, moves: Sequence[Move], before: Lock, database: Database) -> None:
    now = locks.locked(project, {move.source: database for move in moves})
    for finding in locks.changes(project, before, now, set(now.schemas)):
        raise FindingsError(f"{finding.place} {finding.message}", details=finding.examples, hint=finding.remedy)


def _by_database(chosen: Iterable[LiftedSchema], sources: Mapping[str, Endpoint]) -> list[list[LiftedSchema]]:
    """Return the schemas grouped by the database that they are in: what they say of each other comes with them."""
    groups: dict[str, list[LiftedSchema]] = {}
    for lifted in chosen:
        groups.setdefault(sources[lifted.source].url.identity, []).append(lifted)
    return list(groups.values())
