"""What every command begins with: its sessions, the role that it acts as, and a plan in which nothing is missing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task, plan_with
from payrollx_db.errors import LayoutMismatchError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.blockers import blockers_named
from payrollx_db.postgres.copy_pipe import RateLimit
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool, shared_or_own

INDEX_MEMORY = 256 * 1024 * 1024

queries = query_files.beside(__name__)


@asynccontextmanager
async def opened(task: Task) -> AsyncIterator[Context]:
    """Yield the context of a command; the sessions that it doesn't share are closed at the end of the block.

    An error about a lock says who has it.
    """
    task = task.placed()
    async with blockers_named(task.places), shared_or_own(task.sessions) as sessions:
        yield Context(
            sources=task.sources,
            target=await _as_owner(sessions, task),
            target_as_given=task.target,
            sessions=sessions,
            observer=task.observer,
            jobs=task.jobs,
            rate=RateLimit(task.max_rate) if task.max_rate else None,
            # A lift's triggers are the sources' own: they have fired there, for these very rows.
            without_triggers=task.without_triggers or task.catalog.lifted,
            policies=task.policies,
            following=task.following,
        )


async def planned(context: Context, task: Task) -> Plan:
    """Return the plan. Raises LayoutMismatchError where the layout and the databases disagree."""
    plan = await plan_with(context.sessions, replace(task, sources=context.sources, target=context.target))
    refuse_mismatches(plan)
    return plan


async def _as_owner(sessions: SessionPool, task: Task) -> Endpoint:
    """Return the target with the role that owns its tables, where there is one and the login is in it, and with
    memory enough to build indexes: what the server allows, but no less than INDEX_MEMORY.
    """
    async with sessions.session(task.target) as connection:
        with task.target.translating_errors("can't read its roles and settings"):
            schemas = [service.schema for service in task.catalog.services]
            owner = await run(
                connection,
                sql.SQL(queries.load("acts_as_owner")),
                {"role": task.catalog.owner_role, "schemas": schemas},
            )
            query = sql.SQL("SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem'))")
            memory = (await run(connection, query))[0][0]
    settings = dict(task.target.settings) | {"maintenance_work_mem": f"{max(memory, INDEX_MEMORY) // 1024}kB"}
    if owner:
        settings["role"] = task.catalog.owner_role
    return replace(task.target, settings=settings)


def refuse_mismatches(plan: Plan) -> None:
    """Raise LayoutMismatchError where the layout and the databases disagree (law 2)."""
    if plan.mismatches:
        places = "1 place" if len(plan.mismatches) == 1 else f"{len(plan.mismatches)} places"
        raise LayoutMismatchError(
            f"the legacy databases are not as the layout {plan.layout.name} says, in {places}",
            details=tuple(map(str, plan.mismatches)),
            hint=plan.layout.remedy
            or "map each in the layout, or discard it there with a reason: payrollx-db plan has the lines to paste",
        )
