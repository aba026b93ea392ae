"""check --reversible: forward and back again, every value gives itself, or its column is named with the row."""

import asyncio
from dataclasses import replace

import pytest
from rule_worlds import MakeTables
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.check import reversible
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import Policies

PROVEN = ("irreversible", "no-way-back")


def found(world: World, *policies: str) -> dict[str, Finding]:
    task = replace(world.task(), policies=Policies.read(policies))
    findings = asyncio.run(pipeline.check(task, reversible=True))
    return {f.place.partition(".public.")[2]: f for f in findings if f.code in PROVEN}


def keys(findings: dict[str, Finding]) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {place: (finding.count, finding.examples) for place, finding in findings.items()}


PLAIN = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
COLUMNS = {
    "n": "integer", "ref": "text?", "js": "json?", "doc": "text?", "list": "json?", "arr": "integer[]?", "f": "float8?",
    "num": "numeric?", "cut": "numeric(12,2)?", "blank": "text?", "maybe": "text?", "never": "text", "day": "date?",
    "pad": "character(6)?", "long": "varchar(20)?",
}  # fmt: skip
SOURCE = f"""
CREATE TABLE t (
  n integer PRIMARY KEY, ref text, js json, doc text, list json, arr integer[], f float8, num numeric,
  cut numeric(12,2), blank text, maybe text, never text NOT NULL, day date, pad character(6), long varchar(20));
INSERT INTO t VALUES
  (1, '{PLAIN}', '{{"a": 1}}', '{{"a": 1}}', '["x","y"]', '{{1,2}}', 1.5, 1.5000, 1.50, 'x ', NULL, '',
   '2024-02-29', 'ab', 'ab  '),
  (2, upper('{PLAIN}'), '{{"b":1,  "a":2}}', '{{"b":1, "a":2}}', '[ "x" ]', '[0:1]={{1,2}}', '-0', 1.5, 2, '', '', 'x',
   NULL, '', ''),
  (3, NULL, 'null', 'null', '[]', '{{}}', 'NaN', 'NaN', 'NaN', E'e\\u0301', 'x', ' ', 'infinity', NULL, NULL),
  (4, '{{{PLAIN}}}', '"é"', '"é"', '[null]', NULL, 1e300, 0, 0.10, NULL, ' ', '', '4713-01-01 BC', ' ', ' '),
  (5, 'no id', '1', '1', '[1]', NULL, 1, 1, 1, NULL, NULL, '', NULL, NULL, NULL)
"""
TARGET = """
CREATE TABLE app.t (
  n bigint PRIMARY KEY, ref uuid, js jsonb, doc jsonb, list text[], arr text[], f numeric, num numeric(20,4),
  cut numeric, blank text, maybe text, never text, day timestamp, pad text, long text)
"""


def test_values_that_have_another_form_there_do_not_come_back(make_tables: MakeTables) -> None:
    """Row 5 doesn't get there at all, which is another finding."""
    world = make_tables(SOURCE, TARGET, {"t": COLUMNS}, empty_as_null={"t": {"maybe", "never"}})
    assert keys(found(world)) == {
        "t.ref": (2, ("2", "4")),
        "t.js": (1, ("2",)),
        "t.doc": (1, ("2",)),
        "t.list": (1, ("2",)),
        "t.f": (1, ("2",)),
        "t.num": (2, ("2", "4")),
        "t.maybe": (1, ("2",)),
    }


def test_a_policy_accepts_values_in_their_new_form(make_tables: MakeTables) -> None:
    world = make_tables(SOURCE, TARGET, {"t": COLUMNS}, empty_as_null={"t": {"maybe", "never"}})
    findings = found(world, "irreversible=accept", "irreversible:t.ref=fail")
    assert [place for place, finding in findings.items() if finding.blocks] == ["t.ref"]


def test_a_key_in_another_form_is_another_row_whatever_the_policy(make_tables: MakeTables) -> None:
    world = make_tables(
        f"CREATE TABLE t (id text PRIMARY KEY); INSERT INTO t VALUES (upper('{PLAIN}'))",
        "CREATE TABLE app.t (id uuid PRIMARY KEY)",
        {"t": {"id": "text"}},
    )
    finding = found(world, "irreversible=accept")["t.id"]
    assert finding.blocks
    assert not finding.policies
    assert finding.examples == (PLAIN.upper(),)


def test_a_large_table_is_proven_piece_by_piece(make_tables: MakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reversible, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(reversible, "COLUMNS_AT_ONCE", 1)
    world = make_tables(
        "CREATE TABLE t (id integer PRIMARY KEY, a text, b text); INSERT INTO t SELECT n, CASE WHEN n % 100 = 0 THEN"
        f" upper('{PLAIN}') ELSE '{PLAIN}' END, repeat('9', 100) FROM generate_series(1, 1500) AS n; ANALYZE t",
        "CREATE TABLE app.t (id integer PRIMARY KEY, a uuid, b numeric)",
        {"t": {"id": "integer", "a": "text?", "b": "text?"}},
        derive={"t": {"b": "{b}::numeric"}},
    )
    assert keys(found(world)) == {"t.a": (15, ("100", "200", "300", "400", "500", "600", "700", "800", "900", "1000"))}


def test_what_a_layout_casts_is_cast_back_and_what_it_states_is_proven(make_tables: MakeTables) -> None:
    world = make_tables(
        "CREATE TABLE t (id integer PRIMARY KEY, a text, b text NOT NULL, c text NOT NULL, d text NOT NULL);"
        " INSERT INTO t VALUES (1, '7', 'x y', 'x', '1'), (2, '007', 'x  y', 'y', 'a'), (3, '-1', 'z', 'z', '3')",
        "CREATE TABLE app.t (id integer PRIMARY KEY, a integer, b text[], c text, d text)",
        {"t": {"id": "integer", "a": "text?", "b": "text", "c": "text", "d": "text"}},
        derive={
            "t": {
                "a": "{a}::integer",
                "b": "pg_catalog.regexp_split_to_array({b}, ' +')",
                "c": "pg_catalog.concat({c}, '!')",
                "d": "'<' || {d} || '>'",
            }
        },
        inverse={
            "t": {
                "b": "pg_catalog.array_to_string({b}, ' ')",
                "c": "pg_catalog.rtrim({c}, '!')",
                "d": "(pg_catalog.btrim({d}, '<>')::integer)::text",
            }
        },
    )
    assert keys(found(world)) == {"t.a": (1, ("2",)), "t.b": (1, ("2",)), "t.d": (1, ("2",))}


def test_a_table_without_a_way_back_is_named_with_the_reason(make_tables: MakeTables) -> None:
    world = make_tables(
        """CREATE TABLE no_key (a integer);
        CREATE TABLE demands (id integer PRIMARY KEY, a text NOT NULL, b text NOT NULL DEFAULT '');
        CREATE TABLE other_key (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
        CREATE TABLE by_unique (a integer NOT NULL, b text NOT NULL, UNIQUE (b, a))""",
        """CREATE TABLE app.no_key (a integer);
        CREATE TABLE app.demands (id integer PRIMARY KEY, c text);
        CREATE TABLE app.other_key (id integer, name text PRIMARY KEY);
        CREATE TABLE app.by_unique (a integer, b text, PRIMARY KEY (a, b))""",
        {
            "no_key": {"a": "integer?"},
            "demands": {"id": "integer", "a": "text", "b": "text"},
            "other_key": {"id": "integer", "name": "text"},
            "by_unique": {"a": "integer", "b": "text"},
        },
        derive={"demands": {"c": "{a} || {b}"}},
    )
    findings = found(world)
    assert set(findings) == {"no_key", "demands.a", "other_key"}
    assert all(finding.blocks and not finding.policies for finding in findings.values())


def test_local_times_come_back_but_for_those_that_the_clocks_skip(make_tables: MakeTables) -> None:
    world = make_tables(
        "CREATE TABLE t (id integer PRIMARY KEY, at timestamp(3)); INSERT INTO t VALUES (1, '2024-03-31 02:30'),"
        " (2, '2024-10-27 02:30'), (3, '2024-07-01 12:00:00.123'), (4, 'infinity'), (5, '0001-01-01')",
        "CREATE TABLE app.t (id integer PRIMARY KEY, at timestamptz)",
        {"t": {"id": "integer", "at": "timestamp(3)?"}},
    )
    world.layout = replace(world.layout, timezone="Europe/Berlin")
    assert keys(found(world)) == {"t.at": (1, ("1",))}


def test_every_row_of_payrollx_comes_back(reading_world: World) -> None:
    assert not [f for f in asyncio.run(pipeline.check(reading_world.task(), reversible=True)) if f.code in PROVEN]
    assert reading_world.command("check", "--reversible").returncode == 0


def test_ids_in_another_spelling_block_the_way_back_and_not_the_copy(world: World) -> None:
    query(world.urls["payrollx_auth"], 'UPDATE audit_logs SET id = upper(id), "entityId" = upper("entityId")')
    assert world.command("check").returncode == 0
    done = world.command("check", "--reversible", "--policy", "irreversible=accept")
    assert done.returncode == 3
    assert "payrollx_auth.public.audit_logs.id" in done.stdout
    assert "payrollx_auth.public.audit_logs.entityId" not in [
        f["place"] for f in world.answer("check", "--reversible")["findings"] if f["code"] == "irreversible"
    ]
