"""What a block does in the check's session is undone at its end: its tables go, and so do the locks on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

UNDO = "ROLLBACK TO SAVEPOINT payrollx_check; RELEASE SAVEPOINT payrollx_check"


@asynccontextmanager
async def undone(session: Any) -> AsyncIterator[None]:
    """Undo what the block does in the transaction of ``session``, an asyncpg one, whatever comes of it."""
    await session.execute("SAVEPOINT payrollx_check")
    try:
        yield
    except asyncpg.PostgresError:
        await session.execute(UNDO)
        raise
    await session.execute(UNDO)
