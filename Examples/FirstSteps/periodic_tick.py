# SPDX-License-Identifier: Apache-2.0
import asyncio
import time


async def main():
    due = time.monotonic()
    for number in range(1, 6):
        due += 0.1
        await asyncio.sleep(due - time.monotonic())
        print(f"tick {number}: late by {time.monotonic() - due} seconds")


asyncio.run(main())
