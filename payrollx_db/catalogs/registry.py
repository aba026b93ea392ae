"""Catalogs and layouts by name: the one place that turns what ``--catalog`` and ``--from`` take into what is meant.

A catalog is a built-in one, one that an installed package brings as an entry point, ``package.module:name``, or that of
a lift, by its ``lift.toml``. A layout is one of its catalog's, or ``package.module:name``; that of a lift is its own.
"""

import importlib
import os
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from payrollx_db.catalogs import outline
from payrollx_db.errors import CatalogError, ConfigurationError, PayrollxError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.layout import Layout

if TYPE_CHECKING:
    from payrollx_db.devserver.practice import Practice
    from payrollx_db.schema.seed import Seed

GROUP = "payrollx_db.catalogs"  # the entry points by which a package brings a catalog
BUILT_IN = {
    "payrollx": "payrollx_db.catalogs.payrollx.unified:CATALOG",
    "azora": "payrollx_db.catalogs.azora.unified:CATALOG",
    "tec": "payrollx_db.catalogs.tec.unified:CATALOG",
    "koinonia": "payrollx_db.catalogs.koinonia.unified:CATALOG",
    "koinonia-shared": "payrollx_db.catalogs.koinonia.shared:CATALOG",
}

LIFT = ".toml"  # how the name of a lift's file ends

OURS = f"{Path(__file__).resolve().parent.parent}{os.sep}"

T = TypeVar("T")


def find(name: str) -> Catalog:
    """Return the catalog called ``name``: a built-in one, an entry point's, ``package.module:name``, or a lift's file.

    It remembers the name, unless it says itself what ``--catalog`` takes, so that a hint can say which command works
    on it. Raises ConfigurationError where nothing is called so, CatalogError where it can't be imported or is no
    catalog.
    """
    if is_lift(name):
        from payrollx_db.lift.catalog import load as load_lift

        return load_lift(Path(name)).catalog
    catalog = load(_address(name), Catalog)
    return catalog if catalog.option is not None else replace(catalog, option=name)


def find_outline(name: str) -> Catalog:
    """Return the catalog called ``name`` for what needs no models, which aren't imported where that can be avoided.

    Raises as `find`.
    """
    known = outline.read(name, BUILT_IN[name]) if name in BUILT_IN else None
    return known if known is not None else find(name)


def is_lift(name: str) -> bool:
    """Tell whether what ``--catalog`` takes is the file of a lift."""
    return name.endswith(LIFT)


def layout(catalog: Catalog, name: str) -> Layout:
    """Return the layout ``name`` of ``catalog``, or the one at ``package.module:name``.

    Raises ConfigurationError where the catalog has none of that name, CatalogError as `load`.
    """
    if catalog.lifted:
        from payrollx_db.lift.catalog import load as load_lift

        return load_lift(Path(catalog.option or "")).layout
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
        loaded = importlib.import_module(module)
    except PayrollxError as error:  # what a catalog or a layout refuses in itself
        raise CatalogError(f"can't import {module}: {error.message}", details=_lines(error), hint=error.hint) from error
    except (Exception, SystemExit) as error:  # whatever code of others raises
        raise _not_imported(module, error) from error
    if not attribute or not hasattr(loaded, attribute):
        raise CatalogError(f"{module} has no {attribute}", hint=f"name the {kind.__name__} that it defines")
    value = getattr(loaded, attribute)
    if not isinstance(value, kind):
        raise CatalogError(f"{name} is a {type(value).__name__}", hint=f"it must be a {kind.__name__}")
    return value


def _not_imported(module: str, error: BaseException) -> CatalogError:
    """Return the error that says where a module failed: in which file and line of its own, and with what."""
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        return CatalogError(
            f"can't import {module}: {error}",
            hint="install it, or call from its folder and name it on the command line",
        )
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    what = f"{type(error).__name__}{f': {message}' if message else ''}"
    return CatalogError(
        f"can't import {module}: {what}",
        details=_lines(error),
        hint="mend it there; --debug shows the traceback",
    )


def _lines(error: BaseException) -> tuple[str, ...]:
    """Return where in the module, or in what it imports, an error was raised: the outermost and the innermost place."""
    if isinstance(error, SyntaxError) and error.filename:
        return (f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}",)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and not frame.filename.startswith(OURS)
        and frame.filename != importlib.__file__
    ]  # fmt: skip
    places = [f"{frame.filename}, line {frame.lineno}: {frame.line}" for frame in frames]
    return tuple(dict.fromkeys((places[0], places[-1]))) if places else ()


def _address(name: str) -> str:
    """Return the ``package.module:name`` of a catalog's name."""
    if ":" in name:
        return name
    if name in BUILT_IN:
        return BUILT_IN[name]
    from importlib.metadata import entry_points  # takes long to import

    brought = {point.name: point.value for point in entry_points(group=GROUP)}
    if name in brought:
        return brought[name]
    names = ", ".join(sorted({**brought, **BUILT_IN}))
    raise ConfigurationError(f"there is no catalog {name!r}", hint=f"there are {names}; or give package.module:name")
