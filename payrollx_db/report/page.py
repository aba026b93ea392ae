"""The report as one page that needs nothing else: no network, no script, its own numbers inside as JSON."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from payrollx_db.report import diagram, timeline
from payrollx_db.report.summary import headline, summary
from payrollx_db.report.timeline import duration, instant

# What the appearance of a page depends on: another of these, and a page of the same numbers is another file.
PARTS = (
    "page.py", "diagram.py", "timeline.py", "summary.py",
    "templates/page.html", "templates/page.css", "templates/picture.svg", "templates/timeline.svg",
)  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def page(document: Mapping[str, Any]) -> str:
    """Return the page of a report's sealed document. The same document makes the same page."""
    document = _completed(document)
    return _environment().get_template("page.html").render(
        report=document,
        place=host_and_port(document["target"]["url"]),
        interruptions=interruptions(document),
        sums=_sums(document),
        headline=headline(document),
        summary=summary(document),
        databases=_by_database(document),
        pictures=[diagram.draw(document, shape) for shape in (diagram.WIDE, diagram.NARROW)],
        timelines=[timeline.draw(document, shape) for shape in (timeline.WIDE, timeline.NARROW)],
        data=embedded(document),
    )  # fmt: skip


def _completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with what reports of earlier versions lack."""
    attempts = [{"status": None, "message": None, "ended_at": None} | attempt for attempt in document["attempts"]]
    sources = [{"encoding": None} | source for source in document["sources"]]
    target = {"encoding": ""} | document["target"]
    tables = [{"scope": {}} | table for table in document["tables"]]
    verifications = [{"structure": None} | one for one in document["verifications"]]
    chosen = document["verification"] and {"structure": None} | document["verification"]
    added: dict[str, Any] = {"observed": None, "loose_references": [], "loose_counted": False, "sums": []}
    return {
        **added,
        **document,
        "attempts": attempts,
        "sources": sources,
        "target": target,
        "tables": tables,
        "verifications": verifications,
        "verification": chosen,
    }


def interruptions(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attempts that didn't finish the run, each with how it ended: one that couldn't say was killed."""
    attempts, run = document["attempts"], document["run"]
    ended = [attempt for attempt in attempts[:-1] or [] if attempt["status"] != "done"]
    if attempts and run["status"] in ("interrupted", "failed"):
        ended.append(attempts[-1] | {"status": run["status"], "message": run["message"]})
    return [attempt | {"status": attempt["status"] or "killed"} for attempt in ended]


def _sums(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        one | {"equal": (one["source_rows"], one["source_sum"]) == (one["target_rows"], one["target_sum"])}
        for one in document["sums"]
    ]


def host_and_port(url: str) -> str:
    """Return on which host and port a masked URL leads to a database."""
    return urlsplit(url).netloc.rpartition("@")[2] or "a local socket"


def css_string(text: str) -> Markup:
    """Return ``text`` as a string of CSS: nothing in it can end the string, or the element around it."""
    escaped = "".join(letter if letter.isascii() and letter.isalnum() else f"\\{ord(letter):x} " for letter in text)
    return Markup(f'"{escaped}"')  # noqa: S704 - letters, digits and escapes alone


def exact(value: str | None) -> str:
    """Return an exact sum for people: its digits in threes, none of them rounded."""
    if value is None:
        return "–"  # noqa: RUF001 - what the tables of the page have for nothing
    whole, point, rest = value.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{rest}" if digits.isdecimal() else value


def embedded(document: Mapping[str, Any]) -> Markup:
    """Return the document as JSON that can stand in a script element: nothing in it can end the element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - escaped just above, as a script element needs it


@cache
def page_version() -> str:
    """Return a fingerprint of what decides how pages look."""
    folder = files("payrollx_db.report")
    text = b"".join(folder.joinpath(name).read_bytes() for name in PARTS)
    return hashlib.sha256(text).hexdigest()[:16]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("payrollx_db.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "size": size, "when": when, "duration": duration, "clock": clock}
    environment.filters |= {"css_string": css_string, "exact": exact, "host_and_port": host_and_port}
    environment.globals["css"] = Markup(files("payrollx_db.report").joinpath("templates/page.css").read_text("utf-8"))  # noqa: S704 - ours
    return environment


def _by_database(document: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return each database's tables, with what verify saw of them."""
    verified = {(one["source"], one["target"]): one for one in document["verified"]}
    tables = sorted(document["tables"], key=lambda t: (t["source"].partition(".")[0], t["kind"], t["source"]))
    rows = [
        {
            **table,
            "name": diagram.split(table["source"])[1],
            "verified": verified.get((table["source"], table["target"])),
        }
        for table in tables
    ]
    return [(name, list(members)) for name, members in groupby(rows, key=lambda t: t["source"].partition(".")[0])]


def number(value: int | None) -> str:
    """Return a count for people; nothing where there is none."""
    return "" if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Return a number of bytes for people."""
    amount, unit = float(value or 0), 0
    while amount >= 1000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {UNITS[unit]}" if unit == 0 or amount >= 100 else f"{amount:.1f} {UNITS[unit]}"


def when(text: str | None) -> str:
    """Return a recorded time as a date and a time of day, UTC."""
    if not text:
        return ""
    at = datetime.fromisoformat(text)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}, {at:%H:%M:%S} UTC"


def clock(first: str | None, last: str | None) -> str:
    """Return how long it was between two recorded times."""
    return duration(instant(last) - instant(first)) if first and last else ""
