"""Several entries of a layout whose databases are one: what they have there is judged together, and once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from payrollx_db.model.layout import Discard, Layout, LegacyDatabase
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.introspect import Database

MOVED_OUT = "moved-out"
DISCARD = "discard"


@dataclass(frozen=True)
class Shared:
    """What there is in the database of one entry that other entries of the layout know.

    ``known`` are the bare names of the tables, and of what no table owns, that others account for there; ``mapped``
    those tables that an entry before this one maps as well, each with its name. ``speaks`` says whether this entry
    names what none of them knows. ``moved`` are the tables of entries whose database is another, by name of the table
    with that of the entry: rows that were left behind when it moved out.
    """

    known: frozenset[str] = frozenset()
    mapped: Mapping[str, str] = field(default_factory=dict)
    speaks: bool = True
    moved: Mapping[str, str] = field(default_factory=dict)


ALONE = Shared()


def shared(layout: Layout, legacy: LegacyDatabase, groups: Mapping[str, str], planned: Iterable[str]) -> Shared:
    """Return what other entries know of ``legacy``'s database.

    ``groups`` has for each entry that shares a database a name that those of one database have in common; ``planned``
    are the entries that this plan is of, in the layout's order.
    """
    if not layout.sharing:
        return ALONE
    group = groups.get(legacy.name, legacy.name)
    here = [other for other in layout.databases if groups.get(other.name, other.name) == group]
    away = [other for other in layout.databases if other not in here]
    in_plan = [other for other in here if other.name in set(planned)]
    before = in_plan[: in_plan.index(legacy)] if legacy in in_plan else []
    return Shared(
        known=frozenset(name for other in here if other is not legacy for name in _known(other)),
        mapped={name: other.name for other in reversed(before) for name in other.tables},
        speaks=not before,
        moved={name: other.name for other in away for name in other.tables},
    )


def left_behind(legacy: LegacyDatabase, database: Database, others: Shared, policies: Policies) -> tuple[Discard, ...]:
    """Return as discards the tables that entries have left behind here, where a policy gives their rows up."""
    return tuple(
        Discard(name, f"{others.moved[name]} has moved out, and has these rows elsewhere")
        for name in tables_left(legacy, database, others)
        if policies.action(MOVED_OUT, f"{legacy.name}.{legacy.schema}.{name}") == DISCARD
    )


def tables_left(legacy: LegacyDatabase, database: Database, others: Shared) -> Iterator[str]:
    """Yield the names of the tables in ``legacy``'s schema that only entries elsewhere know."""
    if not others.speaks:
        return
    known = {*others.known, *_known(legacy)}
    for table in database.tables.values():
        if table.schema == legacy.schema and table.name in others.moved and table.name not in known:
            yield table.name


def _known(legacy: LegacyDatabase) -> Sequence[str]:
    whole = [discard.table for discard in legacy.discards if discard.column is None]
    return (*legacy.tables, *whole, *legacy.sequences)
