"""Foreign keys that leave a single partition of the target, or point at one: they hold only for its rows."""

from rule_worlds import MakeTables
from test_target_rules import findings_of, named
from worlds import query, value

from payrollx_db.model.policy import Policies

SOURCE = """
CREATE TABLE orders (id integer, region text, PRIMARY KEY (id, region));
INSERT INTO orders VALUES (1, 'eu'), (2, 'us'), (3, 'eu'), (4, 'asia');
CREATE TABLE invoices (id integer PRIMARY KEY, order_id integer);
INSERT INTO invoices VALUES (1, 1), (2, 2), (3, 3), (4, 9), (5, NULL);
CREATE TABLE agents (id integer PRIMARY KEY);
INSERT INTO agents VALUES (1);
CREATE TABLE "vis%its" (id integer, "Re.gion" text, agent bigint, PRIMARY KEY (id, "Re.gion"));
INSERT INTO "vis%its" VALUES (1, 'eu', 1), (2, 'eu', 7), (3, 'us', 7), (4, 'us', NULL);
CREATE TABLE days (id integer, region text, visit integer, PRIMARY KEY (id, region));
INSERT INTO days VALUES (1, 'eu', 1), (2, 'eu', 3), (3, 'us', 3), (4, 'eu', 2);
"""
TARGET = """
CREATE TABLE app.orders (id integer, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE app.orders_eu PARTITION OF app.orders FOR VALUES IN ('eu');
CREATE TABLE app.orders_rest PARTITION OF app.orders DEFAULT;
ALTER TABLE app.orders_eu ADD UNIQUE (id);
CREATE TABLE app.invoices (id integer PRIMARY KEY, order_id integer REFERENCES app.orders_eu (id));
CREATE TABLE app.agents (id integer PRIMARY KEY);
CREATE TABLE app."vis%its" (id integer, "Re.gion" text, agent bigint, PRIMARY KEY (id, "Re.gion"))
  PARTITION BY LIST ("Re.gion");
CREATE TABLE app.visits_eu PARTITION OF app."vis%its" FOR VALUES IN ('eu');
CREATE TABLE app.visits_us PARTITION OF app."vis%its" FOR VALUES IN ('us');
ALTER TABLE app.visits_eu ADD FOREIGN KEY (agent) REFERENCES app.agents, ADD UNIQUE (id);
CREATE TABLE app.days (id integer, region text, visit integer, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE app.days_eu PARTITION OF app.days FOR VALUES IN ('eu');
CREATE TABLE app.days_us PARTITION OF app.days FOR VALUES IN ('us');
ALTER TABLE app.days_eu ADD FOREIGN KEY (visit) REFERENCES app.visits_eu (id);
"""
TABLES = {
    "orders": {"id": "integer", "region": "text"},
    "invoices": {"id": "integer", "order_id": "integer?"},
    "agents": {"id": "integer"},
    "vis%its": {"id": "integer", "Re.gion": "text", "agent": "bigint?"},
    "days": {"id": "integer", "region": "text", "visit": "integer?"},
}


def test_orphans_of_a_partition_s_own_foreign_keys_are_named_and_quarantined(make_tables: MakeTables) -> None:
    world = make_tables(SOURCE, TARGET, TABLES)

    found = findings_of(world)

    assert named(found) == {
        ("orphan", "invoices.order_id"): {"2", "9"},
        ("orphan", "vis%its.agent"): {'["7", "eu"]'},
        ("orphan", "days.visit"): {'["3", "eu"]'},
    }
    world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))
    kept = "SELECT array_agg(id ORDER BY id) FROM app."
    assert value(world.target, f"{kept}invoices") == [1, 3, 5]
    assert value(world.target, f'{kept}"vis%its"') == [1, 3, 4]
    assert value(world.target, f"{kept}days") == [1, 3]  # the fourth with the visit that it points at
    causes = query(world.target, "SELECT cause FROM payrollx_meta.quarantine WHERE source LIKE '%.days'")
    assert len([cause for (cause,) in causes if cause]) == 1
    assert value(world.target, "SELECT bool_and(convalidated) FROM pg_constraint WHERE contype = 'f'")
    assert world.verify().identical


def test_a_partition_s_key_that_takes_all_or_none_of_its_columns(make_tables: MakeTables) -> None:
    """MATCH FULL: what is NULL in part is refused, in the partition that has the key and in no other."""
    source = (
        "CREATE TABLE places (id integer, country text, PRIMARY KEY (id, country));"
        "INSERT INTO places VALUES (1, 'de');"
        "CREATE TABLE visits (id integer, region text, place integer, country text, PRIMARY KEY (id, region));"
        "INSERT INTO visits VALUES (1, 'eu', 1, 'de'), (2, 'eu', 1, NULL), (3, 'us', 1, NULL), (4, 'eu', NULL, NULL)"
    )
    target = (
        "CREATE TABLE app.places (id integer, country text, PRIMARY KEY (id, country));"
        "CREATE TABLE app.visits (id integer, region text, place integer, country text, PRIMARY KEY (id, region))"
        " PARTITION BY LIST (region);"
        "CREATE TABLE app.visits_eu PARTITION OF app.visits FOR VALUES IN ('eu');"
        "CREATE TABLE app.visits_us PARTITION OF app.visits FOR VALUES IN ('us');"
        "ALTER TABLE app.visits_eu ADD FOREIGN KEY (place, country) REFERENCES app.places MATCH FULL"
    )
    places = {"id": "integer", "country": "text"}
    visits = {"id": "integer", "region": "text", "place": "integer?", "country": "text?"}
    world = make_tables(source, target, {"places": places, "visits": visits})

    found = findings_of(world)

    assert named(found) == {("orphan", "visits.place+country"): {'["2", "eu"]'}}
    world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))
    assert value(world.target, "SELECT array_agg(id ORDER BY id) FROM app.visits") == [1, 3, 4]
    assert world.verify().identical


def test_a_quarantined_row_of_another_partition_is_no_cause(make_tables: MakeTables) -> None:
    """An id is unique in one partition only, so two rows may have it, and one of them is no parent."""
    source = (
        "CREATE TABLE places (id integer, region text, size integer, PRIMARY KEY (id, region));"
        "INSERT INTO places VALUES (1, 'eu', 1), (2, 'us', -1), (3, 'eu', -1);"
        "CREATE TABLE visits (id integer PRIMARY KEY, place integer); INSERT INTO visits VALUES (1, 1), (2, 2), (3, 3)"
    )
    target = (
        "CREATE TABLE app.places (id integer, region text, size integer CHECK (size > 0), PRIMARY KEY (id, region))"
        " PARTITION BY LIST (region);"
        "CREATE TABLE app.places_eu PARTITION OF app.places FOR VALUES IN ('eu');"
        "CREATE TABLE app.places_us PARTITION OF app.places FOR VALUES IN ('us');"
        "ALTER TABLE app.places_eu ADD UNIQUE (id);"
        "CREATE TABLE app.visits (id integer PRIMARY KEY, place integer REFERENCES app.places_eu (id))"
    )
    places = {"id": "integer", "region": "text", "size": "integer?"}
    world = make_tables(source, target, {"places": places, "visits": {"id": "integer", "place": "integer?"}})

    world.copy_with(world.task(), Policies.read(["orphan=quarantine", "check-violated=quarantine"]))

    causes = dict(query(world.target, "SELECT key, cause FROM payrollx_meta.quarantine WHERE source LIKE '%.visits'"))
    assert {key: bool(cause) for key, cause in causes.items()} == {"2": False, "3": True}
    assert world.verify().identical
