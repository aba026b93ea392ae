"""What the code of routines names, as findings: names with a schema that is called otherwise, and names without one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from payrollx_db.lift.plan import bodies
from payrollx_db.lift.plan.facts import Routine, SourceFacts
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.model.finding import EXAMPLES, Finding

SHOWN = 5  # names of one routine
CALLED = (
    "routines that triggers, indexes, checks, defaults or generated columns call, and that {} things without a schema:"
    " lift schema gives them the search_path that they were written for"
)


def of_schema(source: LiftedSchema, facts: SourceFacts, renamed: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what there is to say of a schema's routines. ``renamed`` has the new name of each schema that is lifted."""
    routines = [routine for routine in facts.routines if routine.schema == source.source_schema]
    for old, new in renamed.items():
        names = [routine.name for routine in routines if old != new and _says(routine, old)]
        if names:
            message = (
                f"bodies of routines say {old}. before a name, and the schema will be {new}: no tool changes a body"
            )
            yield Finding(
                "routine-schema", "warn", source.source, len(names), message, tuple(dict.fromkeys(names))[:EXAMPLES],
                remedy=f"take {old}. out of them in the source: lift schema gives them a search_path for bare names",
            )  # fmt: skip
    yield from _called(source, routines, facts, renamed)


def unread(project: str, read: Iterable[SourceFacts]) -> Iterator[Finding]:
    """Yield, once for all, that the code of routines is only searched, where nothing is there that reads it."""
    routines = [routine for facts in read for routine in facts.routines if routine.language in bodies.LANGUAGES]
    if routines and not bodies.is_readable():
        message = "bodies of routines are searched for the schema's name, as pglast, which reads them, isn't installed"
        yield Finding(
            "routine-names", "info", project, len(routines), message, remedy="pip install 'payrollx-db[names]'"
        )


def _called(
    source: LiftedSchema, routines: Sequence[Routine], facts: SourceFacts, renamed: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield the routines without a search_path that are called by themselves, and name things without a schema."""
    examples, searched = [], False
    for routine in routines:
        if routine.has_path or not routine.callers or routine.language not in bodies.LANGUAGES:
            continue
        callers = ", ".join(routine.callers)
        named = routine.names
        if named is None or named.texts:
            examples.append(f"{routine.name} (by {callers})")
            searched = True
        elif bare := sorted(name for schema, name in named.names if not schema and facts.has(renamed, name)):
            more = ", …" if len(bare) > SHOWN else ""
            examples.append(f"{routine.name} (by {callers}; names {', '.join(bare[:SHOWN])}{more})")
    if examples:
        shown = tuple(dict.fromkeys(examples))
        message = CALLED.format("may name" if searched else "name")
        yield Finding("routine-called", "info", source.source, len(shown), message, shown[:EXAMPLES])


def _says(routine: Routine, schema: str) -> bool:
    """Tell whether a routine's code names something of a schema by that schema's name."""
    named = routine.names
    if named is None:
        return bodies.says(routine.body, schema)
    return any(space == schema for space, _ in named.names) or any(bodies.says(text, schema) for text in named.texts)
