"""Where a dump's objects are made, and how they get from there to their own schema.

A dump names its objects in full, so they are made in a schema of the source's name (most often ``public``), and each is
then moved by ``ALTER … SET SCHEMA``. What lay there before stays: what is ours is what is new since our snapshot.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError
from payrollx_db.lift.schema.model import Move
from payrollx_db.lift.schema.target import Target, as_written
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)

SHOWN = 10  # names in an error
IDENTIFY = "SELECT type || ' ' || identity FROM pg_catalog.pg_identify_object(%s::oid, %s::oid, 0)"
SCHEMA_EXISTS = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s"
UNMOVED = "please report it, with the kind of the object; until then leave it behind in lift.toml"

# What SET SCHEMA and OWNER TO call a kind, by what the server calls it elsewhere.
KINDS = {
    "table": "TABLE",
    "foreign table": "FOREIGN TABLE",
    "view": "VIEW",
    "materialized view": "MATERIALIZED VIEW",
    "sequence": "SEQUENCE",
    "type": "TYPE",
    "composite type": "TYPE",
    "domain": "DOMAIN",
    "function": "FUNCTION",
    "procedure": "PROCEDURE",
    "aggregate": "AGGREGATE",
    "operator": "OPERATOR",
    "operator class": "OPERATOR CLASS",
    "operator family": "OPERATOR FAMILY",
    "collation": "COLLATION",
    "conversion": "CONVERSION",
    "statistics object": "STATISTICS",
    "text search configuration": "TEXT SEARCH CONFIGURATION",
    "text search dictionary": "TEXT SEARCH DICTIONARY",
    "text search parser": "TEXT SEARCH PARSER",
    "text search template": "TEXT SEARCH TEMPLATE",
}
# Their names tell the types that they are for, as these are called before they move.
NAMED_BY_TYPES = ("function", "procedure", "aggregate", "operator")
OWNERLESS = ("text search parser", "text search template")


@dataclass(frozen=True)
class Thing:
    """An object of a schema: its catalog and number, what the server calls its kind, and its name, ready for SQL."""

    schema: str
    catalog: int
    oid: int
    kind: str
    identity: str
    owned: bool  # a sequence of a column, which goes with its table
    multirange: bool  # a type whose owner is its range's

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from every other object, wherever it lies."""
        return self.catalog, self.oid

    @property
    def has_owner(self) -> bool:
        """Whether it has an owner of its own."""
        return not (self.owned or self.multirange or self.kind in OWNERLESS)

    def alter(self, action: sql.Composable) -> sql.Composed:
        """Return the statement that alters it."""
        return sql.SQL("ALTER {} {} {}").format(sql.SQL(KINDS[self.kind]), as_written(self.identity), action)


@dataclass
class Staging:
    """The schemas in which a dump is made, and what lay there before.

    ``made`` are those that weren't there, and go again.
    """

    target: Target
    moves: Sequence[Move]
    made: tuple[str, ...]
    before: set[tuple[int, int]] = field(default_factory=set)
    remained: set[tuple[int, int]] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """The staging schemas' names."""
        return [move.source_schema for move in self.moves]

    def note_what_is_there(self) -> None:
        """Remember what lies there by now, extensions too: what comes later is the dump's."""
        self.before = {thing.key for thing in things(self.target, self.names)}
        self.remained = set(_remains(self.target, self.names))

    def new_objects(self) -> list[Thing]:
        """Return what was made in the staging schemas since that was noted."""
        return [thing for thing in things(self.target, self.names) if thing.key not in self.before]

    def move(self) -> Counter[tuple[str, str]]:
        """Move everything to its own schema; return how many of each kind, by the schema that they are from.

        Raises FindingsError where something can't be moved, or is left behind.
        """
        counted: Counter[tuple[str, str]] = Counter()
        homes = {move.source_schema: move.schema for move in self.moves}
        new = [thing for thing in self.new_objects() if not thing.owned]
        if unknown := [f"{thing.kind} {thing.identity}" for thing in new if thing.kind not in KINDS]:
            raise FindingsError("objects of these kinds can't be moved yet", details=tuple(unknown), hint=UNMOVED)
        changes: list[tuple[sql.Composable | str, str]] = []
        for thing in sorted(new, key=lambda thing: thing.kind not in NAMED_BY_TYPES):
            home = homes[thing.schema]
            counted[thing.schema, thing.kind] += 1
            if home != thing.schema:
                statement = thing.alter(sql.SQL("SET SCHEMA {}").format(sql.Identifier(home)))
                changes.append((statement, f"can't move {thing.kind} {thing.identity} to {home}"))
        self.target.change_each(changes)
        self._require_empty([name for name, home in homes.items() if name != home])
        return counted

    def close(self) -> None:
        """Drop the schemas that were made to stage in."""
        for name in self.made:
            self.target.change(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name)), f"can't drop the schema {name}")

    def _require_empty(self, names: Sequence[str]) -> None:
        rows = set(_remains(self.target, names)) - self.remained
        if rows:
            left = [str(self.target.ask(IDENTIFY, row)[0][0]) for row in sorted(rows)[:SHOWN]]
            raise FindingsError(
                f"these stayed in {', '.join(names)} when all else was moved; nothing was changed",
                details=tuple(left),
                hint=UNMOVED,
            )


def open_staging(target: Target, moves: Sequence[Move]) -> Staging:
    """Make the schemas that the dump names, where they are missing, and those that get the objects.

    Raises StateConflictError where one of the latter holds something already, ConfigurationError where two schemas of
    one database would change places.
    """
    homes = {move.schema for move in moves if move.schema != move.source_schema}
    if crossed := sorted(homes & {move.source_schema for move in moves}):
        raise ConfigurationError(
            f"the schema {crossed[0]} is lifted to another name, and another schema of its database to {crossed[0]}",
            hint="choose other names in lift.toml: schema = …",
        )
    occupied = things(target, [move.schema for move in moves])
    if occupied:
        raise _occupied(target, occupied)
    made = []
    for name in dict.fromkeys([*(move.source_schema for move in moves), *(move.schema for move in moves)]):
        if not target.ask(SCHEMA_EXISTS, [name]):
            target.change(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)), f"can't make the schema {name}")
            made.append(name)
    kept = {move.schema for move in moves}
    return Staging(target, moves, tuple(name for name in made if name not in kept))


def things(target: Target, schemas: Iterable[str]) -> list[Thing]:
    """Return what lies in schemas, without what extensions own, in the order in which it was made."""
    return [Thing(*row) for row in target.ask(queries.load("objects"), {"schemas": list(schemas)})]


def _remains(target: Target, schemas: Sequence[str]) -> list[tuple[int, int]]:
    return [(catalog, oid) for catalog, oid in target.ask(queries.load("remains"), {"schemas": list(schemas)})]


def _occupied(target: Target, occupied: Sequence[Thing]) -> StateConflictError:
    names = [f"{thing.kind} {thing.identity}" for thing in occupied[:SHOWN]]
    more = len(occupied) - len(names)
    schemas = ", ".join(dict.fromkeys(thing.schema for thing in occupied))
    return StateConflictError(
        f"{target.endpoint.url.masked} has other objects in the schema {schemas} already; nothing was changed",
        details=(*names, *([f"and {more:,} more"] if more else [])),
        hint="choose another schema in lift.toml, or move or drop what is there",
    )
