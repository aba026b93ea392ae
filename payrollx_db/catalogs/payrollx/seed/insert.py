"""PayrollX's seed: the rows as `payrollx_db.schema.seed` writes them, and the users whom it must not meet."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, inspect, select

from payrollx_db.catalogs.payrollx import auth
from payrollx_db.catalogs.payrollx.base import Base
from payrollx_db.catalogs.payrollx.seed.rows import key, rows
from payrollx_db.catalogs.payrollx.seed.world import KNOWN, PASSWORD, PEOPLE
from payrollx_db.model.catalog import Service
from payrollx_db.schema.seed import Seed

CHECKED_BY = "is_password of payrollx_db.catalogs.payrollx.seed.passwords checks it"


def _rows(service: Service) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    yield from ((_table(model), of_it) for model, of_it in rows(service.name))


def _other_users(opened: Connection, service: Service) -> str:
    """Say whether the database holds users of somebody's, next to whom logins that everyone knows would stand."""
    if service.name != auth.service.name:
        return ""
    users = _table(auth.User)
    ours = [key("user", person.email) for person in PEOPLE]
    other = opened.execute(select(users.c.id).where(users.c.id.not_in(ours)).limit(1)).first()
    return "other users than the seed's, whose password everyone knows" if other else ""


def _table(model: type[Base]) -> Table:
    table = inspect(model).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is mapped to no table")
    return table


SEED = Seed(
    _rows,
    tuple({"email": p.email, "role": p.role, "organization": p.company} for p in PEOPLE if p.email in KNOWN),
    PASSWORD,
    f"the password of all {len(PEOPLE)} users is {PASSWORD}; {CHECKED_BY}",
    _other_users,
)
