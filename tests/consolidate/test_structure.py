"""Verify proves the structure: whatever of it is lost or changed after a copy is named, with the way back."""

import json
from dataclasses import replace

import pytest
from conftest import TestServer, unique
from matrices import some
from structure_worlds import NAMES, BrokenDepot
from worlds import World, query

from payrollx_db.cli.verify import FINDINGS


def test_what_a_copy_leaves_is_as_designed(depot: World) -> None:
    verdict = depot.verify()

    assert verdict.structure is not None
    assert [str(finding) for finding in verdict.structure.findings] == []
    assert verdict.identical
    assert verdict.structure.compared > 60


BREAKS = {
    "index dropped": (
        "DROP INDEX depot.orders_lower",
        "index orders_lower of depot.orders is gone: CREATE INDEX ON depot.orders USING btree (lower(code))",
    ),
    "primary key dropped": (
        "ALTER TABLE depot.texts DROP CONSTRAINT texts_pkey",
        "primary key texts_pkey of depot.texts is gone: PRIMARY KEY (id)",
    ),
    "unique dropped": (
        "ALTER TABLE depot.orders DROP CONSTRAINT orders_code_key",
        "unique constraint orders_code_key of depot.orders is gone: UNIQUE (code)",
    ),
    "unique index instead of the constraint": (
        ("ALTER TABLE depot.orders DROP CONSTRAINT orders_code_key; CREATE UNIQUE INDEX orders_code_key"
        " ON depot.orders (code)"),
        "unique constraint orders_code_key of depot.orders is gone: UNIQUE (code)",
    ),
    "index not unique any more": (
        ("ALTER TABLE depot.levels DROP CONSTRAINT levels_title_key; CREATE INDEX levels_title_key ON"
        " depot.levels (title)"),
        "unique constraint levels_title_key of depot.levels is gone: UNIQUE (title)",
    ),
    "index over all rows instead of some": (
        "DROP INDEX depot.orders_level; CREATE INDEX orders_level ON depot.orders (level)",
        ("index orders_level of depot.orders: definition was CREATE INDEX ON depot.orders USING btree (level)"
         " WHERE (level > 0), is CREATE INDEX ON depot.orders USING btree (level)"),
    ),
    "index marked invalid": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'depot.orders_lower'::regclass",
        "index orders_lower of depot.orders: invalid was unset, is true",
    ),
    "index clustered by another": (
        "ALTER TABLE depot.orders CLUSTER ON orders_pkey",
        "index orders_pkey of depot.orders: clustered was unset, is true",
    ),
    "index without its comment": (
        "COMMENT ON INDEX depot.orders_lower IS NULL",
        "index orders_lower of depot.orders: comment was for searching, is unset",
    ),
    "exclusion constraint dropped": (
        "ALTER TABLE depot.bookings DROP CONSTRAINT never_twice",
        "exclusion constraint never_twice of depot.bookings is gone: EXCLUDE USING gist (during WITH &&)",
    ),
    "check dropped": (
        "ALTER TABLE depot.orders DROP CONSTRAINT orders_amount_check",
        "check orders_amount_check of depot.orders is gone: CHECK ((amount >= (0)::numeric))",
    ),
    "foreign key dropped": (
        "ALTER TABLE depot.orders DROP CONSTRAINT orders_level_fkey",
        ("foreign key orders_level_fkey of depot.orders is gone: FOREIGN KEY (level) REFERENCES"
        " depot.levels(id) ON DELETE SET NULL"),
    ),
    "foreign key not valid": (
        ("ALTER TABLE depot.orders DROP CONSTRAINT orders_level_fkey; ALTER TABLE depot.orders ADD CONSTRAINT"
        " orders_level_fkey FOREIGN KEY (level) REFERENCES depot.levels ON DELETE SET NULL NOT VALID"),
        "foreign key orders_level_fkey of depot.orders: not valid was unset, is true",
    ),
    "foreign key that deletes": (
        ("ALTER TABLE depot.orders DROP CONSTRAINT orders_level_fkey; ALTER TABLE depot.orders ADD CONSTRAINT"
        " orders_level_fkey FOREIGN KEY (level) REFERENCES depot.levels ON DELETE CASCADE"),
        ("foreign key orders_level_fkey of depot.orders: definition was FOREIGN KEY (level) REFERENCES depot.levels(id)"
        " ON DELETE SET NULL, is FOREIGN KEY (level) REFERENCES depot.levels(id) ON DELETE CASCADE"),
    ),
    "trigger dropped": (
        "DROP TRIGGER touch ON depot.orders",
        ("trigger touch of depot.orders is gone: CREATE TRIGGER touch BEFORE UPDATE ON depot.orders FOR EACH ROW"
        " EXECUTE FUNCTION depot.touch()"),
    ),
    "trigger disabled": (
        "ALTER TABLE depot.orders DISABLE TRIGGER touch",
        "trigger touch of depot.orders: enabled was yes, is no",
    ),
    "all triggers disabled": (
        "ALTER TABLE depot.orders DISABLE TRIGGER ALL",
        "trigger touch of depot.orders: enabled was yes, is no",
        "table depot.orders: unenforced constraints was unset, is orders_level_fkey: D",
    ),
    "rule dropped": ("DROP RULE quiet ON depot.orders", "rule quiet of depot.orders is gone: CREATE RULE quiet AS"),
    "policy dropped": (
        "DROP POLICY mine ON depot.orders",
        "policy mine of depot.orders is gone: AS PERMISSIVE FOR SELECT TO PUBLIC USING ((level > 0))",
    ),
    "row security": (
        "ALTER TABLE depot.levels ENABLE ROW LEVEL SECURITY",
        "table depot.levels: row security was unset, is true",
    ),
    "statistics object dropped": (
        "DROP STATISTICS depot.orders_stats",
        ("statistics object depot.orders_stats of depot.orders is gone: CREATE STATISTICS"
        " depot.orders_stats ON level, amount FROM depot.orders"),
    ),
    "statistics target": (
        "ALTER TABLE depot.orders ALTER COLUMN amount SET STATISTICS -1",
        "column amount of depot.orders: statistics target was 200, is unset",
    ),
    "default dropped": (
        "ALTER TABLE depot.orders ALTER COLUMN note DROP DEFAULT",
        "column note of depot.orders: default was 'none'::text, is unset",
    ),
    "not null dropped": (
        "ALTER TABLE depot.orders ALTER COLUMN placed DROP NOT NULL",
        "column placed of depot.orders: not null was true, is unset",
    ),
    "generated expression dropped": (
        "ALTER TABLE depot.orders ALTER COLUMN twice DROP EXPRESSION",
        "column twice of depot.orders: default was (amount * (2)::numeric), is unset; generated was stored, is no",
    ),
    "identity of another kind": (
        "ALTER TABLE depot.always ALTER COLUMN id SET GENERATED BY DEFAULT",
        "column id of depot.always: identity was always, is by default",
    ),
    "identity dropped": (
        "ALTER TABLE depot.always ALTER COLUMN id DROP IDENTITY",
        "column id of depot.always: identity was always, is none",
    ),
    "storage": (
        "ALTER TABLE depot.orders ALTER COLUMN note SET STORAGE MAIN",
        "column note of depot.orders: storage was e, is m",
    ),
    "collation": (
        'ALTER TABLE depot.texts ALTER COLUMN title TYPE text COLLATE "POSIX"',
        'column title of depot.texts: collation was unset, is pg_catalog."POSIX"',
    ),
    "owner": (
        "ALTER TABLE depot.levels OWNER TO pg_monitor",
        "table depot.levels: owner was postgres, is pg_monitor",
    ),
    "privilege revoked": (
        "REVOKE SELECT ON depot.orders FROM pg_monitor",
        "table depot.orders: privileges lost: SELECT to pg_monitor",
    ),
    "column privilege revoked": (
        "REVOKE INSERT (note) ON depot.orders FROM pg_monitor",
        "column note of depot.orders: privileges lost: INSERT (note) to pg_monitor",
    ),
    "unlogged": ("ALTER TABLE depot.texts SET UNLOGGED", "table depot.texts: persistence was logged, is unlogged"),
    "options": (
        "ALTER TABLE depot.texts RESET (fillfactor)",
        "table depot.texts: options was fillfactor=70, is unset",
    ),
    "replica identity": (
        "ALTER TABLE depot.orders REPLICA IDENTITY FULL",
        "table depot.orders: replica identity was the default, is full",
    ),
    "comment dropped": (
        "COMMENT ON TABLE depot.levels IS NULL",
        "table depot.levels: comment was it's a level, is unset",
    ),
    "view dropped": ("DROP VIEW depot.big_orders", "view depot.big_orders is gone"),
    "materialized view dropped": (
        "DROP MATERIALIZED VIEW depot.order_sums",
        "materialized view depot.order_sums is gone",
    ),
    "sequence without an owner": (
        "ALTER SEQUENCE depot.down OWNED BY NONE",
        "sequence depot.down of depot.countdowns: owned by was depot.countdowns.id, is unset",
    ),
    "sequence counts otherwise": (
        "ALTER SEQUENCE depot.levels_id_seq INCREMENT 5",
        "sequence depot.levels_id_seq of depot.levels: increment was 1, is 5",
    ),
    "partition detached": (
        "ALTER TABLE depot.events DETACH PARTITION depot.events_b",
        "table depot.events_b: bound was FOR VALUES FROM",
    ),
    "index of a partition that is not its parent's": (
        (
            "DROP INDEX depot.events_note; CREATE INDEX events_note ON ONLY depot.events (note);"
            " CREATE INDEX events_a_note_idx ON depot.events_a (note);"
            " CREATE INDEX events_b_note_idx ON depot.events_b (note)"
        ),
        "index events_note of depot.events: invalid was unset, is true",
        "index events_a_note_idx of depot.events_a: unattached was unset, is true",
        "index events_b_note_idx of depot.events_b: unattached was unset, is true",
    ),
    "index of a partition alone dropped": ("DROP INDEX depot.only_here", "index only_here of depot.events_a is gone"),
    "inheritance ended": (
        "ALTER TABLE depot.heirs NO INHERIT depot.base",
        "table depot.heirs: parents was depot.base, is unset",
    ),
    "label renamed": (
        "ALTER TYPE depot.mood RENAME VALUE 'sad' TO 'blue'",
        "type depot.mood: labels was sad, it's fine, is blue, it's fine",
    ),
    "label added": (
        "ALTER TYPE depot.mood ADD VALUE 'so-so' BEFORE 'sad'",
        "type depot.mood: labels was sad, it's fine, is so-so, sad, it's fine",
    ),
    "label gone": (
        "DELETE FROM pg_enum WHERE enumlabel = 'sad' AND enumtypid = 'depot.mood'::regtype",
        "type depot.mood: labels was sad, it's fine, is it's fine",
    ),
    "check of a domain dropped": (
        "ALTER DOMAIN depot.length DROP CONSTRAINT positive",
        "type depot.length: checks was positive: CHECK ((VALUE > 0)), is unset",
    ),
    "domain that takes nothing for granted": (
        "ALTER DOMAIN depot.length DROP NOT NULL; ALTER DOMAIN depot.length DROP DEFAULT",
        "type depot.length: default was 1, is unset; not null was true, is unset",
    ),
    "composite with more": (
        "ALTER TYPE depot.size ADD ATTRIBUTE depth integer",
        'type depot.size: attributes was height integer, "Width" numeric(8,2), is height integer,',
    ),
    "function of a trigger does something else": (
        "CREATE OR REPLACE FUNCTION depot.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "function depot.touch(): its body or its declaration is another one",
    ),
    "function gone with its trigger": (
        "DROP FUNCTION depot.touch() CASCADE",
        "function depot.touch() is gone",
        "trigger touch of depot.orders is gone: CREATE TRIGGER touch BEFORE UPDATE",
    ),
    "function of a default by another's rights": (
        "ALTER FUNCTION depot.label() SECURITY DEFINER; ALTER FUNCTION depot.label() OWNER TO pg_monitor",
        "function depot.label(): owner was postgres, is pg_monitor; its body or its declaration is another one",
    ),
    "owner without a right of its own": (
        "REVOKE INSERT ON depot.texts FROM postgres",
        "table depot.texts: owner lacks was unset, is INSERT",
    ),
    "index of a partitioned table dropped": (
        "DROP INDEX depot.events_note",
        "index events_note of depot.events is gone: CREATE INDEX ON ONLY depot.events USING btree (note)",
    ),
    "primary key of a partitioned table dropped": (
        "ALTER TABLE depot.events DROP CONSTRAINT events_pkey",
        "primary key events_pkey of depot.events is gone: PRIMARY KEY (id, day)",
    ),
    "trigger of a partition enabled": (
        "ALTER TABLE depot.events_a ENABLE TRIGGER touch_events",
        "trigger touch_events of depot.events_a: enabled was no, is yes",
    ),
    "partition about to be detached": (
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'depot.events_a'::regclass",
        "table depot.events_a: detach pending was unset, is true",
    ),
    "view without a default": (
        "ALTER VIEW depot.big_orders ALTER COLUMN code DROP DEFAULT",
        "view column code of depot.big_orders: default was 'none'::text, is unset",
    ),
    "view's column without its comment": (
        "COMMENT ON COLUMN depot.big_orders.code IS NULL",
        "view column code of depot.big_orders: comment was of orders, is unset",
    ),
    "view of other columns": (
        "ALTER VIEW depot.big_orders RENAME code TO word",
        "view depot.big_orders: definition was  SELECT",
    ),
    "attribute without its comment": (
        "COMMENT ON COLUMN depot.size.height IS NULL",
        "type depot.size: attribute comments was height: in cm, is unset",
    ),
    "check of a domain without its comment": (
        "COMMENT ON CONSTRAINT positive ON DOMAIN depot.length IS NULL",
        "type depot.length: check comments was positive: none is negative, is unset",
    ),
    "function closed": (
        "REVOKE EXECUTE ON FUNCTION depot.label() FROM pg_monitor",
        "function depot.label(): privileges lost: EXECUTE to pg_monitor",
    ),
    "schema closed": (
        "REVOKE USAGE ON SCHEMA depot FROM pg_monitor",
        "schema depot: privileges lost: USAGE to pg_monitor",
    ),
    "default privileges": (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA depot REVOKE SELECT ON TABLES FROM pg_read_all_data",
        ("schema depot: default privileges lost: FOR ROLE postgres IN SCHEMA depot GRANT SELECT ON TABLES TO"
         " pg_read_all_data"),
    ),
    "publication that sends something else": (
        "ALTER PUBLICATION depot_levels SET (publish = 'delete')",
        "publication depot_levels: publishes was insert, update, is delete",
    ),
    "publication dropped": (
        "DROP PUBLICATION depot_levels",
        "publication depot_levels is gone",
        "table depot.levels: published in lost: depot_levels",
    ),
    "event trigger dropped": (
        "DROP EVENT TRIGGER depot_watch",
        "event trigger depot_watch is gone: CREATE EVENT TRIGGER depot_watch ON ddl_command_end",
    ),
    "event trigger disabled": (
        "ALTER EVENT TRIGGER depot_watch DISABLE",
        "event trigger depot_watch: enabled was yes, is no",
    ),
    "options of a column's statistics": (
        "ALTER TABLE depot.orders ALTER COLUMN level SET (n_distinct = 5)",
        "column level of depot.orders: options was unset, is n_distinct=5",
    ),
    "trigger of a partitioned table dropped": (
        "DROP TRIGGER touch_events ON depot.events",
        "trigger touch_events of depot.events is gone: CREATE TRIGGER touch_events BEFORE UPDATE ON depot.events",
    ),
}  # fmt: skip


# What no statement brings back: how the tests do.
UNDONE = {
    "index of a partition that is not its parent's": "ALTER INDEX depot.events_note ATTACH PARTITION"
    " depot.events_a_note_idx; ALTER INDEX depot.events_note ATTACH PARTITION depot.events_b_note_idx",
    "generated expression dropped": "ALTER TABLE depot.orders DROP COLUMN twice;"
    " ALTER TABLE depot.orders ADD COLUMN twice numeric GENERATED ALWAYS AS (amount * 2) STORED",
    "collation": "ALTER TABLE depot.texts ALTER COLUMN title TYPE text",
    "label renamed": "ALTER TYPE depot.mood RENAME VALUE 'blue' TO 'sad'",
    "label added": "DELETE FROM pg_enum WHERE enumlabel = 'so-so' AND enumtypid = 'depot.mood'::regtype",
    "composite with more": "ALTER TYPE depot.size DROP ATTRIBUTE depth",
    "partition about to be detached": "UPDATE pg_inherits SET inhdetachpending = false",
    "identity dropped": "ALTER TABLE depot.always ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;"
    " SELECT setval('depot.always_id_seq', 9)",
}


@pytest.mark.parametrize("name", some(BREAKS))
def test_what_is_lost_or_changed_is_named_and_comes_back(broken_depot: BrokenDepot, name: str) -> None:
    statement, *expected = BREAKS[name]
    broken_depot.break_(statement)

    differences = broken_depot.structure().differences

    for message in expected:
        assert any(finding.message.startswith(message) for finding in differences), [str(f) for f in differences]
    assert len(differences) == len(expected), [str(finding) for finding in differences]
    broken_depot.break_(UNDONE.get(name) or "".join(finding.sql for finding in differences))
    assert [str(finding) for finding in broken_depot.structure().findings] == []


def test_a_sequence_of_another_name_is_no_difference(broken_depot: BrokenDepot) -> None:
    broken_depot.break_('ALTER SEQUENCE depot."odd seq" RENAME TO "it\'s even"')

    findings = broken_depot.structure().findings

    broken_depot.break_('ALTER SEQUENCE depot."it\'s even" RENAME TO "odd seq"')
    renamed = 'sequence depot."odd seq" of depot."Odd ""Name%" is called depot."it\'s even" now'
    assert [finding.message for finding in findings] == [renamed]


def test_a_lost_index_is_no_success(depot: World, server: TestServer) -> None:
    target = server.create_database(unique("lost"), depot.target.dbname)
    world = replace(depot, target=target)
    query(target, "DROP INDEX depot.orders_lower; CREATE INDEX own ON depot.orders (placed)")

    done = world.command("verify", "--json", env=NAMES)
    shown = world.command("verify", env=NAMES).stdout
    report = json.loads(done.stdout)

    assert done.returncode == FINDINGS
    assert (report["identical"], report["rows_identical"]) == (False, True)
    codes = {finding["code"]: finding for finding in report["structure"]["findings"]}
    assert set(codes) == {"structure-gone", "structure-new"}
    assert codes["structure-gone"]["sql"][0] == "CREATE INDEX orders_lower ON depot.orders USING btree (lower(code));"
    assert "index own of depot.orders is new" in shown
    assert "1 difference" in shown
    world.command("verify", "--accept-structure", env=NAMES)
    assert world.command("verify", env=NAMES).returncode == 0
    server.drop_database(target.dbname)
