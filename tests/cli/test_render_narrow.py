"""Rows that don't fit a terminal of 80 columns are broken between their notes, and keys stay in one piece."""

import io
import sys

import pytest

from payrollx_db.cli.render import console, runs

UUID = "38160317-57ee-43b1-a3c7-98be716b2eb2"


class Terminal(io.StringIO):
    """A stdout of 80 columns."""

    def isatty(self) -> bool:
        return True


def narrow(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", terminal)
    return terminal


def test_quarantine_is_listed_with_keys_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = narrow(monkeypatch)
    common = {"run": 1, "source": "payrollx_auth.public.refresh_tokens", "code": "orphan", "restored_at": None}
    cause = f"payrollx_org.public.organizations {UUID}"
    runs.show_quarantine([
        {**common, "key": UUID, "kind": "row", "column": "", "action": "quarantine", "cause": cause},
        {**common, "key": "7", "kind": "value", "column": "user_id", "action": "null", "cause": ""},
    ])  # fmt: skip

    assert terminal.getvalue().splitlines() == [
        "run 1: payrollx_auth.public.refresh_tokens",
        f"  {UUID}",
        "      quarantined  orphan",
        f"      caused by {cause}",
        "  7",
        "      user_id: null  orphan",
        "",
        "1 row is quarantined, 1 value was changed.",
    ]


def test_notes_go_on_in_the_next_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = narrow(monkeypatch)
    headings = (("table", "left"), ("rows", "right"), ("merged", "right"), ("time", "right"), ("", "left"))
    console.answer_groups(headings, [("shop", [["orders" * 10, "1" * 30, "2" * 30, "0.1 s", "NOT identical"]])])

    assert terminal.getvalue().splitlines() == [
        "shop",
        f"  {'orders' * 10}",
        f"      {'1' * 30} rows  {'2' * 30} merged",
        "      0.1 s  NOT identical",
    ]
