"""Catalogs and layouts by name: the one place that turns what ``--catalog`` and ``--from`` take into what is meant.

A catalog is a built-in one, one that an installed package brings as an entry point, or ``package.module:name``. A
layout is one of its catalog's, or ``package.module:name``.
"""

import importlib
from dataclasses import replace
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, TypeVar

from payrollx_db.errors import CatalogError, ConfigurationError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.layout import Layout

if TYPE_CHECKING:
    from payrollx_db.devserver.practice import Practice
    from payrollx_db.schema.seed import Seed

GROUP = "payrollx_db.catalogs"  # the entry points by which a package brings a catalog
BUILT_IN = {"payrollx": "payrollx_db.catalogs.payrollx.unified:CATALOG"}

T = TypeVar("T")


def find(name: str) -> Catalog:
    """Return the catalog called ``name``: a built-in one, an entry point's, or ``package.module:name``.

    It remembers the name, unless it says itself what ``--catalog`` takes, so that a hint can say which command works
    on it. Raises ConfigurationError where nothing
    is called so, CatalogError where it can't be imported or is no catalog.
    """
    catalog = load(_address(name), Catalog)
    return catalog if catalog.option is not None else replace(catalog, option=name)


def layout(catalog: Catalog, name: str) -> Layout:
    """Return the layout ``name`` of ``catalog``, or the one at ``package.module:name``.

    Raises ConfigurationError where the catalog has none of that name, CatalogError as `load`.
    """
    if ":" in name:
        return load(name, Layout)
    if name in catalog.layouts:
        return load(catalog.layouts[name], Layout)
    known = ", ".join(sorted(catalog.layouts)) or "no layout"
    raise ConfigurationError(
        f"the catalog {catalog.name} has no layout {name!r}", hint=f"it has {known}; or give --from package.module:name"
    )


def seed(catalog: Catalog) -> "Seed":
    """Return the example rows of ``catalog``. Raises CatalogError where it has none, or as `load`."""
    from payrollx_db.schema.seed import Seed

    if not catalog.seed:
        raise catalog.lacks("no seed", "seed=")
    return load(catalog.seed, Seed)


def practice(catalog: Catalog) -> "Practice":
    """Return what makes ``catalog``'s legacy databases. Raises CatalogError where it has none, or as `load`."""
    from payrollx_db.devserver.practice import Practice

    if not catalog.practice:
        raise catalog.lacks("no practice data", "practice=")
    return load(catalog.practice, Practice)  # type: ignore[type-abstract] # a protocol that can be checked


def load(name: str, kind: type[T]) -> T:
    """Import ``package.module:name``, which must be a ``kind``. Raises CatalogError."""
    module, _, attribute = name.partition(":")
    try:
        value = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise CatalogError(
            f"can't import {module}: {error}",
            hint="install it, or call from its folder and name it on the command line",
        ) from None
    except AttributeError:
        raise CatalogError(f"{module} has no {attribute}", hint=f"name the {kind.__name__} that it defines") from None
    if not isinstance(value, kind):
        raise CatalogError(f"{name} is a {type(value).__name__}", hint=f"it must be a {kind.__name__}")
    return value


def _address(name: str) -> str:
    """Return the ``package.module:name`` of a catalog's name."""
    if ":" in name:
        return name
    brought = {point.name: point.value for point in entry_points(group=GROUP)}
    known = {**brought, **BUILT_IN}
    if name in known:
        return known[name]
    names = ", ".join(sorted(known))
    raise ConfigurationError(f"there is no catalog {name!r}", hint=f"there are {names}; or give package.module:name")
