"""Judge what a server and a login allow: the level of the log, slots, senders, rights, names, and who is in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.check.online import dba
from payrollx_db.consolidate.check.online.facts import OnlineFacts, ServerState, Writer
from payrollx_db.consolidate.check.online.readiness import ABILITIES, Ability, Judge, Obstacle
from payrollx_db.model.finding import Severity
from payrollx_db.postgres.introspect import Database

COLUMN_LISTS_SINCE = 15
SYNCHRONIZED_SINCE = 17
LONG = 5 * 60  # seconds; a transaction that is open longer isn't about to end
SOON = 10  # seconds; what ends sooner is only waited for
ROOMY = 10_240  # MB of log that a slot may keep: below it, a busy night without a reader may be too long
KEEP_MORE = "ALTER SYSTEM SET max_slot_wal_keep_size = '50GB';\nSELECT pg_catalog.pg_reload_conf();"
QUIET = 10_000  # milliseconds; below that, a pause of our own process looks like its death

Obstacles = Iterator[Obstacle]


@dataclass(frozen=True)
class Needs:
    """How many slots and senders one server is asked for: to follow databases of it, and for the way back."""

    followed: int
    back: int = 0

    @property
    def number(self) -> int:
        """All of them."""
        return self.followed + self.back

    def __str__(self) -> str:
        kinds = ((self.followed, "to follow"), (self.back, "for the way back"))
        return " and ".join(f"{number} {purpose}" for number, purpose in kinds if number)


@dataclass(frozen=True)
class ServerJudge:
    """Judges one database's server. ``streams`` is what needs its log: following a source, or going back."""

    database: Database
    facts: OnlineFacts
    needs: Needs
    judge: Judge
    streams: tuple[Ability, ...]
    ours: bool  # whether the state has it that this database is followed by us

    def obstacles(self) -> Obstacles:
        """Yield what stands in the way, gravest first."""
        if self.server.standby:
            yield self._standby()
            return
        yield from self._level()
        yield from self._room()
        yield from self._rights()
        yield from self._names()
        yield from self._waits()
        yield from self._event_triggers()
        yield from self._losses()

    @property
    def server(self) -> ServerState:
        return self.facts.server

    def _standby(self) -> Obstacle:
        since = "" if self.server.major < 16 else " (from 16 on the log of a standby can be decoded, but not more)"
        message = f"a standby: publications, slots for its changes and triggers are made at the primary{since}"
        return self.judge.obstacle("standby", "block", ABILITIES, message, remedy="give the URL of the primary")

    def _level(self) -> Obstacles:
        level = self.server.settings.get("wal_level")
        if level != "logical":
            advice = dba.wal_level(self.server)
            message = f"wal_level is {level}: the log doesn't say which rows were changed"
            yield self.judge.obstacle("wal-level", "block", self.streams, message, remedy=advice.remedy, sql=advice.sql)

    def _room(self) -> Obstacles:
        server, needed = self.server, self.needs.number
        mine = min(len(server.named_slots), needed)
        for code, setting, used, unit in (
            ("replication-slots", "max_replication_slots", server.slots, "replication slots"),
            ("wal-senders", "max_wal_senders", server.senders, "WAL senders"),
        ):
            limit = server.number(setting)
            free = limit - used + (mine if self.ours else 0)
            if free >= needed:
                continue
            advice = dba.raised(server, setting, limit + needed - free)
            message = f"{max(free, 0)} {unit} free ({setting} {limit}), and it takes {self.needs}"
            idle = [name for name in server.idle_slots if name not in server.named_slots]
            if code == "replication-slots" and idle:
                drop = "; or drop a slot that nobody needs: SELECT pg_catalog.pg_drop_replication_slot('…')"
                advice = dba.Advice(advice.remedy + drop, advice.sql)
            else:
                idle = []
            yield self.judge.obstacle(
                code, "block", self.streams, message, things=idle, remedy=advice.remedy, sql=advice.sql
            )

    def _rights(self) -> Obstacles:
        server = self.server
        if not server.may_replicate:
            advice = dba.replication(server)
            message = f"the login {server.login} may not stream the log: it lacks REPLICATION, which isn't inherited"
            yield self.judge.obstacle(
                "replication-role", "block", self.streams, message, remedy=advice.remedy, sql=advice.sql
            )
        if not server.may_create:
            advice = dba.create_on_database(server, self.database.dbname)
            message = f"{server.acts_as} has no CREATE on the database, where the publication and a schema are made"
            yield self.judge.obstacle(
                "database-create", "block", ABILITIES, message, remedy=advice.remedy, sql=advice.sql
            )

    def _names(self) -> Obstacles:
        server = self.server
        if self.ours:
            return
        if server.named_publication and "follow" in self.judge.reach:
            yield self._taken("a publication", "payrollx", "follow", "DROP PUBLICATION payrollx")
        if server.named_schema and "fence" in self.judge.reach:
            yield self._taken("a schema", "payrollx", "fence", "ALTER SCHEMA payrollx RENAME TO payrollx_before")
        if server.named_slots and "follow" in self.judge.reach:
            calls = "; ".join(
                f"SELECT pg_catalog.pg_drop_replication_slot({sql.Literal(name).as_string(None)})"
                for name in server.named_slots
            )
            message = "slots of this database have names of ours, and no state in the target knows them: they keep WAL"
            yield self.judge.obstacle(
                "name-taken", "warn", ("follow",), message, things=server.named_slots,
                remedy="drop them, unless another target follows this database", sql=dba.statement(calls),
            )  # fmt: skip

    def _taken(self, kind: str, name: str, ability: Ability, fix: str) -> Obstacle:
        message = f"{kind} {name} is there already, and no state in the target says that it is ours"
        remedy = "its owner runs this, if nothing uses it any more"
        return self.judge.obstacle("name-taken", "block", (ability,), message, remedy=remedy, sql=dba.statement(fix))

    def _waits(self) -> Obstacles:
        if stuck := _stuck(self.facts.writers):
            yield self._waiting("block", stuck)
        if slow := _slow(self.facts.writers):
            yield self._waiting("warn", slow)

    def _waiting(self, severity: Severity, writers: list[Writer]) -> Obstacle:
        message = "making a slot waits until every transaction of the server that has written has ended, such as"
        statements = []
        for writer in writers:
            if writer.prepared is not None:
                gid = sql.Literal(writer.prepared).as_string(None)
                statements.append(f"COMMIT PREPARED {gid};  -- or ROLLBACK PREPARED; in the database {writer.dbname}")
            else:
                statements.append(f"SELECT pg_catalog.pg_terminate_backend({writer.pid});")
        remedy = f"let each end; else its own role, {dba.administrator(self.server)} or a member of pg_signal_backend"
        if any(writer.prepared is not None for writer in writers):
            remedy += "; prepared ones are for whoever prepared them"
        return self.judge.obstacle(
            "slot-waits", severity, self.streams, message, things=[str(w) for w in writers],
            remedy=remedy, sql="\n".join(statements),
        )  # fmt: skip

    def _event_triggers(self) -> Obstacles:
        if names := self.server.event_triggers:
            message = "event triggers that fire for what is made here, and may refuse or change it"
            statements = [
                dba.statement(sql.SQL("ALTER EVENT TRIGGER {} DISABLE").format(sql.Identifier(name))) for name in names
            ]
            remedy = f"let them pass, or their owner or {dba.administrator(self.server)} disables them meanwhile"
            yield self.judge.obstacle(
                "event-trigger", "warn", ABILITIES, message, things=names, remedy=remedy, sql="\n".join(statements)
            )

    def _losses(self) -> Obstacles:
        """What would take the slot away later, or fill the disk."""
        server = self.server
        keep = int(server.settings.get("max_slot_wal_keep_size", -1))
        if keep < 0:
            message = "max_slot_wal_keep_size is not set: while nothing reads the slot, the log grows without a limit"
            yield self.judge.obstacle("slot-limit", "info", self.streams, message)
        else:
            tight = keep < ROOMY
            message = f"max_slot_wal_keep_size is {keep} MB: a slot that lags further is lost, which takes a resync"
            yield self.judge.obstacle(
                "slot-limit", "warn" if tight else "info", self.streams, message,
                remedy="set it to what the disk can spare; a superuser runs this" if tight else "",
                sql=KEEP_MORE if tight else "",
            )  # fmt: skip
        if idle := server.number("idle_replication_slot_timeout"):
            message = f"idle_replication_slot_timeout is {idle} s: a slot that nobody reads for so long is lost"
            yield self.judge.obstacle(
                "slot-limit", "warn", self.streams, message, remedy="a superuser runs this",
                sql="ALTER SYSTEM SET idle_replication_slot_timeout = 0;\nSELECT pg_catalog.pg_reload_conf();",
            )  # fmt: skip
        yield from self._sender_timeout()
        if server.standbys and not self._synchronizes():
            message = f"{server.standbys} standbys or backups stream from it: after a failover the slot is gone there"
            yield self.judge.obstacle("failover", "info", self.streams, f"{message}, and following takes a resync")

    def _sender_timeout(self) -> Obstacles:
        timeout = self.server.number("wal_sender_timeout")
        if timeout < QUIET:
            reason = (
                "a reader whose machine died keeps the slot, and none can follow it" if timeout == 0
                else "a reader that pauses for so long loses its connection"
            )  # fmt: skip
            message = f"wal_sender_timeout is {timeout} ms: {reason}"
            yield self.judge.obstacle(
                "sender-timeout", "warn", self.streams, message,
                remedy=f"{dba.administrator(self.server)} runs this, or sets it for the login alone",
                sql="ALTER SYSTEM SET wal_sender_timeout = '60s';\nSELECT pg_catalog.pg_reload_conf();",
            )  # fmt: skip

    def _synchronizes(self) -> bool:
        return self.server.major >= SYNCHRONIZED_SINCE and self.server.settings.get("sync_replication_slots") == "on"


def _stuck(writers: Sequence[Writer]) -> list[Writer]:
    return [w for w in writers if w.prepared is not None or (w.seconds or 0) >= LONG]


def _slow(writers: Sequence[Writer]) -> list[Writer]:
    return [w for w in writers if w.prepared is None and w.seconds is not None and SOON <= w.seconds < LONG]
