"""A lifted schema as it is now: what of a reshape is done already, and what things are called at this moment."""

from dataclasses import dataclass
from functools import cached_property

from psycopg import sql

from payrollx_db.lift.reshape.facts import Constraint, IndexFacts, SchemaFacts
from payrollx_db.lift.reshape.file import Reshape
from payrollx_db.postgres.introspect import Column, Table


@dataclass(frozen=True)
class Current:
    """One service's schema in the target, asked by the names of its source.

    A thing has its source's name, or the one that the file gives it, where that is done. No taken name is one that
    something else has to leave first, so that the two can't be mistaken.
    """

    service: str
    facts: SchemaFacts
    reshape: Reshape

    @property
    def schema(self) -> str:
        """The schema's name."""
        return self.facts.schema

    def table(self, source: str) -> Table | None:
        """Return the table that the source calls so."""
        return self.facts.tables.get(source) or self.facts.tables.get(self.reshape.table_name(self.service, source))

    def column(self, source_table: str, source: str) -> Column | None:
        """Return the column that the source calls so."""
        table = self.table(source_table)
        if table is None:
            return None
        return table.column(source) or table.column(self.reshape.column_name(self.service, source_table, source))

    def columns(self, source_table: str, sources: list[str]) -> list[str] | None:
        """Return the names of the columns that the source calls so; ``None`` where one isn't there."""
        found = [self.column(source_table, source) for source in sources]
        return [column.name for column in found if column] if all(found) else None

    def renamed(self, source_table: str, section: str, name: str) -> str:
        """Return the name that a thing of a table gets; its own where it keeps it."""
        entry = self.reshape.entries.get((self.service, source_table, section, name))
        return entry.rename if entry and self.reshape.is_taken(entry) else name

    def index(self, source_table: str, source: str) -> IndexFacts | None:
        """Return the index that the source calls so."""
        names = [
            source,
            self.renamed(source_table, "indexes", source),
            self.renamed(source_table, "constraints", source),
        ]
        return next((self._indexes[name] for name in names if name in self._indexes), None)

    def constraint(self, source_table: str, name: str) -> Constraint | None:
        """Return the constraint of that name of the table that the source calls so."""
        table = self.table(source_table)
        return self._constraints.get((table.name, name)) if table else None

    def identifier(self, name: str) -> sql.Identifier:
        """Return the qualified name of something in the schema."""
        return sql.Identifier(self.schema, name)

    @cached_property
    def _indexes(self) -> dict[str, IndexFacts]:
        return {index.name: index for index in self.facts.indexes}

    @cached_property
    def _constraints(self) -> dict[tuple[str, str], Constraint]:
        return {(one.table, one.name): one for one in self.facts.constraints if one.schema == self.schema}
