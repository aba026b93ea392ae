"""A drafted project can be imported, says what the database is, and makes the same database again."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TestServer, unique
from drafts import ODD, SERVICES, Drafted, ask, draft, fill
from psycopg import sql
from sqlalchemy import create_engine, inspect
from sqlalchemy.orm import configure_mappers

from payrollx_db.backup.clients import Clients
from payrollx_db.devserver.programs import folders
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import adoption, drift, extras, migrate
from payrollx_db.schema.roles import statements

SCHEMAS = ["shop", "crm", "Odd Schema"]

# What the server itself says of tables, without those that are partitions.
DEFINITIONS = {
    "indexes": """
        SELECT indrelid::regclass::text || ' ' || pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace::regnamespace::text = ANY (%s) AND NOT relispartition AND relkind IN ('r', 'p')""",
    "constraints": """
        SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace::regnamespace::text = ANY (%s) AND NOT relispartition AND conparentid = 0
            AND contype <> 'n'""",
    "columns": """
        SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
            attgenerated, pg_get_expr(adbin, adrelid), attcollation::regcollation, col_description(attrelid, attnum))
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
        WHERE relnamespace::regnamespace::text = ANY (%s) AND NOT relispartition AND relkind IN ('r', 'p')
            AND attnum > 0 AND NOT attisdropped""",
    "tables": """
        SELECT concat_ws(' ', oid::regclass, relkind, relpersistence, reloptions, obj_description(oid, 'pg_class'),
            pg_get_partkeydef(oid))
        FROM pg_class
        WHERE relnamespace::regnamespace::text = ANY (%s) AND NOT relispartition AND relkind IN ('r', 'p')""",
}
# What SQLAlchemy has no words for: the README lists it, and the migrations keep it.
UNSAYABLE = re.compile(
    r"NOT VALID$|NO INHERIT$|orders (?:big)?counter |customers code |orders quantity |^shop.customers cüst|parent_name"
)


def test_what_models_say_makes_the_same_tables(server: TestServer, drafted: Drafted) -> None:
    name = unique("from_models")
    url = server.create_database(name)
    fill(url, _before_tables())
    engine = create_engine(f"postgresql+psycopg://{url.plain.partition('://')[2]}")
    drafted.catalog.models.create_all(engine)
    engine.dispose()

    for kind, query in DEFINITIONS.items():
        here, there = ({*ask(one, query, [[*SCHEMAS, '"Odd Schema"']])} for one in (drafted.url, url))
        assert len(here) > 20, kind
        assert [text for text in sorted(here ^ there) if not UNSAYABLE.search(text)] == []
    server.drop_database(name)


def test_models_match_the_database_that_they_were_drafted_from(drafted: Drafted) -> None:
    catalog = drafted.catalog
    schemas = frozenset(SCHEMAS)
    with migrate.connection(drafted.url) as opened:
        differences = drift.find(opened, catalog.models, schemas, migrate.options(catalog, schemas, opened))
        differences += extras.find(opened, catalog, schemas)

    assert [finding.message for finding in differences] == []


def test_a_migrated_database_matches_the_models(drafted: Drafted, migrated_draft: DatabaseUrl) -> None:
    assert [finding.message for finding in migrate.check(migrated_draft, drafted.catalog)] == []


def test_a_changed_database_is_told_from_the_models(server: TestServer, drafted: Drafted) -> None:
    name = unique("changed")
    url = server.create_database(name)
    migrate.upgrade(url, drafted.catalog)
    fill(
        url,
        "ALTER TYPE shop.unused ADD VALUE 'c'; DROP INDEX shop.customers_ops_idx; DROP TRIGGER touch ON shop.customers;"
        " ALTER TABLE shop.customers ALTER vbits TYPE bit varying(9);"
        " CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
    )

    assert [finding.place for finding in migrate.check(url, drafted.catalog)] == [
        "column shop.customers.vbits", "enum shop.unused", "index customers_ops_idx of shop.customers",
        "trigger touch on shop.customers",
    ]  # fmt: skip
    server.drop_database(name)


def test_the_migrations_make_what_pg_dump_says_of_the_database(
    drafted: Drafted, migrated_draft: DatabaseUrl, tmp_path: Path
) -> None:
    here, there = (_dumped(url, tmp_path / f"{number}.sql") for number, url in enumerate((drafted.url, migrated_draft)))

    assert len(here) > 400
    assert here == there


def test_the_migrations_can_be_undone_and_run_again(server: TestServer, drafted: Drafted) -> None:
    name = unique("undone")
    url = server.create_database(name)
    for _ in range(2):
        migrate.upgrade(url, drafted.catalog)
        migrate.downgrade(url, drafted.catalog, revision="base")
        assert ask(url, "SELECT nspname FROM pg_namespace WHERE nspname = ANY (%s)", [SCHEMAS]) == []
    server.drop_database(name)


def test_tables_that_are_there_are_adopted(server: TestServer, drafted: Drafted) -> None:
    name = unique("adopted")
    url = server.create_database(name, template=drafted.url.dbname)
    catalog = drafted.catalog
    with pytest.raises(StateConflictError, match="belongs to"):
        adoption.adopt(url, catalog)

    fill(url, "CREATE TABLE crm.strangers (id integer)")
    _give_to_owner(url, catalog)
    with pytest.raises(FindingsError) as refused:
        adoption.adopt(url, catalog)
    assert refused.value.details == ("table crm.strangers is in the database only",)
    assert ask(url, "SELECT relname FROM pg_class WHERE relname = 'alembic_version'") == []

    fill(url, "DROP TABLE crm.strangers")
    assert set(adoption.adopt(url, catalog).applied) == {"shop_0001", "crm_0001", "odd_one_0001"}
    assert migrate.check(url, catalog) == []
    assert migrate.upgrade(url, catalog).applied == ()
    server.drop_database(name)


def test_what_models_cant_say_is_listed(drafted: Drafted) -> None:
    readme = (drafted.folder / "README.md").read_text("utf-8")
    for phrase in (
        "function shop.slug(pg_catalog.text)", "view crm.shoppers", "trigger touch on shop.customers",
        "partition shop.events_2024 of shop.events", "inheritance of shop.child from shop.parent",
        "storage or statistics of shop.customers: class", "NO INHERIT of parent_name_check on shop.parent",
        "replica identity full of shop.accounts", "comment on view shop.active_customers",
        "sequence shop.free_numbers, which no column owns",
    ):  # fmt: skip
        assert f"`{phrase}`" in readme


def test_odd_names_shadow_nothing(drafted: Drafted) -> None:
    configure_mappers()
    columns = inspect(drafted.module("shop").Customer).columns

    for attribute, column in {
        "uuid_": "uuid", "metadata_": "metadata", "registry_": "registry", "class_": "class", "date": "date",
        "mapped": "Mapped", "int_": "int", "text_": "text", "created_at": "createdAt", "quo_te": 'quo"te',
        "n_2fa": "2fa", "return_": "return", "user_id": "userId", "user_id_2": "user_id", "customers": "customers",
    }.items():  # fmt: skip
        assert columns[attribute].name == column
    assert drafted.module("shop").IndexRow.__table__.name == "index"


def test_relationships_lead_both_ways(drafted: Drafted) -> None:
    shop = drafted.module("shop")
    configure_mappers()
    related = {
        f"{mapper.class_.__name__}.{one.key}": f"{one.mapper.class_.__name__}.{one.back_populates}"
        for mapper in shop.Base.registry.mappers
        for one in mapper.relationships
    }

    for one, other in {
        "Category.parent": "Category.children", "Category.children": "Category.parent",
        "Order2.customer": "Customer.orders_by_customer", "Customer.orders_by_customer": "Order2.customer",
        "Order2.billing_customer": "Customer.orders_by_billing_customer", "OneToOne.customer": "Customer.one_to_one",
        "Customer.categories": "Category.customers", "Customer.orders": "Order2.customers",
        "ItemNote.order_item": "OrderItem.item_notes",
    }.items():  # fmt: skip
        assert related[one] == other
    assert not shop.Customer.one_to_one.property.uselist


def test_the_project_is_as_a_formatter_and_a_linter_leave_it(drafted: Drafted) -> None:
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, str(drafted.folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_the_tests_of_the_project_run(server: TestServer, drafted: Drafted) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--database-url", server.url.plain],
        cwd=drafted.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_folder_that_holds_something_is_not_replaced_unasked(odd_database: DatabaseUrl, tmp_path: Path) -> None:
    (tmp_path / "unified").mkdir()
    (tmp_path / "unified" / "mine.txt").write_text("mine")

    refused = draft(odd_database, tmp_path / "unified", *SERVICES)
    assert (refused.returncode, [one.name for one in (tmp_path / "unified").iterdir()]) == (2, ["mine.txt"])
    assert "--yes" in refused.stderr

    done = draft(odd_database, tmp_path / "unified", *SERVICES, "--yes")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "unified.before-1" / "mine.txt").read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["unified", "unified.before-1"]


def test_a_database_of_another_encoding_is_read_as_text(server: TestServer, tmp_path: Path) -> None:
    name = unique("latin")
    encoded = " TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    fill(server.url, f"CREATE DATABASE {name}{encoded}")
    url = server.url.with_database(name)
    fill(url, "CREATE SCHEMA maße; CREATE TABLE maße.größen (art text DEFAULT 'für')")

    done = draft(url, tmp_path / "unified", "--service", "masse=maße")
    assert done.returncode == 0, done.stderr
    script = tmp_path / "unified" / "unified" / "migrations" / "masse" / "0001_tables.sql"
    assert "DEFAULT 'für'" in script.read_text("utf-8")
    server.drop_database(name)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--schema", "nowhere"), "nowhere"),
        (("--schema", "crm"), "shop.customers"),
        (("--schema", "shop", "--service", "other=shop"), "'shop'"),
        ((), "--schema"),
        (("--schema", "shop", "--package", "a b"), "a_b"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_leaves_nothing(
    odd_database: DatabaseUrl, tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    refused = draft(odd_database, tmp_path / "unified", *arguments)

    assert refused.returncode == 2
    assert word in refused.stderr
    assert list(tmp_path.iterdir()) == []


def _give_to_owner(url: DatabaseUrl, catalog: Catalog) -> None:
    """Make the roles, and all tables the owner's, as a DBA would."""
    owner = sql.Identifier(catalog.owner_role).as_string()
    made = "\n".join(
        f"GRANT ALL ON SCHEMA {sql.Identifier(schema).as_string()} TO {owner};"
        f"ALTER SCHEMA {sql.Identifier(schema).as_string()} OWNER TO {owner};"
        for schema in SCHEMAS
    )
    relations = ask(
        url,
        "SELECT format('ALTER TABLE %%s OWNER TO %%s;', oid::regclass, %s::text) FROM pg_class"
        " WHERE relnamespace::regnamespace::text = ANY (%s) AND relkind IN ('r', 'p', 'v', 'm')",
        [owner, [*SCHEMAS, '"Odd Schema"']],
    )
    free = f"ALTER SEQUENCE shop.free_numbers OWNER TO {owner};"
    fill(url, statements.roles(catalog) + made + "\n".join(relations) + free)


def _before_tables() -> str:
    """Return what models can't say and tables need: schemas, functions, domains and sequences."""
    script = ODD.read_text("utf-8").partition("CREATE TABLE")[0]
    statements = [one for one in script.split(";\n") if not re.match(r"CREATE TYPE .* AS ENUM|COMMENT", one.strip())]
    return ";\n".join([*statements, "CREATE SEQUENCE shop.orders_tinycounter_seq AS smallint"])


def _dumped(url: DatabaseUrl, path: Path) -> list[str]:
    with migrate.connection(url) as opened:
        version = opened.exec_driver_sql("SELECT pg_catalog.current_setting('server_version_num')").scalar_one()
    arguments = ["--schema-only", "--no-owner", "--no-privileges", "--exclude-schema=payrollx_meta"]
    Clients.find(int(version), folders()).dump(url, arguments, path)
    lines = path.read_text("utf-8").splitlines()
    return sorted(line for line in lines if line and not line.startswith(("--", "\\")))


def test_what_stays_behind_is_listed_and_a_schema_s_comment_comes_along(
    drafted: Drafted, migrated_draft: DatabaseUrl
) -> None:
    readme = (drafted.folder / "README.md").read_text("utf-8")
    for phrase in (
        "INSERT, SELECT on shop.customers to pg_monitor", "UPDATE on class of shop.customers to pg_monitor",
        "SELECT on new tables to pg_monitor",
    ):  # fmt: skip
        assert f"- `{phrase}`" in readme
    comment = "SELECT obj_description('shop'::regnamespace, 'pg_namespace')"
    assert ask(migrated_draft, comment) == ["what is sold, and to whom"]


def test_an_index_whose_collation_changed_under_its_name_is_seen(
    server: TestServer, drafted: Drafted, odd_database: DatabaseUrl
) -> None:
    name = unique("collated")
    url = server.create_database(name, odd_database.dbname)
    fill(
        url,
        'DROP INDEX shop.customers_collate; CREATE INDEX customers_collate ON shop.customers (class COLLATE "POSIX")',
    )
    schemas = frozenset(SCHEMAS)
    with migrate.connection(url) as opened:
        catalog = drafted.catalog
        found = drift.find(opened, catalog.models, schemas, migrate.options(catalog, schemas, opened))

    assert [(finding.code, finding.message) for finding in found] == [
        ("differs", "index customers_collate of shop.customers has the collation POSIX; the models say C")
    ]
    server.drop_database(name)
