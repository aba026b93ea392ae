"""The first revision of each service: what pg_dump says of its schema, as SQL, and the revision that runs it.

So it holds what models can't say as well: functions, triggers, views, policies and the like. What leads from one
service to another isn't in it: those keys are made where both tables are in one database.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from payrollx_db.backup.clients import Clients
from payrollx_db.errors import TargetError
from payrollx_db.lift.draft.database import Database, Table
from payrollx_db.lift.draft.models import ServiceDraft
from payrollx_db.postgres.url import DatabaseUrl

ENTRY = re.compile(r"\d+; \d+ \d+ (.+)")
LEFT_OUT = ("SCHEMA ", "ACL ", "DEFAULT ACL ")
# What goes with its table, and can't always go by itself.
PARTS = (
    "CONSTRAINT ", "CHECK CONSTRAINT ", "INDEX ", "TABLE ATTACH ", "TRIGGER ", "RULE ", "POLICY ", "ROW SECURITY ",
    "STATISTICS ", "COMMENT ",
)  # fmt: skip
FIRST, LAST = "\n--\n-- Name: ", "\n--\n-- PostgreSQL database dump complete\n"
# What some servers keep with each column for themselves: their own pg_dump hides it, a newer one doesn't.
OF_SERVER = re.compile(r"^ALTER TABLE ONLY \S.* ALTER COLUMN \S.* SET \(pg_\w+=\d+\);\n", re.MULTILINE)
DROP = re.compile(r"^(?:DROP|ALTER) ", re.MULTILINE)


@dataclass(frozen=True)
class Scripts:
    """The SQL of a service's first revision, up and down."""

    upgrade: str
    downgrade: str


def scripts(url: DatabaseUrl, clients: Clients, draft: ServiceDraft) -> Scripts:
    """Dump the definitions of a service's schema. Raises TargetError where pg_dump or pg_restore fails."""
    with tempfile.TemporaryDirectory(prefix="payrollx-db-") as folder:
        path = Path(folder) / "schema.dump"
        pattern = '"{}"'.format(draft.schema.replace('"', '""'))
        arguments = ["--format=custom", "--schema-only", f"--schema={pattern}", "--no-owner", "--no-privileges"]
        clients.dump(url, [*arguments, "--no-tablespaces", "--no-security-labels", "--encoding=UTF8"], path)
        lines = [line for line in clients.listed(path) if _is_wanted(line, draft)]
        upgrade = _body(_run(clients, path, lines))
        whole = [line for line in lines if not _content(line).startswith(PARTS)]
        return Scripts(upgrade, _before(_run(clients, path, whole, "--clean")))


def extensions(database: Database, draft: ServiceDraft) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the extensions to be made before the service's schema is there, and those that lie in it."""
    inside = [pair for pair in database.extensions if pair[1] == draft.schema]
    return [pair for pair in database.extensions if pair[1] != draft.schema], inside


def order(services: Sequence[ServiceDraft], needs: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Return which services' revisions must come before each service's, by schema; a circle is broken up."""
    before: dict[str, list[str]] = {}
    for service in services:
        wanted = sorted(needs.get(service.schema, ()))
        before[service.schema] = [schema for schema in wanted if not _reaches(schema, service.schema, before)]
    return before


def _reaches(start: str, end: str, arrows: Mapping[str, Sequence[str]]) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        current = waiting.pop()
        if current == end:
            return True
        if current not in seen:
            seen.add(current)
            waiting += arrows.get(current, ())
    return False


def _is_wanted(line: str, draft: ServiceDraft) -> bool:
    content = _content(line)
    return bool(content) and not content.startswith((*LEFT_OUT, *_leading_away(draft.tables)))


def _content(line: str) -> str:
    """Return what an entry says after its numbers: kind, schema and name; empty of what is no entry."""
    match = ENTRY.fullmatch(line)
    return match[1] if match else ""


def _leading_away(tables: Sequence[Table]) -> list[str]:
    """Return the beginnings of the entries of foreign keys that point at another service's table."""
    crossing = [(table, key) for table in tables for key in table.of_kind("f") if key.target_schema != table.schema]
    keys = [f"FK CONSTRAINT {table.schema} {table.name} {key.name} " for table, key in crossing]
    return [*keys, *(f"COMMENT {table.schema} CONSTRAINT {key.name} ON {table.name} " for table, key in crossing)]


def _run(clients: Clients, path: Path, lines: Sequence[str], *options: str) -> str:
    chosen = path.with_suffix(".list")
    chosen.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with clients.unpacked(path, f"--use-list={chosen}", "--no-owner", "--no-privileges", *options) as out:
        return out.read().decode()


def _body(script: str) -> str:
    """Return the definitions alone, without the settings before, which another version's server may not know."""
    _, first, rest = script.partition(FIRST)
    body, last, _ = rest.rpartition(LAST)
    if first and not last:
        raise TargetError("pg_restore wrote something that ends too early", hint="try again; it may have been ended")
    return OF_SERVER.sub("", first + body).lstrip("\n") + "\n" if first else ""


def _before(script: str) -> str:
    """Return what drops everything, which stands before the first definition."""
    beginning = script.partition(FIRST)[0]
    match = DROP.search(beginning)
    return beginning[match.start() :].strip("\n") + "\n" if match else ""
