"""What a consolidation is of, and what is there: the task, and the plan made from both sides' catalogs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from payrollx_db.consolidate.plan.plan import Plan, databases_of, make_plan, schemas_of
from payrollx_db.consolidate.state import store
from payrollx_db.consolidate.state.store import Run
from payrollx_db.errors import (
    ConfigurationError,
    TargetError,
)
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Observer, StageStarted, ignore_events
from payrollx_db.model.layout import Layout
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, inspect
from payrollx_db.postgres.session import Connection, Endpoint, session

CheckRows = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class Task:
    """What a consolidation is of: the catalog, the layout, and where both sides are.

    ``sources`` has an endpoint for each legacy database by its layout name; ``services`` limits the
    task (empty: all of them); ``jobs`` is how many tables or slices move at once. ``check_rows`` says
    whether every row is looked at before the first one moves: with ``auto``, where the policies need
    it or the sources are small; otherwise what doesn't fit is found on the way, undone, and then told.
    """

    catalog: Catalog
    layout: Layout
    sources: Mapping[str, Endpoint]
    target: Endpoint
    services: tuple[str, ...] = ()
    jobs: int = 4
    observer: Observer = field(default=ignore_events, repr=False)
    policies: Policies = field(default_factory=Policies)
    check_rows: CheckRows = "auto"
    max_rate: float | None = None
    watched: Endpoint | None = None

    @property
    def needed(self) -> dict[str, Endpoint]:
        """The endpoints of those legacy databases that the chosen services have to do with."""
        chosen = self.services or tuple(service.name for service in self.catalog.services)
        names = [database.name for database in databases_of(self.layout, schemas_of(self.catalog, chosen))]
        return {name: self.sources[name] for name in names}


async def plan(task: Task) -> Plan:
    """Read every catalog and say what would be done. Raises SourceError, TargetError or ConfigurationError."""
    task.observer(StageStarted("plan", "reading the catalogs"))
    needed = task.needed
    target, *sources = await limited(
        [_read_target(task.target), *(inspect(endpoint) for endpoint in needed.values())], max(task.jobs, 2)
    )
    found = dict(zip(needed, sources, strict=True))
    _refuse_same_database(task, found, target)
    _refuse_unmigrated(task, target)
    layout = _with_schemas(task.layout, needed)
    return make_plan(task.catalog, layout, found, target, services=task.services, jobs=task.jobs)


async def _read_target(endpoint: Endpoint) -> Database:
    """Inspect the target as it is designed: with the indexes that an unfinished run has taken down."""
    found = await inspect(endpoint)
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't read the state tables"):
            unfinished = await unfinished_run(connection)
            things = await store.taken(connection, unfinished.id) if unfinished else []
    return store.with_dropped_objects(found, things)


async def unfinished_run(held: Connection) -> Run | None:
    """Return the run that was cut off and can be gone on with, if there is one."""
    return next((run for run in await store.runs(held) if run.unfinished), None)


def _refuse_same_database(task: Task, found: Mapping[str, Database], target: Database) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for name, database in found.items():
        if database.identity == target.identity:
            raise ConfigurationError(
                f"source {name} and the target are the same database, {target.dbname}",
                hint="point DATABASE_URL at a database of its own",
            )
        schema = task.sources[name].url.schema or task.layout.database(name).schema
        other = seen.setdefault((*database.identity, schema), name)
        if other != name:
            raise ConfigurationError(
                f"sources {other} and {name} are the same database, {database.dbname}",
                hint="correct one of their URLs",
            )


def _refuse_unmigrated(task: Task, target: Database) -> None:
    chosen: Iterable[str] = task.services or (service.name for service in task.catalog.services)
    schemas = schemas_of(task.catalog, chosen)
    missing = [t for t in task.catalog.tables() if t.partition(".")[0] in schemas and t not in target.tables]
    if missing:
        raise TargetError(
            f"the target {task.target.url.masked} isn't migrated: it lacks {len(missing)} tables",
            details=tuple(missing),
            hint="run payrollx-db migrate first",
        )


def _with_schemas(layout: Layout, endpoints: Mapping[str, Endpoint]) -> Layout:
    """Return the layout with the source schemas that the URLs name (Prisma's ``schema`` parameter)."""
    databases = tuple(
        replace(db, schema=endpoints[db.name].url.schema or db.schema) if db.name in endpoints else db
        for db in layout.databases
    )
    return replace(layout, databases=databases)
