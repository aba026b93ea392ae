"""Findings: what was found out about the data when a run began."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.rows import dict_row

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)


async def record_findings(connection: Connection, run: int, findings: Iterable[Mapping[str, Any]]) -> None:
    """Record findings, given as the fields of a Finding; one that is known gets its new count."""
    rows = [{**finding, "run": run, "examples": json.dumps(list(finding["examples"]))} for finding in findings]
    await connection.cursor().executemany(queries.load("record_finding"), rows)


async def findings(connection: Connection, run: int) -> list[dict[str, Any]]:
    """Return the recorded findings of a run, as the fields of a Finding."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(queries.load("findings"), (run,))
    return [{**row, "examples": tuple(row["examples"])} for row in await cursor.fetchall()]
