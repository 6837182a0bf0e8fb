# SPDX-License-Identifier: Apache-2.0
import asyncio


async def count_down(start):
    for number in range(start, 0, -1):
        yield number
        await asyncio.sleep(0.2)


async def main():
    async for number in count_down(3):
        print(number)
    print("lift-off")


if __name__ == "__main__":
    asyncio.run(main())
