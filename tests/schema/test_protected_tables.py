"""No migration touches a protected table unless a person names it, whatever its revisions do."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import TestServer, unique
from worlds import query, value

from payrollx_db.catalogs import registry
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

TEC = registry.find("tec")
PAYMENTS = "shared.payments"
REVISION = """
from alembic import op

revision = "shared_0002"
down_revision = "shared_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute({statement!r})


def downgrade() -> None:
    op.execute("SELECT 1")
"""


@pytest.fixture(scope="module")
def migrated(server: TestServer) -> Iterator[str]:
    """The name of a database with the shared tables and one payment."""
    name = unique("protected")
    url = server.create_database(name)
    migrate.upgrade(url, TEC, service="shared")
    query(url, "INSERT INTO shared.users (id, pi_id, username) VALUES ('u', 'pi', 'pioneer')")
    query(
        url,
        "INSERT INTO shared.payments (id, user_id, amount, domain, category) VALUES ('p', 'u', 1, 'life', 'a')",
    )
    yield name
    server.drop_database(name)


@pytest.fixture
def database(server: TestServer, migrated: str) -> Iterator[DatabaseUrl]:
    name = unique("protected")
    yield server.create_database(name, migrated)
    server.drop_database(name)


def with_revision(folder: Path, statement: str) -> Catalog:
    """Return TEC with one more revision of the shared tables."""
    revisions = folder / "revisions"
    shutil.copytree(TEC.revisions, revisions, ignore=shutil.ignore_patterns("__pycache__"))
    (revisions / "shared" / "0002_more.py").write_text(REVISION.format(statement=statement))
    return replace(TEC, migrations=revisions)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE shared.payments ADD note text", "columns"),
        ("ALTER TABLE shared.payments ALTER amount TYPE numeric(40,18)", "columns"),
        ("ALTER TABLE shared.payments DROP CONSTRAINT fk_payments_user_id", "constraints"),
        ("CREATE INDEX ON shared.payments (domain)", "indexes"),
        ("UPDATE shared.payments SET amount = 2", "1 rows"),
        ("DELETE FROM shared.payments", "1 rows"),
        ("TRUNCATE shared.payments", "file"),
        ("DROP TABLE shared.payments", "dropped"),
        ("ALTER TABLE shared.payments RENAME TO paid", "dropped, moved or renamed"),
        ("CREATE RULE quiet AS ON DELETE TO shared.payments DO INSTEAD NOTHING", "rules"),
        ("ALTER TABLE shared.payments ENABLE ROW LEVEL SECURITY", "row security"),
        ("GRANT UPDATE ON shared.payments TO PUBLIC", "grants"),
        *(
            pytest.param(statement, named, marks=pytest.mark.long)
            for statement, named in (
                ("GRANT UPDATE (amount) ON shared.payments TO PUBLIC", "columns"),
                ("CREATE TABLE shared.more () INHERITS (shared.payments)", "parents and children"),
                ("CREATE TABLE shared.more (payment text REFERENCES shared.payments)", "foreign keys to it"),
                ("ALTER TABLE shared.payments SET (fillfactor = 50)", "options"),
                ("ALTER TABLE shared.payments REPLICA IDENTITY FULL", "options"),
                ("ALTER TABLE shared.payments ALTER domain SET STATISTICS 5", "columns"),
                ("CREATE STATISTICS shared.more ON domain, category FROM shared.payments", "statistics"),
                ("COMMENT ON COLUMN shared.payments.amount IS 'paid'", "columns"),
            )
        ),
    ],
)  # fmt: skip
def test_a_revision_that_touches_one_is_undone(
    database: DatabaseUrl, tmp_path: Path, statement: str, named: str
) -> None:
    catalog = with_revision(tmp_path, statement)
    with pytest.raises(StateConflictError) as caught:
        migrate.upgrade(database, catalog, service="shared")
    assert caught.value.details[0].startswith(f"{PAYMENTS}: ")
    assert named in caught.value.details[0]
    assert value(database, "SELECT amount = 1 FROM shared.payments") is True
    applied = migrate.upgrade(database, catalog, service="shared", protected=(PAYMENTS,)).applied
    assert applied == ("shared_0002",)


def test_what_a_revision_commits_itself_is_refused_or_not_called_undone(database: DatabaseUrl, tmp_path: Path) -> None:
    catalog = with_revision(tmp_path, "")
    revision = catalog.revisions / "shared" / "0002_more.py"
    update = """op.execute("UPDATE shared.payments SET amount = 2")"""
    before = revision.read_text()
    block = f"with op.get_context().autocommit_block():\n        {update}"
    revision.write_text(before.replace("op.execute('')", block))
    with pytest.raises(StateConflictError, match="would leave the transaction"):
        migrate.upgrade(database, catalog, service="shared")
    assert value(database, "SELECT amount = 1 FROM shared.payments") is True
    commit = "op.get_bind().connection.driver_connection.commit()"
    revision.write_text(before.replace("op.execute('')", f"{update}; {commit}"))
    with pytest.raises(StateConflictError, match="did to protected tables stays"):
        migrate.upgrade(database, catalog, service="shared")
    assert migrate.upgrade(database, catalog, service="shared", protected=(PAYMENTS,)).applied == ("shared_0002",)


def test_a_revision_that_leaves_it_alone_goes_through(database: DatabaseUrl, tmp_path: Path) -> None:
    catalog = with_revision(tmp_path, "ALTER TABLE shared.users ADD note text; UPDATE shared.users SET note = 'x'")
    assert migrate.upgrade(database, catalog, service="shared").applied == ("shared_0002",)


def test_only_a_protected_table_can_be_named(database: DatabaseUrl) -> None:
    with pytest.raises(ConfigurationError, match=r"shared\.users is no protected table"):
        migrate.upgrade(database, TEC, protected=("shared.users",))


def test_going_back_drops_it_only_where_it_is_named(database: DatabaseUrl) -> None:
    with pytest.raises(StateConflictError, match="changes a protected table"):
        migrate.downgrade(database, TEC, revision="base", service="shared")
    assert value(database, "SELECT count(*) FROM shared.payments") == 1
    migrate.downgrade(database, TEC, revision="base", service="shared", protected=(PAYMENTS,))
    assert value(database, "SELECT to_regclass('shared.payments') IS NULL") is True
