"""``payrollx-db copy --verify``: the copy, and the proof of it in the same sessions."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, runs
from payrollx_db.cli.task import ChosenTenants
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Report, Task
from payrollx_db.consolidate.verify.verifier import Verdict
from payrollx_db.model.events import Observer
from payrollx_db.postgres.concurrency import answer_of

if TYPE_CHECKING:
    from payrollx_db.tenants.consolidating import TenantsTask

FINDINGS = 3


@dataclass
class CopyAndProof:
    """What was copied, and what the proof of it has found, as far as it came."""

    report: Report | None = None
    views: Mapping[str, Any] = field(default_factory=dict)
    verdict: Verdict | None = None

    async def run(self, task: Task, *, restart: bool) -> None:
        """Copy, fill the materialized views of a lift, and verify. Raises as `pipeline.copy_and_verify`."""
        self.verdict = await pipeline.copy_and_verify(task, self._copied, restart=restart)

    async def _copied(self, task: Task, report: Report) -> None:
        self.report = report
        if task.catalog.lifted:
            from payrollx_db.cli.lift_views import fill_views

            self.views = {"materialized_views": await fill_views(task)}

    def answer(self, *, as_json: bool) -> int:
        """Answer with it, and return the exit code: 3 where both sides aren't identical.

        For people, what was copied is shown also where the proof could not be made.
        """
        if as_json and self.report is not None and self.verdict is not None:
            console.answer_json({**self.report.document(), **self.views} | {"verify": self.verdict.document()})
        elif not as_json and self.report is not None:
            runs.show_report(self.report, hint=self.verdict is None)
            if self.verdict is not None:
                console.answer("")
                runs.show_verdict(self.verdict)
        return 0 if self.verdict is not None and self.verdict.identical else FINDINGS


def copy_and_verify(
    make_task: Callable[[Observer], Task],
    tenants: ChosenTenants,
    events: Path | None,
    *,
    restart: bool,
    as_json: bool,
) -> int:
    """Copy and verify, answer, and return the exit code. Raises as `pipeline.copy_and_verify`."""
    done, code = CopyAndProof(), FINDINGS
    try:
        with showing(events) as observer:
            task = make_task(observer)
            if many := tenants.of(task):
                return _copy_and_verify_tenants(many, restart=restart, as_json=as_json)
            asyncio.run(done.run(task, restart=restart))
    finally:
        code = done.answer(as_json=as_json)
    return code


def _copy_and_verify_tenants(many: "TenantsTask", *, restart: bool, as_json: bool) -> int:
    """Copy tenants and verify those that are copied; answer, and return the exit code."""
    from payrollx_db.cli.render.tenants import code_of, show_tenants
    from payrollx_db.tenants import consolidating

    copied, verified = answer_of(consolidating.copy_and_verify(many, restart=restart))
    if as_json:
        proof = verified.document() if verified is not None else None
        console.answer_json(copied.document() | {"verify": proof})
    else:
        show_tenants(copied)
        if verified is not None:
            console.answer("")
            show_tenants(verified)
    return max(code_of(copied), code_of(verified) if verified is not None else 0)
