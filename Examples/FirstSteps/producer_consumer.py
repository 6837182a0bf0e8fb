# SPDX-License-Identifier: Apache-2.0
import asyncio


async def produce(queue):
    for number in range(1, 6):
        await queue.put(number)
        print("produced", number)
        await asyncio.sleep(0.1)
    await queue.put(None)  # Python 3.13: queue.shutdown()


async def consume(queue):
    await asyncio.sleep(0.05)
    while (number := await queue.get()) is not None:
        print("consumed", number)
    print("no more")


async def main():
    queue = asyncio.Queue(maxsize=2)
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(queue))
        group.create_task(consume(queue))


asyncio.run(main())
