"""``python -m payrollx_db``: the command line."""

from payrollx_db.cli import main

main()
