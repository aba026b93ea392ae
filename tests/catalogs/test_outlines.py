"""Outlines of catalogs say what their models say, or aren't used."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from payrollx_db.catalogs import outline, registry
from payrollx_db.catalogs.registry import BUILT_IN

OTHERWISE = {"metadata", "models_at"}  # the models, and where they are


@pytest.mark.parametrize("name", outline.NAMES)
def test_an_outline_says_all_that_the_models_say(name: str) -> None:
    """Where it doesn't, scripts/generate_outlines.py writes it anew."""
    whole, light = registry.find(name), outline.read(name, BUILT_IN[name])

    assert light is not None
    for field in fields(whole):
        if field.name not in OTHERWISE:
            assert getattr(light, field.name) == getattr(whole, field.name), field.name
    assert (light.metadata, light.models) == (None, whole.metadata)


def test_a_source_that_was_changed_since_makes_the_models_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outline, "FOLDER", tmp_path)
    text = Path(outline.__file__).with_name("outlines").joinpath("azora.json").read_text()
    (tmp_path / "azora.json").write_text(text.replace(outline.digest("azora"), "another"))

    assert outline.read("azora", BUILT_IN["azora"]) is None
    assert registry.find_outline("azora").metadata is not None

    (tmp_path / "azora.json").write_text("cut o")
    assert registry.find_outline("azora").metadata is not None


def test_a_plan_imports_no_models_and_nothing_of_a_copy() -> None:
    program = (
        "import contextlib, sys; from payrollx_db.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['plan', '--catalog', 'tec'])\n"
        "heavy = ('sqlalchemy', 'alembic', 'payrollx_db.consolidate.copy', 'payrollx_db.consolidate.pipeline')\n"
        "print('psycopg' in sys.modules, [name for name in heavy if name in sys.modules])"
    )
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    environment = {**os.environ, "DATABASE_URL": nowhere, "LEGACY_DATABASE_URL": nowhere}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "True []", done.stderr


def test_a_copy_imports_no_models() -> None:
    program = (
        "import sys, payrollx_db.cli.copy, payrollx_db.cli.verify; from payrollx_db.catalogs import registry;"
        " known = registry.find_outline('tec'); registry.layout(known, 'legacy');"
        " print([name for name in sys.modules if name.partition('.')[0] in ('sqlalchemy', 'alembic')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
