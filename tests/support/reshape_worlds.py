"""Two databases as Prisma makes them, which refer to each other, and a target with their empty schemas."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique
from worlds import query

from payrollx_db.lift.reshape import file
from payrollx_db.lift.reshape.file import Reshape
from payrollx_db.postgres.url import DatabaseUrl

HERE = Path(__file__).parent / "reshape"
SERVICES = ("auth", "pay")


@dataclass(frozen=True)
class ReshapeWorld:
    """A folder with a ``lift.toml``, the two sources by service, and the target."""

    folder: Path
    sources: Mapping[str, DatabaseUrl]
    target: DatabaseUrl

    @property
    def path(self) -> Path:
        """The reshape file."""
        return self.folder / file.FILE

    @property
    def reshape(self) -> Reshape:
        """What the file says."""
        return file.read(self.path)

    def call(self, *arguments: str) -> Done:
        """Run ``lift reshape`` with further arguments."""
        given = {f"LEGACY_{name.upper()}_DATABASE_URL": url.plain for name, url in self.sources.items()}
        env = {"PATH": os.environ["PATH"], "DATABASE_URL": self.target.plain, **given}
        return call(("lift", "reshape", *arguments), env, self.folder)

    def replace(self, old: str, new: str) -> None:
        """Edit the file, as a person would. Fails where the old text isn't there."""
        text = self.path.read_text("utf-8")
        assert old in text
        self.path.write_text(text.replace(old, new), "utf-8")

    def take(self, *kinds: str) -> None:
        """Say yes to whole kinds."""
        for kind in kinds or file.KINDS:
            self.replace(f'\n{kind} = "no"', f'\n{kind} = "yes"')

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Return the target's columns with their types."""
        return dict(
            query(
                self.target,
                "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a"
                " WHERE a.attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) AND a.attnum > 0",
                (schema, table),
            )
        )

    def structure(self) -> list[tuple[object, ...]]:
        """Return all that a reshape could change of the target."""
        return query(
            self.target,
            "SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),"
            "  format_type(a.atttypid, a.atttypmod) || coalesce(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_class AS c"
            "  JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('auth', 'pay')"
            "  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
            "  LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum"
            " UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) || conrelid::regclass"
            "  || coalesce(obj_description(oid, 'pg_constraint'), '') FROM pg_constraint"
            " UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname IN ('auth', 'pay')"
            " UNION ALL SELECT 'view', relname, concat_ws(' ', pg_get_viewdef(oid), reloptions, relacl,"
            "  obj_description(oid, 'pg_class'), relowner::regrole) FROM pg_class"
            "  WHERE relkind = 'v' AND relnamespace IN (to_regnamespace('auth'), to_regnamespace('pay'))"
            " UNION ALL SELECT 'policy', polname, pg_get_expr(polqual, polrelid) FROM pg_policy"
            " UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            " ORDER BY 1, 2, 3",
        )


def make_sources(server: TestServer, *, rows: bool = True) -> dict[str, DatabaseUrl]:
    """Make the two databases."""
    sources = {}
    for service in SERVICES:
        sources[service] = server.create_database(unique(f"reshape_{service}"))
        for name in (service, f"{service}_rows") if rows else (service,):
            query(sources[service], (HERE / f"{name}.sql").read_text("utf-8"))
    return sources


def lift_empty(target: DatabaseUrl) -> None:
    """Make the sources' schemas in the target, as a lift does: empty, each in a schema of its own."""
    with psycopg.connect(target.conninfo(), autocommit=True) as connection:
        for service in SERVICES:
            connection.execute((HERE / f"{service}.sql").read_text("utf-8"))
            connection.execute(f"ALTER SCHEMA public RENAME TO {service}; CREATE SCHEMA public")


def write_lift(folder: Path, sources: Mapping[str, DatabaseUrl]) -> None:
    """Write the ``lift.toml`` of these sources."""
    tables = (
        f'[databases.{service}]\ndatabase = "{url.dbname}"\nservice = "{service}"\nschema = "{service}"\n'
        for service, url in sources.items()
    )
    (folder / "lift.toml").write_text("\n".join(tables), "utf-8")


@pytest.fixture(scope="session")
def reshape_sources(server: TestServer) -> Iterator[dict[str, DatabaseUrl]]:
    """The two databases, for tests that only read them."""
    sources = make_sources(server)
    yield sources
    for url in sources.values():
        server.drop_database(url.dbname)


@pytest.fixture(scope="session")
def lifted_template(server: TestServer) -> Iterator[DatabaseUrl]:
    """A database with their empty schemas, to make others from."""
    target = server.create_database(unique("reshape_template"))
    lift_empty(target)
    yield target
    server.drop_database(target.dbname)


@pytest.fixture(scope="session")
def written(reshape_sources: dict[str, DatabaseUrl], tmp_path_factory: pytest.TempPathFactory) -> ReshapeWorld:
    """A world whose suggestions are written and not answered. To be read only: it has no target."""
    folder = tmp_path_factory.mktemp("written")
    write_lift(folder, reshape_sources)
    world = ReshapeWorld(folder, reshape_sources, next(iter(reshape_sources.values())))
    done = world.call()
    assert done.returncode == 0, done.stderr
    return world


@pytest.fixture
def file_world(written: ReshapeWorld, lifted_template: DatabaseUrl, tmp_path: Path) -> ReshapeWorld:
    """A file of its own that is written and not answered; the target is others' too, and has to stay as it is."""
    for file_ in written.folder.iterdir():
        (tmp_path / file_.name).write_bytes(file_.read_bytes())
    return ReshapeWorld(tmp_path, written.sources, lifted_template)


@pytest.fixture
def reshape_world(server: TestServer, file_world: ReshapeWorld, lifted_template: DatabaseUrl) -> Iterator[ReshapeWorld]:
    """A world of its own: a file that is written and not answered, and a target."""
    target = server.create_database(unique("reshape_target"), lifted_template.dbname)
    yield replace(file_world, target=target)
    server.drop_database(target.dbname)
