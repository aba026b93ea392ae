"""The matrix through the facades: every service, every table, every deed, by Python and by raw SQL, by every driver.

`test_walls` has the same matrix for the roles alone. Here each cell goes the way that a service's code goes.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from facades import Home, run
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    delete,
    false,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.sql import Executable

from payrollx_db.errors import BoundaryError
from payrollx_db.facade.facade import Facade
from payrollx_db.unified import CATALOG, SERVICES, metadata

FACADES: list[Facade] = [module.db for module in SERVICES]
ROWS = ("select", "insert", "update", "delete")
DEEDS = (*ROWS, "truncate", "references", "create", "drop")


def by_python(table: Table, deed: str, own: str) -> Executable | None:
    """Return the deed as SQLAlchemy says it. It has no TRUNCATE."""
    pointing = Table("pointing", MetaData(), Column("to", ForeignKey(table.primary_key.columns[0])), schema=own)
    mine = Table("mine", MetaData(), Column("id", Integer), schema=table.schema)
    key = table.primary_key.columns[0]
    statements: dict[str, Executable] = {
        "select": select(table).limit(1),
        "insert": insert(table).from_select([key.name], select(literal(None, key.type)).where(false())),
        "update": update(table).values({key: key}).where(false()),
        "delete": delete(table).where(false()),
        "references": CreateTable(pointing),
        "create": CreateTable(mine),
        "drop": DropTable(table),
    }
    return statements.get(deed)


def by_raw_sql(table: Table, deed: str, own: str) -> str:
    name, key = table.fullname, table.primary_key.columns[0].name
    kind = table.primary_key.columns[0].type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
    return {
        "select": f"SELECT * FROM {name} LIMIT 1",
        "insert": f"INSERT INTO {name} SELECT * FROM {name} WHERE false",
        "update": f"UPDATE {name} SET {key} = {key} WHERE false",
        "delete": f"DELETE FROM {name} WHERE false",
        "truncate": f"TRUNCATE {name} CASCADE",
        "references": f"CREATE TABLE {own}.pointing (x {kind} REFERENCES {name})",
        "create": f"CREATE TABLE {table.schema}.mine (id integer)",
        "drop": f"DROP TABLE {name} CASCADE",
    }[deed]


@dataclass(frozen=True)
class Cell:
    """One deed of one service on one table, in one of two ways, and whether it is allowed."""

    name: str
    owner: str
    statement: Any
    allowed: bool
    by_python: bool
    on_rows: bool


@cache
def cells(db: Facade, deeds: tuple[str, ...] = DEEDS) -> list[Cell]:
    return list(_cells(db, deeds))


def _cells(db: Facade, deeds: tuple[str, ...]) -> Iterator[Cell]:
    for table in metadata.sorted_tables:
        own = table.schema == db.service.schema
        owner = CATALOG.owner(table.fullname).name
        for deed in deeds:
            name = f"{db.service.name}: {deed} {table.fullname}"
            shared = (own and deed in ROWS,)
            if (statement := by_python(table, deed, db.service.schema)) is not None:
                yield Cell(f"{name} by Python", owner, statement, *shared, by_python=True, on_rows=deed in ROWS)
            raw = text(by_raw_sql(table, deed, db.service.schema))
            yield Cell(f"{name} by raw SQL", owner, raw, *shared, by_python=False, on_rows=deed in ROWS)


def outcome(session: Session, cell: Cell) -> str:
    """Return what became of a cell. What Python refuses leaves the transaction as it was."""
    try:
        with nullcontext() if cell.by_python else session.begin_nested():
            session.execute(cell.statement)
    except BoundaryError as error:
        return str(error)
    return "allowed"


# Each driver with a few services; all of them with each take longer.
USUAL = {("psycopg", "auth"), ("psycopg", "payroll"), ("pg8000", "wallet"), ("pg8000", "compliance")}
CELLS = [
    pytest.param(
        driver,
        db,
        id=f"{db.service.name}-{driver}",
        marks=() if (driver, db.service.name) in USUAL else pytest.mark.long,
    )
    for driver in ("psycopg", "pg8000")
    for db in FACADES
]


@pytest.mark.parametrize(("driver", "db"), CELLS)
def test_every_cell(home: Home, driver: str, db: Facade) -> None:
    home.move(driver)
    counted = {True: 0, False: 0}

    with db.session() as session:
        for cell in cells(db):
            said = outcome(session, cell)
            counted[cell.allowed] += 1
            assert (said == "allowed") is cell.allowed, f"{cell.name}: {said}"
            if not cell.allowed and cell.on_rows:
                assert f"belongs to the {cell.owner} service" in said, cell.name

    own = len(db.tables)
    assert counted == {True: own * 8, False: (18 - own) * 15 + own * 7}


def test_the_matrix_is_whole() -> None:
    assert len(FACADES) == 8
    assert len(metadata.tables) == 18
    assert sum(len(list(cells(db))) for db in FACADES) == 8 * 18 * 15


async def async_outcome(session: AsyncSession, cell: Cell) -> str:
    try:
        async with session.begin_nested():
            await session.execute(cell.statement)
    except BoundaryError as error:
        return str(error)
    return "allowed"


@pytest.mark.parametrize("driver", [pytest.param("psycopg", marks=pytest.mark.long), "asyncpg"])
def test_every_cell_in_async_code(home: Home, driver: str) -> None:
    home.move(driver)

    async def whole() -> None:
        for db in FACADES:
            async with db.async_session() as session:
                for cell in cells(db, ("select", "insert")):
                    said = await async_outcome(session, cell)
                    assert (said == "allowed") is cell.allowed, f"{cell.name}: {said}"

    run(whole())
