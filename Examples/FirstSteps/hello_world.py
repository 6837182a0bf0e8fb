# SPDX-License-Identifier: Apache-2.0
import asyncio


async def say_hello():
    print("hello")
    await asyncio.sleep(1)
    print("world")


async def main():
    await asyncio.gather(say_hello(), say_hello())


asyncio.run(main())
