"""The report as a page: it stands alone, everybody can read it, and its timeline is true."""

import html
import json
import re
import shutil
import subprocess
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from run_reports import Page, document_of
from worlds import World

from payrollx_db.report import timeline
from payrollx_db.report.page import page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def test_the_page_is_whole_and_alone(verified: World) -> None:
    text = page(document_of(verified))
    read = Page(text)

    assert not {tag for tag, _ in read.elements} & {"link", "img", "iframe", "object", "embed", "base"}
    assert not [a for _, attrs in read.elements for a in attrs if a in ("src", "href", "srcset") or a.startswith("on")]
    assert [attrs["type"] for tag, attrs in read.elements if tag == "script"] == ["application/json"]
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|expression", style)


def test_the_page_can_be_read_by_everybody(verified: World) -> None:
    read = Page(page(document_of(verified)))
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


def test_every_number_is_on_the_page(verified: World) -> None:
    document = document_of(verified)
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


def test_the_same_data_make_the_same_page(verified: World) -> None:
    document = document_of(verified)

    assert page(document) == page(json.loads(json.dumps(document)))


def test_nothing_in_the_data_can_break_out(verified: World) -> None:
    document = document_of(verified)
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
def test_a_browser_shows_it_without_scrolling_sideways(verified: World, tmp_path: Path, width: int) -> None:
    text = html.escape(page(document_of(verified)))
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
        capture_output=True, text=True, timeout=600, check=False,
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


def test_bars_stay_inside_and_apart(verified: World) -> None:
    for shape in (timeline.WIDE, timeline.NARROW):
        drawn = timeline.draw(document_of(verified), shape)
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


def test_a_long_pause_is_folded(verified: World) -> None:
    document = document_of(verified)
    for one in document["verified"]:
        for name in ("started_at", "finished_at"):
            later = datetime.fromisoformat(one[name]) + timedelta(hours=14)
            one[name] = later.isoformat()
    drawn = timeline.draw(document, timeline.WIDE)

    assert drawn is not None
    assert drawn.seconds < timedelta(hours=14).total_seconds()
    assert [mark.text for mark in drawn.breaks][-1].startswith("14 h")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "12 ms"), (3.21, "3.2 s"), (75, "1 min 15 s"), (3700, "1 h 01 min"), (200000, "2 d 7 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert timeline.duration(seconds) == text
