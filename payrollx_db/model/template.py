"""What any number of tenants have in common: a service's tables, written once, and where the tenants are.

Frozen data. The models and migrations of a template lie in one schema, whose name stands for that of each tenant.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import Reference, Service

Shape = Literal["schemas", "shared"]

LONGEST = 63  # bytes of a name in Postgres
PLAIN = re.compile(r"[a-z0-9_]+")
LONGEST_ID = 200  # of a tenant; longer ones are no ids


@dataclass(frozen=True)
class Tenant:
    """One tenant as a registry's row has it. ``url`` is where its own database is, where it has one."""

    id: str
    name: str = ""
    status: str = ""
    url: str = field(default="", repr=False)  # it may have a password
    database: str = ""


@dataclass(frozen=True)
class Route:
    """How a tenant is found: the row of ``schema.table`` whose ``column`` has a value; its ``tenant`` has the id.

    ``normalize`` makes the value that the column has of what is looked for: an e-mail's hash, say.
    """

    table: str
    column: str
    tenant: str = "tenant_id"
    normalize: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Limit:
    """How many rows of a table a tenant may have, by its plan; ``None``: any number.

    Only rows that fulfil ``where``, SQL over the table's columns, count; with ``month``, a column with a moment, only
    those of the current month in UTC.
    """

    name: str
    table: str
    by_plan: Mapping[str, int | None]
    where: str = ""
    month: str = ""


@dataclass(frozen=True)
class TenantRegistry:
    """The unified table that has a row for each tenant, as ``schema.table``, and what its columns are called.

    ``schema`` is the column that names the schema where a tenant lives, ``database_url`` that of its own database,
    where it isn't here. Only a ``status`` among ``active`` lets services in. ``routes`` are the ways to find a tenant.
    ``suspended`` is the status of one that is kept out for a while.
    """

    table: str
    id: str = "id"
    name: str = "name"
    status: str = "status"
    plan: str = "plan"
    schema: str = "schema"
    database_url: str = "database_url"
    active: tuple[str, ...] = ("active",)
    suspended: str = "suspended"
    routes: Mapping[str, Route] = field(default_factory=dict)


@dataclass(frozen=True)
class SignUp:
    """What a new tenant needs beside its tables, and what of it a person says.

    ``fields`` are what is asked for, by name, each with what it is; those in ``optional`` may be left out, and are NULL
    then. ``statements`` run in one transaction, as the owner of the tables: SQL with a parameter ``%(field)s`` for each
    field and for ``id`` and ``schema``, and ``{tenant}`` for the quoted schema of the tenant's tables. ``derived`` are
    further parameters, each made of the fields by a function: an e-mail's hash, say.
    """

    fields: Mapping[str, str]
    statements: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    derived: Mapping[str, Callable[[Mapping[str, str]], str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """A service's tables for any number of tenants.

    ``service`` has the tables; its schema stands for that of each tenant, and its name is the label of the migrations'
    branch. With the shape ``schemas``, each tenant has a schema of these tables and a role, both called ``prefix`` and
    its id. With ``shared``, each table is there once, in the service's schema: the column ``tenant_column`` leads all
    its keys, and row level security shows a session the rows of the tenant that ``setting`` names.
    ``references`` are those inside the template; ``sign_up`` makes a new tenant's first rows.
    """

    service: Service
    shape: Shape
    registry: TenantRegistry
    references: tuple[Reference, ...] = ()
    prefix: str = "tenant_"
    tenant_column: str = "tenant_id"
    setting: str = "payrollx.tenant"
    limits: tuple[Limit, ...] = ()
    sign_up: SignUp | None = None

    @property
    def proof_setting(self) -> str:
        """The setting beside ``setting`` that proves it: raw SQL can make one, and not the other."""
        return f"{self.setting}_proof"

    def schema_of(self, tenant: str) -> str:
        """Return the name of a tenant's schema, which is that of its role, by its id.

        An id that doesn't make a plain name is in it by its hash. Raises CatalogError where it is no id.
        """
        if self.shape == "shared":
            refuse_bad_id(tenant)
            return self.service.schema
        return self.place_of(tenant)

    def place_of(self, tenant: str) -> str:
        """Return what a tenant's own schema, role, or legacy database is called. Raises as `schema_of`."""
        refuse_bad_id(tenant)
        name = f"{self.prefix}{tenant}"
        if PLAIN.fullmatch(tenant) and len(name.encode()) <= LONGEST:
            return name
        digest = hashlib.sha256(tenant.encode()).hexdigest()[:16]
        readable = re.sub(r"[^a-z0-9]+", "_", tenant.lower()).strip("_")
        return f"{self.prefix}{readable}"[: LONGEST - 18] + f"__{digest}"


def refuse_bad_id(tenant: str) -> None:
    """Raise CatalogError where ``tenant`` can't be a tenant's id."""
    if not tenant or len(tenant) > LONGEST_ID or not tenant.isprintable() or tenant != tenant.strip():
        raise CatalogError(
            f"{tenant[:LONGEST_ID]!r} can't be the id of a tenant",
            hint=f"an id has 1 to {LONGEST_ID} printable characters, and no blank before or after them",
        )
