"""What a process remembers of where tenants are, and for how long it may believe that.

A place may be believed for as long as a change of the registry may go unseen, since it was read. Where somebody listens
to the registry, hears of every change, and has shown just now that the connection lives, it may be believed until a
change is heard of. What was read while one came in isn't remembered: it may be of before.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from payrollx_db.tenants.client.places import BY_ID, Lookup, TenantPlace

MOST = 10_000  # ways to tenants that are remembered


@dataclass(frozen=True)
class Reading:
    """When the registry was asked, and how many changes had been heard of by then."""

    at: float
    changes: int


class Memory:
    """Places of tenants by the ways to them."""

    def __init__(self, staleness: float) -> None:
        """``staleness`` is the longest, in seconds, that a change may go unseen."""
        self._staleness = staleness
        self._lock = threading.Lock()
        self._places: OrderedDict[Lookup, tuple[TenantPlace, float]] = OrderedDict()
        self._ways: dict[str, set[Lookup]] = {}
        self._changes = 0
        self._confirmed = float("-inf")

    def find(self, sought: Lookup) -> TenantPlace | None:
        """Return what is remembered and may be believed."""
        with self._lock:
            known = self._places.get(sought)
            if known is None:
                return None
            place, read = known
            if time.monotonic() - max(read, self._confirmed) > self._staleness:
                return None
            self._places.move_to_end(sought)
            return place

    def begin(self) -> Reading:
        """Note that the registry is about to be asked."""
        with self._lock:
            return Reading(time.monotonic(), self._changes)

    def keep(self, sought: Lookup, place: TenantPlace, reading: Reading) -> None:
        """Remember what was read, unless a change came in meanwhile."""
        with self._lock:
            if self._changes != reading.changes:
                return
            for way in {sought, Lookup(BY_ID, place.id)}:
                self._places[way] = place, reading.at
                self._places.move_to_end(way)
                self._ways.setdefault(place.id, set()).add(way)
            while len(self._places) > MOST:
                way, (old, _) = self._places.popitem(last=False)
                self._forget_way(old.id, way)

    def forget(self, tenant: str) -> None:
        """Note a change of a tenant; without its id, of any."""
        with self._lock:
            self._changes += 1
            if not tenant:
                self._places.clear()
                self._ways.clear()
            for way in self._ways.pop(tenant, ()):
                self._places.pop(way, None)

    def confirm(self, at: float) -> None:
        """Note that whoever listens has heard of all changes until ``at``."""
        with self._lock:
            self._confirmed = max(self._confirmed, at)

    def begin_listening(self) -> None:
        """Note that all changes from now on are heard of. What is remembered may be of before."""
        with self._lock:
            self._confirmed = float("-inf")
        self.forget("")

    def _forget_way(self, tenant: str, way: Lookup) -> None:
        ways = self._ways.get(tenant, set())
        ways.discard(way)
        if not ways:
            self._ways.pop(tenant, None)
