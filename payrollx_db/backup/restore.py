"""Put a service back from a backup: into the database that it is from, or into another.

All of it is one transaction. What is there is renamed aside, the backup is restored under the schema's own
name (a dump names its objects in full, so under another name it would have to be rewritten), held against the manifest,
tied to the other services again, and only then is the old schema dropped. So whatever fails or is killed on the way,
the server undoes it all, and until the commit everybody else reads the old rows. Nobody writes them meanwhile: those
writes would be lost. The price is room for both, and that the tables at the other ends of references can't be
written until it is done.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import errors, sql
from sqlalchemy import MetaData

from payrollx_db.backup import fingerprint, needs
from payrollx_db.backup.create import FindClients, Observer, Step, ignore_events
from payrollx_db.backup.dump import Contents, Dump
from payrollx_db.backup.manifest import Backup, Grant, Manifest
from payrollx_db.backup.proof import ASIDE, made_here, rename_aside
from payrollx_db.backup.session import Session, session
from payrollx_db.backup.signature import Key
from payrollx_db.consolidate.state import objects
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.postgres import query_files
from payrollx_db.postgres.errors import message, sqlstate
from payrollx_db.postgres.sqlstates import ORPHANED
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import audit, ddl, extras, foreign_keys, migrate, tenants
from payrollx_db.schema.foreign_keys import Key as ForeignKey

queries = query_files.beside(__name__)

# Decides, for a caller, whether these extras of a dump are to be brought. They run with the rights of the owner role.
Accept = Callable[[tuple[str, ...]], bool]

PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Restored:
    """What a restore did: the manifest that the database was held against, and the references by what became of them.

    ``enforced`` are foreign keys; ``loosened`` are those that should be, and whose other end isn't in this database;
    ``loose`` are those that the catalog only declares. ``ungranted`` is what further roles might do when the backup
    was made, or just before, and may not now: grants are as a migration makes them. ``unpublished`` are the tables
    that a publication had just before, and has not now. Both are statements that bring it back. ``behind`` says that a
    newer revision is known: migrate.
    """

    manifest: Manifest
    replaced: bool
    enforced: tuple[str, ...]
    loosened: tuple[str, ...]
    loose: tuple[str, ...]
    ungranted: tuple[str, ...]
    unpublished: tuple[str, ...]
    behind: bool

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "service": self.manifest.service,
            "revision": self.manifest.revision,
            "taken_at": self.manifest.taken_at.isoformat(),
            "replaced": self.replaced,
            "tables": {table.name: table.rows for table in self.manifest.tables},
            "rows": self.manifest.rows,
            "enforced": list(self.enforced),
            "loosened": list(self.loosened),
            "loose": list(self.loose),
            "ungranted": list(self.ungranted),
            "unpublished": list(self.unpublished),
            "behind": self.behind,
        }


def refuse(_: tuple[str, ...]) -> bool:
    """Bring no extras."""
    return False


def check(backup: Backup, catalog: Catalog, service: Service, key: Key | None) -> None:
    """Raise FindingsError where the backup is damaged or ``key`` didn't sign it (``None``: it need not be signed),
    StateConflictError where it isn't one of this service, of this catalog, at a revision that this version knows. Looks
    at no database.
    """
    if key is not None:
        backup.require_signature(key)
    manifest = backup.manifest
    for what, has, expected in (
        ("catalog", manifest.catalog, catalog.name),
        ("service", manifest.service, service.name),
        ("schema", manifest.schema, service.schema),
    ):
        if has != expected:
            raise StateConflictError(
                f"the backup {backup.folder} is of the {what} {has}, not {expected}",
                hint=f"name a backup of {service.name}: payrollx-db service list",
            )
    if manifest.revision not in migrate.branches(catalog)[service.name]:
        raise StateConflictError(
            f"the backup {backup.folder} is at revision {manifest.revision}, which this version doesn't know",
            hint=f"use the version of payrollx-db that made it ({manifest.tool_version}), or a newer one",
        )
    backup.verify()


def occupied(url: DatabaseUrl, catalog: Catalog, service: Service) -> int | None:
    """Return how many rows the database has of ``service``, or ``None`` where it has no such schema."""
    with session(url) as at, at.translating_errors("can't read the schema"):
        migrate.recorded(at.alembic, catalog)
        if not _has_schema(at, service.schema):
            return None
        return fingerprint.count_rows(at, service.schema)


def restore(
    backup: Backup, url: DatabaseUrl, catalog: Catalog, metadata: MetaData, find: FindClients,
    observer: Observer = ignore_events, *, key: Key | None, accept: Accept = refuse,
) -> Restored:  # fmt: skip
    """Put ``backup`` into the database at ``url``, in the place of what it has of that service; all or nothing.

    Roles, the schema and the record of migrations are made where they are missing. ``accept`` is asked whether to bring
    what no migration of the catalog makes, where the dump has such. Raises as `check`;
    FindingsError also where it doesn't accept, where references to or from it would lead nowhere, or what was
    restored isn't what the manifest says; StateConflictError where a copy isn't finished there; TargetError.
    """
    service = catalog.service(backup.manifest.service)
    check(backup, catalog, service, key)
    crossing = [
        key for key in foreign_keys.between_services(metadata) if service.schema in (key.table[0], key.target[0])
    ]
    dump = Dump.open(backup.dump, find(backup.manifest.dump_version))
    limits = tenants.limit_triggers(catalog, service)
    contents = dump.contents(service, without=list(made_here(backup.manifest, crossing, limits)))
    if contents.extras and not accept(contents.extras):
        raise _unexpected(contents.extras, service)
    with session(url) as at:
        needs.require(at, backup.manifest, catalog.owner_role)

    def note_step(what: str) -> None:
        observer(Step(service.name, what))

    with session(url, lock_for=catalog) as into:
        return _Swap(into, backup.manifest, catalog, service, metadata, crossing).run(contents, note_step)


def _unexpected(names: Iterable[str], service: Service) -> FindingsError:
    return FindingsError(
        f"the dump brings what no migration of {service.name} makes; nothing was changed",
        details=tuple(names),
        hint="it would run with the rights of the role that restores: add --extras if you know it, and want it",
    )


@dataclass(frozen=True)
class _Swap:
    """One restore, inside its transaction."""

    into: Session
    manifest: Manifest
    catalog: Catalog
    service: Service
    metadata: MetaData
    crossing: Sequence[ForeignKey]

    def run(self, contents: Contents, note_step: Callable[[str], None]) -> Restored:
        schema = self.service.schema
        self.into.keep_copies_out(self.catalog, schema)
        with self.into.translating_errors(f"can't make the schema {schema}"):
            before = _Shared.of(self.into, schema)
            self._prepare()
            replaced = self._set_aside()
            stayed = frozenset(self._names())  # of extensions in the schema
        inspect = (lambda: None) if contents.extras else (lambda: self._inspect(stayed))
        contents.restore(self.into, inspect=inspect, note_step=note_step)
        note_step("comparing with the manifest")
        with self.into.translating_errors("can't hash the rows"):
            self._prove()
            self._analyze()
        note_step("tying it to the other services")
        self._tie()
        if replaced:
            with self.into.translating_errors("can't drop what was there before"):
                self.into.run(audit.drop(ASIDE))
                empty_schema(self.into, ASIDE, schema)
        with self.into.translating_errors("can't record the revision"):
            migrate.record(self.into.alembic, self.catalog, self.service.name, self.manifest.revision)
            self.into.change(ddl.grants(self.catalog))
            self.into.run(audit.make(self.metadata, self.catalog.owner_role))
            if tenants.limit_triggers(self.catalog, self.service):
                self._limit()
        return self._outcome(before, replaced=replaced)

    def _limit(self) -> None:
        """Hold the tables to the tenants' plans again, by what all tenants of a database need."""
        self.into.run("SET LOCAL ROLE NONE")
        self.into.run(tenants.schema(self.catalog))
        self.into.change(ddl.act_as(self.catalog.owner_role))
        for statement in tenants.support(self.catalog):
            self.into.run(statement)
        if self.service.tenant:
            self.into.run(tenants.limits(self.catalog, self.service.tenant))

    def _inspect(self, stayed: frozenset[str]) -> None:
        """Refuse what was made and can run code, unless a migration makes it: an entry may make more than it says."""
        with self.into.translating_errors("can't look at what the dump makes"):
            _, (query, parameters) = extras.questions(self.service)
            calls = self.into.run(query, parameters)
            names = [name for name in self._names() if name not in stayed]
        if unlisted := extras.unlisted(names, [tuple(call) for call in calls], self.service, self.metadata):
            raise _unexpected(unlisted, self.service)

    def _names(self) -> list[str]:
        """Return what is in the schema that models can't say."""
        (query, parameters), _ = extras.questions(self.service)
        return [name for (name,) in self.into.run(query, parameters)]

    def _prepare(self) -> None:
        migrate.recorded(self.into.alembic, self.catalog)  # a database of a newer version is refused
        self.into.run("SET LOCAL ROLE NONE")
        self.into.change(ddl.roles(self.catalog))
        self.into.change(ddl.make_schema(ddl.META, self.catalog.owner_role))

    def _set_aside(self) -> bool:
        """Rename the schema that is there, so that nobody writes it, and make a new one."""
        schema = self.service.schema
        replaced = _has_schema(self.into, schema)
        if replaced:
            lock(self.into, schema, self.crossing)
            rename_aside(self.into, self.service, self.catalog)
            return True
        self.into.change(ddl.make_schema(schema, self.catalog.owner_role))
        self.into.change(ddl.act_as(self.catalog.owner_role))
        return False

    def _prove(self) -> None:
        differences = fingerprint.differences(self.into, self.service.schema, self.manifest.tables)
        if differences:
            raise FindingsError(
                f"what was restored of {self.service.name} isn't what its manifest says; nothing was changed",
                details=tuple(differences),
                hint="use another backup",
            )

    def _analyze(self) -> None:
        """Give the planner its statistics, before anyone asks for rows."""
        for table in fingerprint.tables(self.into, [self.service.schema]):
            self.into.run(sql.SQL("ANALYZE {}").format(table.identifier))

    def _tie(self) -> None:
        """Drop the keys that lead into the old tables, and make all those that can be."""
        schema = self.service.schema
        with self.into.translating_errors("can't make the foreign keys"):
            for statement in foreign_keys.drop(self.metadata, schema):
                self.into.run(statement)
            try:
                self.into.run(foreign_keys.make(self.metadata, objects.DROPPED_KEYS))
            except errors.Error as error:
                if sqlstate(error) != ORPHANED:
                    raise
                raise orphaned(error, self.service) from None

    def _outcome(self, before: "_Shared", *, replaced: bool) -> Restored:
        keys = keys_between(self.into, self.service.schema)
        newest = migrate.branches(self.catalog)[self.service.name][-1]
        touching = [r for r in self.catalog.references if self.catalog.crosses(r) and _touches(r, self.service)]
        enforced = {
            r
            for r in touching
            if r.enforced and any(_same(key, r) for key in self.crossing if (*key.table, key.name) in keys)
        }
        now = _Shared.of(self.into, self.service.schema)
        return Restored(
            self.manifest,
            replaced,
            enforced=tuple(sorted(str(r) for r in enforced)),
            loosened=tuple(sorted(str(r) for r in touching if r.enforced and r not in enforced)),
            loose=tuple(sorted(str(r) for r in touching if not r.enforced)),
            ungranted=now.ungranted((*self.manifest.grants, *before.grants)),
            unpublished=now.unpublished(before),
            behind=self.manifest.revision != newest,
        )


@dataclass(frozen=True)
class _Shared:
    """Who else has a part in a schema: by grants, and by publications."""

    schema: str
    grants: tuple[Grant, ...]
    publications: set[tuple[str, str]]

    @classmethod
    def of(cls, at: Session, schema: str) -> "_Shared":
        """Look at a schema; where there is none, nobody has."""
        return cls(schema, fingerprint.grants(at, schema), fingerprint.publications(at, schema))

    def ungranted(self, was: Iterable[Grant]) -> tuple[str, ...]:
        """Return the statements that grant what there was, and isn't now."""
        lost: dict[tuple[str, str, str], set[str]] = {}
        for grant in was:
            lost.setdefault((grant.kind, grant.name, grant.grantee), set()).update(grant.privileges)
        for grant in self.grants:
            lost.get((grant.kind, grant.name, grant.grantee), set()).difference_update(grant.privileges)
        return tuple(self._grant(*what, privileges) for what, privileges in sorted(lost.items()) if privileges)

    def unpublished(self, before: "_Shared") -> tuple[str, ...]:
        """Return the statements that publish what was published before, and isn't now."""
        statement = sql.SQL("ALTER PUBLICATION {} ADD TABLE {}")
        return tuple(
            statement.format(sql.Identifier(publication), sql.Identifier(self.schema, table)).as_string()
            for publication, table in sorted(before.publications - self.publications)
        )

    def _grant(self, kind: str, name: str, grantee: str, privileges: Iterable[str]) -> str:
        names = [_bare(text) for text in (self.schema, name) if text]
        place = f"{names[0]}.{name}" if kind == "ROUTINE" else ".".join(names)  # a routine's is quoted already
        who = grantee if grantee == "PUBLIC" else _bare(grantee)
        return f"GRANT {', '.join(sorted(privileges))} ON {kind} {place} TO {who}"


def orphaned(error: errors.Error, service: Service) -> FindingsError:
    """Return the error that says which references would lead nowhere, and in how many rows."""
    broken = message(error).split("; ")  # ours: foreign_keys.make raises it
    return FindingsError(
        f"with this backup of {service.name}, rows would point at rows that aren't there; nothing was changed",
        details=tuple(broken),
        hint="use a newer backup, or one of the services that point there too, or fix those rows first",
    )


def empty_schema(into: Session, schema: str, called: str) -> None:
    """Drop a schema and what is in it, but nothing outside. Raises StateConflictError where that depends on it.

    ``called`` is what people know it by.
    """
    statement = sql.SQL(queries.load("empty_schema")).format(schema=sql.Literal(schema))
    try:
        into.run(statement)
    except errors.DependentObjectsStillExist as error:
        raise StateConflictError(
            f"something outside depends on the tables of {called}; nothing was changed",
            details=tuple((error.diag.message_detail or "").replace(f"{schema}.", f"{called}.").splitlines()),
            hint="drop that first, and make it again afterwards",
        ) from None


def keys_between(at: Session, schema: str) -> set[tuple[str, str, str]]:
    """Return the foreign keys that lead into a schema or out of it: each one's table, with its schema, and name."""
    return {(space, table, name) for space, table, name in at.ask("crossing", schema=schema)}


def lock(into: Session, schema: str, crossing: Iterable[ForeignKey]) -> None:
    """Keep writers out of the schema's tables, and of those at the other ends of its references."""
    others = {end for key in crossing for end in (key.table, key.target)}
    schemas = {schema, *(name for name, _ in others)}
    tables = [t for t in fingerprint.tables(into, schemas) if t.schema == schema or (t.schema, t.name) in others]
    if tables:
        names = sql.SQL(", ").join(table.identifier for table in tables)
        into.run(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(names))


def _has_schema(at: Session, schema: str) -> bool:
    return bool(at.run("SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = %s", [schema]))


def _touches(reference: Reference, service: Service) -> bool:
    return any(t.partition(".")[0] == service.schema for t in (reference.table, reference.target_table))


def _bare(name: str) -> str:
    """Return a name as SQL takes it, in quotes only where it needs them."""
    return name if PLAIN.fullmatch(name) else sql.Identifier(name).as_string()


def _same(key: ForeignKey, reference: Reference) -> bool:
    ends = (reference.table, reference.columns, reference.target_table, reference.target_columns)
    return (".".join(key.table), key.columns, ".".join(key.target), key.target_columns) == ends
