"""The story of ``check --online``: ask each server, judge what it says, and answer database by database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from psycopg import sql

from payrollx_db.consolidate.check.online.facts import OnlineFacts, fetch_online_facts
from payrollx_db.consolidate.check.online.maps import flow_obstacles, policy_obstacles
from payrollx_db.consolidate.check.online.probe import refused_replication
from payrollx_db.consolidate.check.online.readiness import ABILITIES, Ability, Judge, Obstacle, OnlineCheck
from payrollx_db.consolidate.check.online.servers import COLUMN_LISTS_SINCE, Needs, ServerJudge
from payrollx_db.consolidate.check.online.tables import TablesJudge
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

TARGET = ""  # no legacy database is called so
AT_ONCE = 4  # databases that are asked at the same time
FOLLOW: tuple[Ability, ...] = ("follow",)
REVERSE: tuple[Ability, ...] = ("reverse",)

Obstacles = Iterator[Obstacle]


async def examine(
    context: Context, plan: Plan, there: Iterable[Finding] = (), back: Iterable[Finding] = ()
) -> OnlineCheck:
    """Say what of follow, fence and reverse is possible with each legacy database. Changes nothing.

    ``there`` and ``back`` are what keeps tables out of the flows of either direction. Raises SourceError or TargetError
    where a catalog can't be read.
    """
    # What is made on the target for the way back is the login's, not that of the role that owns the tables.
    names, target = tuple(plan.sources), context.target_as_given
    sides = {**{name: context.sources[name] for name in names}, TARGET: target}
    tables = {**{name: followed_tables(plan, name) for name in names}, TARGET: {t.target.oid for t in plan.copies}}
    work = [fetch_online_facts(context.sessions, endpoint, tables[name]) for name, endpoint in sides.items()]
    facts = dict(zip(sides, await limited(work, AT_ONCE), strict=True))
    probes = [refused_replication(endpoint) for endpoint in sides.values()]
    refusals = dict(zip(sides, await limited(probes, AT_ONCE), strict=True))
    followed = await _followed(context)
    obstacles = list(policy_obstacles(plan, context.policies))
    for name in names:
        obstacles += _of_source(plan, name, facts[name], refusals[name], ours=name in followed)
    obstacles += _of_target(plan, target.name, facts[TARGET], refusals[TARGET], ours=bool(followed))
    obstacles += list(flow_obstacles(plan, target.name, there, "follow", obstacles))
    obstacles += list(flow_obstacles(plan, target.name, back, "reverse", obstacles))
    obstacles += _in_common(plan, facts)
    return OnlineCheck(names, target.name, tuple(obstacles))


def followed_tables(plan: Plan, name: str) -> set[int]:
    """Return the oids of a legacy database's tables whose changes count: mapped, duplicate, or looked up."""
    planned = [table for table in plan.tables if table.database == name]
    return {t.source.oid for t in planned} | {joined.oid for t in planned for joined in t.lookups.values()}


def _of_source(plan: Plan, name: str, facts: OnlineFacts, refused: str, *, ours: bool) -> Obstacles:
    judge = Judge(name)
    if name in plan.poolers:
        yield _pooler(judge, plan.poolers[name])
        return
    database = plan.sources[name]
    yield from _of_server(
        ServerJudge(database, facts, Needs(_followed_on(plan, database.system)), judge, FOLLOW, ours), refused
    )
    yield from TablesJudge(facts, judge, FOLLOW, REVERSE).obstacles()


def _of_target(plan: Plan, name: str, facts: OnlineFacts, refused: str, *, ours: bool) -> Obstacles:
    """Judge the target, whose log the way back takes."""
    judge = Judge(name, REVERSE)
    if plan.target.pooler:
        yield _pooler(Judge(name), plan.target.pooler)
        return
    needs = Needs(_followed_on(plan, plan.target.system), len(plan.sources))
    yield from _of_server(ServerJudge(plan.target, facts, needs, judge, REVERSE, ours), refused)
    yield from TablesJudge(facts, judge, REVERSE, ()).obstacles()


def _of_server(server: ServerJudge, refused: str) -> Obstacles:
    obstacles = list(server.obstacles())
    yield from obstacles
    if refused and not any(o.finding.code in ("replication-role", "wal-senders", "standby") for o in obstacles):
        message = (
            f"a session that streams the log is refused (SQLSTATE {refused}: {sqlstates.words(refused)}), though an"
            " ordinary one is let in"
        )
        remedy = (
            "let the login in for it: the same lines of pg_hba.conf count as for ordinary sessions with this database,"
            " not those for replication; and give the URL of the server itself where something stands before it"
        )
        yield server.judge.obstacle("replication-login", "block", server.streams, message, remedy=remedy)


def _pooler(judge: Judge, place: str) -> Obstacle:
    message = f"a pooler stands before it at {place}: the log is streamed, and locks are held, in sessions of one's own"
    return judge.obstacle("pooler", "block", ABILITIES, message, remedy="give the URL of the server itself")


def _followed_on(plan: Plan, system: str) -> int:
    return sum(database.system == system for database in plan.sources.values())


def _in_common(plan: Plan, facts: Mapping[str, OnlineFacts]) -> Obstacles:
    """Yield what is to know of each database, whatever its state."""
    by_server: dict[str, list[str]] = defaultdict(list)
    for name, database in plan.sources.items():
        by_server[database.system].append(name)
    for names in by_server.values():
        if len(names) > 1:
            message = f"{len(names)} databases of one server: each slot decodes what all databases of it write"
            yield Judge(names[0]).obstacle("shared-server", "info", FOLLOW, message, things=names)
    for name in plan.sources:
        if facts[name].server.major < COLUMN_LISTS_SINCE:
            message = "before Postgres 15 a publication has no column list: whole rows are sent, and the keys read"
            yield Judge(name).obstacle("whole-rows", "info", FOLLOW, message)
        message = "while it is followed, migrations of it stand still: a table that changes its shape stops following"
        yield Judge(name).obstacle("frozen", "info", FOLLOW, message)


async def _followed(context: Context) -> set[str]:
    """Return the databases that the state in the target says are followed."""
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read which databases are followed"):
            ((there,),) = await run(connection, sql.SQL("SELECT pg_catalog.to_regclass('payrollx_meta.flows')"))
            if there is None:
                return set()
            return {name for (name,) in await run(connection, sql.SQL(queries.load("followed")))}
