"""``payrollx-db lift --server … --databases … --to …``: all of a lift in one command."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from payrollx_db.cli.lift_init import find, show
from payrollx_db.cli.lift_schema import find_clients, raise_failures
from payrollx_db.cli.lift_views import fill_views
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, runs
from payrollx_db.cli.render import lifts as render
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.endpoints import COMMON, variable
from payrollx_db.consolidate.pipeline import Report, Task
from payrollx_db.consolidate.verify.verifier import Verdict
from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import catalog as catalogs
from payrollx_db.lift import discovery, project
from payrollx_db.lift.discovery import Reached
from payrollx_db.lift.plan import planner
from payrollx_db.lift.plan.planner import LiftPlan
from payrollx_db.lift.project import Project
from payrollx_db.lift.schema.model import Outcome
from payrollx_db.lift.schema.project_schemas import lift_schemas
from payrollx_db.postgres.concurrency import answer_of
from payrollx_db.postgres.databases import create_if_missing
from payrollx_db.postgres.introspect import KnownCatalogs
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.url import DatabaseUrl

FINDINGS = 3


@dataclass(frozen=True)
class Asked:
    """What a person asked for: where the databases are, which, what they become, and where."""

    server: str | None
    databases: tuple[str, ...]
    sources: tuple[str, ...]
    name: str
    target: DatabaseUrl
    folder: Path
    jobs: int
    as_json: bool


@dataclass
class Done:
    """What was done so far."""

    plan: LiftPlan
    schemas: list[Outcome] = field(default_factory=list)
    report: Report | None = None
    views: Mapping[str, list[str]] = field(default_factory=dict)
    verdict: Verdict | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def nothing_to_do(self) -> bool:
        """Whether all of it was there already."""
        lifted = any(one.changed for outcome in self.schemas for one in outcome.schemas)
        return not lifted and self.report is not None and self.report.nothing_to_do

    @property
    def code(self) -> int:
        """The exit code: 0 where both sides are proven to be identical."""
        return 0 if self.verdict is not None and self.verdict.identical else FINDINGS

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "file": str(self.plan.project.path),
            "plan": render.plan_document(self.plan),
            "schemas": [one.document() for outcome in self.schemas for one in outcome.schemas],
            "copy": self.report.document() if self.report else None,
            "materialized_views": self.views,
            "verify": self.verdict.document() if self.verdict else None,
            "nothing_to_do": self.nothing_to_do,
            "seconds": {step: round(seconds, 3) for step, seconds in self.seconds.items()},
        }

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Note how long the step takes that the block is."""
        started = time.monotonic()
        yield
        self.seconds[step] = time.monotonic() - started


@dataclass(frozen=True)
class Steps:
    """What all steps have together: sessions, the databases that they reach and have read, and who runs coroutines."""

    reached: Reached
    catalogs: KnownCatalogs
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    @classmethod
    @contextmanager
    def begin(cls) -> "Iterator[Steps]":
        """Yield them; at the end of the block, the sessions are closed."""
        with asyncio.Runner() as runner:
            sessions = SessionPool()
            try:
                yield cls(Reached(sessions), KnownCatalogs(), partial(answer_of, run=runner.run))
            finally:
                runner.run(sessions.close())


@dataclass(frozen=True)
class Endpoints:
    """Both sides, each reached in one place by all steps."""

    sources: Mapping[str, Endpoint]
    target: Endpoint


def lift_all(asked: Asked) -> int:
    """Find, plan, make the schemas, copy and verify; return the exit code. What was done before isn't done again.

    Raises what the steps raise. An interruption or a failure leaves each step whole, and the same call goes on.
    """
    with Steps.begin() as steps:
        lifted = _project(asked, steps)
        environ = _environ(asked, lifted)
        if create_if_missing(asked.target):
            console.note(f"made the database {asked.target.dbname}")
        known = project.endpoints(lifted, environ)
        sources = {name: steps.reached.again(endpoint) for name, endpoint in known.items()}
        ends = Endpoints(sources, Endpoint(asked.target, "target", asked.target.dbname).placed())
        done = _plan(lifted, ends, steps)
        if not asked.as_json and (done.plan.findings or done.plan.blocks):
            render.show_plan(done.plan, hint=False)
        if not done.plan.blocks:
            _carry_over(asked, lifted, environ, ends, steps, done)
    if asked.as_json:
        console.answer_json(done.document())
    elif done.report is not None and done.verdict is not None:
        _show_account(done, done.report, done.verdict)
    return done.code


# --- private -----------------------------------------------------------------------------------------------------


def _project(asked: Asked, steps: Steps) -> Project:
    """Return the project of these databases: that of the folder, or a new one, which is written there.

    Raises ConfigurationError where the folder's is of other databases.
    """
    file = asked.folder / project.FILE
    asked.folder.mkdir(parents=True, exist_ok=True)
    lifted, found, renamed = find(
        asked.server, asked.databases, asked.sources, asked.name, file, steps.run, steps.reached
    )
    if file.exists():
        known = project.read(file)
        places = {(source.database, source.source_schema) for source in known.schemas}
        if missing := sorted({(s.database, s.source_schema) for s in lifted.schemas} - places):
            raise ConfigurationError(
                f"{file} is there already, and doesn't have all that is asked for",
                details=tuple(f"database {database}, schema {schema}" for database, schema in missing),
                hint=f"add them there and call {known.command('lift plan')}, or name another folder with --dir",
            )
        return known
    project.write(lifted)
    if not asked.as_json:
        show(lifted, found, renamed)
    console.note(f"wrote {file}")
    return lifted


def _environ(asked: Asked, lifted: Project) -> Mapping[str, str]:
    """Return the environment with the URLs of the command line, which win, and have the passwords."""
    environ = dict(os.environ)
    named = discovery.parse_sources(asked.sources, os.environ)
    for source in lifted.schemas:
        own = variable(lifted.variables[source.source])
        given = named.get(source.source) or named.get(source.source.removesuffix(f".{source.source_schema}"))
        if given is not None:
            environ[own] = given.plain
        elif asked.databases and not source.url:
            environ.pop(own, None)
    if asked.server and asked.databases:
        environ[COMMON] = asked.server
    return environ


def _plan(lifted: Project, ends: Endpoints, steps: Steps) -> Done:
    started = time.monotonic()
    with showing() as observer:
        plan = planner.plan(
            lifted, ends.sources, ends.target, observer=observer, shared=steps.reached.sessions,
            catalogs=steps.catalogs,
        )  # fmt: skip
        done = Done(steps.run(plan))
    done.seconds["plan"] = time.monotonic() - started
    return done


def _carry_over(
    asked: Asked, lifted: Project, environ: Mapping[str, str], ends: Endpoints, steps: Steps, done: Done
) -> None:
    """Make the schemas, copy the rows and verify both."""
    with done.timing("schemas"):
        for outcome in lift_schemas(lifted, asked.target, (), environ, find_clients, _note):
            done.schemas.append(outcome)
            for one in outcome.schemas:
                for note in one.notes:
                    console.warning(f"{one.move.schema}: {note}")
    raise_failures(done.schemas)
    known = catalogs.load(lifted.path)
    with showing() as observer:
        task = Task(
            known.catalog, known.layout, ends.sources, ends.target, jobs=asked.jobs, observer=observer,
            sessions=steps.reached.sessions, catalogs=steps.catalogs,
        )  # fmt: skip
        with done.timing("copy"):
            done.report = steps.run(pipeline.copy(task))
            done.views = steps.run(fill_views(task))
        with done.timing("verify"):
            done.verdict = steps.run(pipeline.verify(task))


def _show_account(done: Done, report: Report, verdict: Verdict) -> None:
    runs.show_report(report)
    runs.show_verdict(verdict)
    if done.nothing_to_do:
        console.answer("nothing to do: all of it was lifted before")
    elif verdict.identical:
        command = done.plan.project.command
        console.note(f"hint: {command('report --html report.html')} writes the page to sign, with DATABASE_URL set")


def _note(source: str, step: str) -> None:
    console.note(f"{source}: {step}")
