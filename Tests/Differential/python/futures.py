# SPDX-License-Identifier: Apache-2.0
"""Future: set once, awaited by many."""
import asyncio

from harness import Failure, describe, rest


async def a_result_wakes_who_waits(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter():
        log("waits")
        log(f"{await future}")

    task = asyncio.create_task(waiter())
    await rest()
    future.set_result(42)
    log("set")
    await task


async def a_result_that_is_there_takes_no_turn(log):
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.set_result(42)
    loop.call_soon(log, "others run")
    log(f"{await future}")
    log(f"again {await future}")
    await asyncio.sleep(0)


async def an_exception_is_raised_where_it_is_awaited(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter():
        try:
            await future
        except Failure as error:
            log(describe(error))

    task = asyncio.create_task(waiter())
    await rest()
    future.set_exception(Failure("boom"))
    await task
    log(f"done {future.done()}, cancelled {future.cancelled()}, {describe(future.exception())}".lower())


async def waiters_wake_in_the_order_they_came(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter(name):
        log(f"{name} {await future}")

    tasks = [asyncio.create_task(waiter(name)) for name in ["a", "b", "c"]]
    await rest()
    future.set_result(42)
    for task in tasks:
        await task


async def a_future_is_set_only_once(log):
    future = asyncio.get_running_loop().create_future()

    def attempt(name, set, value):
        try:
            set(value)
            log(f"{name} true")
        except asyncio.InvalidStateError:
            log(f"{name} false")

    attempt("first", future.set_result, 1)
    attempt("second", future.set_result, 2)
    attempt("exception", future.set_exception, Failure("boom"))
    log(f"{await future}")


async def cancelling_a_future(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter(name):
        try:
            await future
        except asyncio.CancelledError:
            log(f"{name} cancelled")

    tasks = [asyncio.create_task(waiter(name)) for name in ["a", "b"]]
    await rest()
    log(f"cancel {future.cancel()}".lower())
    log(f"cancel {future.cancel()}".lower())
    log(f"done {future.done()}, cancelled {future.cancelled()}".lower())
    for task in tasks:
        await task


async def cancelling_a_future_that_is_set(log):
    future = asyncio.get_running_loop().create_future()
    future.set_result(42)
    log(f"cancel {future.cancel()}".lower())
    log(f"cancelled {future.cancelled()}, {await future}".lower())


async def setting_a_cancelled_future(log):
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    try:
        future.set_result(42)
        log("set")
    except asyncio.InvalidStateError:
        log("too late")


async def a_pending_future_has_no_result(log):
    future = asyncio.get_running_loop().create_future()
    try:
        future.result()
    except asyncio.InvalidStateError:
        log("no result")
    future.set_result(42)
    log(f"{future.result()}")


async def callbacks_come_in_their_order(log):
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda future: log("first"))
    future.add_done_callback(lambda future: log(f"second sees {future.result()}"))
    future.set_result(42)
    log("set")
    await asyncio.sleep(0)
    future.add_done_callback(lambda future: log("late"))
    log("added")
    await asyncio.sleep(0)


async def callbacks_and_waiters_share_one_line(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter():
        await future
        log("waiter")

    future.add_done_callback(lambda future: log("callback 1"))
    task = asyncio.create_task(waiter())
    await rest()
    future.add_done_callback(lambda future: log("callback 2"))
    future.set_result(None)
    await task
    await rest()


async def cancelling_who_waits_cancels_the_future(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter(name):
        try:
            await future
        except asyncio.CancelledError:
            log(f"{name} cancelled")

    a, b = [asyncio.create_task(waiter(name)) for name in ["a", "b"]]
    await rest()
    a.cancel()
    await rest()
    log(f"future cancelled {future.cancelled()}".lower())


async def a_cancel_after_the_result_was_set(log):
    future = asyncio.get_running_loop().create_future()

    async def waiter():
        try:
            log(f"gets {await future}")
        except asyncio.CancelledError:
            log("cancelled, the result is lost")
            raise

    task = asyncio.create_task(waiter())
    await rest()
    future.set_result(42)
    task.cancel()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())


async def an_exception_that_nobody_awaits_is_reported(log):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: log(describe(context["exception"])))
    future = loop.create_future()
    future.set_exception(Failure("boom"))
    await rest()
    log("still held")
    del future
    await rest()
    log("dropped")
