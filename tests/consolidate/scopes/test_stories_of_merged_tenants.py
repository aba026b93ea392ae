"""What goes wrong elsewhere when tenants' tables are merged into shared ones, each tried on ours.

apartment 167 and 648 (dumps edited by text, equal ids), apartment 177 and Marten 4852 (shared sequences that fall
behind or are reset by the next tenant), issue 1 of an example of row-level security (a child of one tenant under
another's parent), agno 8334 (an upsert by an id that isn't the tenant's alone).
"""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from scope_worlds import of_houses
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.model.layout import SourceTable, TableMap

TEXT = "INSERT INTO birch.notes VALUES ('x1', 'p1', NULL); \\\\.\nash -> birch {house} %s $$ 'ash'"


def counted(houses: World) -> World:
    """Return the houses with a table more in each, whose ids are counted there, and shared in the target."""
    made = "CREATE TABLE counts (id serial PRIMARY KEY, what text)"
    query(
        houses.target,
        "CREATE TABLE app.counts (house text NOT NULL, id serial, what text, PRIMARY KEY (house, id))",
    )
    for rows, (name, url) in enumerate(sorted(houses.urls.items()), 1):
        query(url, f"DROP TABLE IF EXISTS counts; {made}")
        query(url, "INSERT INTO counts (what) SELECT %s FROM generate_series(1, %s)", [name, 1000 // rows])
    source = SourceTable("counts", {"id": "integer", "what": "text?"})
    databases = tuple(
        replace(one, maps=(*one.maps, TableMap(source, "app.counts", scope=one.maps[0].scope)))
        for one in houses.layout.databases
    )
    service = replace(houses.catalog.services[0], tables=(*houses.catalog.services[0].tables, "counts"))
    return replace(
        houses, layout=replace(houses.layout, databases=databases), catalog=replace(houses.catalog, services=(service,))
    )


def next_id(houses: World) -> int:
    return int(value(houses.target, "INSERT INTO app.counts (house) VALUES ('new') RETURNING id"))


def test_what_a_value_says_of_schemas_and_tenants_is_kept_as_it_is(houses: World) -> None:
    query(houses.urls["ash"], "UPDATE notes SET body = %s WHERE id = 'x1'", [TEXT])
    houses.copy()
    assert value(houses.target, "SELECT body FROM app.notes WHERE house = 'ash' AND id = 'x1'") == TEXT
    assert value(houses.target, "SELECT count(*) FROM app.people WHERE id = 'p1'") == 3  # equal ids, one of each house
    assert houses.verify().identical


def test_a_shared_sequence_is_beyond_what_any_tenant_has_and_no_later_one_sets_it_back(houses: World) -> None:
    world = counted(houses)
    try:
        asyncio.run(pipeline.copy(of_houses(world, "ash").task()))  # which has the most
        assert next_id(world) > 1000
        asyncio.run(pipeline.copy(of_houses(world, "birch", "cedar").task()))
        assert next_id(world) > 1001
        asyncio.run(pipeline.copy(of_houses(world, "cedar").task(), restart=True))
        assert next_id(world) > 1002
    finally:
        for url in houses.urls.values():
            query(url, "DROP TABLE counts")


def test_a_row_cannot_lie_under_another_tenants_parent_or_overwrite_its_twin(houses: World) -> None:
    houses.copy()
    wrong = {
        "23503": "UPDATE app.posts SET author = 'p9' WHERE house = 'birch' AND id = 'm1'",
        "42P10": "INSERT INTO app.people (house, id) VALUES ('birch', 'p1') ON CONFLICT (id) DO UPDATE SET nick = 'x'",
    }
    query(houses.target, "INSERT INTO app.people (house, id) VALUES ('ash', 'p9')")
    for state, statement in wrong.items():
        with pytest.raises(psycopg.Error) as refused:
            query(houses.target, statement)
        assert refused.value.sqlstate == state
