"""Many tenants' schemas brought to a revision: what stops one stops no other, and nothing is lost unasked."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import choirs.catalog
import psycopg
import pytest
from choir_lifecycles import Growing, revised
from command_line import call

from payrollx_db.errors import ConfigurationError
from payrollx_db.tenants.lifecycle import ending, migrating_all
from payrollx_db.tenants.lifecycle.migrating_all import TenantMigrated

SUPPORT = Path(__file__).parents[1] / "support"
CHOIRS = ("Alto", "bass", "it's.3")
ADDED = {"tenant_0002": "op.add_column('songs', sa.Column('key', sa.Text()), schema=schema)"}
MIGRATE = """
import os
from collections.abc import Iterator
from pathlib import Path
from choir_lifecycles import revised, with_sign_up
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.tenants.lifecycle.migrating_all import migrate_all
catalog = revised(with_sign_up("schemas", os.environ["PREFIX"]), Path(os.environ["FOLDER"]), {})
migrate_all(DatabaseUrl.parse(os.environ["URL"]), catalog, jobs=1)
"""


@pytest.fixture
def choirs_here(choirs_apart: Growing) -> Iterator[Growing]:
    """Three choirs with a song each, as their first revision has made them."""
    for choir in CHOIRS:
        choirs_apart.create(choir)
        choirs_apart.query(f"INSERT INTO {choirs_apart.place(choir)}.songs VALUES ('1', 'sung by {choir[0]}', '1')")
    yield choirs_apart
    for (tenant,) in choirs_apart.query("SELECT id FROM registry.tenants"):
        choirs_apart.remove(tenant)


def states(results: list[TenantMigrated]) -> dict[str, str]:
    return {one.tenant: one.state for one in results}


def migrate(choirs: Growing, folder: Path, bodies: dict[str, str], **options: object) -> list[TenantMigrated]:
    """Migrate all of them to revisions with these bodies."""
    catalog = revised(choirs.catalog, folder, bodies)
    return migrating_all.migrate_all(choirs.url, catalog, **options)  # type: ignore[arg-type]


def columns(choirs: Growing, tenant: str, table: str) -> list[str]:
    query = "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    return [name for (name,) in choirs.query(query, f"{choirs.place(tenant)}.{table}")]


def test_one_that_fails_is_named_the_rest_is_done_and_the_next_run_does_what_is_left(
    choirs_here: Growing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = "op.alter_column('songs', 'singer_id', nullable=False, schema=schema)"
    choirs_here.query(f"UPDATE {choirs_here.place('bass')}.songs SET singer_id = NULL")
    catalog = revised(choirs_here.catalog, tmp_path / "m", {**ADDED, "tenant_0003": required})
    monkeypatch.setattr(choirs.catalog, "GROWN", catalog, raising=False)
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": choirs_here.url.plain}
    command = ("tenant", "migrate", "--catalog", "choirs.catalog:GROWN", "--jobs", "2", "--json")
    done = call(command, env)
    document = {one["tenant"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 3, done.stderr
    assert {name: one["state"] for name, one in document.items()} == {
        "Alto": "migrated", "bass": "failed", "it's.3": "migrated",
    }  # fmt: skip
    assert "sung by" not in done.stdout + done.stderr
    assert "key" not in columns(choirs_here, "bass", "songs")  # not even the first of its revisions
    assert "key" in columns(choirs_here, "Alto", "songs")
    choirs_here.query(f"UPDATE {choirs_here.place('bass')}.songs SET singer_id = '1'")
    done = call(command, env)
    assert done.returncode == 0, done.stdout
    assert {one["tenant"]: one["state"] for one in json.loads(done.stdout)} == {
        "Alto": "up to date", "bass": "migrated", "it's.3": "up to date",
    }  # fmt: skip
    assert choirs_here.create("new").revision == "tenant_0001"  # of the catalog without them


FAULTS = {
    "a value": "raise ValueError('sung by b')",
    "a key": "raise KeyError('sung by b')",
    "a mistake": "op.get_context().nothing()",
    "a session that ends": "op.execute('SELECT pg_terminate_backend(pg_backend_pid())')",
    "a rollback": "op.execute('ROLLBACK')",
}


def test_whatever_a_revision_does_stops_no_other_tenant(choirs_here: Growing, tmp_path: Path) -> None:
    others = "migrated"
    for number, (fault, body) in enumerate(FAULTS.items()):
        bodies = {**ADDED, "tenant_0003": f"if 'bass' in schema: {body}"}
        results = migrate(choirs_here, tmp_path / str(number), bodies)
        assert states(results) == {"Alto": others, "bass": "failed", "it's.3": others}, fault
        (failed,) = (one for one in results if one.state == "failed")
        assert "sung by" not in failed.problem + " ".join(failed.details)
        assert "key" not in columns(choirs_here, "bass", "songs"), fault
        others = "up to date"
    mended = migrate(choirs_here, tmp_path / "mended", {**ADDED, "tenant_0003": "pass"})
    assert states(mended) == {"Alto": "up to date", "bass": "migrated", "it's.3": "up to date"}
    assert "key" in columns(choirs_here, "bass", "songs")


def test_what_a_revision_leaves_in_its_session_reaches_no_other_tenant(choirs_here: Growing, tmp_path: Path) -> None:
    body = (
        "before = op.get_bind().exec_driver_sql('SHOW statement_timeout').scalar();"
        " op.execute(f\"COMMENT ON SCHEMA {schema} IS '{before}'\");"
        " op.execute('CREATE TEMPORARY TABLE seen (name text)');"
        " op.execute(\"SET statement_timeout = '77s'\")"
    )
    assert states(migrate(choirs_here, tmp_path / "m", {"tenant_0002": body}, jobs=1)) == dict.fromkeys(
        CHOIRS, "migrated"
    )
    comment = "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')"
    assert {choirs_here.query(comment, choirs_here.place(choir)) == [("0",)] for choir in CHOIRS} == {True}


LOSSES = {
    "a column": "ALTER TABLE {schema}.songs DROP title",
    "a column made anew": "ALTER TABLE {schema}.songs DROP title; ALTER TABLE {schema}.songs ADD title text",
    "a table": "DROP TABLE {schema}.songs",
    "a table made anew": "DROP TABLE {schema}.songs; CREATE TABLE {schema}.songs (id text, title text, singer_id text)",
    "rows": "DELETE FROM {schema}.songs",
    "rows at once": "TRUNCATE {schema}.songs",
    "rows by a key": "ALTER TABLE {schema}.songs DROP CONSTRAINT fk_songs_singer_id, ADD FOREIGN KEY (singer_id)"
    " REFERENCES {schema}.singers ON DELETE CASCADE; DELETE FROM {schema}.singers",
    "values by an update": "UPDATE {schema}.songs SET singer_id = NULL",
    "values of a column that is renamed": "UPDATE {schema}.songs SET singer_id = NULL;"
    " ALTER TABLE {schema}.songs RENAME singer_id TO voice_id; ALTER TABLE {schema}.songs RENAME TO hymns",
    "a narrower type": "ALTER TABLE {schema}.songs ALTER title TYPE varchar(3) USING left(title, 3)",
    "another type": "ALTER TABLE {schema}.songs ALTER title TYPE int USING length(title)",
}


def test_what_would_lose_values_is_refused_unless_allowed(choirs_here: Growing, tmp_path: Path) -> None:
    for empty in ("Alto", "it's.3"):
        choirs_here.query(f"DELETE FROM {choirs_here.place(empty)}.songs")
    songs = f"SELECT * FROM {choirs_here.place('bass')}.songs"
    before = choirs_here.query(songs)
    for number, (loss, statement) in enumerate(LOSSES.items()):
        bodies = {**ADDED, "tenant_0003": f"op.execute(f'{statement}')"}
        (result,) = migrate(choirs_here, tmp_path / str(number), bodies, tenants=["bass"])
        assert (result.state, "lose" in result.problem) == ("failed", True), (loss, result)
        assert choirs_here.query(songs) == before, loss
    dropped = {**ADDED, "tenant_0003": f"op.execute(f'{LOSSES['a column']}')"}
    results = migrate(choirs_here, tmp_path / "all", dropped)
    assert states(results) == {"Alto": "migrated", "bass": "failed", "it's.3": "migrated"}
    allowed = migrate(choirs_here, tmp_path / "all", {}, allow_loss=True)
    assert states(allowed) == {"Alto": "up to date", "bass": "migrated", "it's.3": "up to date"}
    assert "title" not in columns(choirs_here, "bass", "songs")


def test_what_keeps_all_values_is_no_loss(choirs_here: Growing, tmp_path: Path) -> None:
    bodies = {
        "tenant_0002": "op.execute(f'ALTER TABLE {schema}.songs ALTER title TYPE varchar(200)')",
        "tenant_0003": "op.execute(f'ALTER TABLE {schema}.songs RENAME title TO name')",
        "tenant_0004": "op.execute(f'ALTER TABLE {schema}.songs RENAME TO hymns')",
        "tenant_0005": "op.drop_table('messages', schema=schema)",  # which is empty
        "tenant_0006": "op.execute(f'ALTER TABLE {schema}.rehearsals ALTER id TYPE bigint')",
        "tenant_0007": "op.execute(f'UPDATE {schema}.hymns SET name = upper(name)')",
    }
    assert set(states(migrate(choirs_here, tmp_path / "m", bodies)).values()) == {"migrated"}


def test_a_process_that_is_killed_between_tenants_leaves_whole_ones_and_the_next_goes_on(
    choirs_here: Growing, tmp_path: Path
) -> None:
    catalog = revised(choirs_here.catalog, tmp_path / "m", ADDED)
    env = {"PATH": os.environ["PATH"], "PREFIX": choirs_here.prefix, "URL": choirs_here.url.plain,
           "PYTHONPATH": os.pathsep.join([".", str(SUPPORT), str(SUPPORT.parent)]),
           "FOLDER": str(tmp_path / "m")}  # fmt: skip
    with psycopg.connect(choirs_here.url.conninfo()) as holder:
        holder.execute(f"LOCK TABLE {choirs_here.place('bass')}.songs IN ACCESS SHARE MODE")
        process = subprocess.Popen([sys.executable, "-c", MIGRATE], env=env, cwd=SUPPORT.parents[1])
        try:
            while choirs_here.query("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'") == [
                (0,)
            ]:
                assert process.poll() is None
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert "key" in columns(choirs_here, "Alto", "songs")
    assert "key" not in columns(choirs_here, "bass", "songs")
    again = migrating_all.migrate_all(choirs_here.url, catalog)
    assert states(again) == {"Alto": "up to date", "bass": "migrated", "it's.3": "migrated"}


def test_a_registered_tenant_without_a_schema_stops_nobody_and_gets_one_when_it_is_named(
    choirs_here: Growing, tmp_path: Path
) -> None:
    choirs_here.query("INSERT INTO registry.tenants (id, name) VALUES ('unpaid', 'not provisioned')")
    assert states(migrate(choirs_here, tmp_path / "m", ADDED)) == dict.fromkeys(CHOIRS, "migrated")
    named = migrate(choirs_here, tmp_path / "m", {}, tenants=["unpaid"])
    assert states(named) == {"unpaid": "made"}
    assert "key" in columns(choirs_here, "unpaid", "songs")
    with pytest.raises(ConfigurationError, match="nobody"):
        migrate(choirs_here, tmp_path / "m", {}, tenants=["nobody"])


def test_a_schema_that_somebody_has_dropped_is_named_and_not_up_to_date(choirs_here: Growing, tmp_path: Path) -> None:
    choirs_here.query(f"DROP SCHEMA {choirs_here.place('bass')} CASCADE")

    results = migrate(choirs_here, tmp_path / "m", {}, jobs=2)
    listed = {one.tenant.id: one.revision for one in ending.list_tenants(choirs_here.url, choirs_here.catalog)}

    assert states(results) == {"Alto": "up to date", "bass": "failed", "it's.3": "up to date"}
    (gone,) = [one for one in results if one.state == "failed"]
    assert "is gone" in gone.problem
    assert "tenant drop" in gone.hint
    assert listed == {"Alto": "tenant_0001", "bass": "", "it's.3": "tenant_0001"}


def test_a_tenant_whose_own_database_cannot_be_had_is_one_failure(choirs_here: Growing, tmp_path: Path) -> None:
    others = "migrated"
    for url in ("postgresql://localhost:1/nowhere", "no url", "mysql://x/y"):
        choirs_here.query("UPDATE registry.tenants SET database_url = %s WHERE id = 'bass'", url)
        assert states(migrate(choirs_here, tmp_path / "m", ADDED)) == {
            "Alto": others,
            "bass": "failed",
            "it's.3": others,
        }
        others = "up to date"
        assert [one.tenant.id for one in ending.list_tenants(choirs_here.url, choirs_here.catalog)] == list(CHOIRS)


def test_what_runs_is_recorded_and_what_is_recorded_ran(choirs_here: Growing, tmp_path: Path) -> None:
    """A schema that somebody has changed by hand fails, rather than be recorded as migrated."""
    choirs_here.query(f"ALTER TABLE {choirs_here.place('bass')}.songs ADD key text")
    assert states(migrate(choirs_here, tmp_path / "m", ADDED))["bass"] == "failed"
    recorded = dict(choirs_here.query("SELECT tenant, revision FROM payrollx_meta.tenants"))
    assert recorded == {"Alto": "tenant_0002", "bass": "tenant_0001", "it's.3": "tenant_0002"}
