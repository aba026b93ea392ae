"""The structure of a target that another tool has filled, or an older version has recorded."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import TestServer, unique
from structure_worlds import NAMES, BrokenDepot
from worlds import World, query


def test_no_structure_is_no_proof_of_it(depot: World) -> None:
    done = depot.command("verify", "--no-structure", "--json", env=NAMES)

    assert json.loads(done.stdout)["structure"] is None


@pytest.fixture
def others_depot(server: TestServer, depot: World) -> Iterator[World]:
    """A depot whose rows were brought by another tool: no run is recorded there."""
    target = server.create_database(unique("others"), depot.target.dbname)
    query(target, "DROP SCHEMA payrollx_meta CASCADE")
    yield replace(depot, target=target, events=[])
    server.drop_database(target.dbname)


def test_what_another_tool_has_filled_is_compared_with_the_sources(others_depot: World) -> None:
    verdict = others_depot.verify(structure=True)

    assert verdict.structure is not None
    assert [finding.message for finding in verdict.structure.differences] == [
        (
            "index orders_level of olddepot.public.orders has no counterpart:"
            " CREATE INDEX orders_level ON public.orders USING btree (level)"
        )
    ], "the target's index is a partial one"
    assert others_depot.verify().structure is None


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ALTER TABLE depot.texts DROP CONSTRAINT texts_pkey", "primary key texts_pkey of olddepot.public.texts"),
        ("ALTER TABLE depot.levels DROP CONSTRAINT levels_title_key", "unique constraint levels_title_key of"),
        ("ALTER TABLE depot.orders DROP CONSTRAINT orders_level_fkey", "foreign key orders_level_fkey of"),
        ("ALTER TABLE depot.orders DROP CONSTRAINT orders_amount_check", "check orders_amount_check of"),
        ("SELECT setval('depot.down', -1)", "sequence depot.down gives -2 next, and the column holds -3 already"),
        ("SELECT setval('depot.levels_id_seq', 12)", "sequence depot.levels_id_seq gives 13 next, and the source's"),
    ],
)
def test_what_another_tool_has_lost_is_named(others_depot: World, statement: str, message: str) -> None:
    query(others_depot.target, statement)

    structure = others_depot.verify(structure=True).structure

    assert structure is not None
    assert any(finding.message.startswith(message) for finding in structure.differences), structure.document()


OLDER = """
UPDATE payrollx_meta.structures SET objects = (
  SELECT jsonb_agg(o.value #- '{4,part of}' #- '{4,check comments}' #- '{4,attribute comments}')
  FROM jsonb_array_elements(objects) AS o (value)
  WHERE o.value ->> 1 NOT IN ('schema', 'view column', 'publication', 'event trigger')
)
"""


def test_what_an_older_version_has_not_recorded_is_no_difference(server: TestServer, broken_depot: BrokenDepot) -> None:
    target = server.create_database(unique("older"), broken_depot.world.target.dbname)
    older = replace(broken_depot, world=replace(broken_depot.world, target=target))
    older.break_(OLDER)

    assert [str(finding) for finding in older.structure().findings] == []
    older.break_("REVOKE USAGE ON SCHEMA depot FROM pg_monitor; DROP INDEX depot.orders_lower")
    assert [finding.message for finding in older.structure().differences] == [
        "index orders_lower of depot.orders is gone: CREATE INDEX ON depot.orders USING btree (lower(code))"
    ]
    server.drop_database(target.dbname)
