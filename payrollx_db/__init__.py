"""One Postgres database, one schema a service.

Import a service (``from payrollx_db import auth``) or use the ``payrollx-db`` command. This package
imports none of them itself, so that a process of one service never loads another.
"""

__version__ = "0.1.0"
