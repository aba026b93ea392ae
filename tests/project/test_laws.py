"""The table of laws in CONTRIBUTING names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_tests_that_hold_the_laws_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    laws = re.findall(r"^\| (\d+)\. .*", text, re.MULTILINE)
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", text)

    assert laws == [str(number) for number in range(1, 16)]
    assert len(named) > len(laws)
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / "tests" / file).read_text()]
    assert missing == []
