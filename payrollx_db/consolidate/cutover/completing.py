"""The end of it: what was made on the databases goes, and the legacy ones are left as they are, closed.

Each piece is removed by itself, and what can't be is named; the next call removes the rest.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.cutover.lines import Line, fenced_target
from payrollx_db.consolidate.cutover.preparing import remove_gates
from payrollx_db.consolidate.cutover.switching import Switching
from payrollx_db.consolidate.follow import back_ledger
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.gate import SOURCE_SCHEMA
from payrollx_db.consolidate.state.flows import flows
from payrollx_db.consolidate.state.stuck import stuck_counts
from payrollx_db.consolidate.state.switches import COMPLETE, OPEN, Switch, record
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.session import run, session

COMPLETING = "completing"
Accounts = dict[str, Mapping[str, Any]]  # what is recorded of each legacy database

OURS_LEFT = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = n.oid)
       OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid)
FROM pg_catalog.pg_namespace AS n WHERE n.nspname = {}
"""


async def end_for_good(switching: Switching, before: Sequence[str], accounts: Accounts, *, unfence: bool) -> list[str]:
    """Remove what was made for these lines, and record that they are complete; return what could not be removed.

    They are complete where nothing was left ``before`` either. Raises TargetError where that can't be recorded.
    """
    left: list[str] = []
    for line in switching.lines:
        left += await _trying(lambda line=line: _end_source(line, unfence=unfence))  # type: ignore[misc]
    target = fenced_target(switching.context.target, switching.lines)
    left += await _trying(lambda: remove_gates(target))
    done = not (left or before)
    await _record(switching, accounts, COMPLETE if done else OPEN, "completed" if done else COMPLETING)
    return left


async def record_accounts(switching: Switching, known: Mapping[str, Switch]) -> Accounts:
    """Record what the flows back have done before they are dropped, by database, and return it.

    What an earlier call that was cut off has recorded stays. Raises TargetError.
    """
    context = switching.context
    with context.target.translating_errors("can't read what has gone back"):
        keys = {flow.database: flow.keys for flow in await flows(context.connection, "back")}
        stuck = await stuck_counts(context.connection)
    accounts: Accounts = {
        name: known[name].facts
        if known[name].step == COMPLETING or known[name].stage == COMPLETE
        else {"keys_back": keys.get(name, 0), "stuck": stuck.get(name, {})}
        for name in switching.names
    }
    await _record(switching, {n: a for n, a in accounts.items() if known[n].stage != COMPLETE}, OPEN, COMPLETING)
    return accounts


async def _record(switching: Switching, accounts: Accounts, stage: str, step: str) -> None:
    context = switching.context
    with context.target.translating_errors("can't write the state tables"):
        async with context.transaction() as connection:
            for name, account in accounts.items():
                await record(connection, [name], stage, step, account, durable=True)


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
