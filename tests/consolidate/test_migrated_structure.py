"""A migration after a copy: what it changes is the design from then on, and what somebody has lost is still missed."""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from worlds import World, query, value

from payrollx_db.consolidate.state import migrated_structures
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

REVISION = '''
from alembic import op

revision = "auth_0002"
down_revision = "auth_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        DROP INDEX auth.ix_users_role;
        CREATE INDEX ix_users_role_and_time ON auth.users (role, created_at);
        CREATE FUNCTION auth.is_role(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 <> \\'\\' $$;
        ALTER TABLE auth.users ADD CONSTRAINT users_role CHECK (auth.is_role(role));
        ALTER TABLE auth.users ALTER role SET DEFAULT 'VISITOR', ALTER first_name SET STATISTICS 50;
        COMMENT ON TABLE auth.users IS 'who may log in'
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE auth.users DROP CONSTRAINT users_role; DROP FUNCTION auth.is_role")
'''
LOST_BEFORE = """
DROP INDEX auth.ix_users_created_at;
ALTER TABLE auth.users ALTER role SET STORAGE EXTERNAL;
CREATE INDEX own ON auth.users (last_name)
"""


@pytest.fixture
def migrated_later(reading_world: World, tmp_path: Path) -> World:
    """Services that were copied, of which something was lost by hand, and that a new revision has changed since."""
    world = reading_world
    world.copy("auth", "organization")
    query(world.target, LOST_BEFORE)
    revisions = tmp_path / "versions"
    shutil.copytree(CATALOG.revisions, revisions)
    (revisions / "auth" / "0002_later.py").write_text(REVISION)
    catalog = replace(CATALOG, migrations=revisions)
    assert migrate.upgrade(world.target, catalog).applied == ("auth_0002",)
    return replace(world, catalog=catalog)


def differences(world: World) -> list[str]:
    structure = world.verify("auth", "organization").structure
    assert structure is not None
    return [finding.message.partition(": ")[0] for finding in structure.differences]


def test_what_a_migration_changes_is_designed_and_what_is_lost_is_missed(migrated_later: World) -> None:
    world = migrated_later

    assert differences(world) == [
        "column role of auth.users",  # its storage, which the migration hasn't touched; not its default
        "index ix_users_created_at of auth.users is gone",
    ]
    structure = world.verify("auth", "organization").structure
    assert structure is not None
    assert "default" not in structure.differences[0].message
    assert [f.message for f in structure.findings if f.severity == "info"] == ["index own of auth.users is new"]
    assert not any("migrations have run" in finding.remedy for finding in structure.findings)
    query(world.target, "DROP INDEX auth.ix_users_role_and_time; ALTER TABLE auth.users DROP CONSTRAINT users_role")
    query(world.target, "DROP FUNCTION auth.is_role")

    assert {
        "index ix_users_role_and_time of auth.users is gone",
        "check users_role of auth.users is gone",
        "function auth.is_role(text) is gone",
    } < set(differences(world))


def test_a_migration_with_nothing_to_do_accepts_nothing(migrated_later: World) -> None:
    world = migrated_later
    before = value(world.target, "SELECT objects FROM payrollx_meta.structures")

    migrate.upgrade(world.target, world.catalog)

    assert value(world.target, "SELECT objects FROM payrollx_meta.structures") == before
    migrate.downgrade(world.target, world.catalog, revision="auth_0001", service="auth")
    assert "function auth.is_role(text) is gone" not in differences(world)
    assert "index ix_users_created_at of auth.users is gone" in differences(world)


SHARED_FUNCTION = """
CREATE OR REPLACE FUNCTION public.is_named(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT $1 IS NOT NULL {more}
$$
"""


@pytest.fixture
def two_schemas(reading_world: World) -> Iterator[World]:
    """Two services of one run, of which each has a table that a function beside both is called for."""
    world = reading_world
    query(world.target, SHARED_FUNCTION.format(more=""))
    query(world.target, "ALTER TABLE auth.users ADD CHECK (public.is_named(first_name) IS NOT NULL)")
    query(world.target, "ALTER TABLE organization.organizations ADD CHECK (public.is_named(id::text) IS NOT NULL)")
    world.copy("auth", "organization")
    yield world
    query(world.target, "DROP FUNCTION public.is_named CASCADE")


def change(world: World, schema: str, statement: str, written: threading.Event, may_end: threading.Event) -> None:
    """Change one of the schemas as a migration of it alone does, and end once it may."""
    with psycopg.connect(world.target.conninfo()) as connection:
        with migrated_structures.following(connection, schema, schema):
            connection.execute(statement)
        written.set()
        assert may_end.wait(30)


def test_two_schemas_of_one_run_that_are_changed_at_once_are_both_recorded(two_schemas: World) -> None:
    world = two_schemas
    first_written, first_may_end, at_once = threading.Event(), threading.Event(), threading.Event()
    at_once.set()
    changes = [
        (world, "auth", "ALTER TABLE auth.users ALTER first_name SET STATISTICS 50", first_written, first_may_end),
        (world, "organization", "COMMENT ON TABLE organization.organizations IS 'new'", threading.Event(), at_once),
    ]
    threads = [threading.Thread(target=change, args=arguments) for arguments in changes]
    threads[0].start()
    assert first_written.wait(30)
    threads[1].start()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while threads[1].is_alive() and not value(world.target, waiting):
        time.sleep(0.02)
    first_may_end.set()
    for thread in threads:
        thread.join(30)

    assert differences(world) == []


def test_what_one_schema_changes_of_a_thing_that_others_use_is_recorded_for_all(two_schemas: World) -> None:
    at_once = threading.Event()
    at_once.set()
    change(two_schemas, "auth", SHARED_FUNCTION.format(more="AND true"), threading.Event(), at_once)

    assert differences(two_schemas) == []
