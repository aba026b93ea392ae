"""Writers of all kinds, on the legacy side or on the unified one: what `chaos_online.py` lets loose on its market.

Each writer is a thread with a session. Its transactions have one to four statements, each within a savepoint of which
every tenth is rolled back, as is every tenth transaction. Errors are what such writers get anyway (deadlocks, unique
keys, servers that crash, a gate that is closed): they go on with the next one. What was acknowledged is kept: the
number in `marks` that such a transaction has left has to be there in the end.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg

from payrollx_db.postgres.url import DatabaseUrl

Session = psycopg.Connection[Any]
MOVED = "25006"  # by the gate: written elsewhere by now

OLD: Mapping[str, str] = {
    **{name: name for name in ("customers", "orders", "lines", "events", "labels", "marks", "tickets", "replies")},
    "customer_id": '"customerId"', "order_id": '"orderId"', "created_at": '"createdAt"', "state": "order_state",
    "line": '("orderId", no, article, note)', "of_line": "", "parts": "events_in",
    "now": "clock_timestamp() AT TIME ZONE 'UTC'", "recoin": "currency = %(currency)s", "alike": "true",
}  # fmt: skip
NEW: Mapping[str, str] = {
    **{name: f"market.{name}" for name in ("customers", "orders", "lines", "events", "labels", "marks")},
    "tickets": "desk.tickets", "replies": "desk.replies",
    "customer_id": "customer_id", "order_id": "order_id", "created_at": "created_at", "state": "market.order_state",
    "line": "(order_id, no, article, note, currency)", "of_line": ", currency", "parts": "market.events_0",
    "now": "date_trunc('milliseconds', clock_timestamp())",
    # A line's currency is its order's, and has no home in the legacy database.
    "recoin": "state = 'SENT'", "alike": "o.currency = l.currency",
}  # fmt: skip
CUSTOMER = "(SELECT id FROM {customers} ORDER BY id OFFSET %(m)s LIMIT 1)"
ORDER = "(SELECT id FROM {orders} ORDER BY id OFFSET %(n)s LIMIT 1)"
EVENT = "(SELECT id FROM {events} OFFSET %(n)s LIMIT 1)"
TICKET = "(SELECT id FROM {tickets} OFFSET %(n)s LIMIT 1)"
KEY = '"Key %% ""odd""."'

# How often, and what. Several statements are one of a transaction's.
MARKET: Sequence[tuple[int, str]] = (
    (10, "UPDATE {orders} SET total = %(total)s, state = 'PAID' WHERE id = " + ORDER),
    (9, ("INSERT INTO {orders} (id, {customer_id}, currency, state, total, {created_at})"
        " SELECT %(id)s, id, %(currency)s, 'NEW', %(total)s, {now} FROM {customers} ORDER BY id OFFSET %(m)s LIMIT 1")),
    (9, ("INSERT INTO {lines} {line} SELECT id, %(no)s, 'new', %(note)s{of_line} FROM {orders} ORDER BY id"
        " OFFSET %(n)s LIMIT 1 ON CONFLICT DO NOTHING")),
    (6, "DELETE FROM {lines} WHERE ({order_id}, no) = (SELECT {order_id}, no FROM {lines} OFFSET %(n)s LIMIT 1)"),
    (6, "UPDATE {lines} SET note = %(note)s WHERE no = %(no)s AND {order_id} = " + ORDER),
    (4, "UPDATE {lines} SET no = no + 10 WHERE no = %(no)s AND {order_id} = " + ORDER),
    (4, "UPDATE {lines} AS l SET {order_id} = o.id, no = %(big)s FROM {orders} AS o"
        " WHERE {alike} AND o.id = " + ORDER
        + " AND ({order_id}, no) = (SELECT {order_id}, no FROM {lines} OFFSET %(m)s LIMIT 1)"),
    (5, "UPDATE {orders} SET {recoin} WHERE id = " + ORDER),
    (3, "UPDATE {orders} SET id = %(id)s WHERE id = " + ORDER),
    (3, "UPDATE {customers} SET id = %(id)s WHERE id = " + CUSTOMER),
    (5, "UPDATE {orders} SET {customer_id} = " + CUSTOMER + " WHERE id = " + ORDER),
    (5, "UPDATE {customers} SET note = %(note)s, config = config || jsonb_build_object('x', repeat(md5(%(name)s), 99))"
        " WHERE id = " + CUSTOMER),
    (3, "INSERT INTO {customers} (id, name, config, {created_at}) VALUES (%(id)s, %(name)s, '{{}}', {now})"),
    (2, "DELETE FROM {customers} WHERE (SELECT count(*) FROM {customers}) > 40 AND id = " + CUSTOMER),
    (4, "INSERT INTO {events} VALUES (%(no)s * 1000 + %(n)s, %(kind)s, %(text)s) ON CONFLICT DO NOTHING"),
    (3, "UPDATE {events} SET kind = %(kind)s WHERE id = " + EVENT),
    (2, "DELETE FROM {events} WHERE id = " + EVENT),
    (4, "INSERT INTO {labels} VALUES (%(text)s || %(m)s, %(text)s) ON CONFLICT (" + KEY + ") DO UPDATE"
        ' SET "Val.ue" = excluded."Val.ue"'),
    (2, "DELETE FROM {labels} WHERE " + KEY + " LIKE %(text)s || '%%' AND " + KEY + " < %(m)s::text"),
    (2, "UPDATE {lines} SET article = article || '.' WHERE length(article) < 40 AND no > %(no)s"),
)  # fmt: skip
RARE: Sequence[str] = (
    "TRUNCATE {lines}",
    "TRUNCATE {labels}",
    "TRUNCATE {parts}",
    "TRUNCATE {events}",
    "INSERT INTO {events} SELECT n, 'in', 'many' FROM generate_series(20000, 22000) AS n ON CONFLICT DO NOTHING",
    "DELETE FROM {events} WHERE id >= 20000",
)
SWAPPED: Sequence[str] = (
    "UPDATE {customers} SET name = name || '~' WHERE id = %(one)s",
    "UPDATE {customers} SET name = %(name)s WHERE id = %(other)s",
    "UPDATE {customers} SET name = %(other_name)s WHERE id = %(one)s",
)
DESK: Sequence[tuple[int, str]] = (
    (6, "INSERT INTO {tickets} (title, body) VALUES (%(name)s, %(note)s)"),
    (6, "UPDATE {tickets} SET body = %(note)s WHERE id = " + TICKET),
    (2, "UPDATE {tickets} SET title = title || '.' WHERE length(title) < 60 AND id > %(n)s"),
    (3, "DELETE FROM {tickets} WHERE id = " + TICKET),
    (6, "INSERT INTO {replies} (ticket, body) SELECT id, %(text)s FROM {tickets} OFFSET %(n)s LIMIT 1"),
    (3, "UPDATE {replies} SET ticket = " + TICKET + " WHERE id = %(n)s"),
    (3, "DELETE FROM {replies} WHERE id = (SELECT id FROM {replies} OFFSET %(n)s LIMIT 1)"),
)  # fmt: skip
# What no policy lets into the unified database, and what mends it again. On the legacy side only.
BAD_MARKET: Sequence[str] = (
    "INSERT INTO {customers} (id, name, config) VALUES ('odd ' || %(n)s, %(id)s, '{{}}') ON CONFLICT DO NOTHING",
    "INSERT INTO {orders} SELECT %(id)s, id, 'EUR', 'NEW', 1 FROM {customers} WHERE id LIKE 'odd %%' LIMIT 1",
    (
        "UPDATE {customers} SET id = gen_random_uuid()::text"
        " WHERE id = (SELECT id FROM {customers} WHERE id LIKE 'odd %%' LIMIT 1)"
    ),
    "DELETE FROM {customers} WHERE id = (SELECT id FROM {customers} WHERE id LIKE 'odd %%' LIMIT 1)",
)
BAD_DESK: Sequence[str] = (
    "UPDATE {tickets} SET customer = 'nobody' WHERE id = " + TICKET,
    "UPDATE {tickets} SET customer = %(id)s WHERE id = " + TICKET,
    "UPDATE {tickets} SET customer = NULL WHERE customer IS NOT NULL AND id %% 3 = %(no)s %% 3",
)
# What the unified database takes, and a legacy one doesn't; and what fits again.
UNFIT: Sequence[str] = (
    "UPDATE {orders} SET state = 'RETURNED' WHERE id = " + ORDER,
    (
        "INSERT INTO {orders} (id, {customer_id}, currency, state, total, {created_at})"
        " SELECT %(id)s, id, 'EUR', 'RETURNED', 1, {now} FROM {customers} ORDER BY id OFFSET %(m)s LIMIT 1"
    ),
    (
        "INSERT INTO {lines} {line} SELECT id, %(no)s, 'of it', NULL, currency FROM {orders} WHERE state = 'RETURNED'"
        " LIMIT 1 ON CONFLICT DO NOTHING"
    ),
    "UPDATE {orders} SET state = 'PAID' WHERE id IN (SELECT id FROM {orders} WHERE state = 'RETURNED' LIMIT 2)",
    "DELETE FROM {orders} WHERE id IN (SELECT id FROM {orders} WHERE state = 'RETURNED' LIMIT 1)",
)


@dataclass
class Ledger:
    """What writers were told is done: the numbers of their acknowledged transactions, how many, and what failed.

    While ``unfit`` is set, they may write what can't go back.
    """

    marks: set[int] = field(default_factory=set)
    unfit: threading.Event = field(default_factory=threading.Event)
    transactions: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, mark: int | None) -> None:
        """Note a commit that was answered."""
        with self.lock:
            self.transactions += 1
            if mark is not None:
                self.marks.add(mark)

    def refuse(self, error: psycopg.Error) -> None:
        """Note what a writer got instead."""
        with self.lock:
            self.refused[error.sqlstate or type(error).__name__] += 1


class Undone(Exception):  # noqa: N818 - nothing went wrong
    """Somebody changed their mind."""


@dataclass
class Writer:
    """One writer of one database. ``market`` says which tables; ``bad`` that it writes what doesn't fit, too."""

    url: DatabaseUrl
    names: Mapping[str, str]
    market: bool
    ledger: Ledger
    dice: random.Random
    bad: bool = False
    pause: float = 0.02
    stopping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def start(self) -> "Writer":
        """Let it write until it is stopped."""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def stop(self) -> None:
        """Let it end its transaction, and wait for that."""
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(60)

    def _run(self) -> None:
        session: Session | None = None
        while not self.stopping.is_set():
            try:
                session = session or psycopg.connect(
                    self.url.conninfo(), autocommit=True, application_name="chaos writer", connect_timeout=5
                )
                self._transaction(session)
            except Undone:
                pass
            except psycopg.Error as error:
                self.ledger.refuse(error)
                if session is not None and session.closed:
                    session = None
                time.sleep(0.05)
            time.sleep(self.dice.random() * self.pause)
        if session is not None:
            session.close()

    def _transaction(self, session: Session) -> None:
        mark = self.dice.getrandbits(48) if self.market and self.dice.random() < 0.5 else None
        with session.transaction():
            for _ in range(self.dice.randint(1, 4)):
                try:
                    with session.transaction():  # a savepoint
                        self._statement(session)
                        self._change_mind()
                except Undone:
                    pass
                except psycopg.errors.IntegrityError as error:
                    self.ledger.refuse(error)
            if mark is not None:
                session.execute(f"INSERT INTO {self.names['marks']} VALUES (%s)".encode(), (mark,))
            self._change_mind()
        self.ledger.acknowledge(mark)

    def _change_mind(self) -> None:
        if self.dice.random() < 0.1:
            raise Undone

    def _statement(self, session: Session) -> None:
        chance = self.dice.random()
        if self.bad and chance < 0.1 and self.names is OLD:
            self._execute(session, self.dice.choice(BAD_MARKET if self.market else BAD_DESK))
        elif self.bad and chance < 0.1 and self.ledger.unfit.is_set():
            self._execute(session, self.dice.choice(UNFIT))
        elif self.market and chance < 0.13:
            self._swap(session)
        elif self.market and chance < 0.14:
            self._execute(session, self.dice.choice(RARE))
        else:
            weights, statements = zip(*(MARKET if self.market else DESK), strict=True)
            self._execute(session, self.dice.choices(statements, weights)[0])

    def _swap(self, session: Session) -> None:
        """Let two customers exchange their names, which are unique."""
        query = (
            f"SELECT id::text, name FROM {self.names['customers']} WHERE length(name) < 50 ORDER BY random() LIMIT 2"
        )
        rows = session.execute(query.encode()).fetchall()
        if len(rows) == 2:
            (one, name), (other, other_name) = rows
            for statement in SWAPPED:
                values = {"one": one, "other": other, "name": name, "other_name": other_name}
                session.execute(statement.format_map(self.names).encode(), values)

    def _execute(self, session: Session, statement: str) -> None:
        dice = self.dice
        session.execute(statement.format_map(self.names).encode(), {
            "n": dice.randint(0, 300), "m": dice.randint(0, 60), "no": dice.randint(1, 9), "id": str(uuid4()),
            "name": str(uuid4()),
            "text": dice.choice(["a", "ß\\", "", "it's", "%", '"{},"']),
            "note": dice.choice([None, "x", "long " * 2000]), "kind": dice.choice(["in", "out", "up"]),
            "currency": dice.choice(["EUR", "CHF", "USD"]),
            "total": f"{dice.randint(1, 10**9)}.{dice.randint(0, 999999)}", "big": dice.randint(100, 10**6),
        })  # fmt: skip
