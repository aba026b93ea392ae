"""The story of many tenants' consolidation: the services beside them first, then tenants in groups.

Each group is one run, as for any services. What goes wrong with one tenant is told of it, and the others go on: a group
that fails is done again, tenant by tenant.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Report, Task
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import unfinished_run
from payrollx_db.consolidate.state.runs import sources_of
from payrollx_db.consolidate.verify.verifier import Verdict
from payrollx_db.errors import LockLostError, PayrollxError, PooledError, StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import (
    Event,
    Notice,
    Observer,
    RunStarted,
    StageStarted,
    TableChecked,
    TableFinished,
    TableProgress,
    TableStarted,
    WorkStarted,
)
from payrollx_db.model.finding import Finding
from payrollx_db.model.instances import instance, legacy_layout, registry_layout, template_of, tenants_of
from payrollx_db.model.instances import without_missing as as_there
from payrollx_db.model.wording import counted
from payrollx_db.postgres.introspect import KnownCatalogs
from payrollx_db.postgres.session import Endpoint, session
from payrollx_db.postgres.session_pool import SessionPool, shared_or_own
from payrollx_db.tenants.discovery import Discovered, discover, drift
from payrollx_db.tenants.legacy_tenant import LegacyTenant
from payrollx_db.tenants.looking import Looking
from payrollx_db.tenants.outcome import State, TenantOutcome, TenantsOutcome, blocked, in_trouble

OF_TABLES = (StageStarted, WorkStarted, RunStarted, TableStarted, TableProgress, TableFinished, TableChecked)
COPIED: tuple[State, ...] = ("copied", "already copied")
GROUP = 20  # tenants of a run: some hundred tables, whose fixed costs they share

Group = tuple[LegacyTenant, ...]
Work = Callable[["TenantsTask", Group], Awaitable[list[TenantOutcome]]]


@dataclass(frozen=True)
class TenantsTask:
    """A consolidation of tenants: the task, with the registry's source; which tenants (empty: all); and how it goes on.

    With ``stop_at_trouble``, the first tenant in trouble ends it. ``group`` is how many tenants a run is of.
    """

    task: Task
    tenants: tuple[str, ...] = ()
    stop_at_trouble: bool = False
    group: int = GROUP

    @property
    def registry(self) -> Task:
        """The task of the services beside the tenants."""
        names = tuple(s.name for s in self.task.catalog.services if s.schema != self.template_schema)
        chosen = tuple(name for name in self.task.services if name in names) or names
        return replace(
            self.task, layout=registry_layout(self.task.layout), services=chosen, target=self._target(self.task.catalog)
        )

    @property
    def template_schema(self) -> str:
        """The schema whose name stands for the tenants'."""
        return template_of(self.task.catalog).service.schema

    def of(self, group: Group) -> Task:
        """Return the task of some tenants, as if a catalog and a layout had been written for them."""
        catalog, known = self.task.catalog, tenants_of(self.task.catalog, self.task.layout)
        layout = legacy_layout(catalog, self.task.layout, (one.tenant for one in group))
        entries = [as_there(entry, known, one.tables) for entry, one in zip(layout.databases, group, strict=True)]
        made = instance(catalog, (one.tenant.id for one in group))
        services = tuple(dict.fromkeys(entry.service for entry in entries))
        sources = {one.endpoint.name: one.endpoint for one in group if one.endpoint is not None}
        target = self._target(made)
        return replace(
            self.task,
            catalog=made,
            layout=replace(layout, databases=tuple(entries)),
            sources=sources,
            services=services,
            observer=_without_tables(self.task.observer),
            target=target if target.place is not None else target.placed(),
        )

    def _target(self, catalog: Catalog) -> Endpoint:
        """Return the target with the schemas of this catalog alone: it may have those of any number of tenants."""
        return replace(self.task.target, schemas=tuple(service.schema for service in catalog.services))

    def groups(self, tenants: Sequence[LegacyTenant]) -> Iterator[Group]:
        """Yield the tenants in groups."""
        for start in range(0, len(tenants), self.group):
            yield tuple(tenants[start : start + self.group])


async def plan(tenants: TenantsTask) -> TenantsOutcome:
    """Say what would be done for each tenant. Raises as `pipeline.plan` for the services beside them."""
    beside = await pipeline.plan(tenants.registry)
    pipeline.refuse_mismatches(beside)
    found = await discover(tenants.task, tenants.tenants)

    async def work(near: TenantsTask, group: Group) -> list[TenantOutcome]:
        return _planned(group, await pipeline.plan(near.of(group)))

    return await _all(tenants, found, work, beside.document())


async def check(tenants: TenantsTask, *, reversible: bool = False) -> TenantsOutcome:
    """Say what could not be carried over, tenant by tenant, and what the registry and tenants say differently."""
    beside = await pipeline.check(tenants.registry, reversible=reversible)
    found = await discover(tenants.task, tenants.tenants, drift=True)

    async def work(near: TenantsTask, group: Group) -> list[TenantOutcome]:
        return _checked(group, await pipeline.check(near.of(group), reversible=reversible))

    looking = Looking(tenants.task, drift=True)
    outcome = await _all(tenants, found, work, {}, looking=looking)
    return replace(outcome, findings=(*beside, *outcome.findings, *drift(found, looking.facts, tenants.task)))


async def copy(tenants: TenantsTask, *, restart: bool = False) -> TenantsOutcome:
    """Copy the services beside the tenants, then the tenants; resume a run that was interrupted first.

    With ``restart``, what was copied is emptied first: of chosen tenants alone, else of the services beside them too.
    Raises as `pipeline.copy` where the registry or the target is in trouble.
    """
    found = await discover(tenants.task, tenants.tenants)
    first = await _interrupted(tenants, found)
    beside: Report | None = None
    if restart and not tenants.tenants and template_of(tenants.task.catalog).shape == "shared":
        await _empty_all(tenants, found)  # their rows point at the registry's, which go next
        first, emptied = (), True
    else:
        emptied = False
    if not first:
        beside = await pipeline.copy(tenants.registry, restart=restart and not tenants.tenants)

    resumed = {one.tenant.id for one in first}

    async def work(near: TenantsTask, group: Group) -> list[TenantOutcome]:
        again = restart and not emptied and resumed.isdisjoint(one.tenant.id for one in group)
        return _copied(group, await _copy_group(near, group, restart=again))

    document = beside.document() if beside else {}
    return await _all(tenants, found, work, document, first=first)


async def verify(tenants: TenantsTask, *, limit: int = 20, values: bool = False, sums: bool = False) -> TenantsOutcome:
    """Prove tenant by tenant that both sides hold the same."""
    beside = await pipeline.verify(tenants.registry, limit=limit, values=values, sums=sums)
    found = await discover(tenants.task, tenants.tenants)

    async def work(near: TenantsTask, group: Group) -> list[TenantOutcome]:
        verdict = await pipeline.verify(near.of(group), limit=limit, values=values, sums=sums)
        return _verified(group, verdict)

    outcome = await _all(tenants, found, work, beside.document())
    return replace(outcome, problems=_differences(beside))


async def copy_and_verify(
    tenants: TenantsTask, *, restart: bool = False
) -> tuple[TenantsOutcome, TenantsOutcome | None]:
    """Copy as `copy` does, then prove tenant by tenant what is copied; nothing of it where no tenant is."""
    async with shared_or_own(tenants.task.sessions) as sessions:
        shared = replace(tenants, task=replace(tenants.task.placed(), sessions=sessions))
        copied = await copy(shared, restart=restart)
        ids = tuple(one.id for one in copied.tenants if one.state in COPIED)
        if not ids and any(one.state != "gone" for one in copied.tenants):
            return copied, None
        everybody = all(one.state in (*COPIED, "gone") for one in copied.tenants)
        return copied, await verify(shared if everybody else replace(shared, tenants=ids))


# -- private ------------------------------------------------------------------------------------------


async def _all(
    tenants: TenantsTask,
    found: Discovered,
    work: Work,
    beside: dict[str, object],
    *,
    first: Group = (),
    looking: Looking | None = None,
) -> TenantsOutcome:
    """Do the work for every group; return what became of each tenant, in the registry's order."""
    healthy = [one for one in found.tenants if one.trouble is None]
    outcomes = {one.tenant.id: in_trouble(_name(one), one.trouble) for one in found.tenants if one.trouble is not None}
    outcomes |= {t.id: TenantOutcome(t.id, t.name, "gone") for t in found.gone if not tenants.tenants}
    stopped = tenants.stop_at_trouble and any(outcome.is_trouble for outcome in outcomes.values())
    rest = [one for one in healthy if one not in first]
    groups = [group for group in (first, *tenants.groups(rest)) if group]
    each = _OneGroup(tenants, looking or Looking(tenants.task), work)
    for number, group in enumerate(groups, 1):
        if stopped:
            break
        tenants.task.observer(Notice(f"group {number} of {len(groups)}: {counted(len(group), 'tenant')}"))
        outcomes |= {outcome.id: outcome for outcome in await each.outcomes(group)}
        stopped = tenants.stop_at_trouble and any(outcome.is_trouble for outcome in outcomes.values())
    for one in healthy:
        outcomes.setdefault(one.tenant.id, TenantOutcome(*_name(one), "left"))
    order = [one.tenant.id for one in found.tenants] + [tenant.id for tenant in found.gone]
    listed = tuple(outcomes[name] for name in order if name in outcomes)
    return TenantsOutcome(listed, found.findings, dict(beside), stopped=stopped)


@dataclass(frozen=True)
class _OneGroup:
    """Does the work for one group: looks into its tenants' databases, and goes on in the same sessions."""

    tenants: TenantsTask
    looking: Looking
    work: Work

    async def outcomes(self, group: Group) -> list[TenantOutcome]:
        """Return what became of each; where the work fails, it is done for each alone: only those fail whose it is."""
        try:
            return await self._looked_into(group)
        except PayrollxError as error:
            if len(group) == 1 or not _is_of_tenants(error):
                raise
            self.tenants.task.observer(Notice(f"{error.message}: now tenant by tenant"))
        return [outcome for one in group for outcome in await self.outcomes((one,))]

    async def _looked_into(self, group: Group) -> list[TenantOutcome]:
        async with SessionPool() as sessions:
            catalogs = KnownCatalogs()
            looked = await self.looking.into(group, sessions, catalogs)
            troubled = [in_trouble(_name(one), one.trouble) for one in looked if one.trouble is not None]
            healthy = tuple(one for one in looked if one.trouble is None)
            if not healthy or (troubled and self.tenants.stop_at_trouble):
                return troubled
            task = replace(self.tenants.task, sessions=sessions, catalogs=catalogs)
            try:
                outcomes = await self.work(replace(self.tenants, task=task), healthy)
            except PayrollxError as error:
                if len(group) > 1 or not _is_of_tenants(error):
                    raise
                outcomes = [in_trouble(_name(healthy[0]), error, healthy[0].missing)]
            return [*troubled, *outcomes]


def _is_of_tenants(error: PayrollxError) -> bool:
    """Tell whether an error may be that of one tenant: not the target's, or another process's."""
    if isinstance(error, LockLostError | PooledError):
        return False
    return not (isinstance(error, TargetError) and error.transient)


async def _copy_group(tenants: TenantsTask, group: Group, *, restart: bool) -> Report:
    """Copy a group. Where that fails half-way, its run is given up, so that the next one isn't kept out by it.

    What it has written is emptied when these tenants are copied again.
    """
    task = tenants.of(group)
    again = restart or await _was_given_up(tenants, group)
    try:
        return await pipeline.copy(task, restart=again)
    except PayrollxError as error:
        if _is_of_tenants(error) and not isinstance(error, StateConflictError):
            await _give_up(task)
        raise


async def _empty_all(tenants: TenantsTask, found: Discovered) -> None:
    """Undo what was copied of all tenants that can be had, group by group."""
    looking = Looking(tenants.task)
    for group in tenants.groups([one for one in found.tenants if one.trouble is None]):
        async with SessionPool() as sessions:
            looked = await looking.into(group, sessions, KnownCatalogs())
            there = tuple(one for one in looked if one.trouble is None)
            if there:
                await pipeline.empty(replace(tenants, task=replace(tenants.task, sessions=sessions)).of(there))


async def _give_up(task: Task) -> None:
    async with session(task.target) as connection:
        unfinished = await unfinished_run(connection)
    if unfinished is not None:
        await pipeline.abandon(task.target, task.catalog, observer=task.observer, jobs=task.jobs)


async def _was_given_up(tenants: TenantsTask, group: Group) -> bool:
    """Tell whether the newest run of these tenants was given up, which has left rows behind."""
    names = {one.endpoint.name for one in group if one.endpoint is not None}
    async with session(tenants.task.target) as connection:
        for run, sources in await sources_of(connection):
            if names & sources:
                return run.status == "abandoned"
    return False


async def _interrupted(tenants: TenantsTask, found: Discovered) -> Group:
    """Return the tenants of the run that was interrupted, which comes first. Raises StateConflictError for others'."""
    async with session(tenants.task.target) as connection:
        recorded = await sources_of(connection)
    for run, sources in recorded:
        if run.unfinished:
            return tuple(one for one in found.tenants if one.endpoint is not None and one.endpoint.name in sources)
    return ()


def _without_tables(observer: Observer) -> Observer:
    """Return an observer that hears of no single table: of many tenants there would be thousands of lines."""

    def observe(event: Event) -> None:
        if not isinstance(event, OF_TABLES):
            observer(event)

    return observe


def _name(one: LegacyTenant) -> tuple[str, str]:
    return one.tenant.id, one.tenant.name


def _place(one: LegacyTenant) -> str:
    return one.endpoint.name if one.endpoint is not None else ""


def _planned(group: Group, plan: Plan) -> list[TenantOutcome]:
    outcomes = []
    for one in group:
        place = _place(one)
        tables = [table for table in plan.tables if table.database == place]
        problems = tuple(str(m) for m in plan.mismatches if _is_at(m.place, place) or len(group) == 1)
        state: State = "trouble" if problems else "planned"
        rows = sum(table.source.rows for table in tables)
        hint = "map each in the layout's template, or discard it there with a reason" if problems else ""
        outcomes.append(TenantOutcome(*_name(one), state, len(tables), rows, one.missing, problems, hint))
    return outcomes


def _checked(group: Group, findings: Sequence[Finding]) -> list[TenantOutcome]:
    outcomes = []
    for one in group:
        of_tenant = [f for f in findings if f.blocks and (_is_at(f.place, _place(one)) or len(group) == 1)]
        if of_tenant:
            outcomes.append(blocked(_name(one), of_tenant, one.missing))
        else:
            outcomes.append(TenantOutcome(*_name(one), "clear", len(one.tables), missing=one.missing))
    return outcomes


def _copied(group: Group, report: Report) -> list[TenantOutcome]:
    outcomes = []
    for one in group:
        accounts = [table for table in report.tables if _is_at(table.source, _place(one))]
        rows = sum(table.rows_written or 0 for table in accounts)
        state: State = "already copied" if report.nothing_to_do or not accounts else "copied"
        outcomes.append(TenantOutcome(*_name(one), state, len(accounts), rows, one.missing))
    return outcomes


def _verified(group: Group, verdict: Verdict) -> list[TenantOutcome]:
    outcomes = []
    differences = verdict.structure.differences if verdict.structure else ()
    errors = [finding for finding in (*differences, *verdict.uncovered) if finding.severity == "error"]
    for one in group:
        tables = [table for table in verdict.tables if table.table.database == _place(one)]
        wrong = [f"{t.table.source_name} -> {t.table.target_name} differs" for t in tables if not t.identical]
        mine = (f.message for f in errors if _is_at(f.place, _place(one)) or len(group) == 1)
        problems = (*wrong, *mine)
        state: State = "different" if problems else "identical"
        rows = sum(table.result.right_rows for table in tables)
        hint = f"payrollx-db verify --tenant {one.tenant.id} --json names the rows" if problems else ""
        outcomes.append(TenantOutcome(*_name(one), state, len(tables), rows, one.missing, problems, hint))
    return outcomes


def _differences(verdict: Verdict) -> tuple[str, ...]:
    """Return what differs of the services beside the tenants, a line each."""
    structure = verdict.structure.differences if verdict.structure else ()
    return (
        *(f"{t.table.source_name} -> {t.table.target_name} differs" for t in verdict.tables if not t.identical),
        *(finding.message for finding in (*structure, *verdict.uncovered) if finding.severity == "error"),
    )


def _is_at(place: str, database: str) -> bool:
    """Tell whether a place is in a database, by the name that it begins with."""
    return place == database or place.startswith(f"{database}.")
