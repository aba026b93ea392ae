"""The statements that bring publications back, or make what they send what it was."""

from collections.abc import Mapping
from typing import Any

from payrollx_db.postgres.structure import StructureObject

Properties = Mapping[str, Any]


def create(thing: StructureObject) -> str:
    """Return the statement that makes a publication anew; tables that it names are added to it by theirs."""
    properties = thing.properties
    schemas = f" FOR TABLES IN SCHEMA {', '.join(properties['schemas'])}" if "schemas" in properties else ""
    of = " FOR ALL TABLES" if "all tables" in properties else schemas
    return f"CREATE PUBLICATION {thing.table}{of} WITH ({_options(properties)})"


def add_table(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what adds a table to the publications of ``value`` that it isn't in."""
    so = thing.properties.get("published so", {})
    lost = [name for name in value or () if name not in current.get("published in", ())]
    return [f"ALTER PUBLICATION {name} ADD TABLE {thing.table} {so.get(name, '')}" for name in lost]


def send_so(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what makes publications that a table is in send those columns and rows of it that they did."""
    designed, standing = value or {}, current.get("published so", {})
    statements = []
    for name in thing.properties.get("published in", ()):
        if name in current.get("published in", ()) and designed.get(name) != standing.get(name):
            drop = f"ALTER PUBLICATION {name} DROP TABLE {thing.table};"
            statements.append(f"{drop}\nALTER PUBLICATION {name} ADD TABLE {thing.table} {designed.get(name, '')}")
    return statements


def change_schemas(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what makes a publication send the schemas of ``value``, and no others."""
    lost = [schema for schema in value or () if schema not in current.get("schemas", ())]
    more = [schema for schema in current.get("schemas", ()) if schema not in (value or ())]
    changes = [f"ADD TABLES IN SCHEMA {', '.join(lost)}"] if lost else []
    changes += [f"DROP TABLES IN SCHEMA {', '.join(more)}"] if more else []
    return [f"ALTER PUBLICATION {thing.table} {action}" for action in changes]


def change_options(thing: StructureObject, _value: Any, _current: Properties) -> list[str]:
    """Return what makes a publication send what it did of each table."""
    return [f"ALTER PUBLICATION {thing.table} SET ({_options(thing.properties)})"]


def _options(properties: Properties) -> str:
    root = "true" if "by way of the root" in properties else "false"
    return f"publish = '{properties['publishes']}', publish_via_partition_root = {root}"
