"""The collations of indexes, which Alembic doesn't compare: SQLAlchemy reads none of a database."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.dialects import registry

from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)

DIALECT = registry.load("postgresql")()
NAME = r'(?:"(?:[^"]|"")+"|\w+)'
COLLATE = re.compile(rf"\bCOLLATE\s+(?:{NAME}\s*\.\s*)?({NAME})", re.IGNORECASE)


@dataclass(frozen=True)
class Collated:
    """By which collation a key of an index sorts; ``own`` is the column's."""

    name: str
    own: bool
    expression: bool

    def is_as(self, expected: str | None) -> bool:
        """Whether it is what a model says: a name, or nothing; of ``None`` nobody knows."""
        if expected:
            return self.name == expected
        return expected is None or self.own or self.expression


def differing(opened: Connection, metadata: MetaData, schemas: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the indexes with a key whose collation isn't what the models say: what it is, and what they say."""
    there: dict[tuple[str, str], dict[int, Collated]] = defaultdict(dict)
    for schema, name, place, *collated in opened.execute(
        text(queries.load("index_collations")), {"schemas": sorted(schemas)}
    ):
        there[schema, name][place] = Collated(*collated)
    for table in metadata.tables.values():
        for index in table.indexes if table.schema in schemas else ():
            keys = there.get((str(table.schema), str(index.name)), {})
            for place, expression in enumerate(index.expressions):
                if place in keys and not keys[place].is_as(_expected(expression)):
                    yield (
                        f"{index.name} of {table.fullname}",
                        keys[place].name,
                        _expected(expression) or "the column's own",
                    )


def _expected(expression: Any) -> str | None:
    """Return the collation that an element says, empty where it says none, ``None`` where it says several."""
    said = COLLATE.findall(str(expression.compile(dialect=DIALECT)))
    if len(said) > 1:
        return None
    return _plain(said[0]) if said else ""


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
