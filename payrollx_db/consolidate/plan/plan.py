"""The plan: both catalogs joined with the layout. Pure data, made without touching a row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from payrollx_db.consolidate.plan.conversion import Servers
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.plan.fitting import plan_duplicate, plan_table
from payrollx_db.consolidate.plan.inverse.templates import missing_columns
from payrollx_db.consolidate.plan.mapping import ColumnPlan, Mismatch, TablePlan
from payrollx_db.consolidate.plan.sharing import Shared, left_behind, shared
from payrollx_db.consolidate.plan.unaccounted import going_nowhere, unaccounted
from payrollx_db.model.catalog import Catalog, Reference
from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, TableMap
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.introspect import Database, different_money

NO_POLICIES = Policies()
SLICE_BYTES = 64 * 1024 * 1024  # a table smaller than this is never cut into slices


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    ``waiting`` are the enforced references whose other end isn't in it; ``given_up`` are, by source, the tables that a
    policy leaves behind.
    """

    catalog: Catalog
    layout: Layout
    services: tuple[str, ...]
    tables: tuple[TablePlan, ...]
    mismatches: tuple[Mismatch, ...]
    waiting: tuple[Reference, ...]
    sources: Mapping[str, Database]
    target: Database
    given_up: Mapping[str, tuple[Discard, ...]] = field(default_factory=dict)

    @cached_property
    def copies(self) -> tuple[TablePlan, ...]:
        """The tables to copy, largest first."""
        return tuple(t for t in self.tables if t.owner is None)

    @cached_property
    def merges(self) -> tuple[TablePlan, ...]:
        """The duplicate tables, to be merged."""
        return tuple(t for t in self.tables if t.owner is not None)

    @cached_property
    def enforced(self) -> tuple[Reference, ...]:
        """The references that the target enforces: those that the catalog declares, and its other foreign keys."""
        declared = [reference for reference in self.catalog.references if reference.enforced]
        known = {_ends(r.table, r.columns, r.target_table, r.target_columns) for r in declared}
        planned = {table.target_name for table in self.tables}
        undeclared = [
            Reference(key.table, key.columns, key.target, key.target_columns, enforced=True)
            for key in self.target.foreign_keys
            if key.table in planned
            and key.validated
            and _ends(key.table, key.columns, key.target, key.target_columns) not in known
        ]
        return (*declared, *undeclared)

    def is_temporal(self, reference: Reference) -> bool:
        """Whether the target holds a reference by its periods: parents of the same key have to cover the child's."""
        ends = _ends(reference.table, reference.columns, reference.target_table, reference.target_columns)
        keys = (key for key in self.target.foreign_keys if key.period and key.table == reference.table)
        return any(_ends(key.table, key.columns, key.target, key.target_columns) == ends for key in keys)

    @cached_property
    def enforced_by_table(self) -> Mapping[str, tuple[Reference, ...]]:
        """The references that the target enforces, by the table that points."""
        references: dict[str, tuple[Reference, ...]] = {}
        for reference in self.enforced:
            references[reference.table] = (*references.get(reference.table, ()), reference)
        return references

    @cached_property
    def copies_by_target(self) -> Mapping[str, tuple[TablePlan, ...]]:
        """The tables to copy, by the name of the target's: several where each has a scope of its own."""
        copies: dict[str, list[TablePlan]] = {}
        for table in self.copies:
            copies.setdefault(table.target_name, []).append(table)
        return {name: tuple(members) for name, members in copies.items()}

    @cached_property
    def _by_destination(self) -> Mapping[Destination, TablePlan]:
        return {table.destination: table for table in reversed(self.copies)}

    @cached_property
    def _scoped_by(self) -> Mapping[str, tuple[str, ...]]:
        """The columns by which all copies of a target are told apart, by its name."""
        found = {name: {copy.destination.columns for copy in copies} for name, copies in self.copies_by_target.items()}
        return {name: next(iter(columns)) for name, columns in found.items() if len(columns) == 1}

    def copy_into(self, destination: Destination) -> TablePlan | None:
        """Return the table to copy that fills these rows of the target."""
        return self._by_destination.get(destination)

    def parents_of(self, child: TablePlan, reference: Reference) -> tuple[TablePlan, ...]:
        """Return the tables to copy at whose rows those of ``child`` may point.

        Of a table in several scopes, the one that the reference leads into: by the constants of its own columns, else
        the child's scope. None where it leads into a scope that isn't in the plan.
        """
        copies = self.copies_by_target.get(reference.target_table, ())
        columns = self._scoped_by.get(reference.target_table, ())
        if not columns:
            return copies
        constants = dict(child.scope)
        pairs = zip(reference.columns, reference.target_columns, strict=True)
        named = {there: constants[here] for here, there in pairs if here in constants}
        if named.keys() >= set(columns):
            own = self.copy_into(Destination(reference.target_table, tuple((c, named[c]) for c in columns)))
            return (own,) if own else ()
        if child.destination.columns == columns:
            own = self.copy_into(replace(child.destination, table=reference.target_table))
            return (own,) if own else copies
        return copies

    @cached_property
    def filled_columns(self) -> Mapping[tuple[int, str], tuple[tuple[TablePlan, ColumnPlan], ...]]:
        """What fills each column of the target, by the oid of its table and its name."""
        columns: dict[tuple[int, str], list[tuple[TablePlan, ColumnPlan]]] = {}
        for table in self.copies:
            for column in table.columns:
                columns.setdefault((table.target.oid, column.target.name), []).append((table, column))
        return {place: tuple(fillers) for place, fillers in columns.items()}

    def matches_full(self, reference: Reference) -> bool:
        """Whether the target takes rows with NULL in all of the reference's columns or in none (MATCH FULL)."""
        ends = _ends(reference.table, reference.columns, reference.target_table, reference.target_columns)
        return len(reference.columns) > 1 and any(
            " MATCH FULL" in key.definition.rpartition(")")[2]
            for key in self.target.keys_of(reference.table)
            if _ends(key.table, key.columns, key.target, key.target_columns) == ends
        )

    @cached_property
    def free_sequences(self) -> Mapping[str, Mapping[str, str]]:
        """The sequences that no column uses, by source: each with the target's, as the layout has them."""
        return {
            database.name: database.sequences
            for database in self.layout.databases
            if database.sequences and database.name in self.sources and database.service in self.services
        }

    @property
    def rows(self) -> int:
        """Estimated rows to copy."""
        return sum(t.source.rows for t in self.copies)

    @property
    def size(self) -> int:
        """Estimated bytes to copy, as they lie in the sources."""
        return sum(t.source.size for t in self.copies)

    @property
    def poolers(self) -> dict[str, str]:
        """Where a pooler stands before a database, by the database's name."""
        return {known.name: known.pooler for known in (*self.sources.values(), self.target) if known.pooler}

    def document(self) -> dict[str, Any]:
        """Return the plan as plain data, for ``--json``."""
        return {
            "layout": self.layout.name,
            "services": list(self.services),
            "rows": self.rows,
            "bytes": self.size,
            "tables": [_document(t) for t in self.tables],
            "discarded": discards_of(self),
            "unaccounted": [m.document() for m in self.mismatches],
            "waiting": [str(reference) for reference in self.waiting],
            "poolers": self.poolers,
        }


def make_plan(
    catalog: Catalog,
    layout: Layout,
    sources: Mapping[str, Database],
    target: Database,
    *,
    services: Iterable[str] = (),
    jobs: int = 1,
    groups: Mapping[str, str] | None = None,
    policies: Policies = NO_POLICIES,
) -> Plan:
    """Join what there is with what the layout says.

    ``sources`` are the inspected legacy databases by layout name; ``services`` limits the plan
    (empty: all); ``jobs`` is how many slices may run at once. ``groups`` has a common name for those entries of the
    layout whose databases are one; ``policies`` say what becomes of tables that are left behind there.

    Disagreements raise nothing: they are the plan's ``mismatches``. Raises CatalogError for a service that the catalog
    doesn't have.
    """
    chosen = tuple(services) or tuple(service.name for service in catalog.services)
    schemas = schemas_of(catalog, chosen)
    tables: list[TablePlan] = []
    mismatches: list[Mismatch] = []
    given_up: dict[str, tuple[Discard, ...]] = {}
    servers: dict[str, Servers] = {}  # by how money differs: what is alike in several databases is planned once
    for legacy in layout.databases:
        if legacy.name in sources:
            schema = next((s.schema for s in catalog.services if s.name == legacy.service), "")
            others = shared(layout, legacy, groups or {}, sources)
            if left := left_behind(legacy, sources[legacy.name], others, policies):
                given_up[legacy.name] = left
            known = replace(legacy, discards=(*legacy.discards, *left))
            money = different_money(sources[legacy.name].money, target.money)
            pair = servers.setdefault(money, Servers(layout.timezone, target.version, money))
            planned, wrong = _plan_database(layout, known, sources[legacy.name], target, schema, others, pair)
            tables += [t for t in planned if t.target.schema in schemas]
            mismatches += wrong
    mismatches += _fed_twice(tables)
    tables.sort(key=lambda t: (-t.source.size, t.place))
    waiting = tuple(r for r in catalog.references if r.enforced and _is_split(r, schemas))
    return Plan(catalog, layout, chosen, _slice(tables, jobs), tuple(mismatches), waiting, sources, target, given_up)


def with_small_tables(plan: Plan, most: int) -> Plan:
    """Return the plan with those source tables marked as small that have at most so many bytes.

    With 0 none is. How large a foreign table is, nobody can say.
    """

    def marked(table: TablePlan) -> TablePlan:
        return replace(table, small=0 < most >= table.source.size and table.source.kind != "f")

    return replace(plan, tables=tuple(map(marked, plan.tables)))


def parents_first(plan: Plan) -> list[TablePlan]:
    """Return the tables to copy so that, but for cycles, each comes after those that it points at."""
    order: list[TablePlan] = []
    entered: set[Destination] = set()

    def above(table: TablePlan) -> Iterator[TablePlan]:
        entered.add(table.destination)
        references = plan.enforced_by_table.get(table.target_name, ())
        return (parent for reference in references for parent in plan.parents_of(table, reference))

    for first in plan.copies:
        stack = [] if first.destination in entered else [(first, above(first))]
        while stack:  # not by recursion: a chain of references may be as long as there are tables
            _, parents = stack[-1]
            parent = next((p for p in parents if p.destination not in entered), None)
            if parent is None:
                order.append(stack.pop()[0])
            else:
                stack.append((parent, above(parent)))
    return order


def discards_of(plan: Plan) -> list[dict[str, str]]:
    """Return what the layout leaves behind on purpose, as plain data."""
    return [
        {"source": f"{d.name}.{x.table}" + (f".{x.column}" if x.column else ""), "reason": x.reason}
        for d in plan.layout.databases
        if d.name in plan.sources
        for x in (*d.discards, *plan.given_up.get(d.name, ()))
    ]


def schemas_of(catalog: Catalog, services: Iterable[str]) -> set[str]:
    """Return the schemas of these services. Raises CatalogError for one that the catalog doesn't have."""
    return {catalog.service(name).schema for name in services}


def databases_of(layout: Layout, schemas: set[str]) -> tuple[LegacyDatabase, ...]:
    """Return the legacy databases that hold rows, or duplicates of rows, of these target schemas."""

    def concerns(table_map: TableMap) -> bool:
        return table_map.target.partition(".")[0] in schemas

    return tuple(
        database
        for database in layout.databases
        if any(map(concerns, database.maps))
        or any(concerns(m) for duplicate in database.duplicates for m in layout.owner_maps(duplicate))
    )


def _plan_database(
    layout: Layout,
    legacy: LegacyDatabase,
    database: Database,
    target: Database,
    schema: str,
    others: Shared,
    servers: Servers,
) -> tuple[list[TablePlan], list[Mismatch]]:
    tables: list[TablePlan] = []
    wrong = list(unaccounted(legacy, database, target, schema, others))
    for table_map in legacy.maps:
        target_table = target.tables.get(table_map.target)
        if target_table is not None and f"{legacy.schema}.{table_map.source.name}" in database.tables:
            planned, problems = plan_table(legacy, table_map, database, target_table, servers)
            tables.append(planned)
            wrong += problems
    wrong += going_nowhere(legacy, tables, database)
    wrong += missing_columns(legacy, target)
    for duplicate in legacy.duplicates:
        source = database.tables.get(f"{legacy.schema}.{duplicate.source.name}")
        for table_map in layout.owner_maps(duplicate):
            target_table = target.tables.get(table_map.target)
            if source is not None and target_table is not None:
                tables.append(plan_duplicate(legacy, duplicate, table_map, source, target_table, servers))
    return tables, wrong


def _fed_twice(tables: Iterable[TablePlan]) -> Iterator[Mismatch]:
    """Refuse two sources for the same rows of a target: these could not be told apart again (law 1).

    What tells them apart is a scope over the same columns, with other constants.
    """
    first: dict[str, TablePlan] = {}
    alike: dict[Destination, TablePlan] = {}
    for table in tables:
        if table.owner is not None:
            continue
        other = first.setdefault(table.target_name, table)
        if other.destination.columns == table.destination.columns and table.scope:
            other = alike.setdefault(table.destination, table)
            if other.source_name == table.source_name and other is not table:
                message = f"is fed twice by {other.source_name}, with the same scope"
                yield Mismatch("ambiguous", str(table.destination), message)
        if other.source_name != table.source_name:
            message = f"is fed by both {other.source_name} and {table.source_name}"
            yield Mismatch("ambiguous", str(table.destination), message)
        elif other.scope != table.scope:
            message = f"is fed twice by {table.source_name}, and its accounts go by source and target"
            yield Mismatch("ambiguous", str(table.destination), message)


def _ends(table: str, columns: Iterable[str], target: str, target_columns: Iterable[str]) -> tuple[Any, ...]:
    return table, frozenset(zip(columns, target_columns, strict=True)), target


def _is_split(reference: Reference, schemas: set[str]) -> bool:
    ends = {reference.table.partition(".")[0], reference.target_table.partition(".")[0]}
    return bool(ends & schemas) and not ends <= schemas


def _slice(tables: list[TablePlan], jobs: int) -> tuple[TablePlan, ...]:
    """Cut into slices what would otherwise be copied alone at the end, when all else is done."""
    share = sum(table.source.size for table in tables if table.owner is None) / max(jobs, 1)

    def cut(table: TablePlan) -> TablePlan:
        if jobs < 2 or table.source.kind != "r" or table.owner or table.source.size <= max(share, SLICE_BYTES):
            return table
        return replace(table, slices=max(1, min(jobs, table.source.pages)))

    return tuple(cut(table) for table in tables)


def _document(table: TablePlan) -> dict[str, Any]:
    return {
        "source": table.source_name,
        "target": table.target_name,
        "scope": dict(table.scope),
        "kind": "merge" if table.owner else "copy",
        "owner": table.owner,
        "rows": table.source.rows,
        "bytes": table.source.size,
        "slices": table.slices,
        "format": "text" if table.text else "binary",
        "format_reason": table.text,
        "sql": table.select().as_string(None),
        "columns": [
            {
                "target": c.target.name,
                "sources": list(c.sources),
                "rule": c.conversion.rule,
                "sql": c.conversion.value.as_string(None),
            }
            for c in table.columns
        ],
    }
