"""Many small pairs of sides at once: one query a side says of all of them how many rows there are, and their sum.

Where both say the same of a pair, it is identical, as `compare` would find it with more round trips. Of others this
says nothing: which rows differ takes their buckets.
"""

from collections.abc import Sequence

from psycopg import sql

from payrollx_db.errors import FindingsError, SourceError, TargetError
from payrollx_db.postgres.compare import Bucket, Comparison, alike, read
from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.sides import Side


async def compare_many(sessions: SessionPool, pairs: Sequence[tuple[Side, Side]]) -> list[Comparison | None]:
    """Compare pairs whose left sides are all in one place, and whose right sides are; ``None`` where one differs.

    All of them are ``None`` where something keeps them from being read, which then shows at the pair that it is of.
    Raises SourceError or TargetError where a session is lost.
    """
    try:
        lefts, rights = await together(
            [_totals(sessions, [left for left, _ in pairs]), _totals(sessions, [right for _, right in pairs])]
        )
    except (FindingsError, SourceError, TargetError) as error:
        if error.transient:
            raise
        return [None] * len(pairs)
    return [alike(left) if left == right else None for left, right in zip(lefts, rights, strict=True)]


async def _totals(sessions: SessionPool, sides: Sequence[Side]) -> list[Bucket]:
    query = sql.SQL(" UNION ALL ").join(side.total(number) for number, side in enumerate(sides))
    # Where one is to be read without its indexes, all are.
    side = next((side for side in sides if not side.by_index), sides[0])
    rows = await read(sessions, side, query, "can't hash the rows of several tables")
    totals: dict[int, Bucket] = {number: (count, total or "") for number, count, total in rows}
    return [totals[number] for number in range(len(sides))]
