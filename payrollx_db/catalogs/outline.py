"""Outlines of built-in catalogs: all that a catalog says but its models, in a file beside them.

To import the models of 142 tables takes longer than to copy the rows of some of them, and what plans, checks, copies
and verifies needs none. An outline holds for the sources from which it was made: where one of them was changed since,
the models are imported. ``scripts/generate_outlines.py`` writes the files.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.schema.shipped import folder

FOLDER = Path(__file__).with_name("outlines")
NAMES = ("payrollx", "azora", "tec")  # those that have no template
SHARED = ("columns.py",)  # beside a system's own modules


def read(name: str, address: str) -> Catalog | None:
    """Return the outline of the built-in catalog ``name``, whose models lie at ``address``; ``None`` where none holds.

    Its models are imported when they are asked for.
    """
    if name not in NAMES:
        return None
    try:
        document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        holds = document.pop("sources") == digest(name)
    except (OSError, ValueError, KeyError):
        return None
    return _catalog(document, address) if holds else None


def document_of(name: str, catalog: Catalog) -> dict[str, Any]:
    """Return the outline of ``catalog`` as plain data, as `read` takes it."""
    return {
        "sources": digest(name),
        "name": catalog.name,
        "owner_role": catalog.owner_role,
        "reader_role": catalog.reader_role,
        "migrations": catalog.revisions.relative_to(folder("alembic")).as_posix(),
        "layouts": dict(catalog.layouts),
        "seed": catalog.seed,
        "practice": catalog.practice,
        "option": catalog.option,
        "readable": {table: list(columns) for table, columns in sorted(catalog.readable.items())},
        "secrets": {table: sorted(columns) for table, columns in sorted(catalog.secrets.items())},
        "protected": sorted(catalog.protected),
        "services": [
            {
                "name": service.name,
                "schema": service.schema,
                "role": service.role,
                "tables": list(service.tables),
                "extras": list(service.extras),
                "reads": list(service.reads),
            }
            for service in catalog.services
        ],
        "references": [
            [r.table, list(r.columns), r.target_table, list(r.target_columns), r.enforced] for r in catalog.references
        ],
    }


def digest(name: str) -> str:
    """Return what changes whenever a source is changed that the outline of ``name`` was made from. Raises OSError."""
    here = Path(__file__).parent
    sources = [*sorted((here / name).glob("*.py")), *(here / path for path in SHARED)]
    total = hashlib.sha256()
    for source in sources:
        total.update(source.name.encode() + b"\0" + source.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return total.hexdigest()


def _catalog(document: dict[str, Any], address: str) -> Catalog:
    services = tuple(
        Service(
            one["name"], one["schema"], one["role"], tuple(one["tables"]), tuple(one["extras"]), tuple(one["reads"])
        )
        for one in document["services"]
    )
    references = tuple(Reference(*ends, enforced=enforced) for *ends, enforced in document["references"])
    return Catalog(
        document["name"],
        services,
        references,
        document["owner_role"],
        document["reader_role"],
        migrations=folder("alembic") / document["migrations"],
        layouts=document["layouts"],
        seed=document["seed"],
        practice=document["practice"],
        option=document["option"],
        readable={table: tuple(columns) for table, columns in document["readable"].items()},
        secrets={table: frozenset(columns) for table, columns in document["secrets"].items()},
        protected=frozenset(document["protected"]),
        models_at=address,
    )
