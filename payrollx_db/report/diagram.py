"""The picture of before and after: where each box and line goes. The template draws it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LINE, HEAD, GAP, PAD = 19, 28, 14, 9  # heights of a table's line and a box's head, between boxes, inside of them
FRAME = 34  # what the unified database's own box adds above its schemas


@dataclass(frozen=True)
class Shape:
    """How wide things are: the whole, its boxes, and a letter; ``counts`` tells whether rows are shown."""

    name: str
    width: int
    box: int
    letter: float
    counts: bool


WIDE = Shape("wide", 1040, 360, 6.9, counts=True)
NARROW = Shape("narrow", 358, 156, 6.1, counts=False)


@dataclass(frozen=True)
class Line:
    """A table in a box."""

    y: float
    text: str
    full: str
    rows: int | None
    duplicate: bool


@dataclass(frozen=True)
class Box:
    """A database, or a schema, with its tables."""

    x: float
    y: float
    width: float
    height: float
    title: str
    full: str
    rows: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Link:
    """The way of one table's rows."""

    path: str
    title: str
    duplicate: bool


@dataclass(frozen=True)
class Picture:
    """All of it. ``frame`` is the unified database's box around its schemas."""

    shape: Shape
    height: float
    databases: tuple[Box, ...]
    schemas: tuple[Box, ...]
    links: tuple[Link, ...]
    frame: Box


Tables = dict[str, dict[str, tuple[int, bool]]]  # by database or schema, by table: rows, and whether it is a duplicate


def draw(document: Mapping[str, Any], shape: Shape) -> Picture:
    """Return the picture of a report's document."""
    before, after = _before(document["tables"]), _after(document)
    x = shape.width - shape.box - 0.5
    room = max(_height(before), _height(after) + 2 * PAD)
    databases = _stack(before, shape, (0.5, FRAME), room)
    schemas = _stack(after, shape, (x, FRAME + PAD), room - 2 * PAD, inset=PAD)
    height = FRAME + room + 1
    name = document["target"]["dbname"]
    rows = sum(box.rows for box in schemas)
    frame = Box(x, 0.5, shape.box, height - 1, _cut(name, shape.box - 60, shape), name, rows, ())
    return Picture(shape, height, databases, schemas, _links(document, databases, schemas), frame)


def _before(tables: Iterable[Mapping[str, Any]]) -> Tables:
    databases: Tables = {}
    for table in sorted(tables, key=lambda t: (t["source"].partition(".")[0], t["kind"], t["source"])):
        database, name = split(table["source"])
        databases.setdefault(database, {}).setdefault(name, (table["rows_read"] or 0, table["kind"] == "merge"))
    return databases


def _after(document: Mapping[str, Any]) -> Tables:
    """Gather the schemas in the order in which the databases meet them, so that few lines cross."""
    schemas: Tables = {}
    for table in sorted(document["tables"], key=lambda t: (t["kind"], t["source"].partition(".")[0], t["target"])):
        schema, _, name = table["target"].partition(".")
        rows, _ = schemas.setdefault(schema, {}).get(name, (0, False))
        schemas[schema][name] = (rows + (table["rows_written"] or 0), False)
    return schemas


def _height(tables: Tables) -> float:
    """Return how high a stack of boxes is, at least."""
    lines = sum(map(len, tables.values()))
    return lines * LINE + len(tables) * (HEAD + PAD) + max(len(tables) - 1, 0) * GAP


def _stack(tables: Tables, shape: Shape, corner: tuple[float, float], room: float, inset: float = 0) -> tuple[Box, ...]:
    """Put the boxes one below the other; what is left of ``room`` goes between them."""
    x, y = corner
    gap = GAP + (room - _height(tables)) / max(len(tables) - 1, 1)
    boxes = []
    width = shape.box - 2 * inset
    for name, members in tables.items():
        lines = tuple(
            Line(
                y + HEAD + LINE * (number + 0.7),
                _cut(table, width - 2 * PAD - (62 if shape.counts else 0), shape),
                table,
                rows if shape.counts else None,
                duplicate,
            )
            for number, (table, (rows, duplicate)) in enumerate(members.items())
        )
        height = HEAD + LINE * len(lines) + PAD
        total = sum(rows for rows, _ in members.values())
        title = _cut(name, width - 2 * PAD - (70 if shape.counts else 0), shape, bold=True)
        boxes.append(Box(x + inset, y, width, height, title, name, total, lines))
        y += height + gap
    return tuple(boxes)


def _links(document: Mapping[str, Any], databases: tuple[Box, ...], schemas: tuple[Box, ...]) -> tuple[Link, ...]:
    starts = {(box.full, line.full): (box.x + box.width, line.y - 4) for box in databases for line in box.lines}
    ends = {(box.full, line.full): (box.x, line.y - 4) for box in schemas for line in box.lines}
    links = []
    for table in sorted(document["tables"], key=lambda t: t["kind"] == "copy"):  # the copies above the duplicates
        schema, _, name = table["target"].partition(".")
        (x, y), (to_x, to_y) = starts[split(table["source"])], ends[schema, name]
        bend = (to_x - x) / 2
        path = f"M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        duplicate = table["kind"] == "merge"
        verb = "merged into" if duplicate else "copied to"
        links.append(Link(path, f"{table['source']} {verb} {table['target']}", duplicate))
    return tuple(links)


def split(source: str) -> tuple[str, str]:
    """Return the database and the table of ``database.schema.table``."""
    database, _, rest = source.partition(".")
    return database, rest.partition(".")[2]


def _cut(text: str, width: float, shape: Shape, *, bold: bool = False) -> str:
    """Return as much of ``text`` as fits, by the width of an average letter."""
    letters = int(width / (shape.letter * (1.06 if bold else 1)))
    return text if len(text) <= letters else text[: max(letters - 1, 1)] + "…"
