"""How a catalog's practice function is called: what it lacks is named, with what it must take."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from payrollx_db.catalogs import registry
from payrollx_db.cli import cli
from payrollx_db.devserver import practice
from payrollx_db.errors import CatalogError, ConfigurationError, PayrollxError

URL = "postgresql://postgres@127.0.0.1:1/postgres"  # nobody answers there: nothing is to be asked


# What strangers write, each by the parameters that it has.
MADE = {
    "plain": "url, *, employees, hostile=False, seed=1, observer=None",
    "without seed": "url, *, employees, hostile=False, observer=None",
    "hosted": "url, *, employees, hostile=False, seed=1, observer=None, layout='one'",
    "anything": "*_, **__",
    "nothing": "url",
}


def function(kind: str) -> Any:
    return eval(f"lambda {MADE[kind]}: None", {})  # noqa: S307 # one a line is easier to compare


def test_a_layout_is_given_to_those_that_take_one() -> None:
    for make in (function("hosted"), function("anything"), dict):
        assert practice.arguments(make, "x:y", "two", ("one", "two")) == {"layout": "two"}
        assert practice.arguments(make, "x:y", None, ("one", "two")) == {}


def test_the_only_layout_needs_no_parameter() -> None:
    assert practice.arguments(function("plain"), "x:y", "one", ("one",)) == {}
    for name in ("payrollx", "azora"):
        catalog = registry.find(name)
        made = practice.arguments(registry.practice(catalog), catalog.practice, "legacy", tuple(catalog.layouts))
        assert made == {}


@pytest.mark.parametrize(
    ("kind", "layout", "error", "message"),
    [
        (
            "plain",
            "two",
            CatalogError,
            "the practice function x:y takes no layout, so it can't make the databases of two",
        ),
        ("without seed", None, CatalogError, "the practice function x:y takes no seed"),
        ("nothing", None, CatalogError, "takes no employees, hostile, seed, observer"),
        ("hosted", "three", ConfigurationError, "the catalog has no layout 'three'"),
    ],
    ids=["no layout", "no seed", "nothing", "unknown layout"],
)
def test_what_it_lacks_is_named(kind: str, layout: str | None, error: type[PayrollxError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        practice.arguments(function(kind), "x:y", layout, ("one", "two"))
    assert caught.value.hint


def test_the_command_names_the_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "quay_catalog.py").write_text(
        "from payrollx_db.model.catalog import Catalog, Service\n"
        "def make(url, *, employees, hostile=False, seed=1, observer=None): return None\n"
        "LAYOUTS = {'legacy': 'quay_catalog:LAYOUT', 'shared': 'quay_catalog:SHARED'}\n"
        "CATALOG = Catalog('quay', (Service('a', 'a', 'quay_a'),), practice='quay_catalog:make', layouts=LAYOUTS)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    command = ["dev", "legacy", "--catalog", "quay_catalog:CATALOG", "--url", URL, "--yes"]
    for more, message in (
        (["--from", "shared"], "quay_catalog:make takes no layout"),
        ([], "quay_catalog:make returned NoneType"),
    ):
        done = CliRunner().invoke(cli, [*command, *more], standalone_mode=False)
        assert isinstance(done.exception, CatalogError)
        assert message in done.exception.message
