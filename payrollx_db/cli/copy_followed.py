"""``payrollx-db copy --follow``: the copy, and then following, in one event loop.

So Ctrl-C is always heard: between two loops the interpreter would raise it wherever it is, and drop it where that is a
callback of its own, such as one that tidies the first loop up. Then it would follow on, and whoever has pressed it
would wait.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from payrollx_db.cli.interruption import Interruption
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Report, Task
from payrollx_db.model.events import Notice, Observer

if TYPE_CHECKING:
    from payrollx_db.consolidate.online import FollowReport


@dataclass
class CopyAndFollowing:
    """What was copied, and what was brought over since, as far as it came."""

    report: Report | None = None
    views: Mapping[str, Any] = field(default_factory=dict)

    def run(
        self, task: Task, most_retained: int | None, *, restart: bool
    ) -> tuple[Report, "FollowReport | None", bool]:
        """Copy, fill the views of a lift, and follow until it is stopped; return what both did, and whether it was
        interrupted.

        Raises KeyboardInterrupt where the copy was, and as `pipeline.copy` and `online.follow`.
        """
        interruption = Interruption(task.observer)

        async def work(observer: Observer, stop: asyncio.Event) -> "FollowReport":
            return await self._work(replace(task, observer=observer), stop, most_retained, restart=restart)

        brought = interruption.run(work)
        if self.report is None:
            raise KeyboardInterrupt
        return self.report, brought, interruption.came

    async def _work(
        self, task: Task, stop: asyncio.Event, most_retained: int | None, *, restart: bool
    ) -> "FollowReport":
        from payrollx_db.consolidate import online

        self.report = await pipeline.copy(task, restart=restart)
        if task.catalog.lifted:
            from payrollx_db.cli.lift_views import fill_views

            self.views = {"materialized_views": await fill_views(task)}
        rows = sum(table.rows_written or 0 for table in self.report.tables)
        text = f"run {self.report.run.id} has copied {rows:,} rows; from here on, what services write is followed"
        task.observer(Notice(text))
        return await online.follow(task, stop=stop, most_retained=most_retained)
