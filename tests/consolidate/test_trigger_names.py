"""Names without a schema, wherever a trigger comes to them: the check says so of each before a copy fails on one."""

import pytest
from rule_worlds import MakeTables
from test_target_triggers import SOURCE, TABLES, TARGET, found
from worlds import World, query

from payrollx_db.errors import PayrollxError

HELPERS = """
CREATE TYPE public.mood AS ENUM ('fine');
CREATE FUNCTION public.plain(numeric) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.logged(integer) RETURNS void LANGUAGE sql AS 'INSERT INTO log VALUES ($1)';
CREATE FUNCTION public.noted(integer) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM public.logged($1); END';
CREATE FUNCTION public.is_due(numeric) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN plain($1); END';
"""
OWN = "app.seen()"
# By what the trigger's function declares and does: the function that is named.
BODIES = {
    "a type of a variable": ("DECLARE feeling CONSTANT mood := 'fine'; x integer; BEGIN", OWN),
    "the row of a table": ("DECLARE kept log%ROWTYPE; BEGIN", OWN),
    "the type of a column": ("DECLARE n integer; kept log.id%TYPE; BEGIN", OWN),
    "a cast": ("BEGIN PERFORM 'fine'::mood;", OWN),
    "a function that it calls": ("BEGIN PERFORM public.logged(NEW.id);", "public.logged(integer)"),
    "a function that another calls": ("BEGIN PERFORM public.noted(NEW.id);", "public.logged(integer)"),
}
SEEN = """
CREATE FUNCTION app.seen() RETURNS trigger LANGUAGE plpgsql AS $$ {} RETURN NEW; END $$;
CREATE TRIGGER seen AFTER INSERT ON app.pays FOR EACH ROW {} EXECUTE FUNCTION app.seen();
"""


@pytest.fixture
def world(make_tables: MakeTables) -> World:
    return make_tables(SOURCE, TARGET + HELPERS, TABLES)


@pytest.mark.parametrize("use", BODIES)
def test_a_trigger_that_comes_to_a_name_that_is_not_found_is_named(world: World, use: str) -> None:
    body, function = BODIES[use]
    query(world.target, SEEN.format(body, ""))
    (finding,) = (f for f in found(world) if f.code == "function")
    assert finding.blocks
    assert finding.examples == (function,)
    with pytest.raises(PayrollxError, match="blocks the copy"):
        world.copy()

    query(world.target, finding.sql)

    assert not any(f.code == "function" for f in found(world))
    world.copy()
    assert world.verify().identical


def test_what_a_condition_of_a_trigger_calls_is_read_as_well(world: World) -> None:
    query(world.target, SEEN.format("BEGIN", "WHEN (public.is_due(NEW.amount))"))
    (finding,) = (f for f in found(world) if f.code == "function")
    assert (finding.blocks, finding.examples) == (True, ("public.is_due(numeric)",))

    query(world.target, finding.sql)

    world.copy()
    assert world.verify().identical


def test_what_a_trigger_comes_to_only_sometimes_is_a_warning(world: World) -> None:
    body = "DECLARE kept public.log%ROWTYPE; n public.mood; BEGIN IF NEW.id < 0 THEN PERFORM public.noted(1); END IF;"
    query(world.target, SEEN.format(body, ""))

    (finding,) = (f for f in found(world) if f.code == "function")
    assert (finding.severity, finding.examples) == ("warn", ("public.logged(integer)",))
    world.copy()
    assert world.verify().identical


def test_a_trigger_that_fires_at_the_end_of_the_transaction_is_read_as_well(world: World) -> None:
    query(world.target, SEEN.format("BEGIN PERFORM public.noted(NEW.id);", "").split("CREATE TRIGGER")[0])
    query(
        world.target,
        "CREATE CONSTRAINT TRIGGER seen AFTER INSERT ON app.pays DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION app.seen()",
    )
    (finding,) = (f for f in found(world) if f.code == "function")
    assert (finding.blocks, finding.examples) == (True, ("public.logged(integer)",))

    query(world.target, finding.sql)

    world.copy()
    assert world.verify().identical


def test_a_check_whose_function_calls_itself_by_its_bare_name_is_named(world: World) -> None:
    """Reported of others: a function that validates documents, part by part, and is found by the path alone."""
    query(
        world.target,
        "CREATE FUNCTION public.valid(n integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS"
        " $$ BEGIN RETURN n = 0 OR (SELECT bool_and(valid(part)) FROM unnest(ARRAY[0]) AS part); END $$;"
        "ALTER TABLE app.pays ADD CHECK (public.valid(id))",
    )
    (finding,) = (f for f in found(world) if f.blocks)
    assert "public.valid" in f"{finding.message} {finding.examples} {finding.sql}"
    with pytest.raises(PayrollxError, match="blocks the copy"):
        world.copy()

    query(world.target, "ALTER FUNCTION public.valid(integer) SET search_path = public, pg_catalog")

    world.copy()
    assert world.verify().identical
