"""Events in a file and logs as JSON: each line is a document with stable keys, written as it happens."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from worlds import World

from payrollx_db.cli.event_log import described, recording
from payrollx_db.cli.progress import showing
from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.model import events
from payrollx_db.model.events import Notice, StageStarted, TableFinished

FIELDS = {
    "started": {"version", "process"},
    "stage_started": {"stage", "note"},
    "run_started": {"run", "resumed", "tables", "rows", "size"},
    "table_started": {"source", "target", "rows"},
    "table_progress": {"source", "target", "rows", "size"},
    "work_started": {"stage", "tables", "rows", "size"},
    "table_checked": {"source", "target", "rows", "size", "seconds"},
    "table_finished": {"source", "target", "rows", "size", "seconds"},
    "object_built": {"table", "name", "kind", "seconds"},
    "followed": {"database", "passes", "commits", "keys", "written", "deleted", "lag", "backlog"},
    "step_started": {"action", "step", "note"},
    "step_finished": {"action", "step", "seconds"},
    "notice": {"text"},
    "finished": set(),
    "interrupted": set(),
    "failed": {"message", "error", "exit_code", "details", "hint"},
}


@pytest.fixture
def reading_world(reading_world: World) -> World:
    """The legacy databases, of which each table is copied as a large one is, though it has few rows."""
    reading_world.small_tables = 0
    return reading_world


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return the documents of a text of lines, each of which must be one."""
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def names(documents: Sequence[dict[str, Any]]) -> list[str]:
    return [document["event"] for document in documents]


def test_a_copy_tells_all_of_it(reading_world: World, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    done = reading_world.command("copy", "--service", "auth", "--events", str(file))
    documents = lines_of(file.read_text(encoding="utf-8"))

    assert done.returncode == 0, done.stderr
    assert names(documents)[0] == "started"
    assert names(documents)[-1] == "finished"
    for document in documents:
        assert list(document)[:3] == ["time", "event", "command"]
        assert document.keys() - {"time", "event", "command"} == FIELDS[document["event"]]
        assert document["command"] == "copy"
    times = [datetime.fromisoformat(document["time"]) for document in documents]
    assert times == sorted(times)
    assert all(time.utcoffset() is not None for time in times)
    finished = {d["target"] for d in documents if d["event"] == "table_finished"}
    assert finished == {"auth.users", "auth.refresh_tokens", "auth.audit_logs"}
    stages = [d["stage"] for d in documents if d["event"] == "stage_started"]
    assert stages == ["plan", "check", "copy", "load"]
    assert "object_built" in names(documents)
    assert reading_world.target.params["password"] not in file.read_text(encoding="utf-8")


def test_a_refusal_is_told_and_the_file_goes_on(hostile_world: World, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    for command in ("copy", "check"):
        assert hostile_world.command(command, "--events", str(file)).returncode == 3
    documents = lines_of(file.read_text(encoding="utf-8"))

    (failed,) = [document for document in documents if document["event"] == "failed"]
    assert (failed["error"], failed["exit_code"], failed["command"]) == ("FindingsError", 3, "copy")
    assert len(failed["details"]) > 10
    assert names(documents).count("started") == 2
    assert names(documents)[-1] == "finished"  # the check found what it was to find


def test_every_event_has_a_name_that_is_promised() -> None:
    for kind in get_args(events.Event):
        made = kind(**dict.fromkeys(kind.__dataclass_fields__, 1))
        document = described(made)
        assert document.keys() - {"event"} == FIELDS[document["event"]]


def test_each_line_is_out_at_once(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with recording(file) as observer:
        for number in range(1, 4):
            observer(Notice(f"number {number}"))
            assert lines_of(file.read_text(encoding="utf-8"))[-1]["text"] == f"number {number}"


@pytest.mark.parametrize(
    ("error", "event", "message"),
    [
        (FindingsError("it doesn't fit", hint="mend it", details=("here",)), "failed", "it doesn't fit"),
        (KeyboardInterrupt(), "interrupted", None),
        (ValueError("a row: secret"), "failed", "unexpected ValueError"),
    ],
)
def test_how_it_ended(tmp_path: Path, error: BaseException, event: str, message: str | None) -> None:
    file = tmp_path / "events.jsonl"
    with pytest.raises(type(error)), recording(file):
        raise error
    last = lines_of(file.read_text(encoding="utf-8"))[-1]

    assert last["event"] == event
    assert last.get("message") == message
    assert "secret" not in file.read_text(encoding="utf-8")


def test_a_file_that_can_not_be_written_stops_it_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't write events"), recording(tmp_path / "no" / "where"):
        pytest.fail("it went on")


def test_a_full_disk_ends_the_file_and_not_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    with showing(Path("/dev/full")) as observer:
        observer(StageStarted("copy"))
        observer(Notice("still here"))
    told = capsys.readouterr().err

    assert "note: still here" in told
    assert told.count("can't write events to") == 1


def test_without_a_file_nothing_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    with recording(None) as observer:
        observer(TableFinished("a", "b", 1, 1, 1.0))

    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


# --- logs as JSON -------------------------------------------------------------------------------------


def test_progress_as_json(reading_world: World) -> None:
    done = reading_world.command("--log-format", "json", "copy", "--service", "auth", "--json")
    documents = lines_of(done.stderr)

    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "done"
    for document in documents:
        assert list(document)[:3] == ["time", "level", "message"]
        assert document["message"] == document["message"].strip() != ""
    finished = [document for document in documents if document.get("event") == "table_finished"]
    assert {document["target"] for document in finished} == {"auth.users", "auth.refresh_tokens", "auth.audit_logs"}
    assert all(isinstance(document["rows"], int) for document in finished)


def test_errors_as_json(hostile_world: World) -> None:
    done = hostile_world.command("copy", env={"PAYROLLX_LOG_FORMAT": "json", "PAYROLLX_DEBUG": "1"})
    documents = lines_of(done.stderr)

    assert done.returncode == 3
    assert documents[-1]["level"] == "error"
    assert (documents[-1]["error"], documents[-1]["exit_code"]) == ("FindingsError", 3)
    assert documents[-1]["details"]
    assert documents[-1]["hint"]
    assert "Traceback" in documents[-2]["traceback"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--log-format", "json", "copy", "--bogus"],
        ["--log-format=json", "--bogus"],
        ["--log-format", "json", "bogus"],
        ["--log-format", "json", "copy", "--service", "nobody"],
    ],
)
def test_usage_errors_as_json(arguments: list[str]) -> None:
    from payrollx_db.postgres.url import DatabaseUrl

    done = World({}, DatabaseUrl.parse("postgresql://nobody@localhost:1/none")).command(*arguments)

    (document,) = lines_of(done.stderr)
    assert done.returncode == 2
    assert (document["level"], document["exit_code"]) == ("error", 2)


def test_text_stays_text(reading_world: World) -> None:
    done = reading_world.command("copy", "--service", "nobody")

    assert done.stderr.startswith("payrollx-db: ")
    assert "  hint: " in done.stderr
