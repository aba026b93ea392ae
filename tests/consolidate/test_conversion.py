"""Each general rule alone, evaluated by the server: what it makes of a value, and which it refuses or would change."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from payrollx_db.consolidate.plan.conversion import Conversion, Servers, canonical, convert, derived, snake_case
from payrollx_db.consolidate.plan.fitting import plan_table
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap
from payrollx_db.postgres.column_types import ColumnType, one_spelling
from payrollx_db.postgres.introspect import Column, Database, Table

UUID = "0b0e7a6e-1c55-4c57-9e7c-0d9d4f0f8a11"
MOOD = ("fine", "o'dd")


def built_in(display: str, name: str = "", element: str = "") -> ColumnType:
    bare = name or display.partition("(")[0]
    return ColumnType("pg_catalog", f"_{bare.removesuffix('[]')}" if element else bare, display, "b", element)


def enum(*labels: str, name: str = "mood") -> ColumnType:
    return ColumnType("any", name, name, "e", "", labels)


TEXT, UUIDS, TIME, TIMETZ, JSONB = (built_in(n) for n in ("text", "uuid", "timestamp", "timestamptz", "jsonb"))
TEXTS = built_in("text[]", element="b")


@pytest.fixture(scope="module")
def connection(server: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        yield connection


def made(source: ColumnType, target: ColumnType, timezone: str = "UTC") -> Conversion:
    conversion = convert(sql.Identifier("v"), source, target, Servers(timezone))
    assert conversion is not None
    return conversion


def evaluate(connection: psycopg.Connection[Any], part: sql.Composable | None, value: str | None, kind: str) -> Any:
    assert part is not None
    query = sql.SQL("SELECT {} FROM (SELECT {}::{} AS v) AS s").format(part, sql.Literal(value), sql.SQL(kind))
    return connection.execute(query).fetchone()[0]  # type: ignore[index]


@pytest.mark.parametrize(
    ("legacy", "unified"),
    [
        ("id", "id"), ("firstName", "first_name"), ("keyShareIds", "key_share_ids"), ("txSignature", "tx_signature"),
        ("ipAddress", "ip_address"), ("HTMLBody", "html_body"), ("userID", "user_id"), ("line2Text", "line2_text"),
        ("already_snake", "already_snake"), ("Upper", "upper"), ("organizationId", "organization_id"),
    ],
)  # fmt: skip
def test_names(legacy: str, unified: str) -> None:
    assert snake_case(legacy) == unified


@pytest.mark.parametrize(
    "text", [UUID, UUID.upper(), UUID.replace("-", ""), f"{{{UUID}}}", "{" + UUID.replace("-", "").upper() + "}"]
)
def test_texts_that_are_uuids(connection: psycopg.Connection[Any], text: str) -> None:
    rule = made(TEXT, UUIDS)

    assert evaluate(connection, rule.valid, text, "text") is True
    assert str(evaluate(connection, rule.value, text, "text")) == UUID


@pytest.mark.parametrize(
    "text", ["", "x", UUID[:-1], UUID + "0", UUID.replace("0", "g"), f"{{{UUID}", f"{UUID}}}", f" {UUID}", f"{UUID}\n",
             UUID.replace("-", "_"), f"urn:uuid:{UUID}", "0" * 31 + "-0", UUID.replace("-", "--")],
)  # fmt: skip
def test_texts_that_are_no_uuids(connection: psycopg.Connection[Any], text: str) -> None:
    """The condition is true of exactly those texts that the server itself converts."""
    rule = made(TEXT, UUIDS)

    with pytest.raises(psycopg.DataError):
        evaluate(connection, rule.value, text, "text")
    assert evaluate(connection, rule.valid, text, "text") is False


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize(
    ("naive", "instant"),
    [
        ("2024-03-31 02:30:00.123", "2024-03-31 02:30:00.123+00"), ("infinity", "infinity"), ("-infinity", "-infinity"),
        ("0044-03-15 12:00:00 BC", "0044-03-15 12:00:00+00 BC"), ("294276-12-31 23:59:59", "294276-12-31 23:59:59+00"),
    ],
)  # fmt: skip
def test_timestamps_are_utc_whatever_the_session_says(
    connection: psycopg.Connection[Any], zone: str, naive: str, instant: str
) -> None:
    rule = made(TIME, TIMETZ)
    try:
        connection.execute(sql.SQL("SET TimeZone = {}").format(zone))
        same = sql.SQL("({}) = {}::timestamptz").format(rule.value, sql.Literal(instant))
        assert evaluate(connection, same, naive, "timestamp") is True
    finally:
        connection.execute("RESET TimeZone")


def test_timestamps_of_a_layout_in_another_zone(connection: psycopg.Connection[Any]) -> None:
    shown = sql.SQL("({} AT TIME ZONE 'UTC')::text").format(made(TIME, TIMETZ, "Asia/Kathmandu").value)

    assert evaluate(connection, shown, "2024-01-01 05:45:00", "timestamp") == "2024-01-01 00:00:00"


@pytest.mark.parametrize(
    ("number", "valid", "lossy"),
    [
        ("0", True, False), ("1.000000000000000001", True, False),
        ("-99999999999999999999.999999999999999999", True, False),
        ("1.0000000000000000001", True, True), ("0.0000000000000000004", True, True), ("NaN", True, False),
        ("100000000000000000000", False, False), ("-100000000000000000000", False, False),
        ("99999999999999999999.9999999999999999995", False, True),
        ("99999999999999999999.9999999999999999994", True, True),
    ],
)  # fmt: skip
def test_numbers_that_fit_and_those_that_would_be_rounded(
    connection: psycopg.Connection[Any], number: str, valid: bool, lossy: bool
) -> None:
    rule = made(built_in("numeric(65,30)"), built_in("numeric(38,18)"))

    assert evaluate(connection, rule.valid, number, "numeric(65,30)") is valid
    if valid:
        assert evaluate(connection, rule.lossy, number, "numeric(65,30)") is lossy
    else:
        with pytest.raises(psycopg.errors.NumericValueOutOfRange):
            evaluate(connection, rule.value, number, "numeric(65,30)")


@pytest.mark.parametrize(
    ("kind", "number", "target", "text", "lossy"),
    [
        # By their digits, and not by the nearest binary fraction, nor by fifteen of them.
        ("float8", "200000000000000", "numeric(38,9)", "200000000000000.000000000", False),
        ("float8", "123456789012345.67", "numeric(38,18)", "123456789012345.670000000000000000", False),
        ("float8", "0.30000000000000004", "numeric(38,18)", "0.300000000000000040", False),
        ("float8", "1.45", "numeric(3,1)", "1.5", True),
        ("float8", "1e-7", "numeric(18,8)", "0.00000010", False),
        ("real", "1.1", "numeric(38,18)", "1.100000000000000000", False),
        ("real", "16777217", "numeric(18,2)", "16777216.00", False),  # it held no more
        ("real", "0.005", "numeric(18,2)", "0.01", True),
        # Where a float has no more digits left for what comes after the point, and shortly before.
        ("float8", "1000000000000000.1", "numeric(38,2)", "1000000000000000.10", False),
        ("float8", "9999999999999.984", "numeric(38,2)", "9999999999999.98", True),
        ("float8", "-9999999999999.984", "numeric(38,2)", "-9999999999999.98", True),
        ("float8", "0.1234567890123456789", "numeric(38,18)", "0.123456789012345680", False),
        ("float8", "0.012345678901234567", "numeric(38,18)", "0.012345678901234567", False),
        ("float8", "0.0012345678901234567", "numeric(38,18)", "0.001234567890123457", True),
        ("real", "1234567.5", "numeric(18,0)", "1234568", True),
        ("float8", "NaN", "numeric(18,2)", "NaN", False),
    ],
)
def test_amounts_that_are_floats_become_numbers_by_their_digits(
    connection: psycopg.Connection[Any], kind: str, number: str, target: str, text: str, lossy: bool
) -> None:
    rule = made(built_in(kind, "float4" if kind == "real" else ""), built_in(target))

    assert format(evaluate(connection, rule.value, number, kind), "f") == text
    assert evaluate(connection, rule.lossy, number, kind) is lossy


@pytest.mark.parametrize(("text", "valid"), [("", True), ("äöü", True), ("four", False), (None, None)])
def test_limits_of_texts_count_characters(connection: psycopg.Connection[Any], text: str, valid: bool | None) -> None:
    rule = made(TEXT, built_in("varchar(3)"))

    assert evaluate(connection, rule.valid, text, "text") is valid
    assert evaluate(connection, rule.value, text, "text") == text, "it is never cut silently"


def test_enums_go_by_their_labels(connection: psycopg.Connection[Any]) -> None:
    wider = made(enum(*MOOD, name="Mood"), enum("new", *MOOD))
    narrower = made(enum(*MOOD, name="Mood"), enum("fine"))
    from_text = made(TEXT, enum(*MOOD))

    assert wider.valid is None, "the target has all labels: nothing to look for"
    assert [evaluate(connection, narrower.valid, label, "text") for label in MOOD] == [True, False]
    assert [evaluate(connection, from_text.valid, text, "text") for text in (*MOOD, "FINE", "")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert evaluate(connection, wider.value, "o'dd", "text") == "o'dd"
    assert derived(sql.Identifier("v"), enum("fine")).valid is not None
    assert {found.code for found in (narrower, from_text)} == {"enum-unknown"}


@pytest.mark.parametrize(
    ("source", "target", "value", "kind"),
    [
        (TEXTS, TEXTS, '{NULL,"a,b","{}","\\\\"}', "text[]"),
        (JSONB, JSONB, '{"a": [1.0, null, {"b": "é"}]}', "jsonb"),
        (built_in("integer", "int4"), built_in("bigint", "int8"), "-2147483648", "int4"),
        (built_in("boolean", "bool"), built_in("boolean", "bool"), "t", "bool"),
    ],
    ids=["text[]", "jsonb", "integer", "boolean"],
)
def test_what_goes_over_as_it_is(
    connection: psycopg.Connection[Any], source: ColumnType, target: ColumnType, value: str, kind: str
) -> None:
    rule = made(source, target)
    same = sql.SQL("({})::text = v::text").format(rule.value)

    assert (rule.valid, rule.lossy) == (None, None)
    assert evaluate(connection, same, value, kind) is True
    assert evaluate(connection, sql.SQL("({}) IS NULL").format(rule.value), None, kind) is True


COMPOSITE = ColumnType("any", "pair", "pair", "c")
MOODS = ColumnType("any", "_mood", "mood[]", "b", "e")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (MOODS, MOODS), (COMPOSITE, COMPOSITE), (TEXT, built_in("integer", "int4")), (TIMETZ, TIME),
        (JSONB, TEXT), (UUIDS, TEXT),
        (TEXT, built_in("bytea")),
        (ColumnType("any", "_pair", "pair[]", "b", "c"), ColumnType("any", "_pair", "pair[]", "b", "c")),
    ],
)  # fmt: skip
def test_what_no_rule_says(source: ColumnType, target: ColumnType) -> None:
    assert convert(sql.Identifier("v"), source, target, Servers()) is None


def test_arrays_of_enums_become_texts() -> None:
    assert made(MOODS, TEXTS).rule == "to text[]"


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (enum("fine"), "fine", "text"), (built_in("varchar(3)"), "abc", "varchar(3)"),
        (built_in("interval"), "1 day", "interval"), (built_in("json"), '{"a": 1}', "json"),
        (ColumnType("any", "span", "span", "r"), "[1,5)", "int4range"),
    ],
)  # fmt: skip
def test_the_canonical_form(connection: psycopg.Connection[Any], kind: ColumnType, value: str, stored: str) -> None:
    """What has another OID, another equality or another type over there is compared as text, byte by byte."""
    form = canonical(sql.Identifier("v"), kind)

    assert evaluate(connection, form, value, stored) == value
    assert evaluate(connection, sql.SQL("pg_typeof({})::text").format(form), value, stored) == "text"
    assert evaluate(connection, sql.SQL("COLLATION FOR ({})").format(form), value, stored) == '"C"'


def test_the_canonical_form_of_an_array(connection: psycopg.Connection[Any]) -> None:
    form = canonical(sql.Identifier("v"), MOODS)

    assert evaluate(connection, form, "{fine,NULL}", "varchar[]") == ["fine", None]
    assert evaluate(connection, sql.SQL("pg_typeof({})::text").format(form), "{}", "varchar[]") == "text[]"


def table(*columns: str) -> Table:
    kinds = [Column(name, TEXT, True, False, False, False, None) for name in columns]
    return Table(1, "public", "people", "r", 0, 0, 0, tuple(kinds), ())


@pytest.mark.parametrize(
    ("columns", "target", "expected"),
    [
        (("userId",), ("userId", "user_id"), {"userId": "userId"}),
        (("userId", "user_id"), ("user_id", "userId"), {"user_id": "user_id", "userId": "userId"}),
        (("userId",), ("user_id",), {"user_id": "userId"}),
        (("Name",), ("name", "Name"), {"Name": "Name"}),
    ],
)
def test_a_column_of_the_very_name_comes_first(
    columns: tuple[str, ...], target: tuple[str, ...], expected: dict[str, str]
) -> None:
    source = table(*columns)
    table_map = TableMap(SourceTable("people", dict.fromkeys(columns, "text?")), "public.people")
    database = Database("a", "1", "a", 160000, "16", "UTF8", False, {"public.people": source}, (), ())

    planned, _ = plan_table(
        LegacyDatabase("a", "A", "any", (table_map,)), table_map, database, table(*target), Servers()
    )

    assert {column.target.name: column.sources[0] for column in planned.columns} == expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("int4", "integer"), ("INT", "integer"), ("char(5)", "character(5)"), ("numeric(10, 2)", "numeric(10,2)"),
        ("timestamp (3) without time zone", "timestamp(3)"), ("bool[]", "boolean[]"), ("decimal(3)", "numeric(3)"),
        ("character varying(3)[]", "varchar(3)[]"), ("double precision", "float8"), ("float", "float8"),
    ],
)  # fmt: skip
def test_a_type_may_be_written_in_each_of_its_ways(written: str, shown: str) -> None:
    assert one_spelling(written) == one_spelling(shown)


def extended(modifier: str, extension: str = "vector", name: str = "vector") -> ColumnType:
    return ColumnType("public", name, f"{name}{modifier}", "b", extension=extension)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (extended("(3)"), extended("(4)")), (extended(""), extended("(4)")),
        (extended("(3)"), extended("(3)", "other")),
        (ColumnType("a", "r", "r", "r", element=TEXT, order="text_ops C"),
         ColumnType("b", "r", "r", "r", element=TEXT, order="text_ops de")),
        (ColumnType("a", "p", "p", "c", attributes=(("x", TEXT), ("y", TEXT))),
         ColumnType("a", "p", "p", "c", attributes=(("y", TEXT), ("x", TEXT)))),
        (ColumnType("a", "p", "p", "c", attributes=(("x", built_in("varchar(9)")),)),
         ColumnType("a", "p", "p", "c", attributes=(("x", built_in("varchar(8)")),))),
        (built_in("bit(3)"), built_in("bit(4)")),
    ],
)  # fmt: skip
def test_types_of_one_name_that_are_two(source: ColumnType, target: ColumnType) -> None:
    assert convert(sql.Identifier("v"), source, target, Servers()) is None


def test_one_type_in_another_schema_is_that_type() -> None:
    there = ColumnType("extensions", "vector", "vector(3)", "b", extension="vector")

    assert made(extended("(3)"), there).rule == "same type"


def test_money_that_counts_other_coins_has_no_rule() -> None:
    money = built_in("money")

    assert convert(sql.Identifier("v"), money, money, Servers(money="yen have no digits")) is None
    assert convert(sql.Identifier("v"), money, money, Servers()) is not None


@pytest.mark.parametrize(("interval", "valid"), [("infinity", False), ("1 mon", True)])
def test_an_older_server_reads_other_bounds_in_an_infinite_interval(
    connection: psycopg.Connection[Any], interval: str, valid: bool
) -> None:
    if connection.info.server_version < 170000:
        pytest.skip("this server knows no infinite intervals")
    kind = built_in("interval")
    rule = convert(sql.Identifier("v"), kind, kind, Servers(target_version=160000))

    assert rule is not None
    assert evaluate(connection, rule.valid, interval, "interval") is valid


@pytest.mark.parametrize("name", ["xml", "tsquery", "int2vector", "aclitem"])
def test_what_has_no_binary_form_that_holds_all_goes_over_as_text(name: str) -> None:
    kind = ColumnType("pg_catalog", name, name, "b", binary=name != "aclitem")
    listed = ColumnType("pg_catalog", f"_{name}", f"{name}[]", "b", "b", element=kind)
    row = ColumnType("any", "pair", "pair", "c", attributes=(("one", TEXT), ("other", kind)))

    assert all(name in made(one, one).text for one in (kind, listed, row))
    assert made(TEXT, TEXT).text == ""


def test_a_cast_that_changes_nothing_is_not_judged_again(connection: psycopg.Connection[Any]) -> None:
    numeric, double, column = built_in("numeric"), built_in("double precision", "float8"), sql.Identifier("v")
    lossy = derived(sql.SQL("({}::numeric)").format(column), numeric, column, double, ("numeric",)).lossy

    assert lossy is not None
    assert lossy.as_string(None).count("<>") == 1
    assert evaluate(connection, lossy, "0.1234567890123456", "float8") is True

    added = derived(sql.SQL("({} / 7)").format(column), built_in("numeric(9,2)")).lossy
    assert evaluate(connection, added, "1", "numeric") is True
    assert evaluate(connection, added, "7.7", "numeric") is False
    assert evaluate(connection, added, "1", "float8") is True
