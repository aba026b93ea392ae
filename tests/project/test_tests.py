"""The tests themselves: that all of them can be collected."""

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def test_no_two_files_of_tests_have_one_name() -> None:
    """Folders of tests are no packages: of two files with one name, the second can't be imported."""
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, number in names.items() if number > 1] == []
