"""The report: it says what is recorded, stands alone as a page, and notices when it or the database is changed."""

import asyncio
import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from unified import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.compare import Proof
from payrollx_db.consolidate.events import Notice, ObjectBuilt
from payrollx_db.consolidate.policies import Policies
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError
from payrollx_db.report import check, reading, seal, timeline
from payrollx_db.report.facts import Verification, chosen
from payrollx_db.report.page import page
from payrollx_db.report.words import headline

VOID = {"meta", "link", "br", "img", "hr", "input"}
POLICIES = [
    "unconvertible=quarantine", "duplicate=quarantine", "case-collision=quarantine", "orphan=quarantine",
    "lossy=round", "drift=owner", "stranded=owner",
]  # fmt: skip
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEWER = ("attempts", "steps", "verified_tables", "verifications")


@pytest.fixture(scope="module")
def proven(server: Any, legacy_to_read: Any, migrated_template: str) -> Iterator[World]:
    """A finished copy, verified, for tests that change nothing; the others work on clones of its target."""
    name = f"{migrated_template}_proven"
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template))
    world.copy()
    assert world.verify().identical
    yield world
    server.drop_database(name)


@pytest.fixture
def changed(server: Any, proven: World) -> Iterator[World]:
    """The same, for a test that changes the target."""
    name = f"{proven.target.dbname}_changed"
    yield replace(proven, target=server.create_database(name, proven.target.dbname), events=[])
    server.drop_database(name)


def document_of(world: World, run: int | None = None) -> dict[str, Any]:
    return seal.sealed(asyncio.run(reading.read(world.task().target, run)))


def written(world: World, folder: Path) -> Path:
    """Write the world's report as a page."""
    file = folder / "report.html"
    file.write_text(page(document_of(world)), encoding="utf-8")
    return file


def checked(world: World, file: Path) -> check.Checked:
    return asyncio.run(check.check(file, world.task().target, world.events.append))


# --- what it says -------------------------------------------------------------------------------------


def test_the_document_is_what_is_recorded(proven: World) -> None:
    document = document_of(proven)
    status = proven.answer("status")
    accounts = {(t["source"], t["target"]): t for t in status["tables"]}

    assert (document["state"], document["complete"]) == ("proven", True)
    assert document["totals"]["rows_read"] == sum(t["read"] for t in accounts.values())
    for table in document["tables"]:
        account = accounts[table["source"], table["target"]]
        assert (table["rows_read"], table["rows_written"]) == (account["read"], account["written"])
    for one in document["verified"]:
        rows = sum(rows for rows, _ in one["buckets"].values())
        if rows:
            assert rows == value(proven.target, f"SELECT count(*) FROM {one['target']}") == one["target_rows"]
            assert one["source_hash"] == one["target_hash"]
    assert {one["target"] for one in document["verified"] if one["buckets"]} == {
        t["target"] for t in document["tables"] if t["kind"] == "copy" and t["rows_written"]
    }


def test_every_index_and_key_has_its_time(proven: World) -> None:
    document = document_of(proven)
    steps = {(s["table"], s["name"]): s for s in document["steps"]}
    taken = query(proven.target, "SELECT table_name, name FROM payrollx_meta.objects")

    assert len(taken) > 50
    assert set(taken) <= set(steps)
    begun, ended = document["run"]["started_at"], document["run"]["finished_at"]
    assert all(begun <= s["started_at"] <= s["finished_at"] <= ended for s in document["steps"])
    kinds = {step["kind"] for step in document["steps"]}
    assert kinds >= {"index", "primary key", "foreign key", "foreign key check", "merge"}


def test_who_did_it_and_with_what(proven: World) -> None:
    (attempt,) = document_of(proven)["attempts"]

    assert attempt["jobs"] == 2
    assert attempt["policies"] == []
    assert attempt["target_dbname"] == proven.target.dbname
    assert attempt["account"] == proven.target.params["user"]
    assert {d["source"].partition(".")[2] for d in attempt["discards"]} == {"_prisma_migrations"}


def test_no_password_is_in_it(proven: World) -> None:
    document = document_of(proven)
    text = page(document) + json.dumps(document)

    assert proven.target.params["password"] not in text
    assert ":***@" in text


def test_a_verification_of_a_part_proves_a_part(changed: World) -> None:
    query(changed.target, "DELETE FROM payrollx_meta.verifications")
    never = document_of(changed)
    changed.verify("auth")
    partly = document_of(changed)

    assert (never["state"], partly["state"]) == ("accounted", "accounted")
    assert "payrollx-db verify proves it" in page(never)
    assert "not verified" in page(never)
    assert "in 3 of the 20 pairs of tables" in page(partly)


def test_a_difference_is_the_headline(changed: World) -> None:
    query(changed.target, "UPDATE auth.users SET first_name = first_name || '!'")
    changed.verify()
    document = document_of(changed)

    assert document["state"] == "different"
    assert headline(document) == {"mark": "bad", "text": "auth.users differs between the two sides."}


def test_a_run_that_failed_is_not_finished(reading_world: World) -> None:
    def trip(event: object) -> None:
        assert not isinstance(event, ObjectBuilt), "tripped"

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
    keys = query(hostile_world.target, "SELECT key FROM payrollx_meta.quarantine")
    assert len(keys) > 20
    assert not [key for (key,) in keys if key in text]

    restored = "UPDATE payrollx_meta.quarantine SET restored_at = clock_timestamp() WHERE kind = 'row'"
    query(hostile_world.target, restored)
    document = document_of(hostile_world)
    assert (document["state"], document["stale"]) == ("accounted", True)
    assert "put back" in page(document)


def test_the_record_of_an_older_version(changed: World) -> None:
    for name in NEWER:
        query(changed.target, f"DROP TABLE payrollx_meta.{name} CASCADE")
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


# --- the page -----------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Reads a page, insisting that every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def test_the_page_is_whole_and_alone(proven: World) -> None:
    text = page(document_of(proven))
    read = Page(text)

    assert not {tag for tag, _ in read.elements} & {"link", "img", "iframe", "object", "embed", "base"}
    assert not [a for _, attrs in read.elements for a in attrs if a in ("src", "href", "srcset") or a.startswith("on")]
    assert [attrs["type"] for tag, attrs in read.elements if tag == "script"] == ["application/json"]
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|expression", style)


def test_the_page_can_be_read_by_everybody(proven: World) -> None:
    read = Page(page(document_of(proven)))
    names = [tag for tag, _ in read.elements]

    assert read.count("h1") == 1
    assert read.count("table") == read.count("caption") > 3
    for (tag, attrs), following in zip(read.elements, names[1:], strict=False):
        if tag == "svg" and attrs.get("role") == "img":
            assert following == "title"
            assert attrs["aria-labelledby"]
        elif tag == "svg":
            assert attrs["aria-hidden"] == "true"
        elif tag == "th":
            assert attrs["scope"] in ("row", "col", "rowgroup")
    ids = [attrs["id"] for _, attrs in read.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_every_number_is_on_the_page(proven: World) -> None:
    document = document_of(proven)
    text = Page(page(document)).text

    for table in document["tables"]:
        assert f"→\xa0{table['target']}" in text
        for name in ("rows_read", "rows_written", "rows_quarantined", "rows_merged"):
            assert f"{table[name]:,}" in text
    for one in document["verified"]:
        assert not one["buckets"] or one["target_hash"][:12] in text
    for part in document["parts"]:
        assert part["snapshot"] in text
    assert document["seal"] in text
    assert all(source["system"] in text for source in document["sources"])


def test_the_same_data_make_the_same_page(proven: World) -> None:
    document = document_of(proven)

    assert page(document) == page(json.loads(json.dumps(document)))


def test_nothing_in_the_data_can_break_out(proven: World) -> None:
    document = document_of(proven)
    evil = "</script><script>alert(1)</script><b onclick=x>&amp;"
    document["findings"] = [
        {"code": evil, "severity": "block", "place": evil, "count": 1, "message": evil, "action": evil}
    ]
    document["run"]["host"] = document["target"]["dbname"] = evil
    document["tables"][0]["target"] = f"{evil}.{evil}"

    text = page(document)

    assert [attrs["type"] for tag, attrs in Page(text).elements if tag == "script"] == ["application/json"]
    assert "<b onclick" not in text


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1440])
def test_a_browser_shows_it_without_scrolling_sideways(proven: World, tmp_path: Path, width: int) -> None:
    text = html.escape(page(document_of(proven)))
    # Chromium's own windows are never that narrow, so the page is in a frame of the width.
    frame = f'<iframe style="border:0" width={width} height=900 srcdoc="{text}"></iframe>'
    script = """<script>
      const f = document.querySelector("iframe");
      const shown = name => f.contentDocument.querySelector("svg.picture." + name).getBoundingClientRect().width > 0;
      f.onload = () => document.title = JSON.stringify([
        f.contentWindow.innerWidth, f.contentDocument.documentElement.scrollWidth, shown("wide"), shown("narrow")
      ]);
    </script>"""
    file = tmp_path / "frame.html"
    file.write_text(f"<!DOCTYPE html><title></title><body style='margin:0'>{frame}{script}", encoding="utf-8")

    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--window-size=1600,900", "--virtual-time-budget=2000", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title, done.stderr
    inner, scrolled, wide, narrow = json.loads(html.unescape(title[1]))
    assert inner == width
    assert scrolled <= width
    assert (wide, narrow) == (width > 560, width <= 560)


# --- the timeline -------------------------------------------------------------------------------------


def work(*spans: tuple[float, float]) -> list[timeline.Work]:
    return [timeline.Work("a.b", "rows", str(n), start, end) for n, (start, end) in enumerate(spans)]


@pytest.mark.parametrize(
    ("spans", "most"),
    [([(0, 1)], 1), ([(0, 1), (1, 2)], 1), ([(0, 2), (1, 3)], 2), ([(0, 9), (1, 2), (1, 3), (4, 5)], 3)],
)
def test_how_many_ran_at_once(spans: list[tuple[float, float]], most: int) -> None:
    assert timeline.most_at_once(work(*spans)) == most


def test_bars_stay_inside_and_apart(proven: World) -> None:
    for shape in (timeline.WIDE, timeline.NARROW):
        drawn = timeline.draw(document_of(proven), shape)
        assert drawn is not None
        assert drawn.most >= 2
        for lane in drawn.lanes:
            for bar in lane.bars:
                assert drawn.left <= bar.x
                assert bar.x + bar.width <= shape.width
                assert lane.top <= bar.y <= lane.top + lane.height - 7
        ticks = [mark.x for mark in drawn.ticks]
        assert ticks == sorted(ticks)
        assert all(later - earlier > 20 for earlier, later in pairwise(ticks))


def test_a_long_pause_is_folded(proven: World) -> None:
    document = document_of(proven)
    for one in document["verified"]:
        for name in ("started_at", "finished_at"):
            later = datetime.fromisoformat(one[name]) + timedelta(hours=14)
            one[name] = later.isoformat()
    drawn = timeline.draw(document, timeline.WIDE)

    assert drawn is not None
    assert drawn.seconds < 60
    assert [mark.text for mark in drawn.breaks][-1].startswith("14 h")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "12 ms"), (3.21, "3.2 s"), (75, "1 min 15 s"), (3700, "1 h 01 min"), (200000, "2 d 7 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert timeline.duration(seconds) == text


# --- holding it against the database again ------------------------------------------------------------


def test_a_true_report_passes(proven: World, tmp_path: Path) -> None:
    file = written(proven, tmp_path)
    as_json = tmp_path / "report.json"
    as_json.write_text(proven.command("report", "--json").stdout, encoding="utf-8")

    for one in (file, as_json):
        found = checked(proven, one)
        assert found.identical, (found.record, [str(t) for t in found.tables])
        assert found.same_database
        assert all(table.hashed for table in found.tables)
        assert len(found.tables) == 13


def test_it_passes_after_more_verifications(changed: World, tmp_path: Path) -> None:
    file = written(changed, tmp_path)
    changed.verify("auth")

    assert checked(changed, file).identical


@pytest.mark.parametrize(
    ("table", "statement", "said"),
    [
        ("auth.users", "UPDATE auth.users SET role = '?' WHERE id = (SELECT id FROM auth.users LIMIT 1)",
         "other values in 1 of"),
        ("auth.refresh_tokens", "DELETE FROM auth.refresh_tokens", "0 there"),
        ("wallet.wallets", "ALTER TABLE wallet.wallets RENAME COLUMN public_key TO key", "has no column public_key"),
        ("auth.audit_logs", "ALTER TABLE auth.audit_logs RENAME TO logs", "is not there"),
    ],
)  # fmt: skip
def test_another_table_fails_and_is_named(
    changed: World, tmp_path: Path, table: str, statement: str, said: str
) -> None:
    file = written(changed, tmp_path)
    query(changed.target, statement)

    (wrong,) = [one for one in checked(changed, file).tables if not one.identical]

    assert wrong.target == table
    assert said in str(wrong)


def test_rows_are_counted_where_nothing_was_verified(changed: World, tmp_path: Path) -> None:
    query(changed.target, "DELETE FROM payrollx_meta.verifications")
    file = written(changed, tmp_path)
    found = checked(changed, file)
    assert found.identical
    assert not any(table.hashed for table in found.tables)

    query(changed.target, "DELETE FROM auth.refresh_tokens")

    wrong = [table.target for table in checked(changed, file).tables if not table.identical]
    assert wrong == ["auth.refresh_tokens"]


def test_another_database_with_the_same_rows(changed: World, proven: World, tmp_path: Path) -> None:
    found = checked(changed, written(proven, tmp_path))

    assert (found.identical, found.same_database) == (True, False)
    assert any(isinstance(event, Notice) for event in changed.events)


def edit_number(text: str) -> str:
    return text.replace("<dd>0</dd>", "<dd>1</dd>", 1)


def edit_data(text: str) -> str:
    return re.sub(r'("rows_read":)\d+', r"\g<1>1", text, count=1)


def edit_seal(text: str) -> str:
    return re.sub(r'("seal":")\w', r"\g<1>-", text, count=1)


def edit_style(text: str) -> str:
    return text.replace("</style>", ".differs { display: none; }</style>", 1)


def add_script(text: str) -> str:
    return text.replace("</body>", "<script>document.title = 'x'</script></body>", 1)


@pytest.mark.parametrize("edit", [edit_number, edit_data, edit_seal, edit_style, add_script])
def test_an_edited_page_is_refused(proven: World, tmp_path: Path, edit: Callable[[str], str]) -> None:
    file = written(proven, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert edit(text) != text
    file.write_text(edit(text), encoding="utf-8")

    with pytest.raises(FindingsError, match="has been edited"):
        seal.opened(file)


def test_edited_and_sealed_again_it_is_not_what_is_recorded(proven: World, tmp_path: Path) -> None:
    document = document_of(proven)
    document["tables"][0]["rows_read"] += 1
    document["seal"] = seal.seal_of(document)
    file = tmp_path / "forged.html"
    file.write_text(page(document), encoding="utf-8")

    found = checked(proven, file)

    assert not found.identical
    (place,) = found.record
    assert "rows_read" in place
    assert document["tables"][0]["source"] in place


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "hello", '{"format": "payrollx-db report 1"}', "<html>\xff</html>", None]
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "none.html"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))

    with pytest.raises((ConfigurationError, FindingsError), match=file.name):
        seal.opened(file)


def test_nonsense_that_is_sealed_is_no_report(tmp_path: Path) -> None:
    document: dict[str, Any] = {"format": seal.FORMAT, "run": "x"}
    file = tmp_path / "nonsense.json"
    file.write_text(json.dumps(document | {"seal": seal.seal_of(document)}), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="is no report"):
        seal.opened(file)


def test_a_page_of_another_version_says_so(proven: World, tmp_path: Path) -> None:
    document = document_of(proven)
    document["made"] |= {"page_version": "0" * 16, "tool_version": "9.9.9"}
    document["seal"] = seal.seal_of(document)
    file = tmp_path / "other.html"
    file.write_text(page(document) + "\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"9\.9\.9"):
        seal.opened(file)


def test_folding_buckets_loses_nothing() -> None:
    sums = {number: (number % 3, str(number * 10**17)) for number in range(1024)}
    folded = Proof.of(sums, 1024)

    assert folded.count == 256
    assert folded.rows == sum(rows for rows, _ in sums.values())
    assert sum(int(total) for _, total in folded.buckets.values()) == sum(int(total) for _, total in sums.values())
    assert folded.digest != Proof.of(sums | {7: (0, "7")}, 1024).digest


# --- the command --------------------------------------------------------------------------------------


def test_the_command_writes_whole_files_only(proven: World, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = proven.command("report", "1", "--html", str(file))
    missing = proven.command("report", "--html", str(tmp_path / "nowhere" / "report.html"))

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
    assert ": as the report of run 1 says" in before.stdout
    assert "auth.refresh_tokens: " in after.stdout
    assert "NOT as the report of run 1 says" in after.stdout
    assert "has been edited" in refused.stderr
    assert refused.stdout == ""


def test_the_command_says_the_verdict(proven: World) -> None:
    done = proven.command("report")

    assert done.returncode == 0
    assert "both sides are identical" in done.stdout


def test_the_command_without_a_run(migrated: Any, proven: World) -> None:
    with pytest.raises(StateConflictError, match="no run is recorded"):
        document_of(replace(proven, target=migrated))
    with pytest.raises(ConfigurationError, match="there is no run 7"):
        document_of(proven, 7)
    assert proven.command("report", "1", "--check", "x").returncode == 2


def test_the_page_about_it_tells_the_truth(proven: World, monkeypatch: Any, tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "report.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    calls = [line.split()[1:] for block in blocks for line in block.splitlines() if line.startswith("payrollx-db")]
    assert [call[0] for call in calls] == ["copy", "verify", "report", "report", "check"]
    for call in calls[2:]:  # the first two have been done
        done = proven.command(*call)
        assert done.returncode == 0, f"{call}: {done.stderr}"
    (shown,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    promised, real = json.loads(shown), document_of(proven)
    assert promised.keys() == real.keys()
    for name in ("made", "totals", "run", "target"):
        assert promised[name].keys() == real[name].keys()
    assert promised["sources"][0].keys() == real["sources"][0].keys()
