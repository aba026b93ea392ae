"""What the pipe holds at once is bounded, however large the rows and however many."""

import json
import subprocess
import sys
from typing import Any

import pytest
from worlds import World, query, value

# Runs the command line and says, as the last line of stderr, how much memory it had at most.
MEASURED = """
import sys
from payrollx_db.cli import main
try:
    main(sys.argv[1:])
finally:
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(status["VmHWM"].split()[0], file=sys.stderr)
"""
MEGABYTE = 1024  # in kB, as /proc counts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc to ask")

# What the disk makes small goes through the pipe as large as it is.
LARGE = """
INSERT INTO notifications (id, "userId", recipient, subject, content, metadata, "updatedAt")
SELECT gen_random_uuid()::text, gen_random_uuid()::text, 'a', 'b', 'c', to_jsonb(repeat(md5(n::text), %s)), now()
FROM generate_series(1, %s) AS n
"""


def measured(world: World, command: str, code: int = 0) -> tuple[int, dict[str, Any]]:
    """Run a command on the notifications, and return the peak of its memory in MB, and what it answers about them."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, command, "--service", "notification", "--json"],
        capture_output=True, text=True, env=world.env, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return int(done.stderr.split()[-1]) // MEGABYTE, json.loads(done.stdout)["tables"][0]


def test_many_rows_of_a_megabyte(world: World) -> None:
    source = world.urls["payrollx_notification"]
    query(source, "TRUNCATE notifications")
    query(source, LARGE, (31_250, 150))

    peak, account = measured(world, "copy")

    assert account["read"] == account["written"] == 150
    assert account["bytes"] > 140_000_000
    assert peak < 150


@pytest.mark.long  # beside the rows of a megabyte, which pass through the same pipe
def test_one_value_of_forty_megabytes(world: World) -> None:
    source = world.urls["payrollx_notification"]
    query(source, LARGE, (1_250_000, 1))
    size = value(source, "SELECT max(length(metadata::text)) FROM notifications")
    assert size > 38_000_000

    peak, account = measured(world, "copy")

    assert account["bytes"] > size
    assert value(world.target, "SELECT max(length(metadata::text)) FROM notification.notifications") == size
    assert peak < 100 + 4 * size // 1_000_000
    assert world.verify("notification").identical


# The same keys on both sides, and no row equal.
MANY = """
INSERT INTO notifications (id, "userId", recipient, subject, content, "updatedAt")
SELECT ('00000000-0000-4000-8000-' || to_char(n, 'FM000000000000')), gen_random_uuid()::text, 'a', 'b', 'c', now()
FROM generate_series(1, %s) AS n
"""
MANY_OTHERS = """
INSERT INTO notification.notifications (id, user_id, recipient, title, message)
SELECT ('00000000-0000-4000-8000-' || to_char(n, 'FM000000000000'))::uuid, gen_random_uuid(), 'a', 'x', 'c'
FROM generate_series(1, %s) AS n
"""


@pytest.mark.parametrize("rows", [40_000, pytest.param(120_000, marks=pytest.mark.long)])
def test_every_row_another(world: World, rows: int) -> None:
    """Verify looks into differing buckets some at a time, however many differ."""
    query(world.urls["payrollx_notification"], "TRUNCATE notifications")
    query(world.urls["payrollx_notification"], MANY, (rows,))
    query(world.target, MANY_OTHERS, (rows,))

    peak, verdict = measured(world, "verify", 3)

    assert (verdict["changed"], len(verdict["differences"])) == (rows, 20)
    assert peak < 130
