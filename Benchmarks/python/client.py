# SPDX-License-Identifier: Apache-2.0
"""Gets a page repeatedly with one aiohttp session and reads the bodies: client.py asyncio|uvloop URL COUNT CONC."""
import asyncio

import aiohttp
import measurement


async def main(words):
    url, count, concurrency = words[0], int(words[1]), int(words[2])
    started = succeeded = size = 0

    async def fetch():
        nonlocal started, succeeded, size
        while started < count:
            started += 1
            async with session.get(url) as response:
                body = await response.read()
                succeeded += response.status == 200
                size += len(body)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
        stopwatch = measurement.Stopwatch()
        await asyncio.gather(*(fetch() for _ in range(concurrency)))
        return stopwatch.report(count, ok=succeeded, bytes=size)


measurement.run(main)
