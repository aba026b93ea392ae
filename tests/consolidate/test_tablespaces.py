"""Where tables and indexes lie, and what is published of them, is after a copy as it was before."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from conftest import TestServer, unique
from preflight_worlds import findings_in, login, one_finding
from psycopg import sql
from worlds import World, query

from payrollx_db.consolidate.planner import SMALL_TABLES
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

COLUMNS = {"id": "integer", "day": "date", "name": "text?"}
TABLES = ("plain", "parted", "pointing")
MAPS = tuple(TableMap(SourceTable(name, COLUMNS), f"app.{name}") for name in TABLES)
LAYOUT = Layout("spaces", (LegacyDatabase("old", variable="OLD", service="app", maps=MAPS),))
CATALOG = Catalog("spaces", (Service("app", schema="app", role="app", tables=TABLES),), owner_role="spaces_owner")

SOURCE = "".join(
    f"CREATE TABLE {name} (id integer, day date NOT NULL, name text, PRIMARY KEY (id, day));"
    f"INSERT INTO {name} SELECT n, date '2024-01-01' + n, 'n' || n FROM generate_series(1, 50) n;"
    for name in TABLES
)
TARGET = """
CREATE SCHEMA app;
CREATE TABLE app.plain (id integer, day date, name text, PRIMARY KEY (id, day) USING INDEX TABLESPACE {one})
  TABLESPACE {two};
CREATE INDEX plain_name ON app.plain (name) TABLESPACE {one};
CREATE INDEX plain_day ON app.plain (day);
CREATE TABLE app.parted (id integer, day date, name text, PRIMARY KEY (id, day) USING INDEX TABLESPACE {two})
  PARTITION BY RANGE (day) TABLESPACE {one};
CREATE TABLE app.parted_a PARTITION OF app.parted FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') TABLESPACE {two};
CREATE TABLE app.parted_b PARTITION OF app.parted DEFAULT PARTITION BY HASH (id);
CREATE TABLE app.parted_b0 PARTITION OF app.parted_b FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX parted_name ON app.parted (name) TABLESPACE {one};
ALTER INDEX app.parted_b0_name_idx SET TABLESPACE {two};
CREATE INDEX only_a ON app.parted_a (day) TABLESPACE {two};
CREATE TABLE app.pointing (id integer, day date, name text, PRIMARY KEY (id, day),
  FOREIGN KEY (id, day) REFERENCES app.parted);
CREATE PUBLICATION filtered FOR TABLE app.plain (id, day) WHERE (id > 10), app.pointing;
CREATE PUBLICATION parts FOR TABLE app.parted_b0;
CREATE PUBLICATION roots FOR TABLE app.parted WITH (publish_via_partition_root);
CREATE PUBLICATION schema_wide FOR TABLES IN SCHEMA app;
ALTER TABLE app.plain REPLICA IDENTITY FULL;
"""
PLACES = """
SELECT c.oid::regclass::text, c.relkind::text, s.spcname, c.relreplident::text
FROM pg_class c LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1
"""
PUBLISHED = """
SELECT p.pubname, r.prrelid::regclass::text, r.prattrs::text, pg_get_expr(r.prqual, r.prrelid)
FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid ORDER BY 1, 2
"""


@pytest.fixture
def spaces(server: TestServer) -> Iterator[World]:
    """A target whose tables and indexes lie in two tablespaces with odd names, and are published in part."""
    names = [unique('Space "1%'), unique("space.2")]
    source, target = (server.create_database(unique(name)) for name in ("old", "spaces"))
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        if connection.info.server_version < 150000:
            pytest.skip("this server knows neither row filters nor tablespaces in its own folder")
        connection.execute("SET allow_in_place_tablespaces = on")
        for name in names:
            connection.execute(sql.SQL("CREATE TABLESPACE {} LOCATION ''").format(sql.Identifier(name)))
        one, two = map(sql.Identifier, names)
        query(source, SOURCE)
        query(target, sql.SQL(TARGET).format(one=one, two=two).as_string())
        yield World({"old": source}, target, LAYOUT, CATALOG)
        for url in (source, target):
            server.drop_database(url.dbname)
        for name in names:
            connection.execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))


@pytest.mark.parametrize("small_tables", [SMALL_TABLES, 0], ids=["small tables", "large tables"])
def test_tablespaces_and_publications_are_as_before(spaces: World, small_tables: int) -> None:
    spaces.small_tables = small_tables
    before = query(spaces.target, PLACES), query(spaces.target, PUBLISHED)
    assert len({space for _, _, space, _ in before[0]}) == 3

    report = spaces.copy()
    verdict = spaces.verify()

    assert report.run.status == "done"
    assert (query(spaces.target, PLACES), query(spaces.target, PUBLISHED)) == before
    assert verdict.identical


def test_what_rows_need_in_other_tablespaces_is_told_for_each(spaces: World) -> None:
    ((message,),) = [[f.message for f in findings_in(spaces) if f.code == "disk"]]

    for (space,) in query(spaces.target, "SELECT spcname FROM pg_tablespace WHERE spcname ~* '^space'"):
        assert f"of rows in the tablespace {space}" in message


def test_a_publication_of_a_partition_alone_is_warned_of(spaces: World) -> None:
    query(spaces.target, "DROP PUBLICATION filtered, roots, schema_wide")

    finding = one_finding(findings_in(spaces), "replicated", "warn")

    assert "parts" in finding.message + " ".join(finding.examples)
    assert finding.place.endswith("app.parted")


def test_tablespaces_in_which_this_role_may_build_no_index_are_named(role: str, spaces: World) -> None:
    query(spaces.target, f'ALTER TABLE app.plain OWNER TO "{role}"; GRANT ALL ON SCHEMA app TO "{role}"')
    limited = replace(spaces, target=login(spaces.target, role), small_tables=0)

    def closed(world: World) -> list[tuple[str, int]]:
        return [(f.place.partition(".")[2], f.count) for f in findings_in(world) if "tablespaces" in f.message]

    assert closed(limited) == [("app.plain", 1)]
    assert closed(replace(limited, small_tables=SMALL_TABLES)) == [], "their indexes stay where they are"
    ((space,),) = query(spaces.target, "SELECT spcname FROM pg_tablespace WHERE spcname ~ 'Space'")
    query(spaces.target, sql.SQL("GRANT CREATE ON TABLESPACE {} TO {}").format(
        sql.Identifier(space), sql.Identifier(role)).as_string())  # fmt: skip
    assert closed(limited) == []
