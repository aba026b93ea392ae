"""What data say is shown as it is: nothing in it is taken for a style."""

import asyncio
from dataclasses import replace

import pytest
from rule_worlds import MakeTables
from worlds import endpoints

from payrollx_db.cli.render import console, recorded, runs
from payrollx_db.consolidate.status import status

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


def test_dots_in_names_of_databases_and_tables_cut_nothing_off(
    make_tables: MakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    table = 'CREATE TABLE {}"Quo""ted.%s" (id integer PRIMARY KEY)'
    old = make_tables(table.format(""), table.format("app."), {'Quo"ted.%s': {"id": "integer"}})
    (database,) = old.layout.databases
    layout = replace(old.layout, databases=(replace(database, name="shop.sales"),))
    world = replace(old, urls={"shop.sales": old.urls["old"]}, layout=layout)

    runs.show_plan(world.plan(), sql=False)
    runs.show_report(world.copy())
    runs.show_verdict(world.verify())
    recorded.show_status(asyncio.run(status(endpoints(world.urls, world.target, application_name="test")[1])))

    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines.count("shop.sales") == 4
    assert sum(line.startswith('Quo"ted.%s → app.Quo"ted.%s') for line in lines) == 4
