# SPDX-License-Identifier: Apache-2.0
"""The classic of work for the CPU in asyncio: a multiprocessing pool behind an executor."""
import asyncio
from multiprocessing import Pool


def cpu_task(n):
    return n * n


async def main():
    loop = asyncio.get_running_loop()
    with Pool() as pool:
        results = await loop.run_in_executor(None, pool.map, cpu_task, range(10))
    print(results)


if __name__ == "__main__":
    asyncio.run(main())
