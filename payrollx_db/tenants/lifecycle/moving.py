"""A tenant moved into another unified database, of either shape: by way of a database of its old shape.

What is exported is proven, and so is what is copied from there; that database is what one can return to. The tenant is
suspended while it moves; in the end it is active there, and stays suspended here, with its rows.
"""

from dataclasses import dataclass, replace
from typing import Any

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.state.runs import sources_of
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.model.instances import instance, legacy_layout, template_of
from payrollx_db.model.layout import Layout
from payrollx_db.model.template import Tenant
from payrollx_db.postgres.databases import create_if_missing
from payrollx_db.postgres.session import Endpoint, session
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate
from payrollx_db.tenants.lifecycle.ending import export
from payrollx_db.tenants.lifecycle.registry import RegistryTable, as_owner
from payrollx_db.tenants.lifecycle.registry_rows import bring_routes, bring_rows
from payrollx_db.tenants.migrating import TenantMigrations


@dataclass(frozen=True)
class Place:
    """A unified database with its catalog and layout."""

    url: DatabaseUrl
    catalog: Catalog
    layout: Layout


@dataclass(frozen=True)
class Moved:
    """A tenant that was moved: how many rows of how many tables, where to, and the database that it went through."""

    id: str
    rows: int
    tables: int
    to: str
    via: str

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"id": self.id, "rows": self.rows, "tables": self.tables, "to": self.to, "via": self.via}


async def move(
    here: Place, there: Place, tenant: str, via: DatabaseUrl, *, observer: Observer = ignore_events
) -> Moved:
    """Move a tenant from ``here`` to ``there`` through ``via``, a database that is empty or made.

    Where it fails, the tenant is let in here again, and is kept out there; once it is dropped there, the next call
    begins anew, as rows may have changed.

    Raises ConfigurationError where there is no such tenant, StateConflictError where something of it is in the way
    there, FindingsError where its rows have no way there or the proof fails, SourceError or TargetError.
    """
    _refuse_known(there, tenant)
    before = _suspend(here, tenant)
    try:
        create_if_missing(via)
        done = await export(here.url, here.catalog, here.layout, tenant, via, watch=observer)
        _refuse_lost(tenant, done.lost, here)
        _make_there(here, there, tenant)
        rows, tables = await _copy(there, tenant, via, observer)
    except BaseException:
        _set(here, tenant, before)
        raise
    _open_there(here, there, tenant, before)
    return Moved(tenant, rows, tables, there.url.masked, via.masked)


# -- private ------------------------------------------------------------------------------------------


def _refuse_known(there: Place, tenant: str) -> None:
    """Raise StateConflictError where the other database knows the tenant, perhaps of a move that was cut off."""
    with as_owner(there.url, there.catalog) as registry:
        known = [row for row in registry.rows() if row.id == tenant]
    if known:
        raise StateConflictError(
            f"{there.url.masked} has a tenant {tenant} already, which is {known[0].status}",
            hint=f"if its rows there may go: {there.catalog.command(f'tenant drop {tenant}')}, on that database",
        )


def _suspend(place: Place, tenant: str) -> str:
    """Keep services out; return the status that the tenant had, or is to have where it was suspended already."""
    registry_of = template_of(place.catalog).registry
    with as_owner(place.url, place.catalog) as registry:
        row = registry.row(tenant)
        registry.change(tenant, status=registry_of.suspended)
    return registry_of.active[0] if row.status == registry_of.suspended else row.status


def _set(place: Place, tenant: str, status: str) -> None:
    with as_owner(place.url, place.catalog) as registry:
        registry.change(tenant, status=status)


def _refuse_lost(tenant: str, lost: tuple[str, ...], place: Place) -> None:
    if lost:
        raise FindingsError(
            f"the tenant {tenant} has columns that the old shape lacks; it wasn't moved", details=lost,
            hint=f"map them in the layout {place.layout.name}",
        )  # fmt: skip


def _make_there(here: Place, there: Place, tenant: str) -> None:
    """Make the tenant's schema and registry row there, kept out."""
    template = template_of(there.catalog)
    with (
        as_owner(here.url, here.catalog) as source,
        migrate.locked_connection(there.url, there.catalog) as opened,
        migrate.translating_errors(there.url),
    ):
        target = RegistryTable(there.catalog, opened)
        if template.shape == "schemas":
            migrations = TenantMigrations(there.catalog)
            migrations.upgrade(opened, tenant)
            opened.execute(ddl.script("RESET ROLE"))
            opened.execute(ddl.script(migrations.connecting([tenant])))
        opened.execute(ddl.act_as(there.catalog.owner_role))
        bring_rows(source, target, tenant, template.schema_of(tenant), template.registry.suspended)
        opened.commit()


async def _copy(there: Place, tenant: str, via: DatabaseUrl, observer: Observer) -> tuple[int, int]:
    """Copy what was exported, and prove it."""
    template = template_of(there.catalog)
    layout = legacy_layout(there.catalog, there.layout, [Tenant(tenant)])
    (entry,) = layout.databases
    sources = {entry.name: Endpoint(via, "source", entry.name)}
    made = instance(there.catalog, [tenant])
    service = template.schema_of(tenant) if template.shape == "schemas" else template.service.name
    layout = replace(layout, databases=(replace(entry, service=service),), migrations=None)
    task = Task(
        made, layout, sources, Endpoint(there.url, "target", there.url.dbname), (service,), observer=observer
    )  # fmt: skip
    await _give_up_unfinished(task, entry.name)
    await pipeline.copy(task)
    verdict = await pipeline.verify(task)
    if not verdict.rows_identical:
        raise FindingsError(
            f"the tenant {tenant} isn't the same there", hint=f"{there.catalog.command('verify')} names the rows"
        )
    return sum(table.result.right_rows for table in verdict.tables), len(verdict.tables)


async def _give_up_unfinished(task: Task, source: str) -> None:
    """Give up the run of an earlier call that was cut off; the tenant was dropped since, with what it had written."""
    async with session(task.target) as connection:
        earlier = [run for run, sources in await sources_of(connection) if source in sources]
    if earlier and earlier[0].unfinished:
        await pipeline.abandon(task.target, task.catalog, observer=task.observer)


def _open_there(here: Place, there: Place, tenant: str, status: str) -> None:
    """Bring the routes, and let services in there; where that fails, here again, once they are kept out there."""
    try:
        with as_owner(here.url, here.catalog) as source, as_owner(there.url, there.catalog) as target:
            bring_routes(source, target, tenant)
            target.change(tenant, status=status)
    except BaseException:  # even after the commit there: the other session may have been lost
        _set(there, tenant, template_of(there.catalog).registry.suspended)
        _set(here, tenant, status)
        raise
