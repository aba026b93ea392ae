"""A folder in which the command line is called says nothing about what is imported, unless a person names a module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Done, call

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
CAME_FAR = "nothing says where 8 of the 8 legacy databases are"  # what is said once catalog and layout are loaded
TRAP = "raise SystemExit(f'{__name__} of the working folder was executed')\n"
CATALOG = "from payrollx_db.unified import CATALOG\nfrom payrollx_db.legacy import LAYOUT\n"
PROGRAM = [str(Path(sys.executable).parent / "payrollx-db")]
MODULE = [sys.executable, "-m", "payrollx_db"]
CALLS = pytest.mark.parametrize(
    "command", [PROGRAM, pytest.param(MODULE, marks=pytest.mark.long)], ids=["program", "module"]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that are called like modules of Python and of installed packages, and a catalog."""
    for name in ("graphlib", "decimal", "alembic", "sqlalchemy", "click", "rich_click", "dotenv", "psycopg"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    (tmp_path / "shop.py").write_text(CATALOG)
    return tmp_path


def run(command: list[str], *arguments: str, folder: Path, **variables: str) -> Done:
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment(variables), capture_output=True, text=True, check=False
    )


def run_here(*arguments: str, folder: Path, **variables: str) -> Done:
    """Run it in this process, which has its modules already: for what isn't about which of them is imported."""
    try:
        return call(arguments, environment(variables), folder)
    finally:
        sys.modules.pop("shop", None)


def environment(variables: dict[str, str]) -> dict[str, str]:
    ours = ("PYTHONPATH", "PAYROLLX_PG_BIN")  # those of who runs the tests
    return {k: v for k, v in os.environ.items() if k not in ours} | {"DATABASE_URL": NOWHERE} | variables


@CALLS
def test_no_file_of_the_folder_is_executed(command: list[str], folder: Path) -> None:
    done = run(command, "plan", folder=folder)

    assert "was executed" not in done.stderr
    assert CAME_FAR in done.stderr


@pytest.mark.parametrize(
    "option", [["--catalog", "shop:CATALOG"], pytest.param(["--from", "shop:LAYOUT"], marks=pytest.mark.long)]
)
def test_a_module_that_is_named_is_found_there_after_all_others(folder: Path, option: list[str]) -> None:
    done = run(PROGRAM, "plan", *option, folder=folder)

    assert "was executed" not in done.stderr
    assert CAME_FAR in done.stderr


@pytest.mark.long
def test_an_installed_module_wins(folder: Path) -> None:
    done = run(PROGRAM, "plan", "--catalog", "alembic:CATALOG", folder=folder)

    assert "alembic has no CATALOG" in done.stderr
    assert done.returncode == 1


def test_a_real_variable_names_one(folder: Path) -> None:
    assert run_here("plan", folder=folder, PAYROLLX_CATALOG="shop:CATALOG").stderr.count(CAME_FAR) == 1


@pytest.mark.parametrize(
    "line", ["PAYROLLX_CATALOG=shop:CATALOG", pytest.param("PAYROLLX_FROM=shop:LAYOUT", marks=pytest.mark.long)]
)
def test_a_file_does_not(folder: Path, line: str) -> None:
    (folder / ".env").write_text(f"{line}\n")

    done = run(PROGRAM, "plan", folder=folder)

    assert done.returncode == 1
    assert "can't import shop" in done.stderr
    assert "on the command line" in done.stderr


def test_a_real_variable_wins_over_a_file(folder: Path) -> None:
    (folder / ".env").write_text("PAYROLLX_CATALOG=nothing:CATALOG\n")

    assert run_here("plan", folder=folder, PAYROLLX_CATALOG="shop:CATALOG").stderr.count(CAME_FAR) == 1


# --- the file .env, and where it lies --------------------------------------------------------------------------------


def test_a_file_is_found_in_a_folder_above_and_named(folder: Path) -> None:
    """As python-dotenv finds it: the nearest one, from the working folder upwards."""
    (folder / ".env").write_text("PAYROLLX_CATALOG=far\n")
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / ".env").write_text("PAYROLLX_CATALOG=near\n")

    done = run_here("--debug", "plan", folder=folder / "deep" / "deeper")

    assert "there is no catalog 'near'" in done.stderr
    assert f"settings are read from {folder / 'deep' / '.env'}" in done.stderr


def test_a_file_names_no_programs(folder: Path) -> None:
    (folder / ".env").write_text(f"PAYROLLX_PG_BIN={folder}\n")

    done = run_here("dev", "status", "--data-dir", str(folder / "data"), folder=folder)

    assert f"PAYROLLX_PG_BIN in {folder / '.env'} is not used" in done.stderr
    assert "which doesn't have" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("import gone_missing\n", "ModuleNotFoundError: No module named 'gone_missing'", "line 1: import gone_missing"),
        ("LAYOUT = 1\n\ndef (\n", "SyntaxError: ", "line 3: def ("),
        ("import below\n", "KeyError: 'nope'", "below.py, line 2: x = {}['nope']"),
        ("raise SystemExit(0)\n", "SystemExit: 0", "line 1: raise SystemExit(0)"),
    ],
)
def test_a_module_that_fails_says_where(folder: Path, text: str, message: str, place: str) -> None:
    (folder / "odd.py").write_text(text)
    (folder / "below.py").write_text("\nx = {}['nope']\n")

    done = run_here("plan", "--from", "odd:LAYOUT", folder=folder)

    assert done.returncode == 1
    assert f"can't import odd: {message}" in done.stderr
    assert place in done.stderr
    assert f"{folder / 'odd.py'}, line " in done.stderr
    assert "Traceback" not in done.stderr
    debugged = run_here("--debug", "plan", "--from", "odd:LAYOUT", folder=folder)
    assert "Traceback" in debugged.stderr
