"""Measure what is done while services write: following, copying, cutting over and rolling back, on servers of its own.

    python scripts/bench_online.py --sources 8 --rates 25 100 500 --rounds 3
    python scripts/bench_online.py --parts services --switch-rate 25

Each of N legacy databases has three tables, and pgbench writes to all of them at the rate asked for. Following is held
against a native subscription of the same tables, without any transform, in processor seconds of all processes of a
method together. Cutovers and rollbacks are measured by the clocks of clients, of these databases (switches) and of
PayrollX's eight services, which are programs of their own (services). What is done now is told on stderr. The answer is
one table with what was wanted; walls say little on a machine that others use, so the load at the time stands beside
them, and what the writers reached of the rate that they were asked for.
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

from bench_copies import Copies
from bench_following import Following
from bench_moves import SmallServices, Switches
from bench_services import EightServices
from bench_world import BenchWorld, progress

PARTS = ("following", "switches", "services", "copies")
SERVICES = "PayrollX's services: "
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
    for world in ("", SERVICES):
        yield from moves(results, world)
    if "copy" in results:
        yield from copies(results["copy"])


def copies(found: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of copies under load, and of what they cost the writers."""
    times = [f"{one['seconds']:.1f}" for name in ("under load", "at rest") for one in found[name]]
    text = f"{found['ratio']:.2f} ({', '.join(times)} s), of processors {found['cpu_ratio']:.2f}"
    text += (
        f"; writers take {found['writers']:.2f} of {os.cpu_count()}, and what is left of them gives {found['fair']:.2f}"
    )
    reached = f"{found['asked']}/s of all sources together"
    yield f"copy under load ({reached}) : at rest", text, "<= 1.3", found["ratio"] <= 1.3
    alone, meanwhile = (
        " and ".join(f"p{share:.0%} {1000 * seconds:.0f} ms".replace("%", "") for share, seconds in found[when].items())
        for when in ("before", "meanwhile")
    )
    text = (
        f"{found['lost']:.1%} of what they were asked for ({found['lost before']:.1%} before it); latency {meanwhile}"
    )
    yield "writers lose meanwhile", f"{text}, before it {alone}", "< 10 %", found["lost"] < 0.1


def moves(results: dict[str, Any], world: str) -> Iterator[Row]:
    """Yield the rows of the moves of one world."""
    for action, worst in (("cutover", 1.0), ("rollback", 0.5)):
        if (found := results.get(f"{world}{action}")) is None:
            continue
        own = ", ".join(f"{one['own']:.2f}" for one in found["rounds"])
        load = ", ".join(f"{one['load'][0]}" for one in found["rounds"])
        text = f"median {found['median']:.3f} s, worst {found['worst']:.3f} s (its own {own}; load {load})"
        wanted = "median < 0.5 s, worst < 1 s" if action == "cutover" else "< 0.5 s"
        reached = found["median"] < 0.5 and found["worst"] < worst
        yield f"{world}{action} at {found['per_second']}/s together, clients stand still", text, wanted, reached
        foretold = ", ".join(map(str, found["predicted"]))
        good = all(1 / 1.5 <= share <= 1.5 for share in found["predicted"])
        yield f"{world}{action}, foretold : own stop", foretold, "0.67 to 1.5", good


async def measure(world: BenchWorld, given: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts asked for, one after the other."""
    results: dict[str, Any] = {}
    if {"copies", "following", "switches"} & set(given.parts):
        world.make()
    if "copies" in given.parts:
        await Copies(world, given.copy_rate, given.rounds, results).measure()
    if "following" in given.parts:
        following = Following(world, tuple(given.rates), given.seconds, results)
        await following.ours()
        await following.native()
        world.empty()
    if "switches" in given.parts:
        await Switches(SmallServices(world, given.switch_rate), given.rounds, results).measure()
    world.destroy()
    if "services" in given.parts:
        await measure_services(given, world.folder / "services", results)
    return results


async def measure_services(given: argparse.Namespace, folder: Path, results: dict[str, Any]) -> None:
    """Move PayrollX's eight services there and back, and look for every write that was acknowledged."""
    services = EightServices(folder, given.switch_rate)
    progress(f"{SERVICES}servers, databases and programs")
    try:
        await services.make()
        await Switches(services, given.rounds, results, SERVICES).measure()
        results["lost writes"] = services.differences("old")
    finally:
        services.world.destroy()


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[25, 100, 500], help="a second of each source: following"
    )
    parser.add_argument("--seconds", type=int, default=15, help="how long each rate is followed")
    parser.add_argument("--switch-rate", type=int, default=100, help="a second of each source: cutover and rollback")
    parser.add_argument("--copy-rate", type=int, default=100, help="a second of each source: copies under load")
    parser.add_argument("--rounds", type=int, default=3, help="cutovers and rollbacks, and pairs of copies")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of each source's largest table")
    parser.add_argument("--bulk", type=int, default=50_000, help="rows of the bulk writes, which following has")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-online-", dir="/tmp"))
    folder.chmod(0o755)
    world = BenchWorld(folder, given.sources, given.rows, given.bulk if "following" in given.parts else 0)
    before = os.getloadavg()
    try:
        results = asyncio.run(measure(world, given))
    finally:
        world.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    after = os.getloadavg()
    for what, measured, wanted, reached in table(results, tuple(given.rates), given.sources):
        print(f"{'reached' if reached else 'MISSED ':8} {what}: {measured}; wanted {wanted}")
    looked = {name: results.get(name, "not looked for") for name in ("differences", "lost writes")}
    print(f"load before {before[0]:.1f}, after {after[0]:.1f}; {'; '.join(f'{n}: {f}' for n, f in looked.items())}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
