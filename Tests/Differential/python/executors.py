# SPDX-License-Identifier: Apache-2.0
"""Functions on other threads: to_thread, run_in_executor, concurrent.futures, and the way back to the loop."""
import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from harness import Failure, describe, rest

value = contextvars.ContextVar("value", default=0)


async def a_function_runs_on_another_thread(log):
    here = threading.get_ident()
    there = await asyncio.to_thread(threading.get_ident)
    log(f"same thread: {here == there}")


async def a_functions_error_comes_back(log):
    def fail():
        raise Failure("oh")

    try:
        await asyncio.to_thread(fail)
    except Failure as error:
        log(describe(error))


async def the_loop_goes_on_meanwhile(log):
    may_end = threading.Event()

    def function():
        may_end.wait()
        return "function"

    call = asyncio.create_task(asyncio.to_thread(function))
    await rest()
    log("loop")
    may_end.set()
    log(await call)


async def to_thread_has_the_callers_context(log):
    value.set(7)
    log(f"seen: {await asyncio.to_thread(value.get)}")


async def run_in_executor_and_the_callers_context(log):
    value.set(7)
    loop = asyncio.get_running_loop()
    log(f"seen: {await loop.run_in_executor(None, value.get)}")


async def _cancel_a_started_call(log):
    loop = asyncio.get_running_loop()
    started, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def function():
        started.set()
        may_end.wait()
        ended.set()

    call = asyncio.create_task(asyncio.to_thread(function))
    await loop.run_in_executor(None, started.wait)
    call.cancel()
    await rest()
    log(f"caller done: {call.done()}")
    may_end.set()
    try:
        await call
    except asyncio.CancelledError as error:
        log(describe(error))
    await loop.run_in_executor(None, ended.wait)
    log("function ended")


async def a_cancelled_caller_of_a_function_that_has_started(log):
    await _cancel_a_started_call(log)


async def a_cancelled_caller_that_abandons_its_function(log):
    await _cancel_a_started_call(log)


async def a_function_in_line_whose_caller_is_cancelled_never_starts(log):
    loop = asyncio.get_running_loop()
    may_end = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as pool:
        first = loop.run_in_executor(pool, may_end.wait)
        second = asyncio.ensure_future(loop.run_in_executor(pool, log, "second"))
        third = loop.run_in_executor(pool, log, "third")
        await rest()
        second.cancel()
        await rest()
        log(f"second cancelled: {second.cancelled()}")
        may_end.set()
        await first
        await third


async def functions_of_one_thread_run_in_their_order(log):
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, log, f"{n}") for n in range(5)))


async def an_executor_that_is_shut_down_refuses(log):
    pool = ThreadPoolExecutor(max_workers=1)
    log(f"{await asyncio.get_running_loop().run_in_executor(pool, lambda: 42)}")
    pool.shutdown()
    try:
        await asyncio.get_running_loop().run_in_executor(pool, lambda: 42)
    except RuntimeError:
        log("refused")


async def shutdown_cancels_what_is_in_line(log):
    may_end = threading.Event()
    pool = ThreadPoolExecutor(max_workers=1)
    first = pool.submit(may_end.wait)
    second = pool.submit(log, "second")
    pool.shutdown(wait=False, cancel_futures=True)
    log(f"second cancelled: {second.cancelled()}")
    may_end.set()
    pool.shutdown()
    log(f"first done: {first.done()}")


async def map_keeps_the_order(log):
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=3) as pool:
        log(f"{await loop.run_in_executor(None, list, pool.map(lambda n: n * n, range(10)))}")


async def the_initializer_runs_first(log):
    with ThreadPoolExecutor(max_workers=1, initializer=lambda: log("initializer")) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, log, "function")
        await asyncio.get_running_loop().run_in_executor(pool, log, "another")


async def a_thread_calls_into_the_loop(log):
    loop = asyncio.get_running_loop()
    here = threading.get_ident()

    async def work():
        await asyncio.sleep(0.001)
        log(f"on the loop's thread: {threading.get_ident() == here}")
        return 42

    def function():
        return asyncio.run_coroutine_threadsafe(work(), loop).result()

    log(f"{await asyncio.to_thread(function)}")


async def an_error_goes_back_to_the_thread(log):
    loop = asyncio.get_running_loop()

    async def fail():
        raise Failure("of the loop")

    def function():
        try:
            asyncio.run_coroutine_threadsafe(fail(), loop).result()
        except Failure as error:
            return describe(error)

    log(await asyncio.to_thread(function))
