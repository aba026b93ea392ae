"""Lines: what of each legacy database, and of the unified one, belongs together in a switch of sides."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from payrollx_db.consolidate.cutover.posts import Fenced
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.gate import Gate
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.catalog import Reference
from payrollx_db.postgres.introspect import ForeignKey
from payrollx_db.postgres.sequences import ColumnSequence
from payrollx_db.postgres.session import Endpoint


@dataclass(frozen=True)
class Line:
    """One legacy database and the tables that its rows go to. ``source`` and ``target`` are its two ends.

    ``source_tables`` and ``target_tables`` are oids: of a source all that are mapped, looked up or duplicates.
    """

    database: str
    source: Endpoint
    source_tables: tuple[int, ...]
    target_tables: tuple[int, ...]
    target_names: frozenset[str]
    services: tuple[str, ...]

    @property
    def source_gate(self) -> Gate:
        """The gate in the legacy database, closed from the cutover on."""
        return Gate.of_source(self.database)

    @property
    def target_gate(self) -> Gate:
        """The gate at its tables in the unified database, closed until the cutover."""
        return Gate.of_target(self.database)

    def fenced(self, sequences: Sequence[ColumnSequence] = ()) -> Fenced:
        """Return what is fenced in the legacy database."""
        return Fenced(self.database, self.source, {self.source_gate: self.source_tables}, sequences)


def lines_of(plan: Plan, sources: Mapping[str, Endpoint], flows: Iterable[Flow]) -> list[Line]:
    """Return the line of each flow, forward ones, in the order of the layout."""
    by_schema = {service.schema: service.name for service in plan.catalog.services}
    lines = []
    for flow in flows:
        tables = [table for table in plan.tables if table.database == flow.name]
        copies = [table for table in tables if table.owner is None]
        read = {table.source.oid for table in tables} | {table.oid for table in flow.tables}
        lines.append(
            Line(
                flow.name,
                sources[flow.name],
                tuple(sorted(read)),
                tuple(sorted({table.target.oid for table in copies})),
                frozenset(table.target_name for table in copies),
                tuple(dict.fromkeys(by_schema[t.target.schema] for t in copies if t.target.schema in by_schema)),
            )
        )
    return lines


def chosen(lines: Sequence[Line], services: Collection[str]) -> list[Line]:
    """Return the lines of these services; all, where none is named. Raises ConfigurationError where one has no rows."""
    if not services:
        return list(lines)
    for service in services:
        if not any(service in line.services for line in lines):
            raise ConfigurationError(
                f"no legacy database of the layout has rows of {service}", hint="payrollx-db plan shows what has"
            )
    return [line for line in lines if set(line.services) & set(services)]


def fenced_target(target: Endpoint, lines: Sequence[Line], sequences: Sequence[ColumnSequence] = ()) -> Fenced:
    """Return what is fenced in the unified database for these lines, each of which has a gate of its own there."""
    gates = {line.target_gate: line.target_tables for line in lines if line.target_tables}
    return Fenced("target", target, gates, sequences)


def across(plan: Plan, away: Collection[str]) -> list[Reference]:
    """Return the references of which one end is among the tables ``away`` and the other isn't.

    While one side of them is in the unified database and the other in a legacy one, nothing enforces them.
    """
    return [r for r in plan.enforced if (r.table in away) != (r.target_table in away)]


def between(keys: Iterable[ForeignKey], away: Collection[str]) -> list[ForeignKey]:
    """Return the foreign keys no end of which is among the tables ``away``."""
    return [key for key in keys if key.table not in away and (key.parent or key.target) not in away]
