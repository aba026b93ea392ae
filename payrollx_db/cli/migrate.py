"""``payrollx-db migrate``: the unified database's schemas, tables and roles."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, destructive_option, yes
from payrollx_db.cli.render import console, findings
from payrollx_db.cli.targets import note_reads_apart, refuse_unfinished
from payrollx_db.errors import ConfigurationError, FindingsError, PayrollxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from payrollx_db.model.catalog import Catalog
    from payrollx_db.model.finding import Finding
    from payrollx_db.postgres.url import DatabaseUrl
    from payrollx_db.schema.migrate import Result

    Homes = list[tuple[DatabaseUrl, Sequence[str] | None]]


T = TypeVar("T")


@dataclass(frozen=True)
class _Outcome(Generic[T]):
    """What became of one database: the result, or the error. ``names`` are its services, or None for all."""

    url: "DatabaseUrl"
    names: Sequence[str] | None
    result: T | None
    error: PayrollxError | None

    @property
    def services(self) -> str:
        """Its services, for people."""
        return ", ".join(self.names) if self.names else "all"


@command(example="payrollx-db migrate --check")
@options.database_url
@options.catalog
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--revision", metavar="REVISION", help="Stop at this revision instead of the newest.")
@destructive_option("--downgrade", metavar="REVISION", help="Go back to this revision; base drops everything.")
@destructive_option("--protected", multiple=True, metavar="NAME",
                    help="Protected table, as schema.table, that the revisions may change; repeatable.")  # fmt: skip
@yes
@click.option("--sql", is_flag=True, help="Print the SQL for an empty database instead of running it.")
@click.option("--adopt", is_flag=True, help="Record services whose tables are there already, and as the models say.")
@click.option("--check", is_flag=True, help="Change nothing, and show where the database differs from the models.")
@options.as_json
def migrate(
    *,
    database_url: str | None,
    catalog: str,
    service: str | None,
    revision: str | None,
    downgrade: str | None,
    protected: tuple[str, ...],
    yes: bool,
    sql: bool,
    adopt: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Create or change the unified database's schemas, tables and roles.

    Without options, every service is migrated to its newest revision in the database that SERVICE_DATABASE_URL
    names, else in the unified one. Each database is migrated in one transaction, and a second migration waits for
    the first. Of several databases, the others are migrated where one fails; a table at the end shows which. Exit code
    3 means that one of several failed, or that --check found a difference.
    """
    _refuse_contradictions(revision=revision, downgrade=downgrade, sql=sql, check=check, adopt=adopt, as_json=as_json)
    known = _migrated_catalog(catalog)
    if sql:
        from payrollx_db.schema import migrate

        console.answer(migrate.offline_sql(known, service=service, revision=revision))
    elif adopt:
        _adopt(known, _homes(known, service, database_url), as_json=as_json)
    elif check:
        _check(known, _homes(known, service, database_url), as_json=as_json)
    elif downgrade is not None:
        url = options.home(service, database_url) if service else options.unified_database(database_url)
        confirm(f"--downgrade {downgrade} drops tables of {url.masked}, and the rows in them", yes=yes)
        _downgrade(known, url, downgrade, service, protected, as_json=as_json)
    elif revision is not None and service is None:  # a revision is of one service, and that isn't named
        _upgrade(known, [(options.unified_database(database_url), None)], revision, protected, as_json=as_json)
    else:
        _upgrade(known, _homes(known, service, database_url), revision, protected, as_json=as_json)
        note_reads_apart(known, [service] if service else [one.name for one in known.services], database_url)


def _migrated_catalog(catalog: str) -> "Catalog":
    """Return the catalog of that name. Raises ConfigurationError where it is a lift's, which has no migrations."""
    if registry.is_lift(catalog):
        raise ConfigurationError(
            f"{catalog} has no migrations: its schemas are those of the databases",
            hint=f"payrollx-db lift schema --lift {shlex.quote(catalog)} makes them, with the roles",
        )
    return registry.find(catalog)


def _adopt(catalog: "Catalog", homes: "Homes", *, as_json: bool) -> None:
    from payrollx_db.schema import adoption

    adopted = _each(homes, lambda url, names: adoption.adopt(url, catalog, service=names))
    _answer([one.result for one in adopted if one.result], adopted, as_json=as_json, done="recorded")
    _raise_failures(adopted, "weren't adopted")


def _upgrade(
    catalog: "Catalog", homes: "Homes", revision: str | None, protected: Sequence[str], *, as_json: bool
) -> None:
    from payrollx_db.schema import migrate

    def upgrade(url: "DatabaseUrl", names: Sequence[str] | None) -> "Result":
        return migrate.upgrade(url, catalog, service=names, revision=revision, protected=protected)

    outcomes = _each(homes, upgrade)
    _answer([one.result for one in outcomes if one.result], outcomes, as_json=as_json)
    _raise_failures(outcomes, "weren't migrated")


def _downgrade(
    catalog: "Catalog", url: "DatabaseUrl", revision: str, service: str | None, protected: Sequence[str], *,
    as_json: bool,
) -> None:  # fmt: skip
    from payrollx_db.schema import migrate

    result = migrate.downgrade(url, catalog, revision=revision, service=service, protected=protected)
    _answer([result], [], as_json=as_json)


def _homes(catalog: "Catalog", service: str | None, database_url: str | None) -> "Homes":
    """Return the databases to work on, each with the services there; ``None`` for all that there are."""
    names = [service] if service else [known.name for known in catalog.services]
    homes = options.homes(names, database_url)
    return [(url, None if len(there) == len(catalog.services) else there) for url, there in homes]


def _refuse_contradictions(
    *, revision: str | None, downgrade: str | None, sql: bool, check: bool, adopt: bool, as_json: bool
) -> None:
    if adopt and (sql or check or revision is not None or downgrade is not None):
        raise click.UsageError("--adopt excludes --sql, --check, --revision and --downgrade.")
    if sum((sql, check, downgrade is not None)) > 1:
        raise click.UsageError("--sql, --check and --downgrade exclude one another.")
    if revision is not None and (check or downgrade is not None):
        raise click.UsageError("--revision excludes --check and --downgrade.")
    if sql and as_json:
        raise click.UsageError("--sql prints SQL, so it does not go with --json.")


def _check(catalog: "Catalog", homes: "Homes", *, as_json: bool) -> None:
    from payrollx_db.schema import migrate

    def compare(url: "DatabaseUrl", names: Sequence[str] | None) -> "list[Finding]":
        services = [service for service in catalog.services if names is None or service.name in names]
        refuse_unfinished(url, catalog, services, "compared with the models")
        return migrate.check(url, catalog, service=names)

    outcomes = _each(homes, compare)
    failed = [one for one in outcomes if one.error]
    drift = [difference for one in outcomes for difference in one.result or ()]
    if as_json:
        console.answer_json(findings.drift_document(drift) | _documents(outcomes))
    if drift and not as_json:
        findings.show(drift)
    if failed and not as_json:
        _show(outcomes)
    _raise_failures(outcomes, "couldn't be compared")
    if drift:
        raise FindingsError(
            f"the database differs from the models in {'1 place' if len(drift) == 1 else f'{len(drift)} places'}",
            hint=f"{catalog.command('migrate')} applies the newer revisions; other differences were made by hand",
        )
    if not as_json:
        console.answer("the database matches the models")


def _each(homes: "Homes", work: "Callable[[DatabaseUrl, Sequence[str] | None], T]") -> "list[_Outcome[T]]":
    """Do the work in each database, in the others also where one fails. A single one's failure is raised as it is."""
    if len(homes) == 1:
        ((url, names),) = homes
        return [_Outcome(url, names, work(url, names), None)]
    outcomes: list[_Outcome[T]] = []
    for number, (url, names) in enumerate(homes, 1):
        console.note(f"{number} of {len(homes)}: {', '.join(names or ['all services'])} at {url.masked}")
        try:
            outcomes.append(_Outcome(url, names, work(url, names), None))
        except PayrollxError as error:
            outcomes.append(_Outcome(url, names, None, error))
    return outcomes


def _raise_failures(outcomes: "Sequence[_Outcome[T]]", what: str) -> None:
    """Raise one error for those that failed: it ran, and a table says which, so that its exit code is 3."""
    errors = [one.error for one in outcomes if one.error]
    if not errors:
        return
    raise FindingsError(
        f"{len(errors)} of {len(outcomes)} databases {what}; the others were done",
        details=tuple(line for error in errors for line in (error.message, *error.details)),
        hint="; ".join(dict.fromkeys(error.hint for error in errors if error.hint)),
    )


def _answer(
    results: "Sequence[Result]", outcomes: "Sequence[_Outcome[Result]]", *, as_json: bool, done: str = "ran"
) -> None:
    applied = [revision for result in results for revision in result.applied]
    # A database may still have a service that is placed in another one by now.
    here = [(one.result, one.names) for one in outcomes if one.result] or [(result, None) for result in results]
    current = {
        service: revision
        for result, names in here
        for service, revision in result.current.items()
        if names is None or service in names
    }
    if as_json:
        console.answer_json({"applied": applied, "current": current} | _documents(outcomes))
        return
    for revision in applied:
        console.note(f"{done} {revision}")
    if not applied:
        console.note("nothing to do")
    table = console.table(("service", "left"), ("revision", "left"))
    for service, revision in current.items():
        table.add_row(service, revision)
    console.answer_table(table)
    if len(outcomes) > 1:
        _show(outcomes)


def _show(outcomes: "Sequence[_Outcome[Any]]") -> None:
    """Print what became of each of several databases."""
    table = console.table(("database", "left"), ("services", "left"), ("outcome", "left"), ("why", "left"))
    for one in outcomes:
        why = one.error.message if one.error else ""
        table.add_row(one.url.masked, one.services, "failed" if one.error else "done", why)
    console.answer_table(table)


def _documents(outcomes: "Sequence[_Outcome[Any]]") -> dict[str, Any]:
    """Return the same as plain data; empty where there is only one database."""
    if len(outcomes) <= 1:
        return {}
    documents = [
        {
            "database": one.url.masked,
            "services": list(one.names) if one.names else None,
            "outcome": "failed" if one.error else "done",
            "applied": list(getattr(one.result, "applied", ())),
            "why": one.error.message if one.error else None,
            "details": list(one.error.details) if one.error else [],
            "next": (one.error.hint or None) if one.error else None,
        }
        for one in outcomes
    ]
    return {"databases": documents}
