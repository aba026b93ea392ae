"""The story of a lift of schemas: one transaction a database, so that what fails leaves nothing.

Read what the source has; make its extensions and roles in the target; run the dump's statements, which name the
source's schema; move every object to its own schema; let routines find their tables; hand all of it over. What is alike
for all schemas is done for all of them at once, at the end: what the services may do, and the record of the structures.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from payrollx_db.backup import needs
from payrollx_db.backup.clients import MAJOR
from payrollx_db.backup.manifest import Need
from payrollx_db.errors import FindingsError, PayrollxError, StateConflictError
from payrollx_db.lift.schema import extensions, leaving, options, owners, record, routines, target
from payrollx_db.lift.schema.model import Lifted, Move, Observer, Outcome, Roles, ignore_steps
from payrollx_db.lift.schema.script import split
from payrollx_db.lift.schema.source import Source
from payrollx_db.lift.schema.staging import Staging, open_staging, things
from payrollx_db.lift.schema.target import Target
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.session import Endpoint

Notes = list[tuple[str, str]]  # a schema of the target, and what to say of it

ROLE_EXISTS = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s"
SERVER_EXISTS = "SELECT 1 FROM pg_catalog.pg_foreign_server WHERE srvname = %s"
TABLESPACE_EXISTS = "SELECT 1 FROM pg_catalog.pg_tablespace WHERE spcname = %s"
TAKEN = ("42P07", "42710", "42723", "42P06")
# A definition's own code names something without a schema: the index of an expression, say.
INDEX = ("CREATE INDEX", "CREATE UNIQUE INDEX")
OF_STATEMENTS = ("42", "0A", "22023")  # what is said isn't known, or isn't supported
NAMES_NOT_FOUND = ("42883", "42P01", "42704", "42703", "3F000")


def lift_database(
    origin: Source, into: Endpoint, session: SyncConnection, moves: Sequence[Move], roles: Roles,
    observer: Observer = ignore_steps, *, dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Make these schemas of one database in the target. With ``dry_run`` all of it is done, and undone.

    Raises TargetError, ConfigurationError, FindingsError where the target lacks what the schemas use, and
    StateConflictError where it has other objects in their place, or the source's schema changed since it was lifted.
    """
    with target.transaction(into, session, undo=dry_run) as making:
        pending, done = _pending(making, moves, origin)
        lifted: list[Lifted] = []
        if pending:
            observer(moves[0].source, "making it in the target")
            lifted = _lift(making, pending, origin, roles)
            if dry_run:
                _finish(making, pending, roles)
    return Outcome((*done, *lifted), tuple(making.statements))


def finish(into: Endpoint, session: SyncConnection, moves: Sequence[Move], roles: Roles) -> None:
    """Let the services use those of these schemas that were lifted, and record how they are now, for later calls.

    Until then only the owner can use them; those that a call before has left so are among them. Raises TargetError.
    """
    with target.transaction(into, session, undo=False) as making:
        recorded = record.read(making, moves)
        left = [move for move in moves if move.schema in recorded and not recorded[move.schema].is_finished]
        if left:
            _finish(making, left, roles)


# -- private -------------------------------------------------------------------------------------------


def _lift(making: Target, moves: Sequence[Move], origin: Source, roles: Roles) -> list[Lifted]:
    notes: Notes = []
    _require(making, origin)
    owners.make_roles(making, moves, roles)
    staging = open_staging(making, moves)
    arranged = extensions.arrange(making, origin, staging.names, {move.schema for move in moves})
    notes += [(move.schema, note) for move in moves for note in arranged.notes]
    staging.note_what_is_there()
    with _blaming_the_versions(making, origin):
        early = _restore(making, staging, origin, notes)
    notes += leaving.drop(making, moves, staging.new_objects())
    counted = staging.move()
    arranged.settle(making)
    staging.close()
    places = extensions.path(arranged.places)
    if origin.contents.has_routines:
        notes += routines.set_paths(making, moves, origin.search_path, places, early=early)
    _comment(making, moves, origin)
    owners.hand_over(making, moves, roles)
    for move in moves:
        record.write(making, move, origin, roles.owner)
    return [_outcome(move, counted, notes) for move in moves]


def _finish(making: Target, moves: Sequence[Move], roles: Roles) -> None:
    owners.grant(making, moves, roles)
    record.write_structures(making, [move.schema for move in moves])


def _pending(making: Target, moves: Sequence[Move], origin: Source) -> tuple[list[Move], list[Lifted]]:
    """Return the schemas that are still to be lifted, and what there is to say of the others."""
    recorded = record.read(making, moves)
    pending, done = [], []
    for move in moves:
        known = recorded.get(move.schema)
        if known is None or not things(making, [move.schema]):
            pending.append(move)
            continue
        if (known.database, known.source_schema) != (origin.database, move.source_schema):
            raise StateConflictError(
                f"the schema {move.schema} was lifted from {known.database}.{known.source_schema}",
                hint="choose another schema in lift.toml, or drop that one first",
            )
        if known.dump_major == origin.clients.major and known.fingerprint != origin.fingerprint:
            raise StateConflictError(
                f"the schema {move.source_schema} of {origin.database} changed since {move.schema} was lifted from it",
                hint=f"make the same change in {move.schema}; or drop that schema, where it has no rows yet, and lift"
                " it again",
            )
        changed = not known.is_structure(record.structures(making, [move.schema])[move.schema])
        note = (f"{move.schema} has been changed since it was lifted; it stays as it is",) if changed else ()
        done.append(Lifted(move, changed=False, notes=note))
    return pending, done


def _require(making: Target, origin: Source) -> None:
    """Raise FindingsError where the target lacks something that isn't the lift's to make, naming all of it."""
    lacks = [
        f"the role {role}, which the policy {policy} is for: create it, or drop the policy in the source"
        for role, policy in origin.policy_roles
        if not making.ask(ROLE_EXISTS, [role])
    ]
    for need in origin.needs:
        if need.kind != needs.EXTENSION and not (need.address and _is_there(making, need)):
            used_by = f", which {need.used_by} uses" if need.used_by else ""
            lacks.append(f"{need.kind} {need.name}{used_by}")
    if lacks:
        raise FindingsError(
            f"{making.endpoint.url.masked} lacks what the schemas of {origin.database} use; nothing was changed",
            details=tuple(lacks),
            hint="lift the schemas that need each other together, or make these in the target first",
        )


def _is_there(making: Target, need: Need) -> bool:
    address = "SELECT pg_catalog.pg_get_object_address(%s, %s::text[], %s::text[])"
    try:
        with making.savepoint():
            making.ask(address, [need.kind, list(need.address), list(need.arguments)])
    except PayrollxError as error:
        if not error.sqlstate.startswith(needs.NO_SUCH_THING):
            raise
        return False
    return True


def _restore(making: Target, staging: Staging, origin: Source, notes: Notes) -> frozenset[int]:
    """Run the dump's statements, and make the casts that no dump of schemas has.

    Return the numbers of those routines that got a search_path for a while.
    """
    missing = [name for name in origin.tablespaces if not making.ask(TABLESPACE_EXISTS, [name])]
    if missing:
        text = f"the tablespace {', '.join(missing)} isn't there: what was in it lies in the database's own"
        notes += [(move.schema, text) for move in staging.moves]
    out = leaving.omitted(origin.contents, staging.moves, _without_server(making, staging, origin, notes))
    script = origin.contents.script(without=out.oids, beginning=out.beginnings, tablespaces=not missing)
    statements = [*split(script), *(statement for text in origin.casts for statement in split(text))]
    names = dict.fromkeys(name for name, own in origin.column_options if not own)
    if strange := options.unknown(making, names):
        statements = list(options.replaced(statements, [own for _, own in origin.column_options if own]))
        text = f"the target's server doesn't know the option {', '.join(strange)} of columns: it stays out"
        notes += [(move.schema, text) for move in staging.moves]
    try:
        with making.savepoint():
            making.change_all(statements)
    except PayrollxError as error:
        if error.sqlstate in TAKEN:
            raise StateConflictError(
                f"something of that name is in the target already; nothing was changed: {error.message}",
                hint=f"move it out of the target's schema {', '.join(staging.names)}, where objects are made before"
                " they are moved (ALTER … SET SCHEMA); or lift into a database of its own",
            ) from None
        if error.sqlstate not in NAMES_NOT_FOUND:
            raise
        return _restore_looking_around(making, staging, origin, statements)
    return frozenset()


@contextmanager
def _blaming_the_versions(making: Target, origin: Source) -> Iterator[None]:
    """Let an error about a statement say that the source is newer, where it is: its words may be new."""
    try:
        yield
    except PayrollxError as error:
        here, there = origin.version // MAJOR, making.version // MAJOR
        if here > there and error.sqlstate.startswith(OF_STATEMENTS):
            error.hint = (
                f"{origin.database} is in Postgres {here}, and Postgres {there} may not know that yet;"
                " nothing was changed: lift into a target of its version"
            )
        raise


def _without_server(making: Target, staging: Staging, origin: Source, notes: Notes) -> list[tuple[str, str]]:
    """Return the foreign tables whose server the target hasn't: they are left behind, with a note."""
    homes = {move.source_schema: move for move in staging.moves}
    absent = []
    for server, table, schema, name in origin.foreign_tables:
        if not making.ask(SERVER_EXISTS, [server]):
            absent.append((schema, name))
            if name not in homes[schema].left_behind:
                text = f"the foreign table {table} is left behind: the target has no server {server}"
                notes.append((homes[schema].schema, text))
    return absent


def _restore_looking_around(
    making: Target, staging: Staging, origin: Source, statements: Sequence[str]
) -> frozenset[int]:
    """Run the statements so that names are found as they are in the source, for code that says no schema."""
    places = [extension.schema for extension in origin.extensions]
    path = list(dict.fromkeys(["pg_catalog", *staging.names, *places]))
    listed = sql.SQL(", ").join(map(sql.Identifier, path))
    making.change(sql.SQL("SET LOCAL search_path TO {}").format(listed), "can't set the search_path")
    first = next((i for i, statement in enumerate(statements) if statement.startswith(INDEX)), len(statements))
    making.change_all(statements[:first])
    early = routines.set_early_paths(making, staging.names, path)
    making.change_all(statements[first:])
    making.change("SET LOCAL search_path TO pg_catalog", "can't set the search_path")
    return early


def _comment(making: Target, moves: Sequence[Move], origin: Source) -> None:
    comments = dict(origin.comments)
    for move in moves:
        if comment := comments.get(move.source_schema):
            statement = sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(move.schema), sql.Literal(comment))
            making.change(statement, f"can't comment on the schema {move.schema}")


def _outcome(move: Move, counted: "Counter[tuple[str, str]]", notes: Notes) -> Lifted:
    objects = {kind: count for (schema, kind), count in sorted(counted.items()) if schema == move.source_schema}
    return Lifted(
        move, changed=True, objects=objects, notes=tuple(note for schema, note in notes if schema == move.schema)
    )
