"""A drafted project takes its names from Prisma schemas, and says where these aren't so."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import TestServer, unique
from drafts import draft, fill
from sqlalchemy import inspect
from sqlalchemy.orm import configure_mappers

from payrollx_db.postgres.url import DatabaseUrl

TABLES = """
CREATE SCHEMA shop;
CREATE TYPE shop."Status" AS ENUM ('NEW', 'sent-out');
CREATE TABLE shop."User" (id text PRIMARY KEY, public_id uuid NOT NULL, "updatedAt" timestamp(3) NOT NULL,
    seen_at timestamptz(3) NOT NULL);
CREATE TABLE shop.posts (id serial PRIMARY KEY, "authorId" text NOT NULL REFERENCES shop."User", "reviewerId" text
    REFERENCES shop."User", status shop."Status" NOT NULL, rating integer, forgotten text);
CREATE TABLE shop.tag (id integer PRIMARY KEY);
CREATE TABLE shop."_PostToTag" ("A" integer NOT NULL REFERENCES shop.tag, "B" integer NOT NULL REFERENCES shop.posts,
    CONSTRAINT "_PostToTag_AB_pkey" PRIMARY KEY ("A", "B"));
CREATE SCHEMA crm;
CREATE TABLE crm."User" (id integer PRIMARY KEY);
"""
SCHEMA = """
datasource db {
  provider = "postgresql"
}
/// Who buys
/// and writes.
model User {
  id        String   @id @default(cuid())
  /// What others see.
  publicId  String   @default(uuid()) @map("public_id") @db.Uuid
  updatedAt DateTime @updatedAt
  seenAt    DateTime @updatedAt @map("seen_at") @db.Timestamptz(3)
  written   Post[]   @relation("Author")
  reviewed  Post[]   @relation("Reviewer")
}
model Post {
  id         Int    @id @default(autoincrement())
  authorId   String
  reviewerId String?
  author     User   @relation("Author", fields: [authorId], references: [id])
  checkedBy  User?  @relation("Reviewer", fields: [reviewerId], references: [id])
  status     Status
  stars      String? @map("rating")
  gone       Int
  topics     Label[] @relation("PostToTag")
  @@map("posts")
}
model Label {
  id       Int    @id
  articles Post[] @relation("PostToTag")
  @@map("Tag")
}
/// How far it is.
enum Status {
  NEW
  SENT @map("sent-out")
}
"""


@pytest.fixture(scope="module")
def database(server: TestServer) -> Iterator[DatabaseUrl]:
    name = unique("prisma")
    url = server.create_database(name)
    fill(url, TABLES)
    yield url
    server.drop_database(name)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prisma") / "schema.prisma"
    # A reshape has put the table of Label into snake case.
    path.write_text(SCHEMA)
    return path


@pytest.fixture(scope="module")
def drafted(
    database: DatabaseUrl, schema: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, dict[str, Any], str]]:
    """The module of the service, what the command answered, and the project's README."""
    folder = tmp_path_factory.mktemp("drafted") / "named"
    done = draft(
        database,
        folder,
        "--package",
        "named_shop",
        "--schema",
        "shop",
        "--schema",
        "crm",
        "--prisma",
        str(schema),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module("named_shop.shop"), json.loads(done.stdout), (folder / "README.md").read_text()
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "named_shop"]:
        del sys.modules[name]


def test_classes_attributes_and_members_are_called_as_in_the_schema(drafted: tuple[Any, dict[str, Any], str]) -> None:
    shop, _, _ = drafted
    configure_mappers()
    columns = {attribute: column.name for attribute, column in inspect(shop.User).columns.items()}
    assert columns == {"id": "id", "public_id": "public_id", "updated_at": "updatedAt", "seen_at": "seen_at"}
    assert inspect(shop.Post).columns["stars"].name == "rating"
    assert shop.Label.__tablename__ == "tag"
    assert {member.name: member.value for member in shop.Status} == {"NEW": "NEW", "SENT": "sent-out"}


def test_relations_are_called_so_on_both_their_sides(drafted: tuple[Any, dict[str, Any], str]) -> None:
    shop, _, _ = drafted
    configure_mappers()
    related = {
        f"{model.__name__}.{one.key}": f"{one.mapper.class_.__name__}.{one.back_populates}"
        for model in (shop.User, shop.Post, shop.Label)
        for one in inspect(model).relationships
    }
    assert related == {
        "User.written": "Post.author",
        "User.reviewed": "Post.checked_by",
        "Post.author": "User.written",
        "Post.checked_by": "User.reviewed",
        "Post.topics": "Label.articles",
        "Label.articles": "Post.topics",
    }


def test_documentation_and_what_the_client_made_come_along(drafted: tuple[Any, dict[str, Any], str]) -> None:
    shop, _, _ = drafted
    source = Path(shop.__file__).read_text()
    assert (shop.User.__doc__, shop.Status.__doc__) == ("Who buys and writes.", "How far it is.")
    assert "    # What others see.\n    public_id: " in source
    columns = shop.User.__table__.columns
    assert columns["public_id"].default.is_callable
    assert str(columns["updatedAt"].onupdate.arg) == "timezone(:timezone_1, now())"
    assert str(columns["seen_at"].onupdate.arg) == "now()"


def test_what_is_not_so_in_the_database_is_told(drafted: tuple[Any, dict[str, Any], str]) -> None:
    _, answer, readme = drafted
    told = [line.partition(": ")[2] for line in answer["disagreements"]]
    assert told == [
        "Post.stars is text, and the column is integer",
        "posts has no column gone (Post.gone)",
        "Post has no field for the column forgotten",
        "User.id is made by Prisma's client, with cuid(): the model has no default",
    ]
    assert all(line in readme for line in told)


def test_a_schema_whose_service_is_not_clear_is_refused(database: DatabaseUrl, tmp_path: Path) -> None:
    path = tmp_path / "schema.prisma"
    path.write_text('model Person {\n  id Int @id\n  @@map("User")\n}\n')
    services = ("--schema", "shop", "--schema", "crm", "--package", "whose")
    refused = draft(database, tmp_path / "whose", *services, "--prisma", str(path))
    assert refused.returncode == 2
    assert "--prisma SERVICE=PATH" in refused.stderr
    done = draft(database, tmp_path / "whose", *services, "--prisma", f"crm={path}")
    assert done.returncode == 0, done.stderr
    assert "class Person(" in (tmp_path / "whose" / "whose" / "crm.py").read_text()
    assert "class User(" in (tmp_path / "whose" / "whose" / "shop.py").read_text()


def test_a_schema_of_another_database_is_taken_for_no_service(database: DatabaseUrl, tmp_path: Path) -> None:
    path = tmp_path / "schema.prisma"
    path.write_text("model posts {\n  id Int @id\n}\nmodel likes {\n  id Int @id\n}\n")
    refused = draft(database, tmp_path / "other", "--schema", "shop", "--prisma", str(path))
    assert refused.returncode == 2
    assert "of its 2 tables, 1 are in shop" in refused.stderr


def test_a_schema_that_cannot_be_read_is_refused_with_its_place(database: DatabaseUrl, tmp_path: Path) -> None:
    path = tmp_path / "schema.prisma"
    path.write_text("model User {\n  id Int !\n}\n")
    refused = draft(database, tmp_path / "refused", "--schema", "crm", "--prisma", str(path))
    assert refused.returncode == 1
    assert f"{path}:2:10" in refused.stderr
    assert not (tmp_path / "refused").exists()
