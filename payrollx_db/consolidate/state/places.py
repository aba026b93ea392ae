"""Where a run was at work: recorded when it begins and each time it is resumed, and compared before it is resumed.

A clone of a server has all that the original has, the records of its runs too. To go on there, or to go on from there,
would mix the rows of two databases.
"""

import json
from collections.abc import Collection, Mapping

from payrollx_db.consolidate.state.runs import Run
from payrollx_db.errors import StateConflictError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.identity import Identity
from payrollx_db.postgres.session import Connection, Endpoint

queries = query_files.beside(__name__)

TARGET = "target"


async def record_places(connection: Connection, run: int, sources: Mapping[str, Endpoint], target: Endpoint) -> None:
    """Record, in the current transaction, where the run's newest attempt is at work."""
    for name, endpoint in sources.items():
        place = {"run": run, "database": name, "place": _document(endpoint), "url": endpoint.resolved.masked}
        await connection.execute(queries.load("record_source_place"), place)
    await connection.execute(queries.load("record_target_place"), {"run": run, "place": _document(target)})


async def refuse_other_places(
    connection: Connection, run: Run, endpoints: Mapping[str, Endpoint], same: Collection[str], *, clones: bool = False
) -> None:
    """Raise StateConflictError where one of ``endpoints`` isn't shown to be the database that the run was with.

    They are by their layout names, and ``target``. Of those in ``same`` a person has said that they are. ``clones`` is
    to let others pass that nobody takes for the same by mistake: of another system identifier or object id.
    """
    cursor = await connection.execute(queries.load("recorded_places"), {"run": run.id, "target": TARGET})
    for name, document, url in await cursor.fetchall():
        endpoint = endpoints.get(name)
        identity = endpoint.place.identity if endpoint and endpoint.place else None
        if not (endpoint and document and identity) or name in same:
            continue
        recorded = Identity.of_document(document)
        if clones and not recorded.is_alike(identity):
            continue
        if differences := recorded.differences(identity):
            here = f"the one at {endpoint.resolved.masked}"
            message = f"run {run.id} was at work with another {_described(name)} than {here}, as far as can be told"
            if name != TARGET and not recorded.is_alike(identity):
                message = f"run {run.id} was started from another database as {name} than {here}"
            raise StateConflictError(
                f"{message}: it was at {url}",
                details=tuple(differences),
                hint=f"give the URL of the one that it was with; where this is that same one, moved or promoted,"
                f" say so by --same-server {name}; to begin anew with this one: payrollx-db copy --restart",
            )


def _described(name: str) -> str:
    return TARGET if name == TARGET else f"source {name}"


def _document(endpoint: Endpoint) -> str | None:
    identity = endpoint.place.identity if endpoint.place else None
    return json.dumps(identity.document()) if identity else None
