"""What the target demands of a row, as its own server has it: CHECKs, domains, uniques, exclusion constraints,
generated columns, partitions' bounds, and whatever an index or ANALYZE computes of it.

Each rule is an expression over the columns of its table, as the server prints it, so that it can be computed for rows
that aren't there yet (`rehearsal`).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from psycopg.rows import class_row

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

CALLS = re.compile(r":(?:opfuncid|funcid) (\d+)")
# What turns one type into another by way of its text, or checks a domain: it may refuse a value.
DOUBTFUL = re.compile(r"\{(?:COERCEVIAIO|COERCETODOMAIN|ARRAYCOERCEEXPR|CONVERTROWTYPEEXPR) ")
# Functions that take every value, beside those that the server itself calls leakproof.
TOTAL = frozenset({
    "lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "textcat", "concat", "concat_ws", "md5", "length",
    "char_length", "character_length", "octet_length", "reverse", "left", "right", "strpos", "starts_with", "replace",
    "textlike", "textnlike",
})  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A function that a rule calls; ``settled`` says that it sets its own search_path."""

    oid: int
    name: str
    schema: str
    bare: str
    language: str
    volatility: str
    leakproof: bool
    settled: bool

    @property
    def built_in(self) -> bool:
        """Whether the server brings it."""
        return self.schema == "pg_catalog"

    @property
    def total(self) -> bool:
        """Whether it takes every value without an error."""
        return self.leakproof or (self.built_in and self.bare in TOTAL)


@dataclass(frozen=True)
class RuleColumn:
    """A column of the target. ``plain`` is its type without domains, ``None`` where one lies too deep to be taken off.

    ``checked`` says that a domain of it may refuse a value; ``unbounded`` that a value may be longer than an index
    takes; ``domains`` are the trees of what its domains check; ``columns`` are those that a generated one is computed
    of. Tables with the same columns share them.
    """

    name: str
    declared: str
    plain: str | None
    checked: bool
    collation: str | None
    deterministic: bool
    unbounded: bool
    generated: str
    expression: str | None
    identity: bool
    tree: str | None
    domains: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class CheckRule:
    """A CHECK constraint; ``bounds`` limits it to the rows of one ``partition``."""

    table: int
    name: str
    expression: str
    tree: str
    columns: list[str]
    partition: str | None
    bounds: str | None


@dataclass(frozen=True, eq=False, slots=True)
class IndexRule:
    """An index, element by element. ``usual`` says that it compares as its types do by default; columns that lie
    ``beside`` the key decide about nothing. ``comparing`` are functions that the server doesn't bring, and that are
    called wherever two entries are compared.
    """

    table: int
    name: str
    method: str
    unique: bool
    nulls_equal: bool
    plain: bool
    keys: int
    elements: list[str]
    collations: list[str | None]
    deterministic: bool
    classes: list[str]
    usual: bool
    predicate: str | None
    tree: str
    columns: list[str]
    operators: list[str]
    partition: str | None
    bounds: str | None
    beside: list[str]
    comparing: list[int]

    @property
    def comparison(self) -> str:
        """What compares two entries, as an expression's tree."""
        return " ".join(f":funcid {oid}" for oid in self.comparing)


@dataclass(frozen=True)
class PartitionRule:
    """A partition that rows end in, and what holds for them."""

    table: int
    name: str
    bounds: str


@dataclass(frozen=True)
class RouteRule:
    """The columns that a partitioned table is cut by, or an expression that ANALYZE computes."""

    table: int
    kind: str
    name: str
    expression: str
    tree: str
    columns: list[str]


@dataclass(frozen=True)
class TableRules:
    """All rules of one target table, and what is known of the functions that they call."""

    columns: Mapping[str, RuleColumn]
    checks: tuple[CheckRule, ...] = ()
    indexes: tuple[IndexRule, ...] = ()
    partitions: tuple[PartitionRule, ...] = ()
    routes: tuple[RouteRule, ...] = ()
    functions: Mapping[int, Function] = ()  # type: ignore[assignment] # none: nothing calls any

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The columns' names by the ways to write them: quoted or not."""
        return {text: name for name in self.columns for text in (name, quoted(name))}

    def calls(self, tree: str) -> list[Function | None]:
        """Return the functions that an expression's tree calls; ``None`` stands for one that isn't known."""
        return [self.functions.get(int(oid)) for oid in dict.fromkeys(CALLS.findall(tree))]

    def foreign(self, trees: Iterable[str]) -> list[Function]:
        """Return the functions that these trees call and that the server doesn't bring."""
        called = {f.oid: f for tree in trees for f in self.calls(tree) if f is not None and not f.built_in}
        return list(called.values())

    def total(self, tree: str) -> bool:
        """Whether an expression can be computed of every value."""
        return not DOUBTFUL.search(tree) and all(f is not None and f.total for f in self.calls(tree))

    def volatile(self, column: RuleColumn) -> bool:
        """Whether a column's default is another for each row, and can't be known before."""
        tree = column.tree or ""
        called = self.calls(tree)
        return column.identity or "{NEXTVALUEEXPR" in tree or any(f is None or f.volatility == "v" for f in called)

    def needed(self, names: Iterable[str]) -> set[str]:
        """Return these columns, with those that the generated ones among them are computed of."""
        closure: set[str] = set()
        waiting = [name for name in names if name in self.columns]
        while waiting:
            name = waiting.pop()
            if name not in closure:
                closure.add(name)
                column = self.columns[name]
                waiting += column.columns if column.generated else []
        return closure


T = TypeVar("T")


async def _columns(connection: Connection, tables: Collection[int]) -> dict[int, list[RuleColumn]]:
    cursor = await connection.execute(queries.load("rule_columns"), {"tables": list(tables)})
    known: dict[tuple[Any, ...], RuleColumn] = {}
    columns: dict[int, list[RuleColumn]] = defaultdict(list)
    for table, *rest, origins in await cursor.fetchall():
        row = (*rest, tuple(origins))
        if row not in known:
            known[row] = RuleColumn(*row)
        columns[table].append(known[row])
    return columns


async def read_rules(connection: Connection, tables: Collection[int]) -> dict[int, TableRules]:
    """Read the rules of the tables of these oids."""
    columns = await _columns(connection, tables)
    checks = _by_table(await _all(connection, CheckRule, "rule_checks", tables))
    indexes = _by_table(await _all(connection, IndexRule, "rule_indexes", tables))
    partitions = _by_table(await _all(connection, PartitionRule, "rule_partitions", tables))
    routes = _by_table(await _all(connection, RouteRule, "rule_routes", tables))
    rules = [rule for group in (columns, checks, indexes, routes) for members in group.values() for rule in members]
    trees = {rule.tree or "" for rule in rules} | {column.domains for found in columns.values() for column in found}
    trees |= {index.comparison for found in indexes.values() for index in found}
    called = {int(oid) for tree in trees for oid in CALLS.findall(tree)} - {0}
    cursor = connection.cursor(row_factory=class_row(Function))
    await cursor.execute(queries.load("rule_functions"), {"functions": list(called)})
    functions = {function.oid: function for function in await cursor.fetchall()}
    return {
        oid: TableRules(
            {column.name: column for column in columns[oid]}, tuple(checks[oid]), tuple(indexes[oid]),
            tuple(partitions[oid]), tuple(routes[oid]), functions,
        )
        for oid in tables
    }  # fmt: skip


async def _all(connection: Connection, kind: type[T], query: str, tables: Collection[int]) -> list[T]:
    cursor = connection.cursor(row_factory=class_row(kind))
    await cursor.execute(queries.load(query), {"tables": list(tables)})
    return await cursor.fetchall()


def _by_table(rules: Iterable[Any]) -> dict[int, list[Any]]:
    tables: dict[int, list[Any]] = defaultdict(list)
    for rule in rules:
        tables[rule.table].append(rule)
    return tables


def quoted(name: str) -> str:
    """Return a name quoted, as it may stand in an expression."""
    return '"{}"'.format(name.replace('"', '""'))
