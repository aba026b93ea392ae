"""Where the tenants are: what the legacy registry's rows say.

A tenant whose database can't be had is in trouble, and that is said of it; the others aren't concerned.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.planner import Task
from payrollx_db.errors import CatalogError, ConfigurationError, PayrollxError, SourceError
from payrollx_db.model.finding import Finding
from payrollx_db.model.instances import template_of, tenants_of
from payrollx_db.model.layout import TenantLayout
from payrollx_db.model.template import Tenant
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, run, session
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.tenants.legacy_tenant import LegacyTenant
from payrollx_db.tenants.looking import in_one_database

queries = query_files.beside(__name__)

COLUMNS = 5  # of a row that says where a tenant is

Facts = dict[str, str]  # by a tenant's id
Overlaps = Mapping[str, tuple[Facts, Facts]]  # by the overlap's name, what the registry has, once or twice


@dataclass(frozen=True)
class Discovered:
    """The tenants that are to be had or in trouble, those that are gone, and what else the registry's server shows.

    ``facts`` are those that the registry keeps and tenants too.
    """

    tenants: tuple[LegacyTenant, ...]
    gone: tuple[Tenant, ...]
    findings: tuple[Finding, ...]
    facts: Overlaps = field(default_factory=dict, repr=False)


async def discover(task: Task, chosen: Iterable[str] = (), *, drift: bool = False) -> Discovered:
    """Read the legacy registry of ``task``: where each tenant's database is; of those ``chosen``, or of all.

    With ``drift``, the facts that both keep are read. Raises SourceError where the registry can't be read, CatalogError
    where its rows don't name tenants, ConfigurationError where one that is chosen isn't there.
    """
    known = tenants_of(task.catalog, task.layout)
    registry = task.sources[known.registry]
    async with session(registry) as connection:
        with registry.translating_errors("can't read where the tenants are"):
            tenants = await _tenants(connection, known)
            databases = await _databases(connection, known.leftovers)
            facts = await _registry_facts(connection, task) if drift else {}
    _refuse_twice(tenants, known.registry)
    _refuse_unknown(tenants, chosen)
    gone = tuple(tenant for tenant in tenants if tenant.status in known.gone)
    wanted = [t for t in tenants if t not in gone and (not chosen or t.id in set(chosen))]
    legacy = [_named(task, registry, tenant) for tenant in wanted]
    shared = await in_one_database({one.tenant.id: one.endpoint for one in legacy if one.endpoint}, max(task.jobs, 2))
    legacy = [replace(one, trouble=shared[one.tenant.id]) if one.tenant.id in shared else one for one in legacy]
    return Discovered(tuple(legacy), gone, tuple(_orphaned(tenants, databases, task)), facts)


async def registered(task: Task) -> list[Tenant]:
    """Return the tenants of the legacy registry that aren't gone, without looking into their databases."""
    known = tenants_of(task.catalog, task.layout)
    registry = task.sources[known.registry]
    async with session(registry) as connection:
        with registry.translating_errors("can't read where the tenants are"):
            tenants = await _tenants(connection, known)
    _refuse_twice(tenants, known.registry)
    return [tenant for tenant in tenants if tenant.status not in known.gone]


def drift(found: Discovered, facts: Mapping[str, Mapping[str, str | None]], task: Task) -> Iterator[Finding]:
    """Yield a finding for each fact that the registry and tenants keep both, and not alike; by the tenants' ids.

    ``facts`` are those of the tenants that were looked into, by id and overlap.
    """
    for overlap in tenants_of(task.catalog, task.layout).overlaps if found.facts else ():
        said, second = found.facts.get(overlap.name, ({}, {}))
        if overlap.within_registry:
            differing = [one.tenant.id for one in found.tenants if second.get(one.tenant.id) != said.get(one.tenant.id)]
            which, remedy = "two tables of the registry", "correct the wrong one in the registry"
        else:
            differing = [name for name, own in facts.items() if own.get(overlap.name) != said.get(name)]
            which = f"the registry and the tenant's database, and the {overlap.owner} is right"
            remedy = f"correct the other one; the {overlap.owner} owns it"
        if differing:
            yield Finding(
                "tenant-drift", "warn", overlap.name, len(differing), f"what both have differs: {which}",
                tuple(sorted(differing)[:10]), remedy=remedy,
            )  # fmt: skip


# -- private ------------------------------------------------------------------------------------------


async def _tenants(connection: Connection, known: TenantLayout) -> list[Tenant]:
    return [_tenant(row, known.registry) for row in await run(connection, sql.SQL(known.query))]


def _tenant(row: Sequence[Any], registry: str) -> Tenant:
    if len(row) != COLUMNS or row[0] is None:
        raise CatalogError(
            f"the query that finds the tenants in {registry} gives no rows of id, name, status, URL and database",
            hint="correct TenantLayout(query=...) in the layout",
        )
    texts = ["" if value is None else str(value) for value in row]
    return Tenant(*texts)


def _refuse_twice(tenants: Iterable[Tenant], registry: str) -> None:
    twice = sorted(name for name, times in Counter(tenant.id for tenant in tenants).items() if times > 1)
    if twice:
        raise CatalogError(
            f"{registry} has {len(twice)} tenants twice, e.g. {twice[0]}",
            hint="correct TenantLayout(query=...), so that it gives a row a tenant",
        )


def _refuse_unknown(tenants: Iterable[Tenant], chosen: Iterable[str]) -> None:
    known = {tenant.id for tenant in tenants}
    for name in chosen:
        if name not in known:
            raise ConfigurationError(
                f"the registry has no tenant {name!r}", hint="payrollx-db tenant list names those that there are"
            )


async def _databases(connection: Connection, prefix: str) -> list[str]:
    if not prefix:
        return []
    return [name for (name,) in await run(connection, sql.SQL(queries.load("databases")), {"prefix": prefix})]


async def _registry_facts(connection: Connection, task: Task) -> Overlaps:
    facts = {}
    for overlap in tenants_of(task.catalog, task.layout).overlaps:
        second = await _facts(connection, overlap.tenant) if overlap.within_registry else {}
        facts[overlap.name] = (await _facts(connection, overlap.registry), second)
    return facts


async def _facts(connection: Connection, query: str) -> Facts:
    return {str(tenant): str(value) for tenant, value in await run(connection, sql.SQL(query)) if value is not None}


def _named(task: Task, registry: Endpoint, tenant: Tenant) -> LegacyTenant:
    """Return a tenant with the place of its database, into which nobody has looked."""
    try:
        return LegacyTenant(tenant, _endpoint(task, registry, tenant))
    except PayrollxError as error:
        return LegacyTenant(tenant, trouble=error)


def _endpoint(task: Task, registry: Endpoint, tenant: Tenant) -> Endpoint:
    """Return where a tenant's database is: where its row says, else under its name on the registry's server."""
    place = template_of(task.catalog).place_of(tenant.id)
    if tenant.url:
        try:
            url = DatabaseUrl.parse(tenant.url, name=f"the registry's URL of the tenant {tenant.id}")
        except ConfigurationError as error:  # what a row says is no mistake in how we were called
            raise SourceError(error.message, hint="correct the registry's row") from None
    else:
        url = registry.url.with_database(tenant.database or place)
    return Endpoint(url, "source", place, registry.application_name)


def _orphaned(tenants: Iterable[Tenant], databases: Iterable[str], task: Task) -> Iterator[Finding]:
    """Yield what says that a database has no tenant: a sign-up that failed half-way, or a tenant that was deleted."""
    template = template_of(task.catalog)
    known = {tenant.database or template.place_of(tenant.id) for tenant in tenants}
    known |= {DatabaseUrl.parse(tenant.url).dbname for tenant in tenants if _is_readable(tenant.url)}
    left = [name for name in databases if name not in known]
    if left:
        registry = tenants_of(task.catalog, task.layout).registry
        yield Finding(
            "no-tenant", "warn", registry, len(left), "databases look like a tenant's, and the registry has no row",
            tuple(left[:10]), remedy="register them, or drop them if nobody needs their rows",
        )  # fmt: skip


def _is_readable(url: str) -> bool:
    try:
        return bool(url and DatabaseUrl.parse(url).dbname)
    except ConfigurationError:
        return False
