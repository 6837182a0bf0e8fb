# SPDX-License-Identifier: Apache-2.0
"""Event: set wakes all waiting tasks, and no others."""
import asyncio

from harness import describe, rest


async def setting_wakes_all_in_their_order(log):
    event = asyncio.Event()

    async def waiter(name):
        await event.wait()
        log(name)

    tasks = [asyncio.create_task(waiter(name)) for name in ["a", "b", "c"]]
    await rest()
    event.set()
    log("set")
    for task in tasks:
        await task


async def waiting_for_an_event_that_is_set_takes_no_turn(log):
    event = asyncio.Event()
    event.set()
    asyncio.get_running_loop().call_soon(log, "others run")
    await event.wait()
    log(f"set {event.is_set()}".lower())
    await asyncio.sleep(0)


async def setting_and_clearing_at_once_wakes_who_waits(log):
    event = asyncio.Event()

    async def waiter(name):
        await event.wait()
        log(f"{name} woken, set {event.is_set()}".lower())

    tasks = [asyncio.create_task(waiter(name)) for name in ["a", "b"]]
    await rest()
    event.set()
    event.clear()
    for task in tasks:
        await task


async def who_waits_again_after_a_clear_waits(log):
    event = asyncio.Event()

    async def waiter():
        for round in [1, 2]:
            await event.wait()
            log(f"woken {round}")
            event.clear()

    task = asyncio.create_task(waiter())
    await rest()
    event.set()
    await rest()
    log("setting again")
    event.set()
    await task


async def setting_twice_is_setting_once(log):
    event = asyncio.Event()
    event.set()
    event.set()
    log(f"set {event.is_set()}".lower())
    event.clear()
    log(f"set {event.is_set()}".lower())


async def a_cancelled_waiter_is_gone(log):
    event = asyncio.Event()

    async def waiter(name):
        try:
            await event.wait()
            log(name)
        except asyncio.CancelledError as error:
            log(f"{name} {describe(error)}")
            raise

    a, b = [asyncio.create_task(waiter(name)) for name in ["a", "b"]]
    await rest()
    a.cancel()
    await rest()
    event.set()
    await b


async def a_waiter_cancelled_with_the_event(log):
    event = asyncio.Event()

    async def waiter():
        try:
            await event.wait()
            log("woken")
        except asyncio.CancelledError as error:
            log(describe(error))
            raise

    task = asyncio.create_task(waiter())
    await rest()
    event.set()
    task.cancel()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())
