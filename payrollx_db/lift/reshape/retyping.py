"""Giving columns other types, on empty tables, with what stands on them.

A type that foreign keys tie to others changes with all of them. Foreign keys, policies, triggers and plain views over
such a column are dropped and made again as they were; checks and indexes the server builds anew by itself. What can't
be made again as it was (a materialized view, a generated column, a function with a body of SQL) makes it refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from payrollx_db.lift.reshape.current import Current
from payrollx_db.lift.reshape.facts import Constraint, Dependent, queries
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.lift.reshape.renaming import GONE
from payrollx_db.lift.reshape.steps import Stage, Step
from payrollx_db.lift.reshape.types import FORBIDDING
from payrollx_db.postgres import structure_repairs
from payrollx_db.postgres.column_types import one_spelling
from payrollx_db.postgres.session import Connection, render_sql, run
from payrollx_db.postgres.steps import perform_async
from payrollx_db.postgres.structure import StructureObject, plain_name, read_structure

CAST_TEXT = re.compile(r"^\((?P<inner>.*)\)::(?:text|character varying)$", re.DOTALL)
LOCAL, ZONED = ("timestamp", "date"), "timestamptz"
TIMESTAMP, DATE = 1114, 1082  # their oids are the same on every server
OTHER_COLUMNS = "comments, privileges or defaults of its columns, which would be lost"

Place = tuple[str, str]  # table, column
Things = dict[tuple[str, str, str], StructureObject]  # by kind, table and name, without quotes


@dataclass
class Retyping:
    """All type changes of one service: the columns of each suggestion, and what has to go and come back for them."""

    current: Current
    timezone: str
    changes: dict[Entry, list[Place]] = field(default_factory=dict)
    before: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)

    async def prepare(self, connection: Connection, stage: Stage) -> None:
        """Find out what changes, and say what can't; in the names of now."""
        for entry in self.current.reshape.taken_of(self.current.service, "types"):
            places = self._places(entry, stage)
            reasons = sorted({str(one) for one in self._dependents(places) if one.kind in FORBIDDING})
            inherited = [f"{t}.{c} is its parent's" for t, c in places if self.current.facts.is_inherited(t, c)]
            if reasons or inherited:
                stage.refuse(entry, "; ".join([*(f"{one} stands on it" for one in reasons), *inherited]))
            elif places:
                self.changes[entry] = places
        await self._surroundings(connection, stage)

    async def steps(self, connection: Connection) -> list[Step]:
        """Return a step for each suggestion."""
        return [
            Step(
                str(entry),
                tuple([part for place in places for part in await self._change(connection, entry, place)]),
                entry,
            )
            for entry, places in self.changes.items()
        ]

    def _places(self, entry: Entry, stage: Stage) -> list[Place]:
        """Return the columns, by their names of now, that don't have the type yet."""
        table, column = self.current.table(entry.table), self.current.column(entry.table, entry.name)
        if table is None and self.current.reshape.copy_of(entry.service, entry.table):
            return []
        if table is None or column is None:
            stage.refuse(entry, GONE)
            return []
        wanted = one_spelling(entry.values["type"])
        places = [
            (name, other)
            for name, other in self.current.facts.tied(table.name, column.name)
            if (known := self.current.facts.tables[name].column(other)) and one_spelling(known.type.display) != wanted
        ]
        if not places:
            stage.already.append(entry)
        return places

    def _dependents(self, places: Sequence[Place]) -> list[Dependent]:
        return [one for place in places for one in self.current.facts.dependents_of(*place)]

    async def _surroundings(self, connection: Connection, stage: Stage) -> None:
        """Fill in what is dropped before and made again after."""
        places = [place for listed in self.changes.values() for place in listed]
        if not places:
            return
        keys = [key for key in self.current.facts.foreign_keys if _touches(key, self.current.schema, places)]
        dependents = self._dependents(places)
        tables = {(self.current.schema, name) for name in self.current.facts.tables}
        tables |= {(key.schema, key.table) for key in keys}
        tables |= {(one.schema, one.parent) for one in dependents if one.kind in ("policy", "trigger")}
        things = _by_name(await perform_async(connection, read_structure(tables)))
        views = await self._views(connection, stage, places)
        for key in keys:
            ends = [place for place in places if _touches(key, self.current.schema, [place])]
            self._again(stage, things, "foreign key", (key.schema, key.table), key.name, ends)
        for kind in ("trigger", "policy"):
            for schema, parent, name in sorted({(d.schema, d.parent, d.name) for d in dependents if d.kind == kind}):
                ends = [
                    (d.table, d.column)
                    for d in dependents
                    if (d.kind, d.schema, d.parent, d.name) == (kind, schema, parent, name)
                ]
                self._again(stage, things, kind, (schema, parent), name, ends)
        for schema, view in views:
            self._view_again(things, schema, view)

    async def _views(self, connection: Connection, stage: Stage, places: Sequence[Place]) -> list[tuple[str, str]]:
        """Return the views over the columns, the lowest first."""
        tables, columns = zip(*places, strict=True)
        parameters = {"schema": self.current.schema, "tables": list(tables), "columns": list(columns)}
        rows = await run(connection, sql.SQL(queries.load("views")), parameters)
        for schema, name, kind, _, plain in rows:
            if kind != "v" or not plain:
                why = (
                    f"it has {OTHER_COLUMNS}"
                    if kind == "v"
                    else "it is a materialized view: drop it, and make it again"
                )
                stage.refuse(f"view {schema}.{name}", f"it stands on columns that get another type, and {why}")
        return [(schema, name) for schema, name, *_ in rows]

    def _again(self, stage: Stage, things: Things, kind: str, table: Place, name: str, ends: list[Place]) -> None:
        """Note one object to be dropped first, and made again after, because of the columns that it stands on."""
        quoted = render_sql(sql.Identifier(*table))
        thing = things.get((kind, ".".join(table), name))
        if thing is None:
            stage.refuse(f"{kind} {name} of {quoted}", "it can't be read, so that it couldn't be made again")
            return
        drop = "ALTER TABLE {} DROP CONSTRAINT {}" if kind == "foreign key" else f"DROP {kind.upper()} {{1}} ON {{0}}"
        statement = sql.SQL(drop).format(sql.Identifier(*table), sql.Identifier(name))
        self.before.append(Step(str(thing), (statement,)))
        causes = [str(entry) for entry, listed in self.changes.items() if any(end in listed for end in ends)]
        self.after.append(Step(f"{thing}, made again for {', '.join(causes)}", _creating(thing)))

    def _view_again(self, things: Things, schema: str, view: str) -> None:
        thing = things.get(("view", f"{schema}.{view}", ""))
        if thing is None:
            return  # it was refused
        own = [one for one in things.values() if one.table == thing.table and one.kind in ("trigger", "rule")]
        self.before.insert(0, Step(str(thing), (sql.SQL("DROP VIEW {}").format(sql.Identifier(schema, view)),)))
        self.after.append(Step(f"{thing}, made again", tuple(part for one in (thing, *own) for part in _creating(one))))

    async def _change(self, connection: Connection, entry: Entry, place: Place) -> list[sql.Composable]:
        table, name = place
        known = self.current.facts.tables[table].column(name)
        kind = entry.values["type"]
        target = sql.SQL(kind)
        at_zone = known is not None and known.type.name in LOCAL and kind.startswith("timestamp")
        at_zone = at_zone and (kind.startswith(ZONED) or kind.endswith("with time zone"))
        value = "{} AT TIME ZONE {}" if at_zone else "({}::text)::{}"
        using = sql.SQL(value).format(sql.Identifier(name), sql.Literal(self.timezone) if at_zone else target)
        alter = sql.SQL("ALTER TABLE {} ALTER COLUMN {} ").format(self.current.identifier(table), sql.Identifier(name))
        change = alter + sql.SQL("TYPE {} USING {}").format(target, using)
        default = self.current.facts.defaults.get(place)
        if default is None or not (at_zone or kind == "uuid"):
            return [change]
        anew = await self._default(connection, default, kind, at_zone=at_zone)
        return [alter + sql.SQL("DROP DEFAULT"), change, alter + sql.SQL("SET DEFAULT {}").format(anew)]

    async def _default(self, connection: Connection, default: str, kind: str, *, at_zone: bool) -> sql.Composable:
        """Return a default that means the same in the new type."""
        if not at_zone:
            inner = CAST_TEXT.match(default)
            bare = inner["inner"] if inner and _is_whole(inner["inner"]) else default
            return sql.SQL("({})::{}").format(sql.SQL(bare), sql.SQL(kind))
        cursor = await connection.execute(sql.SQL("SELECT {} LIMIT 0").format(sql.SQL(default)))
        local = cursor.description is not None and cursor.description[0].type_code in (TIMESTAMP, DATE)
        return sql.SQL("({}) AT TIME ZONE {}" if local else "{0}").format(sql.SQL(default), sql.Literal(self.timezone))


# --- private -----------------------------------------------------------------------------------------------------


def _touches(key: Constraint, schema: str, places: Sequence[Place]) -> bool:
    here = key.schema == schema and any((key.table, name) in places for name in key.columns)
    there = key.target is not None and key.target[0] == schema
    return here or (there and any((key.target[1], name) in places for name in key.target_columns if key.target))


def _by_name(things: Sequence[StructureObject]) -> Things:
    return {(thing.kind, plain_name(thing.table), plain_name(thing.name)): thing for thing in things}


def _creating(thing: StructureObject) -> tuple[sql.Composable, ...]:
    return tuple(sql.SQL(statement) for statement in structure_repairs.create(thing))


def _is_whole(text: str) -> bool:
    """Tell whether the parentheses of an expression are its own, so that what stood around it can go."""
    depth = 0
    for character in re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0
