"""The proof that a backup can be restored: it is, in the database that it is from, in a transaction that is undone.

The schema that is there is renamed in that transaction, so the dump goes under its own name into the very database
that would need it: with its extensions, its roles and its event triggers. Everybody else reads and writes the schema
meanwhile, because a renaming that isn't committed locks no table. It costs the room and the time of a restore.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from psycopg import sql

from payrollx_db.backup import fingerprint
from payrollx_db.backup.clients import Clients
from payrollx_db.backup.dump import Contents, Dump
from payrollx_db.backup.manifest import Manifest
from payrollx_db.backup.session import Session, session
from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import audit, ddl, foreign_keys, tenants
from payrollx_db.schema.foreign_keys import Key as ForeignKey

ASIDE = "payrollx_before_restore"
NOT_THE_DUMPS_FAULT = ("08", "40", "53", "55", "57")  # the connection, locks, memory and disk, who ends the session
NAMES_NOT_FOUND = ("42883", "42P01", "42704", "42703", "3F000")

# What a schema holds, by kind and name, and how each of it stands.
Inventory = dict[tuple[str, str], str]


def inventory(at: Session, schema: str) -> Inventory:
    """Return what a schema holds beside rows, without what a restore makes anew: outer keys, audit, limits."""
    rows = at.ask(
        "inventory", schema=schema, triggers=list(audit.TRIGGERS), audit=audit.FUNCTION, limits=tenants.LIMITS
    )
    return {(kind, name): state for kind, name, state in rows}


def obstacle(at: Session, services: Iterable[Service]) -> str:
    """Return why the role of the session can't prove backups here; empty where it can."""
    if at.run("SELECT pg_catalog.pg_is_in_recovery()")[0][0]:
        return "the server is a standby, which takes no writes"
    may_create = "SELECT pg_catalog.has_database_privilege(SESSION_USER, pg_catalog.current_database(), 'CREATE')"
    if not at.run(may_create)[0][0]:
        return "the role that connects lacks CREATE on the database, which a restore needs"
    schemas = [service.schema for service in services]
    owned = at.run(
        "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = ANY (%s)"
        " AND NOT pg_catalog.pg_has_role(SESSION_USER, nspowner, 'USAGE')",
        [schemas],
    )
    return f"the role that connects doesn't inherit the rights of the owner of {owned[0][0]}" if owned else ""


def contents_of(path: Path, manifest: Manifest, catalog: Catalog, clients: Clients) -> Contents:
    """Read what a restore of the dump at ``path`` would run. Raises as `Dump.open` and `Dump.contents`."""
    service = catalog.service(manifest.service)
    ends = ((key, key.table[0], key.target[0]) for key in foreign_keys.between_services(catalog.models))
    crossing = [key for key, *schemas in ends if service.schema in schemas]
    without = made_here(manifest, crossing, tenants.limit_triggers(catalog, service))
    return Dump.open(path, clients).contents(service, without=list(without))


def prove(contents: Contents, manifest: Manifest, expected: Inventory, url: DatabaseUrl, catalog: Catalog) -> None:
    """Restore a dump and undo it.

    Raises FindingsError where it can't be restored, or what comes of it isn't what ``manifest`` and ``expected`` say;
    TargetError where that couldn't be tried.
    """
    service = contents.service
    with session(url, lock_for=catalog, undo=True) as into:
        with into.translating_errors(f"can't make a schema to prove the backup of {service.name} in"):
            rename_aside(into, service, catalog)
        try:
            contents.restore(into, inspect=lambda: None, note_step=lambda _: None)
            with into.translating_errors("can't compare what was restored"):
                into.run("SET CONSTRAINTS ALL IMMEDIATE")
                differences = fingerprint.differences(into, service.schema, manifest.tables)
                differences += _lost(expected, inventory(into, service.schema))
        except PayrollxError as error:
            if error.sqlstate.startswith(NOT_THE_DUMPS_FAULT):
                raise
            raise unrestorable(service, error, url) from error
    if differences:
        raise FindingsError(
            f"the backup of {service.name} can't be restored as it was, and isn't kept",
            details=tuple(differences),
            hint=f"look at these first; or add --no-prove to back {service.name} up without the proof",
        )


def rename_aside(into: Session, service: Service, catalog: Catalog) -> None:
    """Rename the service's schema, make an empty one of its name, and go on as the owner.

    Extensions in it come along: no dump has them, and its definitions ask for them under the schema's name.
    """
    rename, move = sql.SQL("ALTER SCHEMA {} RENAME TO {}"), sql.SQL("ALTER EXTENSION {} SET SCHEMA {}")
    into.run(rename.format(sql.Identifier(service.schema), sql.Identifier(ASIDE)))
    into.change(ddl.make_schema(service.schema, catalog.owner_role))
    inside = into.run(
        "SELECT extname::text FROM pg_catalog.pg_extension AS e"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE n.nspname = %s",
        [ASIDE],
    )
    for (extension,) in inside:
        into.run(move.format(sql.Identifier(extension), sql.Identifier(service.schema)))
    into.change(ddl.act_as(catalog.owner_role))


def made_here(
    manifest: Manifest, crossing: Iterable[ForeignKey], limits: Iterable[tuple[str, str]] = ()
) -> Iterator[str]:
    """Yield the dump's entries of what a migration makes at its end: keys between services, audit triggers, limits."""
    schema = manifest.schema
    for key in crossing:
        yield f"FK CONSTRAINT {schema} {key.table[1]} {key.name} "
        yield f"COMMENT {schema} CONSTRAINT {key.name} ON {key.table[1]} "
    for table in manifest.tables:
        for trigger in audit.TRIGGERS:
            yield f"TRIGGER {schema} {table.name} {trigger} "
            yield f"COMMENT {schema} TRIGGER {trigger} ON {table.name} "
    for limited, trigger in limits:
        yield f"TRIGGER {schema} {limited} {trigger} "
        yield f"COMMENT {schema} TRIGGER {trigger} ON {limited} "
    yield f"FUNCTION {schema} {audit.FUNCTION}"


def unrestorable(service: Service, error: PayrollxError, url: DatabaseUrl) -> FindingsError:
    """Return the error that says that a backup isn't one, and what to change, from what failed."""
    functions = _unpinned(url, service.schema) if error.sqlstate in NAMES_NOT_FOUND else []
    hint = f"mend that first; or add --no-prove to back {service.name} up without the proof"
    if functions:
        place = sql.Identifier(service.schema).as_string()
        # Which of them lacks a name isn't known: one that calls another may need it, and not the one that was missed.
        pins = "; ".join(f"ALTER FUNCTION {name} SET search_path = {place}, public, pg_temp" for name in functions)
        hint = (
            "these functions find names by the session's search_path, which a dump leaves empty; pin it, with the"
            f" schemas whose names they use: {pins}"
        )
    details = (error.message, *error.details, *(f"function {name}" for name in functions))
    return FindingsError(f"the backup of {service.name} can't be restored, and isn't kept", details=details, hint=hint)


def _lost(expected: Inventory, restored: Inventory) -> list[str]:
    lost = [f"{kind} {name} isn't in the dump" for kind, name in sorted(expected.keys() - restored.keys())]
    other = (item for item in sorted(expected.keys() & restored.keys()) if expected[item] != restored[item])
    return lost + [f"{kind} {name} comes back otherwise" for kind, name in other]


def _unpinned(url: DatabaseUrl, schema: str) -> list[str]:
    with session(url) as at, at.translating_errors("can't look at the functions"):
        return [str(name) for (name,) in at.ask("unpinned", schema=schema)]
