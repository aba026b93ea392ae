"""A catalog's revisions as Alembic reads them, and what is asked of them by name: a service's, all, or one of them."""

import io
from collections.abc import Sequence
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError

from payrollx_db.errors import ConfigurationError
from payrollx_db.model.catalog import Catalog
from payrollx_db.schema.shipped import folder


def configuration(catalog: Catalog, written: io.StringIO | None = None, **attributes: Any) -> Config:
    """Return how Alembic finds a catalog's revisions; ``attributes`` are for ``env.py``."""
    attributes["catalog"] = catalog
    config = Config(stdout=io.StringIO(), output_buffer=written, attributes=attributes)
    config.set_main_option("script_location", str(folder("alembic")).replace("%", "%%"))
    config.set_main_option("version_locations", str(catalog.revisions).replace("%", "%%"))
    config.set_main_option("recursive_version_locations", "true")
    config.set_main_option("path_separator", "os")
    return config


def script_directory(catalog: Catalog) -> ScriptDirectory:
    """Return the revisions of a catalog, as Alembic reads them."""
    return ScriptDirectory.from_config(configuration(catalog))


def target(catalog: Catalog, service: str | Sequence[str] | None, revision: str) -> str | tuple[str, ...]:
    """Return what Alembic is to go to: ``revision`` of a service, of several, or of all.

    Raises ConfigurationError where there is no such revision or service.
    """
    names = names_of(catalog, service)
    if len(names) > 1 and revision == "head":
        names = _without_needed(catalog, names)
    targets = tuple(f"{name}@{revision}" for name in names) or (revision,)
    target = targets if len(targets) > 1 else targets[0]
    try:
        script_directory(catalog).get_revisions(target)
    except (CommandError, ResolutionError):
        raise ConfigurationError(
            f"there is no revision {', '.join(map(repr, targets))}",
            hint=f"those that there are: {', '.join(_revisions(catalog))}",
        ) from None
    return target


def all_services(catalog: Catalog) -> list[str] | None:
    """Return the services by name, where the revisions are of more than these: of a template, which tenants have."""
    if catalog.template is None:
        return None
    return [service.name for service in catalog.services if not service.tenant]


def _without_needed(catalog: Catalog, names: list[str]) -> list[str]:
    """Return the services without those that others need at their newest revision: Alembic wants none twice."""
    scripts = script_directory(catalog)
    steps = [step for step in scripts.walk_revisions() if step.branch_labels & set(names)]
    needed = {
        revision
        for step in steps
        for revision in ((step.dependencies,) if isinstance(step.dependencies, str) else step.dependencies or ())
    }
    return [name for name in names if scripts.get_revision(f"{name}@head").revision not in needed]


def _revisions(catalog: Catalog) -> list[str]:
    return sorted(script.revision for script in script_directory(catalog).walk_revisions())


def names_of(catalog: Catalog, service: str | Sequence[str] | None) -> list[str]:
    """Return the chosen services by name; none where all are meant. Raises ConfigurationError for an unknown one."""
    chosen = [service] if isinstance(service, str) else list(service or ())
    names = [known.name for known in catalog.services]
    for name in chosen:
        if name not in names:
            raise ConfigurationError(f"there is no service {name!r}", hint=f"there are {', '.join(names)}")
    return chosen
