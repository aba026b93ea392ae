"""Shapes that other tools were reported to get wrong: lifted with their rows, drafted, and as they were."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import Done, call, spawn
from conftest import TestServer, unique
from lifted_worlds import rows, run_script
from schema_dumps import differences, newest_clients
from servers import known_to

from payrollx_db.postgres.url import DatabaseUrl

SHAPES = Path(__file__).with_name("reported_shapes.sql")
TABLES = (
    "content_type",
    "accounts",
    "comments",
    "bookings",
    "_prisma_migrations",
    "schema_migrations",
    "shortened",
    "pairs",
    "of_pairs",
)


@dataclass(frozen=True)
class Lifted:
    """The source, the target, the folder of lift.toml, and what the lift said."""

    source: DatabaseUrl
    target: DatabaseUrl
    folder: Path
    done: Done


@pytest.fixture(scope="module")
def lifted(
    server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DatabaseUrl, DatabaseUrl, Done]]:
    """The source, the target that it was lifted into, as the service ``shapes``, and what the lift said."""
    names = unique("shapes"), unique("all_shapes")
    source, target = map(server.create_database, names)
    run_script(source, known_to(server.version, SHAPES.read_text("utf-8")))
    folder = tmp_path_factory.mktemp("shapes")
    words = ("--source", f"shapes={source.plain}", "--name", names[1], "--to", target.plain, "--dir", str(folder))
    yield Lifted(source, target, folder, call(("lift", *words), {}, folder))
    for name in names:
        server.drop_database(name)
    for role in rows(server.url, f"SELECT quote_ident(rolname) FROM pg_roles WHERE rolname LIKE '{names[1]}%'"):
        rows(server.url, f"DROP ROLE {role}")


def test_rows_and_structure_are_the_same_after_a_lift(lifted: Lifted) -> None:
    """The structure by pg_dump of both sides, the rows as the server writes them."""
    source, target, done = lifted.source, lifted.target, lifted.done

    assert done.returncode == 0, done.stdout + done.stderr
    assert differences((source, "public"), (target, "shapes"), newest_clients()) == ([], [])
    for table in TABLES:
        query = "SELECT t::text FROM {}.{} AS t ORDER BY 1"
        assert rows(source, query.format("public", table)) == rows(target, query.format("shapes", table)), table
    assert rows(target, "SELECT count(*) FROM shapes.accounts") == [40]
    (number,) = rows(target, "INSERT INTO shapes.accounts DEFAULT VALUES RETURNING number")
    assert number == "n-public.3"
    rows(target, "DELETE FROM shapes.accounts WHERE id = 41")


def test_models_that_are_drafted_of_them_match(lifted: Lifted, tmp_path: Path) -> None:
    url = {"DATABASE_URL": lifted.target.plain, "LEGACY_SHAPES_DATABASE_URL": lifted.source.plain}
    project = ("--dir", str(tmp_path / "shapes"), "--package", "shapes", "--lift", str(lifted.folder / "lift.toml"))
    drafted = call(("draft", *project), url)
    assert drafted.returncode == 0, drafted.stderr

    environment = {**url, "PAYROLLX_CATALOG": "shapes.catalog:CATALOG", "PYTHONPATH": str(tmp_path / "shapes")}
    adopted = spawn(("migrate", "--adopt"), environment)
    assert adopted.returncode == 0, adopted.stderr
    checked = spawn(("migrate", "--check"), environment)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    models = (tmp_path / "shapes" / "shapes" / "shapes.py").read_text("utf-8")
    for text in ("Mapped[list[Tag]]", "ARRAY[]::text[]", "text_pattern_ops", "jsonb_path_ops", "ExcludeConstraint("):
        assert text in models
    assert sys.modules.get("shapes") is None
