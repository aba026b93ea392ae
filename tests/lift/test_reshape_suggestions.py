"""What lift reshape suggests, and why: by names, by data, across databases."""

import json
import re
from pathlib import Path

import pytest
from command_line import Done
from conftest import unique
from reshape_worlds import ReshapeWorld, write_lift
from worlds import query

from payrollx_db.lift.reshape import overlap
from payrollx_db.lift.reshape.file import Entry
from payrollx_db.postgres.url import DatabaseUrl


def entry(world: ReshapeWorld, *key: str) -> Entry:
    """Return the suggestion about this service, table, section and name."""
    service, table, section, name = key
    return world.reshape.entries[service, table, section, name]


def has(world: ReshapeWorld, *key: str) -> bool:
    """Tell whether there is a suggestion about it."""
    return key in world.reshape.entries


def evidence(world: ReshapeWorld, header: str, line: str) -> str:
    """Return the comments right above the line below a header that begins so."""
    lines = [header, *block(world, header).splitlines()]
    last = next(number for number, text in enumerate(lines) if text.startswith(line))
    first = last
    while lines[first - 1].startswith("#:"):
        first -= 1
    return "\n".join(lines[first:last])


def block(world: ReshapeWorld, header: str) -> str:
    """Return what stands below a header, up to the next one."""
    return world.path.read_text("utf-8").split(f"\n{header}\n")[1].partition("\n\n")[0]


def test_names_are_suggested_in_snake_case_and_nothing_is_taken(written: ReshapeWorld) -> None:
    assert entry(written, "auth", "User", "columns", "createdAt").rename == "created_at"
    assert entry(written, "auth", "", "enums", "UserRole").rename == "user_role"
    assert entry(written, "auth", "Session", "constraints", "Session_ownerId_fkey").rename == "session_owner_id_fkey"
    assert entry(written, "pay", "Payment", "sequences", "Payment_id_seq").rename == "payment_id_seq"
    assert entry(written, "auth", 'Quo"ted.%s', "table", "").rename == "quo_ted_s"
    assert "needs quotes" in evidence(written, "[services.auth.tables.User]", "table = ")
    assert not written.reshape.taken


def test_names_that_clash_or_are_too_long_are_said_and_not_suggested(written: ReshapeWorld) -> None:
    sessions = block(written, "[services.auth.tables.Session]")
    assert "'deviceId': 'device_id' is taken" in sessions
    assert "'DeviceID': 'device_id' is taken" in sessions
    assert not has(written, "auth", "Session", "columns", "deviceId")
    text = written.path.read_text("utf-8")
    assert "bytes, and Postgres keeps 63 of a name" in text
    assert "function touch() says updatedAt in its body" in text


def test_tables_of_migration_tools_keep_their_names(written: ReshapeWorld) -> None:
    assert not [one for one in written.reshape.entries.values() if one.table == "_prisma_migrations"]


def test_texts_are_uuids_only_where_all_values_are(written: ReshapeWorld) -> None:
    assert entry(written, "auth", "User", "types", "id").values == {"type": "uuid"}
    above = evidence(written, "[services.auth.tables.User.types]", "id = ")
    assert "all of 120 values are UUIDs" in above
    assert "Session.ownerId" in above
    assert not has(written, "auth", "Session", "types", "ownerId")
    assert not has(written, "auth", "Session", "types", "deviceId")


def test_one_value_that_is_no_uuid_is_counted(file_world: ReshapeWorld) -> None:
    wallets = file_world.sources["pay"]
    query(wallets, """INSERT INTO "Wallet" ("userId", kind) VALUES ('legacy-7', 'HOT')""")
    try:
        file_world.call("--overwrite")
        assert not has(file_world, "pay", "Wallet", "types", "userId")
        assert "userId: of 63 values, 1 are no UUIDs" in file_world.path.read_text("utf-8")
    finally:
        query(wallets, """DELETE FROM "Wallet" WHERE "userId" = 'legacy-7'""")


def test_numbers_say_what_the_data_need(written: ReshapeWorld) -> None:
    assert entry(written, "pay", "Wallet", "types", "balance").values == {"type": "numeric(38,18)"}
    above = evidence(written, "[services.pay.tables.Wallet.types]", "balance = ")
    assert "62 values need 5 digits before the point and 6 behind it" in above
    assert entry(written, "auth", "User", "types", "price").values == {"type": "numeric(38,18)"}


def test_local_times_get_a_zone_but_where_something_stands_on_them(written: ReshapeWorld) -> None:
    assert entry(written, "auth", "User", "types", "createdAt").values == {"type": "timestamptz(3)"}
    assert "partition key" in block(written, "[services.pay.tables.Event]")
    assert "generated column" in block(written, "[services.pay.tables.Payment]")
    assert not has(written, "pay", "Event", "types", "occurredAt")
    assert not has(written, "pay", "Payment", "types", "paidAt")


def test_indexes_that_repeat_are_found_and_none_that_differs(written: ReshapeWorld) -> None:
    dropped = {one.name for one in written.reshape.entries.values() if one.section == "drop_indexes"}
    # Not those that bear a constraint or a mark, or that order, compare or hold something else.
    assert dropped == {"User_email_idx", "User_role_idx", "Indexed_a_idx"}
    assert entry(written, "pay", "Payment", "create_indexes", "payment_wallet_id_idx").values == {
        "columns": ["walletId"]
    }


def test_references_say_how_many_rows_have_one_over_there(written: ReshapeWorld) -> None:
    found = entry(written, "pay", "Wallet", "references", "userId")
    assert found.values == {"service": "auth", "table": "User", "column": "id", "enforced": False}
    above = evidence(written, "[services.pay.tables.Wallet.references]", "userId = ")
    assert "96.7 % of 62 rows" in above
    assert "2 name none" in above
    assert not has(written, "pay", "Payment", "references", "sessionId")
    assert "only 0.0 % of 62 rows have a row there" in block(written, "[services.pay.tables.Payment]")


def test_of_many_rows_a_sample_of_the_values_is_compared(
    file_world: ReshapeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap, "WHOLE", 40)  # fewer than there are, whether the server has counted them or not
    file_world.call("--overwrite")
    above = evidence(file_world, "[services.pay.tables.Wallet.references]", "userId = ")
    (numbers,) = re.findall(r"(\d+) rows \(one.* in (\d+).*? (\d+) name none", above) or pytest.fail(above)
    seen, named, orphans = map(int, numbers)
    assert 0 < seen < 62
    assert orphans <= 2
    assert named


def test_databases_of_other_servers_and_encodings_are_compared(
    reshape_world: ReshapeWorld, german: DatabaseUrl, tmp_path: Path
) -> None:
    name = unique("reshape_latin")
    query(german, f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    latin = german.with_database(name)
    query(
        latin,
        """CREATE TABLE "Straße" (id text PRIMARY KEY, "größeÄ" text);
        INSERT INTO "Straße" VALUES ('é'), ('ü'), ('a'), ('Z')""",
    )
    query(
        reshape_world.target,
        """CREATE TABLE public."Haus" (id integer, "straßeId" text);
        INSERT INTO public."Haus" VALUES (1, 'ü'), (2, 'ü'), (3, 'é'), (4, 'Z'), (5, 'ä')""",
    )
    sources = {"street": latin, "house": reshape_world.target}
    write_lift(tmp_path, sources)
    world = ReshapeWorld(tmp_path, sources, reshape_world.target)
    done = world.call("--overwrite")
    assert done.returncode == 0, done.stderr
    assert entry(world, "house", "Haus", "references", "straßeId").values["table"] == "Straße"
    above = evidence(world, "[services.house.tables.Haus.references]", '"straßeId" = ')
    assert "80.0 % of 5 rows" in above
    assert entry(world, "street", "Straße", "columns", "größeÄ").rename == "größe_ä"


def test_a_reference_that_no_name_tells_is_found_by_its_values(written: ReshapeWorld) -> None:
    found = entry(written, "pay", "Payment", "references", "approvedBy")
    assert found.values == {"service": "auth", "table": "User", "column": "id", "enforced": False}
    assert "all of 62 rows" in evidence(written, "[services.pay.tables.Payment.references]", "approvedBy = ")


def test_a_copy_is_found_by_its_name_columns_and_keys(written: ReshapeWorld) -> None:
    assert entry(written, "pay", "User", "copy", "").values == {"of": "auth"}
    assert "40 of 40 keys are there too" in evidence(written, "[services.pay.tables.User]", "copy = ")
    assert not has(written, "auth", "User", "copy", "")


def test_no_value_of_a_row_is_written_or_shown(written: ReshapeWorld, file_world: ReshapeWorld) -> None:
    shown = file_world.call("--json")
    everything = written.path.read_text("utf-8") + shown.stdout + shown.stderr
    assert "secret.example" not in everything
    (some,) = query(written.sources["auth"], 'SELECT min(id) FROM "User"')[0]
    assert some not in everything


def test_a_second_run_keeps_answers_values_and_comments(file_world: ReshapeWorld) -> None:
    file_world.replace(
        'createdAt = { rename = "created_at", take = "no" }\nupdatedAt',
        '# we agreed on this\ncreatedAt = { rename = "made_at", take = "yes" }\nupdatedAt',
    )
    file_world.replace('\nnumbers = "no"', '\nnumbers = "yes"')
    file_world.replace("[services.auth.enums]\n", '[services.auth.enums]\nGone = { rename = "gone", take = "never" }\n')
    before = file_world.reshape
    file_world.path.write_text(
        file_world.path.read_text("utf-8").replace('Payment_id_seq = { rename = "payment_id_seq", take = "no" }\n', "")
    )
    done = file_world.call()
    assert "with 1 new suggestions" in done.stderr
    assert file_world.reshape == before
    assert "# we agreed on this\ncreatedAt" in file_world.path.read_text("utf-8")
    text = file_world.path.read_text("utf-8")
    file_world.call()
    assert file_world.path.read_text("utf-8") == text


def test_only_a_person_overwrites_the_answers(file_world: ReshapeWorld) -> None:
    file_world.take("names")
    file_world.call("--overwrite")
    assert not file_world.reshape.taken


def test_a_file_that_cannot_be_read_is_left_as_it_is(file_world: ReshapeWorld) -> None:
    for wrong in ("version = 1\n[take\n", "version = 9\n", 'version = 1\n[take]\nnames = "perhaps"\n'):
        file_world.path.write_text(wrong, "utf-8")
        done = file_world.call()
        assert done.returncode == 2, done.stderr
        assert file_world.path.read_text("utf-8") == wrong


def test_a_table_that_takes_too_long_is_looked_at_in_a_sample(file_world: ReshapeWorld) -> None:
    auth = file_world.sources["auth"]
    query(auth, 'CREATE TABLE "Many" AS SELECT gen_random_uuid()::text AS id FROM generate_series(1, 40000)')
    try:
        done = file_world.call("--scan-timeout", "0.001")
        assert done.returncode == 0, done.stderr
        assert "values of a sample are UUIDs" in evidence(file_world, "[services.auth.tables.Many.types]", "id = ")
    finally:
        query(auth, 'DROP TABLE "Many"')


def test_the_json_document_has_every_suggestion(file_world: ReshapeWorld) -> None:
    done: Done = file_world.call("--json")
    document = json.loads(done.stdout)
    assert len(document["suggestions"]) == len(file_world.reshape.entries)
    assert document["added"] == 0
