"""``python -m payrollx_db``: the command line."""

import os
import sys

# Python puts the working folder before its own modules here, so that any file in it could stand in for one.
if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - sys.path holds text
    del sys.path[0]

from payrollx_db.cli import main

main()
