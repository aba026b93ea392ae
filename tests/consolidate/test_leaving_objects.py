"""One object that fails keeps nothing else from coming back, whichever way a run is left."""

from typing import Any

import pytest
from leaving_worlds import abandon, copy, cut_off, objects, restart, state
from worlds import World, query, snapshot_of, value

from payrollx_db.errors import TargetError

# Refuses to make what `sabotage` names, and says so with its SQLSTATE: whatever a server may have against an object.
REFUSING = """
CREATE TABLE public.sabotage (name text, tag text, state text);
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE refused record;
BEGIN
  FOR refused IN SELECT * FROM public.sabotage AS s WHERE s.tag = TG_TAG AND (
    EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
            WHERE k.conname = s.name AND k.xmin = pg_catalog.pg_current_xact_id()::xid)
    OR EXISTS (SELECT FROM pg_catalog.pg_class AS c
               WHERE c.relname = s.name AND c.xmin = pg_catalog.pg_current_xact_id()::xid))
  LOOP
    RAISE EXCEPTION 'refused' USING ERRCODE = refused.state;
  END LOOP;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION public.refuse();
"""
CALM = "DROP EVENT TRIGGER refuse; DROP TABLE public.sabotage"
INDEX, TABLE = "CREATE INDEX", "ALTER TABLE"
# Each object, with the step that fails, and what needs it.
FAULTS = {
    "an index": ("things_maker_index", INDEX, set()),
    "an index over a function": ("things_folded", INDEX, set()),
    "a unique index": ("makers_name", INDEX, set()),
    "the index of a primary key": ("makers_key", INDEX, {"things_maker", "notes_maker"}),
    "a primary key": ("makers_key", TABLE, set()),
    "the index of a unique constraint": ("things_name", INDEX, set()),
    "a unique constraint": ("things_name", TABLE, set()),
    "an exclusion constraint": ("things_apart", TABLE, set()),
    "a key within": ("things_maker", TABLE, set()),
    "a key from elsewhere": ("notes_maker", TABLE, set()),
}
STATES = {"no function": "42883", "no memory": "53200", "cancelled": "57014", "locked": "55P03", "no right": "42501"}


def one_fails(*short: str) -> Any:
    """Try each object with each kind of failure; all but the ``short`` pair take minutes."""
    cases = [
        pytest.param(*FAULTS[fault], sqlstate, id=f"{fault}, {kind}",
                     marks=() if (fault, kind) == short else (pytest.mark.long,))
        for fault in FAULTS for kind, sqlstate in STATES.items()
    ]  # fmt: skip
    return pytest.mark.parametrize(("name", "tag", "needing", "sqlstate"), cases)


def sabotage(world: World, name: str, tag: str, sqlstate: str) -> None:
    query(world.target, REFUSING)
    query(world.target, "INSERT INTO public.sabotage VALUES (%s, %s, %s)", (name, tag, sqlstate))


def named(items: Any) -> set[str]:
    return {item.name for item in items}


def missing(before: Any, after: Any) -> set[str]:
    """Names of the objects that aren't there any more; a key that isn't valid counts as missing."""
    assert {place for _, place, _ in after} <= {place for _, place, _ in before}
    return {place.rpartition(".")[2] for _, place, _ in set(before) - set(after)}


def is_down(world: World, name: str) -> bool:
    query_down = "SELECT count(*) FROM payrollx_meta.objects WHERE restored_at IS NULL AND name = %s"
    return bool(value(world.target, query_down, (name,)))


def down_though_ready(world: World) -> set[str]:
    """Names of what is down of tables whose rows are in; a key needs the rows of both of its tables."""
    ready = "(SELECT target FROM payrollx_meta.parts WHERE finished_at IS NOT NULL)"
    rows = query(
        world.target,
        f"SELECT name FROM payrollx_meta.objects WHERE restored_at IS NULL AND table_name IN {ready}"
        f" AND coalesce(detail ->> 'target', table_name) IN {ready}",
    )
    return {name for (name,) in rows}


def lists(world: World) -> set[str]:
    return {item["name"] for item in world.answer("status")["unrestored"]}


def run_statements(world: World, statements: Any) -> None:
    for statement in statements:
        query(world.target, statement)


@one_fails("a primary key", "no right")
def test_an_undone_run_leaves_one_object_out_and_no_other(
    leaving_shop: World, name: str, tag: str, needing: set[str], sqlstate: str
) -> None:
    before = objects(leaving_shop)
    cut_off(leaving_shop)
    if not is_down(leaving_shop, name):
        return  # it was never dropped
    sabotage(leaving_shop, name, tag, sqlstate)

    with pytest.raises(TargetError) as caught:
        restart(leaving_shop)

    assert caught.value.sqlstate == ""
    left = {name} | needing
    assert all(any(one in line for line in caught.value.details) for one in left)
    assert missing(before, objects(leaving_shop)) == left
    assert state(leaving_shop) == [(1, "undone")]
    assert lists(leaving_shop) == left
    query(leaving_shop.target, CALM)
    report = copy(leaving_shop)
    assert report.run.id == 2
    assert objects(leaving_shop) == before
    assert leaving_shop.verify().identical


@one_fails("an index over a function", "no function")
def test_a_run_that_is_given_up_leaves_one_object_out_and_no_row(
    leaving_shop: World, name: str, tag: str, needing: set[str], sqlstate: str
) -> None:
    before = objects(leaving_shop)
    cut_off(leaving_shop)
    if not is_down(leaving_shop, name):
        return
    rows = snapshot_of(leaving_shop.target)["rows"]
    sabotage(leaving_shop, name, tag, sqlstate)

    given_up = abandon(leaving_shop)

    # A key is broken as well where the rows of a child were in, and its parent's weren't.
    assert named(given_up.unrestored) - {"things_maker"} == ({name} | needing) - {"things_maker"}
    assert missing(before, objects(leaving_shop)) == named(given_up.unrestored)
    assert rows.items() <= snapshot_of(leaving_shop.target)["rows"].items()
    assert state(leaving_shop) == [(1, "abandoned")]
    structure = leaving_shop.verify().structure
    assert structure is not None
    missed = {finding.message.partition(" of ")[0].rpartition(" ")[2] for finding in structure.differences}
    assert missed == named(given_up.unrestored)
    query(leaving_shop.target, CALM)
    query(leaving_shop.target, given_up.emptying)
    run_statements(
        leaving_shop, (item.statement for item in given_up.unrestored)
    )  # in the order in which they are named
    assert objects(leaving_shop) == before
    assert lists(leaving_shop) == set()
    assert copy(leaving_shop).run.id == 2
    assert objects(leaving_shop) == before


@one_fails("a key from elsewhere", "locked")
def test_a_copy_that_is_resumed_builds_all_the_others(
    leaving_shop: World, name: str, tag: str, needing: set[str], sqlstate: str
) -> None:
    before = objects(leaving_shop)
    cut_off(leaving_shop)
    if not is_down(leaving_shop, name):
        return
    sabotage(leaving_shop, name, tag, sqlstate)

    with pytest.raises(TargetError) as caught:
        copy(leaving_shop)

    assert name in str(caught.value) or any(name in line for line in caught.value.details)
    assert state(leaving_shop) == [(1, "failed")]
    assert down_though_ready(leaving_shop) <= {name} | needing
    query(leaving_shop.target, CALM)
    assert copy(leaving_shop).run.id == 1
    assert objects(leaving_shop) == before
    assert leaving_shop.verify().identical
