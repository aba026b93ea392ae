"""The options that say what is consolidated, and the task that they make."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from payrollx_db.catalogs import registry
from payrollx_db.cli import console, options
from payrollx_db.cli.environment import search_working_folder
from payrollx_db.consolidate.endpoints import endpoints, legacy_urls
from payrollx_db.consolidate.planner import Task
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from payrollx_db.tenants.consolidating import TenantsTask

Command = Callable[..., Any]
MakeTask = Callable[[Observer], Task]


def task_options(command: Command) -> Command:
    """Add the options that name both sides; the command gets them as one ``make_task(observer)``."""

    @wraps(command)
    def wrapped(**given: Any) -> Any:
        keys = ("layout", "catalog", "database_url", "services", "jobs")
        chosen = {key: given.pop(key) for key in keys}
        return command(make_task=lambda observer=ignore_events: make_task(observer=observer, **chosen), **given)

    decorated: Command = wrapped
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


def policy_options(command: Command) -> Command:
    """Add the options that say what to do about findings. To be put below `task_options`."""

    @wraps(command)
    def wrapped(*, make_task: MakeTask, policy: tuple[str, ...], policies: Path | None, **given: Any) -> Any:
        chosen = Policies.read(policy, policies)
        return command(make_task=lambda observer=ignore_events: replace(make_task(observer), policies=chosen), **given)

    decorated: Command = wrapped
    for option in reversed(POLICY_OPTIONS):
        decorated = option(decorated)
    return decorated


def tenant_options(command: Command) -> Command:
    """Add the options of a command over many tenants, which gets them as one ``tenants``. Below `task_options`."""

    @wraps(command)
    def wrapped(*, make_task: MakeTask, tenant_ids: tuple[str, ...], stop_at_trouble: bool, **given: Any) -> Any:
        return command(make_task=make_task, tenants=ChosenTenants(tenant_ids, stop_at_trouble), **given)

    decorated: Command = wrapped
    for option in reversed(TENANT_OPTIONS):
        decorated = option(decorated)
    return decorated


@dataclass(frozen=True)
class ChosenTenants:
    """What was said of tenants: which of them (none: all), and whether the first one in trouble ends the command."""

    ids: tuple[str, ...]
    stop_at_trouble: bool

    def of(self, task: Task) -> "TenantsTask | None":
        """Return the task of the catalog's tenants; ``None`` where it has no template.

        Raises click's UsageError where tenants were named of a catalog that has none.
        """
        if task.catalog.template is None:
            if self.ids or self.stop_at_trouble:
                raise click.UsageError(f"The catalog {task.catalog.name} has no template, so it has no tenants.")
            return None
        from payrollx_db.tenants.consolidating import TenantsTask

        return TenantsTask(task, tuple(dict.fromkeys(self.ids)), self.stop_at_trouble)


def _option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """Return an option that shows its environment variable and its default."""
    return click.option(*names, **{"show_default": True, **settings})


OPTIONS = (
    _option("--from", "layout", default="legacy", metavar="LAYOUT", envvar="PAYROLLX_FROM",
            callback=search_working_folder,
            help="Layout of the legacy databases: one of the catalog's, or package.module:name."),
    options.catalog,
    options.database_url,
    _option("--service", "services", multiple=True, metavar="NAME", envvar="PAYROLLX_SERVICES",
            help="Only this service; repeat the option for several."),
    _option("--jobs", type=click.IntRange(1, 64), metavar="N", default=min(4, os.cpu_count() or 1),
            show_default="CPUs, up to 4", envvar="PAYROLLX_JOBS",
            help="Number of tables, slices or indexes to work on at once. Each takes a processor on both servers."),
)  # fmt: skip


POLICY_OPTIONS = (
    _option("--policy", multiple=True, metavar="CODE=ACTION", envvar="PAYROLLX_POLICY",
            help="Action for all findings of CODE, or with CODE:TABLE.COLUMN for those of one place; repeatable."),
    _option("--policies", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", envvar="PAYROLLX_POLICIES",
            help="TOML file with a table [policies]; --policy wins over it."),
)  # fmt: skip


TENANT_OPTIONS = (
    _option("--tenant", "tenant_ids", multiple=True, metavar="ID", envvar="PAYROLLX_TENANTS",
            help="Of a catalog with a template: only this tenant; repeat the option for several."),
    _option("--stop-at-trouble", is_flag=True, envvar="PAYROLLX_STOP_AT_TROUBLE", show_default=False,
            help="End at the first tenant in trouble; otherwise all others go on."),
)  # fmt: skip


def make_task(
    *, layout: str, catalog: str, database_url: str | None, services: tuple[str, ...], jobs: int, observer: Observer
) -> Task:
    """Return the task that these options describe. Raises ConfigurationError or CatalogError."""
    given = click.get_current_context().get_parameter_source("layout")
    if registry.is_lift(catalog) and given is ParameterSource.COMMANDLINE:
        raise click.UsageError("--lift says itself which databases there are, so it does not go with --from.")
    target = options.unified_database(database_url)
    unified = registry.find_outline(catalog)
    legacy = registry.layout(unified, layout)
    for service in services:
        options.named_service(unified, service)
    urls = _lifted_urls(unified) if unified.lifted else legacy_urls(legacy, os.environ)
    sources, endpoint = endpoints(urls, target, application_name="payrollx-db")
    away = () if unified.lifted else options.placed_elsewhere(unified, target)
    for name in services:
        if name in away:
            console.note(f"a variable places {name} in another database; this is about {target.masked}")
    return Task(unified, legacy, sources, endpoint, tuple(dict.fromkeys(services)), jobs, observer, elsewhere=away)


def _lifted_urls(catalog: Catalog) -> dict[str, DatabaseUrl]:
    """Return where the sources of a lifted catalog are. Raises ConfigurationError where nothing says so."""
    from payrollx_db.lift import project

    return project.source_urls(project.read(Path(catalog.option or "")), os.environ)
