"""The SQL that fixes what the check finds: every name quoted, every statement complete."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.schema.roles.snapshot import PUBLIC, Default, Membership, Prepared, Securable, Setting

queries = query_files.beside(__name__)

KINDS: dict[str, sql.SQL] = {
    "database": sql.SQL("DATABASE"),
    "schema": sql.SQL("SCHEMA"),
    "table": sql.SQL("TABLE"),
    "sequence": sql.SQL("SEQUENCE"),
    "type": sql.SQL("TYPE"),
    "routine": sql.SQL("ROUTINE"),
    "parameter": sql.SQL("PARAMETER"),
}
VIEWS = {"v": sql.SQL("VIEW"), "m": sql.SQL("MATERIALIZED VIEW"), "f": sql.SQL("FOREIGN TABLE")}
GRANTORS = 160000  # the first version that keeps who granted a membership
SECURITY_INVOKER = 150000  # the first version whose views can have it


def grant(privileges: Iterable[str], thing: Securable, role: str) -> str:
    """Return the GRANT of ``privileges`` on ``thing``."""
    return _statement("GRANT {} ON {} {} TO {}", _words(privileges), KINDS[thing.kind], name(thing), grantee(role))


def grant_columns(columns: Iterable[str], thing: Securable, role: str) -> str:
    """Return the GRANT that lets ``role`` read these columns of a table."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    return _statement("GRANT SELECT ({}) ON TABLE {} TO {}", listed, name(thing), grantee(role))


def revoke(privileges: Iterable[str], thing: Securable, role: str, *, column: str | None = None) -> str:
    """Return the REVOKE of ``privileges`` on ``thing``, or on one column of it, and of all that was handed on."""
    words = _words(privileges)
    if column is not None:
        words = sql.SQL(", ").join([sql.SQL("{} ({})").format(_words([p]), sql.Identifier(column)) for p in privileges])
    return _statement("REVOKE {} ON {} {} FROM {} CASCADE", words, KINDS[thing.kind], name(thing), grantee(role))


def revoke_option(privileges: Iterable[str], thing: Securable, role: str) -> str:
    """Return the statement that leaves ``role`` its privileges and takes away that it may hand them on."""
    text = "REVOKE GRANT OPTION FOR {} ON {} {} FROM {} CASCADE"
    return _statement(text, _words(privileges), KINDS[thing.kind], name(thing), grantee(role))


def open_routines(routines: Iterable[str]) -> str:
    """Return what lets everybody call functions of an extension, as the server has spelled them."""
    return "\n".join(_statement("GRANT EXECUTE ON ROUTINE {} TO PUBLIC", _words([name_])) for name_ in routines)


def own(thing: Securable, role: str) -> str:
    """Return the statement that makes ``role`` the owner of ``thing``."""
    kind = VIEWS.get(thing.sort, KINDS[thing.kind]) if thing.kind == "table" else KINDS[thing.kind]
    return _statement("ALTER {} {} OWNER TO {}", kind, name(thing), sql.Identifier(role))


def pin(thing: Securable) -> str:
    """Return the statement that gives a function a search_path of its own, temporary tables last."""
    path = sql.SQL("pg_catalog, {}, pg_temp").format(sql.Identifier(thing.schema))
    return _statement("ALTER ROUTINE {} SET search_path = {}", name(thing), path)


def confine(thing: Securable, version: int) -> str:
    """Return what ends that ``thing``, a view, a parent table or one with rules, reaches tables of other schemas."""
    if thing.rules:
        return "\n".join(_statement("DROP RULE {} ON {}", sql.Identifier(rule), name(thing)) for rule in thing.rules)
    children = [sql.Identifier(*child) for child in thing.reaches]
    if thing.sort == "p":
        return "\n".join(_statement("ALTER TABLE {} DETACH PARTITION {}", name(thing), child) for child in children)
    if thing.sort not in VIEWS:
        return "\n".join(_statement("ALTER TABLE {} NO INHERIT {}", child, name(thing)) for child in children)
    if thing.sort == "v" and version >= SECURITY_INVOKER:
        return _statement("ALTER VIEW {} SET (security_invoker = true)", name(thing))
    return _statement("DROP {} {}", VIEWS[thing.sort], name(thing))


def default(default_: Default, *, grants: bool) -> str:
    """Return the statement that grants, or revokes, one privilege on what is made later."""
    where = sql.SQL(" IN SCHEMA {}").format(sql.Identifier(default_.schema)) if default_.schema else sql.SQL("")
    what = sql.SQL("GRANT {} ON {} TO {}" if grants else "REVOKE {} ON {} FROM {}").format(
        _words([default_.privilege]), _words([default_.things]), grantee(default_.grantee)
    )
    return _statement("ALTER DEFAULT PRIVILEGES FOR ROLE {}{} {}", sql.Identifier(default_.creator), where, what)


def role(name_: str) -> str:
    """Return the statement that makes a role."""
    return _statement("CREATE ROLE {} NOLOGIN", sql.Identifier(name_))


def without(name_: str, powers: Iterable[str]) -> str:
    """Return the statement that takes powers from a role: SUPERUSER, LOGIN and their like."""
    return _statement("ALTER ROLE {} {}", sql.Identifier(name_), _words((f"NO{power}" for power in powers), " "))


def leave(member: Membership, version: int, *, administering_only: bool = False) -> str:
    """Return the statement that ends a membership, or only that the member may let others in, and what came of it."""
    text = "REVOKE ADMIN OPTION FOR {} FROM {}{} CASCADE" if administering_only else "REVOKE {} FROM {}{} CASCADE"
    # since then there may be several, and a REVOKE ends those that its own role has granted
    by = sql.SQL(" GRANTED BY {}").format(sql.Identifier(member.grantor)) if version >= GRANTORS else sql.SQL("")
    return _statement(text, sql.Identifier(member.role), sql.Identifier(member.member), by)


def reset(setting: Setting) -> str:
    """Return the statement that ends what a role's sessions begin with."""
    where = sql.SQL(" IN DATABASE {}").format(sql.Identifier(setting.database)) if setting.database else sql.SQL("")
    return _statement("ALTER ROLE {}{} RESET {}", sql.Identifier(setting.role), where, sql.Identifier(setting.name))


def own_large_objects(role_: str, owner: str) -> str:
    """Return the statement that hands a role's large objects to ``owner``."""
    names = {"role_name": sql.Literal(role_), "owner_name": sql.Literal(owner)}
    return sql.SQL(queries.load("own_large_objects")).format(**names).as_string(None).strip()


def revoke_large_objects(role_: str) -> str:
    """Return the statement that takes from a role, or PUBLIC, what it may do with others' large objects."""
    word = sql.Literal(grantee(role_).as_string(None))
    text = sql.SQL(queries.load("revoke_large_objects"))
    return text.format(role_name=sql.Literal(role_), role_word=word).as_string(None).strip()


def roll_back(prepared: Prepared) -> str:
    """Return the statement that ends a prepared transaction without what it did."""
    return (
        _statement("ROLLBACK PREPARED {}", sql.Literal(prepared.gid))
        + " -- or COMMIT PREPARED, as its owner or a superuser"
    )


def name(thing: Securable) -> sql.Composable:
    """Return the qualified, quoted name of ``thing``."""
    if thing.kind in ("database", "schema"):
        return sql.Identifier(thing.name)
    if thing.kind == "parameter":  # an extension's has two parts
        return sql.Identifier(*thing.name.split("."))
    qualified = sql.Identifier(thing.schema, thing.name)
    # the server has spelled the types of the arguments, qualified and quoted
    return qualified + _words([f"({thing.arguments})"]) if thing.kind == "routine" else qualified


def grantee(role_: str) -> sql.Composable:
    """Return a role's quoted name, or PUBLIC."""
    return sql.SQL("PUBLIC") if role_ == PUBLIC else sql.Identifier(role_)


def _words(words: Iterable[str], between: LiteralString = ", ") -> sql.Composed:
    # Postgres' own words: privileges that it told us of, kinds of things, powers. Never a name.
    return sql.SQL(between).join([sql.SQL(word) for word in words])


def _statement(text: LiteralString, *parts: sql.Composable) -> str:
    return sql.SQL(text).format(*parts).as_string(None) + ";"
