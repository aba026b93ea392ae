"""``reshape.toml``: what could be better about the lifted schemas, and what a person says to each suggestion.

It stands beside ``lift.toml``. Things have their sources' names in it, so that it says the same before and after it is
applied. `Reshape` tells the layout what stands: which tables and columns have other names, which references there are
between services, and which tables are hand-kept copies of another service's.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from payrollx_db.errors import ConfigurationError
from payrollx_db.lift.reshape import names
from payrollx_db.model.catalog import Reference

FILE = "reshape.toml"
VERSION = 1

Take = Literal["yes", "no", "never"]
TAKES: tuple[Take, ...] = ("yes", "no", "never")
Kind = Literal["names", "uuids", "times", "numbers", "indexes", "references", "copies"]
KINDS: Mapping[Kind, str] = {
    "names": "tables, columns, enums, constraints, indexes and sequences in snake_case",
    "uuids": "texts that are UUIDs, with the foreign keys that go along",
    "times": "timestamps without a time zone that get one",
    "numbers": "numbers of another precision",
    "indexes": "indexes that repeat, and those that are missing",
    "references": "references to tables of other services",
    "copies": "tables that are hand-kept copies of another service's",
}

# The sections below a table, and what an entry there has beside `take`.
WITHOUT_NAME: Mapping[str, Mapping[str, type]] = {"table": {"rename": str}, "copy": {"of": str}}
OF_TABLE: Mapping[str, Mapping[str, type]] = {
    "columns": {"rename": str},
    "types": {"type": str},
    "constraints": {"rename": str},
    "indexes": {"rename": str},
    "sequences": {"rename": str},
    "drop_indexes": {"repeats": str},
    "create_indexes": {"columns": list},
    "references": {"service": str, "table": str, "column": str, "enforced": bool},
}
OF_SERVICE: Mapping[str, Mapping[str, type]] = {"enums": {"rename": str}}
INHERITS = "inherits"

# A type is SQL in the end: a built-in one's name, with its numbers, and nothing else.
TYPE = re.compile(r"[a-z][a-z0-9_]*( [a-z]+)*( ?\(\d{1,4}( ?, ?\d{1,4})?\))?( [a-z]+)*")

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Entry:
    """One suggestion: about which thing of which service it is, what is to be done, and whether it is taken.

    ``table`` is empty for what belongs to no table, ``name`` for the table itself. ``evidence`` is why it is suggested.
    """

    service: str
    table: str
    section: str
    name: str
    values: Mapping[str, Any] = field(hash=False)
    take: Take = "no"
    evidence: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What tells it from every other entry."""
        return (self.service, self.table, self.section, self.name)

    @property
    def kind(self) -> Kind:
        """The kind of suggestion that it is: what [take] speaks of."""
        if self.section == "types":
            text = str(self.values["type"])
            return "uuids" if text == "uuid" else "times" if text.startswith("time") else "numbers"
        others: dict[str, Kind] = {
            "drop_indexes": "indexes", "create_indexes": "indexes", "references": "references", "copy": "copies",
        }  # fmt: skip
        return others.get(self.section, "names")

    @property
    def rename(self) -> str:
        """The new name that it gives; empty where it gives none."""
        return str(self.values.get("rename", ""))

    def __str__(self) -> str:
        what = {
            "table": "table", "columns": "column", "types": "column", "enums": "enum", "constraints": "constraint",
            "indexes": "index", "sequences": "sequence", "drop_indexes": "index", "create_indexes": "new index",
            "references": "reference of", "copy": "copy",
        }[self.section]  # fmt: skip
        return f"{what} {'.'.join(part for part in (self.service, self.table, self.name) if part)}"


@dataclass(frozen=True)
class Reshape:
    """What a ``reshape.toml`` says. ``kinds`` are the answers for whole kinds; ``parents`` what tables inherit from.

    ``path`` is where it stands; ``None`` where there is none.
    """

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    kinds: Mapping[Kind, Take] = field(default_factory=dict)
    parents: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    path: Path | None = None

    def is_taken(self, entry: Entry) -> bool:
        """Tell whether a person said yes to this suggestion, by itself or to all of its kind."""
        return entry.take == "yes" or (entry.take == "no" and self.kinds.get(entry.kind) == "yes")

    @cached_property
    def taken(self) -> tuple[Entry, ...]:
        """The suggestions that are taken, in the file's order."""
        return tuple(entry for entry in self.entries.values() if self.is_taken(entry))

    def taken_of(self, service: str, *sections: str) -> tuple[Entry, ...]:
        """Return what is taken of a service's suggestions, of these sections."""
        return tuple(entry for entry in self.taken if entry.service == service and entry.section in sections)

    @cached_property
    def _renames(self) -> Mapping[tuple[str, str, str], Mapping[str, str]]:
        renames: dict[tuple[str, str, str], dict[str, str]] = {}
        for entry in self.taken:
            if entry.rename:
                place = renames.setdefault((entry.service, entry.table if entry.name else "", entry.section), {})
                place[entry.name or entry.table] = entry.rename
        return renames

    def table_name(self, service: str, table: str) -> str:
        """Return what the source's ``table`` is called in the target."""
        return self._renames.get((service, "", "table"), {}).get(table, table)

    def column_names(self, service: str, table: str) -> dict[str, str]:
        """Return the columns of the source's ``table`` that have another name in the target, with it."""
        renames: dict[str, str] = {}
        for parent in self.parents.get((service, table), ()):
            renames |= self.column_names(service, parent)
        return {**renames, **self._renames.get((service, table, "columns"), {})}

    def column_name(self, service: str, table: str, column: str) -> str:
        """Return what a column of the source's ``table`` is called in the target."""
        return self.column_names(service, table).get(column, column)

    def copy_of(self, service: str, table: str) -> str:
        """Return the service whose table of the same name this one is a copy of; empty where it is none."""
        entry = self.entries.get((service, table, "copy", ""))
        return str(entry.values["of"]) if entry and self.is_taken(entry) else ""

    def place(self, schemas: Mapping[str, str], service: str, table: str) -> str:
        """Return where the rows of the source's ``table`` are in the target, as ``schema.table``.

        ``schemas`` has the schema of each service. A copy's rows are in its owner's table.
        """
        owner = self.copy_of(service, table) or service
        return f"{schemas[owner]}.{self.table_name(owner, table)}"

    def references(self, schemas: Mapping[str, str]) -> tuple[Reference, ...]:
        """Return the references between services that are taken, in the target's names."""
        return tuple(
            Reference(
                self.place(schemas, entry.service, entry.table),
                self.column_name(entry.service, entry.table, entry.name),
                self.place(schemas, entry.values["service"], entry.values["table"]),
                self.column_name(entry.values["service"], entry.values["table"], entry.values["column"]),
                enforced=entry.values["enforced"],
            )
            for entry in self.taken
            if entry.section == "references"
            and {entry.service, entry.values["service"]} <= schemas.keys()
            and not self.copy_of(entry.service, entry.table)
        )


def beside(project: Path) -> Path:
    """Return where the reshape file of a project is: beside its ``lift.toml``."""
    return project.parent / FILE


def read(path: Path) -> Reshape:
    """Read ``path``; where there is none, nothing is reshaped. Raises ConfigurationError, naming all that is wrong."""
    try:
        return parse(path.read_text("utf-8"), path)
    except FileNotFoundError:
        return Reshape()
    except OSError as error:
        raise ConfigurationError(f"can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no UTF-8 text", hint="save it as UTF-8") from None


def parse(text: str, path: Path) -> Reshape:
    """Return what the text of a reshape file says. Raises ConfigurationError as `read` does."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path} is no valid TOML: {error}", hint="correct that line; nothing was changed"
        ) from None
    if document.get("version") != VERSION:
        raise ConfigurationError(
            f"{path} has version {document.get('version')!r}, and this payrollx-db reads version {VERSION}",
            hint="payrollx-db lift reshape --overwrite writes it anew",
        )
    reader = _Reader()
    reader.read(document)
    reshape = Reshape({entry.key: entry for entry in reader.entries}, reader.kinds, reader.parents, path)
    problems = [*reader.problems, *([] if reader.problems else _contradictions(reshape))]
    if problems:
        shown = f"{path} has {len(problems)} thing{'s' if len(problems) > 1 else ''} that can't be so"
        raise ConfigurationError(shown, details=tuple(problems), hint="correct them; nothing was changed")
    return reshape


# --- private -----------------------------------------------------------------------------------------------------


class _Reader:
    """Reads a document, and collects what is wrong in it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.kinds: dict[Kind, Take] = {}
        self.parents: dict[tuple[str, str], tuple[str, ...]] = {}
        self.problems: list[str] = []

    def read(self, document: Mapping[str, Any]) -> None:
        self._unknown("", document, ("version", "take", "services"))
        for kind, take in self._table("take", document.get("take", {})):
            if kind not in KINDS or take not in ("yes", "no"):
                self.problems.append(f'take: {kind} = {take!r}: the kinds are {", ".join(KINDS)}, each "yes" or "no"')
            else:
                self.kinds[cast("Kind", kind)] = take
        for service, given in self._table("services", document.get("services", {})):
            where = f"services.{service}"
            self._unknown(where, given, ("tables", *OF_SERVICE))
            for section, shape in OF_SERVICE.items():
                self._section(where, given, section, shape, (service, ""))
            for table, parts in self._table(f"{where}.tables", dict(self._table(where, given)).get("tables", {})):
                self._read_table(f"{where}.tables.{table}", service, table, parts)

    def _read_table(self, where: str, service: str, table: str, parts: Any) -> None:
        self._unknown(where, parts, (*WITHOUT_NAME, *OF_TABLE, INHERITS))
        given = dict(self._table(where, parts))
        if INHERITS in given:
            self.parents[service, table] = tuple(map(str, given[INHERITS]))
        for section, shape in WITHOUT_NAME.items():
            if section in given:
                self._entry(f"{where}.{section}", given[section], shape, (service, table, section, ""))
        for section, shape in OF_TABLE.items():
            self._section(where, given, section, shape, (service, table))

    def _section(self, where: str, given: Any, section: str, shape: Mapping[str, type], place: tuple[str, str]) -> None:
        for name, values in self._table(f"{where}.{section}", dict(self._table(where, given)).get(section, {})):
            self._entry(f"{where}.{section}.{name}", values, shape, (*place, section, name))

    def _entry(self, where: str, given: Any, shape: Mapping[str, type], key: Key) -> None:
        if not isinstance(given, dict):
            self.problems.append(f"{where} must be {{ {', '.join(shape)}, take }}")
            return
        self._unknown(where, given, (*shape, "take"))
        values = {name: value for name, value in given.items() if name != "take"}
        take = given.get("take", "no")
        wrong = [name for name, kind in shape.items() if not isinstance(values.get(name), kind)]
        if take not in TAKES:
            self.problems.append(f'{where}: take is "yes", "no" or "never", and not {take!r}')
        elif wrong:
            self.problems.append(f"{where} lacks {', '.join(wrong)}, or has another kind of value there")
        elif "rename" in shape and (problem := names.problem(values["rename"])):
            self.problems.append(f"{where}: {values['rename']!r} can't be its name: {problem}")
        elif "type" in shape and not TYPE.fullmatch(values["type"]):
            self.problems.append(f"{where}: {values['type']!r} is no name of a built-in type, such as numeric(38,18)")
        else:
            self.entries.append(Entry(*key, values, take))

    def _table(self, where: str, given: Any) -> Iterable[tuple[str, Any]]:
        if isinstance(given, dict):
            return given.items()
        self.problems.append(f"{where} must be a table")
        return ()

    def _unknown(self, where: str, given: Any, known: tuple[str, ...]) -> None:
        for name in set(given) - set(known) if isinstance(given, dict) else ():
            self.problems.append(f"{where}.{name} is unknown; what can stand there is {', '.join(known)}".lstrip("."))


def _contradictions(reshape: Reshape) -> Iterator[str]:
    """Yield what is taken and can't be done together."""
    for (service, table, section), renames in reshape._renames.items():  # noqa: SLF001 - of this module
        where = ".".join(part for part in (service, table, section) if part)
        for new in names.repeated(renames):
            olds = ", ".join(old for old, name in renames.items() if name == new)
            yield f"{where}: {olds} are to be called {new!r}, all of them"
        for old in names.chained(renames):
            yield f"{where}: {old} is to be called {renames[old]!r}, which is itself to be renamed: use another name"
    for entry in reshape.taken:
        if entry.section == "copy" and reshape.copy_of(entry.values["of"], entry.table):
            yield f"{entry}: its owner's table is itself taken as a copy; one of them has to own the rows"
        if entry.section == "copy" and entry.values["of"] == entry.service:
            yield f"{entry}: it can't be a copy of itself"
