"""Where a tenant is, as the registry's row says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, select

from payrollx_db.errors import ConfigurationError, SuspendedTenantError, UnknownTenantError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.model.template import Template
from payrollx_db.postgres.url import DatabaseUrl

BY_ID = "id"


@dataclass(frozen=True)
class TenantPlace:
    """One tenant: its id and status, the schema that has its tables, and its own database (``None``: the registry's).

    ``shared`` says that the tables are those of all tenants, where rows say whose they are.
    """

    id: str
    status: str
    schema: str
    shared: bool
    url: DatabaseUrl | None = field(default=None)

    def refuse_inactive(self, template: Template) -> "TenantPlace":
        """Return the place. Raises SuspendedTenantError where its status lets no service in."""
        if self.status not in template.registry.active:
            raise SuspendedTenantError(
                f"the tenant {self.id} is {self.status}, and no service is let in",
                hint=f"payrollx-db tenant resume {self.id} lets services in again",
            )
        return self


@dataclass(frozen=True)
class Lookup:
    """One way to a tenant: ``kind`` is a route of the template or ``id``, ``value`` what the column has of it.

    It is a key of what is remembered, so an e-mail address is there as its hash, where the route makes one.
    """

    kind: str
    value: str = field(repr=False)

    def unknown(self) -> UnknownTenantError:
        """Return the error where no tenant is found. It names an id, and no address or number."""
        if self.kind == BY_ID:
            return UnknownTenantError(
                f"the registry has no tenant {self.value}", hint="payrollx-db tenant list names those that there are"
            )
        return UnknownTenantError(
            f"no tenant has that {self.kind}", hint=f"see that the registry's route by {self.kind} has it"
        )


def lookup(template: Template, wanted: Mapping[str, str]) -> Lookup:
    """Return the one way that a caller has named. Raises ConfigurationError for none, several, or one that isn't."""
    ways = [BY_ID, *template.registry.routes]
    if len(wanted) != 1 or next(iter(wanted)) not in ways:
        named = ", ".join(sorted(wanted)) or "nothing"
        raise ConfigurationError(
            f"a tenant can't be found by {named}", hint=f"name one of {', '.join(ways)}: route({ways[-1]}=...)"
        )
    [(kind, value)] = wanted.items()
    if not isinstance(value, str):
        raise ConfigurationError(f"a tenant's {kind} is text, and not {type(value).__name__}", hint="give it a str")
    route = template.registry.routes.get(kind) if kind != BY_ID else None
    return Lookup(kind, route.normalize(value) if route and route.normalize else value)


def question(catalog: Catalog, sought: Lookup) -> Select[Any]:
    """Return the query for the registry's row."""
    registry = template_of(catalog).registry
    tenants = catalog.models.tables[registry.table]
    columns = (registry.id, registry.status, registry.schema, registry.database_url)
    rows = select(*(_column(tenants, name) for name in columns))
    if sought.kind == BY_ID:
        return rows.where(_column(tenants, registry.id) == sought.value)
    route = registry.routes[sought.kind]
    ways = catalog.models.tables[route.table]
    if ways is not tenants:
        rows = rows.join(ways, _column(ways, route.tenant) == _column(tenants, registry.id))
    return rows.where(_column(ways, route.column) == sought.value).limit(1)


def place_of(template: Template, row: Any, here: DatabaseUrl) -> TenantPlace:
    """Return the place that a row of the registry names; ``here`` is the registry's own database.

    Raises ConfigurationError where the row names a schema that isn't this tenant's: it may be another's.
    """
    tenant, status, schema, url = row
    shared, own = template.service.schema, template.place_of(tenant)
    schema = schema or (shared if template.shape == "shared" else own)
    if schema not in (shared, own) or (schema == shared and template.shape != "shared"):
        raise ConfigurationError(
            f"the registry says that the tenant {tenant} is in the schema {schema}, which isn't its own",
            hint=f"its schema is {own}, or where tenants share their tables, {shared}",
        )
    place = _with_login(DatabaseUrl.parse(url, name=f"the database URL of the tenant {tenant}"), here) if url else None
    return TenantPlace(tenant, status, schema, schema == shared, place)


# -- private ------------------------------------------------------------------------------------------


def _column(table: Table, name: str) -> Any:
    return table.columns[name]


def _with_login(url: DatabaseUrl, here: DatabaseUrl) -> DatabaseUrl:
    """Return where a tenant's database is, with our own login where the registry's row has none."""
    from dataclasses import replace

    ours = {name: here.params[name] for name in ("user", "password") if name in here.params}
    if "user" in url.params and url.params["user"] != ours.get("user"):
        return url
    return replace(url, params=ours | dict(url.params), driver=url.driver or here.driver)
