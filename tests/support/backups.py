"""Fixtures of backups: a unified database with rows of every kind in it, and ways to work on its services."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from command_line import call
from worlds import query

from payrollx_db.backup import create, handover, manifest, restore, signature
from payrollx_db.backup.clients import Clients
from payrollx_db.backup.create import Step
from payrollx_db.backup.manifest import Backup
from payrollx_db.backup.signature import Key
from payrollx_db.devserver.programs import folders
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG, metadata

USERS = 40
# A COPY's own end, what it escapes, what other encodings lack, and what a dump might take for SQL.
STRANGE = "\\.\n\\N\ttab \\ slash\r'; DROP SCHEMA auth; -- \u00e4\u4e16\U0001f642"

ROWS = """
INSERT INTO auth.users (id, email, password, first_name, last_name)
SELECT md5('user' || n)::uuid, n || '@example.org', 'x', 'first', %(strange)s FROM generate_series(1, %(users)s) AS n;
INSERT INTO auth.refresh_tokens (token, user_id, expires_at)
SELECT md5(n::text), md5('user' || n)::uuid, '2030-01-01' FROM generate_series(1, %(users)s) AS n;
INSERT INTO organization.organizations (id, name, created_by)
VALUES (md5('organization')::uuid, 'o', md5('user1')::uuid);
INSERT INTO employee.employees (id, organization_id, user_id, kyc_status, kyc_documents, salary)
SELECT md5('employee' || n)::uuid, md5('organization')::uuid, md5('user' || n)::uuid, 'VERIFIED',
       jsonb_build_object('n', n, 'text', %(strange)s::text), 1.5 + n
FROM generate_series(1, %(users)s) AS n;
INSERT INTO wallet.wallets (id, employee_id, public_key, key_share_ids, created_by)
SELECT md5('wallet' || n)::uuid, md5('employee' || n)::uuid, 'key' || n, ARRAY['a', %(strange)s], md5('user1')::uuid
FROM generate_series(1, %(users)s) AS n;
INSERT INTO payroll.payroll_runs (id, organization_id, scheduled_date, total_amount, created_by)
VALUES (md5('run')::uuid, md5('organization')::uuid, '2025-01-31', 100, md5('user1')::uuid);
INSERT INTO payroll.payroll_items (payroll_run_id, employee_id, amount)
SELECT md5('run')::uuid, md5('employee' || n)::uuid, 0.000000000000000001 * n FROM generate_series(1, %(users)s) AS n;
INSERT INTO transaction.transactions (payroll_run_id, employee_id, wallet_id, amount)
SELECT md5('run')::uuid, md5('employee' || n)::uuid, md5('wallet' || n)::uuid, n
FROM generate_series(1, %(users)s) AS n;
"""


def find(version: int) -> Clients:
    """Find programs as the command line does."""
    return Clients.find(version, folders())


@dataclass
class Archive:
    """A unified database, an empty folder for backups, and calls of the library with PayrollX's catalog."""

    url: DatabaseUrl
    folder: Path
    steps: list[Step] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """The key that signs its backups, beside the folder."""
        return signature.load_or_make(self.folder.with_name("backup.key"), self.folder)[0]

    def backup(self, *names: str, url: DatabaseUrl | None = None) -> list[Backup]:
        services = [CATALOG.service(name) for name in names]
        return create.backup(url or self.url, CATALOG, services, self.folder, find, self.steps.append, key=self.key)

    def restore(self, made: Backup, url: DatabaseUrl | None = None, **options: Any) -> restore.Restored:
        observer = options.get("observer", self.steps.append)
        key, accept = options.get("key", self.key), options.get("accept", restore.refuse)
        catalog = options.get("catalog", CATALOG)
        return restore.restore(made, url or self.url, catalog, metadata, find, observer, key=key, accept=accept)

    def hand_over(self, name: str, source: DatabaseUrl, target: DatabaseUrl) -> handover.Handover:
        service = CATALOG.service(name)
        return handover.hand_over(
            service, source, target, self.folder, catalog=CATALOG, metadata=metadata, find=find, key=self.key
        )  # fmt: skip

    def drop(self, name: str, proof: Backup, *, loosen: bool = False) -> handover.Dropped:
        service = CATALOG.service(name)
        return handover.drop(service, self.url, proof, catalog=CATALOG, metadata=metadata, key=self.key, loosen=loosen)

    def rewritten(self, made: Backup, **changes: Any) -> Backup:
        """Write the manifest anew with these changes, and sign it: as a tool of another version would have."""
        data = dataclasses.replace(made.manifest, **changes).text().encode()
        (made.folder / manifest.FILE).write_bytes(data)
        (made.folder / signature.FILE).write_text(self.key.sign(data))
        return manifest.read(made.folder)

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        return query(self.url, statement)

    @property
    def names(self) -> list[str]:
        """What lies in the folder, hidden or not."""
        return sorted(path.name for path in self.folder.iterdir())

    def start(self, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        """Start ``payrollx-db service`` on this database and folder; a given environment wins."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        return subprocess.Popen(
            [sys.executable, "-m", "payrollx_db", "service", *arguments],
            env={**clean, **self.environment, **env}, cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def command(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        """Run it in this process; return the exit code, stdout and stderr."""
        return self.call("service", *arguments, **env)

    def call(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        """Do the same with any command."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        done = call(arguments, {**clean, **self.environment, **env}, self.folder)
        return done.returncode, done.stdout, done.stderr

    @property
    def environment(self) -> dict[str, str]:
        files = {"PAYROLLX_BACKUPS": str(self.folder), "PAYROLLX_KEY_FILE": str(self.key.path)}
        return {"DATABASE_URL": self.url.plain} | files

    def answer(self, *arguments: str, **env: str) -> Any:
        """Run it with --json, and return its document."""
        code, out, err = self.command(*arguments, "--json", **env)
        assert code == 0, err
        return json.loads(out)


@pytest.fixture(scope="session")
def filled_template(server: Any, migrated_template: str) -> Iterator[str]:
    """A migrated database with rows, to be cloned."""
    name = f"t{os.getpid()}_filled"
    url = server.create_database(name, migrated_template)
    with psycopg.ClientCursor(psycopg.connect(url.conninfo())) as cursor:
        cursor.execute(ROWS, {"users": USERS, "strange": STRANGE})
        cursor.connection.commit()
        cursor.connection.close()
    yield name
    server.drop_database(name)


@pytest.fixture(scope="session")
def filled_to_read(server: Any, filled_template: str) -> Iterator[DatabaseUrl]:
    """A unified database with rows that all tests share."""
    name = f"{filled_template}_to_read"
    yield server.create_database(name, filled_template)
    server.drop_database(name)


@pytest.fixture
def reading_archive(filled_to_read: DatabaseUrl, tmp_path: Path) -> Archive:
    """A unified database with rows that the test only reads, and a folder."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return Archive(filled_to_read, folder)


@pytest.fixture
def archive(server: Any, filled_template: str, tmp_path: Path) -> Iterator[Archive]:
    """A unified database with rows that the test may change, and a folder."""
    name = f"{filled_template}_{os.urandom(4).hex()}"
    folder = tmp_path / "backups"
    folder.mkdir()
    yield Archive(server.create_database(name, filled_template), folder)
    server.drop_database(name)
