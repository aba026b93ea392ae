"""A lifted schema finds its extensions wherever either side has them."""

import pytest
from lifted_worlds import SCHEMAS, LiftedWorld, rows, run_script
from schema_dumps import differences, newest_clients

from payrollx_db.postgres.url import DatabaseUrl


@pytest.mark.parametrize(
    ("place", "there"),
    [
        ("public", ""),
        ("extensions", "public"),
        pytest.param("app", "", marks=pytest.mark.long),
        pytest.param("app", "elsewhere", marks=pytest.mark.long),
    ],
)
def test_an_extension_is_found_wherever_either_side_has_it(
    lifted_world: LiftedWorld, source: DatabaseUrl, place: str, there: str
) -> None:
    if not rows(source, "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"):
        pytest.skip("the server hasn't the extension vector")
    run_script(source, f"CREATE EXTENSION vector SCHEMA {place}", place)
    run_script(source, f"CREATE TABLE point (at {place}.vector(3) DEFAULT '[1,2,3]')", "app")
    run_script(
        source, "CREATE FUNCTION near() RETURNS float LANGUAGE sql AS $$SELECT at <-> '[0,0,0]' FROM point$$", "app"
    )
    if there:
        run_script(lifted_world.target, f"CREATE EXTENSION vector SCHEMA {there}", there)
    lifted_world.add(source, "points", source_schema="app")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    where = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'"
    assert rows(lifted_world.target, where) == [there or {"app": "public"}.get(place, place)]
    rows(lifted_world.target, "INSERT INTO points.point DEFAULT VALUES")
    assert rows(lifted_world.target, "SELECT round(points.near())") == [4]
    assert "app" not in rows(lifted_world.target, SCHEMAS)


def test_a_trigger_that_compares_values_of_an_extension_s_type(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    """IS DISTINCT FROM has no way to say in which schema its operator lies."""
    if not rows(source, "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"):
        pytest.skip("the server hasn't the extension vector")
    run_script(source, "CREATE EXTENSION vector SCHEMA extensions", "extensions")
    run_script(
        source,
        "SET search_path TO public, extensions; CREATE TABLE point (id integer, at vector(3));"
        "CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER moves BEFORE UPDATE ON point FOR EACH ROW"
        " WHEN (OLD.at IS DISTINCT FROM NEW.at) EXECUTE FUNCTION moved()",
    )
    lifted_world.add(source, "points")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    assert differences((source, "public"), (lifted_world.target, "points"), newest_clients()) == ([], [])


def test_an_extension_that_the_target_has_not_is_named(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    if not rows(source, "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"):
        pytest.skip("the server hasn't the extension vector")
    run_script(source, "CREATE EXTENSION vector; CREATE TABLE point (at vector(3))")
    # An object of that name is in the way of the extension.
    run_script(lifted_world.target, "CREATE TYPE vector AS (x integer)")
    lifted_world.add(source, "points")
    done = lifted_world.schema()
    assert done.returncode == 3
    assert "vector, which" in done.stderr
    assert rows(lifted_world.target, SCHEMAS) == ["public"]
