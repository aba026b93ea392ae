"""What the target has already, where a schema is to come."""

from collections.abc import Iterable, Iterator

from payrollx_db.lift.catalog import Lift
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres.introspect import Database


def taken_schemas(lift: Lift, sources: Iterable[LiftedSchema], target: Database) -> Iterator[Finding]:
    """Yield the schemas that have tables already: those of a lift before are good to know, others are in the way."""
    for source in sources:
        expected = set(lift.catalog.service(source.service).tables)
        there = {table.name for table in target.tables.values() if table.schema == source.schema}
        place = f"{target.name}.{source.schema}"
        if there and there == expected:
            yield Finding("lifted-before", "info", place, len(there), "the schema is there already, with these tables")
        elif there:
            names = tuple(sorted(there - expected or there))
            message = "has tables already that aren't those of the source"
            yield Finding(
                "schema-taken", "block", place, len(names), message, names[:EXAMPLES],
                remedy=f"choose another schema for {source.service} in {lift.project.path.name}, or drop these tables",
            )  # fmt: skip
