"""From a template to its tenants: the catalog and the layout of some of them, as if each had been written by hand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, TableMap, TenantLayout, snake_case, template_fields
from payrollx_db.model.template import Template, Tenant

T = TypeVar("T")


def template_of(catalog: Catalog) -> Template:
    """Return the template of ``catalog``. Raises CatalogError where it has none."""
    if catalog.template is None:
        raise catalog.lacks("no template for tenants", "template=")
    return catalog.template


def tenants_of(catalog: Catalog, layout: Layout) -> TenantLayout:
    """Return what a layout knows of tenants. Raises CatalogError where it knows nothing of them."""
    if layout.tenants is None:
        raise CatalogError(
            f"the layout {layout.name} of {catalog.name} says nothing of tenants",
            hint="name one that does with --from, or give it tenants=TenantLayout(...)",
        )
    return layout.tenants


def instance(catalog: Catalog, tenants: Iterable[str]) -> Catalog:
    """Return the catalog of ``tenants``, by their ids, beside the services that the template's catalog has itself.

    With the shape ``schemas``, each is a service, whose name, schema and role are one name. With ``shared``, all share
    the service of the template, and the catalog is what it was.
    """
    template = template_of(catalog)
    if template.shape == "shared":
        return catalog
    services = [_service(template, tenant) for tenant in dict.fromkeys(tenants)]
    here = template.service.schema
    references = (_moved(reference, here, service.schema) for service in services for reference in template.references)
    secrets = _renamed(catalog.secrets, here, services)
    readable = _renamed(catalog.readable, here, services)
    return replace(
        catalog,
        services=(*catalog.services, *services),
        references=(*catalog.references, *references),
        secrets=secrets,
        readable=readable,
    )


def legacy_layout(catalog: Catalog, layout: Layout, tenants: Iterable[Tenant]) -> Layout:
    """Return the layout of ``tenants`` alone: an entry each, whose name is that of its place."""
    template, known = template_of(catalog), tenants_of(catalog, layout)
    entries = tuple(_entry(template, known, tenant) for tenant in tenants)
    return replace(layout, databases=entries, tenants=None)


def registry_layout(layout: Layout) -> Layout:
    """Return the layout without its tenants: what is one database, the registry's among them."""
    return replace(layout, tenants=None)


def without_missing(legacy: LegacyDatabase, known: TenantLayout, tables: Mapping[str, Iterable[str]]) -> LegacyDatabase:
    """Return a tenant's entry without what its database lacks, where that is known of older ones.

    ``tables`` are those that the database has, each with its columns. What isn't known to be missing in older ones
    stays, and the plan names it.
    """
    return replace(legacy, maps=tuple(_maps_there(legacy, known, tables)))


def missing_of(known: TenantLayout, tables: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return what isn't there of that which older databases lack, as ``table`` or ``table.column``."""
    lacking = []
    for table, columns in sorted(known.older.items()):
        if table not in tables:
            lacking.append(table)
        else:
            there = set(tables[table])
            lacking += [f"{table}.{column}" for column in sorted(columns) if column not in there]
    return tuple(lacking)


# -- private ------------------------------------------------------------------------------------------


def _service(template: Template, tenant: str) -> Service:
    name = template.schema_of(tenant)
    here = template.service.schema
    extras = tuple(extra.replace(f"{here}.", f"{name}.") for extra in template.service.extras)
    return replace(
        template.service,
        name=name,
        schema=name,
        role=name,
        extras=extras,
        template=template.service.name,
        tenant=tenant,
    )


def _moved(reference: Reference, here: str, there: str) -> Reference:
    return Reference(
        _place(reference.table, here, there), reference.columns,
        _place(reference.target_table, here, there), reference.target_columns, enforced=reference.enforced,
    )  # fmt: skip


def _place(table: str, here: str, there: str) -> str:
    schema, _, name = table.partition(".")
    return f"{there}.{name}" if schema == here else table


def _renamed(marks: Mapping[str, T], here: str, services: Iterable[Service]) -> dict[str, T]:
    """Return marks of tables with those of the template's for each tenant."""
    others = {table: mark for table, mark in marks.items() if table.partition(".")[0] != here}
    inside = {table: mark for table, mark in marks.items() if table not in others}
    return others | {
        _place(table, here, service.schema): mark for service in services for table, mark in inside.items()
    }


def _entry(template: Template, known: TenantLayout, tenant: Tenant) -> LegacyDatabase:
    place = template.place_of(tenant.id)
    database = known.database
    maps = tuple(_map(template, table_map, tenant) for table_map in database.maps)
    return replace(
        database, name=place, variable=place.upper(), service=template.schema_of(tenant.id), maps=maps,
        database=tenant.database or place,
    )  # fmt: skip


def _map(template: Template, table_map: TableMap, tenant: Tenant) -> TableMap:
    target = _place(table_map.target, template.service.schema, template.schema_of(tenant.id))
    scope = {template.tenant_column: tenant.id} if template.shape == "shared" else {}
    return replace(table_map, target=target, scope=scope)


def _maps_there(legacy: LegacyDatabase, known: TenantLayout, tables: Mapping[str, Iterable[str]]) -> Iterator[TableMap]:
    for table_map in legacy.maps:
        name = table_map.source.name
        may_lack = known.older.get(name)
        if name not in tables:
            if may_lack is None or may_lack:  # only a whole table may be missing that is named without columns
                yield table_map
            continue
        there = set(tables[name])
        lacking = {column for column in may_lack or () if column not in there}
        yield _without(table_map, lacking) if lacking else table_map


def _without(table_map: TableMap, lacking: set[str]) -> TableMap:
    """Return a map of a source that lacks columns: what they would fill keeps its default."""
    columns = {name: kind for name, kind in table_map.source.columns.items() if name not in lacking}
    unread = [target for target, text in table_map.derive.items() if lacking.intersection(template_fields(text))]
    unfilled = [table_map.rename.get(name, snake_case(name)) for name in sorted(lacking)]
    return replace(
        table_map,
        source=replace(table_map.source, columns=columns),
        rename={name: target for name, target in table_map.rename.items() if name not in lacking},
        derive={target: text for target, text in table_map.derive.items() if target not in unread},
        inverse={name: text for name, text in table_map.inverse.items() if name not in lacking},
        empty_as_null=table_map.empty_as_null - lacking,
        new=tuple(dict.fromkeys((*table_map.new, *unfilled, *unread))),
    )
