"""The catalog's queries: what the short ones answer is what the long ones do."""

from collections.abc import Iterator

import psycopg
import pytest

from payrollx_db.postgres.column_types import ColumnTypes
from payrollx_db.postgres.introspect import queries, read_tables
from payrollx_db.postgres.steps import perform
from payrollx_db.postgres.url import DatabaseUrl

SIMPLE = """
CREATE SCHEMA "Odd.s";
CREATE TYPE "Odd.s"."Mo od" AS ENUM ('b', 'a');
CREATE TABLE things (
  a integer, b varchar(3), c varchar(3)[], d "Odd.s"."Mo od", e "Odd.s"."Mo od"[], f numeric(10,2)[],
  g interval year to month, h "char", i name, j point, k box[], l int2vector, m oidvector, n bit(3),
  o timestamptz(3)[], p money, q xml, r regclass, s interval(2)[]
)
"""
MADE_OF_OTHERS = """
CREATE DOMAIN amount AS numeric(12,2) CHECK (VALUE > 0);
CREATE TYPE pair AS (one amount, other text);
CREATE TYPE span AS RANGE (subtype = "Odd.s"."Mo od", multirange_type_name = spans);
CREATE TABLE made (a amount[], b pair, c span, d spans, e daterange[])
"""


@pytest.fixture
def catalog(database: DatabaseUrl) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.conninfo(), autocommit=True) as connection:
        yield connection


def test_base_types_and_enums_are_read_as_all_types_are(catalog: psycopg.Connection) -> None:
    catalog.execute(SIMPLE)
    ((oid,),) = catalog.execute("SELECT 'things'::regclass::oid::bigint").fetchall()
    short, long = (
        ColumnTypes.of(catalog.execute(queries.load(name).encode(), {"tables": [oid]}).fetchall())
        for name in ("simple_types", "types")
    )
    assert short.rows == long.rows
    assert len(short.rows) > 19


def test_types_that_are_made_of_others_are_read_whole(catalog: psycopg.Connection) -> None:
    catalog.execute(SIMPLE)
    catalog.execute(MADE_OF_OTHERS)
    table = perform(catalog, read_tables(["public"]))["public.made"]
    types = {column.name: column.type for column in table.columns}
    assert types["a"].element is not None
    assert types["a"].element.checks == ("(VALUE > (0)::numeric)",)
    assert [name for name, _ in types["b"].attributes] == ["one", "other"]
    assert types["c"].element is not None
    assert types["c"].element.labels == ("b", "a")
    assert types["d"].element == types["c"].element
