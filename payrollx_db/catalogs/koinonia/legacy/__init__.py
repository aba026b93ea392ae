"""Koinonia's legacy layout: the registry's database, and one of one shape for each church that it lists.

Pure data, to be audited line by line. What the general rules say isn't repeated: a camelCase column goes to its
snake_case namesake, and moments are UTC. Ids stay the texts that they are. ``LAYOUT`` is for the catalog in which each
tenant has a schema, ``SHARED`` for that in which all share the tables.
"""

from payrollx_db.catalogs.koinonia.legacy.overlaps import OVERLAPS, queries
from payrollx_db.catalogs.koinonia.legacy.registry import DISCARDS, MAPS, TENANT
from payrollx_db.catalogs.koinonia.legacy.tenant import OLDER, TEMPLATE
from payrollx_db.model.layout import Layout, LegacyDatabase, TableMap, TenantLayout

__all__ = ["LAYOUT", "SHARED"]

# What `payrollx_db.model.template.Template.place_of` computes.
OWN_SCHEMA = queries.load("place").strip()
SHARED_SCHEMA = "'tenant'"


def _layout(schema: str) -> Layout:
    """Return the layout whose tenants are in the schema that this SQL gives."""
    tenants = TableMap(TENANT, "registry.tenants", derive={"schema": schema}, new=("database_url",))
    registry = LegacyDatabase(
        "koinonia_registry", variable="REGISTRY", service="registry", maps=(*MAPS, tenants), discards=DISCARDS
    )
    return Layout(
        "legacy",
        (registry,),
        timezone="UTC",
        migrations="prisma",
        tenants=TenantLayout(
            registry.name,
            queries.load("tenants"),
            TEMPLATE,
            older=OLDER,
            overlaps=OVERLAPS,
            gone=frozenset({"deleted"}),
            leftovers="tenant_",
        ),
    )


LAYOUT = _layout(OWN_SCHEMA)
SHARED = _layout(SHARED_SCHEMA)
