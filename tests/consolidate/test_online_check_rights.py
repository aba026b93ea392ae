"""``check --online`` of a login of few rights: what it lacks is named, and is enough once it is granted."""

from dataclasses import replace

from online_checks import (
    examine,
    fixed,
    login,
    obstacles,
    one,
    possible,
    run,
    state_of,
    walsender_state,
)
from worlds import World, value

ALL = {"follow", "fence", "reverse"}
NO_RIGHT = "42501"

# -- a login of few rights ------------------------------------------------------------------------------


def test_a_login_that_may_only_read(simple: World, few_rights: str, table_owner: str) -> None:
    """All that it lacks is named at once; each try fails; after the statements, all of it works."""
    old = simple.urls["old"]
    mine = login(old, few_rights)
    world = replace(simple, urls={"old": mine})
    answer = examine(world)
    assert possible(answer) == set()
    needed = {
        "replication-role": "old", "database-create": "old", "table-owner": "old", "table-write": "old",
    }  # fmt: skip
    for code, place in needed.items():
        assert one(answer, code, place)
    publish = "CREATE PUBLICATION payrollx FOR TABLE plain"
    assert walsender_state(mine) == NO_RIGHT
    assert state_of(mine, publish) == NO_RIGHT
    assert state_of(mine, "CREATE SCHEMA payrollx") == NO_RIGHT
    assert state_of(mine, "DELETE FROM plain") == NO_RIGHT
    assert state_of(mine, GATE) == NO_RIGHT

    for code, place in needed.items():
        fixed(old, one(answer, code, place))
    assert possible(examine(world)) == ALL
    assert walsender_state(mine) == ""
    assert (
        state_of(mine, publish, "CREATE SCHEMA payrollx", "DELETE FROM plain", GATE, "DROP PUBLICATION payrollx") == ""
    )


def test_a_login_that_may_only_read_the_target(simple: World, few_rights: str, table_owner: str) -> None:
    """What is made there for the way back takes the same rights."""
    new = simple.target
    run(
        new,
        f'GRANT USAGE ON SCHEMA shop TO "{few_rights}"',
        f'GRANT SELECT ON shop.plain TO "{few_rights}"',
        f'ALTER TABLE shop.plain OWNER TO "{table_owner}"',
    )
    mine = login(new, few_rights)
    world = replace(simple, target=mine)
    answer = examine(world)
    assert possible(answer) == {"follow", "fence"}
    blocking = {o.finding.code for o in answer.obstacles if o.finding.blocks}
    assert blocking == {"replication-role", "database-create", "table-owner"}
    publish = "CREATE PUBLICATION payrollx_back FOR TABLE shop.plain"
    assert state_of(mine, publish) == NO_RIGHT

    for code in blocking:
        fixed(new, one(answer, code, new.dbname))
    assert possible(examine(world)) == ALL
    assert state_of(mine, publish) == ""


GATE = """
CREATE TRIGGER payrollx_moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON plain
FOR EACH STATEMENT EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE plain ENABLE ALWAYS TRIGGER payrollx_moved
"""


def test_a_member_of_the_owner_that_does_not_inherit(simple: World, few_rights: str, table_owner: str) -> None:
    old = simple.urls["old"]
    run(old, f'ALTER ROLE "{few_rights}" NOINHERIT', f'GRANT "{table_owner}" TO "{few_rights}"')
    world = replace(simple, urls={"old": login(old, few_rights)})
    assert one(examine(world), "table-owner").finding.examples == ("public.plain",)

    found = one(examine(world), "table-owner")
    fixed(old, found)
    if value(old, "SELECT current_setting('server_version_num')::int") < 160000:
        assert "has to be a role with INHERIT" in found.finding.remedy
        run(old, f'ALTER ROLE "{few_rights}" INHERIT')
    assert obstacles(examine(world), "table-owner") == {}


def test_rows_that_row_level_security_hides(simple: World, few_rights: str, table_owner: str) -> None:
    old = simple.urls["old"]
    run(
        old,
        f'GRANT "{table_owner}" TO "{few_rights}"',
        "ALTER TABLE plain ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE plain FORCE ROW LEVEL SECURITY",
        "INSERT INTO plain VALUES (1, 'one')",
    )
    mine = login(old, few_rights)
    world = replace(simple, urls={"old": mine})
    found = one(examine(world), "row-security")
    assert found.hinders == ("follow", "reverse")
    assert state_of(mine, "SET row_security = off", "SELECT FROM plain") == NO_RIGHT

    fixed(old, found)
    assert state_of(mine, "SET row_security = off", "SELECT FROM plain") == ""
    assert obstacles(examine(world), "row-security") == {}
