"""Rows that a database keeps though its own rules don't hold for them, and rules that hide rows even from an owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique

from payrollx_db.backup.clients import Clients
from payrollx_db.devserver.programs import folders
from payrollx_db.errors import ConfigurationError

SHELVES = """
CREATE TABLE shelf (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY, shelf int, heavy bool);
INSERT INTO shelf VALUES (1);
INSERT INTO book VALUES (1, 1, true), (2, 99, NULL);
ALTER TABLE book ADD CONSTRAINT on_shelf FOREIGN KEY (shelf) REFERENCES shelf NOT VALID;
CREATE TABLE word (spelled text, language text) PARTITION BY LIST (lower(language));
CREATE TABLE word_de PARTITION OF word FOR VALUES IN ('de') PARTITION BY RANGE (length(spelled));
CREATE TABLE word_de_short PARTITION OF word_de FOR VALUES FROM (0) TO (10);
INSERT INTO word VALUES ('Haus', 'DE'), ('Maus', 'de');
CREATE TABLE diary (id int PRIMARY KEY, writer text);
INSERT INTO diary VALUES (1, 'a'), (2, 'b');
ALTER TABLE diary ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON diary USING (writer = current_user);
"""
FROM_18 = """
ALTER TABLE book ADD CONSTRAINT somewhere FOREIGN KEY (shelf) REFERENCES shelf NOT ENFORCED;
"""

UNPROVEN_KEYS = "SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND NOT convalidated ORDER BY 1"
OWNERS_OF_THE_STATE = (
    "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'payrollx_meta'::regnamespace"
)


@dataclass
class Shelves:
    """A database to fill, and the one that it is lifted into."""

    server: TestServer
    folder: Path
    source: str
    target: str

    def lift(self, statements: str) -> Done:
        with psycopg.connect(self.server.create_database(self.source).conninfo(), autocommit=True) as connection:
            connection.execute(statements.encode())
        words = ("lift", "--server", self.server.url.plain, "--databases", self.source, "--name", self.target)
        into = self.server.url.with_database(self.target)
        return call((*words, "--to", into.plain, "--dir", str(self.folder / "lift")), {}, self.folder)

    def names(self, query: LiteralString) -> list[str]:
        with psycopg.connect(self.server.url.with_database(self.target).conninfo()) as connection:
            return [name for (name,) in connection.execute(query)]


@pytest.fixture
def shelves(server: TestServer, tmp_path: Path) -> Iterator[Shelves]:
    try:
        Clients.find(server.version, folders())
    except ConfigurationError as error:
        pytest.skip(str(error))
    made = Shelves(server, tmp_path, unique("shelves"), unique("unified"))
    yield made
    for name in (made.source, made.target):
        server.drop_database(name)


def test_what_a_database_keeps_against_its_rules_comes_along(shelves: Shelves) -> None:
    new = shelves.server.version >= 180000

    done = shelves.lift(SHELVES + (FROM_18 if new else ""))

    assert done.returncode == 0, done.stderr
    assert shelves.names(OWNERS_OF_THE_STATE) == [f"{shelves.target}_owner"]
    assert "7 source rows in 4 table pairs: identical." in done.stdout  # a shelf, two books, two words, two pages
    assert shelves.names(UNPROVEN_KEYS) == (["on_shelf", "somewhere"] if new else ["on_shelf"])


def test_rows_without_a_value_that_new_ones_need_are_named_before_the_copy(shelves: Shelves) -> None:
    if shelves.server.version < 180000:
        pytest.skip("this server proves NOT NULL of all rows")

    done = shelves.lift(SHELVES + "ALTER TABLE book ADD CONSTRAINT known NOT NULL heavy NOT VALID")

    assert done.returncode == 3
    assert ".public.book.heavy: 1 row, no value, and the target demands one" in done.stderr
