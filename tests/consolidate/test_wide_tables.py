"""Tables as wide as a server takes them."""

from rule_worlds import MakeTables
from worlds import value


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
