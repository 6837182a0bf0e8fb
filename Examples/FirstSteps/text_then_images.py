# SPDX-License-Identifier: Apache-2.0
import asyncio


async def load(name, seconds):
    await asyncio.sleep(seconds)
    return name


async def main():
    images = [
        asyncio.create_task(load(name, seconds))
        for name, seconds in [("map", 0.6), ("portrait", 0.2), ("logo", 0.4)]
    ]
    print("text:", await load("once upon a time", 0.1))
    for image in asyncio.as_completed(images):
        print("image:", await image)


asyncio.run(main())
