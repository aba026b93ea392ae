"""Comparing a report with the database again: what is recorded there, and the rows themselves."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.plan import conversion
from payrollx_db.consolidate.plan.destination import Destination, Scope, condition, scope_of
from payrollx_db.consolidate.plan.mapping import ROW, from_item
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.events import Notice, Observer, StageStarted, TableFinished, TableStarted
from payrollx_db.postgres.compare import Fingerprint, fingerprint
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, Table, inspect
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.sides import Side
from payrollx_db.report import checksum, loader

# What the record may say otherwise without being another: how it was reached, and what is derived from the rest.
NOT_COMPARED = ("format", "made", "observed", "seal", "target")


@dataclass(frozen=True)
class TableChecked:
    """A target table now, beside the report: rows, whether it holds the same, and in how many buckets it doesn't.

    ``problem`` says why it could not be read; ``hashed`` is false where only its rows could be counted, as
    no verification had been recorded.
    """

    target: str
    reported_rows: int
    rows: int
    identical: bool
    hashed: bool
    buckets: int = 0
    differing: int = 0
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"{self.target}: {self.problem}"
        rows = f"{self.reported_rows:,} rows reported, {self.rows:,} there"
        hashes = f", other values in {self.differing} of {self.buckets} buckets" if self.differing else ""
        return f"{self.target}: {rows}{hashes}"


@dataclass(frozen=True)
class Checked:
    """The outcome: ``record`` are the places where the recorded state says otherwise than the report."""

    file: Path
    run: int
    same_database: bool
    record: tuple[str, ...]
    tables: tuple[TableChecked, ...]

    @property
    def identical(self) -> bool:
        """Whether the database still says and holds what the report says."""
        return not self.record and all(table.identical for table in self.tables)

    def document(self) -> dict[str, Any]:
        """Return the outcome as plain data, for ``--json``."""
        return {
            "file": str(self.file),
            "run": self.run,
            "identical": self.identical,
            "same_database": self.same_database,
            "record": list(self.record),
            "tables": [
                {
                    "target": t.target, "identical": t.identical, "hashed": t.hashed, "problem": t.problem,
                    "reported_rows": t.reported_rows, "rows": t.rows, "buckets": t.buckets, "differing": t.differing,
                }
                for t in self.tables
            ],
        }  # fmt: skip


async def check(path: Path, target: Endpoint, observer: Observer, *, jobs: int = 4) -> Checked:
    """Compare the report in ``path`` with ``target``: what is recorded there, then every reported table, hashed anew.

    Changes nothing. Raises ConfigurationError where ``path`` is no report, FindingsError where it was
    edited, TargetError where the target can't be read.
    """
    document = checksum.opened(path).document
    async with SessionPool() as sessions:
        database = await inspect(sessions, target)
        same = database.identity == (document["target"]["system"], document["target"]["dbname"])
        if not same:
            observer(Notice(f"this is not the database that the report is of, {document['target']['dbname']}"))
        observer(StageStarted("verify", "hashing the reported tables"))
        expected = list(_expected(document))
        tables = await limited([_table(sessions, database, target, table, observer) for table in expected], jobs)
        return Checked(path, document["run"]["id"], same, await _record(document, target), tuple(tables))


@dataclass(frozen=True)
class _Expected:
    """What the report says of a target table; ``fingerprint`` where it was verified."""

    target: str
    rows: int
    fingerprint: Fingerprint | None
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    scope: Scope = ()
    texts: tuple[str, ...] = ()  # columns of which the texts are hashed

    @property
    def named(self) -> str:
        """The table, with its scope."""
        return str(Destination(self.target, self.scope))


def _expected(document: Mapping[str, Any]) -> Iterator[_Expected]:
    verified = {(one["source"], one["target"]): one for one in document["verified"]}
    written: Counter[Destination] = Counter()
    for table in document["tables"]:
        written[_destination(table)] += table["rows_written"] or 0
    for table in document["tables"]:
        if table["kind"] != "copy":
            continue
        one = verified.get((table["source"], table["target"]))
        if one is None:
            yield _Expected(table["target"], written[_destination(table)], None, scope=_destination(table).scope)
            continue
        buckets = {int(number): (rows, total) for number, (rows, total) in one["buckets"].items()}
        recorded = Fingerprint(one["bucket_count"], buckets)
        columns, key = tuple(one["row_columns"]), tuple(one["key_columns"])
        texts = tuple(one.get("text_columns", ()))  # older tools hashed the values of all
        yield _Expected(table["target"], one["target_rows"], recorded, key, columns, _destination(table).scope, texts)


def _destination(table: Mapping[str, Any]) -> Destination:
    return Destination(table["target"], scope_of(table.get("scope")))  # reports of older tools know no scopes


async def _table(
    sessions: SessionPool, database: Database, target: Endpoint, expected: _Expected, observer: Observer
) -> TableChecked:
    table = database.tables.get(expected.target)
    names = expected.columns or tuple(column.name for column in table.columns) if table else ()
    if table is None:
        return _unseen(expected, "is not there")
    if gone := [name for name in names if table.column(name) is None]:
        return _unseen(expected, f"has no column {', '.join(gone)}")
    started = time.monotonic()
    observer(TableStarted("", expected.target, expected.rows))
    side = _side(table, target, expected.key or names, names, expected.texts)
    side = replace(side, where=condition(expected.scope, ROW))
    current = await fingerprint(sessions, side, expected.fingerprint.count if expected.fingerprint else 1)
    observer(TableFinished("", expected.target, current.rows, table.size, time.monotonic() - started))
    if expected.fingerprint is None:
        return TableChecked(expected.named, expected.rows, current.rows, current.rows == expected.rows, hashed=False)
    reported, present = expected.fingerprint.buckets, current.buckets
    differing = sum(present.get(number) != reported.get(number) for number in present.keys() | reported.keys())
    return TableChecked(
        expected.named, expected.rows, current.rows, not differing, hashed=True,
        buckets=expected.fingerprint.count, differing=differing,
    )  # fmt: skip


def _unseen(expected: _Expected, problem: str) -> TableChecked:
    return TableChecked(expected.named, expected.rows, 0, identical=False, hashed=False, problem=problem)


def _side(table: Table, target: Endpoint, key: tuple[str, ...], names: tuple[str, ...], texts: Collection[str]) -> Side:
    """Return the target's side as verify makes it: by names that the database has, never by SQL of the file."""

    def canonical(name: str) -> tuple[str, sql.Composable]:
        column = table.column(name)
        if column is None:  # the caller has seen to that
            raise ConfigurationError(f"{table.full_name} has no column {name}")
        return name, conversion.canonical(sql.Identifier(ROW, name), column.type)

    def written(name: str) -> tuple[str, sql.Composable]:
        return name, sql.SQL("{}::text").format(sql.Identifier(ROW, name))

    forms = {column.name: conversion.form(column.type) for column in table.columns}
    columns = (written(name) if name in texts else canonical(name) for name in names)
    return Side(target, from_item(table), tuple(map(canonical, key)), tuple(columns), forms=forms)


async def _record(document: Mapping[str, Any], target: Endpoint) -> tuple[str, ...]:
    """Say where the recorded state differs from the report."""
    verification = document["verification"]
    number = document["run"]["id"]
    try:
        facts = await loader.read(target, number, verification=verification["id"] if verification else 0)
    except (ConfigurationError, StateConflictError) as error:
        return (f"run {number} is not recorded there: {error.message}",)
    recorded = facts.document()
    return tuple(
        place
        for name, part in document.items()
        if name not in NOT_COMPARED
        for place in _differences(name, part, recorded.get(name))
    )


def _differences(place: str, reported: Any, recorded: Any) -> Iterator[str]:
    """Name the places where two documents differ, as deep as they are alike."""
    if isinstance(reported, dict) and isinstance(recorded, dict):
        # A column that the report lacks is one that its version didn't know; a bucket is a difference.
        others = recorded if place.endswith(".buckets") else ()
        for name in dict.fromkeys((*reported, *others)):
            yield from _differences(f"{place}.{name}", reported.get(name), recorded.get(name))
    elif isinstance(reported, list) and isinstance(recorded, list) and len(reported) == len(recorded):
        for number, (one, other) in enumerate(zip(reported, recorded, strict=True)):
            yield from _differences(f"{place}.{_label(one, number)}", one, other)
    elif reported != recorded:
        yield f"{place}: {_short(reported)} reported, {_short(recorded)} recorded"


def _label(item: Any, number: int) -> str:
    if isinstance(item, dict) and "target" in item and "source" in item:
        return f"{item['source']} -> {item['target']}"
    return str(number)


def _short(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{len(value)} entries"
    return str(value)
