"""The statements that bring types back, or make one property of a type what it was."""

from collections.abc import Mapping
from typing import Any

from payrollx_db.postgres.structure import StructureObject

Properties = Mapping[str, Any]


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def create(thing: StructureObject) -> list[str]:
    """Return the statement that makes an enum, a composite or a domain anew; none for other types."""
    properties = thing.properties
    if "labels" in properties:
        return [f"CREATE TYPE {thing.table} AS ENUM ({', '.join(map(quoted, properties['labels']))})"]
    if "attributes" in properties:
        return [f"CREATE TYPE {thing.table} AS ({', '.join(properties['attributes'])})"]
    if properties.get("of kind") != "domain":
        return []
    parts = [f"CREATE DOMAIN {thing.table} AS {properties['type']}"]
    parts += [f"COLLATE {properties['collation']}"] if "collation" in properties else []
    parts += [f"DEFAULT {properties['default']}"] if "default" in properties else []
    parts += ["NOT NULL"] if "not null" in properties else []
    parts += [f"CONSTRAINT {name} {text}" for name, text in properties.get("checks", {}).items()]
    return [" ".join(parts)]


def add_labels(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what adds the labels that an enum has lost; none where it has others, or in another order."""
    designed, standing = list(value or ()), list(current.get("labels", ()))
    if [label for label in designed if label in standing] != standing:
        return []
    statements = []
    for number, label in enumerate(designed):
        if label not in standing:
            place = f"AFTER {quoted(designed[number - 1])}" if number else f"BEFORE {quoted(standing[0])}"
            statements.append(f"ALTER TYPE {thing.table} ADD VALUE {quoted(label)} {place}")
    return statements


def change_checks(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what gives a domain the checks of ``value``, and no others."""
    designed, standing = value or {}, current.get("checks", {})
    dropped = [name for name in standing if standing[name] != designed.get(name)]
    added = [name for name in designed if designed[name] != standing.get(name)]
    return [
        *(f"ALTER DOMAIN {thing.table} DROP CONSTRAINT {name}" for name in dropped),
        *(f"ALTER DOMAIN {thing.table} ADD CONSTRAINT {name} {designed[name]}" for name in added),
    ]


def change_not_null(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    """Return what makes a domain take nulls or not."""
    return [f"ALTER DOMAIN {thing.table} {'SET' if value else 'DROP'} NOT NULL"]


def change_default(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    """Return what gives a domain its default."""
    return [f"ALTER DOMAIN {thing.table} {'DROP DEFAULT' if value is None else f'SET DEFAULT {value}'}"]


def comment_on_checks(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what gives the checks of a domain their comments."""
    comments = _other_comments(value or {}, current.get("check comments", {}))
    return [f"COMMENT ON CONSTRAINT {name} ON DOMAIN {thing.table} IS {text}" for name, text in comments]


def comment_on_attributes(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    """Return what gives the attributes of a composite type their comments."""
    comments = _other_comments(value or {}, current.get("attribute comments", {}))
    return [f"COMMENT ON COLUMN {thing.table}.{name} IS {text}" for name, text in comments]


def _other_comments(designed: Mapping[str, str], standing: Mapping[str, str]) -> list[tuple[str, str]]:
    names = [name for name in {**standing, **designed} if designed.get(name) != standing.get(name)]
    return [(name, quoted(designed[name]) if name in designed else "NULL") for name in names]
