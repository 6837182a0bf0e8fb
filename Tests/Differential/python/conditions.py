# SPDX-License-Identifier: Apache-2.0
"""Condition: which tasks are notified, and that each has the lock again after its wait."""
import asyncio

from harness import describe, rest, since


def _waiters(condition, log, *names):
    async def waiter(name):
        async with condition:
            try:
                await condition.wait()
                log(f"{name} woken, locked {condition.locked()}".lower())
            except asyncio.CancelledError as error:
                log(f"{name} {describe(error)}, locked {condition.locked()}".lower())
                raise

    return [asyncio.create_task(waiter(name)) for name in names]


async def waiting_lets_the_lock_go(log):
    condition = asyncio.Condition()
    tasks = _waiters(condition, log, "a")
    await rest()
    log(f"locked {condition.locked()}".lower())
    async with condition:
        condition.notify()
        log("notified")
        await rest()
        log("still held")
    await tasks[0]
    log(f"locked {condition.locked()}".lower())


async def notify_wakes_as_many_as_it_says(log):
    condition = asyncio.Condition()
    tasks = _waiters(condition, log, "a", "b", "c", "d")
    await rest()
    for count in [1, 2]:
        async with condition:
            condition.notify(count)
            log(f"notified {count}")
        await rest()
    async with condition:
        condition.notify(5)
        log("notified 5")
    await tasks[3]


async def notify_all_wakes_all_one_after_the_other(log):
    condition = asyncio.Condition()

    async def waiter(name):
        async with condition:
            await condition.wait()
            log(f"{name} has the lock")
            await asyncio.sleep(0)
            log(f"{name} lets it go")

    tasks = [asyncio.create_task(waiter(name)) for name in ["a", "b", "c"]]
    await rest()
    async with condition:
        condition.notify_all()
    for task in tasks:
        await task


async def notifying_nobody_is_forgotten(log):
    condition = asyncio.Condition()
    async with condition:
        condition.notify()
    tasks = _waiters(condition, log, "a")
    await rest()
    log(f"done {tasks[0].done()}".lower())
    async with condition:
        condition.notify()
    await tasks[0]


async def waiting_for_a_predicate(log):
    condition, count = asyncio.Condition(), 0

    async def waiter():
        async with condition:
            await condition.wait_for(lambda: log(f"asked at {count}") or count >= 2)
            log("goes on")

    task = asyncio.create_task(waiter())
    for _ in range(2):
        await rest()
        async with condition:
            count += 1
            condition.notify_all()
    await task


async def a_predicate_that_holds_takes_no_turn(log):
    condition = asyncio.Condition()
    asyncio.get_running_loop().call_soon(log, "others run")
    async with condition:
        await condition.wait_for(lambda: True)
        log("goes on")
    await asyncio.sleep(0)


async def a_cancelled_waiter_has_the_lock_again(log):
    condition = asyncio.Condition()
    tasks = _waiters(condition, log, "a")
    await rest()
    async with condition:
        log("cancelling")
        tasks[0].cancel()
        await rest()
        log(f"done {tasks[0].done()}".lower())
    await rest()
    log(f"cancelled {tasks[0].cancelled()}, locked {condition.locked()}".lower())


# Before, a cancelled task keeps the notification (python/cpython#112202).
@since(3, 13)
async def a_notified_waiter_that_is_cancelled_passes_it_on(log):
    condition = asyncio.Condition()
    tasks = _waiters(condition, log, "a", "b")
    await rest()
    async with condition:
        condition.notify()
        tasks[0].cancel()
    await rest()
    log(f"a cancelled {tasks[0].cancelled()}, b done {tasks[1].done()}".lower())
    async with condition:
        condition.notify_all()
    await rest()


async def two_conditions_on_one_lock(log):
    lock = asyncio.Lock()
    full, empty = asyncio.Condition(lock), asyncio.Condition(lock)
    tasks = _waiters(full, log, "full") + _waiters(empty, log, "empty")
    await rest()
    async with lock:
        empty.notify()
    await rest()
    async with lock:
        full.notify()
    await rest()
    log(f"{[task.done() for task in tasks]}".lower())


async def a_producer_and_consumers(log):
    condition, items = asyncio.Condition(), []

    async def consumer(name):
        async with condition:
            await condition.wait_for(lambda: items)
            log(f"{name} takes {items.pop(0)}")

    async def producer():
        for item in [1, 2]:
            async with condition:
                items.append(item)
                log(f"made {item}")
                condition.notify()
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(consumer(name)) for name in ["a", "b"]]
    await rest()
    await producer()
    for task in tasks:
        await task
