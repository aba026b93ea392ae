"""Catalogs by name: those that are built in, those that other packages bring, and any ``package.module:name``."""

import importlib
from importlib.metadata import entry_points
from typing import TypeVar

from payrollx_db.errors import CatalogError, ConfigurationError
from payrollx_db.model.catalog import Catalog

GROUP = "payrollx_db.catalogs"  # the entry points by which a package brings a catalog
BUILT_IN = {"payrollx": "payrollx_db.catalogs.payrollx.unified:CATALOG"}

T = TypeVar("T")


def find(name: str) -> Catalog:
    """Return the catalog called ``name``: a built-in one, an entry point's, or ``package.module:name``.

    Raises ConfigurationError where nothing is called so, CatalogError where it can't be imported or is no catalog.
    """
    if ":" in name:
        return load(name, Catalog)
    if name in BUILT_IN:
        return load(BUILT_IN[name], Catalog)
    brought = {point.name: point.value for point in entry_points(group=GROUP)}
    if name in brought:
        return load(brought[name], Catalog)
    known = ", ".join(sorted({*BUILT_IN, *brought}))
    raise ConfigurationError(f"there is no catalog {name!r}", hint=f"there are {known}; or give package.module:name")


def load(name: str, kind: type[T]) -> T:
    """Import ``package.module:name``, which must be a ``kind``. Raises CatalogError."""
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise CatalogError(f"can't import {module}: {error}", hint="install it, or run from its folder") from None
    except AttributeError:
        raise CatalogError(f"{module} has no {attribute}", hint=f"name the {kind.__name__} that it defines") from None
    if not isinstance(found, kind):
        raise CatalogError(f"{name} is a {type(found).__name__}", hint=f"it must be a {kind.__name__}")
    return found
