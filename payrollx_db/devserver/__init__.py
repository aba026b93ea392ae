"""A throw-away Postgres on this machine, and legacy databases to fill it.

Its programs come from a wheel or are the machine's own. It
listens on loopback only, asks for a password, and keeps everything in one folder.
"""

from payrollx_db.devserver.programs import Programs
from payrollx_db.devserver.server import Server, Status, default_data_dir
from payrollx_db.postgres.databases import connect, create_database, database_exists, drop_database, server_version

__all__ = [
    "Programs",
    "Server",
    "Status",
    "connect",
    "create_database",
    "database_exists",
    "default_data_dir",
    "drop_database",
    "server_version",
]
