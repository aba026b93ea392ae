"""The options that say what is consolidated, and the task that they make."""

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from payrollx_db.cli.options import database_url, unified_database
from payrollx_db.consolidate.endpoints import endpoints, legacy_urls
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.errors import CatalogError, ConfigurationError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.model.layout import Layout
from payrollx_db.model.policy import Policies

BUILT_IN = {"legacy": "payrollx_db.legacy:LAYOUT"}

Command = Callable[..., Any]
MakeTask = Callable[[Observer], Task]


def task_options(command: Command) -> Command:
    """Add the options that name both sides; the command gets them as one ``make_task(observer)``."""

    @wraps(command)
    def wrapped(**options: Any) -> Any:
        keys = ("layout", "catalog", "database_url", "services", "jobs")
        chosen = {key: options.pop(key) for key in keys}
        return command(make_task=lambda observer=ignore_events: make_task(observer=observer, **chosen), **options)

    decorated: Command = wrapped
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


def policy_options(command: Command) -> Command:
    """Add the options that say what to do about findings. To be put below `task_options`."""

    @wraps(command)
    def wrapped(*, make_task: MakeTask, policy: tuple[str, ...], policies: Path | None, **options: Any) -> Any:
        chosen = Policies.read(policy, policies)
        return command(
            make_task=lambda observer=ignore_events: replace(make_task(observer), policies=chosen), **options
        )

    decorated: Command = wrapped
    for option in reversed(POLICY_OPTIONS):
        decorated = option(decorated)
    return decorated


def _option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """Return an option that shows its environment variable and its default."""
    return click.option(*names, show_envvar=True, **{"show_default": True, **settings})


catalog_option = _option(
    "--catalog", default="payrollx_db.unified:CATALOG", metavar="MODULE:NAME", envvar="PAYROLLX_CATALOG",
    help="The catalog of the unified database.",
)  # fmt: skip

OPTIONS = (
    _option("--from", "layout", default="legacy", metavar="LAYOUT", envvar="PAYROLLX_FROM",
            help="The layout of the legacy databases: a built-in one, or package.module:name."),
    catalog_option,
    database_url,
    _option("--service", "services", multiple=True, metavar="NAME", envvar="PAYROLLX_SERVICES",
            help="Only this service; may be given several times."),
    _option("--jobs", type=click.IntRange(1, 64), default=min(4, os.cpu_count() or 1), show_default="CPUs, up to 4",
            envvar="PAYROLLX_JOBS",
            help="How many tables, slices or indexes to work on at once, each with a processor on each server."),
)  # fmt: skip


POLICY_OPTIONS = (
    _option("--policy", multiple=True, metavar="CODE[:TABLE.COLUMN]=ACTION", envvar="PAYROLLX_POLICY",
            help="What to do about findings of CODE, there or anywhere; may be given several times."),
    _option("--policies", type=click.Path(dir_okay=False, path_type=Path), envvar="PAYROLLX_POLICIES",
            help="A TOML file with a table [policies]; --policy comes after it."),
)  # fmt: skip


def make_task(
    *, layout: str, catalog: str, database_url: str | None, services: tuple[str, ...], jobs: int, observer: Observer
) -> Task:
    """Return the task that these options describe. Raises ConfigurationError or CatalogError."""
    target = unified_database(database_url)
    loaded_catalog = load(catalog, Catalog)
    loaded_layout = load(BUILT_IN.get(layout, layout), Layout)
    for service in services:
        _known_service(loaded_catalog, service)
    urls = legacy_urls(loaded_layout, os.environ)
    sources, goal = endpoints(urls, target, application_name="payrollx-db")
    return Task(loaded_catalog, loaded_layout, sources, goal, tuple(dict.fromkeys(services)), jobs, observer)


T = TypeVar("T")


def load(name: str, kind: type[T]) -> T:
    """Import ``package.module:name``, also from the working directory. Raises ConfigurationError or CatalogError."""
    module, _, attribute = name.partition(":")
    if not attribute:
        known = ", ".join(BUILT_IN)
        raise ConfigurationError(f"{name!r} is no {kind.__name__.lower()}", hint=f"give {known} or package.module:name")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise CatalogError(f"can't import {module}: {error}", hint="install it, or run from its folder") from None
    except AttributeError:
        raise CatalogError(f"{module} has no {attribute}", hint=f"name the {kind.__name__} that it defines") from None
    if not isinstance(found, kind):
        raise CatalogError(f"{name} is a {type(found).__name__}", hint=f"it must be a {kind.__name__}")
    return found


def _known_service(catalog: Catalog, name: str) -> None:
    try:
        catalog.service(name)
    except CatalogError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
