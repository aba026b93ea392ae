"""Look tenants up and read a row of one, as a service does, against the same without tenants; prints JSON.

Started by `bench_tenants.py` in the environment of a service, which names the shape and the tenants as well.
What is printed are milliseconds a piece: by the clock, and of this process's own processor time.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from time import perf_counter, process_time

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from payrollx_db.catalogs.koinonia.tenant import Member
from payrollx_db.catalogs.koinonia.tenants import apart, shared
from payrollx_db.tenants.client import Tenants

ROUNDS = 5
READS = 200


def measure(what: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the fewest milliseconds that one call took on average, of some rounds: by the clock and of processors."""
    rounds = []
    for _ in range(ROUNDS):
        clock, used = perf_counter(), process_time()
        for _ in range(times):
            what()
        rounds.append(((perf_counter() - clock) * 1000 / times, (process_time() - used) * 1000 / times))
    return min(clock for clock, _ in rounds), min(used for _, used in rounds)


def main() -> None:
    """Measure and print."""
    shape, ids = os.environ["BENCH_SHAPE"], os.environ["BENCH_TENANTS"].split(",")
    tenants = apart if shape == "schemas" else shared
    figures = {"route, a miss": _misses(tenants, ids)}
    figures["route, remembered"] = measure(lambda: tenants.route(id=ids[0]), READS * 10)
    with tenants.session(ids[0]) as session:
        known = session.scalars(select(Member.id).limit(1)).one()

    def read() -> None:
        with tenants.session(ids[0]) as session:
            session.get(Member, known)

    plain = create_engine(os.environ["BENCH_PLAIN"], execution_options={"schema_translate_map": {"tenant": "bench"}})

    def read_plain() -> None:
        with Session(plain) as session:
            session.get(Member, known)

    read()
    read_plain()
    figures["a row by its key, plain"] = measure(read_plain, READS)
    figures["a row by its key, a tenant's"] = measure(read, READS)
    json.dump(figures, sys.stdout)
    tenants.close()


def _misses(tenants: Tenants, ids: Sequence[str]) -> tuple[float, float]:
    """Return what a first look at each tenant takes."""
    tenants.route(id=ids[0])  # connects
    clock, used = perf_counter(), process_time()
    for tenant in ids[1:]:
        tenants.route(id=tenant)
    times = max(len(ids) - 1, 1)
    return (perf_counter() - clock) * 1000 / times, (process_time() - used) * 1000 / times


if __name__ == "__main__":
    main()
