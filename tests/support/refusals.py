"""A world that is only read, commands that run in it, and what a refusal is to be like."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from worlds import World, snapshot_of, value

from payrollx_db.cli import main
from payrollx_db.postgres.url import DatabaseUrl

WRONG = "s3cr3t/of:th@t w%rld"
UNFINISHED = (
    "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, applied_steps_count, finished_at,"
    " rolled_back_at) VALUES ('x', 'x', '20260101_halfway', now(), 0, {finished}, {rolled_back})"
)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        """The lines that say what went wrong; details and the next step are indented below them."""
        return [line for line in self.err.splitlines() if line.startswith("payrollx-db: ")]

    @property
    def details(self) -> str:
        """What stands indented below the problem."""
        lines = self.err.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("payrollx-db: "))
        assert all(line.startswith("  ") for line in lines[start + 1 :]), self.err
        return "\n".join(lines[start + 1 :])


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def untouched(server: Any, legacy_to_read: Any, migrated_template: str) -> Iterator[World]:
    """An empty target that every test here has to leave as it was."""
    name = f"{migrated_template}_bad"
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template))
    world.pristine = snapshot_of(world.target)  # type: ignore[attr-defined]
    yield world
    server.drop_database(name)


@pytest.fixture
def run(untouched: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which is quicker; ``None`` unsets a variable."""
    monkeypatch.chdir(tmp_path)

    def run(world: World, *arguments: str, **env: str | None) -> Ended:
        for name, text in (world.env | env).items():
            monkeypatch.delenv(name, raising=False) if text is None else monkeypatch.setenv(name, text)
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out, err)

    return run


def assert_untouched(world: World) -> None:
    assert snapshot_of(world.target) == world.pristine  # type: ignore[attr-defined]
    if value(world.target, "SELECT to_regclass('payrollx_meta.runs')"):
        assert value(world.target, "SELECT count(*) FROM payrollx_meta.runs") == 0


def assert_refused(ended: Ended, code: int, *words: str) -> None:
    """One problem that has these words, the exit code, nothing on stdout, no traceback and no secret."""
    assert (ended.code, ended.out) == (code, ""), ended.err
    assert len(ended.problems) == 1, ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.problems[0], ended.err
    assert_no_secret(ended.out + ended.err)


def assert_no_secret(text: str) -> None:
    for secret in (WRONG, quote(WRONG, safe=""), "s3cr3t", "w%rld"):
        assert secret not in text


def with_params(url: DatabaseUrl, **params: str) -> str:
    return replace(url, params={**url.params, **params}).plain


def needs_passwords(world: World) -> None:
    if "password" not in world.target.params:
        pytest.skip("this server asks for no password")
