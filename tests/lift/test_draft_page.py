"""What docs/draft.md shows: a shop is drafted, migrated into a new database, and written to in twenty lines."""

import re
import subprocess
import sys
from pathlib import Path

from command_line import call
from conftest import TestServer, unique
from drafts import ask, draft, fill

PAGE = Path(__file__).parents[2] / "docs" / "draft.md"

SHOP = """
CREATE SCHEMA shop;
CREATE TYPE shop.order_status AS ENUM ('new', 'paid');
CREATE TABLE shop.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE shop.orders (
    id serial PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES shop.customers,
    amount numeric(10, 2) NOT NULL CHECK (amount > 0),
    status shop.order_status NOT NULL DEFAULT 'new'
);
CREATE INDEX ON shop.orders (customer_id);
"""


def test_a_service_in_twenty_lines(server: TestServer, tmp_path: Path) -> None:
    old, new = unique("old_shop"), unique("new_shop")
    url = server.create_database(old)
    fill(url, SHOP)
    drafted = draft(url, tmp_path / "unified", "--schema", "shop")
    assert drafted.returncode == 0, drafted.stderr

    target = server.create_database(new)
    env = {"DATABASE_URL": target.plain, "PAYROLLX_CATALOG": "unified.catalog:CATALOG"}
    for arguments in (("migrate",), ("migrate", "--check")):
        done = call(arguments, env, tmp_path / "unified")
        assert done.returncode == 0, done.stderr
    (script,) = (code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    (tmp_path / "unified" / "take_orders.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "take_orders.py"],
        cwd=tmp_path / "unified",
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("2 3\n", "")
    assert sum(ask(target, "SELECT amount FROM shop.orders")) == 23
    server.drop_database(old)
    server.drop_database(new)
