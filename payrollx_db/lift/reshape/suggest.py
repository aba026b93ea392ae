"""The story of `lift reshape`: look at each source, suggest, and keep what a person has answered.

Nothing is changed anywhere but in the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from payrollx_db.errors import ConfigurationError, SourceError
from payrollx_db.files import write_whole
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.reshape import file, text
from payrollx_db.lift.reshape.copies import suggest_copies
from payrollx_db.lift.reshape.facts import read_facts
from payrollx_db.lift.reshape.file import Entry, Reshape
from payrollx_db.lift.reshape.guesses import guess_parents
from payrollx_db.lift.reshape.indexes import suggest_indexes
from payrollx_db.lift.reshape.names import BOOKKEEPING
from payrollx_db.lift.reshape.naming import suggest_names
from payrollx_db.lift.reshape.references import SourceSchema, suggest_references
from payrollx_db.lift.reshape.scans import TIMEOUT, Scan, scan
from payrollx_db.lift.reshape.text import Headline, Suggestions
from payrollx_db.lift.reshape.types import number_candidates, suggest_types, text_candidates
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.steps import perform_async

TOO_SLOW = "its rows can't be looked at in time, so no types are suggested of them: raise --scan-timeout"
AT_ONCE = 4  # sources looked at at a time


@dataclass(frozen=True)
class Written:
    """What was written: where, all entries in it, and how many of them are new."""

    path: Path
    reshape: Reshape
    added: int


async def write_suggestions(
    project: Project, sources: Mapping[str, Endpoint], *, overwrite: bool = False, seconds: float = TIMEOUT
) -> Written:
    """Write the suggestions for all schemas of a project beside its file, with the answers that stand there.

    ``overwrite`` forgets those. Raises SourceError, and ConfigurationError where the file can't be read or written.
    """
    path = file.beside(project.path)
    former = "" if overwrite or not path.exists() else _text_of(path)
    before = file.parse(former, path) if former else Reshape()
    suggestions = await find_suggestions(project, sources, seconds=seconds)
    write_whole(path, text.text(suggestions, before, former))
    written = file.read(path)
    return Written(path, written, len(written.entries.keys() - before.entries.keys()))


async def find_suggestions(
    project: Project, sources: Mapping[str, Endpoint], *, seconds: float = TIMEOUT
) -> Suggestions:
    """Return what could be better about the schemas of a project. Raises SourceError."""
    async with SessionPool() as sessions:
        looked = await limited(
            [_of_source(sessions, sources[one.source], one, project.timezone, seconds) for one in project.schemas],
            AT_ONCE,
        )
        schemas = [schema for schema, _ in looked]
        copies, unlike = await suggest_copies(sessions, schemas, seconds)
        likely = {(entry.service, entry.table) for entry in copies}
        guessed = await guess_parents(sessions, schemas, likely, seconds)
        references, poor = await suggest_references(sessions, schemas, likely, seconds, guessed)
    parents = {
        (schema.service, table): above
        for schema in schemas
        for table, (above, _) in schema.facts.inherited.items()
        if table in schema.tables
    }
    own = [entry for _, found in looked for entry in found.entries]
    headlines = [headline for _, found in looked for headline in found.headlines]
    return Suggestions([*own, *references, *copies], [*headlines, *poor, *unlike], parents)


# --- private -----------------------------------------------------------------------------------------------------


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "--overwrite writes it anew, without what stands in it"
        raise ConfigurationError(f"can't read {path}: {type(error).__name__}", hint=hint) from None


async def _of_source(
    sessions: SessionPool, endpoint: Endpoint, lifted: LiftedSchema, timezone: str, seconds: float
) -> tuple[SourceSchema, Suggestions]:
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't look at its schema and data"):
            async with connection.transaction():
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                facts = await perform_async(connection, read_facts(lifted.source_schema, sizes=True))
                tables = [
                    name for name in facts.tables if _comes_along(name, lifted) and facts.tables[name].kind != "f"
                ]
                schema = SourceSchema(lifted.service, endpoint, facts, tuple(tables))
                scans = await _scans(connection, schema, seconds)
    if not facts.tables:
        raise SourceError(
            f"the schema {lifted.source_schema} of {lifted.source} has no table",
            hint="correct source_schema of it in lift.toml",
        )
    return schema, _suggest(schema, lifted, scans, timezone)


def _comes_along(table: str, lifted: LiftedSchema) -> bool:
    return table not in lifted.left_behind and table not in BOOKKEEPING


async def _scans(connection: Connection, schema: SourceSchema, seconds: float) -> dict[str, Scan | None]:
    scans: dict[str, Scan | None] = {}
    for name in schema.tables:
        table = schema.facts.tables[name]
        texts, numbers = text_candidates(table, schema.facts), number_candidates(table)
        if texts or numbers:
            scans[name] = await scan(connection, table, texts, numbers, seconds)
    return scans


def _suggest(
    schema: SourceSchema, lifted: LiftedSchema, scans: Mapping[str, Scan | None], timezone: str
) -> Suggestions:
    names, clashes = suggest_names(lifted.service, schema.facts, schema.tables)
    looked = {table: found for table, found in scans.items() if found}
    types, refused = suggest_types(lifted.service, schema.facts, schema.tables, looked, timezone)
    slow = [Headline(lifted.service, table, (TOO_SLOW,)) for table, found in scans.items() if found is None]
    indexes = suggest_indexes(lifted.service, schema.facts, schema.tables)
    left = set(lifted.left_behind)
    entries = [one for one in (*names, *types, *indexes) if f"{one.table}.{one.name}" not in left]
    where = f"from {lifted.source}, into the schema {lifted.schema}"
    return Suggestions(entries, [Headline(lifted.service, "", (where,)), *clashes, *refused, *slow])


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """Return how many entries there are of each kind."""
    found: dict[str, int] = dict.fromkeys(file.KINDS, 0)
    for entry in entries:
        found[entry.kind] += 1
    return found
