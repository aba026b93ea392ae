"""The harbour's catalog, and what crosses its services."""

from pathlib import Path

from harbour import base, berthing, customs, registry
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog, Service

CATALOG = Catalog.of(
    "harbour",
    base.metadata,
    [registry.service, berthing.service, customs.service, Service("weather", "weather", "harbour_weather")],
    owner_role="harbour_owner",
    reader_role="harbour_reader",
    migrations=Path(__file__).parent / "migrations",
    layouts={"legacy": "harbour.layout:LAYOUT", "again": "harbour.layout:LAYOUT"},
    seed="harbour.examples:SEED",
    practice="harbour.examples:make_legacy",
)

# The same tables, and nothing else: what needs more refuses it by name.
BARE = Catalog("bare", CATALOG.services, CATALOG.references, "harbour_owner", "harbour_reader")

reader = Reader(CATALOG.reader_role, catalog=base.CATALOG)
