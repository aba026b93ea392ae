"""docs/runbook.md and docs/facades.md are true: their commands and Python run, and so does the example service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from check_docs import ROOT, Page, invocations
from worlds import World

from payrollx_db.postgres.url import DatabaseUrl


def run_python(*arguments: str, database: DatabaseUrl) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"DATABASE_URL": database.plain},
        check=False,
    )


@pytest.mark.long  # sixteen commands one after the other
def test_the_runbook_on_hostile_databases(hostile_world: World, tmp_path: Path) -> None:
    (policies,) = Page(ROOT, "docs/consolidation.md").section("Policies")
    (tmp_path / "policies.toml").write_text(policies.text, encoding="utf-8")
    files = {name: str(tmp_path / name) for name in ("policies.toml", "report.html", "backups")}
    shown = [block.text for block in Page(ROOT, "docs/runbook.md").blocks if block.language == "sh"]

    calls = [call for text in shown for call in invocations(text)]
    codes = []
    for call in calls:
        done = hostile_world.command(*(files.get(word, word) for word in call))
        codes.append((" ".join(call), done.returncode))
        assert done.returncode == (3 if call == ["check"] else 0), (call, done.stdout, done.stderr)

    assert len(codes) == 16
    assert (tmp_path / "report.html").stat().st_size > 10_000
    checked = hostile_world.command("report", "--check", files["report.html"])
    assert checked.returncode == 0, checked.stderr


PYTHON = [block.text for block in Page(ROOT, "docs/facades.md").blocks if block.language == "python"]


@pytest.mark.parametrize("text", PYTHON, ids=range(len(PYTHON)))
def test_python_as_the_facades_page_shows_it(text: str, migrated: DatabaseUrl) -> None:
    done = run_python("-c", text, database=migrated)

    assert done.returncode == 0, done.stderr


def test_the_example_service(migrated: DatabaseUrl) -> None:
    done = run_python(str(ROOT / "scripts/example_service.py"), database=migrated)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[3].endswith("has paid 2500.00")
    assert lines[4].startswith("refused: auth may not read wallet.wallets, which belongs to the wallet service")
