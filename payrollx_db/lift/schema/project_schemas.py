"""All schemas of a project: database by database, each in a transaction of its own."""

from collections.abc import Iterable, Iterator, Mapping

from payrollx_db.lift import project as projects
from payrollx_db.lift.project import LiftedSchema, Project
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
    for lifted in _by_database(project.chosen(services), sources):
        moves = [Move(s.source, s.source_schema, s.service, s.schema, s.role, s.left_behind) for s in lifted]
        yield lift_database(sources[lifted[0].source], into, moves, roles, find, observer, dry_run=dry_run)


def _by_database(chosen: Iterable[LiftedSchema], sources: Mapping[str, Endpoint]) -> list[list[LiftedSchema]]:
    """Return the schemas grouped by the database that they are in: what they say of each other comes with them."""
    groups: dict[str, list[LiftedSchema]] = {}
    for lifted in chosen:
        groups.setdefault(sources[lifted.source].url.identity, []).append(lifted)
    return list(groups.values())
