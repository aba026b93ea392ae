"""Sessions of one tenant: the same classes in both shapes, by each driver, one transaction under the tenant's wall."""

import pytest
from choir_worlds import CHOIRS, Choirs, run
from choirs.models import Message, Rehearsal, Singer, Song
from facades import SYNC
from sqlalchemy import delete, func, select, text, update

from payrollx_db.errors import BoundaryError


@SYNC
def test_the_same_classes_read_and_write_in_both_shapes(choirs: Choirs, driver: str) -> None:
    choirs.move(driver)
    tenants = choirs.tenants()
    for choir in CHOIRS:
        with tenants.session(choir) as session:
            singer = session.scalars(select(Singer).where(Singer.role == "CHIEF")).one()
            assert singer.name == f"soprano of {choir}"
            session.add(Song(id="2", title="new", singer_id="1"))
            session.add(Rehearsal(place="hall"))
    for choir in CHOIRS:
        with tenants.session(choir) as session:
            assert session.scalar(select(func.count()).select_from(Song)) == 2
            assert session.scalar(text("SELECT count(*) FROM songs")) == 2
            assert session.execute(update(Song).values(title="other")).rowcount == 2
            assert session.execute(delete(Song).where(Song.id == "2")).rowcount == 1


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_async_sessions_are_one_tenants(choirs: Choirs, driver: str) -> None:
    choirs.move(driver)
    tenants = choirs.tenants()

    async def whole() -> None:
        for choir in CHOIRS:
            async with tenants.async_session(choir) as session:
                assert (
                    await session.scalars(select(Singer.name).where(Singer.id == "1"))
                ).one() == f"soprano of {choir}"
                session.add(Song(id="3", title="new", singer_id="1"))
        for choir in CHOIRS:
            async with tenants.async_session(choir) as session:
                assert len((await session.scalars(select(Song))).all()) == 2

    run(whole())


def test_an_exception_rolls_back_and_the_next_session_is_another_tenants(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    with pytest.raises(ZeroDivisionError), tenants.session("alto") as session:
        session.add(Song(id="9", title="gone", singer_id="1"))
        session.flush()
        raise ZeroDivisionError
    with tenants.session("bass") as session:
        assert session.scalars(select(Song.title)).all() == ["soprano of bass"]
    with tenants.session("alto") as session:
        assert session.scalars(select(Song.title)).all() == ["soprano of alto"]


def test_a_session_may_be_read_only_or_serializable(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    with tenants.session("alto", isolation="SERIALIZABLE") as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "serializable"
    with tenants.session("alto", read_only=True) as session:
        assert session.scalar(text("SHOW transaction_read_only")) == "on"
        assert session.scalars(select(Message.body)).all() == ["soprano of alto"]


def test_the_registry_is_no_tenants(choirs: Choirs) -> None:
    with choirs.tenants().session("alto") as session:
        with pytest.raises(BoundaryError, match="registry"):
            session.execute(text("SELECT * FROM registry.tenants"))
        session.rollback()
