"""``lift.toml`` as text: written so that a person reads and edits it, a few lines a source."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from payrollx_db.lift.project import LiftedSchema, Project

BARE = re.compile(r"[A-Za-z0-9_-]+")

HEAD = """\
# What becomes of these databases: each schema becomes a service, with a schema and a role of its own.
# `payrollx-db lift init` wrote this file; it is yours to edit. `payrollx-db lift plan` says what is to be decided.
#
# No password stands here. It comes from the environment: LEGACY_DATABASE_URL, or LEGACY_<SOURCE>_DATABASE_URL for
# one source, or PGPASSWORD, or a password file (~/.pgpass).
"""

LEFT = """\
# What is left behind: "table", "table.column" or another object, each with the reason.
"""


def project_text(project: "Project") -> str:
    """Return the text of ``project``, which `payrollx_db.lift.project.read` reads."""
    return HEAD + "\n".join([*_settings(project), *map(_source, project.schemas)])


def key(text: str) -> str:
    """Return ``text`` as a key of TOML, in quotes where it needs them."""
    return text if BARE.fullmatch(text) else string(text)


def string(text: str) -> str:
    """Return ``text`` as a string of TOML."""
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped and JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _settings(project: "Project") -> Iterator[str]:
    yield ""
    yield f"name = {string(project.name)}"
    if project.server:
        yield f"server = {string(project.server)}"
    yield f"owner_role = {string(project.owner_role)}"
    yield f"reader_role = {string(project.reader_role)}"
    if project.timezone != "UTC":
        yield f"timezone = {string(project.timezone)}"
    yield ""


def _source(source: "LiftedSchema") -> str:
    lines = [f"[databases.{key(source.source)}]"]
    if source.database != source.source:
        lines.append(f"database = {string(source.database)}")
    if source.source_schema != "public":
        lines.append(f"source_schema = {string(source.source_schema)}")
    if source.url:
        lines.append(f"url = {string(source.url)}")
    lines.append(f"service = {string(source.service)}")
    if source.schema != source.service:
        lines.append(f"schema = {string(source.schema)}")
    lines.append(f"role = {string(source.role)}")
    return "\n".join([*lines, *_left_behind(source), ""])


def _left_behind(source: "LiftedSchema") -> Iterator[str]:
    if source.left_behind:
        yield ""
        yield f"[databases.{key(source.source)}.left_behind]"
        yield LEFT.rstrip()
        yield from _reasons(source.left_behind)


def _reasons(reasons: Mapping[str, str]) -> Iterator[str]:
    for place, reason in reasons.items():
        yield f"{string(place)} = {string(reason)}"
