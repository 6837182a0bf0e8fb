# SPDX-License-Identifier: Apache-2.0
import asyncio


async def download(name, seconds):
    await asyncio.sleep(seconds)  # a real one: await session.get(url)
    print("downloaded", name)
    return len(name)


async def main():
    first, second, third = await asyncio.gather(
        download("a.txt", 0.6),
        download("photo.jpg", 0.2),
        download("film.webm", 0.4),
    )
    print("sizes:", first, second, third)


asyncio.run(main())
