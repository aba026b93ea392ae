"""Suggestions of types: texts that are UUIDs, local times that get a zone, and numbers of a stated precision."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from payrollx_db.lift.reshape.facts import Dependent, SchemaFacts
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.names import snake_case
from payrollx_db.lift.reshape.scans import Scan
from payrollx_db.lift.reshape.text import Headline
from payrollx_db.postgres.introspect import Column, Table

TEXTS = ("text", "varchar", "bpchar", "citext")
IDENTIFYING = re.compile(r"(^|_)(id|ids|uuid|guid)$|^(id|uuid)_")
SHORTEST_UUID = 32  # characters: a shorter column can't hold one
MONEY = re.compile(
    r"(^|_)(amount|price|cost|total|subtotal|balance|fee|fees|salary|wage|tax|net|gross|discount|payment|budget|revenue)(_|$)"
)

PRECISION, SCALE = 38, 18  # what is suggested where the data fit
WIDEST = 38  # digits of a numeric that nobody has set by a slip

# What stands on a column, and what comes of it where the type changes.
AGAIN = ("view", "policy", "trigger")  # dropped, and made again as they were
REBUILT = ("check", "index with an expression")  # the server builds them anew, or refuses it
FORBIDDING = ("materialized view", "rule", "generated column", "function", "publication", "partition key")


def text_candidates(table: Table, facts: SchemaFacts) -> list[Column]:
    """Return the columns of a text type that may hold ids: by their name, or because a key is over them."""
    keyed = {name for one in facts.constraints if one.type in "pf" and one.table == table.name for name in one.columns}
    reached = {
        name for key in facts.foreign_keys if key.target == (facts.schema, table.name) for name in key.target_columns
    }
    return [
        column
        for column in table.columns
        if column.type.name in TEXTS
        and not column.type.domain
        and not column.generated
        and int(column.type.modifier or SHORTEST_UUID) >= SHORTEST_UUID
        and (column.name in keyed | reached or IDENTIFYING.search(snake_case(column.name)))
    ]


def number_candidates(table: Table) -> list[Column]:
    """Return the columns that are numbers of a precision that nobody needs, or money that isn't exact."""
    return [column for column in table.columns if not column.generated and (_is_wide(column) or _is_money(column))]


def suggest_types(
    service: str, facts: SchemaFacts, tables: Sequence[str], scans: Mapping[str, Scan], timezone: str
) -> tuple[list[Entry], list[Headline]]:
    """Return what types of columns could be, by what the scans have shown, and what speaks against the others."""
    kept: list[Entry] = []
    notes: list[Headline] = []
    for entry, columns in _wishes(service, facts, tables, scans, timezone):
        dependents = [one for place in columns for one in facts.dependents_of(*place)]
        forbidding = sorted({str(one) for one in dependents if one.kind in FORBIDDING})
        if forbidding or not entry.values["type"]:
            wish = f" could be {entry.values['type']}, but {_listed(forbidding)} stands on it" if forbidding else ""
            notes.append(Headline(service, entry.table, (f"{entry.name}{wish or ': ' + '; '.join(entry.evidence)}",)))
        else:
            kept.append(replace(entry, evidence=(*entry.evidence, *_consequences(dependents))))
    return kept, notes


# --- private -----------------------------------------------------------------------------------------------------


Wish = tuple[
    Entry, list[tuple[str, str]]
]  # a suggestion (without a type: only its evidence is to be said), its columns


def _wishes(
    service: str, facts: SchemaFacts, tables: Sequence[str], scans: Mapping[str, Scan], timezone: str
) -> Iterator[Wish]:
    seen: set[tuple[str, str]] = set()
    for table in tables:
        scan = scans.get(table)
        texts = text_candidates(facts.tables[table], facts)
        numbers = number_candidates(facts.tables[table])
        for column in facts.tables[table].columns:
            place = (table, column.name)
            if facts.is_inherited(*place) or column.generated:
                continue
            if _is_local_time(column):
                zoned = column.type.display.replace("timestamp", "timestamptz")
                why = (f"{column.type.display} without a zone; the copy takes its values to be in {timezone}",)
                yield Entry(service, *(table, "types", column.name), {"type": zoned}, evidence=why), [place]
            elif column in numbers and scan:
                yield _exact(service, table, column, scan), [place]
            elif column in texts and place not in seen:
                group = [one for one in facts.tied(*place) if one[0] in tables]
                seen |= {*group}
                if wish := _uuids(service, facts, group, scans):
                    yield wish, group


def _uuids(service: str, facts: SchemaFacts, group: list[tuple[str, str]], scans: Mapping[str, Scan]) -> Entry | None:
    """Return the suggestion that these columns, tied by foreign keys, become UUIDs, where their values are."""
    counts = [scans[table].counts.get(column) if table in scans else None for table, column in group]
    known = [count for count in counts if count is not None]
    values, others, rough = (sum(count[number] for count in known) for number in range(3))
    table, column = _root(facts, group)
    rest = [f"{one}.{name}" for one, name in group if (one, name) != (table, column)]
    sampled = any(scans[one].sampled for one, _ in group if one in scans)
    seen = f"{values:,} values" + (" of a sample" if sampled else "")
    makes = "uuid" in facts.defaults.get((table, column), "").lower()
    if len(known) < len(group) or (others and others * 10 > values) or not (values or makes):
        return None
    key = (service, table, "types", column)
    if others:
        return Entry(*key, {"type": ""}, evidence=(f"of {seen}, {others:,} are no UUIDs; the others are",))
    evidence = [f"all of {seen} are UUIDs" if values else "no row is there yet; its default makes UUIDs"]
    if rough:
        evidence.append(
            f"{rough:,} of them are written in another way (upper case, braces): a uuid reads back in one way"
        )
    if rest:
        evidence.append(f"with it, because foreign keys tie them: {', '.join(rest)}")
    return Entry(*key, {"type": "uuid"}, evidence=tuple(evidence))


def _root(facts: SchemaFacts, group: list[tuple[str, str]]) -> tuple[str, str]:
    """Return the column that the others point at, else the first."""
    leaving = {(key.table, name) for key in facts.foreign_keys for name in key.columns}
    reached = {(key.target[1], name) for key in facts.foreign_keys if key.target for name in key.target_columns}
    return next((one for one in sorted(group) if one in reached and one not in leaving), min(group))


def _exact(service: str, table: str, column: Column, scan: Scan) -> Entry:
    values, infinite, digits, scale = scan.counts[column.name]
    need = f"{scan.of(values)} need {digits} digits before the point and {scale} behind it"
    evidence = [f"is {column.type.display}; {need}" if values else f"is {column.type.display}; no value is there yet"]
    if digits <= PRECISION - SCALE and scale <= SCALE:
        kind = f"numeric({PRECISION},{SCALE})"
    elif _is_wide(column):
        kind = ""
    else:
        kind = "numeric"
    if infinite:
        evidence.append(f"{infinite:,} are NaN or infinite, which a numeric with a precision doesn't hold but for NaN")
    return Entry(service, table, "types", column.name, {"type": kind}, evidence=tuple(evidence))


def _is_local_time(column: Column) -> bool:
    return column.type.built_in and column.type.name == "timestamp" and not column.type.domain


def _is_wide(column: Column) -> bool:
    digits = column.type.modifier.partition(",")[0]
    return column.type.name == "numeric" and not column.type.domain and digits.isdigit() and int(digits) > WIDEST


def _is_money(column: Column) -> bool:
    binary = column.type.built_in and column.type.name in ("float4", "float8") and not column.type.domain
    return binary and bool(MONEY.search(snake_case(column.name)))


def _consequences(dependents: Sequence[Dependent]) -> Iterator[str]:
    if again := sorted({str(one) for one in dependents if one.kind in AGAIN}):
        yield f"dropped for it, and made again as before: {_listed(again)}"
    if rebuilt := sorted({str(one) for one in dependents if one.kind in REBUILT}):
        yield f"the server builds anew, or refuses: {_listed(rebuilt)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
