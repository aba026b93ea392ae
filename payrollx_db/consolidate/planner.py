"""What a consolidation is of, and what is there: the task, and the plan made from both sides' catalogs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from payrollx_db.consolidate.plan.destination import Destination, overlapping, tables_of
from payrollx_db.consolidate.plan.plan import Plan, databases_of, make_plan, schemas_of, with_small_tables
from payrollx_db.consolidate.scope_values import scope_mismatches
from payrollx_db.consolidate.state.accounts import accounts
from payrollx_db.consolidate.state.objects import dropped_by, dropped_objects, with_dropped_objects
from payrollx_db.consolidate.state.runs import Run, runs
from payrollx_db.errors import (
    ConfigurationError,
    TargetError,
)
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Observer, StageStarted, ignore_events
from payrollx_db.model.layout import Layout
from payrollx_db.model.policy import Policies
from payrollx_db.model.wording import counted
from payrollx_db.postgres.concurrency import DATABASES_AT_ONCE, limited
from payrollx_db.postgres.introspect import Database, KnownCatalogs, inspect
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import SessionPool, shared_or_own

CheckRows = Literal["auto", "always", "never"]

# Bytes of a source table up to which its target keeps its indexes and it goes with others in one transaction: below it,
# what a build costs by itself is more, above it, what each row costs in an index that is there. Eight tables with three
# indexes each, copied five times either way in turns on two busy cores, took with their indexes kept 0.84 of the time
# at 0.3 MB a table (0.62 to 0.92), 0.83 at 1 MB (0.64 to 1.76), 1.34 at 2 MB (0.97 to 2.21) and 1.86 at 4 MB (1.12 to
# 2.19), by the medians of the ratios. So the ways are even somewhere around 1 MB; the machine was too busy to say more.
SMALL_TABLES = 1_000_000


@dataclass(frozen=True)
class Task:
    """What a consolidation is of: the catalog, the layout, and where both sides are.

    ``sources`` has an endpoint for each legacy database by its layout name; ``services`` limits the
    task (empty: all of them); ``jobs`` is how many tables or slices move at once. ``check_rows`` says
    whether every row is checked before the first one is copied: with ``auto``, where the policies need
    it or the sources are small; otherwise what doesn't fit stops the copy, which is undone, and is then named.
    ``small_tables`` is the size in bytes up to which a source table is copied with others in one transaction, with
    its indexes in place.
    ``same_servers`` are the sources, or ``target``, of which a person says that they are where a run was begun, though
    nothing shows it: after a failover, say. ``following`` says that the services go on writing to the sources, which
    are followed after the copy. ``sessions`` are those that a process shares among its commands; without any, each
    command opens its own, and closes them. ``catalogs`` are those of the sources that they have read already.
    ``elsewhere`` are the services that something places in another database than the target, for hints.
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
    small_tables: int = SMALL_TABLES
    without_triggers: bool = False
    same_servers: tuple[str, ...] = ()
    following: bool = False
    sessions: SessionPool | None = field(default=None, repr=False)
    catalogs: KnownCatalogs | None = field(default=None, repr=False)
    elsewhere: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ConfigurationError where ``same_servers`` names none of them."""
        for name in self.same_servers:
            if name != "target" and name not in self.sources:
                raise ConfigurationError(
                    f"there is no source {name!r}", hint=f"there are target, {', '.join(sorted(self.sources))}"
                )

    def placed(self) -> "Task":
        """Return the task for one command, whose sessions with each database are all to be in one place.

        One that is placed already stays so.
        """
        if self.target.place is not None:
            return self
        sources = {name: endpoint.placed() for name, endpoint in self.sources.items()}
        return replace(self, sources=sources, target=self.target.placed())

    @property
    def needed(self) -> dict[str, Endpoint]:
        """The endpoints of those legacy databases that the chosen services have to do with."""
        return {name: self.sources[name] for name in self._needed_names()}

    @property
    def places(self) -> tuple[Endpoint, ...]:
        """Where the work may go: what is needed, as far as it is known, and the target."""
        return (*(self.sources[name] for name in self._needed_names() if name in self.sources), self.target)

    def _needed_names(self) -> list[str]:
        chosen = self.services or tuple(service.name for service in self.catalog.services)
        return [database.name for database in databases_of(self.layout, schemas_of(self.catalog, chosen))]


async def plan(task: Task) -> Plan:
    """Read every catalog and say what would be done. Raises SourceError, TargetError or ConfigurationError."""
    async with shared_or_own(task.sessions) as sessions:
        return await plan_with(sessions, task.placed())


async def plan_with(sessions: SessionPool, task: Task) -> Plan:
    """Do what `plan` does with sessions that others use as well."""
    task.observer(StageStarted("plan", "reading the catalogs"))
    needed = task.needed
    asked = {_asked_as(endpoint): endpoint for endpoint in needed.values()}
    readers = [
        _read_target(sessions, task.target),
        *(inspect(sessions, endpoint, task.catalogs) for endpoint in asked.values()),
    ]
    target, *read = await limited(readers, max(task.jobs, DATABASES_AT_ONCE))
    databases = dict(zip(asked, read, strict=True))
    sources = {name: databases[_asked_as(endpoint)] for name, endpoint in needed.items()}
    groups = await _same_databases(sessions, task, sources, target)
    refuse_unmigrated(task, target)
    layout = _with_schemas(task.layout, needed)
    plan = make_plan(
        task.catalog, layout, sources, target, services=task.services, jobs=task.jobs, groups=groups,
        policies=task.policies,
    )  # fmt: skip
    if wrong := await scope_mismatches(sessions, task.target, plan):
        plan = replace(plan, mismatches=(*plan.mismatches, *wrong))
    return with_small_tables(plan, task.small_tables)


def _asked_as(endpoint: Endpoint) -> str:
    """Return what endpoints have in common whose catalog is read once: their URL, where it has one server only."""
    one = "," not in str(endpoint.url.params.get("host", ""))
    return endpoint.url.plain if one else f"{endpoint.name} {endpoint.url.plain}"


async def _read_target(sessions: SessionPool, endpoint: Endpoint) -> Database:
    """Inspect the target as it is designed: with what an unfinished run has dropped, or one that is followed."""
    database = await inspect(sessions, endpoint)
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read the state tables"):
            recorded = [run for run in await runs(connection) if run.unfinished or run.status == "done"]
            by_run = await dropped_by(connection, (run.id for run in recorded))
            dropped = [
                item
                for run in sorted(recorded, key=lambda run: run.unfinished)
                for item in by_run.get(run.id, ())
                if run.unfinished or not item.restored
            ]
    return with_dropped_objects(database, dropped)


async def unfinished_run(connection: Connection, destinations: Collection[Destination] | None = None) -> Run | None:
    """Return the newest run that was interrupted and can be resumed, if there is one.

    With ``destinations``, one of other scopes alone doesn't count: nothing that it has written or lacks is in them.
    """
    for run in await runs(connection):
        if run.unfinished and (destinations is None or await _concerns(connection, run, destinations)):
            return run
    return None


async def _concerns(connection: Connection, run: Run, destinations: Collection[Destination]) -> bool:
    own = [account.destination for account in await accounts(connection, run.id) if account.kind == "copy"]
    if not own or not all(destination.scope for destination in own) or overlapping(own, destinations):
        return True
    tables = tables_of(destinations)
    lacking = {item.table for item in await dropped_objects(connection, run.id) if not item.restored}
    return not tables.isdisjoint(lacking)


async def _same_databases(
    sessions: SessionPool, task: Task, sources: Mapping[str, Database], target: Database
) -> dict[str, str]:
    """Return for each entry of the layout that shares a schema of a database the name of the first that is there.

    Raises ConfigurationError where a source is the target, or two are one and the layout has none that share.
    """
    groups: dict[str, str] = {}
    seen: list[tuple[str, str]] = []
    for name, database in sources.items():
        endpoint = task.sources[name]
        if database.identity == target.identity and await _is_same(sessions, endpoint, task.target):
            raise ConfigurationError(
                f"source {name} and the target are the same database, {target.dbname}",
                hint="point DATABASE_URL at a database of its own",
            )
        schema = _schema(task, name)
        for other, other_schema in seen:
            alike = other_schema == schema and sources[other].identity == database.identity
            same = sources[other] is database
            if alike and (same or await _is_same(sessions, endpoint, task.sources[other])):
                if not task.layout.sharing:
                    raise ConfigurationError(
                        f"sources {other} and {name} are the same database, {database.dbname}",
                        hint="correct one of their URLs",
                    )
                groups[name] = groups[other]
                break
        groups.setdefault(name, name)
        seen.append((name, schema))
    return groups | _beside(task, groups)


def _beside(task: Task, groups: Mapping[str, str]) -> dict[str, str]:
    """Return the groups of those entries that this plan isn't of, but whose URL is that of one that it is of."""
    if not task.layout.sharing:
        return {}
    places = {_address(task, name): group for name, group in groups.items()}
    others = [name for name in task.sources if name not in groups]
    return {name: places[_address(task, name)] for name in others if _address(task, name) in places}


def _address(task: Task, name: str) -> tuple[str, str]:
    return task.sources[name].url.masked, _schema(task, name)


def _schema(task: Task, name: str) -> str:
    return task.sources[name].url.schema or task.layout.database(name).schema


async def _is_same(sessions: SessionPool, one: Endpoint, other: Endpoint) -> bool:
    """Tell whether two endpoints are one database. A clone of a server has its identifiers, and is another one."""
    if one.place is None or other.place is None:
        return True
    # The other's sessions show it by the lock that they hold, so one of them has to be there.
    async with sessions.session(other), sessions.session(one) as connection:
        with one.translating_errors("can't tell which database it is"):
            return await one.place.holds(other.place, connection)


def refuse_unmigrated(task: Task, target: Database) -> None:
    """Raise TargetError where the target lacks tables of the chosen services."""
    chosen: Iterable[str] = task.services or (service.name for service in task.catalog.services)
    schemas = schemas_of(task.catalog, chosen)
    missing = [t for t in task.catalog.tables() if t.partition(".")[0] in schemas and t not in target.tables]
    if missing:
        without = {table.partition(".")[0] for table in missing}
        away = [name for name in task.elsewhere if task.catalog.service(name).schema in without]
        hint = f"run {task.catalog.command('migrate')} first"
        if away:
            hint = (
                f"{', '.join(away)} {'is' if len(away) == 1 else 'are'} placed elsewhere, by a variable: each database"
                " is a target of its own; name it with --database-url, and with --service those that are in it"
            )
        raise TargetError(
            f"the target {task.target.url.masked} isn't migrated: it lacks {counted(len(missing), 'table')}",
            details=tuple(missing),
            hint=hint,
        )


def _with_schemas(layout: Layout, endpoints: Mapping[str, Endpoint]) -> Layout:
    """Return the layout with the source schemas that the URLs name (Prisma's ``schema`` parameter)."""
    databases = tuple(
        replace(db, schema=endpoints[db.name].url.schema or db.schema) if db.name in endpoints else db
        for db in layout.databases
    )
    return replace(layout, databases=databases)
