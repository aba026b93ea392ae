"""Measure what is done while services write: following, copying, cutting over and rolling back, on servers of its own.

    python scripts/bench_online.py --sources 8 --rates 25 100 500 --rounds 3

Each of N legacy databases has three tables, and pgbench writes to all of them at the rate asked for. Following is held
against a native subscription of the same tables, without any transform, in processor seconds of all processes of a
method together. Cutovers and rollbacks are measured by the clocks of clients. The answer is one table with what was
wanted; walls say little on a machine that others use, so the load at the time stands beside them.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_following import Following
from bench_moves import Moves
from bench_world import BenchWorld

PARTS = ("following", "switches", "copies")
Row = tuple[str, str, str, bool]  # what, measured, wanted, whether that is reached


def table(results: dict[str, Any], rates: tuple[int, ...], sources: int) -> Iterator[Row]:
    """Yield the table's rows, of what was measured."""
    for rate in rates:
        if f"steady {rate} native" in results:
            ours, native = results[f"steady {rate} ours"], results[f"steady {rate} native"]
            reached = f"{sources} x {rate}/s asked, {ours['per_second']} and {native['per_second']}/s reached"
            share = ours["total"] / native["total"]
            text = f"{ours['total']} us : {native['total']} us = {share:.2f}"
            yield f"following, processor a transaction ({reached})", text, "<= 1.10", share <= 1.10
            lag = f"p50 {ours['lag_p50']:.2f} s, p99 {ours['lag_p99']:.2f} s"
            yield f"lag ({sources} x {rate}/s)", lag, "p99 < 1 s", ours["lag_p99"] < 1
    for what, most in (("update", 1.5), ("insert", 2.0)):
        if f"bulk {what} native" in results:
            ours, native = (results[f"bulk {what} {method}"]["total"] for method in ("ours", "native"))
            yield (
                f"bulk {what}, processor a row",
                f"{ours} us : {native} us = {ours / native:.2f}",
                f"<= {most}",
                (ours / native <= most),
            )
    for action, worst in (("cutover", 1.0), ("rollback", 0.5)):
        if action in results:
            found = results[action]
            own = ", ".join(f"{one['own']:.2f}" for one in found["rounds"])
            load = ", ".join(f"{one['load'][0]}" for one in found["rounds"])
            text = f"median {found['median']:.3f} s, worst {found['worst']:.3f} s (its own {own}; load {load})"
            wanted = "median < 0.5 s, worst < 1 s" if action == "cutover" else "< 0.5 s"
            yield f"{action}, clients stand still", text, wanted, found["median"] < 0.5 and found["worst"] < worst
            foretold = ", ".join(map(str, found["predicted"]))
            good = all(0.5 <= share <= 2 for share in found["predicted"])
            yield f"{action}, foretold : own stop", foretold, "0.5 to 2", good
    if "copy" in results:
        found = results["copy"]
        times = [f"{seconds:.1f}" for name in ("under load", "at rest") for seconds in found[name]]
        yield (
            "copy under load : at rest",
            f"{found['ratio']:.2f} ({', '.join(times)} s)",
            "<= 1.3",
            found["ratio"] <= 1.3,
        )
        yield "writers lose meanwhile", f"{found['lost']:.1%}", "< 10 %", found["lost"] < 0.1


async def measure(world: BenchWorld, given: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts asked for, one after the other."""
    results: dict[str, Any] = {}
    if "copies" in given.parts:
        moves = Moves(world, given.switch_rate, given.rounds, results)
        await moves.copies()
    if "following" in given.parts:
        following = Following(world, tuple(given.rates), given.seconds, results)
        await following.ours()
        await following.native()
        world.empty()
    if "switches" in given.parts:
        await Moves(world, given.switch_rate, given.rounds, results).switches()
    return results


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[25, 100, 500], help="a second of each source: following"
    )
    parser.add_argument("--seconds", type=int, default=15, help="how long each rate is followed")
    parser.add_argument("--switch-rate", type=int, default=100, help="a second of each source: cutover and rollback")
    parser.add_argument("--rounds", type=int, default=3, help="cutovers and rollbacks, and pairs of copies")
    parser.add_argument("--bulk", type=int, default=50_000, help="rows of each source, and of the bulk writes")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-online-", dir="/tmp"))
    folder.chmod(0o755)
    world = BenchWorld(folder, given.sources, given.bulk)
    before = os.getloadavg()
    try:
        world.make()
        results = asyncio.run(measure(world, given))
    finally:
        world.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    after = os.getloadavg()
    for what, measured, wanted, reached in table(results, tuple(given.rates), given.sources):
        print(f"{'reached' if reached else 'MISSED ':8} {what}: {measured}; wanted {wanted}")
    print(
        f"load before {before[0]:.1f}, after {after[0]:.1f}; differences {results.get('differences', 'not looked for')}"
    )
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
