"""What a role leaves behind that no grant shows: settings, large objects, prepared transactions.

A login may make each of them without any privilege. A setting (``ALTER ROLE … SET statement_timeout = '1ms'``) stops a
service for good; a prepared transaction keeps its locks, and every row version since, though its session has ended;
a large object is in no schema, and so behind no wall.
"""

from collections.abc import Iterator

from payrollx_db.model.finding import LARGE_OBJECT, PREPARED_TRANSACTION, ROLE_SETTING, Finding
from payrollx_db.schema.roles import fixes
from payrollx_db.schema.roles.snapshot import Snapshot


def find(snapshot: Snapshot, owner: str) -> Iterator[Finding]:
    """Yield what the roles of a catalog and their logins have left; large objects are to be ``owner``'s."""
    for setting in snapshot.settings:
        where = f" in {setting.database}" if setting.database else ""
        message = f"each session of {setting.role}{where} begins with {setting.name} = {setting.value}"
        sql = fixes.reset(setting)
        place = f"setting {setting.name}"
        yield Finding(ROLE_SETTING, "error", place, 1, message, ("SET",), sql=sql, subject=setting.role)
    for objects in snapshot.large_objects:
        number = "a large object" if objects.number == 1 else f"{objects.number:,} large objects"
        message = f"{objects.role} {'owns' if objects.owns else 'has privileges on'} {number}, in no service's schema"
        sql = fixes.own_large_objects(objects.role, owner) if objects.owns else fixes.revoke_large_objects(objects.role)
        privilege = ("OWNER",) if objects.owns else ("ALL",)
        place = f"largeobjects {objects.role}"
        yield Finding(LARGE_OBJECT, "warn", place, objects.number, message, privilege, sql=sql, subject=objects.role)
    for prepared in snapshot.prepared:
        message = (
            f"the transaction {prepared.gid} that {prepared.role} prepared at {prepared.since} UTC holds its locks,"
            " and every row version since"
        )
        sql = fixes.roll_back(prepared)
        place = f"transaction {prepared.gid}"
        yield Finding(PREPARED_TRANSACTION, "warn", place, 1, message, ("PREPARE",), sql=sql, subject=prepared.role)
