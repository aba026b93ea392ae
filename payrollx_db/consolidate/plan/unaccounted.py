"""What of the legacy databases the layout leaves unaccounted for, each with the line that would account for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from payrollx_db.consolidate.plan import pasting
from payrollx_db.consolidate.plan.mapping import Mismatch, TablePlan
from payrollx_db.consolidate.plan.sharing import ALONE, MOVED_OUT, Shared
from payrollx_db.model.layout import LegacyDatabase
from payrollx_db.postgres.introspect import Column, Database, Table


def unaccounted(
    legacy: LegacyDatabase, database: Database, target: Database, schema: str, others: Shared = ALONE
) -> Iterator[Mismatch]:
    """Hold the layout against the database, table by table, both ways (law 2); ``schema`` is that of its service.

    Of a database that several entries share, what none of them knows is named once.
    """
    discarded = {(d.table, d.column) for d in legacy.discards}
    expected = {m.source.name: m.source.columns for m in legacy.maps}
    expected |= {d.source.name: d.source.columns for d in legacy.duplicates}
    for table in database.tables.values():
        if not legacy.accounts_for(table.schema):
            continue
        name = table.name if table.schema == legacy.schema else table.full_name
        place = f"{legacy.name}.{table.full_name}"
        if (name, None) in discarded:
            continue
        if name not in expected:
            if others.speaks and name not in others.known:
                yield _unknown_table(legacy, name, table, target, schema, others)
            continue
        if name in others.mapped:
            problem = f"is claimed by {others.mapped[name]} too, whose database is the same; give one of them its own"
            yield Mismatch("ambiguous", place, problem)
        actual = {c.name: c for c in table.columns if (name, c.name) not in discarded}
        yield from _compare_columns(legacy, name, place, expected[name], actual)
    for name in expected:
        if f"{legacy.schema}.{name}" not in database.tables:
            place = f"{legacy.name}.{legacy.schema}.{name}"
            yield Mismatch("missing", place, "the layout knows this table, and it isn't there")
    if others.speaks:
        yield from _leftovers(legacy, database, {*legacy.sequences, *others.known, *(t for t, c in discarded if not c)})


def _leftovers(legacy: LegacyDatabase, database: Database, known: Collection[str]) -> Iterator[Mismatch]:
    for leftover in database.leftovers:
        if legacy.accounts_for(leftover.schema) and leftover.name not in known:
            problem = f"{leftover.kind} that no table owns ({leftover.count}); discard it with a reason"
            line = pasting.discard(legacy, leftover.name)
            yield Mismatch("leftover", f"{legacy.name}.{leftover.name}", problem, (line,))


def _unknown_table(
    legacy: LegacyDatabase, name: str, table: Table, target: Database, schema: str, others: Shared
) -> Mismatch:
    place = f"{legacy.name}.{table.full_name}"
    if name in others.moved:
        problem = (
            f"was left behind by {others.moved[name]}, whose database is another now; drop it there, or give its rows"
            f" up with --policy {MOVED_OUT}=discard"
        )
        return Mismatch(MOVED_OUT, place, problem, (pasting.discard(legacy, name),))
    problem = "the layout doesn't know this table; map it or discard it with a reason"
    return Mismatch("unmapped", place, problem, pasting.for_table(legacy, name, table, target, schema))


def _compare_columns(
    legacy: LegacyDatabase, table: str, place: str, expected: Mapping[str, str], actual: Mapping[str, Column]
) -> Iterator[Mismatch]:
    for name, column in actual.items():
        if name not in expected:
            problem = f"the layout doesn't know this column ({column.shape}); map it or discard it with a reason"
            yield Mismatch("unmapped", f"{place}.{name}", problem, pasting.for_column(legacy, table, column))
        elif not column.is_shape(expected[name]):
            problem = f"is {column.shape}, and the layout says {expected[name]}"
            yield Mismatch("type", f"{place}.{name}", problem, (pasting.of_type(table, column),))
    for name in expected:
        if name not in actual:
            yield Mismatch("missing", f"{place}.{name}", "the layout knows this column, and it isn't there")


def going_nowhere(legacy: LegacyDatabase, tables: Iterable[TablePlan], database: Database) -> Iterator[Mismatch]:
    """Name the source columns that no map of their table takes anywhere."""
    taken: dict[str, set[str]] = defaultdict(set)
    goals: dict[str, list[str]] = defaultdict(list)
    spare: dict[str, list[str]] = {}
    maps = {(m.source.name, m.target): m for m in legacy.maps}
    for table in tables:
        taken[table.source.name] |= {name for column in table.columns for name in column.sources}
        taken[table.source.name] |= set(table.without_rule.values())  # said already
        goals[table.source.name].append(table.target_name)
        filled = [column.target.name for column in table.columns]
        table_map = maps[table.source.name, table.target_name]
        spare[table.target_name] = pasting.spare_columns(table.target, filled, table_map.new)
    known = {m.source.name: m.source.columns for m in legacy.maps}
    discarded = {(d.table, d.column) for d in legacy.discards}
    for name, seen in taken.items():
        for column in database.tables[f"{legacy.schema}.{name}"].columns:
            if column.name in known[name] and column.name not in seen and (name, column.name) not in discarded:
                place = f"{legacy.name}.{legacy.schema}.{name}.{column.name}"
                problem = f"goes nowhere: no column of {' or '.join(goals[name])} takes it"
                goal = goals[name][0]
                lines = pasting.for_column_without_goal(legacy, maps[name, goal], column.name, spare[goal])
                yield Mismatch("unmapped", place, problem, lines)
