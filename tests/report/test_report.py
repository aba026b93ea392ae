"""The report says what is recorded, and what follows from it; the command that makes one."""

import asyncio
import html
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from run_reports import Page, document_of, edit_number, written
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.events import Notice, ObjectBuilt
from payrollx_db.model.policy import Policies
from payrollx_db.report.model import Verification, chosen
from payrollx_db.report.page import page
from payrollx_db.report.summary import headline

POLICIES = [
    "unconvertible=quarantine", "duplicate=quarantine", "case-collision=quarantine", "orphan=quarantine",
    "lossy=round", "drift=owner", "stranded=owner",
]  # fmt: skip
NEWER = ("attempts", "flows", "handover", "lags", "loose_references", "proofs", "sequences", "steps",
         "structures", "stuck", "switches", "touched", "triggers", "verified_so_far",
         "verified_sums", "verified_tables", "verifications")  # fmt: skip


def test_the_document_is_what_is_recorded(verified: World) -> None:
    document = document_of(verified)
    status = verified.answer("status")
    accounts = {(t["source"], t["target"]): t for t in status["tables"]}

    assert (document["state"], document["complete"]) == ("proven", True)
    assert document["totals"]["rows_read"] == sum(t["read"] for t in accounts.values())
    for table in document["tables"]:
        account = accounts[table["source"], table["target"]]
        assert (table["rows_read"], table["rows_written"]) == (account["read"], account["written"])
    for one in document["verified"]:
        rows = sum(rows for rows, _ in one["buckets"].values())
        if rows:
            assert rows == value(verified.target, f"SELECT count(*) FROM {one['target']}") == one["target_rows"]
            assert one["source_hash"] == one["target_hash"]
    assert {one["target"] for one in document["verified"] if one["buckets"]} == {
        t["target"] for t in document["tables"] if t["kind"] == "copy" and t["rows_written"]
    }


def test_every_index_and_key_has_its_time(verified: World) -> None:
    document = document_of(verified)
    steps = {(s["table"], s["name"]): s for s in document["steps"]}
    taken = query(verified.target, "SELECT table_name, name FROM payrollx_meta.objects")

    assert len(taken) > 50
    assert set(taken) <= set(steps)
    begun, ended = document["run"]["started_at"], document["run"]["finished_at"]
    assert all(begun <= s["started_at"] <= s["finished_at"] <= ended for s in document["steps"])
    kinds = {step["kind"] for step in document["steps"]}
    assert kinds >= {"index", "primary key", "foreign key", "foreign key check", "merge"}


def test_who_did_it_and_with_what(verified: World) -> None:
    (attempt,) = document_of(verified)["attempts"]

    assert attempt["jobs"] == 2
    assert attempt["policies"] == []
    assert attempt["target_dbname"] == verified.target.dbname
    assert attempt["account"] == verified.target.params["user"]
    assert {d["source"].partition(".")[2] for d in attempt["discards"]} == {"_prisma_migrations"}


def test_no_password_is_in_it(verified: World) -> None:
    document = document_of(verified)
    text = page(document) + json.dumps(document)

    assert verified.target.params["password"] not in text
    assert ":***@" in text


def test_a_verification_of_a_part_proves_a_part(changed: World) -> None:
    query(changed.target, "DELETE FROM payrollx_meta.verifications")
    never = document_of(changed)
    changed.verify("auth")
    partly = document_of(changed)

    assert (never["state"], partly["state"]) == ("accounted", "accounted")
    assert "payrollx-db verify proves it" in page(never)
    assert "not verified" in page(never)
    assert "in 3 of the 20 table pairs" in page(partly)


def test_a_difference_is_the_headline(changed: World) -> None:
    query(changed.target, "UPDATE auth.users SET first_name = first_name || '!'")
    changed.verify()
    document = document_of(changed)

    assert document["state"] == "different"
    assert headline(document) == {"mark": "bad", "text": "auth.users differs between the two sides."}


def test_a_run_that_failed_is_not_finished(reading_world: World) -> None:
    def trip(event: object) -> None:
        assert not isinstance(event, ObjectBuilt), "tripped"

    reading_world.small_tables = 0
    with pytest.raises(AssertionError, match="tripped"):
        asyncio.run(pipeline.copy(reading_world.task("auth", observer=trip)))
    document = document_of(reading_world)
    assert document["state"] == "unfinished"
    assert page(document)

    reading_world.copy("auth")
    assert [a["attempt"] for a in document_of(reading_world)["attempts"]] == [1, 2]


def test_what_policies_decided_is_told_without_keys_and_goes_stale(hostile_world: World) -> None:
    hostile_world.copy_with(hostile_world.task(), Policies.read(POLICIES))
    assert hostile_world.verify().identical
    document = document_of(hostile_world)
    text = page(document)

    assert document["state"] == "proven"
    assert document["attempts"][0]["policies"] == POLICIES
    assert all(html.escape(policy) in text for policy in POLICIES)
    out = value(hostile_world.target, "SELECT count(*) FROM payrollx_meta.quarantine WHERE kind = 'row'")
    assert sum(k["rows"] for k in document["quarantine"] if k["kind"] == "row") == out > 0
    assert {f["code"] for f in document["findings"]} >= {"orphan", "lossy", "drift"}
    recorded = {"code", "severity", "place", "count", "message", "action"}
    assert [f for f in document["findings"] if f.keys() != recorded] == []
    keys = query(hostile_world.target, "SELECT key FROM payrollx_meta.quarantine")
    assert len(keys) > 20
    assert not [key for (key,) in keys if key in text]

    restored = "UPDATE payrollx_meta.quarantine SET restored_at = clock_timestamp() WHERE kind = 'row'"
    query(hostile_world.target, restored)
    document = document_of(hostile_world)
    assert (document["state"], document["stale"]) == ("accounted", True)
    assert "Rows were restored from quarantine" in page(document)


def test_the_record_of_an_older_version(changed: World) -> None:
    for name in (*NEWER, "versions"):
        query(changed.target, f"DROP TABLE payrollx_meta.{name} CASCADE")
    query(changed.target, "ALTER TABLE payrollx_meta.objects DROP COLUMN problem")
    query(changed.target, "ALTER TABLE payrollx_meta.sources DROP COLUMN place")
    query(changed.target, "ALTER TABLE payrollx_meta.tables DROP COLUMN scope")
    query(changed.target, "ALTER TABLE payrollx_meta.quarantine DROP COLUMN waits_for")
    document = document_of(changed)
    assert document["state"] == "accounted"
    assert page(document)

    changed.verify()
    assert document_of(changed)["state"] == "proven"


def test_verify_proves_where_it_may_not_write(changed: World) -> None:
    name = changed.target.dbname
    query(changed.target, f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    verdict = changed.verify()

    assert verdict.identical
    assert [e for e in changed.events if isinstance(e, Notice) and "isn't recorded" in e.text]
    assert value(changed.target, "SELECT count(*) FROM payrollx_meta.verifications") == 1


def verification(number: int, *, tables: int, identical: bool = True) -> Verification:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    return Verification(number, at, at, identical, "host", "somebody", "0", tables)


@pytest.mark.parametrize(
    ("verifications", "expected"),
    [
        ([], None),
        ([verification(1, tables=2)], 1),
        ([verification(1, tables=5), verification(2, tables=2)], 1),
        ([verification(1, tables=2), verification(2, tables=1)], 1),
        ([verification(1, tables=5), verification(2, tables=5)], 2),
        ([verification(1, tables=5), verification(2, tables=1, identical=False)], 2),
        ([verification(1, tables=1, identical=False), verification(2, tables=1)], 1),
        ([verification(1, tables=1, identical=False), verification(2, tables=5)], 2),
    ],
)
def test_which_verification_a_report_speaks_of(verifications: list[Verification], expected: int | None) -> None:
    found = chosen(tuple(verifications), 5)

    assert (found.id if found else None) == expected


# --- the command --------------------------------------------------------------------------------------


def test_the_command_writes_whole_files_only(verified: World, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = verified.command("report", "1", "--html", str(file))
    missing = verified.command("report", "--html", str(tmp_path / "nowhere" / "report.html"))

    assert done.returncode == 0
    assert Page(file.read_text(encoding="utf-8")).count("h1") == 1
    assert list(tmp_path.iterdir()) == [file]
    assert missing.returncode == 2
    assert "can't write" in missing.stderr


def test_the_command_checks(changed: World, tmp_path: Path) -> None:
    file = written(changed, tmp_path)
    edited = tmp_path / "edited.html"
    edited.write_text(edit_number(file.read_text(encoding="utf-8")), encoding="utf-8")
    before = changed.command("report", "--check", str(file))
    query(changed.target, "DELETE FROM auth.refresh_tokens")
    after = changed.command("report", "--check", str(file))
    refused = changed.command("report", "--check", str(edited))

    assert [done.returncode for done in (before, after, refused)] == [0, 3, 3]
    assert ": the same as in the report of run 1" in before.stdout
    assert "auth.refresh_tokens: " in after.stdout
    assert "NOT the same as in the report of run 1" in after.stdout
    assert "has been edited" in refused.stderr
    assert refused.stdout == ""


def test_the_command_says_the_verdict(verified: World) -> None:
    done = verified.command("report")

    assert done.returncode == 0
    assert "both sides are identical" in done.stdout


def test_the_command_without_a_run(migrated: Any, verified: World) -> None:
    with pytest.raises(StateConflictError, match="no run is recorded"):
        document_of(replace(verified, target=migrated))
    with pytest.raises(ConfigurationError, match="there is no run 7"):
        document_of(verified, 7)
    assert verified.command("report", "1", "--check", "x").returncode == 2


@pytest.mark.long
def test_the_page_about_it_tells_the_truth(verified: World, monkeypatch: Any, tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parent.parent.parent / "docs" / "report.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    calls = [line.split()[1:] for block in blocks for line in block.splitlines() if line.startswith("payrollx-db")]
    assert [call[0] for call in calls] == ["copy", "verify", "report", "report", "check"]
    for call in calls[2:]:  # the first two have been done
        done = verified.command(*call)
        assert done.returncode == 0, f"{call}: {done.stderr}"
    (shown,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    promised, real = json.loads(shown), document_of(verified)
    assert promised.keys() == real.keys()
    for name in ("made", "totals", "run", "target"):
        assert promised[name].keys() == real[name].keys()
    assert promised["sources"][0].keys() == real["sources"][0].keys()
