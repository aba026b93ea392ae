"""Commands on a database in which nothing is: they say so, and what comes next, instead of that all is well."""

from typing import Any

import pytest
from command_line import call
from worlds import World

from payrollx_db.postgres.url import DatabaseUrl


@pytest.fixture
def bare(database: DatabaseUrl) -> World:
    """An empty database as the target of nothing."""
    return World({}, database)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("doctor",), 3, "nothing to look at: none of the services' tables is here"),
        (("placement",), 3, "whether references are foreign keys shows when all services are there"),
        (("quarantine", "list"), 0, "this database isn't migrated, and no run is recorded here"),
        (("status",), 0, "this database isn't migrated, and no run is recorded here"),
        (("roles", "--check"), 5, "has no schema of the catalog payrollx"),
        (("service", "list"), 0, "no service is in "),
        (("migrate", "--check"), 3, "is at no revision"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_they_name_the_next_command(bare: World, arguments: tuple[str, ...], code: int, text: str) -> None:
    done: Any = call(arguments, bare.env)

    assert done.returncode == code, done.stderr
    assert text in done.stdout + done.stderr
    assert "payrollx-db migrate" in done.stdout + done.stderr
    assert "every enforced reference is a foreign key" not in done.stdout


def test_a_migrated_database_without_a_run_says_just_that(migrated: DatabaseUrl) -> None:
    done: Any = call(("quarantine", "list"), World({}, migrated).env)

    assert done.stdout == "no run is recorded here: nothing is in quarantine\n"
