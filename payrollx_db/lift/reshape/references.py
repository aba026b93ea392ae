"""Suggestions of references between services: a column's name says whose row it may name, and the data say whether."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from payrollx_db.lift.reshape.facts import SchemaFacts
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.names import BOOKKEEPING, snake_case
from payrollx_db.lift.reshape.overlap import End, Overlap, compare
from payrollx_db.lift.reshape.text import Headline
from payrollx_db.lift.reshape.types import TEXTS
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Column, Table
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool

INTEGERS = ("int2", "int4", "int8")
ENDING = re.compile(r"_(id|uuid|guid|key)$")
LEAST = 50.0  # percent of a column's rows that have a row over there: below it, the name alone speaks for it
AT_ONCE = 2  # pairs compared at a time: each takes a session of both sides


@dataclass(frozen=True)
class SourceSchema:
    """One lifted schema as it is in its source: where, what it holds, and which of its tables come along."""

    service: str
    endpoint: Endpoint
    facts: SchemaFacts
    tables: tuple[str, ...]

    def ends(self) -> Iterator[tuple[Table, Column]]:
        """Yield each table with its primary key, where that is one column."""
        for name in self.tables:
            table = self.facts.tables[name]
            if name not in BOOKKEEPING and len(table.primary_key) == 1 and (key := table.column(table.primary_key[0])):
                yield table, key


@dataclass(frozen=True)
class Candidate:
    """A column that may name rows of another service's table."""

    child: SourceSchema
    table: Table
    column: Column
    parent: SourceSchema
    target: Table
    key: Column


async def suggest_references(
    sessions: SessionPool,
    schemas: Sequence[SourceSchema],
    copies: Collection[tuple[str, str]],
    seconds: float,
    guessed: Sequence[Candidate] = (),
) -> tuple[list[Entry], list[Headline]]:
    """Return the references between services that names and data suggest. Raises SourceError.

    ``copies`` are tables, with their service, that are likely copies: nothing is to point at them. ``guessed`` are
    further candidates, by their data alone.
    """
    named = {schema.service: singulars(schema, copies) for schema in schemas}
    candidates = [*(one for schema in schemas for one in _candidates(schema, schemas, named)), *guessed]
    overlaps = await limited([_compare(sessions, one, seconds) for one in candidates], AT_ONCE)
    best: dict[tuple[str, str, str], tuple[Candidate, Overlap]] = {}
    slow = [one for one, overlap in zip(candidates, overlaps, strict=True) if overlap is None]
    for one, overlap in zip(candidates, overlaps, strict=True):
        place = (one.child.service, one.table.name, one.column.name)
        if (overlap and place not in best) or (overlap and overlap.percent > best[place][1].percent):
            best[place] = (one, overlap)
    entries = [_entry(*pair) for pair in best.values() if not pair[1].rows or pair[1].percent >= LEAST]
    poor = [pair for pair in best.values() if pair[1].rows and pair[1].percent < LEAST]
    return entries, [*(_note(*pair) for pair in poor), *map(_slow, slow)]


def likely_parents(column: str, tables: Mapping[str, str]) -> list[str]:
    """Return which of ``tables`` (singular, snake_case names to their own) a column's name speaks of.

    The longest name that it ends with: ``user_id``, ``owner_user_id`` and ``billing_address_id`` are of users, users
    and billing addresses, or of addresses where there is no table of the longer name.
    """
    words = ENDING.sub("", snake_case(column)).split("_")
    if not ENDING.search(snake_case(column)):
        return []
    for start in range(len(words)):
        if name := tables.get("_".join([*words[start:-1], singular(words[-1])])):
            return [name]
    return []


def singulars(schema: SourceSchema, copies: Collection[tuple[str, str]]) -> dict[str, str]:
    """Return the tables that a single column identifies, by the singular of their names."""
    names = {}
    for table, _ in schema.ends():
        if (schema.service, table.name) in copies:
            continue
        *words, last = snake_case(table.name).split("_")
        names["_".join([*words, singular(last)])] = table.name
    return names


def singular(word: str) -> str:
    """Return an English noun's singular, as far as endings say it."""
    for ending, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending):
            return word.removesuffix(ending) + one
    return word.removesuffix("s") if not word.endswith(("ss", "us", "is")) else word


# --- private -----------------------------------------------------------------------------------------------------


def _candidates(
    schema: SourceSchema, schemas: Sequence[SourceSchema], named: Mapping[str, Mapping[str, str]]
) -> Iterator[Candidate]:
    own = named[schema.service]
    leaving = {(key.table, name) for key in schema.facts.foreign_keys for name in key.columns}
    for name in schema.tables:
        table = schema.facts.tables[name]
        for column in table.columns if name not in BOOKKEEPING else ():
            if (name, column.name) in leaving or column.generated or likely_parents(column.name, own):
                continue
            for other in schemas:
                if other.service == schema.service:
                    continue
                for target in likely_parents(column.name, named[other.service]):
                    found = other.facts.tables[target]
                    key = found.column(found.primary_key[0])
                    if key and _comparable(column, key):
                        yield Candidate(schema, table, column, other, found, key)


def _comparable(one: Column, other: Column) -> bool:
    return any(one.type.name in kinds and other.type.name in kinds for kinds in ((*TEXTS, "uuid"), INTEGERS))


async def _compare(sessions: SessionPool, one: Candidate, seconds: float) -> Overlap | None:
    child = End(one.child.endpoint, one.table, one.column)
    return await compare(sessions, child, End(one.parent.endpoint, one.target, one.key), seconds)


def _entry(one: Candidate, overlap: Overlap) -> Entry:
    values = {
        "service": one.parent.service, "table": one.target.name, "column": one.key.name, "enforced": False,
    }  # fmt: skip
    key = (one.child.service, one.table.name, "references", one.column.name)
    return Entry(*key, values, evidence=tuple(_evidence(one, overlap)))


def _evidence(one: Candidate, overlap: Overlap) -> Iterator[str]:
    if not overlap.rows:
        yield "by its name alone: no row has a value there"
        return
    share = "all" if not overlap.orphans else f"{_percent(overlap)} %"
    yield f"{share} of {overlap.seen} with a value name a row there; {overlap.orphans:,} name none"
    if not overlap.orphans and overlap.buckets == 1:
        yield "enforced = true makes it a foreign key"
    if one.column.type.name != one.key.type.name:
        yield f"it is {one.column.type.display}, and the key there {one.key.type.display}: a foreign key needs one type"


def _note(one: Candidate, overlap: Overlap) -> Headline:
    there = f"{one.parent.service}.{one.target.name}.{one.key.name}"
    share = f"{_percent(overlap)} % of {overlap.seen}"
    text = f"{one.column.name} sounds like a reference to {there}, but only {share} have a row there"
    return Headline(one.child.service, one.table.name, (text,))


def _slow(one: Candidate) -> Headline:
    there = f"{one.parent.service}.{one.target.name}.{one.key.name}"
    text = f"{one.column.name} sounds like a reference to {there}; comparing them takes too long: raise --scan-timeout"
    return Headline(one.child.service, one.table.name, (text,))


def _percent(overlap: Overlap) -> str:
    """Return the percentage, rounded so that it is 100 only where it is all."""
    tenths = int(overlap.percent * 10)
    return f"{tenths // 10}.{tenths % 10}"
