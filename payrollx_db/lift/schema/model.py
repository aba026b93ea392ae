"""What is lifted where, and what came of it: frozen data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from payrollx_db.errors import PayrollxError
from payrollx_db.model.catalog import Catalog, Service


@dataclass(frozen=True)
class Move:
    """One schema of a source database, and the schema of the target that gets what is in it.

    ``source`` is what the source is called; ``left_behind`` has a reason for each table, column (``table.column``) or
    other object that isn't made.
    """

    source: str
    source_schema: str
    service: str
    schema: str
    role: str
    left_behind: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """The project's name, the role that is to own everything, and the one that reads it."""

    project: str
    owner: str
    reader: str

    def catalog(self, moves: tuple[Move, ...]) -> Catalog:
        """Return the catalog of these services alone, for their roles and grants."""
        services = tuple(Service(move.service, move.schema, move.role) for move in moves)
        return Catalog(self.project, services, owner_role=self.owner, reader_role=self.reader)


@dataclass(frozen=True)
class Lifted:
    """What was done for one schema: ``changed`` tells whether it was lifted now, or was there already.

    ``objects`` counts what was moved, by kind; ``notes`` are what somebody should know, and ``error`` why it
    failed.
    """

    move: Move
    changed: bool
    objects: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "source": self.move.source,
            "source_schema": self.move.source_schema,
            "service": self.move.service,
            "schema": self.move.schema,
            "lifted": self.changed,
            "objects": dict(self.objects),
            "notes": list(self.notes),
            "error": self.error or None,
        }


@dataclass(frozen=True)
class Outcome:
    """What was done for one database, and the statements that did it; or the ``error`` that left nothing of it."""

    schemas: tuple[Lifted, ...]
    statements: tuple[str, ...] = ()
    error: PayrollxError | None = None

    @classmethod
    def failed(cls, moves: Sequence[Move], error: PayrollxError) -> "Outcome":
        """Return what there is to say of a database that couldn't be lifted."""
        return cls(tuple(Lifted(move, changed=False, error=error.message) for move in moves), error=error)


Observer = Callable[[str, str], None]  # a source's name, and what is being done for it


def ignore_steps(_source: str, _step: str) -> None:
    """Watch nothing."""
