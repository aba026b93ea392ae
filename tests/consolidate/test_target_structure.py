"""The target ends as it was designed, whatever shapes its tables have."""

import pytest
from odd_shapes import structure
from worlds import World, query

from payrollx_db.consolidate.planner import SMALL_TABLES

DROPPED = "SELECT table_name, name FROM payrollx_meta.objects"
TREE = "SELECT count(*) FROM app.tree AS t JOIN app.tree AS above ON above.id = t.above"
INHERITED = "SELECT (SELECT count(*) FROM ONLY app.people), (SELECT count(*) FROM app.people)"

WAYS = pytest.mark.parametrize(
    "small_tables", [SMALL_TABLES, pytest.param(0, marks=pytest.mark.long)], ids=["small tables", "large tables"]
)


@WAYS
def test_every_shape_is_as_before(odd: World, small_tables: int) -> None:
    odd.small_tables = small_tables
    before = structure(odd.target)

    report = odd.copy()

    assert report.run.status == "done"
    assert structure(odd.target) == before
    assert query(odd.target, TREE) == [(40,)]
    assert query(odd.target, INHERITED) == [(10, 20)]
    if small_tables:
        # One that refuses rows that it is designed to let pass, and one of two tables that point at each other.
        (of_a_circle,) = set(query(odd.target, DROPPED)) - {("app.orphans", "never")}
        assert of_a_circle in (("app.eggs", "eggs_hen_fkey"), ("app.hens", "hens_egg_fkey"))
