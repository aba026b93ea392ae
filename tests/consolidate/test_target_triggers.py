"""Triggers of the target: the check says which fire and what they may do, and a copy can leave them out."""

import asyncio
from dataclasses import replace

import pytest
from rule_worlds import MakeTables
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.check.trigger_code import Trigger
from payrollx_db.consolidate.planner import SMALL_TABLES
from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.model.finding import Finding
from payrollx_db.model.policy import Policies

SOURCE = """
CREATE TABLE pays (id integer PRIMARY KEY, amount numeric, touched timestamptz);
INSERT INTO pays SELECT n, n - 3, '2020-01-01' FROM generate_series(1, 40) AS n;
CREATE TABLE others (id integer PRIMARY KEY, amount numeric, touched timestamptz);
INSERT INTO others SELECT n, n, '2020-01-01' FROM generate_series(1, 40) AS n;
"""
TARGET = """
CREATE TABLE app.pays (id integer PRIMARY KEY, amount numeric, touched timestamptz);
CREATE TABLE app.others (id integer PRIMARY KEY, amount numeric, touched timestamptz);
CREATE TABLE public.log (id integer);
CREATE FUNCTION app.never() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'this table is never emptied'; END $$;
CREATE FUNCTION app.drop_some() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.amount < 0 THEN RETURN NULL; END IF; -- RAISE EXCEPTION
  RETURN NEW; END $$;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched = now(); RETURN NEW; END $$;
CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END $$;
CREATE FUNCTION app.note_large() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.amount > 1000 THEN INSERT INTO log VALUES (NEW.id); END IF; RETURN NEW; END $$;
"""
COLUMNS = {"id": "integer", "amount": "numeric?", "touched": "timestamptz?"}
TABLES = {"pays": COLUMNS, "others": COLUMNS}
MODES = "SELECT tgname::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"


def found(world: World, *policies: str, without: bool = False) -> list[Finding]:
    """Return what the check says of triggers and functions."""
    task = replace(world.task(), without_triggers=without, policies=Policies.read(policies))
    findings = asyncio.run(pipeline.check(task))
    return [finding for finding in findings if finding.code in ("trigger", "function", "rule")]


@pytest.fixture
def world(make_tables: MakeTables) -> World:
    return make_tables(SOURCE, TARGET, TABLES)


def test_what_triggers_do_is_told_and_what_stops_the_copy_blocks_it(world: World) -> None:
    assert found(world) == []

    query(
        world.target,
        "CREATE TRIGGER a_some BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.drop_some();"
        "CREATE TRIGGER b_touch BEFORE INSERT OR UPDATE ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch();"
        "CREATE TRIGGER c_large AFTER INSERT OR DELETE ON app.pays FOR EACH ROW EXECUTE FUNCTION app.note_large();"
        "CREATE RULE nothing AS ON INSERT TO app.others DO INSTEAD NOTHING",
    )
    trigger, function, rule = sorted(found(world), key=lambda f: ("trigger", "function", "rule").index(f.code))
    assert (trigger.severity, function.severity, rule.severity) == ("block", "warn", "warn")
    assert (trigger.blocks, trigger.policies) == (True, ("fire",))
    assert not any(f.blocks for f in found(world, "trigger:pays=fire"))
    assert "a_some on INSERT by app.drop_some() may drop rows;" in trigger.message
    assert "b_touch on INSERT by app.touch() may change rows;" in trigger.message
    assert rule.examples == ("nothing",)

    query(
        world.target,
        "CREATE TRIGGER d_note BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.note();"
        "CREATE TRIGGER e_never BEFORE INSERT ON app.others EXECUTE FUNCTION app.never()",
    )
    blocking = {(f.code, f.place.partition(".")[2]): f for f in found(world) if f.blocks}
    assert set(blocking) == {("function", "app.pays.d_note"), ("trigger", "app.others"), ("trigger", "app.pays")}
    certain = blocking["trigger", "app.others"]
    assert (certain.policies, certain.action) == ((), "fail")
    assert ("trigger", "app.others") in {
        (f.code, f.place.partition(".")[2]) for f in found(world, "trigger=fire") if f.blocks
    }
    assert (
        blocking["function", "app.pays.d_note"].sql
        == "ALTER FUNCTION app.note() SET search_path = app, public, pg_temp"
    )

    query(world.target, blocking["function", "app.pays.d_note"].sql)
    assert {f.code for f in found(world) if f.blocks} == {"trigger"}
    assert {(f.code, f.severity) for f in found(world, without=True)} == {("trigger", "warn"), ("rule", "warn")}


def test_triggers_are_left_out_and_come_back_as_they_were(world: World) -> None:
    query(
        world.target,
        'CREATE TRIGGER "Touch it" BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch();'
        "CREATE TRIGGER some_rows BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.drop_some();"
        "CREATE TRIGGER never BEFORE TRUNCATE ON app.pays EXECUTE FUNCTION app.never();"
        "CREATE TRIGGER off BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch();"
        "ALTER TABLE app.pays ENABLE ALWAYS TRIGGER some_rows; ALTER TABLE app.pays DISABLE TRIGGER off",
    )
    before = query(world.target, MODES)

    report = asyncio.run(pipeline.copy(replace(world.task(), without_triggers=True)))

    assert query(world.target, MODES) == before
    assert "--without-triggers" in next(f.message for f in report.findings if f.code == "trigger")
    assert value(world.target, "SELECT count(*) FROM payrollx_meta.findings WHERE code = 'trigger'") == 1
    assert world.verify().identical
    asyncio.run(pipeline.copy(replace(world.task(), without_triggers=True), restart=True))
    assert query(world.target, MODES) == before
    assert world.verify().identical


# Function bodies of BEFORE INSERT triggers, each with whether rows may arrive otherwise than they were sent.
HARMLESS = {
    "returns it": "BEGIN RETURN NEW; END",
    "compares": "BEGIN IF NEW.amount = 3 THEN RAISE NOTICE 'three'; END IF; RETURN (NEW); END",
    "for updates": "BEGIN IF TG_OP = 'UPDATE' THEN IF true THEN NEW.touched = now(); END IF; END IF; RETURN NEW; END",
    "for deletes": "BEGIN IF (TG_OP = 'DELETE') THEN RETURN OLD; ELSE RETURN NEW; END IF; END",
    "for other events": "BEGIN IF TG_OP IN ('UPDATE', 'DELETE') THEN RETURN NULL; END IF; RETURN NEW; END",
    "either row": "BEGIN RETURN COALESCE(NEW, OLD); END",
    "in words only": "BEGIN /* NEW.id := 1; RETURN NULL; */ RAISE NOTICE 'x; NEW.id := 1'; RETURN NEW; END",
    "writes down": "BEGIN INSERT INTO public.log VALUES (NEW.id); RETURN NEW; END",
}
HARMFUL = {
    "drops": "BEGIN RETURN NULL; END",
    "drops by CASE": "BEGIN RETURN CASE WHEN NEW.id < 5 THEN NEW END; END",
    "another row": "DECLARE r record; BEGIN r := NEW; RETURN r; END",
    "assigns": "BEGIN IF TG_OP = 'INSERT' THEN NEW.amount := 1; END IF; RETURN NEW; END",
    "assigns by =": 'BEGIN new . "amount" = 1; RETURN NEW; END',
    "assigns odd names": 'BEGIN "new"."a ""b" := 1; RETURN NEW; END',
    "selects into": "DECLARE i integer; BEGIN SELECT 1, 2 INTO STRICT i, NEW.amount; RETURN NEW; END",
    "loops": "BEGIN FOR NEW.amount IN 1..2 LOOP NULL; END LOOP; RETURN NEW; END",
    "in doubt": "BEGIN IF TG_OP = 'UPDATE' OR NEW.id < 3 THEN RETURN NULL; END IF; RETURN NEW; END",
    "refuses some": "BEGIN IF NEW.amount < 0 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END",
    "puts SQL together": "BEGIN EXECUTE 'DELETE ' || 'FROM app.pays'; RETURN NEW; END",
    "in the ELSE": "BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE NEW.amount = 1; END IF; RETURN NEW; END",
}


@pytest.mark.parametrize(("bodies", "harmful"), [(HARMLESS, False), (HARMFUL, True)])
def test_what_a_function_does_to_rows_is_read_from_it(bodies: dict[str, str], harmful: bool) -> None:
    told = {
        kind: Trigger(1, "t", True, True, True, False, False, "f()", "app", "plpgsql", body, False).harms
        for kind, body in bodies.items()
    }

    assert told == dict.fromkeys(bodies, harmful)


def test_no_harmless_trigger_blocks_and_what_passes_is_identical(world: World) -> None:
    for number, body in enumerate(HARMLESS.values()):
        query(
            world.target,
            f"CREATE FUNCTION app.f{number}() RETURNS trigger LANGUAGE plpgsql SET search_path = app AS $f$ {body} $f$;"
            f"CREATE TRIGGER t{number} BEFORE INSERT OR UPDATE OR DELETE ON app.pays FOR EACH ROW"
            f" EXECUTE FUNCTION app.f{number}()",
        )
    query(
        world.target,
        "CREATE TRIGGER updates BEFORE UPDATE ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch();"
        "CREATE TRIGGER off BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch();"
        "CREATE TRIGGER replica BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch();"
        "ALTER TABLE app.pays DISABLE TRIGGER off, ENABLE REPLICA TRIGGER replica;"
        "CREATE RULE nothing AS ON INSERT TO app.others DO INSTEAD NOTHING",
    )
    assert not any(finding.blocks for finding in found(world))

    world.copy()

    assert world.verify().identical


def test_triggers_that_change_what_is_copied_fire_only_when_a_person_says_so(world: World) -> None:
    query(
        world.target,
        "CREATE FUNCTION app.count() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE app.others SET amount = 0 WHERE id = NEW.id; RETURN NULL; END $$;"
        "CREATE TRIGGER count AFTER INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.count()",
    )
    (finding,) = found(world)
    assert (finding.blocks, "change the rows of app.others" in finding.message) == (True, True)
    query(world.target, "DROP FUNCTION app.count CASCADE")
    query(world.target, "CREATE TRIGGER touch BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch()")
    with pytest.raises(PayrollxError, match="blocks the copy"):
        world.copy()

    asyncio.run(pipeline.copy(replace(world.task(), policies=Policies.read(["trigger:pays=fire"]))))

    recorded = query(world.target, "SELECT action FROM payrollx_meta.findings WHERE code = 'trigger'")
    assert recorded == [("fire",)]
    assert not world.verify().identical


REFUSING = {
    "for some rows, afterwards": "IF NEW.amount > 20 THEN RAISE EXCEPTION 'too much'; END IF; RETURN NULL;",
    "by SQL that it puts together": "EXECUTE 'DELETE FROM app.' || 'others'; RETURN NULL;",
}


@pytest.mark.parametrize("body", REFUSING.values(), ids=REFUSING)
def test_what_may_end_a_copy_half_way_blocks_it_until_a_person_says_so(world: World, body: str) -> None:
    query(world.target, f"CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    query(world.target, "CREATE TRIGGER f AFTER INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.f()")

    (finding,) = found(world)

    assert (finding.blocks, finding.policies) == (True, ("fire",))
    assert not any(f.blocks for f in found(world, "trigger=fire"))
    assert not any(f.blocks for f in found(world, without=True))


def test_triggers_for_truncate_never_fire_as_such_tables_are_emptied_by_delete(world: World) -> None:
    query(
        world.target,
        "CREATE TRIGGER never BEFORE TRUNCATE ON app.pays EXECUTE FUNCTION app.never();"
        "CREATE TRIGGER kept BEFORE DELETE ON app.others EXECUTE FUNCTION app.never()",
    )
    (finding,) = found(world)
    assert (finding.place.partition(".")[2], finding.severity) == ("app.others", "warn")
    assert "kept on DELETE by app.never() may refuse" in finding.message

    world.copy()
    report = asyncio.run(pipeline.copy(world.task(), restart=True))  # others is truncated, and pays emptied by DELETE

    assert report.run.id == 2
    assert world.verify().identical


def test_a_partition_s_trigger_for_truncate_never_fires_either(world: World) -> None:
    query(
        world.target,
        "DROP TABLE app.pays; CREATE TABLE app.pays (id integer PRIMARY KEY, amount numeric, touched timestamptz)"
        " PARTITION BY RANGE (id); CREATE TABLE app.pays_old PARTITION OF app.pays FOR VALUES FROM (0) TO (20);"
        "CREATE TABLE app.pays_new PARTITION OF app.pays FOR VALUES FROM (20) TO (99) PARTITION BY RANGE (id);"
        "CREATE TABLE app.pays_all PARTITION OF app.pays_new DEFAULT;"
        "CREATE TRIGGER never BEFORE TRUNCATE ON app.pays_all EXECUTE FUNCTION app.never()",
    )
    world.small_tables = 0  # a large table is truncated before its rows come
    assert found(world) == []

    world.copy()
    asyncio.run(pipeline.copy(world.task(), restart=True))

    assert world.verify().identical


def test_triggers_come_back_after_a_run_that_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    query(world.target, "CREATE TRIGGER touch BEFORE INSERT ON app.pays FOR EACH ROW EXECUTE FUNCTION app.touch()")
    task = replace(world.task(), without_triggers=True)

    async def cut_off(*_: object) -> None:
        raise PayrollxError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr("payrollx_db.consolidate.stages._account", cut_off)
        with pytest.raises(PayrollxError):
            asyncio.run(pipeline.copy(task))
    assert query(world.target, MODES) == [("touch", "D")]

    asyncio.run(pipeline.copy(world.task()))  # it needs not be said again

    assert query(world.target, MODES) == [("touch", "O")]
    assert world.verify().identical


def test_an_event_trigger_that_refuses_is_found(world: World) -> None:
    query(
        world.target,
        "CREATE FUNCTION app.no_drop() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF tg_tag = 'DROP INDEX' THEN RAISE EXCEPTION 'no'; END IF; END $$;"
        "CREATE EVENT TRIGGER no_drop ON ddl_command_start EXECUTE FUNCTION app.no_drop()",
    )

    assert [(f.code, f.severity, f.examples) for f in found(world)] == [("trigger", "block", ("no_drop",))]


@pytest.mark.parametrize("language", [pytest.param("sql", marks=pytest.mark.long), "plpgsql"])
def test_a_function_of_an_index_that_needs_a_search_path_is_named(world: World, language: str) -> None:
    body = "SELECT plain($1)" if language == "sql" else "BEGIN RETURN plain($1); END"
    query(
        world.target,
        "CREATE FUNCTION public.plain(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';"
        f"CREATE FUNCTION app.known(numeric) RETURNS numeric LANGUAGE {language} IMMUTABLE AS '{body}'"
        " SET search_path = public; CREATE INDEX by_known ON app.pays (app.known(amount));"
        "ALTER FUNCTION app.known(numeric) RESET search_path",
    )
    (finding,) = found(world)
    assert finding.sql == "ALTER FUNCTION app.known(numeric) SET search_path = app, public, pg_temp"
    with pytest.raises(PayrollxError, match="blocks the copy"):
        world.copy()

    query(world.target, finding.sql)

    assert found(world) == []
    world.copy()
    assert world.verify().identical


REFUSES = """
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.amount = {} THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON app.{} FOR EACH ROW EXECUTE FUNCTION app.refuse();
"""


@pytest.mark.parametrize(
    ("amount", "small_tables", "named"),
    [
        pytest.param("25", SMALL_TABLES, "28", marks=pytest.mark.long),
        ("25", 0, "28"),
        pytest.param("NEW.amount", 0, "1", marks=pytest.mark.long),
    ],
    ids=["one of many small tables", "a table of its own", "every row"],
)
def test_the_row_that_a_trigger_refuses_is_named(world: World, amount: str, small_tables: int, named: str) -> None:
    query(world.target, REFUSES.format(amount, "pays"))
    task = replace(world.task(), policies=Policies.read(["trigger=fire"]), small_tables=small_tables)

    with pytest.raises(PayrollxError) as refused:
        asyncio.run(pipeline.copy(task))

    assert refused.value.sqlstate == "P0001"
    rows = [line for line in refused.value.details if line.startswith("old.public.pays: the row ")]
    assert [line.split()[3] for line in rows] == [named]
    assert query(world.target, "SELECT FROM app.pays") == []

    if named == "28":
        query(world.urls["old"], "UPDATE pays SET amount = 26 WHERE id = 28")
        world.copy_with(task, Policies.read(["trigger=fire"]))
        assert world.verify().identical


def test_what_blocks_because_of_triggers_offers_to_leave_them_out(world: World) -> None:
    query(world.target, REFUSES.format(25, "pays"))

    with pytest.raises(FindingsError) as refused:
        world.copy()

    assert "--without-triggers" in refused.value.hint
    assert "trigger=fire" in refused.value.hint
    assert "1 finding blocks the copy" in refused.value.message
