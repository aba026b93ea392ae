"""Tables as wide as a server takes them."""

import pytest
from rule_worlds import MakeTables
from worlds import query, value

from payrollx_db.errors import FindingsError


def test_more_values_than_one_query_may_ask_for(make_tables: MakeTables) -> None:
    """Nine hundred conversions of text ids are eighteen hundred questions to the source."""
    names = [f"c{number}" for number in range(1, 901)]
    source = f"CREATE TABLE wide (id integer PRIMARY KEY, {', '.join(f'{name} text' for name in names)});"
    filled = (
        "INSERT INTO wide (id, c1, c900) SELECT n, gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 9) n"
    )
    target = f"CREATE TABLE app.wide (id integer PRIMARY KEY, {', '.join(f'{name} uuid' for name in names)})"
    columns = {"id": "integer", **dict.fromkeys(names, "text?")}
    world = make_tables(f"{source} {filled}", target, {"wide": columns})

    world.copy()

    assert value(world.target, "SELECT count(c900) FROM app.wide") == 9
    assert world.verify().identical


def test_a_row_that_is_too_wide_for_a_page_is_named_by_its_key(make_tables: MakeTables) -> None:
    """A thousand numbers fit a page as integers, and not as bigints. The server says so of the table, of no row."""
    names = [f"c{number}" for number in range(1, 1101)]
    listed = ", ".join(names)
    source = (
        f"CREATE TABLE wide (id integer PRIMARY KEY, {', '.join(f'{name} integer' for name in names)});"
        f"INSERT INTO wide (id, c1) SELECT n, n FROM generate_series(1, 3000) AS n;"
        f"DELETE FROM wide WHERE id = 2500; INSERT INTO wide (id, {listed}) SELECT 2500{', 7' * 1100}"
    )
    target = f"CREATE TABLE app.wide (id integer PRIMARY KEY, {', '.join(f'{name} bigint' for name in names)})"
    world = make_tables(source, target, {"wide": {"id": "integer", **dict.fromkeys(names, "integer?")}})

    with pytest.raises(FindingsError) as refused:
        world.copy()

    assert refused.value.sqlstate == "54000"
    assert refused.value.details == ("old.public.wide: the row 2500 is refused",)
    assert query(world.target, "SELECT FROM app.wide") == []
