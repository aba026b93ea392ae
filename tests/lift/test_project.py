"""lift.toml: what a person may write there, what is refused and how, and where it says the databases are."""

from pathlib import Path

import pytest

from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import project
from payrollx_db.lift.names import plain_name, shortened
from payrollx_db.lift.project import LiftedSchema, Project

HEAD = 'server = "postgresql://reader@db.example:5433/postgres"\n'


def read(folder: Path, text: str) -> Project:
    file = folder / "lift.toml"
    file.write_text(text, "utf-8")
    return project.read(file)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        read(folder, text)
    return "\n".join([refusal.value.message, *refusal.value.details, refusal.value.hint])


def test_a_written_project_reads_back_whatever_its_names(tmp_path: Path) -> None:
    odd = 'Größe "x".\\%s\x7f\t'
    schemas = (
        LiftedSchema(odd, odd, odd, "", "größe", "Größe %s", 'r"%s', {odd: odd, "a.b": "the reason"}),
        LiftedSchema("crm", "crm", "public", "postgresql://u@h/crm", "crm", "crm", "team_crm"),
    )
    lifted = Project(tmp_path / "lift.toml", "team", "", "team_owner", "team_reader", schemas, "Europe/Berlin")

    project.write(lifted)

    assert project.read(lifted.path) == lifted


def test_little_has_to_be_said(tmp_path: Path) -> None:
    lifted = read(tmp_path, HEAD + '[databases.shop]\nservice = "orders"\n')

    assert lifted.schemas == (LiftedSchema("shop", "shop", "public", "", "orders", "orders", "unified_orders"),)
    assert (lifted.owner_role, lifted.reader_role, lifted.timezone) == ("unified_owner", "unified_reader", "UTC")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[databases.a]\nservice='x'\n[databases.b]\nservice='x'\n", "2 of them have the service 'x' (a, b)"),
        ("[databases.a]\nservice='x'\n[databases.b]\nservice='y'\nschema='x'\n",
         "2 of them have the schema 'x' (a, b)"),
        ("[databases.a]\nservice='x'\nrole='unified_owner'\n", "2 of them have the role 'unified_owner'"),
        (f"[databases.a]\nservice='x'\nschema='{'é' * 32}'\n", "has 64 bytes, and Postgres keeps 63"),
        (f"[databases.a]\nservice='{'x' * 60}'\n", "has 68 bytes, and Postgres keeps 63"),
        ("[databases.a]\nservice='x'\n[databases.a]\nservice='y'\n", "each source is named once"),
        ("[databases.a]\nservice='x'\n[databases.b]\ndatabase='a'\nservice='y'\n",
         "databases.b is the same schema of the same database as databases.a"),
        ("[databases.a]\nservise='x'\n", "databases.a: 'servise' is unknown; did you mean service?"),
        ("ownerrole='x'\n[databases.a]\nservice='x'\n", "'ownerrole' is unknown; did you mean owner_role?"),
        ("[databases.a]\nservice='x'\nschema='public'\n", "the schema 'public' can't be a service's own"),
        ("[databases.a]\nservice='x'\nschema='payrollx_meta'\n", "the schema 'payrollx_meta' can't be a service's own"),
        ("[databases.a]\nservice='x'\nschema='a.b'\n", "has a dot in its name"),
        ("[databases.a]\nservice='x'\nrole='pg_x'\n", "Postgres keeps the name to itself"),
        ("[databases.a]\nservice='x y'\n", "the service 'x y' must be a word"),
        ("[databases.a]\nschema='x'\n", "databases.a says no service"),
        ("[databases.a]\nservice=1\n", "service must be a text, in quotes"),
        ("[databases.a]\nservice='x'\n[databases.a.left_behind]\nt=''\n", "'t' needs a reason"),
        ("[databases.a]\nservice='x'\nleft_behind=['t']\n", "must be a table of lines"),
        ("[databases]\na='x'\n", "databases.a must be a table"),
        ("", "there is no table [databases.NAME]"),
        ("[databases.a\n", "is no valid TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


@pytest.mark.parametrize(
    "line",
    [
        'server = "postgresql://reader:s3cret@db.example/postgres"\n[databases.a]\nservice = "a"\n',
        'server = "postgresql://db.example/postgres?user=u&password=s3cret"\n[databases.a]\nservice = "a"\n',
        '[databases.a]\nservice = "a"\nurl = "postgresql://u:s3cret@h/a"\n',
        '[databases.a]\nservice = "a"\nurl = "postgresql://u@h/a?sslpassword=s3cret"\n',
        'server = "postgresql://u:s3/cret@h/a"\n[databases.a]\nservice = "a"\n',
    ],
)
def test_a_password_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    said = refused(tmp_path, line)

    assert "password" in said
    assert "s3" not in said


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "nam='x'\n[databases.a]\nservice=1\nrol='x'\n")

    assert all(part in said for part in ("wrong in 3 places", "did you mean name?", "did you mean role?", "in quotes"))


def test_the_environment_says_where_the_databases_are(tmp_path: Path) -> None:
    lifted = read(
        tmp_path,
        HEAD + '[databases.shop-orders]\nservice = "o"\n[databases."shop_orders"]\nservice = "p"\n'
        '[databases.crm]\nservice = "crm"\nurl = "postgresql://reader@crm.example/crm_live"\n',
    )

    def urls(**environ: str) -> list[str]:
        return [url.plain for url in project.source_urls(lifted, environ).values()]

    server, crm = "postgresql://reader@db.example:5433", "postgresql://reader@crm.example/crm_live"
    assert urls() == [f"{server}/shop-orders", f"{server}/shop_orders", crm]
    assert urls(LEGACY_DATABASE_URL="postgresql://u:p@other/x") == [
        "postgresql://u:p@other/shop-orders", "postgresql://u:p@other/shop_orders", crm,
    ]  # fmt: skip
    # The login of the same server, for what has a URL of its own there.
    assert urls(LEGACY_DATABASE_URL="postgresql://reader:p@crm.example/x")[2] == (
        "postgresql://reader:p@crm.example/crm_live"
    )
    # Two sources whose variables would be one have two.
    assert urls(LEGACY_SHOP_ORDERS_2_DATABASE_URL="postgresql://h/b", LEGACY_CRM_DATABASE_URL="postgresql://h/c") == [
        f"{server}/shop-orders", "postgresql://h/b", "postgresql://h/c",
    ]  # fmt: skip


def test_nothing_says_where_a_database_is(tmp_path: Path) -> None:
    lifted = read(tmp_path, "[databases.a]\nservice='a'\n")

    with pytest.raises(ConfigurationError, match="nothing says where a is"):
        project.endpoints(lifted, {})


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("shop_orders", "shop_orders"),
        ("Shop Orders", "shop_orders"),
        ("crm.sales", "crm_sales"),
        ("1st", "db_1st"),
        ("pg_store", "db_pg_store"),
        ("public", "db_public"),
        ("%", "database"),
        ("x" * 63, "x" * 63),
    ],
)
def test_a_service_is_called_after_its_source(source: str, name: str) -> None:
    assert plain_name(source) == name


def test_long_names_are_cut_alike_and_stay_apart() -> None:
    one, other = shortened("é" * 40 + "a"), shortened("é" * 40 + "b")

    assert one != other
    assert one == shortened("é" * 40 + "a")
    assert max(len(one.encode()), len(other.encode())) <= 63
