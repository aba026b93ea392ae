"""All schemas of a project: database by database, each in a transaction of its own, in one session of the target.

While one is made, the next are read.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from threading import Event

from payrollx_db.lift import project as projects
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.schema import source
from payrollx_db.lift.schema import target as target_side
from payrollx_db.lift.schema.ahead import reading_ahead
from payrollx_db.lift.schema.lifting import lift_database
from payrollx_db.lift.schema.model import Move, Observer, Outcome, Roles, ignore_steps
from payrollx_db.lift.schema.source import FindClients
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl


def lift_schemas(
    project: Project, target: DatabaseUrl, services: Iterable[str], environ: Mapping[str, str], find: FindClients,
    observer: Observer = ignore_steps, *, dry_run: bool = False,
) -> Iterator[Outcome]:  # fmt: skip
    """Carry the schemas of these services (none: all) over, and yield what was done for each database.

    A failure leaves what was done for the databases before. Raises as `lift_database`, and ConfigurationError where
    nothing says where a source is.
    """
    sources = projects.endpoints(project, environ)
    into = Endpoint(target, "target", target.dbname)
    roles = Roles(project.name, project.owner_role, project.reader_role)
    groups = [
        [Move(s.source, s.source_schema, s.service, s.schema, s.role, s.left_behind) for s in lifted]
        for lifted in _by_database(project.chosen(services), sources)
    ]
    given_up = Event()
    with target_side.session(into) as session:
        reads = [
            partial(
                source.read, sources[moves[0].source], moves, find,
                target_version=session.info.server_version, given_up=given_up,
            )
            for moves in groups
        ]  # fmt: skip
        with reading_ahead(reads, given_up) as waiting:
            for moves, read in zip(groups, waiting, strict=True):
                observer(moves[0].source, "reading the source's schema")
                with read as origin:
                    outcome = lift_database(origin, into, session, moves, roles, observer, dry_run=dry_run)
                yield outcome


def _by_database(chosen: Iterable[LiftedSchema], sources: Mapping[str, Endpoint]) -> list[list[LiftedSchema]]:
    """Return the schemas grouped by the database that they are in: what they say of each other comes with them."""
    groups: dict[str, list[LiftedSchema]] = {}
    for lifted in chosen:
        groups.setdefault(sources[lifted.source].url.identity, []).append(lifted)
    return list(groups.values())
