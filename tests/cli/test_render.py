"""What data say is shown as it is: nothing in it is taken for a style."""

import pytest

from payrollx_db.cli.render import console, runs

ODD = ("[odd] id", "[/odd]", "[red]no red[/red]", ":key: :smile:")


@pytest.mark.parametrize("text", ODD)
def test_a_key_in_quarantine_is_shown_whole(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    entry = {"run": 1, "source": f"legacy.public.{text}", "key": text, "kind": "value", "column": text,
             "action": "null", "restored_at": None, "code": "orphan", "cause": text}  # fmt: skip

    runs.show_quarantine([entry])

    lines = capsys.readouterr().out.splitlines()
    assert f"run 1: legacy.public.{text}" in lines[1]
    assert lines[2].split("  ")[1] == text
    assert lines[2].rstrip().endswith(text)


@pytest.mark.parametrize("text", ODD)
def test_notes_and_tables_are_plain(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = console.table((text, "left"))
    made.add_row(text)

    console.answer_table(made)
    console.note(text)

    shown = capsys.readouterr()
    assert [line.rstrip() for line in shown.out.splitlines()] == [text, text]
    assert shown.err == f"{text}\n"
