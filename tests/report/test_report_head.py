"""What the head of a report says: loose references, attempts, the target's health, and where it all is."""

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from interruptions import interrupt
from psycopg import sql
from run_reports import document_of
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.copy import loose_references
from payrollx_db.report import checksum
from payrollx_db.report.page import css_string, page
from payrollx_db.report.summary import summary

# The rows of each loose reference that point at nothing, counted as anybody would.
ORPHANS = "SELECT count(*) FROM {} AS c WHERE c.{} IS NOT NULL AND NOT EXISTS (SELECT FROM {} AS p WHERE p.{} = c.{})"


def test_loose_references_are_counted_after_the_load(verified: World) -> None:
    document = document_of(verified)
    counted = {one["reference"]: one["orphans"] for one in document["loose_references"]}

    expected = {
        str(r): value(
            verified.target, ORPHANS.format(r.table, *r.columns, r.target_table, *r.target_columns, *r.columns)
        )
        for r in verified.catalog.references
        if not r.enforced
    }
    assert document["loose_counted"]
    assert counted == expected
    assert sum(expected.values()) > 0, "the practice data have such rows"
    assert f"{sum(expected.values())} rows point at nothing" in " ".join(summary(document))
    assert "of the check, nothing to decide" in page(document)


def test_a_run_of_an_older_version_did_not_look_at_them(changed: World) -> None:
    query(changed.target, "UPDATE payrollx_meta.attempts SET target_encoding = NULL, ended_at = NULL, status = NULL")
    query(changed.target, "DROP TABLE payrollx_meta.loose_references, payrollx_meta.verified_sums")
    document = document_of(changed)

    assert (document["loose_counted"], document["loose_references"]) == (False, [])
    assert "Loose references were not looked at." in summary(document)
    assert "not looked at" in page(document)


def test_interruptions_are_in_the_head(reading_world: World) -> None:
    interrupt(reading_world, "organization")
    query(reading_world.target, "UPDATE payrollx_meta.attempts SET ended_at = NULL, status = NULL")  # as if killed
    interrupt(reading_world, "organization")
    before = document_of(reading_world)
    reading_world.copy("organization")

    document = document_of(reading_world)

    assert [attempt["status"] for attempt in document["attempts"]] == [None, "interrupted", "done"]
    assert "<dt>Attempts</dt><dd>3<span>killed, interrupted " in page(document)
    assert "<dt>Attempts</dt><dd>2<span>killed, interrupted " in page(before)


def test_a_report_of_an_earlier_version_can_still_be_checked(verified: World, tmp_path: Path) -> None:
    older = copy.deepcopy(document_of(verified))
    for name in ("observed", "loose_references", "loose_counted", "sums"):
        del older[name]
    for attempt in older["attempts"]:
        for name in ("target_encoding", "ended_at", "status", "message"):
            del attempt[name]
    for source in older["sources"]:
        del source["encoding"]
    older["seal"] = checksum.seal_of(older)
    (tmp_path / "older.json").write_text(json.dumps(older))

    done = verified.command("report", "--check", str(tmp_path / "older.json"))

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_doctor_says_is_in_it_and_not_compared(verified: World, tmp_path: Path) -> None:
    document = verified.answer("report")
    (tmp_path / "report.json").write_text(json.dumps(document))

    assert {check["name"] for check in document["observed"]["checks"]} >= {"reachable", "runs", "migrated", "roles"}
    assert "each role may do what it should, and nothing else" in page(document)
    assert verified.command("report", "--check", str(tmp_path / "report.json")).returncode == 0


def test_a_catalog_that_is_not_known_is_no_reason_to_have_no_report(changed: World) -> None:
    query(changed.target, "UPDATE payrollx_meta.runs SET catalog = 'elsewhere'")

    observed = changed.answer("report")["observed"]

    assert "there is no catalog 'elsewhere'" in observed["problem"]


def test_each_printed_page_says_what_it_is_of(verified: World) -> None:
    document = document_of(verified)
    text = page(document)

    host = f"{verified.target.params['host']}:{verified.target.params['port']}"
    assert css_string(f"Run 1 · {document['target']['dbname']} on {host} · seal {document['seal'][:16]}…") in text
    assert '"Page " counter(page) " of " counter(pages)' in text


@pytest.mark.parametrize("text", ['"; } body { display: none } @page { content: "', "</style><b>", "\\", "a\nb", "ü…"])
def test_no_name_ends_the_text_of_a_margin(text: str) -> None:
    inside = css_string(text)[1:-1]

    assert not set(inside) & set('"<>\n;{}')
    assert "\\" not in inside.replace("\\5c ", "") or all(part[:1].isalnum() for part in inside.split("\\")[1:])


def test_a_loose_reference_that_cannot_be_counted_stops_nothing(
    reading_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loose_references, "_query", lambda *_: sql.SQL("SELECT count(*), 1 / 0 FROM auth.users"))
    report = asyncio.run(pipeline.copy(reading_world.task("notification", "auth")))

    document: dict[str, Any] = document_of(reading_world)
    assert report.run.status == "done"
    assert document["loose_references"]
    assert all(one["problem"] and one["orphans"] is None for one in document["loose_references"])
    assert "could not be counted" in " ".join(summary(document))


def test_sums_of_number_columns_are_those_of_both_sides(changed: World) -> None:
    """Exact to the last digit, and without keys; a value that is changed shows."""
    assert changed.command("verify", "--sums").returncode == 0
    document = document_of(changed)
    sums = {(one["target"], one["column"]): one for one in document["sums"]}

    salary = sums["employee.employees", "salary"]
    theirs = value(changed.urls["payrollx_employee"], "SELECT sum(salary::numeric(38, 18)) FROM employees")
    assert salary["source_sum"] == str(theirs)
    assert salary["target_sum"] == str(value(changed.target, "SELECT sum(salary) FROM employee.employees"))
    assert all(
        (one["source_rows"], one["source_sum"]) == (one["target_rows"], one["target_sum"]) for one in sums.values()
    )
    assert not {column for _, column in sums} & {"id", "employee_id", "organization_id"}
    assert "all sums equal" in page(document)

    one = "(SELECT min(id::text)::uuid FROM employee.employees WHERE salary > 0)"
    query(changed.target, f"UPDATE employee.employees SET salary = salary + 1 WHERE id = {one}")
    done = changed.command("verify", "--sums", "--service", "employee")
    assert done.returncode == 3
    assert "employee.employees.salary: " in done.stdout
    assert "the sums of 1 are NOT equal" in done.stdout
