"""What a rehearsal finds: rows that break a rule of the target, and rules that fail whatever the row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from payrollx_db.consolidate.check.target_rules import Function
from payrollx_db.consolidate.check.values import place
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import sqlstates


@dataclass(frozen=True)
class Breach:
    """Rows of ``table`` that break a rule over ``columns``: how many, and their keys, as far as they have any."""

    code: str
    table: TablePlan
    columns: tuple[ColumnPlan, ...]
    message: str
    count: int
    keys: tuple[str | None, ...]


@dataclass(frozen=True)
class Failure:
    """A rule that fails for every row, in the copy as in the check; ``functions`` are those that it calls."""

    what: str
    sqlstate: str
    functions: tuple[Function, ...]


def merged(breaches: Iterable[Breach]) -> list[Breach]:
    """Return the breaches with those of one code and place made one: of several rules, a row is named once."""
    places: dict[tuple[str, str], Breach] = {}
    for breach in breaches:
        where = (breach.code, place(breach.table, breach.columns))
        other = places.get(where)
        if other is None:
            places[where] = breach
        elif None in (*other.keys, *breach.keys):
            places[where] = replace(other, message=f"{other.message}; {breach.message}")
        else:
            keys = tuple(dict.fromkeys((*other.keys, *breach.keys)))
            count = max(other.count, breach.count, len(keys))
            places[where] = replace(other, message=f"{other.message}; {breach.message}", keys=keys, count=count)
    return list(places.values())


def failed_rule(where: str, failure: Failure, schemas: Iterable[str]) -> Finding:
    """Return the finding about a rule that can't be computed; its functions may look for names in ``schemas``."""
    names = tuple(function.name for function in failure.functions)
    why = f"{failure.what} fails for every row: {sqlstates.words(failure.sqlstate)} (SQLSTATE {failure.sqlstate})"
    open_functions = [function for function in failure.functions if not function.settled]
    if not open_functions:
        return Finding("function", "block", where, max(len(names), 1), why, names)
    fixes = [set_search_path(function.name, (function.schema, *schemas)) for function in open_functions]
    message = (
        f"{why}; the copy finds no name by search_path, and its function {' or '.join(f.name for f in open_functions)}"
        f" needs one: run {'; '.join(fixes)}"
    )
    return Finding("function", "block", where, len(names), message, names, sql=";\n".join(fixes))


def set_search_path(function: str, schemas: Iterable[str]) -> str:
    """Return the statement that makes ``function`` find what lies in ``schemas``, whoever calls it."""
    path = [schema for schema in dict.fromkeys(schemas) if schema != "pg_catalog"]
    quoted = [
        name if name.isidentifier() and name.islower() else '"{}"'.format(name.replace('"', '""')) for name in path
    ]
    return f"ALTER FUNCTION {function} SET search_path = {', '.join([*quoted, 'pg_temp'])}"
