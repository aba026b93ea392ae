"""Judge each table and each partition: whether the log names its rows, and whether a trigger may be put on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from psycopg import sql

from payrollx_db.consolidate.check.online import dba
from payrollx_db.consolidate.check.online.facts import Member, OnlineFacts
from payrollx_db.consolidate.check.online.readiness import Ability, Judge, Obstacle

GENERATED_SINCE = 18  # pgoutput sends generated columns that a publication names

Obstacles = Iterator[Obstacle]


@dataclass(frozen=True)
class TablesJudge:
    """Judges the tables of one database. ``streams`` is what needs its log, ``written`` what writes into it."""

    facts: OnlineFacts
    judge: Judge
    streams: tuple[Ability, ...]
    written: tuple[Ability, ...]

    def obstacles(self) -> Obstacles:
        """Yield what stands in the way, table by table, and what concerns several alike together."""
        for member in self.facts.members:
            yield from self._kind(member)
            if member.kind == "r":
                yield from self._identity(member)
            yield from self._trigger(member)
        yield from self._rights()

    def _kind(self, member: Member) -> Obstacles:
        place = member.full_name
        if member.kind == "f":
            message = "foreign: its rows are another server's, whose changes are not in this log"
            yield self.judge.obstacle(
                "foreign-table", "block", (*self.streams, "fence"), message, place=place,
                remedy="follow the server that has the rows, or detach such a partition",
            )  # fmt: skip
        elif member.persistence == "u":
            message = "UNLOGGED: its changes are in no log"
            yield self.judge.obstacle(
                "unlogged", "block", self.streams, message, place=place,
                remedy=f"its owner {member.owner} runs this, which writes the table anew under a lock",
                sql=self._alter(member, "SET LOGGED"),
            )  # fmt: skip

    def _identity(self, member: Member) -> Obstacles:
        place, owner = member.full_name, f"its owner {member.owner} runs this"
        if not member.key and not member.logged:
            yield self._keyless(member)
        elif member.identity == "n":
            message = (
                "REPLICA IDENTITY NOTHING: once it is published, the application's own UPDATE and DELETE would fail"
            )
            yield self.judge.obstacle(
                "replica-identity", "block", self.streams, message, place=place, remedy=owner,
                sql=self._alter(member, "REPLICA IDENTITY DEFAULT"),
            )  # fmt: skip
        elif member.identity == "d" and not member.logged:
            message = (
                "its primary key is DEFERRABLE, by which the log names no row: once it is published, the application's"
                " own UPDATE and DELETE would fail"
            )
            yield self.judge.obstacle(
                "replica-identity", "block", self.streams, message, place=place,
                remedy=f"{owner}, or makes the key anew without DEFERRABLE",
                sql=self._alter(member, "REPLICA IDENTITY FULL"),
            )  # fmt: skip
        if member.generated and self.facts.server.major < GENERATED_SINCE:
            names = ", ".join(member.generated)
            message = f"its key has a generated column ({names}), which the log names from 18 on only"
            fixes = [
                self._alter(member, sql.SQL("ALTER COLUMN {} DROP EXPRESSION").format(sql.Identifier(name)))
                for name in member.generated
            ]
            yield self.judge.obstacle(
                "generated-key", "block", self.streams, message, place=place,
                remedy=f"{owner}, where the application or a trigger then fills it; or upgrade", sql="\n".join(fixes),
            )  # fmt: skip
        if member.identity == "f" and member.key:
            message = "REPLICA IDENTITY FULL: it is published with all of its columns, as a list would make UPDATE fail"
            yield self.judge.obstacle("whole-rows", "info", self.streams, message, place=place)

    def _keyless(self, member: Member) -> Obstacle:
        place = member.full_name
        if member.identity == "f":
            message = "no primary key: the log has whole rows, and nothing tells which row of the target is meant"
        else:
            message = (
                "no primary key: once it is published, the application's own UPDATE and DELETE would fail, and nothing"
                " tells which row is meant"
            )
        if member.uniques:
            unique = member.uniques[0]
            fix = self._alter(member, sql.SQL("REPLICA IDENTITY USING INDEX {}").format(sql.Identifier(unique)))
            remedy = f"its owner {member.owner} runs this: then the unique index {unique} names its rows"
        else:
            fix = ""
            remedy = f"its owner {member.owner} gives it a primary key, or the layout discards it with a reason"
        return self.judge.obstacle("no-key", "block", self.streams, message, place=place, remedy=remedy, sql=fix)

    def _trigger(self, member: Member) -> Obstacles:
        if member.subscriptions:
            names = member.subscriptions
            message = (
                "a subscription writes into it: from the cutover on it fails at each row, and where its rows come from"
            )
            statements = [
                dba.statement(sql.SQL("ALTER SUBSCRIPTION {} DISABLE").format(sql.Identifier(name))) for name in names
            ]
            yield self.judge.obstacle(
                "subscription", "warn", (), message, place=member.full_name, things=names,
                remedy="its owner runs this just before the cutover; the rows' own source is what to consolidate",
                sql="\n".join(statements),
            )  # fmt: skip

    def _rights(self) -> Obstacles:
        foreign = sorted((m for m in self.facts.members if not m.owned), key=lambda m: m.owner)
        for owner, members in groupby(foreign, key=lambda m: m.owner):
            names = [member.full_name for member in members]
            advice = dba.membership(self.facts.server, owner)
            message = f"tables of {owner}: who publishes a table or puts a lasting trigger on it has to be its owner"
            yield self.judge.obstacle(
                "table-owner", "block", (*self.streams, "fence"), message, things=names,
                remedy=advice.remedy, sql=advice.sql,
            )  # fmt: skip
        unwritable = [m for m in self.facts.members if not m.writable and m.oid == m.root]
        if self.written and unwritable:
            yield self._unwritable(unwritable)
        hidden = [m.full_name for m in self.facts.members if m.filtered]
        if hidden:
            message = "row-level security hides rows from this role, and refuses to write them"
            yield self.judge.obstacle(
                "row-security", "block", (*self.streams, *self.written), message, things=hidden,
                remedy=f"{dba.administrator(self.facts.server)} runs this",
                sql=dba.statement(
                    sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(self.facts.server.acts_as))
                ),
            )  # fmt: skip

    def _unwritable(self, members: Sequence[Member]) -> Obstacle:
        role = sql.Identifier(self.facts.server.acts_as)
        names = sql.SQL(", ").join(sql.Identifier(member.schema, member.name) for member in members)
        text = sql.SQL("GRANT INSERT, UPDATE, DELETE ON {} TO {}").format(names, role)
        message = f"{self.facts.server.acts_as} may not write them, as the way back does"
        return self.judge.obstacle(
            "table-write", "block", self.written, message,
            things=[member.full_name for member in members], remedy="their owner runs this", sql=dba.statement(text),
        )  # fmt: skip

    def _alter(self, member: Member, action: str | sql.Composable) -> str:
        change = sql.SQL(action) if isinstance(action, str) else action
        only = sql.SQL("") if member.kind == "p" else sql.SQL("ONLY ")
        text = sql.SQL("ALTER TABLE {}{} {}").format(only, sql.Identifier(member.schema, member.name), change)
        return dba.statement(text)
