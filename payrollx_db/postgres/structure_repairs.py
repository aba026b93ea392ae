"""The statements that bring an object of a structure back, or make one property of it what it was."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from payrollx_db.postgres import structure_publications, structure_types
from payrollx_db.postgres.structure import RELATIONS, StructureObject
from payrollx_db.postgres.structure_types import quoted

Properties = Mapping[str, Any]

CONSTRAINTS = ("primary key", "unique constraint", "exclusion constraint", "foreign key", "check")
WITH_INDEX = CONSTRAINTS[:3]  # an index of their name bears them
ENABLE = {None: "ENABLE", "O": "ENABLE", "D": "DISABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}
STORAGES = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
COMPRESSIONS = {"p": "pglz", "l": "lz4", None: "default"}
TAGGED = {"function": "ROUTINE", "schema": "SCHEMA", "sequence": "SEQUENCE"}  # what GRANT calls them
# What is there with the definition, or is none of what a new one should be.
SAID = frozenset(
    {
        "definition", "not valid", "labels", "not null", "default", "checks", "part of", "invalid", "not ready",
        "unattached", "owner lacks", "unenforced constraints", "not populated", "schemas", "all tables", "publishes",
        "by way of the root",
    }
)  # fmt: skip
IDENTITIES = {"a": "ALWAYS", "d": "BY DEFAULT"}
REPLICA_IDENTITIES = {"n": "NOTHING", "f": "FULL"}


def create(thing: StructureObject) -> list[str]:
    """Return the statements that make ``thing`` anew; none of a table or a column, whose rows they couldn't bring."""
    text = str(thing.properties.get("definition", ""))
    statements: list[str] = []
    if thing.kind in CONSTRAINTS:
        invalid = " NOT VALID" if thing.properties.get("not valid") else ""
        statements = [f"ALTER TABLE {thing.table} ADD CONSTRAINT {thing.name} {text}{invalid}"]
    elif thing.kind == "index":
        # One of a partitioned table comes back with those of its partitions, unless it had lost some before.
        whole = text if thing.properties.get("invalid") else text.replace(" ON ONLY ", " ON ", 1)
        statements = [whole.replace(" INDEX ", f" INDEX {thing.name} ", 1)]
    elif thing.kind == "policy":
        statements = [f"CREATE POLICY {thing.name} ON {thing.table} {text}"]
    elif thing.kind in ("view", "materialized view"):
        statements = [f"CREATE {thing.kind.upper()} {thing.table} AS {text}"]
    elif thing.kind == "sequence":
        statements = [_create_sequence(thing)]
    elif thing.kind == "publication":
        statements = [structure_publications.create(thing)]
    elif thing.kind == "type":
        statements = structure_types.create(thing)
    elif text:  # a trigger, a rule, a statistics object, a function: a whole statement
        statements = [text]
    if not statements:
        return []
    usual = [name for name in thing.properties if name not in SAID]
    further = change(thing, {}, usual) if thing.kind != "sequence" else []
    return [*map(_ended, statements), *further]


def change(thing: StructureObject, current: Properties, names: Iterable[str]) -> list[str]:
    """Return the statements that make the properties of these ``names``, which are ``current``, those of ``thing``.

    Of some there are none: a column's type, say, whose values they couldn't bring back.
    """
    statements = []
    for name in names:
        repair = _repair(thing.kind, name)
        if repair is not None:
            statements += repair(thing, thing.properties.get(name), current)
    return [_ended(statement) for statement in statements]


def drop_index(thing: StructureObject) -> str:
    """Return the statement that drops the index of this name, of the same table."""
    return f"DROP INDEX {_beside(thing)};"


def _ended(statement: str) -> str:
    return statement.rstrip().rstrip(";") + ";"


def _create_sequence(thing: StructureObject) -> str:
    properties = thing.properties
    cycle = " CYCLE" if properties.get("cycle") else ""
    owned = f" OWNED BY {properties['owned by']}" if "owned by" in properties else ""
    return (
        f"CREATE SEQUENCE {thing.name} AS {properties['type']} INCREMENT {properties['increment']}"
        f" MINVALUE {properties['minimum']} MAXVALUE {properties['maximum']} START {properties['start']}{cycle}{owned}"
    )


# --- properties ----------------------------------------------------------------------------------------

Repair = Callable[[StructureObject, Any, Properties], list[str]]


def _repair(kind: str, name: str) -> Repair | None:
    group = "relation" if kind in RELATIONS else "constraint" if kind in CONSTRAINTS else kind.removeprefix("view ")
    return REPAIRS.get((group, name)) or REPAIRS.get(("", name))


def _relation(thing: StructureObject) -> str:
    words = {"view": "VIEW", "materialized view": "MATERIALIZED VIEW", "foreign table": "FOREIGN TABLE"}
    return f"{words.get(thing.kind, 'TABLE')} {thing.table}"


def _named(thing: StructureObject) -> str:
    """Return how an ALTER or a COMMENT names the object."""
    if thing.kind in RELATIONS:
        return _relation(thing)
    if thing.kind in CONSTRAINTS:
        return f"CONSTRAINT {thing.name} ON {thing.table}"
    if thing.kind in ("type", "function"):
        return f"{_word(thing)} {thing.table}"
    if thing.kind in ("schema", "publication", "event trigger"):
        return f"{thing.kind.upper()} {thing.table}"
    names = {
        "column": f"COLUMN {thing.table}.{thing.name}",
        "view column": f"COLUMN {thing.table}.{thing.name}",
        "index": f"INDEX {_beside(thing)}",
        "statistics object": f"STATISTICS {thing.name}",
        "sequence": f"SEQUENCE {thing.name}",
    }
    return names.get(thing.kind, f"{thing.kind.upper()} {thing.name} ON {thing.table}")


def _word(thing: StructureObject) -> str:
    """Return what SQL calls a type or a function."""
    if thing.kind == "function":
        return "ROUTINE"
    return "DOMAIN" if thing.properties.get("of kind") == "domain" else "TYPE"


def _beside(thing: StructureObject) -> str:
    """Return an index's name with the schema of its table, quoted as that is."""
    schema = thing.table
    if schema.startswith('"'):
        end = schema.index('"', 1)
        while schema[end + 1 : end + 2] == '"':
            end = schema.index('"', end + 2)
        return f"{schema[: end + 1]}.{thing.name}"
    return f"{schema.partition('.')[0]}.{thing.name}"


def _comment(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    return [f"COMMENT ON {_named(thing)} IS {'NULL' if value is None else quoted(value)}"]


def _owner(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    return [f"ALTER {_named(thing)} OWNER TO {value}"] if value else []


def _privileges(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    on = thing.name if thing.kind == "sequence" else thing.table
    lost = [grant for grant in value or () if grant not in current.get("privileges", ())]
    return ["GRANT " + " TO ".join(_around(grant, on)) for grant in lost]


def _around(grant: str, on: str) -> tuple[str, str]:
    privilege, _, role = grant.rpartition("%s TO ")
    return f"{privilege}{on}", role


def _owner_lacks(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    owner = thing.properties.get("owner")
    lost = [privilege for privilege in current.get("owner lacks", ()) if privilege not in (value or ())]
    on = f"{TAGGED.get(thing.kind, 'TYPE' if thing.kind == 'type' else 'TABLE')} {thing.name or thing.table}"
    return [f"GRANT {', '.join(lost)} ON {on} TO {owner}"] if owner and lost else []


def _default_privileges(_thing: StructureObject, value: Any, current: Properties) -> list[str]:
    lost = [grant for grant in value or () if grant not in current.get("default privileges", ())]
    return [f"ALTER DEFAULT PRIVILEGES {grant}" for grant in lost]


def _storage_options(name: str, prefix: str = "") -> Repair:
    """Return what sets the options that are designed, and resets those that aren't."""

    def repair(thing: StructureObject, value: Any, current: Properties) -> list[str]:
        designed = list(value or ())
        gone = [prefix + option.partition("=")[0] for option in current.get(name, ()) if option not in designed]
        actions = [f"RESET ({', '.join(gone)})"] if gone else []
        actions += [f"SET ({', '.join(prefix + option for option in designed)})"] if designed else []
        if thing.kind == "column":
            return [_alter_column(thing, action) for action in actions]
        return [f"ALTER {_named(thing)} {action}" for action in actions]

    return repair


def _parents(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    lost = [parent for parent in value or () if parent not in current.get("parents", ())]
    return [f"ALTER TABLE {thing.table} INHERIT {parent}" for parent in lost]


def _attach_partition(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    bound = thing.properties.get("bound")
    return [f"ALTER TABLE {value} ATTACH PARTITION {thing.table} {bound}"] if value and bound else []


def _replica_identity(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    if value == "i":
        return []  # its index says which
    return [f"ALTER TABLE {thing.table} REPLICA IDENTITY {REPLICA_IDENTITIES.get(value, 'DEFAULT')}"]


def _redefine(thing: StructureObject, _value: Any, _current: Properties) -> list[str]:
    if thing.kind == "function":
        return [str(thing.properties["definition"])]  # it says OR REPLACE itself
    drop = {
        "index": f"DROP INDEX {_beside(thing)}",
        "statistics object": f"DROP STATISTICS {thing.name}",
    }.get(thing.kind)
    if thing.kind in CONSTRAINTS:
        drop = f"ALTER TABLE {thing.table} DROP CONSTRAINT {thing.name}"
    if thing.kind in ("view", "materialized view"):
        options = f" WITH ({', '.join(thing.properties['options'])})" if "options" in thing.properties else ""
        replaced = f"CREATE OR REPLACE VIEW {thing.table}{options} AS {thing.properties['definition']}"
        return [replaced] * (thing.kind == "view")
    return [drop or f"DROP {_named(thing)}", *create(thing)]


def _default(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    if "generated" in thing.properties:
        return []
    return [_alter_column(thing, f"SET DEFAULT {value}" if value is not None else "DROP DEFAULT")]


def _identity(thing: StructureObject, value: Any, current: Properties) -> list[str]:
    if value is None:
        return [_alter_column(thing, "DROP IDENTITY")]
    kind = IDENTITIES[value]
    add = f"SET GENERATED {kind}" if "identity" in current else f"ADD GENERATED {kind} AS IDENTITY"
    return [_alter_column(thing, add)]


def _alter_column(thing: StructureObject, action: str) -> str:
    return f"ALTER TABLE {thing.table} ALTER COLUMN {thing.name} {action}"


def _statistics_target(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    target = -1 if value is None else value
    if thing.kind != "statistics object":
        return [_alter_column(thing, f"SET STATISTICS {target}")]
    return [f"ALTER STATISTICS {thing.name} SET STATISTICS {target}"]


def _index_statistics(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    return [
        f"ALTER INDEX {_beside(thing)} ALTER COLUMN {number} SET STATISTICS {target}"
        for number, target in (value or {}).items()
    ]


def _sequence(words: str) -> Repair:
    def repair(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
        return [f"ALTER SEQUENCE {thing.name} {words.format('NONE' if value is None else value)}"]

    return repair


def _table(yes: str, no: str = "") -> Repair:
    """Return what makes a property of a table that is set or isn't."""

    def repair(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
        action = yes if value else no
        return [f"ALTER {_relation(thing)} {action.format(value)}"] if action else []

    return repair


def _enabled(thing: StructureObject, value: Any, _current: Properties) -> list[str]:
    return [f"ALTER TABLE {thing.table} {ENABLE[value]} {thing.kind.upper()} {thing.name}"]


def _column(action: Callable[[Any], str]) -> Repair:
    return lambda thing, value, _current: [_alter_column(thing, action(value))]


def _index(statement: str) -> Repair:
    return lambda thing, value, _: [f"{statement.format(name=_beside(thing), value=value or 'pg_default')}"]


REPAIRS: Mapping[tuple[str, str], Repair] = {
    ("", "comment"): _comment,
    ("", "owner"): _owner,
    ("", "privileges"): _privileges,
    ("", "enabled"): _enabled,
    ("", "definition"): _redefine,
    ("", "statistics target"): _statistics_target,
    ("relation", "tablespace"): lambda thing, value, _: [
        f"ALTER {_relation(thing)} SET TABLESPACE {value or 'pg_default'}"
    ],
    ("relation", "persistence"): lambda thing, value, _: [
        f"ALTER TABLE {thing.table} SET {'UNLOGGED' if value == 'u' else 'LOGGED'}"
    ],
    ("relation", "options"): _storage_options("options"),
    ("relation", "parents"): _parents,
    ("relation", "partition of"): _attach_partition,
    ("relation", "row security"): _table("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
    ("relation", "forced row security"): _table("FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
    ("relation", "replica identity"): _replica_identity,
    ("relation", "published in"): structure_publications.add_table,
    ("relation", "published so"): structure_publications.send_so,
    ("relation", "toast options"): _storage_options("toast options", "toast."),
    ("column", "options"): _storage_options("options"),
    ("", "owner lacks"): _owner_lacks,
    ("schema", "default privileges"): _default_privileges,
    ("publication", "schemas"): structure_publications.change_schemas,
    ("publication", "publishes"): structure_publications.change_options,
    ("publication", "by way of the root"): structure_publications.change_options,
    ("event trigger", "enabled"): lambda thing, value, _: [f"ALTER EVENT TRIGGER {thing.table} {ENABLE[value]}"],
    ("type", "check comments"): structure_types.comment_on_checks,
    ("type", "attribute comments"): structure_types.comment_on_attributes,
    ("relation", "unenforced constraints"): lambda thing, _value, _current: [
        f"ALTER TABLE {thing.table} ENABLE TRIGGER ALL"
    ],
    ("relation", "not populated"): lambda thing, _value, _current: [f"REFRESH MATERIALIZED VIEW {thing.table}"],
    ("column", "default"): _default,
    ("column", "identity"): _identity,
    ("column", "not null"): _column(lambda value: "SET NOT NULL" if value else "DROP NOT NULL"),
    ("column", "storage"): _column(lambda value: f"SET STORAGE {STORAGES.get(value, 'DEFAULT')}"),
    ("column", "compression"): _column(lambda value: f"SET COMPRESSION {COMPRESSIONS[value]}"),
    ("type", "labels"): structure_types.add_labels,
    ("type", "checks"): structure_types.change_checks,
    ("type", "not null"): structure_types.change_not_null,
    ("type", "default"): structure_types.change_default,
    ("index", "invalid"): _index("REINDEX INDEX {name}"),
    ("index", "not ready"): _index("REINDEX INDEX {name}"),
    ("index", "clustered"): lambda thing, value, _: [
        f"ALTER TABLE {thing.table} {f'CLUSTER ON {thing.name}' if value else 'SET WITHOUT CLUSTER'}"
    ],
    ("index", "replica identity"): lambda thing, value, _: (
        [f"ALTER TABLE {thing.table} REPLICA IDENTITY USING INDEX {thing.name}"] if value else []
    ),
    ("index", "tablespace"): _index("ALTER INDEX {name} SET TABLESPACE {value}"),
    ("index", "statistics targets"): _index_statistics,
    ("constraint", "not valid"): lambda thing, _value, _current: [
        f"ALTER TABLE {thing.table} VALIDATE CONSTRAINT {thing.name}"
    ],
    ("sequence", "type"): _sequence("AS {}"),
    ("sequence", "start"): _sequence("START {}"),
    ("sequence", "increment"): _sequence("INCREMENT {}"),
    ("sequence", "minimum"): _sequence("MINVALUE {}"),
    ("sequence", "maximum"): _sequence("MAXVALUE {}"),
    ("sequence", "cache"): lambda thing, value, _: [f"ALTER SEQUENCE {thing.name} CACHE {value or 1}"],
    ("sequence", "cycle"): lambda thing, value, _: [f"ALTER SEQUENCE {thing.name} {'CYCLE' if value else 'NO CYCLE'}"],
    ("sequence", "owned by"): _sequence("OWNED BY {}"),
}
