"""The documentation is true: its checks pass and can fail, and what it tells people to run works."""

import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import check_docs
import pytest
from check_docs import ROOT, Page
from worlds import World, query, value

FOLDERS = ("payrollx_db", "docs", "docker", "scripts", "sql", "alembic")
FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "pyproject.toml", "alembic.ini")

BREAKS = [
    ("README.md", "(docs/layouts.md)", "(docs/layout.md)", "leads nowhere"),
    ("docs/consolidation.md", "configuration.md#exit-codes", "configuration.md#codes", "names no heading"),
    ("README.md", "```sh\ngit clone", "```\ngit clone", "a block of no language"),
    ("README.md", "copy --dry-run ", "copy --dryrun ", "No such option"),
    ("README.md", "payrollx-db plan ", "payrollx-db plans ", "No such command"),
    ("docs/consolidation.md", "--limit 5", "--limit few", "not a valid integer"),
    ("docs/consolidation.md", "with `--show-values`", "with `--show-all`", "no command has the option --show-all"),
    ("CONTRIBUTING.md", "`make format`", "`make pretty`", "there is no make pretty"),
    ("README.md", "payrollx-db completion bash", "payrollx-db --version", "no page names payrollx-db completion"),
    ("docs/configuration.md", "Number of tables", "Number of chairs", "is stale"),
    ("README.md", "LEGACY_AUTH_DATABASE_URL", "LEGACY_OUGHT_DATABASE_URL", "nothing reads the variable"),
    ("scripts/demo.sh", "PAYROLLX_DEMO_DIR", "PAYROLLX_UNSAID", "reads PAYROLLX_UNSAID"),
    ("docs/consolidation.md", "| `snapshot` |", "| `photograph` |", "says nothing of payrollx_meta.parts.snapshot"),
    ("README.md", "import legacy_urls", "import urls_of_old", "has no urls_of_old"),
]
# What hides some of those, or each other.
APART = [
    ("docs/consolidation.md", "| `snapshot` |", "| `photograph` |", "there is no payrollx_meta.parts.photograph"),
    ("README.md", "consolidate.endpoints", "consolidate.ends", "there is no module"),
]
NO_PYTHON = [("README.md", "jobs=4)", "jobs=4", "no Python")]

_numbers = itertools.count(1)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what the checks look at, to be broken."""
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", ".*cache*")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run_all(world: World, page: Page, *sections: str, env: dict[str, str] | None = None) -> list[str]:
    """Run every command that the page's shell blocks show, in order; each must end well. Return what they answer."""
    blocks = [b for s in sections for b in page.section(s)] if sections else list(page.blocks)
    calls = [call for b in blocks if b.language == "sh" for call in check_docs.invocations(b.text)]
    answers = []
    for call in calls:
        done = world.command(*call, env=env)
        assert done.returncode == 0, f"payrollx-db {' '.join(call)}: {done.stderr}"
        answers.append(done.stdout)
    return answers


def test_the_pages_say_what_is_so() -> None:
    assert check_docs.problems() == []


@pytest.mark.long
def test_the_checks_pass_on_an_unbroken_copy(copied: Path) -> None:
    assert check_docs.problems(copied) == []


@pytest.mark.parametrize(
    "breaks",
    [BREAKS, *(pytest.param(one, marks=pytest.mark.long) for one in (APART, NO_PYTHON))],
    ids=["together", "apart", "no Python"],
)
def test_each_check_can_fail(copied: Path, breaks: list[tuple[str, str, str, str]]) -> None:
    """Several at once: none of them hides another one."""
    for name, old, new, _ in breaks:
        file = copied / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} has changed: choose another way to break it"
        file.write_text(text.replace(old, new), encoding="utf-8")

    problems = check_docs.problems(copied)

    missing = [expected for *_, expected in breaks if not any(expected in problem for problem in problems)]
    assert missing == []


def test_calls_are_found_in_shell() -> None:
    text = """
        eval "$(payrollx-db dev env)"
        A=1 payrollx-db copy \\
          --jobs 2 | tail  # payrollx-db-like
        pip install payrollx-db
    """

    assert list(check_docs.invocations(text)) == [["dev", "env"], ["copy", "--jobs", "2"], []]


def test_the_tour_of_the_readme(reading_world: World) -> None:
    answers = run_all(reading_world, Page(ROOT, "README.md"), "On your own databases")

    assert len(answers) == 8
    assert "every one accounted for" in answers[4]
    assert "identical.\n" in answers[5]


def test_python_as_the_readme_shows_it(reading_world: World) -> None:
    (block,) = Page(ROOT, "README.md").section("From Python")

    done = subprocess.run(
        [sys.executable, "-c", block.text],
        capture_output=True,
        text=True,
        env=reading_world.env,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "True"
    assert "payrollx_auth.public.users auth.users" in done.stdout
    assert done.stderr == ""


@pytest.mark.long
def test_the_way_of_a_consolidation(reading_world: World) -> None:
    answers = run_all(reading_world, Page(ROOT, "docs/consolidation.md"))

    assert any("identical.\n" in answer for answer in answers)
    assert "table pairs of run 1" in answers[-1]


def test_the_documents_have_the_keys_that_are_promised(reading_world: World) -> None:
    blocks = [json.loads(b.text) for b in Page(ROOT, "docs/consolidation.md").section("JSON") if b.language == "json"]
    plan = reading_world.answer("plan")
    copy = reading_world.answer("copy")
    query(reading_world.target, "UPDATE auth.users SET email = email || '.'")
    verify = reading_world.answer("verify")
    status = reading_world.answer("status")

    verify["tables"] = [table for table in verify["tables"] if not table["identical"]]
    for promised, real in zip(blocks, (copy, verify, plan, status), strict=True):
        assert promised.keys() == real.keys()
        assert promised["tables"][0].keys() == real["tables"][0].keys()
    assert blocks[1]["tables"][0]["differences"][0].keys() == verify["tables"][0]["differences"][0].keys()
    assert blocks[2]["tables"][0]["columns"][0].keys() == plan["tables"][0]["columns"][0].keys()
    assert blocks[2]["discarded"][0].keys() == plan["discarded"][0].keys()
    assert blocks[3]["runs"][0].keys() == status["runs"][0].keys()


@pytest.mark.long
def test_the_policies_that_are_shown(hostile_world: World, tmp_path: Path) -> None:
    (block,) = Page(ROOT, "docs/consolidation.md").section("Policies")
    file = tmp_path / "policies.toml"
    file.write_text(block.text, encoding="utf-8")

    refused = hostile_world.command("copy")
    copied = hostile_world.command("copy", "--policies", str(file))
    verified = hostile_world.command("verify")

    assert (refused.returncode, copied.returncode, verified.returncode) == (3, 0, 0), copied.stderr + verified.stderr
    assert "in quarantine" in verified.stdout


def load_example(folder: Path) -> ModuleType:
    """Write the worked example's module into ``folder`` and import it from there."""
    (block,) = [b for b in Page(ROOT, "docs/layouts.md").section("A worked example") if b.language == "python"]
    file = folder / "shop.py"
    file.write_text(block.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shop", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shop(server: Any, tmp_path: Path) -> Iterator[World]:
    """The worked example's three databases, with some orders."""
    example = load_example(tmp_path)
    scripts = [b.text for b in Page(ROOT, "docs/layouts.md").section("A worked example") if b.language == "sql"]
    prefix = f"t{os.getpid()}_{next(_numbers)}_"
    names = ("shop_customers", "shop_orders", "shop")
    urls = {}
    try:
        for name, script in zip(names, scripts, strict=True):
            urls[name] = server.create_database(prefix + name)
            query(urls[name], script)
        _fill(urls)
        target = urls["shop"]
        yield World({name: urls[name] for name in names[:2]}, target, example.LAYOUT, example.CATALOG)
    finally:
        for name in urls:
            server.drop_database(prefix + name)


def _fill(urls: dict[str, Any]) -> None:
    customers = json.dumps(query(urls["shop_customers"], "SELECT id, email FROM customers"))
    orders = urls["shop_orders"]
    query(orders, "INSERT INTO customers SELECT r ->> 0, r ->> 1 FROM jsonb_array_elements(%s) AS r", (customers,))
    query(
        orders,
        "INSERT INTO orders SELECT gen_random_uuid()::text, id, 'SHIPPED', 'EUR', now()::timestamp FROM customers",
    )
    query(orders, """INSERT INTO order_lines ("orderId", sku, "unitPrice") SELECT id, 'thing', 1.25 FROM orders""")


@pytest.mark.long
def test_the_worked_example_of_a_layout(shop: World, tmp_path: Path) -> None:
    names = {"PAYROLLX_CATALOG": "shop:CATALOG", "PAYROLLX_FROM": "shop:LAYOUT", "PYTHONPATH": str(tmp_path)}
    if path := os.environ.get("PYTHONPATH"):
        names["PYTHONPATH"] += os.pathsep + path

    answers = run_all(shop, Page(ROOT, "docs/layouts.md"), "A worked example", env=names)

    assert "3 table pairs to copy, about 0 rows; 1 table pair to merge, of 1 duplicate table" in answers[0]
    assert "identical.\n" in answers[2]
    assert query(shop.target, "SELECT DISTINCT is_open, currency FROM orders.orders") == [(False, "EUR")]
    assert query(shop.target, "SELECT count(*), min(currency) FROM orders.order_lines") == [(50, "EUR")]
    named = "SELECT count(*) FROM crm.customers WHERE name LIKE 'Customer %' AND NOT newsletter"
    assert value(shop.target, named) == 50
    insert = """INSERT INTO orders.order_lines (order_id, sku, unit_price, currency)
        SELECT id, '', 0, '' FROM orders.orders LIMIT 1 RETURNING id"""
    assert value(shop.target, insert) == 51
