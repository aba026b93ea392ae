"""``lift.toml``: which schemas of which databases become which services, and what of them is left behind and why.

A person edits it, so that it is checked as one: whatever is wrong in it is said with the place and the next step. No
password ever stands there.
"""

import shlex
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from payrollx_db.consolidate.endpoints import COMMON, variable
from payrollx_db.errors import ConfigurationError
from payrollx_db.files import write_whole
from payrollx_db.lift import names
from payrollx_db.lift.project_text import project_text
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl

FILE = "lift.toml"
PUBLIC = "public"
SECRETS = ("password", "sslpassword")

SETTINGS = ("name", "server", "owner_role", "reader_role", "timezone")
OF_SOURCE = ("database", "source_schema", "url", "service", "schema", "role")
LEFT_BEHIND = "left_behind"
DATABASES = "databases"


@dataclass(frozen=True)
class LiftedSchema:
    """One schema of one source database, which becomes one service.

    ``source`` is what the layout calls it: the database's name, or ``database.schema`` where a database gives several.
    ``database`` is the database's name on its server, ``source_schema`` its schema. ``url`` is where it is, without a
    password; empty where it is on the project's server. ``left_behind`` has a reason for each table, column
    (``table.column``) or other object that doesn't come along.
    """

    source: str
    database: str
    source_schema: str
    url: str
    service: str
    schema: str
    role: str
    left_behind: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Project:
    """A ``lift.toml``: where it lies, the server of the sources, the roles, and the schemas in the file's order.

    ``timezone`` is what naive times are in, where a reshape makes them times with a zone.
    """

    path: Path
    name: str
    server: str
    owner_role: str
    reader_role: str
    schemas: tuple[LiftedSchema, ...]
    timezone: str = "UTC"

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """What stands between ``LEGACY_`` and ``_DATABASE_URL`` for each source, by its name."""
        parts: dict[str, str] = {}
        for source in self.schemas:
            parts[source.source] = names.unused(names.variable_part(source.source), parts.values())
        return parts

    def schema_of(self, source: str) -> LiftedSchema:
        """Return the schema that the layout calls ``source``. Raises ConfigurationError where there is none."""
        for lifted in self.schemas:
            if lifted.source == source:
                return lifted
        raise ConfigurationError(
            f"{self.path} has no source {source!r}", hint=f"it has {', '.join(one.source for one in self.schemas)}"
        )

    def chosen(self, services: Iterable[str]) -> tuple[LiftedSchema, ...]:
        """Return the schemas of these services (none: all). Raises ConfigurationError where one isn't there."""
        wanted = dict.fromkeys(services)
        known = {lifted.service: lifted for lifted in self.schemas}
        for service in wanted:
            if service not in known:
                raise ConfigurationError(f"{self.path} has no service {service!r}", hint=f"it has {', '.join(known)}")
        return tuple(lifted for lifted in self.schemas if not wanted or lifted.service in wanted)

    def command(self, words: str) -> str:
        """Return the command line for ``payrollx-db words`` with this project, for hints."""
        return f"payrollx-db {words} --lift {shlex.quote(str(self.path))}"


def read(path: Path) -> Project:
    """Read and check ``path``. Raises ConfigurationError, naming everything that is wrong in it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no {path}", hint="payrollx-db lift init --server URL --databases 'shop_*' writes it"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"can't read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no valid TOML: {error}", hint=_duplicate(str(error))) from None
    return parse(document, path)


def parse(document: Mapping[str, Any], path: Path) -> Project:
    """Return the project that a TOML document describes. Raises ConfigurationError as `read` does."""
    problems = list(_misshapen(document))
    if problems:
        raise _wrong(path, problems)
    name = document.get("name") or "unified"
    project = Project(
        path=path,
        name=name,
        server=document.get("server", ""),
        owner_role=document.get("owner_role") or f"{name}_owner",
        reader_role=document.get("reader_role") or f"{name}_reader",
        schemas=tuple(_lifted(name, source, given) for source, given in document[DATABASES].items()),
        timezone=document.get("timezone") or "UTC",
    )
    if problems := list(problems_of(project)):
        raise _wrong(path, problems)
    return project


def write(project: Project) -> None:
    """Write the project's file, whole or not at all. Raises ConfigurationError where it can't, or is no project."""
    if problems := list(problems_of(project)):
        raise _wrong(project.path, problems)
    write_whole(project.path, project_text(project))


def problems_of(project: Project) -> Iterator[str]:
    """Yield what contradicts itself in a project, or what no database takes."""
    yield from _bad_url("server", project.server)
    for problem in map(names.problem_with_role, (project.owner_role, project.reader_role)):
        if problem:
            yield problem
    if problem := names.problem_with_service(project.name):
        yield problem.replace("the service", "the name", 1)
    for source in project.schemas:
        yield from (f"databases.{source.source}: {problem}" for problem in _problems_of_source(source))
    for what in ("service", "schema"):
        yield from _shared(project, what, [getattr(source, what) for source in project.schemas])
    yield from _shared(
        project, "role", [project.owner_role, project.reader_role, *(source.role for source in project.schemas)]
    )
    yield from _same_sources(project)


def endpoints(
    project: Project, environ: Mapping[str, str], *, application_name: str = "payrollx-db"
) -> dict[str, Endpoint]:
    """Return an endpoint for each source by its name.

    Raises ConfigurationError where nothing says where one is.
    """
    urls = source_urls(project, environ)
    return {name: Endpoint(url, "source", name, application_name) for name, url in urls.items()}


def source_urls(project: Project, environ: Mapping[str, str]) -> dict[str, DatabaseUrl]:
    """Return where each source is, by its name.

    A source's own variable wins, then its ``url`` in the file; then the server of LEGACY_DATABASE_URL, then that of the
    file. Where the file says where, the login and the password of LEGACY_DATABASE_URL are used for the same server.
    Raises ConfigurationError, naming what is unset.
    """
    common = DatabaseUrl.parse(environ[COMMON], name=COMMON) if environ.get(COMMON) else None
    urls: dict[str, DatabaseUrl] = {}
    for source in project.schemas:
        own = variable(project.variables[source.source])
        if environ.get(own):
            url = DatabaseUrl.parse(environ[own], name=own)
        elif source.url:
            url = _with_login(DatabaseUrl.parse(source.url, name=f"url of {source.source}"), common)
        elif common or project.server:
            url = (common or DatabaseUrl.parse(project.server, name="server")).with_database(source.database)
        else:
            raise ConfigurationError(
                f"nothing says where {source.source} is", hint=f"set {COMMON} or {own}, or server in {project.path}"
            )
        urls[source.source] = replace(url, schema=None)  # the file says which schema
    return urls


def without_secrets(url: DatabaseUrl) -> str:
    """Return the URL as it may stand in a file: without a password, and with what it says of a pooler."""
    plain = replace(url, params={name: text for name, text in url.params.items() if name not in SECRETS}).plain
    return f"{plain}{'&' if '?' in plain else '?'}pgbouncer=true" if url.pgbouncer else plain


# --- private -----------------------------------------------------------------------------------------------------


def _misshapen(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown("", document, (*SETTINGS, DATABASES))
    yield from _no_text("", document, SETTINGS)
    databases = document.get(DATABASES)
    if not isinstance(databases, dict) or not databases:
        yield "there is no table [databases.NAME], so nothing to lift"
        return
    for source, given in databases.items():
        where = f"{DATABASES}.{source}"
        if not isinstance(given, dict):
            yield f"{where} must be a table: [{where}]"
            continue
        yield from _unknown(where, given, (*OF_SOURCE, LEFT_BEHIND))
        yield from _no_text(where, given, OF_SOURCE)
        if not given.get("service"):
            yield f"{where} says no service"
        reasons = given.get(LEFT_BEHIND, {})
        if not isinstance(reasons, dict):
            yield f'{where}.{LEFT_BEHIND} must be a table of lines like "table" = "the reason"'
            continue
        for place, reason in reasons.items():
            if not isinstance(reason, str) or not reason.strip():
                yield f"{where}.{LEFT_BEHIND}: {place!r} needs a reason, in quotes"


def _unknown(where: str, given: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            yield f"{f'{where}: ' if where else ''}{name!r} is unknown; {meant}"


def _no_text(where: str, given: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for name in keys:
        if not isinstance(given.get(name, ""), str):
            yield f"{f'{where}: ' if where else ''}{name} must be a text, in quotes"


def _lifted(name: str, source: str, given: Mapping[str, Any]) -> LiftedSchema:
    service = given["service"]
    return LiftedSchema(
        source=source,
        database=given.get("database") or source,
        source_schema=given.get("source_schema") or PUBLIC,
        url=given.get("url", ""),
        service=service,
        schema=given.get("schema") or service,
        role=given.get("role") or f"{name}_{service}",
        left_behind=dict(given.get(LEFT_BEHIND, {})),
    )


def _problems_of_source(source: LiftedSchema) -> Iterator[str]:
    yield from _bad_url("url", source.url)
    for problem in (
        names.problem_with_service(source.service),
        names.problem_with_schema(source.schema),
        names.problem_with_role(source.role),
        names.problem_with_name("database", source.database),
        names.problem_with_name("schema", source.source_schema),
    ):
        if problem:
            yield problem


def _bad_url(what: str, text: str) -> Iterator[str]:
    if not text:
        return
    try:
        url = DatabaseUrl.parse(text, name=what)
    except ConfigurationError as error:
        yield str(error)
        return
    for secret in SECRETS:
        if secret in url.params:
            yield f"{what} has a {secret}: take it out, and set it in the environment ({COMMON}, or PGPASSWORD)"
    if url.schema:
        yield f"{what} has schema={url.schema}: write source_schema in its place"


def _shared(project: Project, what: str, values: list[str]) -> Iterator[str]:
    for value, times in Counter(values).items():
        if times > 1:
            who = [source.source for source in project.schemas if getattr(source, what) == value]
            names_of = ", ".join(who) or "the owner and the reader"
            yield f"{times} of them have the {what} {value!r} ({names_of}): each needs its own"


def _same_sources(project: Project) -> Iterator[str]:
    first: dict[tuple[str, str, str], str] = {}
    for source in project.schemas:
        other = first.setdefault((source.url, source.database, source.source_schema), source.source)
        if other != source.source:
            yield f"databases.{source.source} is the same schema of the same database as databases.{other}"


def _with_login(url: DatabaseUrl, common: DatabaseUrl | None) -> DatabaseUrl:
    """Return ``url`` with the login of ``common`` where both lead to one server, and it has none of its own."""
    if common is None or common.place[:2] != url.place[:2]:
        return url
    if url.params.get("user", common.params.get("user")) != common.params.get("user"):
        return url
    login = {name: common.params[name] for name in ("user", *SECRETS) if name in common.params}
    return replace(url, params={**url.params, **login})


def _duplicate(message: str) -> str:
    return "each source is named once" if "twice" in message or "overwrite" in message else ""


def _wrong(path: Path, problems: list[str]) -> ConfigurationError:
    if len(problems) == 1:
        return ConfigurationError(f"{path}: {problems[0]}")
    return ConfigurationError(f"{path} is wrong in {len(problems)} places", details=tuple(problems))
