"""A tenant is made whole or not at all, whatever ends it and whenever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from choir_lifecycles import Growing

from payrollx_db.errors import ConfigurationError, PayrollxError, StateConflictError
from payrollx_db.tenants.lifecycle import creating

SUPPORT = Path(__file__).parents[1] / "support"
CREATE = """
import os
from choir_lifecycles import Growing, with_sign_up
from payrollx_db.postgres.url import DatabaseUrl
Growing(with_sign_up("schemas", os.environ["PREFIX"]), DatabaseUrl.parse(os.environ["URL"])).create("killed")
"""


@pytest.fixture(params=["choirs_apart", "choirs_together"])
def choirs(request: pytest.FixtureRequest) -> Growing:
    known: Growing = request.getfixturevalue(request.param)
    return known


@contextmanager
def before_statements(act: Callable[[int, int], None]) -> Iterator[list[int]]:
    """Call ``act`` before each statement of this process with its number and its session's; yield how many ran."""
    count, known = [0], psycopg.Cursor.execute

    def counting(cursor: Any, *args: Any, **options: Any) -> Any:
        count[0] += 1
        act(count[0], cursor.connection.info.backend_pid)
        return known(cursor, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counting)
        yield count


def end_session(choirs: Growing, pid: int) -> None:
    """End a session, as an administrator does, and wait until it is gone."""
    with psycopg.connect(choirs.url.conninfo()) as connection:
        connection.pgconn.exec_(f"SELECT pg_terminate_backend({pid}, 5000)".encode())


@pytest.mark.long
def test_a_session_that_is_ended_before_any_of_its_statements_leaves_nothing(choirs: Growing) -> None:
    choirs.create("first")
    before = choirs.there()
    with before_statements(lambda _number, _pid: None) as count:
        choirs.create("counted")
    choirs.remove("counted")
    assert choirs.there() == before
    survived = 0
    for at in range(1, count[0] + 1):

        def end_it(number: int, pid: int, at: int = at) -> None:
            if number == at:
                end_session(choirs, pid)

        try:
            with before_statements(end_it):
                choirs.create("killed")
        except PayrollxError:
            assert choirs.there() == before, at
        else:  # it was only to give a lock back
            survived += 1
            choirs.remove("killed")
    assert survived < 5
    choirs.remove("first")


def test_a_process_that_is_killed_leaves_nothing_and_the_next_one_makes_it(choirs_apart: Growing) -> None:
    before = choirs_apart.there()
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(["." , str(SUPPORT), str(SUPPORT.parent)]),
           "PREFIX": choirs_apart.prefix, "URL": choirs_apart.url.plain}  # fmt: skip
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'registry.emails'::regclass"
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(choirs_apart.url.conninfo()) as holder:
        holder.execute("LOCK TABLE registry.emails IN SHARE MODE")
        process = subprocess.Popen([sys.executable, "-c", CREATE], env=env, cwd=SUPPORT.parents[1])
        try:
            while choirs_apart.query(waiting) == [(0,)]:
                assert process.poll() is None
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    while choirs_apart.query(others) != [(0,)]:
        time.sleep(0.05)
    assert choirs_apart.there() == before
    choirs_apart.create("killed")
    choirs_apart.remove("killed")


WRONG = (
    ("new", {"email": " Taken@Example.com"}, StateConflictError, "emails"),
    ("new", {"phone": "+1"}, StateConflictError, "phones"),
    ("taken", {"email": "other@example.com"}, StateConflictError, "taken"),
    ("new", {"fax": "1"}, ConfigurationError, "fax"),
    *((bad, {}, ConfigurationError, "id") for bad in ("", "x" * 300, "a\0b", " a")),
)


def test_what_is_taken_or_wrong_is_refused_and_leaves_nothing(choirs: Growing) -> None:
    choirs.create("taken", phone="+1")
    before = choirs.there()
    for tenant, details, error, named in WRONG:
        with pytest.raises(error) as refused:
            choirs.create(tenant, **details)
        assert named in str(refused.value)
        assert "Example" not in str(refused.value)
        assert choirs.there() == before
    with pytest.raises(ConfigurationError, match="email isn't given"):
        creating.create(choirs.url, choirs.catalog, "new", {"name": "x"})
    choirs.remove("taken")


def test_a_schema_that_was_there_before_is_no_new_tenants(choirs_apart: Growing) -> None:
    place = choirs_apart.place("squatted")
    choirs_apart.query(f"CREATE SCHEMA {place}; CREATE TABLE {place}.singers (id int)")
    before = choirs_apart.there()
    with pytest.raises(PayrollxError):
        choirs_apart.create("squatted")
    assert choirs_apart.there() == before
    choirs_apart.query(f"DROP SCHEMA {place} CASCADE")


def test_an_id_that_is_no_plain_name_is_a_tenant_like_any_other(choirs: Growing) -> None:
    for tenant in ("Capital", "it's.3", 'say "so" 100% {x}'):
        made = choirs.create(tenant)
        assert made.revision == "tenant_0001"
        mail = choirs.query(f'SELECT email FROM "{made.schema}".singers ORDER BY email = %s', f"{tenant}@example.com")
        assert mail[-1] == (f"{tenant}@example.com",)
        choirs.remove(tenant)
