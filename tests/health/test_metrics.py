"""metrics: what doctor looks at, as Prometheus' own parser reads it; a database that is down is a sample."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import TestServer, unique
from prometheus_client import parser
from watchers import PATIENCE
from worlds import query

from payrollx_db.cli import cli
from payrollx_db.errors import ConfigurationError
from payrollx_db.health.database import Expected, Place
from payrollx_db.health.examine import examine
from payrollx_db.health.metrics import FAMILIES, exposition, listen
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Return every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def health(url: DatabaseUrl, **expected: Any) -> Any:
    place = Place(url, CATALOG.services)
    return asyncio.run(examine([place], Expected(CATALOG, migrate.branches(CATALOG), **expected)))


@pytest.fixture(scope="module")
def watched(server: TestServer, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A migrated database with a user in it."""
    name = unique("watched")
    url = server.create_database(name, migrated_template)
    query(url, "INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a@b', '', '', '')")
    query(url, "ANALYZE auth.users")
    yield url
    server.drop_database(name)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)):
        monkeypatch.delenv(name, raising=False)


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["metrics", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_what_is_printed_is_what_there_is(watched: DatabaseUrl) -> None:
    found = samples(call("--database-url", watched.plain).stdout)
    (size,) = query(watched, "SELECT pg_total_relation_size('auth.users'), pg_indexes_size('auth.users')")
    names = ("max_connections", "superuser_reserved_connections", "reserved_connections")
    settings = [query(watched, "SELECT current_setting(%s, true)", [name])[0][0] for name in names]
    most, *reserved = (int(text or 0) for text in settings)

    assert [one(found, "payrollx_up", service=service.name) for service in CATALOG.services] == [1] * 8
    assert one(found, "payrollx_table_rows", service="auth", table="users") == 1
    assert one(found, "payrollx_table_size_bytes", service="auth", table="users") == size[0]
    assert one(found, "payrollx_table_indexes_size_bytes", service="auth", table="users") == size[1]
    assert one(found, "payrollx_server_connections_limit", service="auth") == most - sum(reserved)
    assert one(found, "payrollx_check_ok", check="migrated") == 1
    assert len([name for name, _ in found if name == "payrollx_table_rows"]) == len(list(CATALOG.tables()))


def test_every_family_is_named_as_prometheus_would(watched: DatabaseUrl) -> None:
    text = call("--database-url", watched.plain).stdout

    for name, (said, labels) in FAMILIES.items():
        assert re.fullmatch(r"payrollx_[a-z_]+", name)
        assert f"# HELP {name} {said}\n# TYPE {name} gauge\n" in text
        assert len(set(labels)) == len(labels)
    assert {name for name, _ in samples(text)} <= FAMILIES.keys()


def test_a_finding_is_a_sample_and_gone_once_mended(watched: DatabaseUrl) -> None:
    labels = {"check": "missing indexes", "code": "missing-index", "severity": "warn", "service": "auth"}
    query(watched, "DROP INDEX auth.ix_users_organization_id")
    try:
        planted = samples(exposition(health(watched)))
    finally:
        query(watched, "CREATE INDEX ix_users_organization_id ON auth.users (organization_id)")
    mended = samples(exposition(health(watched)))

    assert one(planted, "payrollx_findings", **labels) == 1
    assert one(planted, "payrollx_check_ok", check="missing indexes") == 0
    assert ("payrollx_findings", tuple(sorted(labels.items()))) not in mended
    assert one(mended, "payrollx_check_ok", check="missing indexes") == 1


def test_a_database_that_is_down_is_a_sample(watched: DatabaseUrl) -> None:
    result = call("--database-url", watched.with_database("nothing_there").plain)
    found = samples(result.stdout)

    assert result.return_value == 0
    assert [one(found, "payrollx_up", service=service.name) for service in CATALOG.services] == [0] * 8
    assert one(found, "payrollx_check_ok", check="reachable") == 0
    assert not any(name.startswith("payrollx_table") for name, _ in found)


def test_the_last_backup(watched: DatabaseUrl) -> None:
    made = datetime(2025, 6, 30, 3, 0, tzinfo=UTC)

    found = samples(exposition(health(watched, backups=lambda: {"auth": made})))

    assert one(found, "payrollx_last_backup_timestamp_seconds", service="auth") == made.timestamp()
    assert one(found, "payrollx_check_ok", check="backups") == 0


def scrape(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        return samples(answer.read().decode())


def test_each_scrape_is_fresh(watched: DatabaseUrl) -> None:
    port, end = listen("127.0.0.1", 0, lambda: health(watched))
    try:
        before = scrape(port)
        query(
            watched, "INSERT INTO auth.refresh_tokens (token, user_id, expires_at) SELECT '', id, now() FROM auth.users"
        )
        query(watched, "ANALYZE auth.refresh_tokens")
        after = scrape(port)
        with pytest.raises(ConfigurationError, match=r"can't listen on 127\.0\.0\.1"):
            listen("127.0.0.1", port, lambda: health(watched))
    finally:
        end()

    place = {"service": "auth", "table": "refresh_tokens"}  # rows are the server's estimate, so not always just 1
    assert one(before, "payrollx_table_rows", **place) == 0 < one(after, "payrollx_table_rows", **place)


def test_it_serves_until_interrupted(watched: DatabaseUrl) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "payrollx_db", "metrics", "--listen", "0"],
        env={**os.environ, "DATABASE_URL": watched.plain},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stderr is not None
        told = started.stderr.readline()
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/metrics", told)[1])  # type: ignore[index]
        assert one(scrape(port), "payrollx_up", service="auth") == 1
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=PATIENCE) == 130
    finally:
        started.kill()
        started.communicate()

    assert watched.params["password"] not in told


def test_without_the_client_it_says_what_to_install(watched: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    with pytest.raises(ConfigurationError, match="isn't installed") as caught:
        call("--database-url", watched.plain)

    assert caught.value.hint == "pip install 'payrollx-db[metrics]'"


@pytest.mark.parametrize("wrong", ["nowhere", "127.0.0.1:", "127.0.0.1:99999", ":http"])
def test_an_address_that_is_none(wrong: str) -> None:
    refused = CliRunner().invoke(cli, ["metrics", "--listen", wrong])

    assert (refused.exit_code, "is not an address" in refused.output) == (2, True)
