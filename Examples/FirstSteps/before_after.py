# SPDX-License-Identifier: Apache-2.0
import asyncio


async def work():
    print("working")
    await asyncio.sleep(0.2)
    return "done"


async def main():
    task = asyncio.create_task(work())
    print("before")
    result = await task
    print("after:", result)


asyncio.run(main())
