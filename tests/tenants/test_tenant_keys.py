"""The key of shared tables, by the command line: made once, changed while services work, and handed everywhere."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from choir_worlds import Choirs
from choirs.models import Song
from command_line import Done, call
from sqlalchemy import select

from payrollx_db.errors import PayrollxError


@pytest.fixture
def choirs_with_key(shared_choirs: Choirs) -> Iterator[Choirs]:
    """The choirs that share tables; afterwards the server signs for them again."""
    columns = "inner_pad, outer_pad, signs"
    kept = shared_choirs.query(f"SELECT {columns} FROM payrollx_tenants.keys")
    yield shared_choirs
    shared_choirs.query("DELETE FROM payrollx_tenants.keys")
    for row in kept:
        shared_choirs.query(f"INSERT INTO payrollx_tenants.keys ({columns}) VALUES (%s, %s, %s)", *row)


def hand_over(choirs: Choirs, file: Path, catalog: str = "SHARED") -> Done:
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": choirs.url.plain}
    return call(("tenant", "key", str(file), "--catalog", f"choirs.catalog:{catalog}", "--json"), env)


def titles(choirs: Choirs, key: str) -> list[str]:
    with choirs.tenants(key=key).session("bass") as session:
        return list(session.scalars(select(Song.title)))


def test_a_key_is_made_once_and_the_one_before_stays_valid_until_the_next(
    choirs_with_key: Choirs, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("first", "second", "third")]
    for file in files[:2]:
        done = hand_over(choirs_with_key, file)
        assert done.returncode == 0, done.stderr
        assert [one["problem"] for one in json.loads(done.stdout)] == [""]
        assert file.stat().st_mode & 0o077 == 0
        assert file.read_text().strip() not in done.stdout + done.stderr
    first, second = (file.read_text().strip() for file in files[:2])
    assert hand_over(choirs_with_key, files[1]).returncode == 0  # nothing changes
    assert titles(choirs_with_key, first) == titles(choirs_with_key, second) == ["soprano of bass"]
    assert hand_over(choirs_with_key, files[2]).returncode == 0
    with pytest.raises(PayrollxError):
        titles(choirs_with_key, first)
    assert titles(choirs_with_key, second) == ["soprano of bass"]


def test_a_database_that_cannot_be_told_is_named_and_the_others_are_told(
    choirs_with_key: Choirs, tmp_path: Path
) -> None:
    choirs_with_key.query(
        "UPDATE registry.tenants SET database_url = 'postgresql://u:hush@localhost:1/x' WHERE id = 'alto'"
    )
    try:
        done = hand_over(choirs_with_key, tmp_path / "key")
    finally:
        choirs_with_key.query("UPDATE registry.tenants SET database_url = NULL WHERE id = 'alto'")
    here, there = json.loads(done.stdout)
    assert (done.returncode, here["problem"], bool(there["problem"])) == (3, "", True)
    assert "hush" not in done.stdout + done.stderr
    assert titles(choirs_with_key, (tmp_path / "key").read_text().strip()) == ["soprano of bass"]


def test_a_key_that_is_too_short_and_tenants_that_need_none_are_refused(
    choirs_with_key: Choirs, tmp_path: Path
) -> None:
    short = tmp_path / "short"
    short.write_text("too short")
    for file, catalog in ((short, "SHARED"), (tmp_path / "none" / "key", "SHARED"), (tmp_path / "key", "SCHEMAS")):
        done = hand_over(choirs_with_key, file, catalog)
        assert done.returncode == 2, done.stderr
    assert list(tmp_path.iterdir()) == [short]
