"""What is to be known of the ways back before anybody needs one, whatever the rows are."""

from collections.abc import Iterable, Iterator

from payrollx_db.consolidate.plan.inverse.ways import Homeless, WayBack, homeless_tables
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding

LOST = {
    "new": "the legacy table has no column for it: what is written there is lost on a rollback",
    "derived": "it is made of other columns: what is written to it alone is lost on a rollback",
    "second": "another column holds the same legacy column: what is written to this one alone is lost on a rollback",
}


def findings_of(plan: Plan, ways: Iterable[WayBack]) -> Iterator[Finding]:
    """Yield what has no way back, what a rollback loses, and which rows may be stuck."""
    for way in ways:
        for obstacle in way.obstacles:
            yield Finding("no-way-back", "block", obstacle.place, 1, obstacle.reason, resolvable=False)
        yield from _homeless(plan, way)
        yield from _new_values(way) if way.possible else ()
        if way.kept and way.possible:
            message = "nothing of the target fills it: it keeps its values, and new rows get its default or NULL"
            yield Finding("not-filled-back", "info", way.place, len(way.kept), message, way.kept)
    for name in homeless_tables(plan):
        message = "it is new: no legacy table takes its rows, which are lost on a rollback"
        yield Finding("no-home", "warn", f"{plan.target.name}.{name}", 1, message)


def _homeless(plan: Plan, way: WayBack) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[Homeless]] = {}
    for column in way.homeless:
        groups.setdefault((column.table, column.why), []).append(column)
    for (table, why), columns in groups.items():
        names = tuple(column.column for column in columns)
        place = f"{plan.target.name}.{table}"
        yield Finding("no-home", "warn" if why == "new" else "info", place, len(names), LOST[why], names)


def _new_values(way: WayBack) -> Iterator[Finding]:
    """Yield what the legacy columns refuse, or cut off, of values that are new in the target."""
    stuck: dict[str, list[str]] = {}
    cut: dict[str, list[str]] = {}
    for column in way.columns:
        if column.inverse.refuses:
            message = (
                f"a row with {column.inverse.refuses} would be stuck on its way back: the legacy column takes none"
            )
            stuck.setdefault(message, []).append(column.column.name)
        if column.demands_value:
            message = "a row without a value would be stuck on its way back, as the legacy column takes no NULL"
            stuck.setdefault(message, []).append(column.column.name)
        if column.inverse.cuts:
            message = f"new values lose {column.inverse.cuts} on their way back"
            cut.setdefault(message, []).append(column.column.name)
    for code, groups in (("may-stick", stuck), ("may-round", cut)):
        for message, names in groups.items():
            place = f"{way.place}.{names[0]}" if len(names) == 1 else way.place
            yield Finding(code, "info", place, len(names), message, tuple(names) if len(names) > 1 else ())
