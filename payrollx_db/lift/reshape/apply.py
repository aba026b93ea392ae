"""The story of `lift reshape --apply`: what a person has taken, done to the empty schemas.

Each service is one transaction, and what goes from one service to another is one more, after them. In each, either
everything holds or nothing: all that the server refuses is found and named, each by itself, and where there is any, the
whole transaction is rolled back. So the file always says what is so. What is done already is left alone, so that the
same command goes on after a correction.
"""

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

from payrollx_db.errors import ConfigurationError, StateConflictError, TargetError
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.lift.reshape import between
from payrollx_db.lift.reshape.current import Current
from payrollx_db.lift.reshape.facts import read_facts
from payrollx_db.lift.reshape.file import Reshape
from payrollx_db.lift.reshape.renaming import index_steps, rename_steps
from payrollx_db.lift.reshape.retyping import Retyping
from payrollx_db.lift.reshape.steps import Stage, Step
from payrollx_db.postgres.introspect import Table, read_tables
from payrollx_db.postgres.session import Connection, Endpoint, run, session
from payrollx_db.postgres.steps import perform_async

SHOWN = 5  # tables named in a message


async def apply(
    project: Project, reshape: Reshape, target: Endpoint, *, services: Iterable[str] = (), dry_run: bool = False
) -> list[Stage]:
    """Do what is taken of ``services`` (none: of all that are lifted); a dry run takes all of it back at the end.

    Returns what each transaction did, or why it did nothing. Raises ConfigurationError where nothing is taken or a
    service isn't there, TargetError where it isn't lifted or can't be written, and StateConflictError where rows are
    in its tables.
    """
    chosen = project.chosen(services)
    if not reshape.taken:
        raise ConfigurationError(
            f"nothing is taken in {reshape.path or 'reshape.toml'}",
            hint='write take = "yes" in the lines that you want, or "yes" for a kind in [take]',
        )
    async with session(target) as connection:
        with target.translating_errors("can't reshape the lifted schemas"):
            async with connection.transaction(force_rollback=dry_run):
                if dry_run:
                    return await _stages(connection, target, project, reshape, chosen)
            return await _stages(connection, target, project, reshape, chosen)


# --- private -----------------------------------------------------------------------------------------------------


async def _stages(
    connection: Connection, target: Endpoint, project: Project, reshape: Reshape, chosen: Sequence[LiftedSchema]
) -> list[Stage]:
    lifted = [one for one in chosen if await _is_lifted(connection, one)]
    if not lifted:
        raise TargetError(
            f"{target.url.masked} has none of the lifted schemas", hint=f"{project.command('lift schema')} makes them"
        )
    tables = await perform_async(connection, read_tables([one.schema for one in lifted]))
    await _refuse_rows(connection, target, tables.values())  # before one service is done and the next is not
    stages = [await _service(connection, target, project, reshape, one) for one in lifted]
    if any(entry.section in ("copy", "references") for entry in reshape.taken):
        stages.append(await _between(connection, target, reshape, lifted, stages))
    return stages


async def _is_lifted(connection: Connection, lifted: LiftedSchema) -> bool:
    query = sql.SQL("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = {})")
    ((found,),) = await run(connection, query.format(sql.Literal(lifted.schema)))
    return bool(found)


async def _service(
    connection: Connection, target: Endpoint, project: Project, reshape: Reshape, lifted: LiftedSchema
) -> Stage:
    stage = Stage(lifted.service)
    async with connection.transaction() as transaction:
        current = await _current(connection, reshape, lifted)
        await _lock_empty(connection, target, current)
        retyping = Retyping(current, project.timezone)
        await stage.run(connection, target, index_steps(current, stage))
        await retyping.prepare(connection, stage)
        # What comes after a step that was refused could fail for that alone, and would say so.
        retyped = await stage.run(connection, target, retyping.before)
        retyped = retyped and await stage.run(connection, target, await retyping.steps(connection))
        if retyped:
            await stage.run(connection, target, retyping.after)
        await stage.run(connection, target, rename_steps(current, stage))
        if stage.refusals:
            raise psycopg.Rollback(transaction)
    return stage


async def _between(
    connection: Connection, target: Endpoint, reshape: Reshape, lifted: Sequence[LiftedSchema], before: Sequence[Stage]
) -> Stage:
    stage = Stage("")
    if refused := [one.name for one in before if one.refusals]:
        stage.skipped.append(f"references and copies: {', '.join(refused)} comes first")
        return stage
    async with connection.transaction() as transaction:
        services = {one.service: await _current(connection, reshape, one) for one in lifted}
        for steps in (between.copy_steps, between.reference_steps):
            taken: list[Step] = list(steps(services, reshape, stage))
            concerned = {step.entry.service for step in taken if step.entry}
            for name in sorted(concerned):
                await _lock_empty(connection, target, services[name])
            await stage.run(connection, target, taken)
            # A copy that is gone takes its foreign keys along.
            services = {one.service: await _current(connection, reshape, one) for one in lifted}
        if stage.refusals:
            raise psycopg.Rollback(transaction)
    return stage


async def _current(connection: Connection, reshape: Reshape, lifted: LiftedSchema) -> Current:
    facts = await perform_async(connection, read_facts(lifted.schema, reached=True))
    return Current(lifted.service, facts, reshape)


async def _lock_empty(connection: Connection, target: Endpoint, current: Current) -> None:
    """Keep everybody away from the schema's tables until the transaction ends. Raises where rows are in them."""
    tables = list(current.facts.tables.values())
    await _refuse_rows(connection, target, tables)  # whoever uses tables with rows is not made to wait
    if names := [table.identifier for table in tables if table.kind != "f"]:
        lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")
        await connection.execute(lock.format(sql.SQL(", ").join(names)))
        await _refuse_rows(connection, target, tables)


async def _refuse_rows(connection: Connection, target: Endpoint, tables: Iterable[Table]) -> None:
    filled = await _filled(connection, [table for table in tables if table.kind != "f"])
    if filled:
        shown = ", ".join(filled[:SHOWN]) + (f" and {len(filled) - SHOWN} more" if len(filled) > SHOWN else "")
        raise StateConflictError(
            f"{target.url.masked}: rows are in {shown}, and only empty tables are reshaped",
            hint="reshape before the rows come; or undo their copy, or lift the schema anew",
        )


async def _filled(connection: Connection, tables: Sequence[Table]) -> list[str]:
    parts = (
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table.full_name), table.identifier)
        for table in tables
    )
    query = sql.SQL(" UNION ALL ").join(parts)
    return [name for (name,) in await run(connection, query)] if tables else []
