"""A tenant as the legacy registry and its own database have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from payrollx_db.errors import PayrollxError
from payrollx_db.model.template import Tenant
from payrollx_db.postgres.session import Endpoint


@dataclass(frozen=True)
class LegacyTenant:
    """A tenant of the legacy registry: where its database is, which tables it has, and what older shapes lack of them.

    Which tables it has is known once somebody has looked. ``trouble`` says why it can't be had; then there is no more
    of it.
    """

    tenant: Tenant
    endpoint: Endpoint | None = None
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    trouble: PayrollxError | None = None
