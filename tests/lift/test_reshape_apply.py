"""lift reshape --apply: what is taken is done to the empty schemas, all of a service or nothing."""

import json

import psycopg
import pytest
from conftest import TestServer, unique
from reshape_worlds import ReshapeWorld, lift_empty
from worlds import query

from payrollx_db.postgres.url import DatabaseUrl

REFUSED = 3


def applied(world: ReshapeWorld, *arguments: str) -> str:
    """Apply what is taken, and return what was said."""
    done = world.call("--apply", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_that_is_taken_is_done_and_a_second_time_nothing(reshape_world: ReshapeWorld) -> None:
    reshape_world.take()
    applied(reshape_world)
    assert reshape_world.columns("auth", "user") == {
        "id": "uuid", "email": "text", "role": "auth.user_role", "created_at": "timestamp(3) with time zone",
        "updated_at": "timestamp(3) with time zone", "order": "integer", "price": "numeric(38,18)",
    }  # fmt: skip
    assert reshape_world.columns("auth", "session")["owner_id"] == "uuid"
    assert reshape_world.columns("auth", "session")["deviceId"] == "text"
    assert set(reshape_world.columns("auth", "child")) == {"seen_at", "some_note", "own_note"}
    assert reshape_world.columns("pay", "event")["occurred_at"] == "timestamp(3) without time zone"
    assert reshape_world.columns("auth", "quo_ted_s") == {"id": "integer", "per_cent": "text", "with_quote": "text"}
    assert not reshape_world.columns("pay", "user")
    before = reshape_world.structure()
    said = applied(reshape_world)
    assert "auth: 0 done" in said
    assert "pay: 0 done" in said
    assert "between services: 0 done" in said
    assert reshape_world.structure() == before


def test_what_stands_on_a_column_of_another_type_is_there_again(reshape_world: ReshapeWorld) -> None:
    before = {row[:2]: row[2] for row in reshape_world.structure()}
    reshape_world.take("uuids", "times")
    applied(reshape_world)
    after = {row[:2]: row[2] for row in reshape_world.structure()}
    kept = [key for key in before if key[0] in ("view", "policy", "trigger", "constraint", "index")]
    assert {key: after.get(key) for key in kept} == {key: before[key] for key in kept}
    query(reshape_world.target, "INSERT INTO auth.\"User\" (id, email) VALUES (gen_random_uuid(), 'a@b')")
    query(reshape_world.target, 'INSERT INTO auth."Session" ("ownerId", "expiresAt") SELECT id, now() FROM auth."User"')


def test_defaults_mean_the_same_in_the_new_type(reshape_world: ReshapeWorld) -> None:
    reshape_world.take("times")
    applied(reshape_world)
    url = DatabaseUrl({**reshape_world.target.params, "options": "-c timezone=Asia/Tokyo"})
    query(url, "INSERT INTO auth.\"User\" (id, email) VALUES ('1', 'a@b')")
    ((age, other),) = query(url, 'SELECT abs(extract(epoch FROM now() - "createdAt")), '
                                 'abs(extract(epoch FROM now() - "updatedAt")) FROM auth."User"')  # fmt: skip
    assert max(age, other) < 3600


def test_references_and_copies_become_keys_of_the_owner(reshape_world: ReshapeWorld) -> None:
    reshape_world.take()
    reshape_world.replace('column = "id", enforced = false', 'column = "id", enforced = true')
    applied(reshape_world)
    keys = dict(
        query(
            reshape_world.target,
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid::regclass::text LIKE 'pay.%' AND confrelid = 'auth.user'::regclass",
        )
    )
    assert keys == {
        "payment_approved_by_fkey": 'FOREIGN KEY (approved_by) REFERENCES auth."user"(id)',
        "payment_payer_id_fkey": 'FOREIGN KEY (payer_id) REFERENCES auth."user"(id) ON DELETE SET NULL',
        "wallet_user_id_fkey": 'FOREIGN KEY (user_id) REFERENCES auth."user"(id)',
    }
    indexes = [
        name for (name,) in query(reshape_world.target, "SELECT indexname FROM pg_indexes WHERE tablename = 'wallet'")
    ]
    assert "wallet_user_id_idx" in indexes


def test_what_is_refused_is_named_and_its_service_stays_as_it_was(reshape_world: ReshapeWorld) -> None:
    query(
        reshape_world.target,
        """CREATE POLICY mine ON auth."User" USING (id = current_setting('app.user', true));
        CREATE INDEX ON pay."Wallet" (date_trunc('day', "createdAt"));
        CREATE MATERIALIZED VIEW auth.totals AS SELECT price FROM auth."User";
        ALTER TABLE pay."Wallet" ADD CONSTRAINT short CHECK (length("userId") < 40)""",
    )
    before = reshape_world.structure()
    reshape_world.take()
    done = reshape_world.call("--apply")
    assert done.returncode == REFUSED
    assert 'policy mine of auth."User", made again for column auth.User.id' in done.stderr
    assert "materialized view totals stands on it" in done.stderr
    assert "column pay.Wallet.createdAt: an index or a partition key can't be computed" in done.stderr
    assert "column pay.Wallet.userId: its expression compares" in done.stderr
    assert "references and copies: auth, pay comes first" in done.stderr
    assert reshape_world.structure() == before


def test_a_view_whose_text_casts_the_column_is_refused_by_name(reshape_world: ReshapeWorld) -> None:
    query(
        reshape_world.target,
        """CREATE TABLE pay.shorter (id varchar(40) PRIMARY KEY REFERENCES pay."User" (id));
        CREATE VIEW pay.both_ends AS SELECT u.id FROM pay."User" AS u JOIN pay.shorter AS s ON s.id = u.id;
        CREATE VIEW pay.above AS SELECT FROM pay.both_ends""",
    )
    reshape_world.take("uuids")
    done = reshape_world.call("--apply")
    assert done.returncode == REFUSED
    assert "view pay.both_ends, made again: its expression compares" in done.stderr
    assert "view pay.above, made again: what it stands on is refused" in done.stderr


def test_a_foreign_key_between_two_types_is_refused_by_name(reshape_world: ReshapeWorld) -> None:
    reshape_world.take("names", "references")
    reshape_world.replace('column = "id", enforced = false', 'column = "id", enforced = true')
    done = reshape_world.call("--apply", "--json")
    assert done.returncode == REFUSED
    *services, between = json.loads(done.stdout)["transactions"]
    (refusal,) = between["refused"]
    assert refusal["what"] == "reference of pay.Payment.approvedBy"
    assert refusal["reason"].startswith("its types don't go together")
    assert all(service["done"] for service in services)


def test_one_service_refused_does_not_keep_another_back(reshape_world: ReshapeWorld) -> None:
    query(reshape_world.target, 'CREATE MATERIALIZED VIEW pay.totals AS SELECT balance FROM pay."Wallet"')
    reshape_world.take("numbers", "names")
    done = reshape_world.call("--apply", "--json")
    assert done.returncode == REFUSED
    auth, pay = json.loads(done.stdout)["transactions"]
    assert auth["done"]
    assert pay["refused"]
    assert not pay["done"]
    assert reshape_world.columns("pay", "Wallet")["balance"] == "numeric(65,30)"
    reshape_world.replace(
        'balance = { type = "numeric(38,18)", take = "no"', 'balance = { type = "numeric(38,18)", take = "never"'
    )
    assert "auth: 0 done" in applied(reshape_world)
    assert reshape_world.columns("pay", "payment")["amount"] == "numeric(38,18)"


def test_a_dry_run_changes_nothing_and_prints_what_would_be_done(
    reshape_world: ReshapeWorld, server: TestServer, lifted_template: DatabaseUrl
) -> None:
    before = reshape_world.structure()
    reshape_world.take()
    statements = applied(reshape_world, "--dry-run")
    assert reshape_world.structure() == before
    by_hand = server.create_database(unique("by_hand"), lifted_template.dbname)
    try:
        query(by_hand, statements)
        applied(reshape_world)
        same = ReshapeWorld(reshape_world.folder, reshape_world.sources, by_hand)
        assert same.structure() == reshape_world.structure()
    finally:
        server.drop_database(by_hand.dbname)


def test_tables_with_rows_are_not_reshaped(reshape_world: ReshapeWorld) -> None:
    query(reshape_world.target, "INSERT INTO pay.\"Event\" VALUES (1, '2024-03-01', NULL)")
    reshape_world.take()
    done = reshape_world.call("--apply")
    assert done.returncode == 6
    assert "rows are in pay.Event" in done.stderr
    assert reshape_world.columns("auth", "User")["id"] == "text"
    with psycopg.connect(reshape_world.target.conninfo()) as reader:  # whoever reads it is not made to wait
        reader.execute('SELECT FROM pay."Event", auth."User"')
        assert reshape_world.call("--apply").returncode == 6


def test_nothing_is_done_without_a_yes(file_world: ReshapeWorld) -> None:
    before = file_world.structure()
    done = file_world.call("--apply")
    assert done.returncode == 2
    assert "nothing is taken" in done.stderr
    assert file_world.structure() == before


def test_never_outweighs_the_yes_for_a_kind(reshape_world: ReshapeWorld) -> None:
    reshape_world.take("names")
    reshape_world.replace(
        'createdAt = { rename = "created_at", take = "no" }', 'createdAt = { rename = "created_at", take = "never" }'
    )
    applied(reshape_world)
    assert "createdAt" in reshape_world.columns("auth", "user")
    assert "expires_at" in reshape_world.columns("auth", "session")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('balance = { type = "numeric(38,18)"', 'balance = { type = "text; DROP TABLE x"'),
        ('balance = { type = "numeric(38,18)"', 'balance = { typ = "numeric(38,18)"'),
        ('kind = "no"', 'kind = "no"'),
        ('rename = "wallet_kind", take = "no"', 'rename = "", take = "yes"'),
        ('rename = "created_at", take = "no" }\nupdatedAt', 'rename = "updated_at", take = "yes" }\nupdatedAt'),
    ],
)
def test_a_file_that_says_what_cannot_be_is_refused_before_anything(
    file_world: ReshapeWorld, old: str, new: str
) -> None:
    if old == new:
        file_world.path.write_text('version = 1\n[take]\nall = "yes"\n', "utf-8")
    else:
        file_world.replace(old, new)
        file_world.take("names")
    before = file_world.structure()
    done = file_world.call("--apply")
    assert done.returncode == 2, done.stderr
    assert file_world.structure() == before


def test_a_name_that_another_has_to_leave_first_is_refused(file_world: ReshapeWorld) -> None:
    file_world.replace(
        'createdAt = { rename = "created_at", take = "no" }\nupdatedAt = { rename = "updated_at", take = "no" }',
        'createdAt = { rename = "updatedAt", take = "yes" }\nupdatedAt = { rename = "updated_at", take = "yes" }',
    )
    done = file_world.call("--apply")
    assert done.returncode == 2
    assert "which is itself to be renamed" in done.stderr


def test_a_target_that_has_no_lifted_schema_says_so(server: TestServer, file_world: ReshapeWorld) -> None:
    file_world.take()
    elsewhere = ReshapeWorld(file_world.folder, file_world.sources, file_world.sources["auth"])
    done = elsewhere.call("--apply")
    assert done.returncode == 5
    assert "lift schema" in done.stderr


def test_a_service_that_is_not_lifted_yet_waits(reshape_world: ReshapeWorld) -> None:
    query(reshape_world.target, "DROP SCHEMA pay CASCADE")
    reshape_world.take()
    done = reshape_world.call("--apply")
    assert done.returncode == 0, done.stderr
    assert "pay isn't lifted yet" in done.stderr
    assert reshape_world.columns("auth", "user")["id"] == "uuid"


def test_a_lock_that_another_holds_is_no_refusal(file_world: ReshapeWorld) -> None:
    file_world.take("names")
    url = DatabaseUrl({**file_world.target.params, "options": "-c lock_timeout=100"})
    with psycopg.connect(file_world.target.conninfo()) as other:
        other.execute('SELECT FROM auth."User"')
        waiting = ReshapeWorld(file_world.folder, file_world.sources, url)
        done = waiting.call("--apply", "--lock-timeout", "0.2")
    assert done.returncode == 5, done.stderr


@pytest.mark.long
def test_a_german_server_refuses_in_our_words(reshape_world: ReshapeWorld, german: DatabaseUrl) -> None:
    name = unique("reshape_german")
    query(german, f"CREATE DATABASE {name}")
    target = german.with_database(name)
    lift_empty(target)
    query(target, """CREATE POLICY mine ON auth."User" USING (id = current_setting('app.user', true))""")
    world = ReshapeWorld(reshape_world.folder, reshape_world.sources, target)
    world.take()
    done = world.call("--apply")
    assert done.returncode == REFUSED
    assert "its expression compares the column in a way that the new type doesn't have" in done.stderr
    query(target, 'DROP POLICY mine ON auth."User"')
    applied(world)
    assert world.columns("pay", "wallet")["user_id"] == "uuid"
