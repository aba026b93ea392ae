"""``payrollx-db migrate``: the unified database's schemas, tables and roles."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, destructive_option, yes
from payrollx_db.cli.render import console, findings
from payrollx_db.cli.targets import refuse_unfinished
from payrollx_db.errors import FindingsError

if TYPE_CHECKING:
    from payrollx_db.model.catalog import Catalog
    from payrollx_db.postgres.url import DatabaseUrl
    from payrollx_db.schema.migrate import Result

    Homes = list[tuple[DatabaseUrl, Sequence[str] | None]]


@command(example="payrollx-db migrate --check")
@options.database_url
@options.catalog
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--revision", metavar="REVISION", help="Stop at this revision instead of the newest.")
@destructive_option("--downgrade", metavar="REVISION", help="Go back to this revision; base drops everything.")
@yes
@click.option("--sql", is_flag=True, help="Print the SQL for an empty database instead of running it.")
@click.option("--check", is_flag=True, help="Change nothing, and show where the database differs from the models.")
@options.as_json
def migrate(
    *,
    database_url: str | None,
    catalog: str,
    service: str | None,
    revision: str | None,
    downgrade: str | None,
    yes: bool,
    sql: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Create or change the unified database's schemas, tables and roles.

    Without options, every service is migrated to its newest revision in the database that SERVICE_DATABASE_URL
    names, else in the unified one. Each database is migrated in one transaction, and a second migration waits for
    the first. Exit code 3 means that --check found a difference.
    """
    _refuse_contradictions(revision=revision, downgrade=downgrade, sql=sql, check=check, as_json=as_json)
    from payrollx_db.schema import migrate

    known = registry.find(catalog)
    if sql:
        console.answer(migrate.offline_sql(known, service=service, revision=revision))
        return
    if check:
        _check(known, _homes(known, service, database_url), as_json=as_json)
    elif downgrade is not None:
        url = options.home(service, database_url) if service else options.unified_database(database_url)
        confirm(f"--downgrade {downgrade} drops tables of {url.masked}, and the rows in them", yes=yes)
        _answer([migrate.downgrade(url, known, revision=downgrade, service=service)], as_json=as_json)
    else:
        only = revision is not None and service is None  # a revision is of one service, and that isn't named
        homes = [(options.unified_database(database_url), None)] if only else _homes(known, service, database_url)
        _answer(
            [migrate.upgrade(url, known, service=names, revision=revision) for url, names in homes], as_json=as_json
        )


def _homes(catalog: "Catalog", service: str | None, database_url: str | None) -> "Homes":
    """Return the databases to work on, each with the services there; ``None`` for all that there are."""
    names = [service] if service else [known.name for known in catalog.services]
    homes = options.homes(names, database_url)
    return [(url, None if len(there) == len(catalog.services) else there) for url, there in homes]


def _refuse_contradictions(
    *, revision: str | None, downgrade: str | None, sql: bool, check: bool, as_json: bool
) -> None:
    if sum((sql, check, downgrade is not None)) > 1:
        raise click.UsageError("--sql, --check and --downgrade exclude one another.")
    if revision is not None and (check or downgrade is not None):
        raise click.UsageError("--revision excludes --check and --downgrade.")
    if sql and as_json:
        raise click.UsageError("--sql prints SQL, so it does not go with --json.")


def _check(catalog: "Catalog", homes: "Homes", *, as_json: bool) -> None:
    from payrollx_db.schema import migrate

    for url, names in homes:
        services = [service for service in catalog.services if names is None or service.name in names]
        refuse_unfinished(url, catalog, services, "compared with the models")
    drift = [difference for url, names in homes for difference in migrate.check(url, catalog, service=names)]
    if as_json:
        console.answer_json(findings.drift_document(drift))
    if drift:
        if not as_json:
            findings.show(drift)
        raise FindingsError(
            f"the database differs from the models in {'1 place' if len(drift) == 1 else f'{len(drift)} places'}",
            hint=f"{catalog.command('migrate')} applies the newer revisions; other differences were made by hand",
        )
    if not as_json:
        console.answer("the database matches the models")


def _answer(results: "Sequence[Result]", *, as_json: bool) -> None:
    applied = [revision for result in results for revision in result.applied]
    current = {service: revision for result in results for service, revision in result.current.items()}
    if as_json:
        console.answer_json({"applied": applied, "current": current})
        return
    for revision in applied:
        console.note(f"ran {revision}")
    if not applied:
        console.note("nothing to do")
    table = console.table(("service", "left"), ("revision", "left"))
    for service, revision in current.items():
        table.add_row(service, revision)
    console.answer_table(table)
