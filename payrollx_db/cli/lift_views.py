"""The materialized views of a lift, which are filled when the rows are there."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from payrollx_db.cli.render import console
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.lift.project import Project
from payrollx_db.lift.views import refresh_views


def fill_views(
    lifted: Project, task: Task, run: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run
) -> dict[str, list[str]]:
    """Fill the materialized views of the task's services, say which, and return it for ``--json``.

    ``run`` is who runs coroutines. Raises as `refresh_views`.
    """
    refreshed, empty = run(refresh_views(lifted.chosen(task.services), task.sources, task.target))
    for name in refreshed:
        console.note(f"refreshed the materialized view {name}")
    for name in empty:
        console.warning(f"the materialized view {name} can't be refreshed, and has no rows")
    return {"refreshed": refreshed, "not_refreshed": empty}
