"""A tenant that was dropped comes back whole: its schema from the backup, its rows of the registry, and its routes.

The backup of a tenant has a file beside its dump with these rows, signed with the same key and for that backup alone.
"""

import base64
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from payrollx_db.backup.create import FindClients, Observer, ignore_events
from payrollx_db.backup.manifest import Backup
from payrollx_db.backup.restore import Accept, Restored, check, refuse, restore
from payrollx_db.backup.signature import Key
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import instance, template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.tenants.lifecycle.registry import RegistryTable, as_owner
from payrollx_db.tenants.lifecycle.registry_rows import RowsOfTable, read_routes, read_rows, write_rows

FILE = "registry.json"
PURPOSE = b"payrollx-db registry rows of a tenant\0"


@dataclass(frozen=True)
class Returned:
    """A tenant that came back: what was restored of its schema, the rows of the registry by table, and its status."""

    id: str
    restored: Restored
    registry: dict[str, int]
    status: str

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"id": self.id, "status": self.status, "registry": self.registry, **self.restored.document()}


@dataclass(frozen=True)
class Kept:
    """What a backup has of the registry: whose it is, the status that the tenant had, its rows and routes."""

    tenant: str
    status: str
    rows: tuple[RowsOfTable, ...]
    routes: tuple[RowsOfTable, ...]


def keep(registry: RegistryTable, tenant: str, status: str, backup: Backup, key: Key) -> None:
    """Write a tenant's rows of the registry beside its backup, signed. ``status`` is that which it comes back with."""
    rows, routes = read_rows(registry, tenant), read_routes(registry, tenant)
    kept = json.dumps(
        {"tenant": tenant, "status": status, "rows": list(map(_plain, rows)), "routes": list(map(_plain, routes))}
    )
    signature = key.signature_of(_signed(backup, kept), PURPOSE)
    part = backup.folder / f".{FILE}.{os.getpid()}.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps({"kept": kept, "signature": signature}), "utf-8")
    part.replace(backup.folder / FILE)


def kept(backup: Backup, key: Key | None) -> Kept:
    """Return what a backup has of the registry; ``None`` for the key takes it unsigned.

    Raises FindingsError where it has none, or where that isn't what was signed.
    """
    try:
        document = json.loads((backup.folder / FILE).read_text("utf-8"))
        text, signature = str(document["kept"]), str(document["signature"])
        read = json.loads(text)
        parts = Kept(str(read["tenant"]), str(read["status"]), _rows(read["rows"]), _rows(read["routes"]))
    except FileNotFoundError:
        raise FindingsError(
            f"the backup {backup.folder} has no rows of the registry: tenant drop didn't make it",
            hint="payrollx-db service restore brings the schema back; tenant create makes a tenant's rows",
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise FindingsError(f"{backup.folder / FILE} can't be read", hint="take another copy of the backup") from None
    if key is not None and not hmac.compare_digest(signature, key.signature_of(_signed(backup, text), PURPOSE)):
        raise FindingsError(
            f"{backup.folder / FILE} was changed after it was signed, or is another backup's",
            hint="take another copy of the backup; or add --unsigned if you trust everyone who could write it",
        )
    return parts


def bring_back(
    url: DatabaseUrl, catalog: Catalog, tenant: str, backup: Backup, *, find: FindClients, key: Key | None,
    accept: Accept = refuse, observer: Observer = ignore_events,
) -> Returned:  # fmt: skip
    """Restore a tenant that was dropped: its rows of the registry and routes, suspended, then its schema, its status.

    What is cut off goes on with the next call. Raises ConfigurationError where the backup is another tenant's,
    FindingsError where it is damaged or not signed so, StateConflictError where the tenant is there and not suspended,
    or where a number or an address of it is another one's by now; and as `payrollx_db.backup.restore.restore`.
    """
    made = instance(catalog, [tenant])
    service = made.services[-1]
    back = kept(backup, key)
    if back.tenant != tenant or backup.manifest.service != service.name:
        raise ConfigurationError(f"{backup.folder} is no backup of the tenant {tenant}", hint="name its own: --backup")
    check(backup, made, service, key)
    written = _register(url, catalog, back)
    restored = restore(backup, url, made, catalog.models, find, observer, key=key, accept=accept)
    with as_owner(url, catalog) as registry:
        registry.change(tenant, status=back.status)
    return Returned(tenant, restored, written, back.status)


# -- private ------------------------------------------------------------------------------------------


def _register(url: DatabaseUrl, catalog: Catalog, back: Kept) -> dict[str, int]:
    template = template_of(catalog)
    suspended = template.registry.suspended
    with as_owner(url, catalog) as registry:
        there = [row for row in registry.rows() if row.id == back.tenant]
        if there and there[0].status != suspended:
            raise StateConflictError(
                f"the tenant {back.tenant} is there, and {there[0].status}",
                hint=f"keep services out of it first: {catalog.command(f'tenant suspend {back.tenant}')}",
            )
        if there:
            return {}
        written = write_rows(registry, back.tenant, back.rows)
        registry.change(back.tenant, schema=template.schema_of(back.tenant), status=suspended)
        return written | write_rows(registry, back.tenant, back.routes)


def _signed(backup: Backup, text: str) -> bytes:
    return backup.manifest.dump_sha256.encode() + b"\0" + text.encode()


def _plain(rows: RowsOfTable) -> dict[str, Any]:
    data = base64.b64encode(rows.data).decode()
    return {"table": rows.table, "columns": rows.columns, "key": rows.key, "data": data}


def _rows(plain: Sequence[dict[str, Any]]) -> tuple[RowsOfTable, ...]:
    return tuple(
        RowsOfTable(str(one["table"]), tuple(one["columns"]), tuple(one["key"]), base64.b64decode(one["data"]))
        for one in plain
    )
