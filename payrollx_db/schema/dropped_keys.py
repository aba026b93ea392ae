"""Where copies record the foreign keys that they have dropped, for those who make keys beside them.

A module of its own, since a copy says so at every start and needs nothing of what makes the keys: that costs the import
of Alembic and SQLAlchemy.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DroppedKeys:
    """Where copies record which keys they have dropped.

    ``table`` is there where any did; ``query`` tells of ``schema.table``, as $1, and the key's name, as $2, whether it
    was dropped and isn't restored.
    """

    table: str
    query: str
