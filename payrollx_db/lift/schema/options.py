"""Options of columns that only the source's server knows: some servers of vendors keep marks of their own there.

pg_dump writes them as it writes any option, and another server refuses them. Where the target doesn't know one, the
dump's statements that set options of columns stay out, and those options that every Postgres knows are set by our own.
"""

import re
from collections.abc import Iterable, Iterator

from psycopg import sql

from payrollx_db.backup.dump import NAME
from payrollx_db.errors import PayrollxError
from payrollx_db.lift.schema.target import Target

SETS_OPTIONS = re.compile(rf"ALTER TABLE ONLY {NAME}\.{NAME} ALTER COLUMN {NAME} SET \(")
UNKNOWN = "22023"
PROBE = sql.Identifier("pg_temp", "payrollx_probe")


def unknown(target: Target, names: Iterable[str]) -> list[str]:
    """Return those of these options of columns that the target's server doesn't know."""
    return [name for name in names if not _is_known(target, name)]


def replaced(statements: Iterable[str], own: Iterable[str]) -> Iterator[str]:
    """Yield the statements without those that set options of columns, and then our own."""
    yield from (statement for statement in statements if not SETS_OPTIONS.match(statement))
    yield from own


def _is_known(target: Target, name: str) -> bool:
    statement = sql.SQL("CREATE TEMPORARY TABLE {} (probe integer); ALTER TABLE {} ALTER probe SET ({} = 0)")
    count = len(target.statements)
    try:
        with target.connection.transaction(force_rollback=True):
            target.change(statement.format(PROBE, PROBE, sql.Identifier(name)), "can't ask for an option")
    except PayrollxError as error:
        if error.sqlstate != UNKNOWN:
            raise
        return False
    finally:
        del target.statements[count:]
    return True
