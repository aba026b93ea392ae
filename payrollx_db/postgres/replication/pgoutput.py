"""Reads what the server's plugin pgoutput says (protocol version 1): which keys, and up to where. No values, no I/O.

A publication that has the key's columns alone lets each message end with the key, as the server wrote it. So most
messages cost a slice and an entry of a dictionary, and are looked into only when they are handed out.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

from payrollx_db.postgres.replication.changes import Changes, Key, Published
from payrollx_db.postgres.replication.errors import ShapeChangedError
from payrollx_db.postgres.replication.relations import Relation, difference, read_relation

EPOCH = 946_684_800  # 2000-01-01, where the server's clock begins, in seconds since 1970
PREFIX = b"payrollx"  # of messages that are ours
MOST_SEEN = 200_000  # values of watched columns that are remembered, of each table

# Message kinds, and those of tuples and their columns.
DATA, KEEPALIVE = ord("w"), ord("k")
BEGIN, COMMIT, RELATION, TRUNCATE, MESSAGE = ord("B"), ord("C"), ord("R"), ord("T"), ord("M")
INSERT, UPDATE, DELETE = ord("I"), ord("U"), ord("D")
ORIGIN, TYPE = ord("O"), ord("Y")
NEW, OF_KEY, OF_ROW = ord("N"), ord("K"), ord("O")
TEXT, NULL, UNCHANGED = ord("t"), ord("n"), ord("u")
BODY = 25  # where a message of the plugin begins, behind DATA's own fields

_u16 = struct.Struct("!H").unpack_from
_u32 = struct.Struct("!I").unpack_from
_u64 = struct.Struct("!Q").unpack_from
_begin = struct.Struct("!QqI").unpack_from  # LSN of the commit's record, its time, the transaction
_commit = struct.Struct("!Q").unpack_from  # LSN behind the commit's record
_oid = struct.Struct("!I").pack

Get = Callable[[int], tuple[int, memoryview]]


class Keys(Mapping[Key, None]):
    """Keys as the log has them: decoded when they are looked at, which is once, and small until then."""

    def __init__(self, raw: Mapping[bytes, object], table: "Table") -> None:
        self._raw = raw
        self._table = table

    def __iter__(self) -> Iterator[Key]:
        return self._table.decode(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, key: Key) -> None:
        if self._table.encode(key) not in self._raw:
            raise KeyError(key)

    def __repr__(self) -> str:
        return f"<{len(self)} keys of {self._table.published.name}>"


class Table:
    """One published table: how its messages are read, and its keys that have changed since the last time.

    A key is held as its columns in the relation's order, in the form of the protocol: how many, then each one's kind,
    length and text.
    """

    def __init__(self, published: Published) -> None:
        self.published = published
        self.relation: Relation | None = None
        self.keys: dict[bytes, int | tuple[int, ...]] = {}
        self.touching: dict[bytes, None] = {}
        """Keys whose watched columns changed, or may have."""
        self.plain = False
        """Its messages hold the key and nothing else."""
        self._seen: dict[bytes, bytes] = {}
        self._positions: tuple[int, ...] = ()
        self._watched: tuple[int, ...] = ()
        self._order: tuple[int, ...] = ()
        self._is_unique = True
        self._head = b""

    def describe(self, relation: Relation) -> None:
        """Take the server's description. Raises ShapeChangedError where it isn't that of before, or lacks the key."""
        if self.relation == relation:
            return
        if self.relation is not None or relation.name != self.published.name:
            raise self._changed(difference(self.relation, relation, self.published.name))
        numbers = {column.name: number for number, column in enumerate(relation.columns)}
        key = self.published.key
        if missing := [name for name in (*key, *self.published.watched) if name not in numbers]:
            raise self._changed(f"the publication lacks {', '.join(missing)}")
        identity = {column.name for column in relation.columns if column.is_of_key}
        if lacking := [name for name in key if name not in identity and relation.identity != "f"]:
            raise self._changed(f"its replica identity lacks {', '.join(lacking)}")
        self.relation = relation
        self._positions = tuple(sorted(numbers[name] for name in key))
        self._watched = tuple(sorted(numbers[name] for name in self.published.watched))
        self._order = tuple(self._positions.index(numbers[name]) for name in key)
        self._is_unique = relation.identity != "f" and identity == set(key)
        self._head = len(key).to_bytes(2)
        self.plain = self._is_unique and not self._watched and len(relation.columns) == len(key)

    def change(self, message: bytes, kind: int, transaction: int) -> None:
        """Note the keys of a message that holds more than one key."""
        at = BODY + 5
        old: list[bytes] | None = None
        if message[at] in (OF_KEY, OF_ROW):
            old, at = self._columns(message, at + 1)
            self._note(self._key(old), transaction, b"" if self._watched else None)
        if kind == DELETE:
            return
        if message[at] != NEW:
            raise self._changed("a message has no new row")
        new, _ = self._columns(message, at + 1)
        watched = [new[number] for number in self._watched]
        known = all(column[0] != UNCHANGED for column in watched)
        if old:  # a value that is stored out of line isn't sent twice
            new = [before if column[0] == UNCHANGED else column for before, column in zip(old, new, strict=True)]
        self._note(self._key(new), transaction, (b"".join(watched) if known else b"") if watched else None)

    def take(self, unseen: Mapping[int, int]) -> tuple[Keys | None, Keys | None]:
        """Hand out the keys, and those that touch others; what ``unseen`` transactions changed stays as well."""
        keys, self.keys = self.keys, {}
        touching, self.touching = self.touching, {}
        if unseen and keys:
            self.keys = {key: by for key, by in keys.items() if _among(by, unseen)}
            self.touching = {key: None for key in touching if key in self.keys}
        return Keys(keys, self) if keys else None, Keys(touching, self) if touching else None

    def decode(self, raw: Iterable[bytes]) -> Iterator[Key]:
        """Return keys as texts. Raises ShapeChangedError where one isn't whole, or no UTF-8."""
        try:
            if len(self._positions) == 1 and self._is_unique:
                for one in raw:
                    if one[2] != TEXT:
                        raise self._changed("a key has no value in the log")
                    yield (one[7:].decode(),)
                return
            order = self._order
            for one in raw:
                texts = self._texts(one)
                yield tuple([texts[number] for number in order])
        except UnicodeDecodeError:
            raise self._changed("a key is no text in UTF-8: its database has no encoding (SQL_ASCII)") from None

    def encode(self, key: Key) -> bytes:
        """Return the form in which a key is held."""
        parts = [b""] * len(key)
        for number, text in zip(self._order, key, strict=True):
            value = b"" if text is None else text.encode()
            parts[number] = b"n" if text is None else b"t" + len(value).to_bytes(4) + value
        return self._head + b"".join(parts)

    def _note(self, key: bytes, transaction: int, watched: bytes | None) -> None:
        if self._is_unique:
            self.keys[key] = transaction
        else:  # two rows may have it, and two transactions that don't wait for each other
            by = self.keys.get(key, ())
            earlier = by if isinstance(by, tuple) else (by,)
            self.keys[key] = earlier if transaction in earlier else (*earlier, transaction)
        if watched is None:
            return
        if not watched:
            self._seen.pop(key, None)
            self.touching[key] = None
        elif self._seen.get(key) != watched:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()  # what isn't known counts as changed
            self._seen[key] = watched
            self.touching[key] = None

    def _columns(self, message: bytes, at: int) -> tuple[list[bytes], int]:
        """Return a tuple's columns in the protocol's form, and where it ends."""
        (count,) = _u16(message, at)
        at += 2
        columns = []
        for _ in range(count):
            end = at + 1
            if message[at] == TEXT:
                end += 4 + _u32(message, end)[0]
            columns.append(message[at:end])
            at = end
        if self.relation is None or count != len(self.relation.columns):
            raise self._changed("a row has other columns than were described")
        return columns, at

    def _key(self, columns: list[bytes]) -> bytes:
        return self._head + b"".join([columns[number] for number in self._positions])

    def _texts(self, raw: bytes) -> list[str | None]:
        texts: list[str | None] = []
        at = 2
        for _ in self._positions:
            kind = raw[at]
            at += 1
            if kind == TEXT:
                begin = at + 4
                at = begin + _u32(raw, at)[0]
                texts.append(raw[begin:at].decode())
            elif kind == NULL and not self._is_unique:
                texts.append(None)
            else:
                raise self._changed("a key has no value in the log")
        return texts

    def _changed(self, what: str) -> ShapeChangedError:
        return ShapeChangedError(f"table {self.published.name} isn't as it was: {what}")


class Reader:
    """What one session has told: fed with the messages of COPY, asked for the keys."""

    def __init__(self, tables: Iterable[Published]) -> None:
        self.reached = 0
        self.asked = False
        """The server wants an answer."""
        self.ended = False
        """The server has said all that it will say."""
        self._tables = {_oid(table.oid): Table(table) for table in tables}
        self._commits_at: dict[
            int, int
        ] = {}  # by transaction, of those that have changed something since the last time
        self._transaction = 0
        self._open: int | None = None  # LSN of the commit of the transaction that is being read
        self._truncated: dict[int, int] = {}
        self._described: set[int] = set()
        self._commits = 0
        self._oldest: int | None = None
        self._messages: list[bytes] = []
        self._last = 0

    @property
    def held(self) -> int:
        """How many keys and transactions are held."""
        return sum(len(table.keys) for table in self._tables.values()) + len(self._commits_at)

    @property
    def is_between(self) -> bool:
        """Tell whether no transaction is half read."""
        return self._open is None

    @property
    def has_news(self) -> bool:
        """Tell whether there is something to take."""
        return bool(self._truncated or self._messages) or any(table.keys for table in self._tables.values())

    def read(self, get: Get, most: int) -> int:  # noqa: C901, PLR0912 - a call for each message would cost as much as it does
        """Read messages until there are none, or ``most`` of them; return how many."""
        tables = self._tables
        kind = self._last
        alive: bytes | None = None  # the last one counts: idle servers send far more of these than of all others
        for number in range(most):
            size, data = get(1)
            if size <= 0:
                self.ended, self._last = size < 0, kind
                self._alive(alive)
                return number
            message = bytes(data)
            first = message[0]
            if first == KEEPALIVE:
                alive = message
                if message[17]:
                    self.asked = True
                continue
            if first != DATA:
                raise _not_understood(first)
            before, kind = kind, message[BODY]
            if kind in (INSERT, UPDATE, DELETE):
                table = tables.get(message[26:30])
                if table is None:
                    raise _unknown(message)
                if table.plain and (kind == DELETE or message[30] == NEW):
                    table.keys[message[31:]] = self._transaction
                else:
                    table.change(message, kind, self._transaction)
            elif kind == BEGIN:
                self._open, time, self._transaction = _begin(message, 26)
                self._commits_at[self._transaction] = self._open
                if self._oldest is None:
                    self._oldest = time
            elif kind == COMMIT:
                self._open = None
                self._commits += 1
                (end,) = _commit(message, 35)
                self.reached = max(self.reached, end)
                if before == BEGIN:  # before version 15 the server tells of transactions without changes, too
                    self._forget()
            else:
                self._other(kind, message)
        self._last = kind
        self._alive(alive)
        return most

    def take(self, snapshot: str, wanted: int) -> Changes:
        """Hand out what has changed under a snapshot, having been read for up to ``wanted``."""
        unseen = _unseen(self._commits_at, snapshot)
        self._commits_at = unseen
        keys, watched = {}, {}
        for table in self._tables.values():
            changed, touching = table.take(unseen)
            if changed:
                keys[table.published.oid] = changed
            if touching:
                watched[table.published.oid] = touching
        waiting = [*unseen.values(), *([self._open] if self._open is not None else [])]
        changes = Changes(
            keys=keys,
            watched=watched,
            truncated=frozenset(self._truncated),
            described=frozenset(self._described),
            commits=self._commits,
            oldest=None if self._oldest is None else self._oldest / 1e6 + EPOCH,
            reached=self.reached,
            unsettled=min(waiting, default=None),
            partial=self.reached < wanted,
            messages=tuple(self._messages),
        )
        self._truncated = {oid: by for oid, by in self._truncated.items() if by in unseen}
        self._described, self._messages, self._commits, self._oldest = set(), [], 0, None
        return changes

    def _alive(self, message: bytes | None) -> None:
        if message is not None:
            self.reached = max(self.reached, _u64(message, 1)[0])

    def _forget(self) -> None:
        """Forget the last transaction, which has changed nothing."""
        self._commits_at.pop(self._transaction, None)
        self._commits -= 1
        if not self._commits_at:
            self._oldest = None

    def _other(self, kind: int, message: bytes) -> None:
        if kind == RELATION:
            relation = read_relation(message, BODY + 1)
            if table := self._tables.get(_oid(relation.oid)):  # beside a root its partitions are described, too
                table.describe(relation)
                self._described.add(relation.oid)
        elif kind == TRUNCATE:
            (count,) = _u32(message, 26)
            for number in range(count):
                oid = message[31 + 4 * number : 35 + 4 * number]
                if oid not in self._tables:
                    raise _unknown(message, oid)
                self._truncated[_u32(oid)[0]] = self._transaction
        elif kind == MESSAGE:
            end = message.index(0, 35)
            if message[35:end] == PREFIX:
                self._messages.append(message[end + 5 :])
        elif kind not in (ORIGIN, TYPE):
            raise _not_understood(kind)


def _unseen(commits_at: Mapping[int, int], snapshot: str) -> dict[int, int]:
    """Return the transactions, with their commits' LSNs, that a snapshot doesn't see.

    A commit is in the log before other sessions see it. Its messages have the lower half of the transaction's number.
    """
    _, below, running = snapshot.split(":")
    first = int(below) & 0xFFFFFFFF
    among = {int(number) & 0xFFFFFFFF for number in running.split(",") if number}
    return {
        number: lsn
        for number, lsn in commits_at.items()
        if number in among or (number - first) & 0xFFFFFFFF < 0x80000000
    }


def _among(by: int | tuple[int, ...], unseen: Mapping[int, int]) -> bool:
    return any(number in unseen for number in by) if isinstance(by, tuple) else by in unseen


def _unknown(message: bytes, oid: bytes = b"") -> ShapeChangedError:
    (number,) = _u32(oid or message[26:30])
    return ShapeChangedError(
        f"the log tells of a table with object id {number}, which is none of those that are followed",
        hint="something else was added to the publication: drop it, and make it anew",
    )


def _not_understood(kind: int) -> ShapeChangedError:
    return ShapeChangedError(f"the log has a message of kind {chr(kind)!r}, which its protocol doesn't know")
