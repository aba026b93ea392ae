"""What lies in services' schemas beyond what models can say: functions, triggers, rules, policies, views and the like.

Alembic compares tables, and knows nothing of these; yet they run when a row is written, or show what a service isn't
to see. The catalog lists those that its migrations make (`Service.extras`); the audit's are the audit's own matter.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.schema import audit, drift

queries = query_files.beside(__name__)

# The kinds whose names, as Postgres has them, are of several words.
KINDS = ("foreign table", "materialized view", "row security", "statistics object")

CALL = re.compile(r"(\w+)\s*\(")
NEXTVAL = "nextval"  # what a column that counts by itself calls


def kind(extra: str) -> str:
    """Return what kind of thing an extra is: ``function`` of ``function shop.total(integer)``."""
    return next((name for name in KINDS if extra.startswith(f"{name} ")), extra.partition(" ")[0])


def find(opened: Connection, catalog: Catalog, schemas: frozenset[str]) -> list[Finding]:
    """Return where what lies in ``schemas`` beyond models isn't what the catalog says, by their messages."""
    parameters = {"schemas": sorted(schemas), "marks": audit.as_json(audit.marks(catalog.models))}
    audits = tuple(f"trigger {name} on " for name in audit.TRIGGERS)  # those without a mark, too: the audit names them
    names = opened.exec_driver_sql(queries.load("extras"), parameters).scalars()
    there = {name for name in names if not name.startswith(audits)}
    expected = {extra for service in catalog.services if service.schema in schemas for extra in service.extras}
    findings = [drift.difference("extra", extra, drift.EXTRA) for extra in there - expected]
    findings += [drift.difference("missing", extra, drift.MISSING) for extra in expected - there]
    return sorted(findings, key=lambda finding: finding.message)


def questions(service: Service) -> Iterable[tuple[str, dict[str, Any]]]:
    """Return the queries that `unlisted` judges the answers of, with their parameters."""
    yield queries.load("extras"), {"schemas": [service.schema], "marks": "[]"}
    yield queries.load("called"), {"schemas": [service.schema]}


def unlisted(
    there: Iterable[str], calls: Iterable[tuple[str, str, str]], service: Service, models: MetaData
) -> list[str]:
    """Return what of a schema no migration of ``service`` makes, as far as it is code: sorted, a phrase each.

    ``there`` and ``calls`` are the answers to `questions`. Functions that the models call are no such thing.
    """
    called = {NEXTVAL, *_calls(models)}
    odd = [
        f"{place} calls {function}"
        for place, name, function in calls
        if name not in called and function not in service.extras
    ]
    return sorted([*(set(there) - set(service.extras)), *odd])


def _calls(models: MetaData) -> set[str]:
    """Return the names of what the models' tables and indexes call, with other words that stand before parentheses."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    names: set[str] = set()
    for table in models.tables.values():
        names.update(CALL.findall(str(CreateTable(table).compile(dialect=dialect))))
        for index in table.indexes:
            names.update(CALL.findall(str(CreateIndex(index).compile(dialect=dialect))))
    return names
