"""``python -m payrollx_db`` and ``payrollx-db``: the command line."""

import gc
import os
import sys

from payrollx_db import signals


def main() -> None:
    """Run the command line and exit."""
    signals.leave_at_once()
    # Importing makes a great many objects that stay: looking through them for garbage takes a fifth of the start.
    # The command turns it on again.
    gc.disable()
    from payrollx_db.cli import main as run_command

    run_command()


if __name__ == "__main__":
    # Python puts the working folder before its own modules here, so that any file in it could stand in for one.
    if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - sys.path holds text
        del sys.path[0]
    main()
