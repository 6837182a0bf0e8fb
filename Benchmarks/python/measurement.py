# SPDX-License-Identifier: Apache-2.0
"""The measurements of the Python peers, and their report: one line of JSON."""
import asyncio
import json
import resource
import sys
import time


class Stopwatch:
    """Measures wall time and the process's CPU time from its creation on."""

    def __init__(self):
        self.wall = time.perf_counter()
        self.cpu = time.process_time()

    def report(self, operations, **figures):
        cpu = time.process_time() - self.cpu
        wall = time.perf_counter() - self.wall
        return {"wall_s": wall, "cpu_s": cpu, "ns_per_op": wall * 1e9 / operations,
                "cpu_ns_per_op": cpu * 1e9 / operations, **figures}


def resident_bytes():
    """The process's resident memory, from /proc/self/statm (proc_pid_statm(5))."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def run(main):
    """Runs main(words) on the loop that the first word names, asyncio or uvloop."""
    loop, *words = sys.argv[1:]
    if loop == "uvloop":
        import uvloop
        factory = uvloop.new_event_loop
    elif loop == "asyncio":
        factory = asyncio.new_event_loop
    else:
        sys.exit(f"there is no loop {loop}")
    loop = factory()
    asyncio.set_event_loop(loop)
    report = loop.run_until_complete(main(words))
    if report:
        print(json.dumps(report), flush=True)
