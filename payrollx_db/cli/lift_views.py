"""The materialized views of a lift, which are filled when the rows are there."""

from pathlib import Path

from payrollx_db.cli.render import console
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.lift import project
from payrollx_db.lift.views import refresh_views


async def fill_views(task: Task) -> dict[str, list[str]]:
    """Fill the materialized views of the services of a lift's task, say which, and return it for ``--json``.

    Raises as `refresh_views`.
    """
    lifted = project.read(Path(task.catalog.option or ""))
    refreshed, empty = await refresh_views(lifted.chosen(task.services), task.sources, task.target)
    for name in refreshed:
        console.note(f"refreshed the materialized view {name}")
    for name in empty:
        console.warning(f"the materialized view {name} can't be refreshed, and has no rows")
    return {"refreshed": refreshed, "not_refreshed": empty}
