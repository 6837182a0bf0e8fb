# SPDX-License-Identifier: Apache-2.0
"""Semaphore: as many tasks as it has permits, in the order of their requests."""
import asyncio

from harness import describe, rest, since


async def as_many_as_there_are_permits(log):
    semaphore = asyncio.Semaphore(2)

    async def user(name):
        async with semaphore:
            log(f"{name} in")
            await asyncio.sleep(0)
            log(f"{name} out")

    tasks = [asyncio.create_task(user(name)) for name in ["a", "b", "c", "d"]]
    for task in tasks:
        await task
    log(f"locked {semaphore.locked()}".lower())


async def a_permit_that_is_there_takes_no_turn(log):
    semaphore = asyncio.Semaphore(1)
    asyncio.get_running_loop().call_soon(log, "others run")
    log(f"locked {semaphore.locked()}".lower())
    await semaphore.acquire()
    log(f"locked {semaphore.locked()}".lower())
    await asyncio.sleep(0)


async def permits_are_given_in_the_order_of_asking(log):
    semaphore = asyncio.Semaphore(0)

    async def user(name):
        await semaphore.acquire()
        log(f"{name} in")

    tasks = [asyncio.create_task(user(name)) for name in ["a", "b", "c"]]
    await rest()
    for _ in range(3):
        semaphore.release()
    for task in tasks:
        await task


async def nobody_overtakes_who_was_woken(log):
    semaphore = asyncio.Semaphore(1)
    await semaphore.acquire()

    async def user(name):
        async with semaphore:
            log(f"{name} in")

    waiter = asyncio.create_task(user("waiter"))
    await rest()
    semaphore.release()
    log(f"locked {semaphore.locked()}".lower())
    async with semaphore:
        log("main in")
    await waiter


async def a_cancelled_waiter_leaves_the_line(log):
    semaphore = asyncio.Semaphore(0)

    async def user(name):
        try:
            await semaphore.acquire()
            log(f"{name} in")
        except asyncio.CancelledError as error:
            log(f"{name} {describe(error)}")
            raise

    a, b = [asyncio.create_task(user(name)) for name in ["a", "b"]]
    await rest()
    a.cancel()
    await rest()
    semaphore.release()
    await b


async def a_waiter_cancelled_with_its_permit(log):
    semaphore = asyncio.Semaphore(0)

    async def user(name):
        try:
            await semaphore.acquire()
            log(f"{name} in")
        except asyncio.CancelledError as error:
            log(f"{name} {describe(error)}")
            raise

    a, b = [asyncio.create_task(user(name)) for name in ["a", "b"]]
    await rest()
    a.cancel()
    semaphore.release()
    await rest()
    log(f"b done {b.done()}".lower())
    await b


@since(3, 13)
async def a_waiter_cancelled_after_its_permit_came(log):
    semaphore = asyncio.Semaphore(0)

    async def user(name):
        try:
            await semaphore.acquire()
            log(f"{name} in")
        except asyncio.CancelledError as error:
            log(f"{name} {describe(error)}")
            raise

    a, b = [asyncio.create_task(user(name)) for name in ["a", "b"]]
    await rest()
    semaphore.release()
    a.cancel()
    await rest()
    log(f"a cancelled {a.cancelled()}, b done {b.done()}".lower())
    semaphore.release()
    await rest()


async def anyone_may_release_beyond_the_first_value(log):
    semaphore = asyncio.Semaphore(1)
    semaphore.release()
    await semaphore.acquire()
    log(f"locked {semaphore.locked()}".lower())
    await semaphore.acquire()
    log(f"locked {semaphore.locked()}".lower())


async def a_bounded_semaphore_gives_and_takes(log):
    semaphore = asyncio.BoundedSemaphore(1)
    async with semaphore:
        log(f"locked {semaphore.locked()}".lower())
    log(f"locked {semaphore.locked()}".lower())
