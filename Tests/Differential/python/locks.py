# SPDX-License-Identifier: Apache-2.0
"""Lock: which task gets it, and what a cancelled waiter leaves behind."""
import asyncio

from harness import describe, rest


async def a_lock_is_given_in_the_order_of_asking(log):
    lock = asyncio.Lock()

    async def user(name):
        log(f"{name} asks")
        async with lock:
            log(f"{name} has it")
            await asyncio.sleep(0)
            log(f"{name} gives it back")

    tasks = [asyncio.create_task(user(name)) for name in ["a", "b", "c"]]
    for task in tasks:
        await task
    log(f"locked {lock.locked()}".lower())


async def a_free_lock_is_taken_without_a_turn(log):
    lock = asyncio.Lock()
    asyncio.get_running_loop().call_soon(log, "others run")
    await lock.acquire()
    log(f"locked {lock.locked()}".lower())
    lock.release()
    log(f"locked {lock.locked()}".lower())
    await asyncio.sleep(0)


async def nobody_overtakes_who_was_woken(log):
    lock = asyncio.Lock()
    await lock.acquire()

    async def user(name):
        async with lock:
            log(f"{name} has it")

    waiter = asyncio.create_task(user("waiter"))
    await rest()
    lock.release()
    # Between the release and the waiter's turn, the lock already belongs to the waiter.
    async with lock:
        log("main has it")
    await waiter


async def a_cancelled_waiter_leaves_the_line(log):
    lock = asyncio.Lock()
    await lock.acquire()

    async def user(name):
        try:
            async with lock:
                log(f"{name} has it")
        except asyncio.CancelledError as error:
            log(f"{name} {describe(error)}")
            raise

    a, b = [asyncio.create_task(user(name)) for name in ["a", "b"]]
    await rest()
    a.cancel()
    await rest()
    log(f"locked {lock.locked()}".lower())
    lock.release()
    await b


async def a_section_that_fails_gives_the_lock_back(log):
    lock = asyncio.Lock()
    try:
        async with lock:
            raise ValueError
    except ValueError:
        log(f"locked {lock.locked()}".lower())


async def a_holder_that_is_cancelled_gives_the_lock_back(log):
    lock = asyncio.Lock()

    async def holder():
        async with lock:
            log("held")
            await asyncio.sleep(3600)

    task = asyncio.create_task(holder())
    await rest()
    task.cancel()
    async with lock:
        log("main has it")
    log(f"holder cancelled {task.cancelled()}".lower())
