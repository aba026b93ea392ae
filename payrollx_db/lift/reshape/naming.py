"""Suggestions of names: tables, columns, enums, and what belongs to tables, in snake_case."""

import re
from collections.abc import Iterator, Mapping, Sequence

from payrollx_db.lift.reshape.facts import SchemaFacts
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.names import Proposals
from payrollx_db.lift.reshape.text import Headline

WITH_INDEX = ("p", "u", "x")  # constraints whose index has their name
OWN = ("c", "f")  # constraints whose names are their table's alone
SHOWN = 5  # names that a line lists

Place = tuple[str, str, str]  # table, section, name


def suggest_names(service: str, facts: SchemaFacts, tables: Sequence[str]) -> tuple[list[Entry], list[Headline]]:
    """Return new names for ``tables`` of a schema, its enums, and what belongs to them; and what can't be had."""
    entries: list[Entry] = []
    headlines: list[Headline] = []
    for places, kept in (_of_schema(facts, tables), *(group for table in tables for group in _of_table(facts, table))):
        proposals = Proposals(places, kept)
        for old, new in proposals.renames():
            entries.append(Entry(service, *places[old], {"rename": new}, evidence=_quotes(new, facts)))
        for old, reason in proposals.clashes():
            headlines.append(Headline(service, places[old][0], (f"no name is suggested for {old!r}: {reason}",)))
    return entries, [*headlines, *_bodies(service, facts, entries)]


def _of_schema(facts: SchemaFacts, tables: Sequence[str]) -> tuple[Mapping[str, Place], frozenset[str]]:
    """Return the names that share the schema's namespace, with their places, and all that is taken in it."""
    places: dict[str, Place] = {}
    for one in facts.constraints:
        if one.table in tables and one.type in WITH_INDEX:
            places[one.name] = (one.table, "constraints", one.name)
    for index in facts.indexes:
        if index.table in tables:
            places.setdefault(index.name, (index.table, "indexes", index.name))
    places |= {name: (table, "sequences", name) for table, name in facts.sequences if table in tables}
    places |= {name: ("", "enums", name) for name in facts.enums}
    places |= {name: (name, "table", "") for name in tables}
    return places, facts.names


def _of_table(facts: SchemaFacts, table: str) -> Iterator[tuple[Mapping[str, Place], frozenset[str]]]:
    columns = [column.name for column in facts.tables[table].columns]
    theirs = {
        column.name for child, (parents, _) in facts.inherited.items() if table in parents
        for column in facts.tables[child].columns
    } if any(table in parents for parents, _ in facts.inherited.values()) else set()  # fmt: skip
    own = [name for name in columns if not facts.is_inherited(table, name)]
    yield {name: (table, "columns", name) for name in own}, frozenset({*columns, *theirs})
    names = [one.name for one in facts.constraints if one.table == table and one.schema == facts.schema]
    mine = [one.name for one in facts.constraints if one.table == table and one.type in OWN]
    yield {name: (table, "constraints", name) for name in mine}, frozenset(names)


def _quotes(name: str, facts: SchemaFacts) -> tuple[str, ...]:
    return (f"{name} is a word of SQL, so that it needs quotes wherever it stands",) if name in facts.reserved else ()


def _bodies(service: str, facts: SchemaFacts, entries: Sequence[Entry]) -> Iterator[Headline]:
    """Name the routines whose bodies speak of what gets another name: they are texts, and no rename follows in them."""
    olds = {entry.name or entry.table for entry in entries if entry.section in ("table", "columns", "enums")}
    for signature, body in facts.bodies.items():
        named = sorted(old for old in olds if re.search(rf"(?<!\w){re.escape(old)}(?!\w)", body))
        if named:
            shown = ", ".join(named[:SHOWN]) + (f" and {len(named) - SHOWN} more" if len(named) > SHOWN else "")
            yield Headline(
                service,
                "",
                (f"function {signature} says {shown} in its body: where that is renamed, change it by hand",),
            )
