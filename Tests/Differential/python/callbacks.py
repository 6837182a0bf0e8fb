# SPDX-License-Identifier: Apache-2.0
"""Callbacks on the loop: call_soon, call_later, call_at and call_soon_threadsafe."""
import asyncio
import threading

from harness import rest


async def call_soon_is_first_in_first_out(log):
    loop = asyncio.get_running_loop()
    for name in ["a", "b", "c"]:
        loop.call_soon(log, name)
    log("scheduled")
    await asyncio.sleep(0)
    log("a turn later")


async def a_callback_that_a_callback_adds_waits_a_turn(log):
    loop = asyncio.get_running_loop()

    def a():
        log("a")
        loop.call_soon(log, "added by a")

    loop.call_soon(a)
    loop.call_soon(log, "b")
    await asyncio.sleep(0)
    log("a turn later")
    await asyncio.sleep(0)
    log("two turns later")


async def callbacks_and_tasks_share_one_line(log):
    loop = asyncio.get_running_loop()

    async def task(name):
        log(name)

    loop.call_soon(log, "callback 1")
    first = asyncio.create_task(task("task 1"))
    loop.call_soon(log, "callback 2")
    second = asyncio.create_task(task("task 2"))
    loop.call_soon(log, "callback 3")
    await first
    await second


async def a_cancelled_callback_is_not_called(log):
    loop = asyncio.get_running_loop()
    handles = [loop.call_soon(log, name) for name in ["a", "b", "c"]]
    handles[1].cancel()
    handles[1].cancel()
    log(f"{[handle.cancelled() for handle in handles]}".lower())
    await rest()


async def a_callback_cancels_the_next(log):
    loop = asyncio.get_running_loop()
    handles = []

    def a():
        log("a")
        handles[0].cancel()

    loop.call_soon(a)
    handles.append(loop.call_soon(log, "b"))
    loop.call_soon(log, "c")
    await rest()


async def a_handle_cancelled_after_its_call(log):
    loop = asyncio.get_running_loop()
    handle = loop.call_soon(log, "called")
    await rest()
    handle.cancel()
    log(f"cancelled {handle.cancelled()}".lower())


async def call_later_goes_by_time(log):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_later(0.030, done.set_result, None)
    loop.call_later(0.020, log, "20 ms")
    loop.call_later(0.001, log, "1 ms")
    loop.call_later(0.010, log, "10 ms")
    await done
    log("30 ms")


async def call_at_the_same_time_keeps_the_order(log):
    loop = asyncio.get_running_loop()
    when = loop.time() + 0.001
    loop.call_at(when, log, "a")
    loop.call_at(when, log, "b")
    await asyncio.sleep(0.010)


async def call_at_a_past_time_is_called_soon(log):
    loop = asyncio.get_running_loop()
    loop.call_at(loop.time() - 1, log, "past")
    log("scheduled")
    await asyncio.sleep(0.001)


async def call_later_without_delay_comes_after_what_is_ready(log):
    loop = asyncio.get_running_loop()
    loop.call_soon(log, "soon 1")
    loop.call_later(0, log, "later")
    loop.call_soon(log, "soon 2")
    await asyncio.sleep(0.001)


async def a_cancelled_timer_is_not_called(log):
    loop = asyncio.get_running_loop()
    handle = loop.call_later(0.001, log, "cancelled")
    loop.call_later(0.002, log, "called")
    handle.cancel()
    await asyncio.sleep(0.010)


async def a_timer_knows_its_time(log):
    loop = asyncio.get_running_loop()
    now = loop.time()
    handle = loop.call_at(now + 3600, log, "never")
    log(f"{handle.when() == now + 3600}".lower())
    handle.cancel()


async def a_timer_cancels_one_that_is_due_with_it(log):
    loop = asyncio.get_running_loop()
    when = loop.time() + 0.001
    later = []

    def first():
        log("first")
        later[0].cancel()

    loop.call_at(when, first)
    later.append(loop.call_at(when + 0.000001, log, "second"))
    await asyncio.sleep(0.010)


async def call_soon_threadsafe_on_the_loop_stands_in_line(log):
    loop = asyncio.get_running_loop()
    loop.call_soon(log, "a")
    loop.call_soon_threadsafe(log, "b")
    loop.call_soon(log, "c")
    log("scheduled")
    await asyncio.sleep(0)


async def call_soon_threadsafe_wakes_the_loop(log):
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def other_thread():
        for name in ["a", "b"]:
            loop.call_soon_threadsafe(log, name)
        loop.call_soon_threadsafe(done.set_result, None)

    thread = threading.Thread(target=other_thread)
    thread.start()
    await done
    log("woken")
    thread.join()
