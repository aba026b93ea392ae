"""The end of it: what was made on the databases goes, and the legacy ones are left as they are, closed.

Each piece is removed by itself, and what can't be is named; the next call removes the rest.
"""

from collections.abc import Awaitable, Callable, Sequence

from psycopg import sql

from payrollx_db.consolidate.cutover.lines import Line, fenced_target
from payrollx_db.consolidate.cutover.preparing import remove_gates
from payrollx_db.consolidate.cutover.switching import Switching
from payrollx_db.consolidate.follow import back_ledger
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.gate import SOURCE_SCHEMA
from payrollx_db.consolidate.state.switches import COMPLETE, OPEN
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.session import run, session

OURS_LEFT = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = n.oid)
       OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid)
FROM pg_catalog.pg_namespace AS n WHERE n.nspname = {}
"""


async def end_for_good(switching: Switching, before: Sequence[str], *, unfence: bool) -> list[str]:
    """Remove what was made for these lines, and record that they are complete; return what could not be removed.

    They are complete where nothing was left ``before`` either. Raises TargetError where that can't be recorded.
    """
    left: list[str] = []
    for line in switching.lines:
        left += await _trying(lambda line=line: _end_source(line, unfence=unfence))  # type: ignore[misc]
    target = fenced_target(switching.context.target, switching.lines)
    left += await _trying(lambda: remove_gates(target))
    done = not (left or before)
    await switching.record(COMPLETE if done else OPEN, "completed" if done else "completing", durable=True)
    return left


async def _end_source(line: Line, *, unfence: bool) -> None:
    """Remove the place of the way back from one legacy database, and with ``unfence`` its gate, too."""
    endpoint = line.fenced().writing
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't remove what was made there"):
            async with connection.transaction():
                await back_ledger.forget_place(connection, line.database)
            if unfence:
                await run(connection, line.source_gate.open())
                async with connection.transaction():
                    await gates.remove(connection, line.source_gate)
            rows = await run(connection, sql.SQL(OURS_LEFT).format(sql.Literal(SOURCE_SCHEMA)))
            if rows and not rows[0][0]:
                await run(connection, sql.SQL("DROP SCHEMA {}").format(sql.Identifier(SOURCE_SCHEMA)))


async def _trying(work: Callable[[], Awaitable[None]]) -> list[str]:
    try:
        await work()
    except PayrollxError as error:
        return [str(error)]
    return []
