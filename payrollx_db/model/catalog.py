"""What a unified database is made of: services, their tables, and the references between them.

Frozen data. The toolkit is given a :class:`Catalog` and knows nothing else of whose database it is.
"""

import importlib
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payrollx_db.errors import CatalogError
from payrollx_db.model.reading import Readable, declared

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

    from payrollx_db.model.template import Template

LOOSE = "payrollx_loose_reference"  # the key in Column.info under which a loose reference is declared
TOGETHER = "payrollx_loose_together"  # and the one that joins several columns into one reference
AUDITED = "payrollx_audited"  # the key in Table.info that names the log which a table's changes go to
AUDIT_TRIGGERS = ("payrollx_audit", "payrollx_audit_truncate")  # of such a table


@dataclass(frozen=True)
class Service:
    """One service: its name, the schema that holds its tables, and the role that may use them.

    ``extras`` are what its migrations make beyond what models can say, as Postgres names it and ``migrate --check``
    shows it: ``function shop.total(integer)``, ``trigger touch on shop.orders``, ``view shop.open_orders``.
    ``reads`` are tables of others that it may read, as ``schema.table``: their service has to declare them readable.
    One that is a ``tenant``, by its id, is of a ``template``, by the label of its migrations.
    """

    name: str
    schema: str
    role: str
    tables: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    template: str = ""
    tenant: str = ""


@dataclass(frozen=True, order=True, init=False)
class Reference:
    """One or several columns that point at another table: ``schema.table.column`` → ``schema.table.column``.

    ``enforced`` references are foreign keys; loose ones are declared, indexed and reported only. A row in which one of
    several columns is NULL points at nothing, as with a foreign key's MATCH SIMPLE.
    """

    table: str
    columns: tuple[str, ...]
    target_table: str
    target_columns: tuple[str, ...]
    enforced: bool

    def __init__(
        self,
        table: str,
        columns: str | Iterable[str],
        target_table: str,
        target_columns: str | Iterable[str],
        *,
        enforced: bool,
    ) -> None:
        """Each end's columns are one name or several. Raises CatalogError where the ends don't pair up."""
        set_field = partial(object.__setattr__, self)  # as a frozen dataclass's own __init__ does
        set_field("table", table)
        set_field("columns", (columns,) if isinstance(columns, str) else tuple(columns))
        set_field("target_table", target_table)
        set_field("target_columns", (target_columns,) if isinstance(target_columns, str) else tuple(target_columns))
        set_field("enforced", enforced)
        if not self.columns or len(self.columns) != len(self.target_columns):
            raise CatalogError(f"the reference {self} has {len(self.columns)} columns for {len(self.target_columns)}")

    def __str__(self) -> str:
        arrow = "->" if self.enforced else "~>"
        here, there = column_place(self.table, self.columns), column_place(self.target_table, self.target_columns)
        return f"{here} {arrow} {there}"


@dataclass(frozen=True)
class Catalog:
    """The services of one unified database and all their references.

    ``name`` identifies the catalog in the recorded state. ``owner_role`` owns the tables; ``reader_role``
    may read all of them and nothing else. The rest is what a system may have beside its tables, and what needs it
    raises where it isn't there: ``metadata``, the SQLAlchemy models; ``migrations``, the folder in which their Alembic
    revisions lie, one branch a service; ``layouts``, the legacy layouts by the name that ``--from`` takes; ``seed``, a
    `payrollx_db.schema.seed.Seed` of example rows; ``practice``, a `payrollx_db.devserver.practice.Practice`, which
    makes legacy databases. These last three are ``package.module:name``, imported when they are used.
    ``option`` is what ``--catalog`` takes to find the catalog again: ``None`` as long as nobody has looked it up by a
    name, empty where it is the default. ``lifted`` says that
    it comes from a ``lift.toml``, which ``option`` names and ``--lift`` takes, so that no migration makes its tables;
    ``reshaped`` that their shapes are another command's.
    ``readable`` are the tables that services may read which name them, each with its columns (none: all); ``secrets``
    are columns by table that nobody reads but their service, the reader included; ``protected`` are tables that no
    migration touches unless it is told to. `Catalog.of` takes all three from the models.
    ``template`` are the tables that each of any number of tenants has, beside those of the services.
    ``models_at`` is the ``package.module:name`` of the same catalog with its models, where this one was read without.
    Raises CatalogError where two services share a name, schema or role, or have the owner's or the reader's, a schema
    has a dot in its name, a reference points outside the catalog, or a service reads what nobody declares readable.
    """

    name: str
    services: tuple[Service, ...]
    references: tuple[Reference, ...] = ()
    owner_role: str = "payrollx_owner"
    reader_role: str = "payrollx_reader"
    metadata: "MetaData | None" = field(default=None, repr=False, compare=False)
    migrations: Path | None = field(default=None, compare=False)
    layouts: Mapping[str, str] = field(default_factory=dict, compare=False)
    seed: str = field(default="", compare=False)
    practice: str = field(default="", compare=False)
    option: str | None = field(default=None, repr=False, compare=False)
    lifted: bool = field(default=False, repr=False, compare=False)
    reshaped: bool = field(default=False, repr=False, compare=False)
    readable: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)
    protected: frozenset[str] = field(default=frozenset(), compare=False)
    template: "Template | None" = field(default=None, compare=False)
    models_at: str = field(default="", repr=False, compare=False)
    _by_schema: dict[str, Service] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, Service] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for what in ("name", "schema", "role"):
            if twice := _repeated(getattr(service, what) for service in self.services):
                raise CatalogError(f"two services of catalog {self.name} share the {what} {min(twice)!r}")
        roles = [self.owner_role, self.reader_role, *(service.role for service in self.services)]
        if twice := _repeated(roles):
            raise CatalogError(f"two of the owner, the reader and the services of {self.name} are {min(twice)!r}")
        object.__setattr__(self, "_by_schema", {service.schema: service for service in self.services})
        object.__setattr__(self, "_by_name", {service.name: service for service in self.services})
        for service in self.services:
            if "." in service.schema:  # tables are known as schema.table
                raise CatalogError(f"the schema {service.schema!r} of {self.name} has a dot in its name")
        known = set(self.tables())
        for reference in self.references:
            for table in (reference.table, reference.target_table):
                if table not in known:
                    raise CatalogError(f"the reference {reference} names {table}, which no service has")
        self._refuse_unreadable()

    @classmethod
    def of(
        cls,
        name: str,
        metadata: "MetaData",
        services: Iterable[Service],
        *,
        owner_role: str = "payrollx_owner",
        reader_role: str = "payrollx_reader",
        **rest: Any,
    ) -> "Catalog":
        """Build a catalog from SQLAlchemy metadata: the tables of each service's schema, the foreign keys
        as enforced references, and the columns marked by ``loose_reference`` as loose ones. ``rest`` are the
        catalog's further fields; a ``template`` gets its tables and the references inside it from the models, and its
        service is one of the catalog's where all tenants share its tables.
        """
        tables = sorted(metadata.tables.values(), key=lambda table: table.fullname)
        by_schema: defaultdict[str | None, list[str]] = defaultdict(list)
        for table in tables:
            by_schema[table.schema].append(table.name)
        filled = [replace(service, tables=tuple(by_schema[service.schema])) for service in services]
        references = sorted(reference for table in tables for reference in _references(table))
        if template := rest.get("template"):
            own = template.service.schema
            inside = [r for r in references if f"{own}." in (r.table[: len(own) + 1], r.target_table[: len(own) + 1])]
            service = replace(template.service, tables=tuple(by_schema[own]))
            rest = rest | {"template": replace(template, service=service, references=tuple(inside))}
            if template.shape == "shared":
                filled.append(service)
                references = [_within_tenant(r, own, template.tenant_column) for r in references]
            else:
                references = [reference for reference in references if reference not in inside]
        marks = declared(metadata)
        return cls(name, tuple(filled), tuple(references), owner_role, reader_role, metadata, **(marks | rest))

    def tables(self) -> Iterator[str]:
        """Yield every table as ``schema.table``."""
        for service in self.services:
            yield from (f"{service.schema}.{table}" for table in service.tables)

    def service(self, name: str) -> Service:
        """Return the service called ``name``. Raises CatalogError, naming those that there are."""
        if service := self._by_name.get(name):
            return service
        names = ", ".join(service.name for service in self.services)
        raise CatalogError(f"catalog {self.name} has no service {name!r}", hint=f"it has {names}")

    def owner(self, table: str) -> Service:
        """Return the service that owns ``schema.table``. Raises CatalogError where none does."""
        schema = table.partition(".")[0]
        if schema not in self._by_schema:
            raise CatalogError(f"no service of catalog {self.name} owns {table}")
        return self._by_schema[schema]

    def read_by(self, role: str) -> dict[str, Readable]:
        """Return what a role may read beside its own schema, by table; of the reader, where that isn't all."""
        if role == self.reader_role:
            return {table: Readable(None, columns) for table, columns in self.secrets.items()}
        reads = next((service.reads for service in self.services if service.role == role), ())
        return {table: Readable(self.readable[table] or None, self.secrets.get(table, frozenset())) for table in reads}

    @cached_property
    def secret_names(self) -> Mapping[str, frozenset[str]]:
        """What each schema's secret columns are called, as those of a copy that nobody declared are."""
        names: defaultdict[str, set[str]] = defaultdict(set)
        for table, columns in self.secrets.items():
            names[table.partition(".")[0]] |= columns
        return {schema: frozenset(columns) for schema, columns in names.items()}

    def _refuse_unreadable(self) -> None:
        for service in self.services:
            for table in service.reads:
                if table not in self.readable:
                    raise CatalogError(
                        f"{service.name} reads {table}, which no service declares readable",
                        hint="mark the table: __table_args__ = HERE | marked(readable(...))",
                    )

    def command(self, words: str) -> str:
        """Return the command line for ``payrollx-db words`` with this catalog, for hints.

        What ``migrate`` is for others, ``lift schema`` is for a lifted catalog, and what a reshape takes after it; and
        ``tenant migrate`` for one of tenants.
        """
        if self.lifted and words == "migrate":
            made = self.command("lift schema")
            return f"{made}, and {self.command('lift reshape --apply')}," if self.reshaped else made
        if words == "migrate" and any(service.tenant for service in self.services):
            words = "tenant migrate"
        option = "--lift" if self.lifted else "--catalog"
        return f"payrollx-db {words} {option} {shlex.quote(self.option)}" if self.option else f"payrollx-db {words}"

    @property
    def has_models(self) -> bool:
        """Whether there are SQLAlchemy models of the tables, here or where ``models_at`` says."""
        return self.metadata is not None or bool(self.models_at)

    @property
    def models(self) -> "MetaData":
        """The SQLAlchemy models of the tables; of a lifted catalog, which has none, empty ones.

        Raises CatalogError where the catalog has none.
        """
        if self.lifted and self.metadata is None:
            from sqlalchemy import MetaData as Models

            return Models()
        if self.metadata is None and self.models_at:
            module, _, name = self.models_at.partition(":")
            whole: Catalog = getattr(importlib.import_module(module), name)
            return whole.models
        if self.metadata is None:
            raise self.lacks("no SQLAlchemy metadata", "metadata=")
        return self.metadata

    @property
    def revisions(self) -> Path:
        """The folder of the migrations. Raises CatalogError where the catalog has none."""
        if self.migrations is None:
            raise self.lacks("no migrations", "migrations=")
        return self.migrations

    def lacks(self, what: str, argument: str) -> CatalogError:
        """Return the error for what this catalog has not, with the argument that would give it."""
        return CatalogError(f"the catalog {self.name} has {what}", hint=f"name it in Catalog.of(..., {argument}...)")

    def crosses(self, reference: Reference) -> bool:
        """Tell whether ``reference`` leads from one service to another."""
        return self.owner(reference.table) != self.owner(reference.target_table)


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def column_place(table: str, columns: Sequence[str]) -> str:
    """Return what columns of ``schema.table`` are called: ``schema.table.column``, or ``schema.table.(one, two)``."""
    return f"{table}.{columns[0]}" if len(columns) == 1 else f"{table}.({', '.join(columns)})"


def loose_reference(target: str, *, together: str = "") -> dict[str, Any]:
    """Return ``info`` for a column that points at ``schema.table.column`` without a foreign key.

    The column is to be indexed as well; the toolkit checks and reports such references. Columns of a table that say
    the same ``together``, any name, make one reference of several columns.
    """
    return {LOOSE: target, TOGETHER: together}


def audited(log: str) -> dict[str, Any]:
    """Return the table arguments that have every change of a table's rows written to ``schema.table``, a log.

    ``__table_args__ = HERE | audited("auth.audit_logs")``. The next migration makes the triggers that do it.
    """
    return {"info": {AUDITED: log}}


def _references(table: "Table") -> Iterator[Reference]:
    for constraint in table.foreign_key_constraints:
        pairs = [(key.parent.name, key.target_fullname) for key in constraint.elements]
        yield _reference(table, pairs, enforced=True)
    loose: dict[tuple[bool, str], list[tuple[str, str]]] = {}
    for column in table.columns:
        if LOOSE in column.info:
            together = column.info.get(TOGETHER)
            group = (True, together) if together else (False, column.name)
            loose.setdefault(group, []).append((column.name, column.info[LOOSE]))
    for pairs in loose.values():
        yield _reference(table, pairs, enforced=False)


def _within_tenant(reference: Reference, schema: str, tenant: str) -> Reference:
    """Return a loose reference inside tables that tenants share as one to a row of the same tenant."""
    inside = all(table.partition(".")[0] == schema for table in (reference.table, reference.target_table))
    if reference.enforced or not inside:
        return reference
    columns, targets = ((tenant, *names) for names in (reference.columns, reference.target_columns))
    return Reference(reference.table, columns, reference.target_table, targets, enforced=False)


def _reference(table: "Table", pairs: Sequence[tuple[str, str]], *, enforced: bool) -> Reference:
    """Return the reference of ``pairs`` of a column and ``schema.table.column``, which must all be of one table."""
    targets = {target.rpartition(".")[0] for _, target in pairs}
    if len(targets) > 1:
        raise CatalogError(f"one reference of {table.fullname} points at several tables: {', '.join(sorted(targets))}")
    columns = [name for name, _ in pairs]
    return Reference(
        table.fullname, columns, targets.pop(), [target.rpartition(".")[2] for _, target in pairs], enforced=enforced
    )
