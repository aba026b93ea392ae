"""The catalog of the choirs, with a schema each (``SCHEMAS``) and with tables that all share (``SHARED``)."""

from dataclasses import replace
from pathlib import Path

from choirs.models import Base, hashed
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.shared import row_security, shared_metadata
from payrollx_db.model.template import Limit, Route, Shape, Template, TenantRegistry

REGISTRY = TenantRegistry(
    "registry.tenants",
    routes={
        "email": Route("registry.emails", "hash", normalize=hashed),
        "phone": Route("registry.phones", "number"),
    },
)  # fmt: skip
LIMITS = (
    Limit("singers", "singers", {"small": 3, "large": 6, "all": None}),
    Limit("chiefs", "singers", {"small": 1, "large": 2, "all": 2}, where="role = 'CHIEF'"),
    Limit("messages a month", "messages", {"small": 2, "large": 100, "all": None}, month="created_at"),
)
MADE = ("view tenant.chiefs", "function tenant.singer_count()")
FOLDER = Path(__file__).parent / "migrations"


def _catalog(shape: Shape) -> Catalog:
    role = f"choirs_{shape}"
    service = Service("tenant", "tenant", role, extras=MADE)
    template = Template(service, shape, REGISTRY, prefix=f"{shape}_", setting="choirs.choir", limits=LIMITS)
    if shape == "shared":
        template = replace(template, service=replace(service, extras=(*MADE, *row_security(template, Base.metadata))))
    registry = Service("registry", "registry", f"{role}_registry")
    return Catalog.of(
        f"choirs_{shape}",
        shared_metadata(Base.metadata, template) if shape == "shared" else Base.metadata,
        [registry],
        owner_role="choirs_owner",
        reader_role="choirs_reader",
        template=template,
        migrations=FOLDER / shape,
    )


SCHEMAS = _catalog("schemas")
SHARED = _catalog("shared")
