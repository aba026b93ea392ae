"""The files of a drafted project, as texts by their paths, and how they get into a folder: all of them, or none."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from payrollx_db.errors import ConfigurationError
from payrollx_db.lift.draft import migrations, models
from payrollx_db.lift.draft.database import Database
from payrollx_db.lift.draft.layouts import layout_source
from payrollx_db.lift.draft.models import Names, ServiceDraft, module_names, module_source
from payrollx_db.lift.draft.source import Code, Imports, lay_out, quoted, sequence
from payrollx_db.model.layout import Layout
from payrollx_db.schema.shipped import folder

environment = Environment(
    loader=PackageLoader("payrollx_db.lift.draft"),
    autoescape=False,  # noqa: S701 - these are no pages: the files are Python, SQL and Markdown
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)
environment.filters["literal"] = quoted
environment.filters["code"] = lambda text: f"`{text.replace('`', chr(39))}`"


@dataclass(frozen=True)
class Project:
    """What is drafted: the database as it was read, its services, and what the files are to call them."""

    package: str
    catalog: str
    database: Database
    services: Sequence[ServiceDraft]
    owner_role: str
    reader_role: str
    layout: Layout | None = None
    names: Mapping[str, Names] | None = None  # by service
    disagreements: Sequence[str] = ()  # of Prisma schemas with the database


def files(project: Project, scripts: Mapping[str, migrations.Scripts]) -> dict[str, str]:
    """Return the project's files by their paths. ``scripts`` are the services' first revisions, by schema."""
    package = project.package
    written = {
        "README.md": _render("README.md", **_readme(project)),
        "pyproject.toml": _render("pyproject.toml", package=package, services=project.services),
        "alembic.ini": _render("alembic.ini", package=package, services=project.services),
        "alembic/env.py": _render("env.py"),
        "alembic/script.py.mako": (folder("alembic") / "script.py.mako").read_text("utf-8"),
        "tests/conftest.py": _render("conftest.py", package=package),
        "tests/test_models.py": _render("test_models.py", package=package),
        f"{package}/__init__.py": f'"""The unified database of {", ".join(one.name for one in project.services)}."""\n',
        f"{package}/base.py": _render("base.py", package=package),
        f"{package}/catalog.py": _catalog(project),
    }
    if project.layout is not None:
        written[f"{package}/layout.py"] = layout_source(project.layout)
    before = migrations.order(project.services, project.database.needs)
    for service in project.services:
        given = (project.names or {}).get(service.name)
        written[f"{package}/{service.module}.py"] = module_source(package, service, project.database.types, given)
        place = f"{package}/migrations/{service.module}"
        written[f"{place}/0001_tables.py"] = _revision(project, service, before[service.schema])
        written[f"{place}/0001_tables.sql"] = scripts[service.schema].upgrade
        written[f"{place}/0001_drop.sql"] = scripts[service.schema].downgrade
    return written


def write(target: Path, written: Mapping[str, str], *, replace: bool) -> Path | None:
    """Write the files into ``target``, which must be empty, or not there, unless ``replace``.

    They are written beside it first and then moved, so that nothing half-written is ever there. What was there is
    moved away, never deleted; where it is now is returned. Raises ConfigurationError where the folder can't be used.
    """
    target = target.expanduser().absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ConfigurationError(f"{target.parent} can't be written to: {error.strerror}") from None
    try:
        for name, text in written.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        beside.chmod(0o777 & ~_umask())
        return _move(beside, target, replace=replace)
    except OSError as error:
        raise ConfigurationError(f"{target} can't be written: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def occupied(target: Path) -> bool:
    """Tell whether there is something in a folder, or a file in its place. Raises ConfigurationError."""
    target = target.expanduser()
    try:
        return (target.is_dir() and any(target.iterdir())) or (target.exists() and not target.is_dir())
    except OSError as error:
        raise ConfigurationError(f"{target} can't be read: {error.strerror}") from None


def _move(beside: Path, target: Path, *, replace: bool) -> Path | None:
    if not occupied(target):
        if target.is_dir():
            target.rmdir()
        beside.rename(target)
        return None
    if not replace or not target.is_dir():
        raise ConfigurationError(f"{target} isn't empty", hint="name another folder, or one that is empty")
    names = (target.with_name(f"{target.name}.before-{number}") for number in itertools.count(1))
    old = next(name for name in names if not name.exists())
    target.rename(old)
    try:
        beside.rename(target)
    except BaseException:
        old.rename(target)
        raise
    return old


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _catalog(project: Project) -> str:
    imports = Imports(project.package)
    for service in project.services:
        imports.name(project.package, service.module)
    modules = sequence([Code(service.module) for service in project.services], ("(", ")"))
    return _render(
        "catalog.py",
        package=project.package,
        imports="\n".join(imports.lines()),
        services="\n".join(lay_out("SERVICES = ", modules)).removeprefix("SERVICES = "),
        name=quoted(project.catalog),
        owner_role=quoted(project.owner_role),
        reader_role=quoted(project.reader_role),
        layout=project.layout is not None,
    )


def _revision(project: Project, service: ServiceDraft, before: Sequence[str]) -> str:
    modules = {one.schema: one.module for one in project.services}
    needed = sequence([Code(quoted(f"{modules[schema]}_0001")) for schema in before], ("(", ")"))
    outside, inside = migrations.extensions(project.database, service)
    return _render(
        "revision.py",
        service=service,
        label=quoted(service.name),
        schema=quoted(service.schema),
        depends_on=needed.flat if before else "None",
        before=outside,
        inside=inside,
    )


def _readme(project: Project) -> dict[str, Any]:
    unsaid = {
        service.schema: [
            *project.database.unsaid.get(service.schema, ()),
            *(phrase for table in service.tables for phrase in models.unsayable(table)),
        ]
        for service in project.services
    }
    return {
        "package": project.package,
        "database": project.database.name,
        "services": project.services,
        "layout": project.layout is not None,
        "unsaid": unsaid,
        "left_behind": _left_behind(project),
        "disagreements": project.disagreements,
        "extensions": project.database.extensions,
        "example": _example(project),
    }


def _left_behind(project: Project) -> list[str]:
    """Return what the project doesn't make; what its own roles may do is granted by its catalog."""
    own = {project.owner_role, project.reader_role, *(service.role for service in project.services)}
    return [left.phrase for left in project.database.left_behind if left.role not in own]


def _example(project: Project) -> dict[str, str] | None:
    """Return a service with a model for the README, the first that there is."""
    for service in project.services:
        given = (project.names or {}).get(service.name)
        classes = module_names(service, given).classes
        if classes:
            return {"module": service.module, "model": next(iter(classes.values())), "role": service.role}
    return None


def _render(template: str, **values: Any) -> str:
    return environment.get_template(f"{template}.jinja").render(**values)
