"""The report as a file: sealed JSON, alone or inside of the page, and how it is read again.

The seal is a SHA-256 over the document in one canonical form. It shows that a file was changed by accident or
by hand; it is no signature, since anybody can compute one. `check` proves what the report says.
"""

import hashlib
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from payrollx_db import __version__
from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.report.model import Facts, plain
from payrollx_db.report.page import page, page_version

FORMAT = "payrollx-db report 1"
EMBEDDED = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class ReportFile:
    """A report as it was read: its document, and whether it was a page."""

    path: Path
    document: dict[str, Any]
    is_page: bool


def sealed(facts: Facts, observed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the document of a report made now, with its seal.

    ``observed`` is what an examination of the target has just found, as plain data: no record of the run, and nothing
    that a later check could compare.
    """
    origin = {
        "at": plain(datetime.now(UTC)),
        "tool_version": __version__,
        "python_version": platform.python_version(),
        "page_version": page_version(),
    }
    document = {"format": FORMAT, "made": origin, **facts.document(), "observed": plain(observed)}
    return document | {"seal": seal_of(document)}


def seal_of(document: Mapping[str, Any]) -> str:
    """Return the seal that belongs to ``document``, whatever seal it carries."""
    unsealed = {name: part for name, part in document.items() if name != "seal"}
    text = json.dumps(unsealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def opened(path: Path) -> ReportFile:
    """Read a report, as JSON or as a page.

    Raises ConfigurationError where it is none, or was made by another version whose pages look otherwise;
    FindingsError where it was edited.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _no_report(path) from None
    embedded = EMBEDDED.search(text)
    document = _parsed(path, embedded[1] if embedded else text)
    if document.get("seal") != seal_of(document):
        raise _edited(path, "its seal does not fit what it says")
    again = _rendered(path, document)
    if embedded and again != text:
        origin = document["made"]
        if origin["page_version"] != page_version():
            raise ConfigurationError(
                f"{path} was made by payrollx-db {origin['tool_version']}, whose pages are laid out otherwise",
                hint="check it with that version, or check its JSON",
            )
        raise _edited(path, "the page does not say what its sealed numbers say")
    return ReportFile(path, document, is_page=embedded is not None)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        raise _no_report(path) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _no_report(path)
    return document


def _rendered(path: Path, document: dict[str, Any]) -> str:
    try:
        return page(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, TemplateError):
        raise _no_report(path) from None  # sealed, and yet nothing that this tool has made


def _no_report(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is no report of this tool", hint="payrollx-db report --html FILE makes one, --json another"
    )


def _edited(path: Path, why: str) -> FindingsError:
    return FindingsError(f"{path} has been edited: {why}", hint="make the report anew, from the recorded run")
