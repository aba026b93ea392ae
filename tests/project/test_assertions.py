"""Every test can fail: it asserts, expects an error, or calls a helper whose name says that it asserts."""

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def says_what_it_wants(test: ast.AST) -> bool:
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"pytest.raises", "pytest.warns"} or name.startswith("assert_"):
                return True
    return False


def test_no_test_is_without_an_assertion() -> None:
    silent = [
        f"{path.relative_to(TESTS)}::{node.name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not says_what_it_wants(node)
    ]

    assert silent == []


def test_a_test_that_only_runs_is_noticed() -> None:
    asserting, running = ast.parse("def test_a():\n    assert f()\ndef test_b():\n    f()\n").body

    assert says_what_it_wants(asserting)
    assert not says_what_it_wants(running)
