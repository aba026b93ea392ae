"""``lift.lock``: the shapes of the lifted tables as they were when the plan was made.

A source that has changed since is seen, because the layout says what the lock says. It also says what the catalog has
when the sources are gone for good. A command writes it; a person need not read it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from payrollx_db.errors import ConfigurationError
from payrollx_db.files import write_whole
from payrollx_db.lift.project import LiftedSchema, Project
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres.introspect import Database

FORMAT = 1


@dataclass(frozen=True)
class LockedTable:
    """A table: what kind it is (pg_class.relkind), the shapes of its columns, and which the server computes."""

    kind: str
    columns: Mapping[str, str]
    generated: tuple[str, ...] = ()


@dataclass(frozen=True)
class LockedKey:
    """A foreign key; its ends are ``schema.table``. One that isn't ``validated`` is held by new rows at most."""

    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    validated: bool = True


@dataclass(frozen=True)
class LockedSchema:
    """What one schema has. ``sequences`` are those that no column owns or uses, quoted by the server.

    ``tables`` are by their bare names.
    """

    source_schema: str
    tables: Mapping[str, LockedTable]
    foreign_keys: tuple[LockedKey, ...] = ()
    sequences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lock:
    """The locked schemas, by the names of the sources."""

    schemas: Mapping[str, LockedSchema]


def path_of(project: Project) -> Path:
    """Return where the lock of a project is: beside it, with the same name."""
    return project.path.with_suffix(".lock")


def locked(project: Project, databases: Mapping[str, Database]) -> Lock:
    """Return the lock of what there is: ``databases`` by the names of the sources."""
    return Lock({
        source.source: _schema(source, databases[source.source])
        for source in project.schemas
        if source.source in databases
    })  # fmt: skip


def read(project: Project, *, renewing: bool = False) -> Lock | None:
    """Return the lock of ``project``, or ``None`` where none was written; one that can't be read is none to who renews
    it. Raises ConfigurationError.
    """
    path = path_of(project)
    renew = f"{project.command('lift plan')} --renew writes it anew"
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["format"] != FORMAT and not renewing:
            raise ConfigurationError(f"{path} was written by another version of payrollx-db", hint=renew)
        return Lock({name: _read_schema(given) for name, given in document["sources"].items()})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"can't read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        if renewing:
            return None
        raise ConfigurationError(f"{path} is damaged", hint=renew) from None


def write(project: Project, lock: Lock) -> None:
    """Write the lock beside its project. Raises ConfigurationError where it can't."""
    document = {"format": FORMAT, "sources": {name: asdict(schema) for name, schema in lock.schemas.items()}}
    write_whole(path_of(project), json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def differences(before: LockedSchema, now: LockedSchema) -> Iterator[str]:
    """Yield what has changed in a schema, a phrase each."""
    yield from _added_and_gone("table", before.tables, now.tables)
    for name in before.tables.keys() & now.tables.keys():
        yield from _table_differences(name, before.tables[name], now.tables[name])
    yield from (f"foreign key of {key.table} ({', '.join(key.columns)}) is new"
                for key in now.foreign_keys if key not in before.foreign_keys)  # fmt: skip
    yield from (f"foreign key of {key.table} ({', '.join(key.columns)}) is gone"
                for key in before.foreign_keys if key not in now.foreign_keys)  # fmt: skip
    yield from _added_and_gone("sequence", before.sequences, now.sequences)


def changes(project: Project, before: Lock, now: Lock, chosen: set[str]) -> Iterator[Finding]:
    """Yield what has changed in the sources since they were locked."""
    for name in now.schemas.keys() & before.schemas.keys() & chosen:
        changed = tuple(differences(before.schemas[name], now.schemas[name]))
        if changed:
            message = f"changed since {path_of(project).name} was written"
            yield Finding(
                "source-changed", "block", name, len(changed), message, changed[:EXAMPLES],
                remedy=f"{project.command('lift plan')} --renew takes it on; a schema that was lifted before lacks it",
            )  # fmt: skip


# --- private -----------------------------------------------------------------------------------------------------


def _schema(source: LiftedSchema, database: Database) -> LockedSchema:
    schema = source.source_schema
    return LockedSchema(
        source_schema=schema,
        tables={
            table.name: LockedTable(
                kind=table.kind,
                columns={column.name: column.shape for column in table.columns if not column.generated},
                generated=tuple(column.name for column in table.columns if column.generated),
            )
            for table in database.tables.values()
            if table.schema == schema
        },
        foreign_keys=tuple(
            LockedKey(key.table, key.columns, key.target, key.target_columns, key.validated)
            for key in database.foreign_keys
            if key.table in database.tables and database.tables[key.table].schema == schema
        ),
        sequences=tuple(leftover.name for leftover in database.leftovers if leftover.schema == schema),
    )


def _read_schema(given: Mapping[str, Any]) -> LockedSchema:
    return LockedSchema(
        source_schema=given["source_schema"],
        tables={
            name: LockedTable(table["kind"], dict(table["columns"]), tuple(table["generated"]))
            for name, table in given["tables"].items()
        },
        foreign_keys=tuple(
            LockedKey(
                key["table"],
                tuple(key["columns"]),
                key["target"],
                tuple(key["target_columns"]),
                key.get("validated", True),
            )
            for key in given["foreign_keys"]
        ),
        sequences=tuple(given["sequences"]),
    )


def _added_and_gone(what: str, before: Iterable[str], now: Iterable[str]) -> Iterator[str]:
    old, new = set(before), set(now)
    yield from (f"{what} {name} is new" for name in sorted(new - old))
    yield from (f"{what} {name} is gone" for name in sorted(old - new))


def _table_differences(name: str, before: LockedTable, now: LockedTable) -> Iterator[str]:
    if before.kind != now.kind:
        yield f"table {name} is of another kind"
    old = {**before.columns, **dict.fromkeys(before.generated, "generated")}
    new = {**now.columns, **dict.fromkeys(now.generated, "generated")}
    yield from _added_and_gone(f"column {name}", old, new)
    for column in old.keys() & new.keys():
        if old[column] != new[column]:
            yield f"column {name}.{column} was {old[column]}, and is {new[column]}"
