"""What an older server doesn't know of the models is named before a migration begins."""

import pytest
from conftest import TestServer
from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, MetaData, Table, UniqueConstraint
from worlds import value

from payrollx_db.catalogs import registry
from payrollx_db.errors import TargetError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate, server_features


def models() -> MetaData:
    """Two tables that ask for what Postgres 15 brought, and one that is a service's of which nothing is asked."""
    metadata = MetaData()
    columns = [Column(name, Integer) for name in ("tenant", "id", "above")]
    Table(
        "tree", metadata, *columns, UniqueConstraint("tenant", "id"),
        ForeignKeyConstraint(
            ["tenant", "above"], ["shop.tree.tenant", "shop.tree.id"], ondelete="SET NULL (above)"
        ),
        UniqueConstraint("id", "above", postgresql_nulls_not_distinct=True), schema="shop",
    )  # fmt: skip
    notes = Table("notes", metadata, Column("id", Integer), Column("text", Integer), schema="shop")
    Index("by_text", notes.columns.text, unique=True, postgresql_nulls_not_distinct=True)
    Table("users", metadata, Column("id", Integer), UniqueConstraint("id"), schema="crm")
    return metadata


def test_what_an_older_server_does_not_know_is_named() -> None:
    with pytest.raises(TargetError) as refused:
        server_features.refuse_older(140023, models(), {"shop", "crm"}, "the database")

    assert str(refused.value).startswith("the database is Postgres 14, which doesn't know what the models ask for")
    assert list(refused.value.details) == [
        "shop.notes: the index of text has NULLS NOT DISTINCT",
        "shop.tree: the foreign key of tenant, above has ON DELETE SET NULL (above)",
        "shop.tree: the unique constraint of id, above has NULLS NOT DISTINCT",
    ]
    server_features.refuse_older(140023, models(), {"crm"}, "the database")
    server_features.refuse_older(150000, models(), {"shop", "crm"}, "the database")


def test_a_migration_to_an_older_server_makes_nothing(server: TestServer, database: DatabaseUrl) -> None:
    if server.version >= 150000:
        pytest.skip("this server knows all that the models ask for")
    with pytest.raises(TargetError) as refused:
        migrate.upgrade(database, registry.find("koinonia-shared"))

    assert any("ON DELETE SET NULL (reply_to_id)" in line for line in refused.value.details)
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('tenant', 'registry')") == 0
