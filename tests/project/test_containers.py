"""The containers keep their promises on paper, and where an engine is at hand, for real."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import test_matrix as matrix
import yaml
from conftest import unique

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKER = ROOT / "docker"

# What passwords may hold that shells, URLs, password files and SQL read as something else.
SECRETS = {
    "POSTGRES_PASSWORD": "su:per\\'us er%41@/?#\"",
    "PAYROLLX_MIGRATOR_PASSWORD": "mig:ra\\tor's %40@/?#\"",
    "LEGACY_PASSWORD": "leg:acy\\'s %25@/?#\"",
}

Compose = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    document = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = document["services"]
    return found


def test_ports_are_open_on_loopback_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_password_has_a_default() -> None:
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    given = re.findall(r"^ *\w*PASSWORD: (.+)$", text, re.MULTILINE)

    assert len(given) == 5
    # The tool needs the legacy server's only where there is one: empty, never a word.
    assert all(re.fullmatch(r"\$\{\w+:\?.+\}|\$\{LEGACY_PASSWORD:-\}", value) for value in given)


def test_servers_are_official_healthy_and_keep_their_data(services: dict[str, Any]) -> None:
    for name in ("unified", "legacy"):
        service = services[name]
        assert service["image"] == "postgres:17"
        assert "pg_isready" in service["healthcheck"]["test"][1]
        assert f"{name}:/var/lib/postgresql/data" in service["volumes"]


def test_sql_is_mounted_for_the_first_start_and_read_only(services: dict[str, Any]) -> None:
    mounts = [volume for volume in services["unified"]["volumes"] if volume.startswith(".")]

    assert mounts == ["../sql:/sql:ro", "./first-start.sh:/docker-entrypoint-initdb.d/first-start.sh:ro"]
    assert os.access(DOCKER / "first-start.sh", os.X_OK)


def test_the_tool_and_the_old_databases_are_asked_for_by_profile(services: dict[str, Any]) -> None:
    assert {name: service.get("profiles") for name, service in services.items()} == {
        "unified": None,
        "legacy": ["legacy"],
        "tool": ["tool"],
    }


def test_the_tool_can_write_where_it_has_to_and_nowhere_else(services: dict[str, Any]) -> None:
    tool = services["tool"]

    assert tool["read_only"]
    # Its password file, and what a restore hands to pg_restore.
    assert [mount.partition(":")[0] for mount in tool["tmpfs"]] == ["/run/payrollx", "/tmp"]  # noqa: S108 - in there


def test_the_image_is_pinned_slim_and_not_roots() -> None:
    lines = (DOCKER / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert all(re.match(r"FROM python:\d+\.\d+\.\d+-slim-\w+( AS build)?$", x) for x in lines if x.startswith("FROM"))
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    pins = (DOCKER / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\d.]+", pin) for pin in pins)


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["metrics"]]
    names = {re.split(r"[^\w-]", one, maxsplit=1)[0].lower().replace("_", "-") for one in wanted}
    pins = (DOCKER / "constraints.txt").read_text(encoding="utf-8")

    assert names == {name for name in names if f"\n{name}==" in pins}


def test_the_example_holds_every_variable_and_no_secret() -> None:
    example = (DOCKER / ".env.example").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    wanted = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text(encoding="utf-8")))

    assert set(said) == wanted
    assert {value for name, value in said.items() if name.endswith("PASSWORD")} == {""}


# -- with an engine ------------------------------------------------------------------------------------


def _run(*command: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return subprocess.run(
        command, cwd=ROOT, env={**kept, **env}, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture
def compose() -> Iterator[Compose]:
    """`docker compose` in a project of the test's own, taken down after it."""
    if not shutil.which("docker") or _run("docker", "compose", "version", env={}).returncode:
        pytest.skip("docker compose is not installed")
    project = ("docker", "compose", "--file", "docker/compose.yaml", "--project-name", unique("payrollx"))
    ports = {"UNIFIED_PORT": "0", "LEGACY_PORT": "0"}

    def call(*arguments: str, secrets: dict[str, str] = SECRETS) -> "subprocess.CompletedProcess[str]":
        return _run(*project, "--profile", "legacy", "--profile", "tool", *arguments, env={**ports, **secrets})

    yield call
    if not _no_engine():
        call("down", "--volumes", "--timeout", "1")


def _no_engine() -> str:
    return matrix.no_container("postgres:17")


@pytest.fixture
def engine() -> None:
    if reason := _no_engine():
        pytest.skip(reason)


def test_compose_takes_the_file(compose: Compose) -> None:
    done = compose("config", "--quiet")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SECRETS)
def test_without_a_password_nothing_starts(compose: Compose, name: str) -> None:
    done = compose("config", "--quiet", secrets={k: v for k, v in SECRETS.items() if k != name})

    assert done.returncode != 0
    assert f"{name} is missing a value: set it to the" in done.stderr


def test_any_password_will_do_and_none_is_logged(engine: None, compose: Compose) -> None:
    built = compose("build", "--quiet", "tool")
    assert built.returncode == 0, built.stderr
    started = compose("up", "--detach", "--wait", "unified")
    assert started.returncode == 0, started.stderr

    migrated = compose("run", "--rm", "--no-deps", "-T", "tool", "migrate")
    walls = compose("run", "--rm", "--no-deps", "-T", "tool", "roles", "--check")

    assert migrated.returncode == 0, migrated.stderr
    assert walls.returncode == 0, walls.stdout + walls.stderr
    logged = compose("logs", "--no-color").stdout + migrated.stdout + migrated.stderr
    assert "ready for start up" in logged
    assert not any(secret in logged for secret in SECRETS.values())


def test_the_demo(engine: None, compose: Compose) -> None:
    done = _run("make", "docker-demo", "EMPLOYEES=30", env={})

    assert done.returncode == 0, done.stderr
    assert "source rows in 20 table pairs: identical." in done.stdout
