"""A backup is a dump and a manifest that proves it: whole or not there, of one moment, and of nothing else."""

import dataclasses
import json
import os
import shutil
import signal
import stat
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backups import USERS, Archive, find
from watchers import PATIENCE, eventually
from worlds import value

from payrollx_db.backup import create as backups
from payrollx_db.backup import manifest
from payrollx_db.backup.clients import Clients, connection
from payrollx_db.backup.session import session as open_session
from payrollx_db.consolidate.state import schema
from payrollx_db.devserver.programs import folders
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError, TargetError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

# The state of a copy that has begun to fill auth.users and was interrupted.
COPY_BEGUN = f"""
    SET ROLE payrollx_owner;
    {files("payrollx_db.consolidate.state").joinpath("migrations", schema.MIGRATIONS[0]).read_text("utf-8")};
    INSERT INTO payrollx_meta.runs (catalog, layout, services, status, tool_version, jobs, host, process)
    VALUES ('payrollx', 'legacy', '{{auth}}', 'interrupted', '1', 1, 'here', 1);
    INSERT INTO payrollx_meta.tables VALUES (1, 'old.public.users', 'auth.users', 'copy', 'running', 9, 9);
    RESET ROLE
"""

NAMES = [service.name for service in CATALOG.services]
WAITS = "SELECT count(*) FROM pg_locks WHERE relation = 'wallet.wallets'::regclass AND NOT granted"


def test_a_manifest_says_what_is_in_the_dump(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("employee")

    said = made.manifest
    assert (said.service, said.schema, said.revision) == ("employee", "employee", "employee_0001")
    assert {table.name: table.rows for table in said.tables} == {"employees": USERS, "employee_documents": 0}
    assert said.enums == {"kyc_status": ("PENDING", "VERIFIED", "APPROVED", "REJECTED", "UNDER_REVIEW")}
    assert ("TABLE", "employees", "payrollx_employee") in {(g.kind, g.name, g.grantee) for g in said.grants}
    assert manifest.read(made.folder) == made
    made.verify()


def test_only_the_owner_of_the_files_may_read_them(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (made.folder, *made.folder.iterdir())}
    assert modes == {made.folder.name: 0o700, "auth.dump": 0o600, "manifest.json": 0o600, "signature.json": 0o600}


def test_the_dump_is_of_that_schema_alone(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")

    entries = find(made.manifest.dump_version).listed(made.dump)
    assert any("TABLE DATA auth users" in line for line in entries)
    assert not any(f" {name} " in line for line in entries for name in NAMES if name != "auth")


def test_all_services_are_of_one_moment(archive: Archive) -> None:
    """A row that comes while the first dump is written is in no dump, and in no manifest."""
    insert = "INSERT INTO compliance.audit_logs (action, resource) VALUES ('a', 'r')"
    services = list(CATALOG.services)

    def write_meanwhile(step: backups.Step) -> None:
        if step.service == NAMES[0]:
            archive.run(insert)

    made = backups.backup(archive.url, CATALOG, services, archive.folder, find, write_meanwhile, key=archive.key)

    assert [one.manifest.service for one in made] == NAMES
    assert len({one.manifest.snapshot for one in made}) == 1
    assert all(one.manifest.together == tuple(NAMES) for one in made)
    late = next(table for table in made[-1].manifest.tables if table.name == "audit_logs")
    assert late.rows == 0
    restored = archive.restore(made[-1])  # and the dump agrees with the manifest
    assert restored.manifest.rows == 0


def test_the_newest_are_kept_and_nothing_else_is_touched(reading_archive: Archive) -> None:
    made = [reading_archive.backup("auth", "wallet") for _ in range(3)]
    strange = reading_archive.folder / "auth-20200101T000000.000Z"
    strange.mkdir()
    (strange / "manifest.json").write_text("{}")
    damaged = made[0][0]
    os.truncate(damaged.dump, 10)

    gone = backups.prune(reading_archive.folder, made[-1][0], keep=1, key=reading_archive.key)

    assert [one.folder for one in gone] == [made[1][0].folder]
    left = {path.name for path in reading_archive.folder.iterdir()}
    wallets = {wallet.folder.name for _, wallet in made}
    assert left == {strange.name, damaged.folder.name, made[2][0].folder.name} | wallets


@pytest.mark.long
def test_another_databases_backups_in_the_folder_are_kept(archive: Archive, database: DatabaseUrl) -> None:
    (first,), (proof,) = archive.backup("auth"), archive.backup("auth")
    archive.hand_over("auth", archive.url, database)  # which makes one more of the unified database
    env = {"AUTH_DATABASE_URL": database.plain}

    deleted = [archive.answer("backup", "auth", "--keep", "1", **env)["deleted"] for _ in range(2)]

    assert [len(paths) for paths in deleted] == [0, 1]  # that of the service's own database, and no other
    assert {first.folder.name, proof.folder.name} < set(archive.names)
    assert len(archive.answer("backup", "auth", "--keep", "1")["deleted"]) == 3


MIGRATED_AWAY = "DELETE FROM payrollx_meta.alembic_version WHERE version_num = 'auth_0001'"


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ("CREATE TABLE auth.moods ()", "were changed while the backup began"),
        (COPY_BEGUN, "run 1 is unfinished"),
        (MIGRATED_AWAY, "doesn't have the service auth"),
    ],
)
def test_who_changes_it_just_then_is_noticed(
    late: str, said: str, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first look at the database and the lock on its tables."""
    opened = iter((None, late))

    def session(url: DatabaseUrl) -> Any:
        if statement := next(opened):
            archive.run(statement)
        return open_session(url)

    monkeypatch.setattr(backups, "session", session)

    with pytest.raises(StateConflictError, match=said):
        archive.backup("auth")
    assert archive.names == []


def test_a_migration_that_changes_no_table_is_noticed(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins after the first look, and would be in the manifest without what it did to the rows."""
    versions = tmp_path / "versions"
    shutil.copytree(CATALOG.revisions, versions)
    (versions / "auth/0002_rows.py").write_text(
        "from alembic import op\n\nrevision = 'auth_0002'\ndown_revision = 'auth_0001'\n"
        "branch_labels = depends_on = None\n\n\ndef upgrade():\n    op.execute(\"UPDATE auth.users SET role = 'x'\")\n"
        "\n\ndef downgrade():\n    pass\n"
    )
    grown = dataclasses.replace(CATALOG, migrations=versions)
    steps = iter((lambda: None, lambda: migrate.upgrade(archive.url, grown)))

    def session(url: DatabaseUrl) -> Any:
        next(steps)()
        return open_session(url)

    monkeypatch.setattr(backups, "session", session)

    with pytest.raises(StateConflictError, match="were changed while the backup began"):
        backups.backup(archive.url, grown, [grown.service("auth")], archive.folder, find, key=archive.key)

    assert archive.names == []
    assert migrate.current(archive.url, grown)["auth"] == "auth_0002"


def test_a_failure_of_the_second_leaves_nothing_of_the_first(archive: Archive) -> None:
    archive.run("CREATE TYPE wallet.mood AS ENUM ('good'); CREATE TABLE wallet.moods (mood wallet.mood)")

    with pytest.raises(TargetError, match=r"permission denied for table moods"):
        archive.backup("auth", "wallet")

    assert archive.names == []


@pytest.mark.parametrize("how", [pytest.param(signal.SIGKILL, marks=pytest.mark.long), signal.SIGTERM])
def test_who_is_killed_leaves_nothing_that_looks_like_a_backup(how: signal.Signals, reading_archive: Archive) -> None:
    with psycopg.connect(reading_archive.url.conninfo()) as other:
        other.execute("LOCK TABLE wallet.wallets IN ACCESS EXCLUSIVE MODE")
        with reading_archive.start("backup", "auth", "wallet") as process:
            eventually(
                lambda: process.poll() is not None or value(reading_archive.url, WAITS) > 0, "the wait for the lock"
            )
            assert process.poll() is None, process.communicate()
            process.send_signal(how)
            process.communicate(timeout=PATIENCE)

    assert process.returncode != 0
    assert manifest.whole_backups(reading_archive.folder) == []
    assert not [name for name in reading_archive.names if not name.startswith(".")]


def test_what_is_damaged_is_said(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")
    path = made.folder / "manifest.json"
    text, dump = path.read_text(), made.dump.read_bytes()

    def refused(match: str) -> None:
        with pytest.raises((FindingsError, ConfigurationError), match=match):
            manifest.read(made.folder).verify()

    made.dump.write_bytes(dump[:-1])
    refused("truncated")
    made.dump.write_bytes(dump + b"x")
    refused("longer than it was")
    made.dump.write_bytes(dump[:-1] + bytes([dump[-1] ^ 1]))
    refused("its checksum isn't the manifest's")
    made.dump.unlink()
    refused("has no dump")
    path.write_text(text.replace(f'"rows": {USERS}', '"rows": 7'))
    refused("its checksum isn't its own")
    path.write_text(text[:200])
    refused("cut short")
    path.write_bytes(text.encode()[:100] + b"\xff" + text.encode()[101:])
    refused("cut short, or is none")
    assert manifest.whole_backups(reading_archive.folder) == []
    path.write_text(json.dumps(json.loads(text) | {"format": 99}))
    refused("format 99")
    path.unlink()
    refused("is no backup")


def test_a_folder_that_cant_be_written_is_named(reading_archive: Archive) -> None:
    (reading_archive.folder / "file").write_text("")

    code, out, err = reading_archive.command("backup", "auth", "--dir", str(reading_archive.folder / "file" / "below"))

    assert (code, out) == (2, "")
    assert "file/below can't be written: Not a directory" in err


def test_a_folder_that_cant_be_read_is_named(reading_archive: Archive) -> None:
    """As one that is closed to us; of this one, root can't read either."""
    code, out, err = reading_archive.command("list", "--dir", "x" * 300)

    assert (code, out) == (2, "")
    assert "can't be read: File name too long" in err


def test_a_service_that_isnt_there_is_refused(reading_archive: Archive, database: DatabaseUrl) -> None:
    with pytest.raises(StateConflictError, match="doesn't have the service auth"):
        reading_archive.backup("auth", url=database)
    assert reading_archive.names == []


def test_what_a_copy_has_only_begun_to_fill_is_refused(archive: Archive) -> None:
    archive.run(COPY_BEGUN)

    with pytest.raises(StateConflictError, match=r"run 1 is unfinished .* 0 of 1 table and 0 rows are in"):
        archive.backup("auth")
    archive.backup("wallet")


def test_the_password_is_in_no_argument(reading_archive: Archive) -> None:
    url = DatabaseUrl({**reading_archive.url.params, "password": "hunter2", "keepalives": "1"})

    environment, rest = connection(url)
    assert environment["PGPASSWORD"] == "hunter2"
    assert rest == "keepalives=1"
    with pytest.raises(ConfigurationError, match="sslpassword") as caught:
        connection(DatabaseUrl({**url.params, "sslpassword": "hunter3"}))
    assert "hunter" not in str(caught.value)


def test_programs_that_are_too_old_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"Postgres 99 needs .* at least as new; there is only"):
        find(990_000)
    monkeypatch.setenv("PAYROLLX_PG_BIN", "/nowhere")
    with pytest.raises(ConfigurationError, match="there is none"):
        Clients.find(150_000)


def test_a_server_without_client_programs_does_not_hide_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "postgres").touch()
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PAYROLLX_PG_BIN", str(tmp_path))
    with pytest.raises(ConfigurationError, match="there is none"):
        Clients.find(140_000)
    assert Clients.find(140_000, folders()).major >= 14

    (tmp_path / "bin" / "pg_dump").touch()  # half an installation is a mistake to be told
    with pytest.raises(ConfigurationError, match="there is none"):
        Clients.find(140_000, folders())


def test_the_command_keeps_and_lists(reading_archive: Archive) -> None:
    first = reading_archive.answer("backup", "auth")
    second = reading_archive.answer("backup", "--all", "--keep", "1")

    assert second["deleted"] == [first["backups"][0]["backup"]]
    assert [one["service"] for one in second["backups"]] == NAMES
    listed = reading_archive.answer("list", "--exact")
    assert {one["service"]: one["rows"] for one in listed}["auth"] == 2 * USERS
    assert all(one["last_backup"] == second["backups"][0]["taken_at"] for one in listed)
    code, out, _ = reading_archive.command("list", PAYROLLX_BACKUPS="/nowhere")
    assert (code, out.count("none")) == (0, len(NAMES))
    assert reading_archive.command("backup")[0] == 2
    assert reading_archive.command("backup", "nope")[0] == 2


def test_a_damaged_newest_one_isnt_passed_over(reading_archive: Archive) -> None:
    """Whoever wants the newest doesn't get an older one unasked."""
    (old,), (new,) = reading_archive.backup("auth"), reading_archive.backup("auth")
    reading_archive.backup("wallet")

    for damage, said in (
        (lambda: os.truncate(new.dump, 10), "is truncated"),
        (lambda: os.truncate(new.folder / "manifest.json", 10), "is cut short"),
        ((new.folder / "manifest.json").unlink, "is no backup"),
    ):
        damage()
        with pytest.raises((FindingsError, ConfigurationError), match=f"{new.folder.name}.*{said}"):
            manifest.newest(reading_archive.folder, "auth")
    code, _, err = reading_archive.command("restore", "auth", "--yes")
    assert (code, new.folder.name in err) == (2, True)
    assert manifest.newest(reading_archive.folder, "wallet").manifest.service == "wallet"
    new.folder.rename(reading_archive.folder / ".aside")
    assert manifest.newest(reading_archive.folder, "auth") == old


def test_the_newest_is_by_what_the_manifest_says(reading_archive: Archive) -> None:
    one, two = reading_archive.backup("auth")[0], reading_archive.backup("auth")[0]
    one.folder.rename(reading_archive.folder / "renamed-by-hand")

    assert manifest.newest(reading_archive.folder, "auth").folder == two.folder
    last = manifest.last_backups(reading_archive.folder)
    assert last["auth"] - two.manifest.taken_at == timedelta(0)
