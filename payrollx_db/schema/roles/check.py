"""Holds a server against the catalog: every (role, thing, privilege), both ways, and what could get round them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from payrollx_db.errors import TargetError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import ROLE_LACKS as LACKS
from payrollx_db.model.finding import ROLE_TOO_MUCH as TOO_MUCH
from payrollx_db.model.finding import Finding, Severity
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.roles import fixes, residue, search_path
from payrollx_db.schema.roles.expected import Expected
from payrollx_db.schema.roles.snapshot import NOTHING, PUBLIC, Default, Grant, Membership, Securable, Snapshot, fetch


def fault(role: str, kind: str, name: str, privileges: tuple[str, ...], code: str, message: str, sql: str) -> Finding:
    """Return the finding that ``role`` has too much, or lacks something, on the object ``name`` of ``kind``.

    ``kind`` is one word; ``privileges`` are what it is about, and ``sql`` fixes it.
    """
    severity: Severity = "error" if code == TOO_MUCH else "warn"
    place = f"{kind} {name}"
    return Finding(code, severity, place, len(privileges), message, privileges, sql=sql, subject=role)


@dataclass(frozen=True)
class RoleState:
    """How one role stands: whether it logs in, its tables that are as they should be, and its members."""

    role: str
    service: str
    schema: str
    exists: bool
    logs_in: bool
    tables_ok: int
    tables: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What the check saw: the roles, how many privileges it held against the catalog, and every fault.

    ``absent`` are services whose schema isn't in this database: nothing is said of them.
    """

    roles: tuple[RoleState, ...]
    checked: int
    absent: tuple[str, ...]
    findings: tuple[Finding, ...]


def check(url: DatabaseUrl, catalog: Catalog) -> Report:
    """Check the walls of the database at ``url``. Changes nothing.

    Raises TargetError where it can't be reached, or has no schema of the catalog.
    """
    report = judge(catalog, fetch(url, catalog))
    if len(report.absent) == len(catalog.services):
        raise TargetError(
            f"{url.masked} has no schema of the catalog {catalog.name}",
            hint=f"{catalog.command('migrate')} makes them, where the catalog has migrations",
        )
    return report


def judge(catalog: Catalog, snapshot: Snapshot) -> Report:
    """Hold what was seen of a server against the catalog."""
    walls = Walls(catalog, snapshot)
    return Report(
        tuple(walls.states()),
        walls.checked,
        tuple(service.name for service in walls.absent),
        # what closes a way round comes before what grants, for who runs the SQL from top to bottom
        tuple(chain(walls.roles(), walls.memberships(), walls.routines(), walls.views(), walls.owners(),
                    walls.tables(), walls.privileges(), walls.extensions(), walls.defaults(),
                    residue.find(snapshot, catalog.owner_role))),
    )  # fmt: skip


@dataclass(frozen=True)
class Walls:
    """A catalog beside what a server says; each method yields the faults of one kind."""

    catalog: Catalog
    snapshot: Snapshot

    @cached_property
    def expected(self) -> Expected:
        """What the catalog lets through."""
        return Expected(self.catalog)

    @cached_property
    def absent(self) -> tuple[Service, ...]:
        """The services whose schema isn't here."""
        there = {thing.name for thing in self.snapshot.things if thing.kind == "schema"}
        return tuple(service for service in self.catalog.services if service.schema not in there)

    @cached_property
    def judged(self) -> tuple[str, ...]:
        """Our roles, without those of services that aren't here and that don't exist either."""
        spared = {service.role for service in self.absent} - set(self.snapshot.attributes)
        return tuple(role for role in self.expected.ours if role not in spared)

    @property
    def checked(self) -> int:
        """How many (role, thing, privilege) are held against the catalog."""
        each = sum(
            len(self.snapshot.privileges[thing.kind]) for thing in self.snapshot.things if not thing.of_extension
        )
        return each * len(self.judged)

    # -- the roles themselves ----------------------------------------------------------------------

    def roles(self) -> Iterator[Finding]:
        """Yield roles that are missing, and those with a power that no wall holds."""
        for role in self.judged:
            found = self.snapshot.attributes.get(role)
            if found is None:
                message = f"there is no role {role}"
                yield fault(role, "role", role, ("EXISTS",), LACKS, message, fixes.role(role))
                continue
            powers = [*found.powers, *(["LOGIN"] if found.logs_in and role == self.catalog.owner_role else [])]
            if powers:
                message = f"{role} has {', '.join(powers)}"
                yield fault(role, "role", role, tuple(powers), TOO_MUCH, message, fixes.without(role, powers))

    def memberships(self) -> Iterator[Finding]:
        """Yield memberships that lead round the walls, and members that can't come in."""
        for member in self.snapshot.members:
            if member.member in self.expected.ours:
                yield self._outsider(member, f"{member.member} is a member of {member.role}")
            elif member.role in self.expected.users and member.takes_part:
                yield from self._logins(member)

    def _logins(self, member: Membership) -> Iterator[Finding]:
        owner = self.catalog.owner_role
        who = f"{member.member}, a member of {member.role},"
        if member.is_superuser:
            yield self._outsider(member, f"{who} is a superuser, for whom there are no walls")
        elif member.becomes_owner:
            ways = [m for m in self.snapshot.members if (m.role, m.member) == (owner, member.member)]
            sql = "\n".join(fixes.leave(way, self.snapshot.version) for way in ways or [member])
            message = f"{who} may become {owner}, who may do everything"
            yield fault(member.member, "role", owner, ("MEMBER",), TOO_MUCH, message, sql)
        if member.administers and not (member.makes_roles or member.is_superuser):
            message = f"{who} may make others members"
            sql = fixes.leave(member, self.snapshot.version, administering_only=True)
            yield fault(member.member, "role", member.role, ("ADMIN",), TOO_MUCH, message, sql)
        if member.logs_in and not member.connects:
            message = f"{who} may not connect to the database {self._database.name}"
            sql = fixes.grant(["CONNECT"], self._database, member.member)
            yield fault(member.member, "database", self._database.name, ("CONNECT",), LACKS, message, sql)

    def _outsider(self, member: Membership, message: str) -> Finding:
        sql = fixes.leave(member, self.snapshot.version)
        return fault(member.member, "role", member.role, ("MEMBER",), TOO_MUCH, message, sql)

    # -- things ------------------------------------------------------------------------------------

    def owners(self) -> Iterator[Finding]:
        """Yield what doesn't belong to the owner role, and what belongs to a role that is to own nothing."""
        owner = self.catalog.owner_role
        for thing in self.snapshot.things:
            theirs = self.expected.guarded(thing) and thing.owner != owner
            if (theirs or thing.owner in self.expected.users) and not thing.of_table:
                message = f"{thing.kind} {thing} belongs to {thing.owner}, not to {owner}"
                yield fault(owner, thing.kind, str(thing), ("OWNER",), LACKS, message, fixes.own(thing, owner))

    def tables(self) -> Iterator[Finding]:
        """Yield tables of the catalog that aren't there, in schemas that are."""
        there = {(thing.schema, thing.name) for thing in self.snapshot.things if thing.kind == "table"}
        for service in self.catalog.services:
            for name in service.tables if service not in self.absent else ():
                if (service.schema, name) not in there:
                    table = f"{service.schema}.{name}"
                    sql = f"-- {self.catalog.command('migrate')}, or the migrations of your own"
                    yield fault(service.role, "table", table, ("EXISTS",), LACKS, f"no table {table}", sql)

    def privileges(self) -> Iterator[Finding]:
        """Yield what each role, PUBLIC and any stranger holds beyond what is expected, or lacks of it."""
        for thing in self.snapshot.things:
            if not thing.of_extension:
                yield from self._granted(thing)
                yield from self._hidden(thing)
                yield from self._lacking(thing)
                yield from self._lacking_columns(thing)

    def _granted(self, thing: Securable) -> Iterator[Finding]:
        """Yield what was granted on the thing and should not be."""
        granted: dict[tuple[str, str | None], list[Grant]] = {}
        for grant in thing.grants:
            granted.setdefault((grant.to, grant.column), []).append(grant)
        for (role, column), given in granted.items():
            expected = self.expected
            whole = column is None
            allowed = expected.allowed(role, thing) if whole else expected.allowed_on_column(role, thing, column or "")
            if extra := tuple(grant.privilege for grant in given if grant.privilege not in allowed):
                where = f"{thing.kind} {thing}" if column is None else f"column {thing}.{column}"
                message = f"{role} has {', '.join(extra)} on {where}"
                first = self._let_in(thing, extra) if role == PUBLIC and column is None else ()
                # taken from the table, it is taken from each column of it, too
                kept = expected.columns(role, thing) if whole and "SELECT" in extra else []
                again = (fixes.grant_columns(kept, thing, role),) if kept else ()
                sql = "\n".join((*first, fixes.revoke(extra, thing, role, column=column), *again))
                kind, name = ("column", f"{thing}.{column}") if column is not None else (thing.kind, str(thing))
                yield fault(role, kind, name, extra, TOO_MUCH, message, sql)
            if role not in self.expected.users:
                continue
            if handed := tuple(grant.privilege for grant in given if grant.may_hand_on and grant.privilege in allowed):
                message = f"{role} may grant {', '.join(handed)} on {thing.kind} {thing} to others"
                sql = fixes.revoke_option(handed, thing, role)
                yield fault(role, thing.kind, str(thing), ("GRANT OPTION",), TOO_MUCH, message, sql)

    def _let_in(self, thing: Securable, through: tuple[str, ...]) -> Iterator[str]:
        """Yield the grants to those who come in through PUBLIC only, before that door is shut."""
        for role in self._concerned(thing):
            own = thing.held.get(role, NOTHING)
            if role != thing.owner and (lost := sorted(self.expected.required(role, thing) & set(through) - own)):
                yield fixes.grant(lost, thing, role)
        if thing.kind == "database" and "CONNECT" in through:
            yield from (fixes.grant(["CONNECT"], thing, login) for login in self._uninvited)

    def _hidden(self, thing: Securable) -> Iterator[Finding]:
        """Yield what a role holds with no grant to itself or PUBLIC: by a way that no other finding names."""
        for role in self._inheriting:
            extra = self.snapshot.held(role, thing) - self.expected.allowed(role, thing)
            unnamed = sorted(extra - thing.held.get(role, NOTHING) - thing.held.get(PUBLIC, NOTHING))
            if unnamed and thing.owner != role:
                message = f"{role} has {', '.join(unnamed)} on {thing.kind} {thing}, granted to neither it nor PUBLIC"
                sql = fixes.revoke(unnamed, thing, role)
                yield fault(role, thing.kind, str(thing), tuple(unnamed), TOO_MUCH, message, sql)

    def _lacking(self, thing: Securable) -> Iterator[Finding]:
        for role in self._concerned(thing):
            if lacks := self.lacks(role, thing):
                message = f"{role} lacks {', '.join(lacks)} on {thing.kind} {thing}"
                sql = fixes.grant(lacks, thing, role)
                yield fault(role, thing.kind, str(thing), lacks, LACKS, message, sql)

    def _lacking_columns(self, thing: Securable) -> Iterator[Finding]:
        """Yield columns that a role must be able to read, where it may not read the table."""
        for role in self._concerned(thing):
            columns = self.expected.columns(role, thing)
            if not columns or "SELECT" in self.snapshot.held(role, thing):
                continue
            held = {grant.column for grant in thing.grants if (grant.to, grant.privilege) == (role, "SELECT")}
            if lost := [column for column in columns if column not in held]:
                message = f"{role} may not read {', '.join(lost)} of {thing}"
                sql = fixes.grant_columns(lost, thing, role)
                yield fault(role, thing.kind, str(thing), ("SELECT",), LACKS, message, sql)

    def lacks(self, role: str, thing: Securable) -> tuple[str, ...]:
        """Return what ``role`` must hold on ``thing`` and doesn't, whyever it might."""
        lost = self.expected.required(role, thing) - self.snapshot.held(role, thing)
        return tuple(privilege for privilege in self.snapshot.privileges[thing.kind] if privilege in lost)

    # -- what is made later, and what reads with others' rights --------------------------------------

    def defaults(self) -> Iterator[Finding]:
        """Yield default privileges that are missing, and those that let somebody through."""
        owner = self.catalog.owner_role
        there = set(self.snapshot.defaults)
        for service in self.catalog.services if owner in self.snapshot.attributes else ():
            for things in ("TABLES", "SEQUENCES", "TYPES") if service not in self.absent else ():
                for role, privileges in self.expected.later(service.schema, things).items():
                    for privilege in sorted(privileges):
                        default = Default(owner, service.schema, things, role, privilege)
                        if default not in there:
                            yield _default(default, LACKS)
        for found in self.snapshot.defaults:
            expected = self.expected.later(found.schema, found.things).get(found.grantee, NOTHING)
            callable_by_own = found.things == "FUNCTIONS" and found.grantee == self._role_of(found.schema)
            if found.grantee != owner and found.privilege not in expected and not callable_by_own:
                yield _default(found, TOO_MUCH)

    def routines(self) -> Iterator[Finding]:
        """Yield functions that run with their owner's rights and let the caller say where names are looked up."""
        writable = {thing.name for thing in self.snapshot.things if thing.kind == "schema" and self._open(thing)}
        for thing in self.snapshot.things:
            if thing.definer and not thing.of_extension and (problem := search_path.problem(thing.settings, writable)):
                message = f"function {thing} runs with the rights of {thing.owner} and {problem}"
                named = (thing.owner, "routine", str(thing), ("search_path",))
                yield fault(*named, LACKS, message, fixes.pin(thing))

    def _open(self, schema: Securable) -> bool:
        """Tell whether a service's role, or the reader's, may create in a schema."""
        creators = {grant.to for grant in schema.acl.given if grant.privilege == "CREATE"}
        return self._all_powerful or PUBLIC in creators or not creators.isdisjoint(self._acted_as)

    def extensions(self) -> Iterator[Finding]:
        """Yield extensions whose functions services can't call, since default privileges closed them."""
        for extension in self.snapshot.extensions:
            functions = "a function" if len(extension.closed) == 1 else f"{len(extension.closed)} functions"
            message = f"nobody but its owner may call {functions} of the extension {extension.name}"
            sql = fixes.open_routines(extension.closed)
            place = f"{extension.schema}.{extension.name}"
            yield fault(PUBLIC, "extension", place, ("EXECUTE",), LACKS, message, sql)

    def views(self) -> Iterator[Finding]:
        """Yield views, rules and parent tables through which a service reaches another's tables."""
        for thing in self.snapshot.things:
            if thing.reaches and self.expected.guarded(thing):
                role = self.expected.services[thing.schema].role
                sql = fixes.confine(thing, self.snapshot.version)
                yield fault(role, "table", str(thing), ("SELECT",), TOO_MUCH, f"{role} {thing.reaching}", sql)

    # -- the summary ---------------------------------------------------------------------------------

    def states(self) -> Iterator[RoleState]:
        """Yield how each role stands, the owner's first."""
        by_role = {service.role: service for service in self.catalog.services}
        for role in self.expected.ours:
            service = by_role.get(role)
            tables = self._tables if service is None else self._by_schema.get(service.schema, [])
            found = self.snapshot.attributes.get(role)
            members = (m.member for m in self.snapshot.members if m.role == role and m.takes_part)
            yield RoleState(
                role,
                service.name if service else "",
                service.schema if service else "",
                found is not None,
                found is not None and found.logs_in,
                sum(not self.lacks(role, thing) for thing in tables) if found else 0,
                len(tables),
                tuple(sorted(set(members))),
            )

    @cached_property
    def _tables(self) -> tuple[Securable, ...]:
        return tuple(thing for thing in self.snapshot.things if thing.kind == "table" and self.expected.guarded(thing))

    @cached_property
    def _by_schema(self) -> dict[str, list[Securable]]:
        tables: dict[str, list[Securable]] = {}
        for table in self._tables:
            tables.setdefault(table.schema, []).append(table)
        return tables

    def _concerned(self, thing: Securable) -> list[str]:
        """Return the roles, of those that are judged, that must hold something on ``thing``."""
        return [role for role in self.expected.concerned(thing) if role in self._judged]

    @cached_property
    def _judged(self) -> frozenset[str]:
        return frozenset(self.judged)

    @cached_property
    def _inheriting(self) -> tuple[str, ...]:
        """The roles that hold what was granted to others, by a way that no finding of theirs names."""
        acts_as = self.snapshot.acts_as
        return tuple(role for role in self.judged if len(acts_as.get(role, ())) > 1 and role not in self._privileged)

    @cached_property
    def _acted_as(self) -> frozenset[str]:
        """All whose privileges a service's role, or the reader's, has."""
        return NOTHING.union(*(self.snapshot.acts_as.get(role, NOTHING) for role in self.expected.users))

    @cached_property
    def _all_powerful(self) -> bool:
        """Whether one of the roles that use tables is a superuser."""
        found = (self.snapshot.attributes.get(role) for role in self.expected.users)
        return any("SUPERUSER" in attributes.powers for attributes in found if attributes)

    @cached_property
    def _database(self) -> Securable:
        return next(thing for thing in self.snapshot.things if thing.kind == "database")

    @cached_property
    def _privileged(self) -> frozenset[str]:
        """The roles that hold more by a power or a membership, which is a finding of its own."""
        powers = {role for role, found in self.snapshot.attributes.items() if found.powers}
        return frozenset(powers | {member.member for member in self.snapshot.members})

    @cached_property
    def _uninvited(self) -> tuple[str, ...]:
        """Logins of ours that inherit no CONNECT from their role, and so have it through PUBLIC, or not at all."""
        invited = {grant.to for grant in self._database.grants if grant.privilege == "CONNECT"}
        members = [m for m in self.snapshot.members if m.role in self.expected.ours and m.logs_in and m.takes_part]
        inside = {m.member for m in members if m.inherits or m.is_superuser}
        return tuple(sorted({m.member for m in members} - inside - invited - set(self.expected.ours)))

    def _role_of(self, schema: str | None) -> str:
        service = self.expected.services.get(schema or "")
        return service.role if service else ""


def _default(default: Default, code: str) -> Finding:
    where = f"in {default.schema}" if default.schema else "anywhere"
    state = "will have" if code == TOO_MUCH else "will lack"
    things = default.things.lower()
    message = f"{default.grantee} {state} {default.privilege} on {things} that {default.creator} makes {where}"
    sql = fixes.default(default, grants=code == LACKS)
    what = f"future {things} {where}"
    return fault(default.grantee, "default", what, (default.privilege,), code, message, sql)
