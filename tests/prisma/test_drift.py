"""Where a Prisma schema and a database's columns disagree."""

import pytest

from payrollx_db.prisma import ColumnShape, disagreements, of, parse


def told(fields: str, columns: dict[str, tuple[str, bool]], more: str = "") -> list[tuple[str, str]]:
    names = of(parse({"s.prisma": f"model Thing {{\n{fields}\n}}\n{more}"}))
    shapes = {name: ColumnShape(*shape) for name, shape in columns.items()}
    return [(found.code, found.message) for found in disagreements(names, "public", {"Thing": shapes})]


@pytest.mark.parametrize(
    ("field_type", "column_type"),
    [
        ("String", "text"),
        ("String @db.VarChar(20)", "character varying(20)"),
        ("String @db.VarChar", "character varying"),
        ("String @db.Char", "character(1)"),
        ("String @db.Uuid", "uuid"),
        ("Int", "integer"),
        ("BigInt", "bigint"),
        ("Float", "double precision"),
        ("Decimal", "numeric(65,30)"),
        ("Decimal @db.Decimal(10, 2)", "numeric(10,2)"),
        ("DateTime", "timestamp(3) without time zone"),
        ("DateTime @db.Timestamptz(6)", "timestamp(6) with time zone"),
        ("DateTime @db.Date", "date"),
        ("Json", "jsonb"),
        ("Bytes", "bytea"),
        ("String[]", "text[]"),
        ("Role", "role"),
        ("Kind[]", '"Kind"[]'),
        ('Unsupported("tsvector")', "tsvector"),
    ],
)
def test_a_schema_that_says_what_the_database_has_disagrees_in_nothing(field_type: str, column_type: str) -> None:
    enums = 'enum Role {\n  a\n  @@map("role")\n}\nenum Kind {\n  a\n}\n'
    assert told(f"x {field_type}", {"x": (column_type, False)}, enums) == []


def test_each_disagreement_is_named() -> None:
    assert told(
        'gone Int\nage Int? @map("years")\nname String?\nat DateTime',
        {
            "years": ("bigint", True),
            "name": ("text", False),
            "at": ("timestamp(3) without time zone", False),
            "extra": ("text", True),
        },
    ) == [
        ("prisma-field", "Thing has no column gone (Thing.gone)"),
        ("prisma-type", "Thing.age is integer, and the column is bigint"),
        ("prisma-null", "Thing.name may be null, and the column may not"),
        ("prisma-column", "Thing has no field for the column extra"),
    ]


def test_a_model_without_a_table_is_named_and_one_of_another_schema_is_not_looked_for() -> None:
    names = of(parse({"s.prisma": 'model A {\n  id Int @id\n}\nmodel B {\n  id Int @id\n  @@schema("other")\n}\n'}))
    found = disagreements(names, "public", {})
    assert [(each.code, str(each)) for each in found] == [
        ("prisma-table", "s.prisma:1:1: the database has no table A (A)")
    ]


def test_lists_and_views_may_be_null_in_the_database_without_a_word() -> None:
    names = of(parse({"s.prisma": "view V {\n  id Int @unique\n}\nmodel T {\n  tags String[]\n}\n"}))
    tables = {
        "V": {"id": ColumnShape("integer", is_nullable=True)},
        "T": {"tags": ColumnShape("text[]", is_nullable=True)},
    }
    assert disagreements(names, "public", tables) == ()
