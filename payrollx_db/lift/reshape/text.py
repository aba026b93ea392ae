"""The text of a ``reshape.toml``: grouped by service and table, with the evidence, and a person's answers kept.

Lines that begin with ``#:`` are ours and written anew each time; a person's own comments stay above the line that they
stand above.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from payrollx_db.lift.reshape.file import INHERITS, KINDS, OF_TABLE, VERSION, WITHOUT_NAME, Entry, Key, Reshape

OURS = "#:"
BARE = re.compile(r"[A-Za-z0-9_-]+")
NO_LONGER = "the databases no longer suggest it; it stays because it stood here"

HEAD = (
    "What could be better about the shapes of the lifted tables, before the rows come.",
    "Nothing is done that isn't taken: write take = \"yes\" in a line, or \"yes\" for a whole kind below; where that",
    'says "yes", take = "never" leaves a line out. What is suggested may be edited: another name, another type.',
    "Then: payrollx-db lift reshape --apply --dry-run, and without --dry-run.",
    "Everything is called here what it is called in its source. Lines that begin with #: are written anew by",
    "payrollx-db lift reshape; answers, other values, lines of your own and comments with # stay.",
)  # fmt: skip


@dataclass(frozen=True)
class Headline:
    """What stands above the suggestions for a service or, with ``table``, one of its tables."""

    service: str
    table: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestions:
    """All that was found: the entries, what to say of services and tables, and what tables inherit from."""

    entries: Sequence[Entry]
    headlines: Sequence[Headline] = ()
    parents: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def notes(self) -> dict[tuple[str, str], list[str]]:
        """The lines of the headlines by service and table."""
        notes: dict[tuple[str, str], list[str]] = {}
        for headline in self.headlines:
            notes.setdefault((headline.service, headline.table), []).extend(headline.lines)
        return notes


def merged(suggestions: Suggestions, before: Reshape) -> list[Entry]:
    """Return the suggestions with the answers and values that a person has given, and what else stood there."""
    entries: dict[Key, Entry] = {}
    for entry in suggestions.entries:
        answered = before.entries.get(entry.key)
        entries[entry.key] = replace(answered, evidence=entry.evidence) if answered else entry
    for key, answered in before.entries.items():
        entries.setdefault(key, replace(answered, evidence=(NO_LONGER,)))
    return list(entries.values())


def text(suggestions: Suggestions, before: Reshape, former: str = "") -> str:
    """Return the text of the file. ``before`` is what it said until now, and ``former`` how.

    Whatever ``former`` has of comments that aren't ours is in it.
    """
    comments = _Comments(former)
    lines = list(_lines(merged(suggestions, before), suggestions, before, comments))
    if leftover := comments.rest():
        lines += ["", f"{OURS} These comments stood above lines that are gone:", *leftover]
    return "\n".join(lines) + "\n"


# --- private -----------------------------------------------------------------------------------------------------


def _lines(entries: list[Entry], found: Suggestions, before: Reshape, comments: "_Comments") -> Iterator[str]:
    yield from (f"{OURS} {line}" for line in HEAD)
    yield from comments.above("", "version")
    yield f"version = {VERSION}"
    yield from _headed("[take]", comments)
    for kind, meaning in KINDS.items():
        yield f"{OURS} {meaning}"
        yield from comments.above("[take]", kind)
        yield f'{kind} = "{before.kinds.get(kind, "no")}"'
    notes, parents = found.notes, {**before.parents, **found.parents}
    services = dict.fromkeys([*(service for service, _ in notes), *(entry.service for entry in entries)])
    for service in services:
        mine = [entry for entry in entries if entry.service == service]
        yield from _service(service, mine, notes, parents, comments)


def _service(
    service: str,
    entries: list[Entry],
    notes: Mapping[tuple[str, str], list[str]],
    parents: Mapping[tuple[str, str], tuple[str, ...]],
    comments: "_Comments",
) -> Iterator[str]:
    yield from ("", f"{OURS} ===== {service} =====")
    yield from (f"{OURS} {line}" for line in notes.get((service, ""), ()))
    enums = [entry for entry in entries if entry.section == "enums"]
    if enums:
        yield from _section(f"[services.{_key(service)}.enums]", enums, comments)
    inherited = {table for owner, table in parents if owner == service}
    noted = {table for owner, table in notes if owner == service and table}
    for table in sorted({entry.table for entry in entries if entry.table} | inherited | noted):
        mine = [entry for entry in entries if entry.table == table]
        path = f"services.{_key(service)}.tables.{_key(table)}"
        yield from _headed(f"[{path}]", comments)
        yield from (f"{OURS} {line}" for line in notes.get((service, table), ()))
        if (service, table) in parents:
            yield f"{INHERITS} = {_value(list(parents[service, table]))}"
        for entry in mine:
            if entry.section in WITHOUT_NAME:
                yield from _entry(f"[{path}]", entry.section, entry, comments)
        for section in OF_TABLE:
            if listed := [entry for entry in mine if entry.section == section]:
                yield from _section(f"[{path}.{section}]", listed, comments)


def _section(header: str, entries: Iterable[Entry], comments: "_Comments") -> Iterator[str]:
    yield from _headed(header, comments)
    for entry in entries:
        yield from _entry(header, _key(entry.name), entry, comments)


def _headed(header: str, comments: "_Comments") -> Iterator[str]:
    yield ""
    yield from comments.above(header, "")
    yield header


def _entry(header: str, key: str, entry: Entry, comments: "_Comments") -> Iterator[str]:
    yield from (f"{OURS} {line}" for line in entry.evidence)
    yield from comments.above(header, key)
    pairs = {**entry.values, "take": entry.take}
    yield f"{key} = {{ {', '.join(f'{name} = {_value(value)}' for name, value in pairs.items())} }}"


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    """Return a value as TOML: a JSON string is one as well, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


class _Comments:
    """The comments of a file that aren't ours, by the header and the key that they stand above."""

    def __init__(self, former: str) -> None:
        self._kept: dict[tuple[str, str], list[str]] = {}
        header, pending = "", list[str]()
        for line in map(str.strip, former.splitlines()):
            if line.startswith("#"):
                pending += [] if line.startswith(OURS) else [line]
            elif line:
                if line.startswith("["):
                    header = line
                key = "" if line.startswith("[") else line.partition(" = ")[0]
                if pending:
                    self._kept.setdefault((header, key), []).extend(pending)
                    pending = []
        if pending:
            self._kept[former, ""] = pending

    def above(self, header: str, key: str) -> list[str]:
        """Return the comments above a line, once."""
        return self._kept.pop((header, key), [])

    def rest(self) -> list[str]:
        """Return those whose line isn't there any more."""
        return [line for lines in self._kept.values() for line in lines]
