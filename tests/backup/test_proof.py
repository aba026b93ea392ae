"""A backup that was made can be restored: that is proven, or the backup is refused, and what it needs is named."""

import os
import re
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backups import Archive, find
from worlds import query, value

from payrollx_db.backup import create, handover
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG

AS_OWNER = "SET ROLE payrollx_owner; "
ODD = Path(__file__).with_name("odd_schema.sql").read_text()
LONG = """notification."It's ""100 %"" {of} a table whose name is sixty-three bytes lo\""""
# What has to be the same afterwards, beside the rows that the manifest has.
STATES = {
    "rows": "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM notification.odd AS t",
    "partitions": "SELECT jsonb_object_agg(name, n) FROM (SELECT tableoid::regclass::text AS name, count(*) AS n"
    " FROM notification.parts GROUP BY 1) AS counted",
    "inherited": "SELECT array_agg(concat(tableoid::regclass, id) ORDER BY id) FROM notification.base",
    "long name": f"SELECT count(*) FROM {LONG}",
    "no columns": "SELECT count(*) FROM notification.nothing",
    "unlogged": "SELECT count(*) FROM notification.scratch",
    "filled": "SELECT count(*) FROM notification.per_day",
    "view of it": "SELECT max::text FROM notification.latest",
    "not filled": "SELECT relispopulated FROM pg_class WHERE oid = 'notification.unfilled'::regclass",
    "row security": "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class"
    " WHERE oid = 'notification.odd'::regclass",
    "policies": "SELECT count(*) FROM pg_policies WHERE schemaname = 'notification'",
    "statistics": "SELECT count(*) FROM pg_statistic_ext WHERE stxnamespace = 'notification'::regnamespace",
    "comment": "SELECT obj_description('notification.odd'::regclass)",
    "positions": "SELECT array_agg(concat(sequencename, last_value, increment_by) ORDER BY sequencename)"
    " FROM pg_sequences WHERE schemaname = 'notification'",
    "indexes": "SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'notification'",
    "constraints": "SELECT array_agg(concat(conname, contype, condeferrable, convalidated) ORDER BY conname, contype)"
    " FROM pg_constraint WHERE connamespace = 'notification'::regnamespace AND contype <> 'n'",
    "triggers": "SELECT array_agg(concat(tgname, tgenabled) ORDER BY tgname) FROM pg_trigger"
    " WHERE tgrelid = 'notification.base'::regclass AND NOT tgisinternal",
}


def states(url: DatabaseUrl) -> dict[str, Any]:
    return {name: value(url, statement) for name, statement in STATES.items()}


def test_a_schema_of_odd_things_comes_back_as_it_was(archive: Archive, database: DatabaseUrl) -> None:
    archive.run(ODD)
    before = states(archive.url)

    (document,) = archive.answer("backup", "notification")["backups"]

    assert document["proven"] is True
    assert states(archive.url) == before  # whatever was tried was undone
    code, _, err = archive.command("restore", "notification", "--yes", "--extras")
    assert code == 0, err
    assert states(archive.url) == before
    assert archive.command("export", "notification", "--to", database.plain, "--yes", "--extras")[0] == 0
    assert states(database) == before


SEARCHING = f"""
    CREATE FUNCTION public.fold(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'; {AS_OWNER}
    CREATE FUNCTION notification.norm(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN fold(v); END';
    CREATE INDEX by_norm ON notification.notification_templates (notification.norm(name));
    INSERT INTO notification.notification_templates (name, type, title, body) VALUES ('Zoe', 'EMAIL', 't', 'b');
    ALTER TABLE wallet.wallets ADD note text"""


CALLING = """
    CREATE FUNCTION notification.is_normal(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
      'BEGIN RETURN norm(v) = lower(v); END';
    SET search_path = notification, public;
    ALTER TABLE notification.notification_templates ADD CHECK (notification.is_normal(name))"""


def test_what_cant_be_restored_is_refused_when_it_is_made(archive: Archive) -> None:
    """The index's function finds another one by the search_path of whoever writes, and the dump has none."""
    archive.run(SEARCHING)

    code, out, err = archive.command("backup", "notification", "wallet", "--json")

    assert code == 3
    assert "the backup of notification can't be restored, and isn't kept" in err
    assert "function notification.norm(text)" in err
    assert "ALTER FUNCTION notification.norm(text) SET search_path = " in err
    assert [name.partition("-")[0] for name in archive.names] == ["wallet"]  # the other is as good as ever
    assert '"service": "wallet"' in out
    assert archive.command("backup", "notification", "--no-prove")[0] == 0  # who wants it all the same

    # A function that calls the other one is the one that needs it, in the schema's own path.
    archive.run(CALLING)
    code, out, err = archive.command("backup", "notification")
    pins = re.findall(r"ALTER FUNCTION [^;]*pg_temp", err)
    assert code == 3
    assert len(pins) == 2
    archive.run("; ".join(pins))
    (made,) = archive.backup("notification")
    archive.run("DELETE FROM notification.notification_templates")
    archive.restore(made, accept=lambda _: True)
    assert value(archive.url, "SELECT name FROM notification.notification_templates") == "Zoe"


def test_an_event_trigger_that_refuses_is_found(archive: Archive) -> None:
    archive.run("""
        CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN IF tg_tag = 'CREATE INDEX' THEN RAISE EXCEPTION 'no indexes today'; END IF; END $$;
        CREATE EVENT TRIGGER no_indexes ON ddl_command_start EXECUTE FUNCTION public.refuse()
    """)
    try:
        code, _, err = archive.command("backup", "wallet", "--prove")
    finally:
        archive.run("DROP EVENT TRIGGER no_indexes")

    assert (code, archive.names) == (3, [])
    assert "can't be restored, and isn't kept" in err


def test_others_read_and_write_while_it_is_proven(archive: Archive) -> None:
    archive.run(f"""{AS_OWNER}
        CREATE FUNCTION wallet.waits(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
        AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(4242); RETURN $1; END';
        CREATE INDEX waits ON wallet.wallets (wallet.waits(id))""")
    backups: list[Any] = []
    with psycopg.connect(archive.url.conninfo(), autocommit=True) as gate:
        gate.execute("SELECT pg_advisory_lock(4242)")
        prover = threading.Thread(target=lambda: backups.extend(archive.backup("wallet")))
        prover.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted"
        while not value(archive.url, waiting):
            assert prover.is_alive() or backups == []

        with psycopg.connect(archive.url.conninfo()) as service:
            service.execute("SET lock_timeout = '1s'; SET ROLE payrollx_wallet")
            service.execute("SELECT FROM wallet.wallets")
            assert service.execute("DELETE FROM wallet.wallet_transactions").rowcount >= 0
        gate.execute("SELECT pg_advisory_unlock(4242)")
        prover.join()

    assert len(backups) == 1
    assert value(archive.url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'payrollx_before_restore'") == 0


OUTSIDE = f"""
    CREATE TYPE public.mood AS ENUM ('well', 'ill');
    CREATE FUNCTION public.fold(text, VARIADIC integer[] = '{{}}') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE SCHEMA "their own"; CREATE SEQUENCE "their own".numbers; {AS_OWNER}
    ALTER TABLE wallet.wallets ADD moods public.mood[];
    CREATE INDEX folded ON wallet.wallets (public.fold(provider::text));
    CREATE VIEW wallet.with_users AS SELECT w.id, u.email FROM wallet.wallets AS w JOIN auth.users AS u USING (id);
    CREATE TABLE wallet.scans (id integer PRIMARY KEY, image oid)"""


def test_what_it_needs_outside_is_listed_and_looked_for_first(archive: Archive, database: DatabaseUrl) -> None:
    archive.run(OUTSIDE)
    (made,) = archive.backup("wallet")
    assert [f"{need.kind} {need.name}" for need in made.manifest.needs] == [
        "function public.fold(pg_catalog.text,integer[])",
        "table auth.users",
        "type public.mood",
    ]

    with pytest.raises(FindingsError, match="lacks what wallet needs; nothing was changed") as caught:
        archive.restore(made, database, accept=lambda _: True)

    assert any("type public.mood: it isn't there, which wallet.wallets uses" in line for line in caught.value.details)
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('wallet', 'payrollx_meta')") == 0
    code, _, err = archive.command("export", "wallet", "--to", database.plain, "--yes", "--extras")
    assert (code, "writing the dump" in err) == (3, False)  # before a dump is written
    archive.restore(made, accept=lambda _: True)  # where it is from, all of it is there


def test_an_extension_that_is_missing_comes_with_its_statement(archive: Archive, database: DatabaseUrl) -> None:
    if not query(database, "SELECT 1 FROM pg_available_extensions WHERE name = 'citext'"):
        pytest.skip("this server has no citext")
    archive.run('CREATE SCHEMA "ext 1"; CREATE EXTENSION citext SCHEMA "ext 1"; GRANT USAGE ON SCHEMA "ext 1" TO'
                f' payrollx_owner; {AS_OWNER} ALTER TABLE wallet.wallets ADD aliases "ext 1".citext[]')  # fmt: skip
    statement = 'CREATE SCHEMA IF NOT EXISTS "ext 1"; CREATE EXTENSION "citext" SCHEMA "ext 1";'

    code, _, err = archive.command("export", "wallet", "--to", database.plain, "--yes")

    assert code == 3
    assert "extension citext 1" in err
    assert statement in err
    query(database, "CREATE EXTENSION citext")
    code, _, err = archive.command("export", "wallet", "--to", database.plain, "--yes")
    assert (code, 'ALTER EXTENSION "citext" SET SCHEMA "ext 1";' in err) == (3, True)
    query(database, 'CREATE SCHEMA "ext 1"; ALTER EXTENSION citext SET SCHEMA "ext 1"')
    code, _, err = archive.command("export", "wallet", "--to", database.plain, "--yes")
    assert (code, 'GRANT USAGE ON SCHEMA "ext 1" TO "payrollx_owner";' in err) == (3, True)
    query(database, 'GRANT USAGE ON SCHEMA "ext 1" TO payrollx_owner')
    code, _, err = archive.command("export", "wallet", "--to", database.plain, "--yes")
    assert code == 0, err


def test_an_extension_in_the_services_own_schema_stays_with_it(archive: Archive) -> None:
    if not query(archive.url, "SELECT 1 FROM pg_available_extensions WHERE name = 'citext'"):
        pytest.skip("this server has no citext")
    archive.run(f"CREATE EXTENSION citext SCHEMA wallet; {AS_OWNER} ALTER TABLE wallet.wallets ADD alias wallet.citext;"
                " UPDATE wallet.wallets SET alias = 'ABC'; CREATE INDEX ON wallet.wallets (alias)")  # fmt: skip

    (document,) = archive.answer("backup", "wallet", "--prove")["backups"]

    assert document["proven"] is True
    code, _, err = archive.command("restore", "wallet", "--yes")
    assert code == 0, err
    assert value(archive.url, "SELECT bool_and(alias OPERATOR(wallet.=) 'abc'::wallet.citext) FROM wallet.wallets")


def test_large_objects_are_named_and_stay_where_they_are(archive: Archive, database: DatabaseUrl) -> None:
    archive.run(f"{AS_OWNER} CREATE TABLE wallet.scans (id integer PRIMARY KEY, image oid);"
                " INSERT INTO wallet.scans VALUES (1, lo_from_bytea(0, 'secret')), (2, 4711)")  # fmt: skip
    (made,) = archive.backup("wallet")

    with pytest.raises(FindingsError) as caught:
        archive.restore(made, database, accept=lambda _: True)

    assert caught.value.details == (
        "large objects wallet.scans.image: it names large objects, which no backup contains",
    )
    archive.restore(made, accept=lambda _: True)
    assert value(archive.url, "SELECT lo_get(image) FROM wallet.scans WHERE id = 1") == b"secret"


def test_a_role_of_few_rights_proves_or_says_why_not(archive: Archive) -> None:
    role = f"migrator_{os.urandom(4).hex()}"
    archive.run(f"CREATE ROLE {role} LOGIN PASSWORD 'made up'; GRANT payrollx_owner TO {role};"
                f' GRANT CONNECT ON DATABASE "{archive.url.dbname}" TO {role}')  # fmt: skip
    url = DatabaseUrl({**archive.url.params, "user": role, "password": "made up"})
    service = [CATALOG.service("wallet")]
    try:
        code, out, err = archive.command("backup", "--all", DATABASE_URL=url.plain)
        assert code == 0, err
        assert (
            "not proven that these backups can be restored: the role that connects lacks CREATE on the database" in err
        )
        assert "not tried" in out
        assert archive.command("backup", "wallet", "--prove", DATABASE_URL=url.plain)[0] == 2

        archive.run(f'GRANT CREATE ON DATABASE "{archive.url.dbname}" TO {role}')
        (document,) = archive.answer("backup", "wallet", "--prove", DATABASE_URL=url.plain)["backups"]
        assert document["proven"] is True
        assert create.backup(url, CATALOG, service, archive.folder, find, key=archive.key, prove=True)
    finally:
        archive.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_keys_of_one_name_on_two_tables_are_told_apart(archive: Archive) -> None:
    (made,) = archive.backup("auth")
    archive.run(f"""{AS_OWNER} ALTER TABLE employee.employees DROP CONSTRAINT fk_employees_user_id;
        CREATE TABLE employee.others (id uuid CONSTRAINT fk_employees_user_id REFERENCES auth.users)""")

    # and not that the catalog's key of that name is enforced
    with pytest.raises(StateConflictError, match="something outside depends on the tables of auth") as caught:
        handover.drop(
            CATALOG.service("auth"), archive.url, made, catalog=CATALOG, metadata=CATALOG.models, key=archive.key
        )

    assert "employee.others" in str(caught.value.details)
