"""The Prisma schema language: what is read, and where and why reading stops."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma import parse, read
from payrollx_db.prisma.schema import Argument, Attribute, Call, Constant, Field, Model, Pairs, Value


def model(body: str) -> Model:
    return parse({"schema.prisma": f"model Thing {{\n{body}\n}}\n"}).models[0]


def field(line: str) -> Field:
    return model(line).fields[0]


def default(written: str) -> Value | None:
    return field(f"x String @default({written})").default


def attribute(thing: Field | Model, name: str) -> Attribute:
    found = thing.attribute(name)
    assert found is not None, name
    return found


def test_every_block_is_read() -> None:
    schema = parse(
        {
            "schema.prisma": """
            generator client { // the client
              provider        = "prisma-client-js"
              previewFeatures = ["views", "multiSchema"]
            }
            datasource db {
              provider   = "postgresql"
              url        = env("DATABASE_URL")
              extensions = [vector(map: "vec", schema: "ext"), citext]
            }
            enum Role {
              USER
              @@map("role")
            }
            type Address {
              street String
            }
            view Active {
              id Int @unique
            }
            model User {
              id Int @id
            }
            """
        }
    )
    assert schema.provider == "postgresql"
    assert [(model.kind, model.name) for model in schema.models] == [("view", "Active"), ("model", "User")]
    assert [composite.name for composite in schema.types] == ["Address"]
    assert [(enum.name, enum.type_name) for enum in schema.enums] == [("Role", "role")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("String", ("String", False, False)),
        ("String?", ("String", False, True)),
        ("String[]", ("String", True, False)),
        ("Role @default(USER)", ("Role", False, False)),
    ],
)
def test_a_fields_type_says_whether_it_is_a_list_and_may_be_null(
    written: str, expected: tuple[str, bool, bool]
) -> None:
    read_field = field(f"x {written}")
    assert (read_field.type, read_field.is_list, read_field.is_optional) == expected


def test_a_type_of_the_database_that_the_language_lacks_is_kept_as_it_is_written() -> None:
    unsupported = field('x Unsupported("geometry(Point, 4326)")? @map("at")')
    assert (unsupported.unsupported, unsupported.is_optional, unsupported.column) == (
        "geometry(Point, 4326)",
        True,
        "at",
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("autoincrement()", Call("autoincrement")),
        ("uuid(7)", Call("uuid", (Argument("", 7),))),
        ('dbgenerated("gen_random_uuid()")', Call("dbgenerated", (Argument("", "gen_random_uuid()"),))),
        ("sequence(start: -1, cache: 2)", Call("sequence", (Argument("start", -1), Argument("cache", 2)))),
        ("true", Constant("true")),
        ("1.50", Decimal("1.50")),
        ("9007199254740993", 9007199254740993),
        ("[1, -2]", (1, -2)),
        ("[]", ()),
        ('"{\\"a\\": [1]}"', '{"a": [1]}'),
        ('"\\u00e9\\n\\\\"', "é\n\\"),
        ('"// no comment, @ no attribute, } no end"', "// no comment, @ no attribute, } no end"),
        ('value: "named"', "named"),
    ],
)
def test_defaults_are_what_they_say(written: str, expected: Value) -> None:
    assert default(written) == expected


def test_attributes_may_run_over_several_lines_with_comments_among_them() -> None:
    read_model = model(
        """
        id Int @id
        author User @relation(
          name: "Written", // who wrote it
          fields: [
            authorId, /// by key
            tenantId,
          ],
          references: [id, tenantId],
          onDelete: SetNull
        )
        @@index(
          [title(ops: raw("gin_trgm_ops")), body(sort: Desc)],
          type: Gin,
          map: "by.title",
        )
        """
    )
    relation, index = attribute(read_model.fields[1], "relation"), attribute(read_model, "index")
    assert relation.words("fields") == ("authorId", "tenantId")
    assert relation.argument("onDelete") == Constant("SetNull")
    assert index.words("fields", first=True) == ("title", "body")
    assert index.text("map") == "by.title"


def test_native_types_conditions_of_indexes_and_the_rest_are_attributes_like_others() -> None:
    read_model = model(
        """
        x String @db.VarChar(20) @unique(map: "u") @ignore
        @@id([x, y], name: "pair", map: "pk")
        @@unique([x], where: { deletedAt: null })
        @@fulltext([x])
        @@schema("auth")
        @@map("it's")
        @@ignore
        """
    )
    assert read_model.fields[0].native_type == attribute(read_model.fields[0], "db.VarChar")
    assert attribute(read_model, "unique").argument("where") == Pairs((Argument("deletedAt", Constant("null")),))
    assert (read_model.database_schema, read_model.table) == ("auth", "it's")
    assert {"id", "fulltext", "ignore"} < {found.name for found in read_model.attributes}


def test_documentation_is_what_stands_directly_above_and_behind() -> None:
    schema = parse(
        {
            "schema.prisma": "/// of nothing\n\nmodel Bare {\n  /// earlier\n\n  /// apart\n\n  id Int @id\n}\n"
            "/// first\n// not this\n/// second\n"
            "model A { /// nor this\n"
            "  /// above\n"
            "  id Int @id /// behind\n"
            "  x Int // plain\n"
            "  /* a block\n  of two lines */\n"
            "  y Int\n"
            "}\n"
            "/// plain comments end it\n\n// here\n"
            "enum E {\n"
            "  /// label\n"
            "  one\n"
            "}\n"
        }
    )
    bare, read_model = schema.models
    assert (bare.documentation, bare.fields[0].documentation) == ("", "apart")
    assert read_model.documentation == "first\nsecond"
    assert [read.documentation for read in read_model.fields] == ["above\nbehind", "", "a block\n  of two lines"]
    assert schema.enums[0].documentation == ""
    assert schema.enums[0].values[0].documentation == "label"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_one(newline: str) -> None:
    text = newline.join(["/// doc", "model A {", "  id Int @id", "  x Int !", "}"])
    with pytest.raises(PrismaSchemaError, match=r"f\.prisma:4:9: "):
        parse({"f.prisma": text})


@pytest.mark.parametrize(
    ("text", "place", "next_step"),
    [
        ("modell A {\n}", "1:1", "a block begins with"),
        ("model A\n{\n}", "1:8", "its name and {"),
        ("model A { id Int }", "1:11", "a line of its own"),
        ("model A {\n  id\n}", "2:5", "a field is a name, a type"),
        ("model A {\n  id: Int\n}", "2:5", "leave the colon out"),
        ("model A {\n  id Int!\n}", "2:9", "leave the exclamation mark out"),
        ("model A {\n  id [Int]\n}", "2:6", "write a list as Type[]"),
        ("model A {\n  id Int[\n}", "2:10", "write a list as Type[]"),
        ("model A {\n  _id Int\n}", "2:3", "@map"),
        ("model A {\n  id Int @id @\n}", "2:15", "such as @id"),
        ('model A {\n  id Int @map("a\n}', "2:15", "close it with a double quote"),
        ('model A {\n  id Int @map("\\x")\n}', "2:15", "\\uXXXX"),
        ('model A {\n  id Int @map("\\ud800")\n}', "2:15", "\\uXXXX"),
        ("model A {\n  id Int @default(1\n", "3:1", "close the '(' of line 2"),
        ("model A {\n  id Int @default(1 2)\n}", "2:21", "a comma between two items"),
        ("model A {\n  id Int @id id2 Int\n}", "2:14", "a line of its own"),
        ("model A {\n  id Int @id\n", "1:1", "close it with }"),
        ("model A {\n  id Int ; x\n}", "2:10", "remove it"),
        ("datasource db {\n  provider\n}", "2:11", 'provider = "postgresql"'),
        ("model A {\n  x Unsupported(geometry)\n}", "2:17", 'Unsupported("tsvector")'),
        ("model A {\n  id Int\n}\nenum A {\n  x\n}", "4:1", "rename one of them"),
        ("model A {\n  id Int\n  id Int\n}", "3:3", "rename or remove"),
        ("enum A {\n  x\n  x\n}", "3:3", "rename or remove"),
    ],
)
def test_what_is_not_of_the_language_is_told_with_its_place_and_the_next_step(
    text: str, place: str, next_step: str
) -> None:
    with pytest.raises(PrismaSchemaError) as caught:
        parse({"schema.prisma": text})
    assert caught.value.message.startswith(f"schema.prisma:{place}: ")
    assert next_step in caught.value.hint


def test_a_folder_of_files_is_one_schema_without_what_packages_bring(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "node_modules" / "client").mkdir(parents=True)
    (tmp_path / "base.prisma").write_text('datasource db {\n  provider = "postgresql"\n}\n')
    (tmp_path / "schema" / "user.prisma").write_bytes(b"\xef\xbb\xbfmodel User {\r\n  id Int @id\r\n}\r\n")
    (tmp_path / "node_modules" / "client" / "schema.prisma").write_text("model User {\n  id Int @id\n}\n")
    schema = read(tmp_path)
    assert [found.name for found in schema.models] == ["User"]
    assert schema.models[0].position.file == str(tmp_path / "schema" / "user.prisma")


def test_files_that_are_not_there_or_no_text_are_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.prisma"
    latin.write_bytes("/// Stück\n".encode("latin-1"))
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, message in ((latin, "isn't UTF-8"), (empty, "holds no .prisma file"), (tmp_path / "no", "can't be read")):
        with pytest.raises(PrismaSchemaError, match=message) as caught:
            read(path)
        assert str(path) in caught.value.message
        assert caught.value.hint


def test_equal_texts_give_equal_schemas() -> None:
    texts: dict[str, Any] = {"a.prisma": "model A {\n  id Int @id\n}\n"}
    assert parse(texts) == parse(texts)
    assert hash(parse(texts)) == hash(parse(texts))


def test_what_other_readers_of_the_language_were_reported_to_stop_at() -> None:
    """Comments behind and below block attributes (prisma 1609, 1905, 3658), @@map of enums (prisma-ast 2), @@map by
    name (prisma-lint 59), signs of the language within texts, and a file that ends in a comment.
    """
    schema = parse(
        {
            "schema.prisma": r"""
            datasource db {
              provider = "postgresql" /// behind
              // Like, postgresql://user:password@localhost:5432/database/schema
            }
            model Blog {
              id1 Int
              id2 Int @map("o}k{ // no")
              ok  String @default("a \"q\" } // no") // } yes
              role Role @default(OWNER)
              @@id([id1, id2(sort: Desc)]) /// id comment
              @@map(name: "blogs") // }
            }
            enum Role {
              OWNER @map("own er") /// docs
              USER

              @@map("membership_role")
            }
            // the end, without a line's end"""
        }
    )

    (blog,), (role,) = schema.models, schema.enums
    assert [each.name for each in blog.attributes] == ["id", "map"]
    assert blog.fields[2].default == 'a "q" } // no'
    assert attribute(blog.fields[1], "map").arguments[0].value == "o}k{ // no"
    assert attribute(blog, "map").arguments[0].value == "blogs"
    assert [each.name for each in role.attributes] == ["map"]
    assert [each.name for each in role.values] == ["OWNER", "USER"]
