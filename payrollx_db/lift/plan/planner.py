"""The story of ``lift plan``: read both sides, say what stands in the way, and lock the shapes of the sources."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from payrollx_db.lift import lock as locks
from payrollx_db.lift.catalog import lift
from payrollx_db.lift.lock import Lock
from payrollx_db.lift.plan import bound, lacking, left_out, routines
from payrollx_db.lift.plan.facts import SourceFacts, TargetFacts, read_source, read_target
from payrollx_db.lift.plan.target import of_others, taken_schemas, unfit
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.reading import AT_ONCE, by_database, read_databases
from payrollx_db.model.events import Observer, StageStarted, ignore_events
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, KnownCatalogs, inspect
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool, shared_or_own


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
    shared: SessionPool | None = None,
    catalogs: KnownCatalogs | None = None,
) -> LiftPlan:
    """Say what stands in the way of lifting ``services`` (none: all), and lock the shapes of all sources' tables.

    A lock that was written before stays as it is where a source has changed since, unless that of ``services`` is to be
    renewed. ``shared`` are sessions that are used again afterwards, else they are closed; so is what
    ``catalogs`` knows of the sources by then.
    Raises ConfigurationError, SourceError or TargetError.
    """
    sources = project.chosen(services)
    observer(StageStarted("plan", "reading the catalogs"))
    async with shared_or_own(shared) as sessions:
        databases = await read_databases(sessions, endpoints, project.schemas, catalogs)
        now = locks.locked(project, databases)
        before = locks.read(project, renewing=renew) or Lock({})
        chosen = {source.source for source in sources}
        findings = [] if renew else list(locks.changes(project, before, now, chosen))
        renewed = now.schemas.keys() - before.schemas.keys() | (chosen if renew else set())
        lock = Lock({name: (now if name in renewed else before).schemas[name] for name in now.schemas})
        locks.write(project, lock)
        there = await inspect(sessions, target)
        there = replace(there, name=there.name or there.dbname)  # a service file may say which it is
        findings += lacking.poolers(
            {**{source.source: databases[source.source] for source in sources}, target.name: there}
        )
        findings += await unfit(sessions, endpoints, target, sources, databases, there)
        findings += taken_schemas(lift(project, lock), sources, there)
        findings += await of_others(sessions, target, sources, there)
        for source in sources:
            findings += bound.columns(source, now.schemas[source.source], databases[source.source], there)
        findings += await _findings(sessions, endpoints, target, sources, databases, there)
    return LiftPlan(project, sources, lock, tuple(findings))


async def _findings(
    sessions: SessionPool,
    endpoints: Mapping[str, Endpoint],
    target: Endpoint,
    sources: Iterable[LiftedSchema],
    databases: Mapping[str, Database],
    there: Database,
) -> list[Finding]:
    """Return what the lift would meet, by the catalogs of both sides."""
    groups = by_database(endpoints, sources)
    readers = [
        read_source(
            sessions, endpoints[group[0].source], databases[group[0].source], [one.source_schema for one in group]
        )
        for group in groups
    ]
    read = await limited(readers, AT_ONCE)
    extensions = {name for facts in read for name, _ in facts.whole.get("extension", ())}
    has = await read_target(sessions, target, there, extensions)
    findings = [finding for group, facts in zip(groups, read, strict=True) for finding in _of_group(group, facts, has)]
    return [*findings, *routines.unread(has.database.name, read)]


def _of_group(group: Sequence[LiftedSchema], facts: SourceFacts, target: TargetFacts) -> Iterator[Finding]:
    """Yield the findings of one database, the first of whose sources accounts for what is in no schema."""
    first = group[0]
    yield from lacking.of_server(first, facts, target)
    yield from lacking.extensions(first, facts, target)
    yield from left_out.of_database(first, facts, target.database.dbname)
    yield from left_out.other_schemas(group, facts)
    renamed = {source.source_schema: source.schema for source in group}
    for source in group:
        yield from lacking.roles(source, facts, target)
        yield from lacking.collations(source, facts, target)
        yield from left_out.of_schema(source, facts, target)
        yield from routines.of_schema(source, facts, renamed)
