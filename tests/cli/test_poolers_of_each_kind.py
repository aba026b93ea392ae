"""Poolers in each mode, before either side or both: their sessions stay as they were, and a copy is refused."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from conftest import LegacyDatabases, TestServer, unique
from poolers import PROGRAM, TRANSACTIONS, running_pooler
from worlds import World

from payrollx_db.postgres.url import DatabaseUrl

pytestmark = [pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed"), pytest.mark.long]

SIZE = 12
RESET = "server_reset_query = DISCARD ALL\nserver_reset_query_always = 1"
MODES = {
    "transactions": TRANSACTIONS,
    "transactions, reset": f"pool_mode = transaction\n{RESET}",
    "sessions": "pool_mode = session\nserver_reset_query =",
    "sessions, reset": f"pool_mode = session\n{RESET}",
}
SOURCE = "payrollx_auth"
# Where poolers of each mode stand.
POOLED = [
    ("transactions", (SOURCE,)),
    ("transactions, reset", ("target",)),
    ("sessions", ("target", SOURCE)),
    ("sessions, reset", (SOURCE,)),
]
# How each command may end, whatever it finds in the practice data.
COMMANDS: dict[tuple[str, ...], set[int]] = {
    ("plan",): {0}, ("check",): {3}, ("copy",): {3}, ("copy", "--restart", "--yes"): {3}, ("verify",): {0, 3},
    ("status",): {0}, ("doctor",): {0, 3}, ("report", "--json"): {0}, ("roles", "--check"): {0, 3},
    ("migrate", "--check"): {0, 3},
    ("metrics",): {0}, ("dev", "seed", "--beside"): {0},
    ("lift", "plan", "--lift", "{home}/lift.toml"): {0, 3},
    ("draft", "--dir", "{home}/drafted", "--schema", "auth", "--yes"): {0, 3},
}  # fmt: skip
STATE = """
SELECT (SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE name <> 'application_name'),
       (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_listening_channels()),
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
       (SELECT count(*) FROM pg_class WHERE relpersistence = 't'), current_user::text
"""


@pytest.fixture(scope="module")
def consolidated(server: TestServer, migrated_template: str, legacy_to_read: LegacyDatabases) -> Iterator[World]:
    """A target that was copied by way of the server itself."""
    name = unique("unified")
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template))
    world.copy()
    yield world
    server.drop_database(name)


def states(url: DatabaseUrl, table: str) -> set[str]:
    """Write by all sessions of a pool, as a service does, and return in what states they are."""
    with ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(url.conninfo(), prepare_threshold=None)) for _ in range(SIZE)]
        for client in clients:  # none of their transactions ends, so each has a session of its own
            client.execute(f"UPDATE {table} SET id = id WHERE false".encode())
        pids = {str(client.execute("SELECT pg_backend_pid()").fetchone()) for client in clients}
        assert len(pids) == SIZE
        return {str(client.execute(STATE).fetchone()) for client in clients}


@pytest.mark.parametrize(("mode", "pooled"), POOLED, ids=[mode for mode, _ in POOLED])
def test_sessions_stay_as_they_were_and_a_copy_is_refused(
    mode: str, pooled: tuple[str, ...], server: TestServer, consolidated: World, tmp_path: Path
) -> None:
    login = {key: text for key, text in server.url.params.items() if key in ("user", "password")}
    with running_pooler(server.url, login, size=SIZE, mode=MODES[mode]) as place:
        through = {
            name: DatabaseUrl({**url.params, **place}) if name in pooled else url
            for name, url in {**consolidated.urls, "target": consolidated.target}.items()
        }
        target = through.pop("target")
        world = replace(consolidated, urls=through, target=target)
        watched = [(target, "auth.users") if name == "target" else (through[name], "users") for name in pooled]
        init = ("lift", "init", "--source", f"auth={through[SOURCE].plain}", "--lift", f"{tmp_path}/lift.toml")
        assert world.command(*init).returncode == 0
        before = [states(*one) for one in watched]

        for words, codes in COMMANDS.items():
            given = [word.format(home=tmp_path) for word in words]
            done = world.command(*given, env={"HOME": str(tmp_path)})

            assert done.returncode in codes, (words, done.stdout, done.stderr)
            assert [states(*one) for one in watched] == before, words
            if words[0] in ("check", "copy"):
                assert "a pooler stands" in done.stdout + done.stderr
                assert f"{place['host']}:{place['port']}" in done.stdout + done.stderr


def test_a_pooler_with_one_session_for_all_is_named_at_once(server: TestServer, consolidated: World) -> None:
    login = {key: text for key, text in server.url.params.items() if key in ("user", "password")}
    mode = f"{MODES['sessions']}\nquery_wait_timeout = 2"
    with running_pooler(server.url, login, size=1, mode=mode) as place:
        world = replace(consolidated, target=DatabaseUrl({**consolidated.target.params, **place}))
        for command in ("check", "copy"):
            done = world.command(command)

            assert done.returncode == 3, done.stderr
            assert f"a pooler stands before it at {place['host']}:{place['port']}" in done.stdout + done.stderr
