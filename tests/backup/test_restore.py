"""A restore puts a service back whole, ties it to the others again, and otherwise changes nothing."""

import dataclasses
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backups import STRANGE, USERS, Archive
from schema_snapshots import picture
from watchers import PATIENCE, eventually
from worlds import query, snapshot_of, value

from payrollx_db.backup import manifest
from payrollx_db.errors import ConfigurationError, FindingsError, PayrollxError, StateConflictError, TargetError
from payrollx_db.model.catalog import AUDITED
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG, metadata


def test_every_service_comes_back_as_it_was(archive: Archive) -> None:
    shape, before = picture(archive.url), snapshot_of(archive.url)
    made = archive.backup(*(service.name for service in CATALOG.services))
    archive.run("UPDATE employee.employees SET salary = NULL; UPDATE auth.users SET role = 'x';"
                " DELETE FROM transaction.transactions; DELETE FROM payroll.payroll_items; DELETE FROM wallet.wallets;"
                " INSERT INTO compliance.audit_logs (action, resource) VALUES ('a', 'r')")  # fmt: skip
    assert snapshot_of(archive.url) != before

    for one in made:
        restored = archive.restore(one)
        assert (restored.replaced, restored.behind, restored.ungranted) == (True, False, ())

    assert snapshot_of(archive.url) == before
    assert picture(archive.url) == shape
    assert migrate.check(archive.url, CATALOG) == []
    assert migrate.upgrade(archive.url, CATALOG).applied == ()


def test_references_are_keys_again(archive: Archive) -> None:
    (made,) = archive.backup("employee")

    restored = archive.restore(made)

    assert set(restored.enforced) == {
        "employee.employees.organization_id -> organization.organizations.id",
        "employee.employees.user_id -> auth.users.id",
        "payroll.payroll_items.employee_id -> employee.employees.id",
        "transaction.transactions.employee_id -> employee.employees.id",
        "wallet.wallets.employee_id -> employee.employees.id",
    }
    assert restored.loosened == ()
    with pytest.raises(psycopg.errors.IntegrityError):
        archive.run("DELETE FROM employee.employees")


def test_into_another_database_it_comes_alone(reading_archive: Archive, database: DatabaseUrl) -> None:
    (made,) = reading_archive.backup("employee")

    restored = reading_archive.restore(made, database)

    assert not restored.replaced
    assert restored.enforced == ()
    assert "employee.employees.user_id -> auth.users.id" in restored.loosened
    assert migrate.current(database, CATALOG) == {"employee": "employee_0001"}
    assert migrate.upgrade(database, CATALOG, service="employee").applied == ()
    assert migrate.check(database, CATALOG, service="employee") == []
    rows = query(database, "SELECT kyc_documents->>'text' FROM employee.employees")
    assert rows == [(STRANGE,)] * USERS


def test_rows_that_others_point_at_and_the_backup_lacks_are_counted(archive: Archive) -> None:
    archive.run("DELETE FROM auth.refresh_tokens")
    (made,) = archive.backup("auth")
    archive.run(
        "INSERT INTO auth.users (id, email, password, first_name, last_name)"
        " SELECT md5('late' || n)::uuid, 'late' || n, '', '', '' FROM generate_series(1, 3) AS n;"
        " INSERT INTO employee.employees (organization_id, user_id)"
        " SELECT md5('organization')::uuid, md5('late' || n)::uuid FROM generate_series(1, 3) AS n"
    )
    before = snapshot_of(archive.url)

    with pytest.raises(FindingsError, match="nothing was changed") as caught:
        archive.restore(made)

    assert caught.value.details == ("employee.employees.user_id -> auth.users.id: 3 rows point at no row",)
    assert snapshot_of(archive.url) == before


REFUSED = {
    "of the catalog": {"catalog": "shop"},
    "of the service": {"service": "wallet"},
    "of the schema": {"schema": "authentication"},
    "at revision auth_9999": {"revision": "auth_9999"},
    "at revision wallet_0001": {"revision": "wallet_0001"},
}


def test_what_doesnt_fit_is_refused_and_nothing_touched(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")
    before = snapshot_of(reading_archive.url)

    for match, changes in REFUSED.items():
        reading_archive.rewritten(made, **changes)
        code, out, err = reading_archive.command("restore", "auth", "--backup", made.folder.name, "--yes")
        assert (code, out) == (6, "")
        assert match in err

    assert snapshot_of(reading_archive.url) == before


def test_a_damaged_backup_is_refused_and_nothing_touched(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")
    before = snapshot_of(reading_archive.url)
    whole = made.dump.read_bytes()

    for damage, match in ((whole[:-100], "truncated"), (whole[:-9] + b"\0" * 9, "was changed")):
        made.dump.write_bytes(damage)
        code, out, err = reading_archive.command("restore", "auth", "--backup", made.folder.name, "--yes")
        assert (code, out) == (3, "")
        assert match in err

    assert snapshot_of(reading_archive.url) == before


def test_rows_that_arent_the_manifests_are_refused_and_nothing_touched(archive: Archive) -> None:
    """A dump and a manifest that are each whole, and don't belong together."""
    (old,) = archive.backup("auth")
    archive.run("UPDATE auth.users SET first_name = 'other' WHERE email = '1@example.org'")
    (new,) = archive.backup("auth")
    shutil.copy(old.dump, new.dump)
    said = {"dump_sha256": old.manifest.dump_sha256, "dump_bytes": old.manifest.dump_bytes}
    before = snapshot_of(archive.url)

    with pytest.raises(FindingsError, match="isn't what its manifest says") as caught:
        archive.restore(archive.rewritten(new, **said))

    assert caught.value.details == (
        f"auth.users has other rows, in 1 of {len(new.manifest.tables[2].buckets)} buckets",
    )
    assert snapshot_of(archive.url) == before


def test_a_dump_that_only_looks_whole_is_refused_and_nothing_touched(archive: Archive) -> None:
    (made,) = archive.backup("auth")
    made.dump.write_bytes(made.dump.read_bytes()[:-500])
    size = made.dump.stat().st_size
    fake = archive.rewritten(made, dump_bytes=size, dump_sha256=manifest.sha256(made.dump))
    before = snapshot_of(archive.url)

    with pytest.raises(PayrollxError):
        archive.restore(fake)

    assert snapshot_of(archive.url) == before


def test_it_takes_longer_than_transactions_may(archive: Archive) -> None:
    if value(archive.url, "SELECT current_setting('transaction_timeout', true)") is None:
        pytest.skip("this server has no transaction_timeout")
    archive.run(f"ALTER DATABASE {archive.url.dbname} SET transaction_timeout = '100ms'")
    (made,) = archive.backup("auth")

    archive.restore(made, observer=lambda _: time.sleep(0.1))

    assert made.manifest.rows == 2 * USERS


def test_a_machine_without_room_for_temporary_files_is_told(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    (made,) = archive.backup("auth")
    before = snapshot_of(archive.url)
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")

    with pytest.raises(ConfigurationError, match="a temporary file for pg_restore can't be written: No such file"):
        archive.restore(made)

    assert snapshot_of(archive.url) == before


def test_an_older_revision_that_is_known_is_restored(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = archive.backup("auth")
    newer = tmp_path / "versions"
    shutil.copytree(CATALOG.revisions, newer)
    (newer / "auth/0002_nothing.py").write_text(
        "revision = 'auth_0002'\ndown_revision = 'auth_0001'\nbranch_labels = depends_on = None\n"
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
    )
    grown = dataclasses.replace(CATALOG, migrations=newer)
    migrate.upgrade(archive.url, grown)

    assert archive.restore(made, catalog=grown).behind

    assert migrate.current(archive.url, grown)["auth"] == "auth_0001"
    assert migrate.upgrade(archive.url, grown).applied == ("auth_0002",)


def test_what_depends_on_it_from_outside_is_named(archive: Archive) -> None:
    (made,) = archive.backup("auth")
    archive.run("CREATE VIEW public.everyone AS SELECT id FROM auth.users")
    before = snapshot_of(archive.url)

    with pytest.raises(StateConflictError, match="something outside depends") as caught:
        archive.restore(made)

    assert caught.value.details == ("view public.everyone depends on table auth.users",)
    assert snapshot_of(archive.url) == before


def test_audit_triggers_are_as_the_marks_say(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metadata.tables["auth.users"].info, AUDITED, "auth.audit_logs")
    monkeypatch.setitem(metadata.tables["wallet.wallets"].info, AUDITED, "compliance.audit_logs")
    migrate.upgrade(archive.url, CATALOG)
    shape = picture(archive.url)
    made = archive.backup("auth", "compliance", "wallet")

    for one in made:
        archive.restore(one)

    assert migrate.check(archive.url, CATALOG) == []
    assert picture(archive.url) == shape
    archive.run("SET ROLE payrollx_wallet; UPDATE wallet.wallets SET provider = 'other'")
    assert value(archive.url, "SELECT count(*) FROM compliance.audit_logs") == USERS
    with pytest.raises(TargetError, match=r"wallet\.wallets is marked as audited in compliance\.audit_logs"):
        archive.drop("compliance", archive.backup("compliance")[0])


def test_others_read_on_and_nobody_writes_meanwhile(archive: Archive) -> None:
    (made,) = archive.backup("auth")
    seen: list[str] = []

    def look(step: Any) -> None:
        if step.what != "comparing with the manifest":
            return
        with psycopg.connect(archive.url.conninfo(), autocommit=True, options="-c lock_timeout=200ms") as other:
            seen.append(str(other.execute("SELECT count(*) FROM auth.users").fetchall()[0][0]))
            for statement in ("UPDATE auth.users SET role = 'x'", "DELETE FROM employee.employees"):
                try:
                    other.execute(statement)
                except psycopg.errors.LockNotAvailable:
                    seen.append("waits")

    archive.restore(made, observer=look)

    assert seen == [str(USERS), "waits", "waits"]


def test_a_writer_that_waited_writes_into_what_was_restored(archive: Archive) -> None:
    (made,) = archive.backup("auth")
    update = "UPDATE auth.users SET last_name = 'late'"
    writer = threading.Thread(target=lambda: archive.run(update))

    archive.restore(made, observer=lambda step: writer.start() if "rows" in step.what else None)
    writer.join()

    assert value(archive.url, "SELECT count(*) FROM auth.users WHERE last_name = 'late'") == USERS


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_who_is_killed_in_the_middle_changes_nothing(how: signal.Signals, archive: Archive) -> None:
    (made,) = archive.backup("auth")
    archive.run("UPDATE auth.users SET last_name = 'changed since'")
    before, shape = snapshot_of(archive.url), picture(archive.url)
    with psycopg.connect(archive.url.conninfo()) as other:
        # It gets as far as the keys, for which this keeps it waiting.
        other.execute("LOCK TABLE employee.employees IN ACCESS SHARE MODE")
        with archive.start("restore", "auth", "--backup", made.folder.name, "--yes") as process:
            assert process.stderr is not None
            while "tying it" not in (line := process.stderr.readline()):
                assert line, "it ended early"
            process.send_signal(how)
            process.communicate(timeout=PATIENCE)
    others = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
    eventually(lambda: value(archive.url, others) == 0, "the end of its sessions")

    assert process.returncode != 0
    assert (snapshot_of(archive.url), picture(archive.url)) == (before, shape)


def test_it_asks_before_it_replaces_rows(archive: Archive, database: DatabaseUrl) -> None:
    archive.backup("auth")

    code, out, err = archive.command("restore", "auth")
    assert (code, out) == (2, "")
    assert f"has {2 * USERS} rows of auth" in err
    assert "add --yes" in err
    answer = archive.answer("restore", "auth", "--database-url", database.plain)
    assert (answer["service"], answer["rows"], answer["replaced"]) == ("auth", 2 * USERS, False)
    assert archive.command("restore", "auth", "--yes")[0] == 0
    code, _, err = archive.command("restore", "wallet", "--yes")
    assert code == 2
    assert "there is no backup of wallet in" in err
