"""The way back of each legacy table: of which target rows its rows are made again, column by column.

Pure data, made of a plan. One legacy table may read several tables of the target, joined by key; what has no way back
is listed with the reason, and never left out silently.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from psycopg import sql

from payrollx_db.consolidate.plan.conversion import Servers, derive
from payrollx_db.consolidate.plan.conversion.rule import filled
from payrollx_db.consolidate.plan.conversion.same import difference
from payrollx_db.consolidate.plan.destination import condition
from payrollx_db.consolidate.plan.fitting import join_lookup
from payrollx_db.consolidate.plan.inverse import values
from payrollx_db.consolidate.plan.inverse.values import Inverse
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan, from_item
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.layout import TableMap, template_fields
from payrollx_db.postgres.introspect import Column, Table, different_money


@dataclass(frozen=True)
class Read:
    """A table of the target that a way back reads; ``on`` has its columns with those of the first one, to join them."""

    plan: TablePlan
    alias: str
    on: tuple[tuple[str, str], ...] = ()

    @property
    def table(self) -> Table:
        """The target's table."""
        return self.plan.target


@dataclass(frozen=True)
class ColumnBack:
    """How one legacy column is filled again; ``reads`` are the columns that it is made of, each with its table's alias.

    ``demands_value`` says that the legacy column takes no NULL, and the target may have one.
    """

    column: Column
    inverse: Inverse
    reads: tuple[tuple[str, str], ...]
    demands_value: bool = False


@dataclass(frozen=True)
class Homeless:
    """A column of the target that no legacy column holds: what is written there is lost on the way back.

    ``why`` is ``new``, ``derived`` (made of others, so a write to it alone is lost), or ``second`` (another column
    holds the same legacy column, and that one counts).
    """

    table: str
    column: str
    why: str
    source: str = ""


@dataclass(frozen=True)
class Obstacle:
    """Why a legacy table can't follow the target back: the table, or its column, and the reason with the next step."""

    place: str
    reason: str


@dataclass(frozen=True)
class WayBack:
    """How the rows of one legacy table are made of the target's.

    ``reads`` are the tables that are read, the first of which has a row for each of its rows. ``key`` are the legacy
    columns that identify a row; they are made of the first table's primary key alone. ``kept`` are the legacy columns
    that nothing fills: they keep their value in rows that are there, and get their default in new ones.
    ``forward_clause`` has the legacy table with all that its maps look up, as a FROM clause. With ``owner``
    set, the table is a duplicate of one of that legacy database. Where there are ``obstacles``, there is no way back.
    """

    database: str
    source: Table
    owner: str | None
    reads: tuple[Read, ...]
    forward_clause: sql.Composable
    columns: tuple[ColumnBack, ...] = ()
    key: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    homeless: tuple[Homeless, ...] = ()

    @property
    def place(self) -> str:
        """``database.schema.table`` of the legacy table."""
        return f"{self.database}.{self.source.full_name}"

    @property
    def possible(self) -> bool:
        """Whether there is a way back at all."""
        return not self.obstacles

    @property
    def unproven(self) -> tuple[ColumnBack, ...]:
        """The columns that aren't the identity by construction, so that each of their values has to show it."""
        return tuple(column for column in self.columns if not column.inverse.exact)

    @property
    def text(self) -> str:
        """Why the rows go back as text and not in binary form; empty where all columns can."""
        return "; ".join(f"{c.column.name}: {c.inverse.text}" for c in self.columns if c.inverse.text)

    @cached_property
    def from_clause(self) -> sql.Composable:
        """The tables of the target that it reads, joined, as a FROM clause."""
        first, *others = self.reads
        clause: sql.Composable = _rows_of(first)
        for read in others:
            matches = sql.SQL(" AND ").join(
                sql.SQL("{} = {}").format(sql.Identifier(read.alias, theirs), sql.Identifier(first.alias, ours))
                for theirs, ours in read.on
            )
            clause = sql.SQL("{} LEFT JOIN {} ON {}").format(clause, _rows_of(read), matches)
        return clause


def _rows_of(read: Read) -> sql.Composable:
    """Return the rows that a way back reads of a table, as a FROM item: those of its scope."""
    rows = item(read.table, read.alias)
    if not read.plan.scope:
        return rows
    alias, scoped = sql.Identifier(read.alias), condition(read.plan.scope, read.alias)
    return sql.SQL("(SELECT {0}.* FROM {1} WHERE {2}) AS {0}").format(alias, rows, scoped)


def item(table: Table, alias: str) -> sql.Composable:
    """Return a table as a FROM item under an alias; ONLY, because a table that inherits is a table of its own."""
    only = sql.SQL("") if table.kind == "p" else sql.SQL("ONLY ")
    return sql.SQL("{}{} AS {}").format(only, table.identifier, sql.Identifier(alias))


def ways_back(plan: Plan) -> tuple[WayBack, ...]:
    """Return the way back of every legacy table of ``plan``, duplicates included."""
    groups: dict[tuple[str, str], list[tuple[TablePlan, TableMap]]] = {}
    for table in plan.tables:
        groups.setdefault((table.database, table.source.full_name), []).append((table, _map_of(plan, table)))
    return tuple(_Making(plan, _in_order(plan, group)).way() for group in groups.values())


def homeless_tables(plan: Plan) -> tuple[str, ...]:
    """Return the target's tables, of the services of ``plan``, that no legacy table has rows for."""
    filled = {table.target_name for table in plan.tables}
    schemas = {plan.catalog.service(name).schema for name in plan.services}
    return tuple(name for name in plan.catalog.tables() if name.partition(".")[0] in schemas and name not in filled)


# --- how one comes about --------------------------------------------------------------------------------


@dataclass
class _Making:
    """Makes the way back of one legacy table of its plans, each with its map, in the layout's order."""

    plan: Plan
    group: Sequence[tuple[TablePlan, TableMap]]
    obstacles: list[Obstacle] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self.group[0][0]
        self.database, self.source, self.owner = first.database, first.source, first.owner
        legacy = self.plan.sources[self.database]
        self.servers = Servers(
            self.plan.layout.timezone, legacy.version, different_money(self.plan.target.money, legacy.money)
        )

    def way(self) -> WayBack:
        key = _key_of(self.source)
        if not key:
            self._refuse("", "it has no primary key, and no unique over columns that take no NULL")
        maps, reads = self._reads(key)
        if not reads:
            return self._finished((Read(self.group[0][0], ROW),), [], key)
        columns = [back for column in self._fillable() if (back := self._column(column, maps, reads)) is not None]
        return self._finished(reads, columns, key)

    def _finished(self, reads: tuple[Read, ...], columns: list[ColumnBack], key: tuple[str, ...]) -> WayBack:
        filled = {back.column.name for back in columns}
        kept = [column for column in self._fillable() if column.name not in filled]
        if reads[0].on == () and columns:
            for column in kept:
                if not column.nullable and not column.has_default:
                    self._refuse(
                        column.name,
                        "nothing of the target fills it, and it takes no NULL and has no default: give it a default,"
                        " or state its inverse in the layout",
                    )
        used = {place for back in columns for place in back.reads}
        return WayBack(
            self.database, self.source, self.owner, reads, self._forward_clause(), tuple(columns), key,
            kept=tuple(column.name for column in kept), obstacles=tuple(self.obstacles),
            homeless=() if self.owner else tuple(self._homeless(reads, used)),
        )  # fmt: skip

    def _forward_clause(self) -> sql.Composable:
        clause = from_item(self.source)
        joined: set[str] = set()
        for table, table_map in self.group:
            for alias, lookup in table.lookups.items():
                if alias not in joined:
                    clause = join_lookup(clause, lookup, alias, table_map.lookups[alias].on)
                    joined.add(alias)
        return clause

    def _fillable(self) -> list[Column]:
        return [column for column in self.source.columns if not column.generated]

    def _refuse(self, column: str, reason: str) -> None:
        place = f"{self.database}.{self.source.full_name}{'.' if column else ''}{column}"
        self.obstacles.append(Obstacle(place, reason))

    # --- tables ------------------------------------------------------------------------------------

    def _reads(self, key: tuple[str, ...]) -> tuple[Mapping[str, TableMap], tuple[Read, ...]]:
        """Return the maps by alias, and the tables to read: first the one whose key makes the legacy key."""
        first = next((entry for entry in self.group if key and self._makes_key(entry, key)), None)
        if first is None:
            if key:
                tables = " or ".join(table.target_name for table, _ in self.group)
                self._refuse("", f"its key {', '.join(key)} isn't made of the primary key of {tables} alone")
            return {}, ()
        reads, maps = [Read(first[0], ROW)], {ROW: first[1]}
        for number, (table, table_map) in enumerate((e for e in self.group if e is not first), 1):
            on = _joined(first[0], table)
            if on:
                reads.append(Read(table, f"{ROW}{number}", on))
                maps[f"{ROW}{number}"] = table_map
        return maps, tuple(reads)

    def _makes_key(self, entry: tuple[TablePlan, TableMap], key: tuple[str, ...]) -> bool:
        table, table_map = entry
        read = Read(table, ROW)
        primary = set(table.target.primary_key)
        for name in key:
            column = self.source.column(name)
            back = column and self._column(column, {ROW: table_map}, (read,))
            if not back or not {column for _, column in back.reads} <= primary:
                return False
        return True

    # --- columns -----------------------------------------------------------------------------------

    def _column(self, column: Column, maps: Mapping[str, TableMap], reads: tuple[Read, ...]) -> ColumnBack | None:
        for read in reads:
            if column.name in maps[read.alias].inverse:
                return self._stated(column, read, maps, reads)
        backs = [back for read in reads for back in self._by_rule(column, read, maps[read.alias])]
        return next((back for back in backs if back.inverse.exact), backs[0] if backs else None)

    def _by_rule(self, column: Column, read: Read, table_map: TableMap) -> Iterator[ColumnBack]:
        """Yield the ways back of a column by single columns of one table; those that a layout casts come last."""
        fitting = [c for c in read.plan.columns if c.sources == (column.name,)]
        for planned in sorted(fitting, key=lambda c: c.target.name in table_map.derive):
            inverse = self._inverse(column, planned, read, table_map)
            if inverse is not None:
                optional = read.alias != ROW or planned.target.nullable
                demands = not column.nullable and optional and not self._never_null(column, table_map)
                yield ColumnBack(column, inverse, ((read.alias, planned.target.name),), demands)

    def _never_null(self, column: Column, table_map: TableMap) -> bool:
        return column.name in table_map.empty_as_null

    def _inverse(self, column: Column, planned: ColumnPlan, read: Read, table_map: TableMap) -> Inverse | None:
        value: sql.Composable = sql.Identifier(read.alias, planned.target.name)
        template = table_map.derive.get(planned.target.name)
        zoned, timezone = derive.column_at_zone(template) if template else ("", "")
        if template and not zoned and not derive.casts(template).column:
            return None
        inverse = values.inverse(
            value, column.type, planned.target.type, self.servers,
            timezone=timezone or self.servers.timezone,
        )  # fmt: skip
        if template and not zoned and inverse is None:
            inverse = values.cast_back(value, column.type, planned.target.type)
        if inverse is not None and column.name in table_map.empty_as_null:
            return values.empty_again(inverse, nullable=column.nullable)
        return inverse

    def _stated(
        self, column: Column, read: Read, maps: Mapping[str, TableMap], reads: tuple[Read, ...]
    ) -> ColumnBack | None:
        """Return the way back that the layout states; ``None`` where it reads what can't be joined."""
        template = maps[read.alias].inverse[column.name]
        named: dict[str, sql.Identifier] = {}
        places: list[tuple[str, str]] = []
        for name in template_fields(template):
            table, dot, target_column = name.rpartition(".")
            other = next((r for r in reads if dot and maps[r.alias].is_called(table)), None if dot else read)
            if other is None or other.table.column(target_column) is None:
                return None
            named[name] = sql.Identifier(other.alias, target_column)
            places.append((other.alias, target_column))
        inverse = values.stated(filled(template, named), column.type)
        return ColumnBack(column, inverse, tuple(dict.fromkeys(places)), demands_value=not column.nullable)

    # --- what has no home --------------------------------------------------------------------------

    def _homeless(self, reads: Iterable[Read], used: set[tuple[str, str]]) -> Iterator[Homeless]:
        for read in reads:
            filled = {planned.target.name: planned for planned in read.plan.columns}
            joined = {theirs for theirs, _ in read.on} | {*read.plan.destination.columns}
            for column in read.table.columns:
                if column.generated or column.name in joined or (read.alias, column.name) in used:
                    continue
                planned = filled.get(column.name)
                source = ", ".join(planned.sources) if planned else ""
                why = "new" if planned is None else "second" if self._is_second(planned, reads, used) else "derived"
                yield Homeless(read.table.full_name, column.name, why, source)

    @staticmethod
    def _is_second(planned: ColumnPlan, reads: Iterable[Read], used: set[tuple[str, str]]) -> bool:
        """Tell whether another column of the target is what its one source column is made of again."""
        plain = planned.conversion.rule != "derived" and len(planned.sources) == 1
        others = [(r.alias, c.target.name) for r in reads for c in r.plan.columns if c.sources == planned.sources]
        return plain and any(other in used for other in others)


def _map_of(plan: Plan, table: TablePlan) -> TableMap:
    maps = plan.layout.database(table.owner or table.database).maps
    return next(m for m in maps if (m.source.name, m.target) == (table.source.name, table.target_name))


def _in_order(plan: Plan, group: list[tuple[TablePlan, TableMap]]) -> list[tuple[TablePlan, TableMap]]:
    maps = plan.layout.database(group[0][0].owner or group[0][0].database).maps
    return sorted(group, key=lambda entry: maps.index(entry[1]))


def _key_of(table: Table) -> tuple[str, ...]:
    """Return the columns that identify a row: the primary key, else the first unique over columns that take no NULL."""
    if table.primary_key:
        return table.primary_key
    demanding = {column.name for column in table.columns if not column.nullable}
    uniques = (i for i in table.indexes if i.unique and i.valid and i.plain and i.columns and {*i.columns} <= demanding)
    return next((index.columns for index in uniques), ())


def _joined(first: TablePlan, other: TablePlan) -> tuple[tuple[str, str], ...]:
    """Return the key columns of ``other``, each with the column of ``first`` that is made of the same; empty: none."""
    mine: dict[tuple[str, ...], Column] = {
        c.sources: c.target for c in first.columns if len(c.sources) == 1 and c.conversion.rule != "derived"
    }
    theirs = {c.target.name: c for c in other.columns}
    pairs = []
    for name in other.target.primary_key:
        if name in other.destination.columns:
            continue  # of all rows that are read
        column = theirs.get(name)
        partner = mine.get(column.sources) if column is not None and column.conversion.rule != "derived" else None
        if column is None or partner is None or difference(partner.type, column.target.type):
            return ()
        pairs.append((name, partner.name))
    return tuple(pairs)
