"""The page about catalogs of one's own: its files make a system that is migrated, examined and used as it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from check_docs import ROOT, Page, invocations
from command_line import Done

from payrollx_db.postgres.url import DatabaseUrl

PAGE = Page(ROOT, "docs/catalogs.md")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The page's files, each where its first line says."""
    for block in PAGE.blocks:
        if named := re.match(r"# (library/\S+\.py)\n", block.text):
            file = tmp_path / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
    return tmp_path


@pytest.mark.long
def test_the_library_is_migrated_examined_and_used(folder: Path, database: DatabaseUrl) -> None:
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    env = os.environ | {"DATABASE_URL": database.plain, "PAYROLLX_CATALOG": "library.catalog:CATALOG"}

    def run(*arguments: str) -> Done:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=env | {"PYTHONPATH": path}, check=False
        )

    for block in PAGE.blocks:
        for call in invocations(block.text) if block.language == "sh" else ():
            done = run("-m", "payrollx_db", *call)
            assert done.returncode == 0, (call, done.stdout, done.stderr)
    (use,) = (block.text for block in PAGE.blocks if block.text.startswith("from library import"))
    done = run("-c", use)
    assert (done.returncode, done.stdout) == (0, "Emma\n"), done.stderr
