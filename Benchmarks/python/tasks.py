# SPDX-License-Identifier: Apache-2.0
"""The costs of tasks: tasks.py asyncio|uvloop CASE N. The cases are those of Benchmarks/README.md."""
import asyncio
import os
import json
import time

import measurement
from measurement import Stopwatch, resident_bytes


async def yield1(count):
    stopwatch = Stopwatch()
    for _ in range(count):
        await asyncio.sleep(0)
    return stopwatch.report(count)


async def yield_(count):
    async def turns():
        for _ in range(count // 2):
            await asyncio.sleep(0)

    stopwatch = Stopwatch()
    await asyncio.gather(turns(), turns())
    return stopwatch.report(count)


async def identity(value):
    return value


async def spawn(count):
    stopwatch = Stopwatch()
    total = 0
    for index in range(count):
        total += await asyncio.create_task(identity(index))
    assert total == sum(range(count))
    return stopwatch.report(count)


async def gather(count):
    stopwatch = Stopwatch()
    total = sum(await asyncio.gather(*[identity(index) for index in range(count)]))
    report = stopwatch.report(count)
    assert total == sum(range(count))
    return report


async def queue(count):
    items = asyncio.Queue(1)

    async def produce():
        for index in range(count):
            await items.put(index)

    async def consume():
        total = 0
        for _ in range(count):
            total += await items.get()
        return total

    stopwatch = Stopwatch()
    _, total = await asyncio.gather(produce(), consume())
    assert total == sum(range(count))
    return stopwatch.report(count)


async def sleep(count):
    clock = time.perf_counter

    async def lateness(index):
        seconds = (1 + index * 7919 % 1000) / 1000
        start = clock()
        await asyncio.sleep(seconds)
        return (clock() - start - seconds) * 1e6

    stopwatch = Stopwatch()
    late = await asyncio.gather(*[lateness(index) for index in range(count)])
    report = stopwatch.report(count)
    late.sort()
    return {**report, "over_p50_us": late[count // 2], "over_p99_us": late[count * 99 // 100], "over_max_us": late[-1]}


async def cancel(count):
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(count)]
    await asyncio.sleep(0.2)
    stopwatch = Stopwatch()
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    report = stopwatch.report(count)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    return report


async def rss(count):
    before = resident_bytes()
    stopwatch = Stopwatch()
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(count)]
    await asyncio.sleep(0.2)
    grown = resident_bytes() - before
    print(json.dumps(stopwatch.report(len(tasks), bytes_per_task=grown / count)), flush=True)
    # Exits without ending 100,000 tasks first: that is not measured.
    os._exit(0)


CASES = {"yield1": yield1, "yield": yield_, "spawn": spawn, "gather": gather, "queue": queue, "sleep": sleep,
         "cancel": cancel, "rss": rss}


async def main(words):
    name, count = words
    return await CASES[name](int(count))


measurement.run(main)
