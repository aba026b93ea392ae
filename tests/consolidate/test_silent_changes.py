"""What a transform would change without a word is found before the copy, row by row, whatever rule or derive it is."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from conftest import TestServer, unique
from psycopg import sql
from rule_worlds import MakeTables
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, Lookup, SourceTable, TableMap
from payrollx_db.model.policy import Policies


@dataclass(frozen=True)
class Case:
    """One column ``v``: its types, the values of rows 1, 2, …, and the keys of those rows that are found, by code."""

    source: str
    target: str
    values: tuple[str | None, ...]
    found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derive: str = ""
    empty_as_null: bool = False
    since: int = 0  # the first major version that knows the types


CASES = {
    "gap": Case("timestamp(3)", "timestamptz", ("2024-03-31 01:30", "2024-03-31 02:30", "2024-03-31 03:30",
                "2024-10-27 02:30", "infinity", "0044-03-15 12:00 BC", "2024-10-27 03:00", "2024-10-27 01:59:59"),
                {"lossy": ("2",), "ambiguous-time": ("4",)}),
    "gap_in_array_of_digits": Case("timestamp[]", "timestamp(0)[]", ('{"2024-01-01 00:00:00.4",NULL}', "{}"),
                                   {"lossy": ("1",)}),
    "own_zone": Case("timestamp", "timestamptz", ("2024-04-07 01:45", "2024-10-06 02:15", "2024-01-01"),
                     {"lossy": ("2",), "ambiguous-time": ("1",)}, "{v} AT TIME ZONE 'Australia/Lord_Howe'"),
    "zone_of_a_function": Case("timestamp", "timestamptz", ("2024-03-31 02:30", "2024-10-27 02:30", "2024-01-01"),
                               {"lossy": ("1",), "ambiguous-time": ("2",)}, "(timezone('Europe/Berlin', ({v})))"),
    "zone_of_a_text": Case("text", "timestamptz", ("2024-03-31 02:30", "2024-10-27 02:30", "2024-01-01 12:00+05", "x"),
                           {"lossy": ("1", "3"), "ambiguous-time": ("2",), "unconvertible": ("4",)},
                           "({v}::timestamp) AT TIME ZONE 'Europe/Berlin'"),
    "zone_of_digits": Case("timestamp(6)", "timestamptz(0)", ("2024-03-31 02:30", "2024-01-01 00:00:00.4"),
                           {"lossy": ("1", "2")}, "CAST({v} AS timestamp) AT TIME ZONE 'Europe/Berlin'"),
    "out_of_a_zone": Case("timestamptz", "timestamp", ("2024-10-27 00:30Z", "2024-10-27 01:30Z", "2024-03-31 01:30Z",
                          "infinity"), {"lossy": ("1",)}, "{v} AT TIME ZONE 'Europe/Berlin'"),
    "between_zones": Case("timestamp", "timestamp", ("2024-10-27 00:30", "2024-10-27 01:30", "2024-03-31 01:30"),
                          {"lossy": ("1",)}, "{v} AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'"),
    "out_of_range": Case("timestamp", "timestamptz",
                         ("294276-12-31 23:59:59.999", "4714-11-24 00:00:00 BC", "2024-01-01"),
                         {"unconvertible": ("2",)}),
    "json": Case("json", "jsonb", ('{"a": 1, "b": {"a": 2}}', '{"a": 1, "a": 2}', '{"s": "x\\u0000y"}',
                 '{"n": 1e999999}', '[{"x": [{"k":1,"k":1}]}]', '{"a": 1, "a": "\\u003a"}',
                 '{"a:": "b:\\"", "c": "::"}', '{"\\u0061":1,"a":2}', None),
                 {"lossy": ("2", "5", "6", "8"), "unconvertible": ("3", "4"), "json-form": ()}),
    "text_json": Case("text", "jsonb", ('{"a": 1}', "", "{", '{"a":1,"a":2}'),
                      {"lossy": ("4",), "unconvertible": ("2", "3"), "json-form": ()}),
    "derived_json": Case("text", "jsonb", ('{"a": 1}', "{", '{"a":1,"a":2}'),
                         {"lossy": ("3",), "unconvertible": ("2",)}, "{v}::jsonb"),
    "zone_of_a_date": Case("date", "timestamp", ("2024-03-31",), {"cast-at-utc": ()},
                           "{v} AT TIME ZONE 'Europe/Berlin'"),
    "stripped_json": Case("json", "jsonb", ('{"a": 1, "b": null}', '{"a":1,"a":2}', None), {"lossy": ("2",)},
                          "json_strip_nulls({v})"),
    "json_by_a_function": Case("json", "jsonb", ('{"a": 1}', '{"a":1,"a":2}', '"\\u0000"'),
                               {"lossy": ("2",), "unconvertible": ("3",)}, "to_jsonb({v})"),
    "text_made_json": Case("text", "jsonb", ('{"a":1,"a":2}', "x"), {}, "to_jsonb({v})"),
    "texts": Case("text", "text[]", ('["a", "b\\"", null]', "[]", "{a,b}", "[1]", '{"a": 1}', "null", None, '[["x"]]'),
                  {"lossy": ("4", "8"), "unconvertible": ("3", "5", "6")}),
    "float": Case("float8", "numeric", ("123456789012345.67", "0.1", "NaN", "-Infinity", "1e-300")),
    "derived_float": Case("float8", "numeric", ("123456789012345.67", "0.1", "NaN", "1e10"), {"lossy": ("1",)},
                          "{v}::numeric"),
    "float_limits": Case("float4", "numeric(5,2)", ("0.125", "1.5", "1e4", "NaN", "Infinity"),
                         {"lossy": ("1",), "unconvertible": ("3", "5")}),
    "more_digits": Case("numeric(65,30)", "numeric(38,18)", ("1.5", "0.1234567890123456785", "-1e-19", "NaN"),
                        {"lossy": ("2", "3")}),
    "float_down": Case("float8", "real", ("0.5", "0.1", "1e300", "1e-300", "NaN", "-Infinity"),
                       {"lossy": ("2",), "unconvertible": ("3", "4")}),
    "integers": Case("bigint", "smallint", ("32767", "-32768", "32768"), {"unconvertible": ("3",)}),
    "fraction": Case("numeric", "integer", ("1.0", "1.5", "2147483647.4", "2147483648", "NaN"),
                     {"lossy": ("2", "3"), "unconvertible": ("4", "5")}),
    "derived_fraction": Case("numeric", "integer", ("1.0", "1.5", "3000000000"),
                             {"lossy": ("2",), "unconvertible": ("3",)}, "{v}::int"),
    "derived_sum": Case("numeric", "numeric(6,2)", ("1.5", "1.005", "10000"),
                        {"lossy": ("2",), "unconvertible": ("3",)}, "{v} * 1.0"),
    "derived_array": Case("float8[]", "numeric(6,2)[]", ("{1.5,NULL}", "{1.005}", "{100000}"),
                          {"lossy": ("2",), "unconvertible": ("3",)}, "{v}::numeric[]"),
    "derived_money": Case("numeric", "money", ("1.50", "1.005"), {"lossy": ("2",)}, "{v}"),
    "division": Case("integer", "integer", ("5", "0", "2", None), {"unconvertible": ("2",)}, "10 / {v}"),
    "derived_cut": Case("text", "varchar(3)", ("abc", "abcd", "ab "), {"unconvertible": ("2",)}, "upper({v})"),
    "derived_date": Case("timestamp", "date", ("2024-01-01 00:00", "2024-01-01 12:00"), {"lossy": ("2",)}, "{v}::date"),
    "derived_enum": Case("text", "mood", ("fine", "odd"), {"enum-unknown": ("2",)}, "lower({v})"),
    "interval": Case("interval", "interval year to month", ("1 year 2 mons", "1 mon 3 days", "30 days"),
                     {"lossy": ("2", "3")}),
    "short_array": Case("varchar(5)[]", "varchar(3)[]", ("{abc,NULL}", "{abcd}"), {"unconvertible": ("2",)}),
    "name": Case("text", "name", ("x" * 63, "x" * 64, "é" * 32), {"unconvertible": ("2", "3")}),
    "padded": Case("text", "char(5)", ("ab", "ab ", "abcdef"), {"lossy": ("2",), "unconvertible": ("3",)}),
    "scale": Case("numeric", "numeric(3,5)", ("0.00999", "0.01", "0.001234"),
                  {"unconvertible": ("2",), "lossy": ("3",)}, since=15),
    "labels": Case("place", "place", ('(x,fine,"{fine}")', '(x,gone,"{fine}")', '(x,,"{fine,gone}")', "(,,)"),
                   {"enum-unknown": ("2", "3")}),
    "empty": Case("text", "varchar(9)", ("", "x", None), {}, empty_as_null=True),
    "empty_enum": Case("text", "mood", ("", "fine", "odd"), {"enum-unknown": ("3",)}, empty_as_null=True),
    "dates": Case("date", "timestamp", ("294277-01-01", "infinity", "2024-02-29"), {"unconvertible": ("1",)}),
    "cut_on_the_way": Case("text", "text", ("abc", "abcd"), {"lossy": ("2",)}, "CAST({v} AS varchar(3))::text"),
    "rounded_on_the_way": Case("text", "numeric(9,2)", ("1.20", "1.239", "NaN"), {"lossy": ("2",)},
                               "{v}::numeric(10, 2)"),
    "by_way_of_a_float": Case("text", "bigint", ("5", "9007199254740993", "5.5"), {"lossy": ("2", "3")},
                              "{v}::float8::bigint"),
    "one_byte": Case("text", '"char"', ("x", "xyz"), {"lossy": ("2",)}, '{v}::"char"'),
    "text_to_date": Case("text", "date", ("2024-02-01", "2024-02-01 12:00", "today", "2/1/24", "infinity",
                         "0044-03-15 BC", "01.02.2024"), {"lossy": ("2", "3", "4"), "unconvertible": ("7",)},
                         "{v}::date"),
    "text_to_local_time": Case("text", "timestamp", ("2024-02-01T12:00:00Z", "2024-02-01 12:00+05",
                               "2024-02-01 12:00:00.1234567", "2024-02-01 12:00:00.1234560"), {"lossy": ("2", "3")},
                               "{v}::timestamp"),
    "text_to_moment": Case("text", "timestamptz(0)", ("2024-02-01 12:00+05", "2024-02-01 12:00:00.5+05"),
                           {"lossy": ("2",), "cast-at-utc": ()}, "{v}::timestamptz"),
    "text_to_full_moment": Case("text", "timestamptz", ("2024-02-01T12:00:00Z", "  12-10-11", "2/1/24", "today", "Now",
                                "yesterday 12:00+00", "2024-02-01 12:00:00.123456+02:00", "20240201",
                                "2024-02-01 12:00:00.1234567+02", "2024-02-01 12:00:00.1234560", "0044-03-15 BC"),
                                {"lossy": ("2", "3", "4", "5", "6", "9"), "cast-at-utc": ()}, "{v}::timestamptz"),
    "added": Case("float4", "numeric(9,2)", ("1.5", "0.125", "NaN"), {"lossy": ("2",)}, "{v} * 1"),
    "of_another_type": Case("integer", "smallint", ("1", "3", "40000"), {"unconvertible": ("3",)}, "{v} + 0::bigint"),
    "halves": Case("integer", "integer", ("2", "3"), {"lossy": ("2",)}, "{v} / 2.0"),
    "text_to_time": Case("text", "time", ("12:00", "12:00+05", "2024-01-01 12:00"),
                         {"lossy": ("2", "3")}, "{v}::time"),
    "date_left_out": Case("timestamp", "time", ("2024-01-01 12:00",), {"lossy": ("1",)}, "{v}"),
    "days_left_out": Case("interval", "time", ("12:00", "25:00", "-1:00"), {"lossy": ("2", "3")}, "{v}::time"),
    "zone_left_out": Case("timetz", "time", ("12:00+00", "12:00+05"), {"lossy": ("2",)}, "{v}::time"),
    "moment_at_utc": Case("timestamp", "timestamptz", ("2024-02-01 12:00",), {"cast-at-utc": ()}, "{v}::timestamptz"),
    "host_left_out": Case("inet", "cidr", ("10.0.0.0/24", "10.0.0.1/24", "::1"), {"lossy": ("2",)}, "{v}"),
    "corners_left_out": Case("polygon", "box", ("((0,0),(0,2),(2,2),(2,0))", "((0,0),(1,2),(2,0))"), {"lossy": ("2",)},
                             "{v}::box"),
    "digits_of_json": Case("jsonb", "integer", ("1", "1.7", "1.0"), {"lossy": ("2",)}, "{v}::int"),
    "bits_of_a_number": Case("integer", "bit(3)", ("5", "-1", "255"), {"lossy": ("3",)}, "{v}::bit(3)"),
    "bits_of_bits": Case("bit(4)", "bit(2)", ("1100",), {"lossy": ("1",)}, "{v}::bit(2)"),
    "number_of_an_object": Case("oid", "integer", ("5", "4294967295"), {"lossy": ("2",)}, "{v}::int"),
    "coins": Case("float8", "money", ("1.5", "1.005"), {"lossy": ("2",)}, "{v}::numeric::money"),
    "written_array": Case("text", "text[]", ("{a,NULL}", "[0:1]={a,b}", "a"), {"unconvertible": ("3",)}, "{v}::text[]"),
    "written_numbers": Case("text", "numeric(5,1)[]", ("{1.50}", "{1.55}"), {"lossy": ("2",)}, "{v}::numeric[]"),
    "bits_of_numbers": Case("integer[]", "bit(2)[]", ("{1,2}", "{11}"), {"lossy": ("2",)}, "{v}::bit(2)[]"),
    "dates_of_an_array": Case("timestamp[]", "date[]", ("{2024-01-01}", '{"2024-01-01 12:00"}'), {"lossy": ("2",)},
                              "{v}::date[]"),
    "derived_short_array": Case("text[]", "varchar(2)[]", ("{ab,NULL}", "{abc}"), {"unconvertible": ("2",)},
                                "array_remove({v}, 'x')"),
    "parts_of_years": Case("text", "interval", ("1.3 years", "P1.3Y", "1.50 years", "1.5 mons", "0.1 decades",
                           "1.33 decades", "0.75y 1.3 days", "12.5 c"), {"lossy": ("1", "2", "6")}, "{v}::interval"),
    "endless_year": Case("date", "integer", ("2000-02-29", "infinity", "0044-03-15 BC"), {"unconvertible": ("2",)},
                         "extract(year FROM {v})"),
    "looked_up": Case("integer", "integer", ("1", "2", "3"), {"unconvertible": ("2",)},
                      "6 / {other.divisor} + 0 * {v}"),
    "s": Case("integer", "numeric", ("1", "0"), {"unconvertible": ("2",)}, "1 / {v}"),
}  # fmt: skip
TYPES = """
CREATE TYPE {0}.mood AS ENUM ('fine'{1});
CREATE TYPE {0}.place AS (street text, feeling {0}.mood, feelings {0}.mood[]);
"""


@pytest.fixture(scope="module")
def changes(server: Any) -> Iterator[World]:
    """One table for each case."""
    names = unique("old"), unique("new")
    source, target = map(server.create_database, names)
    query(source, TYPES.format("public", ", 'gone'"))
    query(source, "CREATE TABLE others (id int PRIMARY KEY, divisor int); INSERT INTO others VALUES (1, 2), (2, 0)")
    query(target, "CREATE SCHEMA app;" + TYPES.format("app", ""))
    maps, there, here = [], [], []
    cases = {name: case for name, case in CASES.items() if server.version >= case.since * 10_000}
    for name, case in cases.items():
        own = case.target in ("mood", "place")
        rows = ", ".join(f"({n}, {sql.Literal(value).as_string(None)})" for n, value in enumerate(case.values, 1))
        there.append(
            f'CREATE TABLE "{name}" (id integer PRIMARY KEY, v {case.source}); INSERT INTO "{name}" VALUES {rows}'
        )
        here.append(f'CREATE TABLE app."{name}" (id integer PRIMARY KEY, v {"app." * own}{case.target})')
        maps.append(
            TableMap(
                SourceTable(name, {"id": "integer", "v": f"{case.source}?"}), f"app.{name}",
                derive={"v": case.derive} if case.derive else {},
                lookups={"other": Lookup("others", {"id": "id"})} if "other" in case.derive else {},
                empty_as_null=frozenset({"v"} if case.empty_as_null else ()),
            )
        )  # fmt: skip
    query(source, ";".join(there))
    query(target, ";".join(here))
    others = TableMap(SourceTable("others", {"id": "integer", "divisor": "integer?"}), "app.others")
    query(target, "CREATE TABLE app.others (id int PRIMARY KEY, divisor int)")
    catalog = Catalog("changes", (Service("app", schema="app", role="changes_app", tables=(*cases, "others")),))
    databases = (LegacyDatabase("old", "OLD", "app", (*maps, others)),)
    yield World({"old": source}, target, Layout("changes", databases, timezone="Europe/Berlin"), catalog)
    for name in names:
        server.drop_database(name)


@pytest.fixture(scope="module")
def findings(changes: World) -> Any:
    assert changes.plan().mismatches == ()
    return asyncio.run(pipeline.check(changes.task()))


@pytest.mark.parametrize("name", CASES)
def test_values_that_would_change_are_named(findings: Any, name: str, server: TestServer) -> None:
    server.needs(CASES[name].since, f"type {CASES[name].target}")
    mine = [f for f in findings if f.place == f"old.public.{name}.v" and f.code != "collation"]

    assert {finding.code: finding.examples for finding in mine} == CASES[name].found
    rows = [finding for finding in mine if finding.examples]
    assert all(finding.count == len(finding.examples) for finding in rows)


@pytest.mark.usefixtures("findings")  # which are of the rows as they were
def test_policies_decide_about_them_and_the_rest_is_proven(changes: World) -> None:
    policies = Policies.read(
        [
            "unconvertible=quarantine",
            "enum-unknown=quarantine",
            "lossy=quarantine",
            "lossy:float_limits.v=round",
            "lossy:more_digits.v=round",
        ]
    )

    report = changes.copy_with(changes.task(), policies)
    verdict = changes.verify()

    assert verdict.identical
    for account in report.tables:
        case = CASES.get(account.target.removeprefix("app."))
        if case is not None:
            out = {key for code, keys in case.found.items() if code != "ambiguous-time" for key in keys}
            kept = {"app.float_limits": {"1"}, "app.more_digits": {"2", "3"}}.get(account.target, set())
            assert account.rows_quarantined == len(out - kept), account.target
    assert query(changes.target, "SELECT v::text FROM app.float WHERE id = 1") == [("123456789012345.67",)]
    rounded = "SELECT v::text FROM app.more_digits WHERE id IN (2, 3) ORDER BY id"
    assert query(changes.target, rounded) == [("0.123456789012345679",), ("0.000000000000000000",)]
    assert query(changes.target, "SELECT v FROM app.empty ORDER BY id") == [(None,), ("x",), (None,)]
    assert query(changes.target, "SELECT v FROM app.texts WHERE id = 1") == [(["a", 'b"', None],)]

    query(changes.urls["old"], "UPDATE division SET v = 5 WHERE id = 2")
    query(changes.urls["old"], """UPDATE json SET v = '{"s": "xy"}' WHERE id = 3""")
    query(changes.urls["old"], "UPDATE float_down SET v = 0.25 WHERE id = 2")
    restored = {retried.source: retried.restored for retried in asyncio.run(pipeline.retry(changes.task()))}
    assert {source: keys for source, keys in restored.items() if keys} == {
        "old.public.division": ("2",), "old.public.json": ("3",), "old.public.float_down": ("2",),
    }  # fmt: skip
    assert changes.verify().identical


OF_NO_ROW = {
    "derive-refused": ("row_number() OVER (ORDER BY {v})", "pg_catalog.generate_series(1, {v})", "max({v})", "no({v})"),
    "derive-varies": (
        "{v} + random()", "{v} + extract(day FROM CURRENT_DATE)", "{v} + extract(day FROM now())", '{v} * "random"()',
        "{v} * extract(day FROM 'today'::timestamp)", "{v} * extract(day FROM date $$tomorrow$$)",
        "CASE WHEN to_timestamp({v}) < 'today 12:00' THEN {v} END", "CASE WHEN {day} <= E'now' THEN {v} END",
        "{v} + extract(day FROM age({day}))", "{v} + extract(day FROM 'today'::text::date)",
        "{v} + extract(hour FROM CAST('now'::text AS time))", "public.stamp({v})", 'public . "Stamp of"({v}::int)',
        "public.by_path({v})", "public.since({v})", "public.returned({v})",
    ),
    "": (
        "{v} + pg_catalog.length('now()')", "coalesce({v}, 0)", "{v} + length($$ now() $$) + length(E'\\'now()')",
        "CASE {word} WHEN 'today' THEN {v} WHEN 'now' THEN 0 END", "{v} + length(coalesce({word}, 'tomorrow'))",
        "CASE WHEN {word} IN ('now', 'later') OR {day} < '2024-01-01' THEN 1 ELSE {v} END", "{v} /* not random() */",
        "-- now()\n{v}", "{v} -- as it is",
        "{current_date} + public.now({v})", "CASE {mood} WHEN 'now' THEN 1 ELSE {v} END",
        '(SELECT max(o."current_date") FROM public.t0 AS o WHERE o.id = {id})', "length('now' || {v})",
        "CASE WHEN {word} = 'today n/a' THEN {v} ELSE extract(day FROM {word}::date) END", "public.pure({v})",
        "{v} + extract(day FROM age({day}, '2024-01-01'))", "(jsonb_build_object('now', {v}) ->> 'now')::float8",
    ),
}  # fmt: skip
MADE_OF = {"id": "integer", "v": "float8?", "day": "date?", "word": "text?", "mood": "mood?", "current_date": "float8?"}
OWN = """
CREATE TYPE mood AS ENUM ('now', 'later');
CREATE FUNCTION public.now(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE FUNCTION public.stamp(float8) RETURNS float8 LANGUAGE sql AS 'SELECT $1 * extract(epoch FROM now())';
CREATE FUNCTION public."Stamp of"(integer) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS
  'BEGIN RETURN 1 + public.stamp($1); END';
CREATE FUNCTION public.by_path(float8) RETURNS float8 LANGUAGE sql SET search_path = pg_catalog, public AS
  'SELECT stamp($1)';
CREATE FUNCTION public.since(float8) RETURNS float8 LANGUAGE sql STABLE AS
  $$ SELECT $1 + (current_setting('x.y', true)::date - 'today'::date) $$;
CREATE FUNCTION public.returned(float8) RETURNS float8 RETURN $1 * extract(day FROM CURRENT_DATE);
CREATE FUNCTION public.pure(float8) RETURNS float8 LANGUAGE plpgsql AS
  $$ BEGIN /* not now() */ RETURN $1 + length('random()') + length('now') + public.now($1); END $$;
"""
A_ROW = "INSERT INTO {} VALUES (1, 1, '2024-01-01', 'today n/a', 'later', 1);"


@pytest.mark.parametrize("code", OF_NO_ROW)
def test_an_expression_that_gives_no_value_of_a_row_is_named(make_tables: MakeTables, code: str) -> None:
    names = [f"t{number}" for number, _ in enumerate(OF_NO_ROW[code])]
    columns = 'id integer PRIMARY KEY, v float8, day date, word text, mood mood, "current_date" float8'
    source = OWN + "".join(f"CREATE TABLE {name} ({columns});{A_ROW.format(name)}" for name in names)
    target = "".join(f"CREATE TABLE app.{name} (id integer PRIMARY KEY, v float8);" for name in names)
    derive = {name: {"v": text} for name, text in zip(names, OF_NO_ROW[code], strict=True)}
    read = {n: {c: t for c, t in MADE_OF.items() if c == "id" or f"{{{c}}}" in text["v"]} for n, text in derive.items()}
    world = make_tables(source, target, read, derive=derive)
    (database,) = world.layout.databases
    left = tuple(Discard(name, "unread", column) for name in names for column in MADE_OF.keys() - read[name].keys())
    world.layout = replace(world.layout, databases=(replace(database, discards=left),))

    found = asyncio.run(pipeline.check(world.task()))

    named = {(f.code, f.place.split(".")[2]) for f in found if f.code.startswith("derive")}
    assert named == {(code, name) for name in names if code}
    assert all(f.blocks for f in found if f.code.startswith("derive"))


def test_a_column_may_be_called_whatever_its_template_holds(make_tables: MakeTables) -> None:
    world = make_tables(
        """CREATE TABLE t (id integer PRIMARY KEY, "1" text, "a b%s" text); INSERT INTO t VALUES (1, 'x', '%s{')""",
        "CREATE TABLE app.t (id integer PRIMARY KEY, v text)",
        {"t": {"id": "integer", "1": "text?", "a b%s": "text?"}},
        derive={"t": {"v": "{a b%s} || {1} || '}}%' -- of both"}},
    )

    world.copy()

    assert query(world.target, "SELECT v FROM app.t") == [("%s{x}%",)]
    assert world.verify().identical


def test_a_volatile_function_that_no_one_can_read_is_doubtful(make_tables: MakeTables) -> None:
    """Every function is VOLATILE that doesn't say otherwise."""
    own = "CREATE FUNCTION public.{} RETURNS float8 LANGUAGE internal STRICT {} AS 'dsqrt';"
    source = own.format("root(float8)", "") + own.format("same_root(float8)", "IMMUTABLE")
    source += "CREATE TABLE t (id integer PRIMARY KEY, v float8, w float8); INSERT INTO t VALUES (1, 4, 9)"
    world = make_tables(
        source, "CREATE TABLE app.t (id integer PRIMARY KEY, v float8, w float8)",
        {"t": {"id": "integer", "v": "float8?", "w": "float8?"}},
        derive={"t": {"v": "public.root({v})", "w": "public.same_root({w})"}},
    )  # fmt: skip

    (finding,) = [f for f in asyncio.run(pipeline.check(world.task())) if f.code.startswith("derive")]

    assert (finding.code, finding.severity, finding.place) == ("derive-varies", "warn", "old.public.t.v")
    assert "public.root" in finding.message
    world.copy()
    assert world.verify().identical


@pytest.mark.parametrize("target", ["bpchar", "text", "varchar(3)"])
def test_spaces_that_no_length_has_filled_up_are_of_the_value(make_tables: MakeTables, target: str) -> None:
    world = make_tables(
        "CREATE TABLE words (id integer PRIMARY KEY, v bpchar, padded char(3));"
        "INSERT INTO words VALUES (1, 'a ', 'a'), (2, 'b', 'b')",
        f"CREATE TABLE app.words (id integer PRIMARY KEY, v {target}, padded text)",
        {"words": {"id": "integer", "v": "bpchar?", "padded": "char(3)?"}},
    )

    world.copy()

    kept = query(world.target, "SELECT pg_catalog.format('[%s][%s]', v, padded) FROM app.words ORDER BY id")
    assert kept == [("[a ][a]",), ("[b][b]",)]
    assert world.verify().identical
    query(world.target, "UPDATE app.words SET v = 'a  ' WHERE id = 1")
    assert not world.verify().identical


def test_a_number_that_only_the_target_refuses_is_named(make_tables: MakeTables) -> None:
    """Where rows aren't checked first, and the source sends numbers as they are."""
    kept, refused = "99999999999999999999.9999999999999999994", "99999999999999999999.9999999999999999995"
    world = make_tables(
        f"CREATE TABLE amounts (id integer PRIMARY KEY, v numeric(65,30)); INSERT INTO amounts VALUES (2, {refused})",
        "CREATE TABLE app.amounts (id integer PRIMARY KEY, v numeric(38,18))",
        {"amounts": {"id": "integer", "v": "numeric(65,30)?"}},
    )

    with pytest.raises(FindingsError) as raised:
        asyncio.run(pipeline.copy(replace(world.task(), check_rows="never")))

    assert any("unconvertible" in line and "e.g. 2" in line for line in raised.value.details)
    assert query(world.target, "SELECT count(*) FROM app.amounts") == [(0,)]

    query(world.urls["old"], f"UPDATE amounts SET v = {kept}")
    policies = Policies.read(["lossy=round"])
    world.copy_with(replace(world.task(), check_rows="always"), policies)
    assert query(world.target, "SELECT v::text FROM app.amounts") == [("99999999999999999999.999999999999999999",)]
    assert world.verify().identical
