"""What a Prisma schema calls tables, columns, references and enums, by their names in the database."""

import pytest

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma import Names, of, parse
from payrollx_db.prisma.schema import Call


def names(text: str) -> Names:
    return of(parse({"schema.prisma": text}))


BLOG = """
datasource db {
  provider = "postgresql"
}

/// Who writes.
model User {
  id        Int      @id @default(autoincrement())
  publicId  String   @default(uuid()) @map("public_id") /// shown to others
  updatedAt DateTime @updatedAt @map("updated_at")
  role      Role     @default(USER)
  /// All that this user wrote.
  posts     Post[]
  reviewed  Post[]   @relation("Reviewer")
  profile   Profile?
  @@map("users")
}

model Post {
  id         Int     @id
  authorId   Int     @map("author_id")
  reviewerId Int?    @map("reviewer_id")
  author     User    @relation(fields: [authorId], references: [id], onDelete: Cascade, map: "post_author")
  reviewer   User?   @relation("Reviewer", fields: [reviewerId], references: [id])
  tags       Tag[]
  @@map("posts")
}

model Profile {
  userId Int  @id @map("user_id")
  user   User @relation(fields: [userId], references: [id])
}

model Tag {
  id    Int    @id
  posts Post[]
}

enum Role {
  USER
  SITE_ADMIN @map("site-admin")
  @@map("user_role")
}
"""


def test_models_fields_and_their_documentation_are_found_by_the_databases_names() -> None:
    users = names(BLOG).table("public", "users")
    assert users
    assert (users.class_name, users.documentation) == ("User", "Who writes.")
    assert {column.column: column.attribute for column in users.columns.values()} == {
        "id": "id",
        "public_id": "publicId",
        "updated_at": "updatedAt",
        "role": "role",
    }
    assert users.columns["public_id"].documentation == "shown to others"
    assert users.columns["public_id"].default == Call("uuid")
    assert users.columns["updated_at"].is_updated_at


def test_a_reference_has_the_names_of_both_its_sides() -> None:
    posts = names(BLOG).table("public", "posts")
    assert posts
    author, reviewer = posts.relations
    assert (author.columns, author.target, author.target_columns) == (("author_id",), ("", "users"), ("id",))
    assert (author.attribute, author.back, author.back_is_list) == ("author", "posts", True)
    assert (author.back_documentation, author.constraint, author.on_delete) == (
        "All that this user wrote.",
        "post_author",
        "Cascade",
    )
    assert (reviewer.attribute, reviewer.back) == ("reviewer", "reviewed")


def test_one_to_one_is_told_from_one_to_many() -> None:
    profile = names(BLOG).table("public", "Profile")
    assert profile
    assert [(relation.back, relation.back_is_list) for relation in profile.relations] == [("profile", False)]


def test_enums_are_found_by_their_types_with_members_by_label() -> None:
    role = names(BLOG).enum("public", "user_role")
    assert role
    assert (role.class_name, role.members) == ("Role", {"USER": "USER", "site-admin": "SITE_ADMIN"})


def test_a_relation_of_many_to_many_names_the_attributes_behind_its_table() -> None:
    found = names(BLOG)
    assert list(found.joins) == [("", "_PostToTag")]
    join = found.join("public", "_PostToTag")
    assert join
    assert (join.left, join.left_attribute) == (("", "posts"), "tags")
    assert (join.right, join.right_attribute) == (("", "Tag"), "posts")


def test_a_model_that_refers_to_itself_has_both_sides() -> None:
    found = names(
        """
        model Node {
          id        Int    @id
          parentId  Int?
          parent    Node?  @relation("Tree", fields: [parentId], references: [id])
          children  Node[] @relation("Tree")
          follows   Node[] @relation("Follows")
          followed  Node[] @relation("Follows")
        }
        """
    )
    node = found.table("", "Node")
    assert node
    assert [(relation.attribute, relation.back) for relation in node.relations] == [("parent", "children")]
    assert set(node.columns) == {"id", "parentId"}
    # Prisma orders the two columns of such a table by the fields' names.
    assert [(join.left_attribute, join.right_attribute) for join in found.joins.values()] == [("followed", "follows")]


def test_composite_keys_refer_column_by_column() -> None:
    found = names(
        """
        model Item {
          tenant Int @map("tenant_id")
          number Int @map("no")
          lines  Line[]
          @@id([tenant, number])
        }
        model Line {
          id     Int  @id
          itemNo Int  @map("item_no")
          tenant Int
          item   Item @relation(fields: [tenant, itemNo], references: [tenant, number])
        }
        """
    )
    line = found.table("any", "Line")
    assert line
    assert line.relations[0].columns == ("tenant", "item_no")
    assert line.relations[0].target_columns == ("tenant_id", "no")


def test_tables_of_one_name_in_two_schemas_are_two() -> None:
    found = names(
        """
        model AuthUser {
          id Int @id
          @@map("user")
          @@schema("auth")
        }
        model ShopUser {
          id Int @id
          @@map("user")
          @@schema("shop")
        }
        """
    )
    assert [table and table.class_name for table in (found.table("auth", "user"), found.table("shop", "user"))] == [
        "AuthUser",
        "ShopUser",
    ]
    assert found.table("public", "user") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model A {\n  id Int @id\n  b  B\n}", "3:3: nothing declares the type B of A.b"),
        (
            "model A {\n  id Int @id\n  a  A @relation(fields: [x], references: [id])\n}",
            "3:8: a relation names A.x, which isn't there",
        ),
        (
            "model A {\n  id Int @id\n  a  A @relation(fields: [id])\n}",
            "3:8: the relation A.a has 1 fields and 0 references",
        ),
        ('model A {\n  id Int @id\n  b Int @map("id")\n}', "3:3: id and b are both the column id"),
        (
            'model A {\n  id Int @id\n}\nmodel B {\n  id Int @id\n  @@map("A")\n}',
            "4:1: A and B are both the table A",
        ),
    ],
)
def test_what_contradicts_itself_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PrismaSchemaError, match=message) as caught:
        names(text)
    assert caught.value.hint


def test_a_side_that_is_not_declared_has_no_name() -> None:
    found = names(
        """
        model A {
          id  Int @id
          bId Int
          b   B   @relation(fields: [bId], references: [id])
        }
        model B {
          id Int @id
        }
        """
    )
    table = found.table("", "A")
    assert table
    assert table.relations[0].back == ""
