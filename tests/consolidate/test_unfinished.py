"""An unfinished run: whoever would judge its tables or write to them names it, and the command that ends it."""

import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from interruptions import interrupt
from worlds import World, query, value

from payrollx_db.errors import FindingsError

RESUMES = "payrollx-db copy --service auth --service organization"
NEWEST = "SELECT version_num FROM payrollx_meta.alembic_version WHERE version_num LIKE %s"


@pytest.fixture
def unfinished(reading_world: World) -> World:
    interrupt(reading_world, "auth", "organization")
    assert value(reading_world.target, "SELECT status FROM payrollx_meta.runs") == "interrupted"
    return reading_world


def refusal(world: World, *arguments: str) -> str:
    done = world.command(*arguments)
    assert done.returncode == 6, (arguments, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_who_would_judge_or_write_names_the_run_and_the_next_command(unfinished: World, tmp_path: Path) -> None:
    world = unfinished
    for arguments in (
        ("verify", "--service", "auth"),
        ("migrate", "--check"),
        ("dev", "seed"),
        ("service", "backup", "auth", "--dir", str(tmp_path), "--key-file", str(tmp_path.with_suffix(".key"))),
    ):
        message = refusal(world, *arguments)

        assert "run 1 is unfinished (interrupted in stage copy)" in message, arguments
        assert re.search(r": [1-5] of \d tables and [\d,]+ rows are in; ", message), message
        assert "are still down" in message, arguments
        assert f"{RESUMES} resumes it; with --restart, it is undone first" in message.replace("\n      ", " "), (
            arguments
        )


def test_what_keeps_it_from_being_resumed_says_that_it_stays(unfinished: World) -> None:
    (table, *_) = [one["target"] for one in unfinished.answer("status")["tables"] if one["status"] != "copied"]
    query(unfinished.target, "CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
          f"CREATE TRIGGER veto BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION veto()")  # fmt: skip

    with pytest.raises(FindingsError, match="blocks the copy; the unfinished run stays as it was"):
        unfinished.copy("auth", "organization")


def test_what_the_run_does_not_write_to_goes_on(unfinished: World) -> None:
    assert unfinished.command("migrate", "--check", "--service", "wallet").returncode == 0
    assert unfinished.command("copy", "--service", "auth", "--service", "organization").returncode == 0
    assert unfinished.command("migrate", "--check").returncode == 0
    assert unfinished.verify("auth", "organization").identical


def test_a_migration_waits_only_where_it_would_change_something(unfinished: World) -> None:
    assert unfinished.command("migrate").returncode == 0  # there is nothing to do

    ((newest,),) = query(unfinished.target, NEWEST, ("auth%",))
    query(unfinished.target, "DELETE FROM payrollx_meta.alembic_version WHERE version_num = %s", (newest,))
    message = refusal(unfinished, "migrate")
    query(unfinished.target, "INSERT INTO payrollx_meta.alembic_version VALUES (%s)", (newest,))

    assert "auth can't be migrated now: run 1 is unfinished" in message
    assert "resumes it" in message


def test_doctor_advises_nothing_that_the_run_will_do(unfinished: World) -> None:
    def codes(examination: Any) -> dict[str, set[str]]:
        places: dict[str, set[str]] = {}
        for finding in examination["findings"]:
            places.setdefault(finding["code"], set()).add(finding["place"])
        return places

    query(unfinished.target, "DROP INDEX wallet.ix_wallet_transactions_wallet_id")

    seen = codes(unfinished.answer("doctor"))
    (finding,) = [f for f in unfinished.answer("doctor")["findings"] if f["code"] == "unfinished-run"]

    assert finding["severity"] == "warn"
    assert finding["place"] == "run 1"
    assert finding["remedy"].startswith(RESUMES)
    # of the run's own tables nothing, of the others what there is
    assert seen.get("missing-index") == {"wallet.wallet_transactions.wallet_id"}
    assert not {"not-valid", "never-analyzed"} & set(seen)

    assert unfinished.command("copy", "--service", "auth", "--service", "organization").returncode == 0
    assert "unfinished-run" not in codes(unfinished.answer("doctor"))


def test_a_run_at_work_is_no_fault(unfinished: World) -> None:
    """While a copy holds the run's lock, doctor says so, and needs nothing from anybody."""
    with psycopg.connect(unfinished.target.conninfo()) as other:
        other.execute("LOCK TABLE payrollx_meta.run_lock IN SHARE UPDATE EXCLUSIVE MODE")
        done = unfinished.command("doctor", "--json")
        message = refusal(unfinished, "verify", "--service", "auth")

    (finding,) = [f for f in json.loads(done.stdout)["findings"] if f["code"] == "unfinished-run"]
    assert finding["severity"] == "info"
    assert "is at work (process" in finding["detail"]
    assert "run 1 is at work" in message
    assert "wait for it" in message
