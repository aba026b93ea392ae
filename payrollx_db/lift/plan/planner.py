"""The story of ``lift plan``: read both sides, say what stands in the way, and lock the shapes of the sources."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from payrollx_db.lift import lock as locks
from payrollx_db.lift.catalog import lift
from payrollx_db.lift.lock import Lock
from payrollx_db.lift.plan.target import taken_schemas
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.reading import read_databases
from payrollx_db.model.events import Observer, StageStarted, ignore_events
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres.introspect import inspect
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool


@dataclass(frozen=True)
class LiftPlan:
    """What was found. ``sources`` are the schemas that it is about, and ``lock`` has what they are like now."""

    project: Project
    sources: tuple[LiftedSchema, ...]
    lock: Lock
    findings: tuple[Finding, ...]

    @property
    def blocks(self) -> bool:
        """Whether anything keeps the schemas from being lifted."""
        return any(finding.blocks for finding in self.findings)


async def plan(
    project: Project,
    endpoints: Mapping[str, Endpoint],
    target: Endpoint,
    *,
    services: Iterable[str] = (),
    renew: bool = False,
    observer: Observer = ignore_events,
) -> LiftPlan:
    """Say what stands in the way of lifting ``services`` (none: all), and lock the shapes of all sources' tables.

    A lock that was written before stays as it is where a source has changed since, unless that of ``services`` is to be
    renewed.
    Raises ConfigurationError, SourceError or TargetError.
    """
    sources = project.chosen(services)
    observer(StageStarted("plan", "reading the catalogs"))
    async with SessionPool() as sessions:
        databases = await read_databases(sessions, endpoints, project.schemas)
        now = locks.locked(project, databases)
        before = locks.read(project, renewing=renew) or Lock({})
        chosen = {source.source for source in sources}
        findings = [] if renew else list(_changes(project, before, now, chosen))
        renewed = now.schemas.keys() - before.schemas.keys() | (chosen if renew else set())
        lock = Lock({name: (now if name in renewed else before).schemas[name] for name in now.schemas})
        locks.write(project, lock)
        findings += taken_schemas(lift(project, lock), sources, await inspect(sessions, target))
    return LiftPlan(project, sources, lock, tuple(findings))


def _changes(project: Project, before: Lock, now: Lock, chosen: set[str]) -> Iterator[Finding]:
    """Yield what has changed in the sources since they were locked."""
    for name in now.schemas.keys() & before.schemas.keys() & chosen:
        changes = tuple(locks.differences(before.schemas[name], now.schemas[name]))
        if changes:
            message = f"changed since {locks.path_of(project).name} was written"
            yield Finding(
                "source-changed", "block", name, len(changes), message, changes[:EXAMPLES],
                remedy=f"{project.command('lift plan')} --renew takes it on; a schema that was lifted before lacks it",
            )  # fmt: skip
