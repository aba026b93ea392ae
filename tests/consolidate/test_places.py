"""One place: each session of a run is where the run began, and a clone of a server is not that server."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twin_servers import BOTH, CATALOG, ONE, TARGET, Twins, interrupt, switch_to
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.devserver import Server, create_database
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.events import Event, RunStarted
from payrollx_db.postgres.connect import connect
from payrollx_db.postgres.identity import Identity
from payrollx_db.postgres.url import DatabaseUrl

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

HERE = Identity("7", 5, "2026-01-01", "10.0.0.1", 5432, 1, 1000, "/data", 1.0, 1.0)
ANEW = replace(HERE, started="2026-01-02", position=2000)


def new_target(server: Server, name: str) -> DatabaseUrl:
    target = create_database(server.url(), name)
    query(target, TARGET)
    return target


def copy(world: World, **changes: Any) -> pipeline.Report:
    return asyncio.run(pipeline.copy(replace(world.task(), **changes)))


# --- which database it is ---------------------------------------------------------------------------------


def test_two_clones_of_one_server_are_two_sources(twins: Twins) -> None:
    urls = {"old": twins.original.url("second"), "other": twins.clone.url("second")}
    world = World(urls, new_target(twins.original, "of_clones"), BOTH, CATALOG)

    world.copy()

    assert world.verify().identical
    assert [value(world.target, f"SELECT count(*) FROM app.{table}") for table in ("users", "bills")] == [30, 40]


def test_one_database_under_two_urls_is_one(twins: Twins) -> None:
    url = twins.original.url("legacy")
    named = DatabaseUrl({**url.params, "host": "localhost", "application_name": "another"})
    world = World({"old": url, "other": named}, new_target(twins.original, "of_one"), BOTH, CATALOG)

    with pytest.raises(ConfigurationError, match="sources old and other are the same database"):
        world.plan()
    with pytest.raises(ConfigurationError, match="source old and the target are the same database"):
        World({"old": url}, named, ONE, CATALOG).plan()


# --- one place for both drivers -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["hosts", "service", "variable", "address"])
def test_rows_come_from_the_server_that_was_planned_with(
    twins: Twins, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, clone = twins.original.url("legacy"), twins.clone.url("legacy")
    port, other = url.params["port"], clone.params["port"]
    login = {"user": url.params["user"], "password": url.params["password"]}
    services = tmp_path / "services.conf"
    services.write_text("[there]\n" + "".join(f"{key}={text}\n" for key, text in url.params.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGPORT", other)
    given: dict[str, str] = {}
    if kind == "hosts":
        query(clone, "ALTER DATABASE legacy SET default_transaction_read_only = on")
        given = {"host": "127.0.0.1,127.0.0.1", "port": f"{other},{port}", "dbname": "legacy", **login}
        given["target_session_attrs"] = "read-write"
    elif kind == "service":
        given = {"service": "there"}
    elif kind == "variable":
        monkeypatch.setenv("PGSERVICE", "there")
    else:
        given = {"hostaddr": "127.0.0.1", "host": "nowhere.invalid", "port": port, "dbname": "legacy", **login}
    target = new_target(twins.original, f"by_{kind}")
    world = World({"old": DatabaseUrl(given)}, target, ONE, CATALOG)

    world.copy()

    assert value(target, "SELECT count(*) FROM app.users") == 30
    assert value(target, "SELECT url FROM payrollx_meta.sources").endswith(f":{port}/legacy")


def test_a_session_that_reaches_another_server_ends_the_run(twins: Twins) -> None:
    """A name may lead elsewhere from one session to the next: after a failover, or to several servers."""
    with switch_to(twins.original.url("legacy")) as switch:
        url = DatabaseUrl({**twins.original.url("legacy").params, "port": str(switch.port), "sslmode": "disable"})
        world = World({"old": url}, new_target(twins.original, "switched"), ONE, CATALOG)

        def switch_over(event: Event) -> None:
            if isinstance(event, RunStarted):
                switch.goal = twins.clone.url("legacy")

        with pytest.raises(StateConflictError, match="reached another server") as caught:
            asyncio.run(pipeline.copy(replace(world.task(observer=switch_over), small_tables=0)))

    assert "its server's port is" in "".join(caught.value.details)
    assert value(world.target, "SELECT count(*) FROM app.users") == 0


@pytest.mark.parametrize("kind", ["service", "variable", "database"])
def test_what_names_the_database_outweighs_the_name_of_the_user(
    twins: Twins, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By user and database `postgres` one reaches something everywhere, and it isn't what was meant."""
    params = twins.original.url("legacy").params
    login = {key: params[key] for key in ("user", "password")}
    services = tmp_path / "services.conf"
    services.write_text("[there]\n" + "".join(f"{key}={params[key]}\n" for key in ("host", "port", "dbname")))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGDATABASE", "legacy" if kind == "database" else "second")
    given = {"service": "there"} if kind == "service" else {}
    if kind == "variable":
        monkeypatch.setenv("PGSERVICE", "there")
    elif kind == "database":
        given = {"host": params["host"], "port": params["port"]}

    for text in (DatabaseUrl({**login, **given}).plain, DatabaseUrl({**login, **given}).sqlalchemy()):
        with connect(DatabaseUrl.parse(text), {}) as connection:
            assert connection.info.dbname == "legacy"
    plan = World({"old": DatabaseUrl({**login, **given})}, twins.original.url("fresh"), ONE, CATALOG).plan()

    assert [database.dbname for database in plan.sources.values()] == ["legacy"]


# --- a run that goes on ----------------------------------------------------------------------------------------


def test_a_run_goes_on_where_it_began_and_not_with_a_clone(twins: Twins) -> None:
    again = twins.world(twins.original, twins.original)
    for world, other in (
        (twins.world(twins.clone, twins.original), "source old"),
        (twins.world(twins.original, twins.clone), "target"),
    ):
        with pytest.raises(StateConflictError, match=f"another {other}") as caught:
            world.copy()
        assert twins.clone.url().params["port"] in caught.value.message
        assert any("port" in text for text in caught.value.details)
        assert "--same-server" in caught.value.hint
        assert "--restart" in caught.value.hint
    begun = [event for event in interrupt(again, RunStarted) if isinstance(event, RunStarted)]
    assert begun[0].resumed, "that server was only started anew"

    twins.exchange()
    try:
        for url in (again.urls["old"], again.target):
            assert url.params["port"] == twins.clone.url().params["port"]
        with pytest.raises(StateConflictError, match="another source old") as caught:
            again.copy()
        assert any("files of its data directory" in text for text in caught.value.details)
        with pytest.raises(ConfigurationError, match="no source 'new'"):
            copy(again, same_servers=("new",))
        assert copy(again, same_servers=("old", "target")).run.status == "done"
    finally:
        twins.clone.down()
        twins.original.up()
        twins.clone.up()


def test_a_run_that_has_written_nothing_is_not_begun_anew_in_a_clone(twins: Twins) -> None:
    world = replace(twins.world(twins.original, twins.clone), target=twins.clone.url("fresh"))

    with pytest.raises(StateConflictError, match="another target"):
        world.copy()

    assert value(world.target, "SELECT count(*) FROM payrollx_meta.runs") == 1


def test_what_a_role_may_not_see_is_kept_from_one_that_may() -> None:
    little = replace(ANEW, directory=None, file_changed=None, file_written=None)

    assert little.completed_by(HERE) == ANEW


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (replace(HERE, address="10.0.0.9", port=9), ""),
        (ANEW, ""),
        (replace(ANEW, address=None, directory=None, file_changed=None, file_written=None), ""),
        (replace(ANEW, address="10.0.0.2"), "address"),
        (replace(ANEW, port=5433), "port"),
        (replace(ANEW, timeline=2), "timeline"),
        (replace(ANEW, position=999), "WAL"),
        (replace(ANEW, directory="/clone"), "data directory"),
        (replace(ANEW, file_changed=2.0), "files"),
        (replace(HERE, database=6), "another database"),
        (replace(HERE, system="8"), "another database"),
    ],
)
def test_what_tells_a_server_from_its_clone(now: Identity, shown: str) -> None:
    differences = HERE.differences(Identity.of_document(now.document() | {"of a later version": 1}))

    assert bool(differences) is bool(shown)
    assert shown in "".join(differences)
