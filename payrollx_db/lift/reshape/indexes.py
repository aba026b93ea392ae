"""Suggestions of indexes: those that repeat others, and those that foreign keys lack."""

from collections.abc import Iterator, Sequence

from payrollx_db.lift.reshape.facts import IndexFacts, SchemaFacts
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.names import LONGEST, snake_case

ORDERED = "btree"


def suggest_indexes(service: str, facts: SchemaFacts, tables: Sequence[str]) -> list[Entry]:
    """Return which indexes of ``tables`` could go, and which are missing on references."""
    entries = []
    for table in tables:
        mine = [index for index in facts.indexes if index.table == table and index.valid]
        gone: set[str] = set()
        for index in mine:
            other = next((one for one in mine if one.name not in gone and _repeats(index, one)), None)
            if other:
                gone.add(index.name)
                how = "is the same as" if index.body == other.body else "has the leading columns of"
                why = (f"{how} {other.name}, which serves all that it serves",)
                entries.append(Entry(service, table, "drop_indexes", index.name, {"repeats": other.name}, evidence=why))
        entries += _missing(service, facts, table, [index for index in mine if index.name not in gone])
    return entries


def missing_name(table: str, columns: Sequence[str], taken: Sequence[str] = ()) -> str:
    """Return a name for an index on these columns that fits and isn't taken."""
    name = "_".join([*(snake_case(part) for part in (table, *columns)), "idx"])
    short = name if len(name.encode()) <= LONGEST else name.encode()[: LONGEST - 4].decode(errors="ignore") + "_idx"
    number, candidate = 1, short
    while candidate in taken:
        number += 1
        candidate = f"{short.encode()[: LONGEST - 4].decode(errors='ignore')}_{number}"
    return candidate


def serves(index: IndexFacts, columns: Sequence[str]) -> bool:
    """Tell whether an index finds the rows with values of ``columns``: in whatever order it begins with them."""
    keys = index.columns[: len(index.columns) - index.included]
    return not index.predicate and index.valid and index.method == ORDERED and set(keys[: len(columns)]) == set(columns)


def _repeats(index: IndexFacts, other: IndexFacts) -> bool:
    """Tell whether ``index`` could go because ``other`` is there; none that bears a constraint, or a mark, does."""
    if index is other or index.needed or index.marked or index.predicate != other.predicate:
        return False
    if index.body == other.body and index.unique <= other.unique:
        # Of two that are the same, the one that is needed stays, else the first by name.
        equal = (other.unique, other.needed, other.marked) == (index.unique, False, False)
        return not equal or other.name < index.name
    if index.unique or index.method != ORDERED or other.method != ORDERED:
        return False
    included = index.columns[len(index.columns) - index.included :] if index.included else ()
    leading = other.keys[: len(index.keys)] == index.keys and len(other.keys) >= len(index.keys)
    return leading and set(included) <= set(other.columns) and (len(other.keys) > len(index.keys) or other.unique)


def _missing(service: str, facts: SchemaFacts, table: str, indexes: Sequence[IndexFacts]) -> Iterator[Entry]:
    seen: set[tuple[str, ...]] = set()
    for key in facts.foreign_keys:
        if key.table != table or key.schema != facts.schema or key.columns in seen:
            continue
        seen.add(key.columns)
        if not any(serves(index, key.columns) for index in indexes):
            name = missing_name(table, key.columns, [*facts.names])
            why = (f"no index begins with the columns of {key.name}, so that each delete over there reads this table",)
            yield Entry(service, table, "create_indexes", name, {"columns": list(key.columns)}, evidence=why)
