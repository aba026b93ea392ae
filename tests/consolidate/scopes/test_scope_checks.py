"""What of shared tables is found before a row moves: uniques across scopes, parents elsewhere, rows of nobody."""

import asyncio
from dataclasses import replace

import pytest
from scope_worlds import of_houses, others_of
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import FindingsError, LayoutMismatchError, StateConflictError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import Policies


def blocks(world: World) -> list[Finding]:
    """Return what blocks a copy of a world."""
    return [finding for finding in asyncio.run(pipeline.check(world.task())) if finding.blocks]


def test_a_unique_over_all_scopes_is_compared_across_sources(houses: World) -> None:
    assert blocks(houses) == []
    query(houses.target, "CREATE UNIQUE INDEX nicks ON app.people (lower(nick)) WHERE nick IS NOT NULL")

    found = blocks(houses)

    assert [(f.code, f.place, f.count) for f in found] == [("duplicate", "birch.public.people.nick", 8)]
    with pytest.raises(FindingsError):
        houses.copy()
    assert query(houses.target, "SELECT count(*) FROM app.people") == [(0,)]

    policies = Policies.read(["duplicate=quarantine"])
    report = houses.copy_with(houses.task(), policies)

    assert all(table.balanced for table in report.tables)
    assert query(houses.target, "SELECT house, count(*) FROM app.people GROUP BY 1 ORDER BY 1") == [
        ("ash", 8),
        ("cedar", 8),
    ]


def test_a_unique_over_all_scopes_is_compared_with_rows_of_other_scopes(houses: World) -> None:
    of_houses(houses, "ash").copy()
    query(houses.target, "CREATE UNIQUE INDEX mails ON app.people (email)")
    query(houses.target, "DELETE FROM app.likes; DELETE FROM app.posts; DELETE FROM app.people WHERE id > 'p5'")

    found = blocks(of_houses(houses, "birch"))

    assert [(f.code, f.place, f.count) for f in found] == [("duplicate", "birch.public.people.email", 5)]


def test_equal_keys_where_the_target_has_no_scope_in_its_key_are_named(houses: World) -> None:
    query(houses.target, "ALTER TABLE app.notes DROP CONSTRAINT notes_pkey, ADD PRIMARY KEY (id)")

    found = blocks(houses)

    assert [(f.code, f.place, f.count) for f in found] == [("duplicate", "birch.public.notes.id", 6)]
    of_houses(houses, "ash").copy()
    assert [(f.place, f.count) for f in blocks(of_houses(houses, "birch"))] == [("birch.public.notes.id", 6)]


def test_a_parent_of_another_scope_is_none(houses: World) -> None:
    of_houses(houses, "ash").copy()
    query(houses.urls["birch"], "ALTER TABLE likes DROP CONSTRAINT likes_post_fkey; DELETE FROM posts WHERE id = 'm1'")

    found = blocks(of_houses(houses, "birch"))

    assert [(f.code, f.place, f.count) for f in found] == [("orphan", "birch.public.likes.post", 1)]


def test_a_house_that_is_not_there_is_named_before(houses: World) -> None:
    query(houses.target, "DELETE FROM app.houses WHERE id = 'birch'")

    found = blocks(houses)

    assert {(f.code, f.place, f.examples) for f in found} == {
        ("orphan", f"birch.public.{name}", ("birch",)) for name in ("people", "posts", "notes")
    }


def test_loose_references_are_of_one_scope(houses: World) -> None:
    query(houses.urls["birch"], "UPDATE notes SET person = 'p99' WHERE id = 'x1'")

    warned = [f for f in asyncio.run(pipeline.check(houses.task())) if f.code == "loose-orphan"]

    assert [(f.place, f.count) for f in warned] == [("birch.public.notes.person", 1)]
    houses.copy()
    assert query(houses.target, "SELECT rows, orphans FROM payrollx_meta.loose_references") == [(12, 1)]


def test_a_reference_that_says_no_scope_leads_into_its_own(houses: World) -> None:
    loose = Reference("app.notes", ("person",), "app.people", ("id",), enforced=False)
    houses = replace(houses, catalog=replace(houses.catalog, references=(loose,)))
    query(houses.urls["ash"], "INSERT INTO people VALUES ('p99', NULL, NULL, NULL)")
    of_houses(houses, "ash").copy()
    query(houses.urls["birch"], "UPDATE notes SET person = 'p99' WHERE id = 'x1'")
    birch = of_houses(houses, "birch")

    warned = [f for f in asyncio.run(pipeline.check(birch.task())) if f.code == "loose-orphan"]

    assert [(f.place, f.count, f.examples) for f in warned] == [("birch.public.notes.person", 1, ("p99",))]
    report = birch.copy()
    counted = "SELECT rows, orphans FROM payrollx_meta.loose_references WHERE run_id = %s"
    assert query(houses.target, counted, [report.run.id]) == [(6, 1)]


def test_rows_of_a_scope_that_nobody_has_copied_are_not_overwritten(houses: World) -> None:
    query(houses.target, "INSERT INTO app.notes VALUES ('birch', 'own', NULL, 'written by the service')")
    query(houses.target, "INSERT INTO app.houses VALUES ('elm', ''); INSERT INTO app.notes VALUES ('elm', 'x1')")

    with pytest.raises(StateConflictError) as caught:
        houses.copy()

    assert caught.value.details == ("app.notes (house=birch)",)
    of_houses(houses, "ash", "cedar").copy()
    assert query(houses.target, "SELECT house, count(*) FROM app.notes GROUP BY 1 ORDER BY 1") == [
        ("ash", 6),
        ("birch", 1),
        ("elm", 1),
    ]


def test_sources_with_one_scope_are_ambiguous(houses: World) -> None:
    birch = replace(houses.layout.database("birch"), maps=houses.layout.database("ash").maps)
    databases = (houses.layout.database("ash"), birch)
    twice = replace(houses, layout=replace(houses.layout, databases=databases))

    found = {m.code for m in twice.plan().mismatches}

    assert found == {"ambiguous"}
    with pytest.raises(LayoutMismatchError):
        twice.copy()
    assert others_of(houses, "") == []
