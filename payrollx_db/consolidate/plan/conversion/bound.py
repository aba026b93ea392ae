"""Types whose values mean something in their own database only, and those that no server reads in."""

from payrollx_db.consolidate.plan.conversion.rule import Note, Servers
from payrollx_db.postgres.column_types import ColumnType

# The number of an object of one database: in another one it names nothing, or something else.
REGISTERED = frozenset({
    "regproc", "regprocedure", "regoper", "regoperator", "regclass", "regtype", "regconfig", "regdictionary",
    "regrole", "regnamespace", "regcollation",
})  # fmt: skip
NUMBERED = frozenset({"oid", "oidvector"})
# Written by the server itself: their input functions refuse everything.
UNREADABLE = frozenset({
    "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "gtsvector", "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary", "pg_ddl_command",
})  # fmt: skip
# Positions in a server's history. The numbers go over as they are; what they count is another server's.
COUNTED = frozenset({"xid", "xid8", "cid", "tid", "pg_lsn", "pg_snapshot", "txid_snapshot"})


def refusal(source: ColumnType | None, target: ColumnType, servers: Servers) -> str:
    """Return why no rule may turn ``source`` into ``target``, and what to write instead; empty where one may.

    ``source`` is ``None`` for a derived column, whose layout says itself what its numbers mean.
    """
    names = [part.name for kind in (source, target) if kind is not None for part in kind.parts() if part.built_in]
    registered = next((name for name in names if name in REGISTERED), "")
    if registered:
        return (
            f"{registered} is the number of an object of its own database, and names nothing or something else in"
            " another one; make the target's column text, and derive {column}::text in the layout"
        )
    unreadable = next((name for name in names if name in UNREADABLE), "")
    if unreadable:
        return f"no server reads values of {unreadable} in; derive {{column}}::text into a text, or discard the column"
    if source is not None and any(name in NUMBERED for name in names):
        return (
            "oid is the number of an object of its own database, such as a large object; where the numbers are to"
            " go over as they are, derive {column} in the layout"
        )
    if servers.money and "money" in names:
        return f"{servers.money}; derive {{column}}::numeric into a numeric, or set lc_monetary alike in both databases"
    return ""


def note(kind: ColumnType) -> Note | None:
    """Return what is to be known of values of ``kind``, wherever they go."""
    names = {part.name for part in kind.parts() if part.built_in}
    counted = sorted(names & COUNTED)
    if counted:
        message = (
            f"{counted[0]} counts what its own server did; the target has the numbers, and they mean nothing there"
        )
        return Note("server-bound", "warn", message)
    if "aclitem" in names:
        message = "aclitem names roles: one that the target's server lacks makes it refuse the row"
        return Note("server-bound", "warn", message)
    return None
