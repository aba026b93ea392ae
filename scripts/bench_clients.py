"""Clients of the online benchmark: each writes to a legacy database, and to the unified one where that has moved.

    python scripts/bench_clients.py --rate 50 --new URL NAME=URL ...

Each writes one row a transaction, in a session of its own that stays open. When its database refuses (25006) it goes on
at the other one. How long it waited then, from when it began the write that was refused to its success there, is
printed, as a line of JSON for each move, by this clock alone.
"""

import argparse
import json
import signal
import sys
import threading
import time
from dataclasses import dataclass

import psycopg

AGAIN = 0.002  # seconds between two tries where a side refuses
OLD = """UPDATE payroll_items SET status = 'C', "retryCount" = "retryCount" + 1 WHERE id = md5('i1')::uuid::text"""
NEW = "UPDATE {}.payroll_items SET status = 'C', retry_count = retry_count + 1 WHERE id = md5('i1')::uuid"


@dataclass
class Client:
    """One client: its legacy database by name and URL, and the unified one."""

    name: str
    old: str
    new: str
    rate: float
    ended: threading.Event

    def run(self) -> None:
        """Write until told to end, wherever that is allowed."""
        with psycopg.connect(self.old, autocommit=True) as old, psycopg.connect(self.new, autocommit=True) as new:
            sides = ((old, OLD), (new, NEW.format(f"t{self.name}")))
            at, since, has_moved = 0, time.monotonic(), False
            while not self.ended.is_set():
                connection, statement = sides[at]
                try:
                    connection.execute(statement.encode())
                except psycopg.errors.ReadOnlySqlTransaction:
                    at, has_moved = 1 - at, True
                    time.sleep(AGAIN)
                    continue
                if has_moved:
                    self.tell(time.monotonic() - since)
                self.ended.wait(1 / self.rate)
                since, has_moved = time.monotonic(), False

    def tell(self, seconds: float) -> None:
        """Print how long it stood still."""
        sys.stdout.write(json.dumps({"database": self.name, "seconds": round(seconds, 4)}) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Run the clients until terminated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--new", required=True)
    parser.add_argument("old", nargs="+", help="name=URL of a legacy database")
    given = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    named = [text.partition("=") for text in given.old]
    clients = [Client(name, old, given.new, given.rate, ended) for name, _, old in named]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
