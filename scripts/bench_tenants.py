"""Measure many tenants of Koinonia's template, in both shapes, against `pg_dump | psql` in a loop.

Two servers, one a side, with default lock settings. Each figure is in seconds by the clock, of our processors, and of
both servers' (on Linux). The legacy databases are clones of a few, and how long they take isn't measured. The loop goes
over a sample of the tenants, and its figures are scaled to all of them. Each figure is printed as soon as it is there,
and a step that fails doesn't keep the others from being measured. The parts, and the steps of a shape, can be run one
by one on a folder that is kept; its databases are made once, and what earlier calls have measured is printed along.

    python scripts/bench_tenants.py --tenants 20 200
    python scripts/bench_tenants.py --tenants 1000 --folder /var/tmp/thousand --parts schemas
    python scripts/bench_tenants.py --tenants 1000 --folder /var/tmp/thousand --parts schemas --steps verify roles
    python scripts/bench_tenants.py --tenants 1000 --folder /var/tmp/thousand --parts column shared reads loop --end
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from bench_identity import where, with_password
from bench_tenants_world import Figure, TwoServers
from psycopg import sql

from payrollx_db.catalogs.koinonia import shared, unified
from payrollx_db.devserver import Programs, create_database, database_exists, drop_database
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.shipped import folder as shipped
from payrollx_db.tenants.migrating import TenantMigrations

SHAPES = {"schemas": "koinonia", "shared": "koinonia-shared"}
PARTS = ("schemas", "column", "shared", "reads", "loop")
STEPS: Mapping[str, tuple[str, ...]] = {  # of a shape, in their order
    "migrate": ("migrate",),
    "tenants": ("tenant", "migrate", "--from", "legacy"),
    "plan": ("plan",),
    "copy": ("copy",),
    "verify": ("verify",),
    "roles": ("roles", "--check"),
    "doctor": ("doctor",),
}
LOOP = "pg_dump | psql"
MADE = "schemas: tenant migrate"
GROWN = """
from dataclasses import replace
from pathlib import Path
from payrollx_db.catalogs.koinonia.unified import CATALOG as KNOWN

CATALOG = replace(KNOWN, migrations=Path(__file__).parent / "revisions")
"""
REVISION = """
import sqlalchemy as sa
from alembic import op
from payrollx_db.schema import ddl

revision, down_revision, branch_labels, depends_on = "bench_column", "{before}", None, None


def upgrade():
    op.add_column("members", sa.Column("nickname", sa.Text()), schema=ddl.schema_of("tenant"))
"""


@dataclass
class TenantsBench:
    """Both servers, the tenants on them, over how many the loop goes, which steps of a shape; and what has failed."""

    servers: TwoServers
    source: DatabaseUrl
    target: DatabaseUrl
    tenants: int
    sample: int
    steps: Sequence[str] = tuple(STEPS)
    failed: list[str] = field(default_factory=list)

    def run(self, part: str) -> None:
        """Run one of the parts; where it fails, say so."""
        parts: dict[str, Callable[[], None]] = {
            "schemas": lambda: self.consolidate("schemas"),
            "column": self.column,
            "shared": lambda: self.consolidate("shared"),
            "reads": self.reads,
            "loop": self.loop,
        }
        with self._going_on(part):
            parts[part]()

    def consolidate(self, shape: str) -> None:
        """Take all tenants the whole way into one shape, or those steps of it that are chosen."""
        url = self.target.with_database(f"bench_{shape}")
        if "migrate" in self.steps:
            url = self._anew(f"bench_{shape}")
        for step, words in STEPS.items():
            if step not in self.steps or (step == "tenants" and shape == "shared"):
                continue
            what = f"{shape}: {' '.join(words[:2])}"
            with self._going_on(what):
                self._measured(what, words, SHAPES[shape], url)

    def column(self) -> None:
        """Add a column to a table of every tenant."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            (folder / "grown_koinonia.py").write_text(GROWN)
            shutil.copytree(shipped("alembic") / "koinonia", folder / "revisions")
            before = TenantMigrations(unified.CATALOG).revisions[-1]
            (folder / "revisions" / "tenant" / "bench_column.py").write_text(REVISION.format(before=before))
            url = self.target.with_database("bench_schemas")
            what = "schemas: a column everywhere"
            self._measured(what, ["tenant", "migrate"], "grown_koinonia:CATALOG", url, PYTHONPATH=name)

    def reads(self) -> None:
        """Look tenants up and read a row, as a service does, where the part of a shape has put them."""
        for shape, catalog in (("schemas", unified.CATALOG), ("shared", shared.CATALOG)):
            url = self.target.with_database(f"bench_{shape}")
            if not database_exists(self.target, url.dbname):
                continue
            roles = [catalog.services[0].role, template_of(catalog).service.role]
            environment = self._environment(SHAPES[shape], _service_login(url, roles))
            environment |= {"BENCH_SHAPE": shape, "BENCH_TENANTS": ",".join(_active(url))}
            environment |= {"BENCH_PLAIN": _plain_table(url, shape).sqlalchemy()}
            program = Path(__file__).with_name("bench_tenants_reads.py")
            done = subprocess.run([sys.executable, program], env=environment, stdout=subprocess.PIPE, check=True)
            for what, (clock, used) in json.loads(done.stdout).items():
                self.servers.record(f"{shape}: {what}", Figure(clock / 1000, used / 1000, 0.0))
                self._tell(f"{shape}: {what}")

    def loop(self) -> None:
        """Take a sample of the databases through `pg_dump | psql`, one after the other."""
        names = [f"tenant_{name}" for name in self._ids()]
        step = max(1, len(names) // self.sample)
        chosen = names[::step][: self.sample]
        for name in chosen:
            create_database(self.target, f"dump_{name}")
        with self.servers.measured(LOOP):
            for name in chosen:
                self._dump(name)
        figure, times = self.servers.figures[LOOP], len(names) / len(chosen)
        scaled = Figure(figure.clock * times, figure.ours * times, figure.servers * times)
        about = f" of {len(chosen)}, scaled to {len(names)}" if times > 1 else ""
        self.servers.figures = {what: f for what, f in self.servers.figures.items() if not what.startswith(LOOP)}
        self.servers.record(LOOP + about, scaled)
        self._tell(LOOP + about)
        for name in chosen:
            drop_database(self.target, f"dump_{name}")

    # -- private -----------------------------------------------------------------------------------------

    def _dump(self, name: str) -> None:
        programs = Programs.find().folder
        dump = [str(programs / "pg_dump"), "--no-owner", *where(self.source.with_database(name))]
        psql = [str(programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
                *where(self.target.with_database(f"dump_{name}"))]  # fmt: skip
        with subprocess.Popen(dump, stdout=subprocess.PIPE, env=with_password(self.source)) as reading:
            subprocess.run(
                psql, stdin=reading.stdout, env=with_password(self.target), stdout=subprocess.DEVNULL, check=True
            )
        if reading.returncode:
            raise CommandFailedError(f"pg_dump of {name} ended with {reading.returncode}")

    def _ids(self) -> list[str]:
        """Return the tenants that the registry names and that have a database."""
        with psycopg.connect(self.source.with_database("koinonia_registry").conninfo()) as connection:
            rows = connection.execute(
                'SELECT t.id FROM public."Tenant" AS t JOIN pg_catalog.pg_database AS d'
                " ON d.datname = 'tenant_' || t.id ORDER BY 1"
            ).fetchall()
        return [name for (name,) in rows]

    def _anew(self, name: str) -> DatabaseUrl:
        drop_database(self.target, name)
        return create_database(self.target, name)

    def _environment(self, catalog: str, url: DatabaseUrl) -> dict[str, str]:
        environment = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return environment | {
            "DATABASE_URL": url.plain, "LEGACY_DATABASE_URL": self.source.plain, "PAYROLLX_CATALOG": catalog,
        }  # fmt: skip

    def _measured(self, what: str, words: Sequence[str], catalog: str, url: DatabaseUrl, **more: str) -> None:
        """Measure one of our commands, and print what it took."""
        with self.servers.measured(what):
            peak = self._ours(words, catalog, url, **more)
        self.servers.record(what, replace(self.servers.figures[what], peak=peak))
        self._tell(what)

    def _ours(self, words: Sequence[str], catalog: str, url: DatabaseUrl, **more: str) -> int:
        """Run one of our commands; return the most memory that it had, in kB. Raises CommandFailedError."""
        with tempfile.TemporaryFile("w+") as output:
            command = [sys.executable, "-m", "payrollx_db", *words]
            environment = self._environment(catalog, url) | more
            running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=output)
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
            if running.returncode not in (0, 3):
                output.seek(0)
                raise CommandFailedError(f"{' '.join(words)} ended with {running.returncode}", output.read()[-2000:])
        return usage.ru_maxrss

    @contextmanager
    def _going_on(self, what: str) -> Iterator[None]:
        """Say of what fails inside that it did, and go on."""
        try:
            yield
        except (CommandFailedError, subprocess.SubprocessError, psycopg.Error, OSError) as error:
            self.failed.append(what)
            print(f"{self.tenants} tenants: {what} FAILED: {error}", file=sys.stderr, flush=True)
            for text in error.args[1:] if isinstance(error, CommandFailedError) else ():
                print(text, file=sys.stderr, flush=True)

    def _tell(self, what: str) -> None:
        print(f"{self.tenants} tenants:{_line(what, self.servers.figures[what])}", file=sys.stderr, flush=True)


class CommandFailedError(Exception):
    """One of our commands failed: how, and what it said."""

    def __str__(self) -> str:
        """Return how it ended."""
        return str(self.args[0])


def report(figures: Mapping[str, Figure], tenants: int) -> None:
    """Print all figures, and the ratios to the loop."""
    print(f"\n{tenants:,} tenants of 25 tables{'seconds':>27} {'ours':>9} {'servers':>9}")
    loop = next((figure for what, figure in figures.items() if what.startswith(LOOP)), None)
    for what, figure in figures.items():
        notes = []
        if loop and what.endswith("copy"):
            used = (figure.ours + figure.servers) / (loop.ours + loop.servers)
            notes.append(f"{figure.clock / loop.clock:.2f} of the loop, {used:.2f} by processors")
        if what == MADE:
            notes.append(f"{figure.clock / tenants:.2f} s a tenant")
        print("  ".join([_line(what, figure), *notes]), flush=True)


def _line(what: str, figure: Figure) -> str:
    """Return a figure as a line of the table."""
    if figure.clock < 1 and figure.servers == 0:
        return f"  {what:<48} {figure.clock * 1000:8.3f} ms {figure.ours * 1000:6.3f} ms"
    memory = f"  {figure.peak / 1024:.0f} MB" if figure.peak else ""
    return f"  {what:<48} {figure.clock:8.1f} {figure.ours:9.1f} {figure.servers:9.1f}{memory}"


def main() -> None:
    """Start two servers for each number of tenants, fill one, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, nargs="+", default=[20])
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--steps", choices=STEPS, nargs="+", default=list(STEPS), help="of schemas and shared")
    parser.add_argument("--sample", type=int, default=100, help="tenants that the loop goes over")
    parser.add_argument("--folder", type=Path, help="keep both servers and the figures here, for the next part")
    parser.add_argument("--end", action="store_true", help="remove what is in --folder at the end")
    options = parser.parse_args()
    failed: list[str] = []
    for tenants in options.tenants:
        with tempfile.TemporaryDirectory(prefix="payrollx-bench-") as name:
            servers = TwoServers((options.folder or Path(name)) / str(tenants))
            try:
                bench = TenantsBench(servers, *servers.up(), tenants, options.sample, options.steps)
                servers.churches(bench.source, tenants)
                for part in [part for part in PARTS if part in options.parts]:
                    bench.run(part)
                report(servers.figures, tenants)
                failed += bench.failed
            finally:
                if options.folder is None or options.end:
                    servers.destroy()
                    shutil.rmtree(servers.folder, ignore_errors=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


# -- the database that services read ------------------------------------------------------------------


def _active(url: DatabaseUrl) -> list[str]:
    with psycopg.connect(url.conninfo()) as connection:
        rows = connection.execute("SELECT id FROM registry.tenants WHERE status = 'active' ORDER BY id").fetchall()
    return [name for (name,) in rows]


def _service_login(url: DatabaseUrl, roles: Sequence[str]) -> DatabaseUrl:
    """Make the login of a service, which is a member of these roles."""
    login, password = f"login_{url.dbname}", secrets.token_hex(16)
    name, in_roles = sql.Identifier(login), sql.SQL(", ").join(map(sql.Identifier, roles))
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(name, sql.Literal(password), in_roles)
        )
    return replace(url, params={**url.params, "user": login, "password": password})


def _plain_table(url: DatabaseUrl, shape: str) -> DatabaseUrl:
    """Make a table of members that is no tenant's, with the rows of the first; return where it is."""
    first = _active(url)[0]
    template = template_of(unified.CATALOG if shape == "schemas" else shared.CATALOG)
    rows = sql.Identifier(template.schema_of(first), "members")
    condition: sql.Composable = sql.SQL("TRUE")
    if shape == "shared":
        condition = sql.SQL("{} = {}").format(sql.Identifier(template.tenant_column), sql.Literal(first))
    with psycopg.connect(url.conninfo()) as connection:
        connection.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        connection.execute("CREATE SCHEMA bench")
        connection.execute(sql.SQL("CREATE TABLE bench.members AS SELECT * FROM {} WHERE {}").format(rows, condition))
        connection.execute("ALTER TABLE bench.members ADD PRIMARY KEY (id)")
    return url


if __name__ == "__main__":
    main()
