"""Whether a login is let in to stream the log at all: what stands between (pg_hba, a pooler, a proxy) may not let it.

The session is opened and closed; nothing is asked of it, and nothing is made.
"""

from payrollx_db.errors import PayrollxError, PooledError
from payrollx_db.postgres.replication.connection import REFUSED_PARAMETER, connect_replication
from payrollx_db.postgres.session import Endpoint

NO_ANSWER = "08006"


async def refused_replication(endpoint: Endpoint) -> str:
    """Return the SQLSTATE with which a session that could stream the log is refused; empty where it is let in."""
    try:
        connection = await connect_replication(endpoint)
    except PooledError:
        return REFUSED_PARAMETER
    except PayrollxError as error:
        return error.sqlstate or NO_ANSWER
    await connection.close()
    return ""
