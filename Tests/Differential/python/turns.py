# SPDX-License-Identifier: Apache-2.0
"""The order of execution: coroutines that take turns, and sleep."""
import asyncio

from harness import describe, forever, rest


async def hello_world_twice(log):
    async def say_hello():
        log("Hello")
        await asyncio.sleep(0.001)
        log("world")

    await say_hello()
    await say_hello()


async def hello_world_together(log):
    async def say_hello(name):
        log(f"Hello {name}")
        await asyncio.sleep(0)
        log(f"world {name}")

    tasks = [asyncio.create_task(say_hello(name)) for name in ["a", "b"]]
    for task in tasks:
        await task


async def sleep_zero_takes_turns(log):
    async def count(name, end):
        for number in range(end):
            log(f"{name} {number}")
            await asyncio.sleep(0)
        log(f"{name} done")

    tasks = [asyncio.create_task(count(name, end)) for name, end in [("a", 3), ("b", 1), ("c", 2)]]
    log("created")
    for task in tasks:
        await task


async def a_negative_sleep_takes_one_turn(log):
    asyncio.get_running_loop().call_soon(log, "callback")
    log("before")
    await asyncio.sleep(-1)
    log("after")


async def sleep_zero_takes_exactly_one_turn(log):
    loop = asyncio.get_running_loop()

    def callback(number):
        log(f"callback {number}")
        if number < 3:
            loop.call_soon(callback, number + 1)

    loop.call_soon(callback, 1)
    for number in [1, 2, 3]:
        await asyncio.sleep(0)
        log(f"turn {number}")


async def sleeps_end_in_the_order_of_their_times(log):
    async def sleeper(milliseconds):
        await asyncio.sleep(milliseconds / 1000)
        log(f"{milliseconds} ms")

    tasks = [asyncio.create_task(sleeper(milliseconds)) for milliseconds in [30, 10, 20]]
    for task in tasks:
        await task


async def awaiting_a_coroutine_does_not_let_others_run(log):
    async def inner():
        log("inner")

    other = asyncio.create_task(inner())
    await inner()
    log("after inner")
    await other


async def a_task_without_an_await_runs_through(log):
    async def busy(name):
        for number in range(3):
            log(f"{name} {number}")

    tasks = [asyncio.create_task(busy(name)) for name in ["a", "b"]]
    log("created")
    for task in tasks:
        await task


async def a_cancelled_sleep_ends_at_once(log):
    async def sleeper():
        try:
            await forever()
        except asyncio.CancelledError as error:
            log(describe(error))
            raise

    task = asyncio.create_task(sleeper())
    await rest()
    task.cancel()
    log("cancel called")
    try:
        await task
    except asyncio.CancelledError:
        log("done")


async def what_is_left_at_the_end_is_cancelled(log):
    async def left():
        try:
            await forever()
        except asyncio.CancelledError:
            log("left task cancelled")
            raise

    task = asyncio.create_task(left(), name="left")
    await rest()
    log(f"body ends before {task.get_name()}")
