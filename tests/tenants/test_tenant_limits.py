"""Limits of a tenant's plan: exact under concurrency, in both shapes, and in nobody else's way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from choir_worlds import Choirs, run
from choirs.models import Message, Singer
from facades import ALL, SYNC
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from watchers import PATIENCE

from payrollx_db.errors import PlanLimitError
from payrollx_db.tenants.client import Tenants


def singers(tenants: Tenants, tenant: str = "alto") -> int:
    with tenants.session(tenant) as session:
        return session.scalar(select(func.count()).select_from(Singer)) or 0


def add(tenants: Tenants, *ids: str, tenant: str = "alto") -> None:
    with tenants.session(tenant) as session:
        session.execute(insert(Singer), [{"id": name, "name": name} for name in ids])


@ALL
def test_the_error_names_limit_plan_and_what_is_used(choirs: Choirs, driver: str) -> None:
    choirs.move(driver)
    tenants = choirs.tenants()

    async def whole() -> None:
        async with tenants.async_session("alto") as session:
            session.add_all([Singer(id="3", name="x"), Singer(id="4", name="x")])
            await session.flush()

    with pytest.raises(PlanLimitError) as caught:
        run(whole()) if driver == "asyncpg" else add(tenants, "3", "4")
    error = caught.value
    assert (error.limit, error.plan, error.most, error.sqlstate) == ("singers", "small", 3, "PX402")
    assert error.used + error.adding == 4  # drivers send the two together, or one after the other
    assert "3 singers" in error.message
    assert "larger plan" in error.hint


def test_the_last_place_is_given_once(choirs: Choirs) -> None:
    """Eight at once ask for the one place that is left: exactly one gets it, and seven are told why not."""
    tenants = choirs.tenants()
    at_once = threading.Barrier(8)

    def ask(number: int) -> bool:
        try:
            with tenants.session("alto") as session:
                session.scalar(text("SELECT 1"))
                at_once.wait(PATIENCE)
                session.add(Singer(id=f"n{number}", name="x"))
        except PlanLimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [False] * 7 + [True]
    assert singers(tenants) == 3


def test_a_snapshot_of_before_is_no_way_around(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    with pytest.raises((DBAPIError, PlanLimitError)), tenants.session("alto", isolation="REPEATABLE READ") as session:
        assert session.scalar(select(func.count()).select_from(Singer)) == 2
        add(tenants, "3")
        session.add(Singer(id="4", name="x"))
        session.flush()
    assert singers(tenants) == 3


@SYNC
def test_deletes_and_rollbacks_give_back(choirs: Choirs, driver: str) -> None:
    choirs.move(driver)
    tenants = choirs.tenants()
    for _ in range(3):
        add(tenants, "3")
        with tenants.session("alto") as session:
            with pytest.raises(PlanLimitError), session.begin_nested():
                session.execute(insert(Singer).values(id="4", name="x"))
            session.execute(delete(Singer).where(Singer.id == "3"))
            session.execute(insert(Singer).values(id="4", name="x"))
            session.rollback()
        with tenants.session("alto") as session:
            session.execute(delete(Singer).where(Singer.id == "3"))


def test_many_rows_at_once_come_whole_or_not_at_all(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    many = "INSERT INTO singers (id, name) SELECT 'm' || n, 'x' FROM generate_series(1, {}) AS n"
    with tenants.session("alto") as session:
        with pytest.raises(PlanLimitError), session.begin_nested():
            session.execute(text(many.format(2)))
        session.execute(text(many.format(1)))
        session.execute(text(many.format(0)))
    with tenants.session("choir's.3") as session:  # no limit in its plan
        session.execute(text(many.format(50)))
    assert (singers(tenants), singers(tenants, "choir's.3")) == (3, 52)


def test_a_row_that_comes_to_count_is_counted(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    with tenants.session("alto") as session:
        with pytest.raises(PlanLimitError) as caught, session.begin_nested():
            session.execute(update(Singer).where(Singer.id == "2").values(role="CHIEF"))
        assert caught.value.limit == "chiefs"
        session.execute(update(Singer).where(Singer.role == "CHIEF").values(name="same role"))
        session.execute(update(Singer).where(Singer.role == "CHIEF").values(role="VOICE"))
        session.execute(update(Singer).where(Singer.id == "2").values(role="CHIEF"))
        with pytest.raises(PlanLimitError), session.begin_nested():
            session.execute(update(Singer).where(Singer.id == "1").values(role="CHIEF"))
        upsert = "INSERT INTO singers (id, name) VALUES ('1', 'x') ON CONFLICT ({}id) DO UPDATE SET role = 'CHIEF'"
        with pytest.raises(PlanLimitError), session.begin_nested():
            session.execute(text(upsert.format("tenant_id, " if choirs.shape == "shared" else "")))


def test_a_month_ends_at_midnight_in_utc(choirs: Choirs) -> None:
    """Whatever time zone the session has; each month has its own places."""
    tenants = choirs.tenants()
    choirs.query(f"DELETE FROM {choirs.place('alto')}.messages")
    first = datetime(2031, 5, 1, tzinfo=UTC)
    with tenants.session("alto") as session:
        session.execute(text("SET LOCAL timezone = 'America/Los_Angeles'"))
        for number, moment in enumerate((first, first + timedelta(days=30, hours=23), first - timedelta(seconds=1))):
            session.add(Message(id=f"a{number}", body="x", created_at=moment))
            session.flush()
        with pytest.raises(PlanLimitError) as caught, session.begin_nested():
            session.execute(insert(Message).values(id="b", body="x", created_at=first + timedelta(hours=2)))
        assert (caught.value.month, caught.value.used) == ("2031-05", 2)
        session.execute(insert(Message).values(id="c", body="x", created_at=first - timedelta(hours=3)))
        with pytest.raises(PlanLimitError), session.begin_nested():
            session.execute(update(Message).where(Message.id == "a0").values(created_at=first - timedelta(hours=1)))
        session.execute(delete(Message).where(Message.id == "a2"))
        session.execute(update(Message).where(Message.id == "a0").values(created_at=first - timedelta(hours=1)))


def test_a_change_of_plan_holds_at_once_and_takes_no_rows(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    choirs.query("UPDATE registry.tenants SET plan = 'large' WHERE id = 'alto'")
    add(tenants, "3", "4", "5")
    choirs.query("UPDATE registry.tenants SET plan = 'small' WHERE id = 'alto'")
    with tenants.session("alto") as session:
        session.execute(update(Singer).values(name="still there"))
        session.execute(delete(Singer).where(Singer.id == "5"))
        with pytest.raises(PlanLimitError) as caught, session.begin_nested():
            session.execute(insert(Singer).values(id="6", name="x"))
        assert (caught.value.used, caught.value.most) == (4, 3)
    choirs.query("UPDATE registry.tenants SET plan = 'unheard of' WHERE id = 'alto'")
    with pytest.raises(Exception, match="no plan"), tenants.session("alto") as session:
        session.execute(insert(Singer).values(id="7", name="x"))


def test_the_owner_copies_as_much_as_there_is_and_the_count_is_right_afterwards(choirs: Choirs) -> None:
    column, value = ("tenant_id, ", "alto\t") if choirs.shape == "shared" else ("", "")
    with psycopg.connect(choirs.url.conninfo()) as connection:
        connection.execute("SET ROLE choirs_owner")
        into = f"COPY {choirs.place('alto')}.singers ({column}id, name) FROM STDIN"
        with connection.cursor().copy(into) as copy:  # type: ignore[arg-type]
            for number in range(5):
                copy.write(f"{value}c{number}\tcopied\n")
    tenants = choirs.tenants()
    with pytest.raises(PlanLimitError) as caught:
        add(tenants, "8")
    assert caught.value.used == 7


def test_one_tenants_rows_are_not_anothers(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    add(tenants, "3")
    add(tenants, "3", tenant="bass")
    with pytest.raises(PlanLimitError):
        add(tenants, "4", tenant="bass")
