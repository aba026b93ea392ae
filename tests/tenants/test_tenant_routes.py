"""Routes: where a tenant is, remembered for as long as no change of the registry may have gone unseen."""

import logging

import pytest
from choir_worlds import CHOIRS, Choirs, run
from choirs.models import Singer
from facades import as_login, watch
from poolers import PROGRAM, running_pooler
from sqlalchemy import select
from watchers import eventually

from payrollx_db.errors import ConfigurationError, SuspendedTenantError, UnknownTenantError
from payrollx_db.facade import engines
from payrollx_db.facade.variables import url_of
from payrollx_db.tenants.client import Tenants
from payrollx_db.tenants.client.memory import Memory
from payrollx_db.tenants.client.places import Lookup, TenantPlace


def listening(tenants: Tenants) -> None:
    """Wait until a change would be heard of."""
    tenants.route(id="alto")
    memory = tenants._memory  # noqa: SLF001
    assert memory is not None
    eventually(lambda: memory._confirmed > 0, "the news of a change")  # noqa: SLF001


def suspended(tenants: Tenants, **wanted: str) -> bool:
    try:
        tenants.route(**wanted)
    except SuspendedTenantError:
        return True
    return False


def test_a_tenant_is_found_by_id_address_and_number(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    for choir in CHOIRS:
        for place in (
            tenants.route(id=choir),
            tenants.route(email=f" {choir.upper()}@Example.COM"),
            tenants.route(phone=f"+1 {choir}"),
            run(tenants.async_route(id=choir)),
        ):
            assert (place.id, place.schema, place.shared) == (choir, choirs.place(choir), choirs.shape == "shared")


def test_what_is_remembered_asks_nobody(choirs: Choirs) -> None:
    tenants = choirs.tenants(staleness=600)
    listening(tenants)
    tenants.route(email="alto@example.com")
    sent = watch(engines.place(url_of("registry")).engine)
    for _ in range(100):
        tenants.route(email="alto@example.com")
        tenants.route(id="alto")
    assert sent.statements == []


@pytest.mark.parametrize("wanted", [{"id": "nobody"}, {"email": "who@example.com"}, {"phone": "+49"}, {"id": ""}])
def test_an_unknown_tenant_is_refused_and_nothing_shows_who_was_looked_for(
    choirs: Choirs, wanted: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(UnknownTenantError) as error:
        choirs.tenants().route(**wanted)
    for kind, value in wanted.items():
        assert kind == "id" or value not in f"{error.value} {error.value!r} {caplog.text}"
    with pytest.raises(UnknownTenantError), choirs.tenants().session("nobody"):
        pass


def test_a_way_that_there_is_not_is_refused(choirs: Choirs) -> None:
    tenants = choirs.tenants()
    for wanted in ({}, {"name": "alto"}, {"id": "alto", "phone": "1"}):
        with pytest.raises(ConfigurationError, match="can't be found by"):
            tenants.route(**wanted)


def test_any_status_but_active_is_refused_and_heard_of(choirs: Choirs) -> None:
    tenants = choirs.tenants(staleness=600)
    listening(tenants)
    for status in ("suspended", "archived", "deleted", ""):
        choirs.query("UPDATE registry.tenants SET status = %s WHERE id = 'bass'", status)
        eventually(lambda: suspended(tenants, id="bass"), "the news of a change")
        with pytest.raises(SuspendedTenantError), tenants.session("bass"):
            pass
        choirs.query("UPDATE registry.tenants SET status = 'active' WHERE id = 'bass'")
        eventually(lambda: not suspended(tenants, email="bass@example.com"), "the news of a change")
        with tenants.session("bass") as session:
            assert len(session.scalars(select(Singer)).all()) == 2


def test_a_route_that_moves_is_heard_of_and_a_visit_is_no_change(choirs: Choirs) -> None:
    tenants = choirs.tenants(staleness=600)
    listening(tenants)
    assert tenants.route(phone="+1 bass").id == "bass"
    memory = tenants._memory  # noqa: SLF001
    assert memory is not None
    before = memory.begin().changes
    choirs.query("UPDATE registry.tenants SET seen = now()")
    choirs.query("UPDATE registry.phones SET tenant_id = 'alto' WHERE number = '+1 bass'")
    eventually(lambda: tenants.route(phone="+1 bass").id == "alto", "the news of a change")
    assert memory.begin().changes == before + 2  # the tenant that it was of, and the one that it is of
    choirs.query("UPDATE registry.phones SET tenant_id = 'bass' WHERE number = '+1 bass'")
    eventually(lambda: tenants.route(phone="+1 bass").id == "bass", "the news of a change")


def test_a_change_is_seen_within_the_bound_where_the_listener_is_lost(choirs: Choirs) -> None:
    tenants = choirs.tenants(staleness=1)
    listening(tenants)
    tenants.route(id="bass")
    listener = tenants._listener  # noqa: SLF001
    assert listener is not None
    listener.close()
    choirs.query("UPDATE registry.tenants SET status = 'suspended' WHERE id = 'bass'")
    eventually(lambda: suspended(tenants, id="bass"), "the news of a change")


def test_a_listener_that_was_thrown_out_comes_back_and_believes_nothing_of_before(choirs: Choirs) -> None:
    tenants = choirs.tenants(staleness=600)
    listening(tenants)
    tenants.route(id="bass")
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
    assert choirs.query(ended, choirs.login.params["user"])
    choirs.query("UPDATE registry.tenants SET status = 'suspended' WHERE id = 'bass'")
    eventually(lambda: suspended(tenants, id="bass"), "the news of a change")


@pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")
def test_behind_a_pooler_the_bound_holds_all_the_same(choirs: Choirs, choir_login: dict[str, str]) -> None:
    with running_pooler(choirs.url, choir_login, size=2) as place:
        choirs.move("psycopg", as_login(choirs.login, place), pgbouncer="true")
        tenants = choirs.tenants(staleness=1)
        before = tenants.route(id="bass").status
        choirs.query("UPDATE registry.tenants SET status = 'suspended' WHERE id = 'bass'")
        eventually(lambda: suspended(tenants, id="bass"), "the news of a change")
        tenants.close(1)
        engines.dispose()
    assert before == "active"


def test_a_row_that_names_another_tenants_schema_is_refused(apart_choirs: Choirs) -> None:
    apart_choirs.query("UPDATE registry.tenants SET schema = %s WHERE id = 'bass'", apart_choirs.place("alto"))
    with pytest.raises(ConfigurationError, match="isn't its own"), apart_choirs.tenants().session("bass"):
        pass


def test_what_is_read_while_a_change_comes_in_is_not_remembered() -> None:
    memory, sought = Memory(600), Lookup("id", "a")
    reading = memory.begin()
    memory.forget("b")
    memory.keep(sought, TenantPlace("a", "active", "x", shared=True), reading)
    assert memory.find(sought) is None
    memory.keep(sought, TenantPlace("a", "active", "x", shared=True), memory.begin())
    assert memory.find(sought) is not None
    memory.forget("b")
    assert memory.find(sought) is not None
    memory.forget("")
    assert memory.find(sought) is None


def test_an_async_session_of_an_unknown_tenant_is_refused(choirs: Choirs) -> None:
    tenants = choirs.tenants()

    async def whole() -> None:
        with pytest.raises(UnknownTenantError):
            async with tenants.async_session("nobody"):
                pass

    run(whole())
