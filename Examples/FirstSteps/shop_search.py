# SPDX-License-Identifier: Apache-2.0
import asyncio


async def ask(supplier, thing, seconds):
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        print(supplier, "was too slow")
        raise
    return f"{thing} from {supplier}"


async def main():
    suppliers = [("Abel", 0.3), ("Bauer", 60), ("Cohn", 0.1)]
    offers = []

    async def take(supplier, seconds):
        offers.append(await ask(supplier, "a lamp", seconds))

    try:
        async with asyncio.timeout(2), asyncio.TaskGroup() as group:
            for supplier, seconds in suppliers:
                group.create_task(take(supplier, seconds))
    except TimeoutError:
        pass
    print(f"{len(offers)} offers:", ", ".join(offers))


asyncio.run(main())
