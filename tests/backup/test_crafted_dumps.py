"""What a dump says is looked at before it is run: an entry may call itself anything, and hold any SQL.

The dumps are forged as whoever may write the folder would: a text in the table of contents is exchanged, and the
checksums are made to fit. Only the signature, which these tests pass over, can't be.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from backups import USERS, Archive
from conftest import TestServer, unique
from matrices import some
from psycopg import sql
from schema_snapshots import picture
from worlds import snapshot_of, value

from payrollx_db.backup import manifest
from payrollx_db.backup.manifest import Backup
from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.unified import CATALOG

PAD = "x" * 300
SET_ROLE = "set_config('role', 'none', false)"


def forged(archive: Archive, made: Backup, text: str, other: str) -> Backup:
    """Put ``other`` in the place of ``text`` in the dump, filled up to the same length: offsets stay as they are."""
    data = made.dump.read_bytes()
    assert data.count(text.encode()) == 1
    assert len(other) <= len(text)
    made.dump.write_bytes(data.replace(text.encode(), other.ljust(len(text)).encode()))
    return archive.rewritten(made, dump_sha256=manifest.sha256(made.dump))


def refused(archive: Archive, backup: Backup, match: str = "the dump brings what no migration of auth makes") -> str:
    """Assert that it is refused and nothing is changed; return what is said of it."""
    before, shape = snapshot_of(archive.url), picture(archive.url)
    with pytest.raises(PayrollxError, match=match) as caught:
        archive.restore(backup)
    assert (snapshot_of(archive.url), picture(archive.url)) == (before, shape)
    return " ".join((caught.value.message, *caught.value.details))


@pytest.fixture(scope="module")
def backed_up(
    server: TestServer, filled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Archive, Backup]]:
    """A database with a long comment, and its backup: all tests whose forgeries are refused share them."""
    name = unique("crafted")
    archive = Archive(server.create_database(name, filled_template), tmp_path_factory.mktemp("crafted") / "backups")
    archive.folder.mkdir()
    archive.run(f"COMMENT ON TABLE auth.users IS '{PAD}'")
    (made,) = archive.backup("auth")
    yield archive, made
    server.drop_database(name)


@pytest.fixture
def commented(backed_up: tuple[Archive, Backup], tmp_path: Path) -> tuple[Archive, Backup]:
    """That database, and a copy of the backup, to be forged."""
    shared, made = backed_up
    folder = tmp_path / "backups" / made.folder.name
    shutil.copytree(made.folder, folder)
    return Archive(shared.url, folder.parent), manifest.read(folder)


# What a comment on a table, the most harmless of entries, turns out to hold.
HIDDEN = {
    "a function": "CREATE FUNCTION auth.evil() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';",
    "a function in another schema": "CREATE FUNCTION wallet.evil() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "a role": "ALTER ROLE payrollx_auth SUPERUSER;",
    "a way out of the role": "RESET ROLE;",
    "another service's rows": "UPDATE employee.employees SET salary = 0;",
    "a grant": "GRANT SELECT ON wallet.wallets TO PUBLIC;",
    "a block": "DO $$BEGIN DROP TABLE wallet.wallets CASCADE; END$$;",
    "a second statement": "COMMENT ON TABLE auth.users IS 'a'; RESET ROLE;",
    "a quote that only looks closed": "COMMENT ON TABLE auth.users IS E'a'\n'b\\''; RESET ROLE; --';",
    "a comment that nests": "COMMENT ON TABLE auth.users IS /* /* */ 'a'; RESET ROLE; -- */ 'a';",
    "psql's commands": "\\! touch /tmp/payrollx-db-was-here\n",
    "a default that is computed at once": "ALTER TABLE auth.users ADD x text DEFAULT pg_read_file('/etc/passwd');",
    "one subcommand behind another": f"ALTER TABLE auth.users REPLICA IDENTITY FULL, ADD x text DEFAULT {SET_ROLE};",
    "a check that runs over the rows": f"ALTER TABLE auth.users ADD CONSTRAINT x CHECK ({SET_ROLE} <> '');",
    "a query": f"CREATE TABLE auth.x (a) AS SELECT {SET_ROLE};",
    "another service's rows by inheritance": "CREATE TABLE auth.x () INHERITS (wallet.wallets);",
    "another schema's table": "ALTER TABLE wallet.wallets REPLICA IDENTITY FULL;",
    "another owner": "ALTER TABLE auth.users OWNER TO postgres;",
    "bounds that are computed": f"ALTER TABLE auth.x ATTACH PARTITION auth.y FOR VALUES IN ({SET_ROLE});",
    "a setting": "SET session_replication_role = replica;",
    "rows from a program": "COPY auth.users FROM PROGRAM 'touch /tmp/payrollx-db-was-here';",
    "a security label": "SECURITY LABEL ON TABLE auth.users IS 'x';",
    "a type that isn't an enum": "CREATE TYPE auth.pair AS (a int);",
    "what ends in the middle": "COMMENT ON TABLE auth.users IS 'never closed",
}


@pytest.mark.parametrize("hidden", some(HIDDEN))
def test_what_hides_in_an_entry_is_refused(hidden: str, commented: tuple[Archive, Backup]) -> None:
    archive, made = commented

    refused(archive, forged(archive, made, f"COMMENT ON TABLE auth.users IS '{PAD}';", HIDDEN[hidden]))

    assert not Path("/tmp/payrollx-db-was-here").exists()  # noqa: S108 - where the forged dumps would write


# Expressions that would run once there are rows: how the table got it, what the forged dump has there instead.
EXPRESSIONS = {
    "a default": ("ALTER role SET DEFAULT '{pad}'", "'{pad}'::text", SET_ROLE, "pg_catalog.set_config"),
    "a check": ("ADD CHECK (role <> '{pad}')", "((role <> '{pad}'::text))", f"({SET_ROLE} <> '')", "set_config"),
    "a check that reads a file": (
        "ADD CHECK (role <> '{pad}')", "((role <> '{pad}'::text))", "(pg_read_file('/etc/passwd') <> '')",
        "pg_read_file",
    ),
    "a check that runs a query": (
        "ADD CHECK (role <> '{pad}')", "((role <> '{pad}'::text))",
        "(query_to_xml('SELECT 1', true, true, '') IS NOT NULL)", "query_to_xml",
    ),
    "a function elsewhere, by a check": (
        "ADD CHECK (role <> '{pad}')", "((role <> '{pad}'::text))", "(public.evil('a') <> '')", "public.evil",
    ),
    "a function elsewhere, by a generated column": (
        "ADD x text GENERATED ALWAYS AS (role || '{pad}') STORED", "((role || '{pad}'::text))", "(public.evil(role))",
        "public.evil",
    ),
    "an operator elsewhere": (
        "ADD CHECK (role <> '{pad}')", "((role <> '{pad}'::text))", "(role OPERATOR(public.!=!) 'a')", "public.evil",
    ),
}  # fmt: skip


# Each kind of place, and each kind of what is called; the others are pairs of what these have shown.
SHORT = ("a default", "a check", "a function elsewhere, by a generated column", "an operator elsewhere")


@pytest.mark.parametrize(
    "place", [pytest.param(place, marks=() if place in SHORT else pytest.mark.long) for place in EXPRESSIONS]
)
def test_what_an_expression_calls_is_refused_before_there_are_rows(place: str, archive: Archive) -> None:
    how, text, other, said = EXPRESSIONS[place]
    archive.run("CREATE FUNCTION public.evil(text, text = '') RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';"
                " CREATE FUNCTION public.evil_too(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
                " CREATE OPERATOR public.!=! (LEFTARG = text, RIGHTARG = text, FUNCTION = public.evil_too);"
                f" ALTER TABLE auth.users {how.format(pad=PAD)}")  # fmt: skip
    (made,) = archive.backup("auth")
    steps: list[str] = []

    backup = forged(archive, made, text.format(pad=PAD), other)
    archive.steps.clear()
    found = refused(archive, backup)

    steps = [step.what for step in archive.steps]
    assert said in found
    assert steps == ["making the tables"]


@pytest.mark.parametrize(
    "line",
    [
        "COPY auth.users FROM PROGRAM 'touch /tmp/payrollx-db-was-here';",
        "COPY wallet.{} (id) FROM stdin;",
        "COPY auth.users (id) FROM stdin; RESET ROLE;",
        "COPY auth.users (id) FROM stdin WHERE set_config('role', 'none', false) <> '';",
    ],
)
def test_rows_go_into_the_schemas_own_tables_only(line: str, commented: tuple[Archive, Backup]) -> None:
    archive, made = commented
    columns = ("id", "email", "password", "first_name", "last_name", "role", "is_active", "created_at", "updated_at")
    data = made.dump.read_bytes()
    start = data.index(b"COPY auth.users (")
    text = data[start : data.index(b";\n", start) + 1].decode()
    assert set(columns) & set(text.replace(",", "").split())

    other = line.format("w" * (len(text) - len(line) + 2))  # a name as long as it takes

    refused(archive, forged(archive, made, text, other), "the dump loads rows into something else")


def test_a_sequence_of_anothers_isnt_set(archive: Archive) -> None:
    archive.run(
        "SET ROLE payrollx_owner; CREATE SEQUENCE auth.a_long_name_of_one; CREATE SEQUENCE wallet.long_name_of_one"
    )
    (made,) = archive.backup("auth")

    forgery = forged(archive, made, "setval('auth.a_long_name_of_one'", "setval('wallet.long_name_of_one'")

    assert "than a sequence of its schema" in refused(archive, forgery, "sets something else")
    assert archive.run("SELECT is_called FROM wallet.long_name_of_one") == [(False,)]


EXTRAS = (
    "FUNCTION auth evil()", "TRIGGER auth users evil", "VIEW auth seen", "RULE auth audit_logs r",
    "POLICY auth audit_logs p", "ROW SECURITY auth audit_logs", "DOMAIN auth money", "CREATE TYPE auth . pair AS",
)  # fmt: skip


def test_functions_and_their_like_are_listed_and_asked_for(archive: Archive) -> None:
    archive.run("SET ROLE payrollx_owner;"
                " CREATE FUNCTION auth.evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
                " CREATE TRIGGER evil BEFORE UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION auth.evil();"
                " CREATE VIEW auth.seen AS SELECT 1 AS n;"
                " CREATE RULE r AS ON INSERT TO auth.audit_logs DO ALSO NOTHING;"
                " ALTER TABLE auth.audit_logs ENABLE ROW LEVEL SECURITY;"
                " CREATE POLICY p ON auth.audit_logs USING (true);"
                " CREATE DOMAIN auth.money AS numeric; CREATE TYPE auth.pair AS (a int)")  # fmt: skip
    (made,) = archive.backup("auth")
    found = refused(archive, made)
    assert all(name in found for name in EXTRAS)

    for env in ({}, {"PAYROLLX_SERVICE_RESTORE_EXTRAS": "1", "PAYROLLX_EXTRAS": "1"}):
        code, out, err = archive.command("restore", "auth", "--yes", **env)
        assert (code, out) == (3, "")
        assert "add --extras if you know it" in err
    code, _, err = archive.command("restore", "auth", "--yes", "--extras")
    assert (code, "FUNCTION auth evil()" in err) == (0, True)
    assert value(archive.url, "SELECT n FROM auth.seen") == 1
    archive.run("UPDATE auth.users SET role = 'x'")


def test_a_service_whose_catalog_lists_it_brings_it_unasked(archive: Archive) -> None:
    archive.run("SET ROLE payrollx_owner;"
                " CREATE FUNCTION auth.total(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';"
                " ALTER TABLE auth.users ADD CONSTRAINT c CHECK (auth.total(1) = 1)")  # fmt: skip
    (made,) = archive.backup("auth")
    refused(archive, made)
    listed = tuple(
        replace(service, extras=("function auth.total(integer)",) if service.name == "auth" else ())
        for service in CATALOG.services
    )
    archive.restore(made, catalog=replace(CATALOG, services=listed))

    assert value(archive.url, "SELECT auth.total(2)") == 1
    archive.run("SET ROLE payrollx_owner; CREATE FUNCTION auth.evil() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(FindingsError, match="no migration of auth makes") as caught:
        archive.restore(archive.backup("auth")[0], catalog=replace(CATALOG, services=listed))
    assert caught.value.details == ("function auth.evil()",)


STRANGE_NAMES = (
    'a"b',
    "new\nline",
    "\\! touch x",
    "x\n--\n-- Name: y; Type: TABLE\n\nDROP TABLE z;",
    "1; 2 3 VIEW",
    "e'é",
)


STRANGE_TABLE = """
    SET ROLE payrollx_owner; CREATE TABLE {table} (id serial PRIMARY KEY, {column} text DEFAULT 'd;');
    INSERT INTO {table} DEFAULT VALUES; COMMENT ON TABLE {table} IS 'it''s \\ it'
"""


def test_strange_names_come_back_as_they_are(archive: Archive) -> None:
    """Names that older versions of Postgres' programs took for SQL, or for psql's commands."""
    for name in STRANGE_NAMES:
        table = sql.Identifier("auth", name)
        script = sql.SQL(STRANGE_TABLE).format(table=table, column=sql.Identifier(name))
        archive.run(script.as_string())
    shape = picture(archive.url) | {"relations": []}  # with their grants, which come back in another order
    (made,) = archive.backup("auth")

    archive.restore(made)

    assert picture(archive.url) | {"relations": []} == shape
    assert value(archive.url, "SELECT count(*) FROM auth.users") == USERS
    next_ids = [
        value(
            archive.url, "SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [sql.Identifier("auth", name).as_string()]
        )
        for name in STRANGE_NAMES
    ]
    assert next_ids == [2] * len(STRANGE_NAMES)
