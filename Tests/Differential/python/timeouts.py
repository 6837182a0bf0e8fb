# SPDX-License-Identifier: Apache-2.0
"""timeout: when it fires, which limit fires, and how the body responds."""
import asyncio

from harness import Failure, describe, forever, rest


async def a_timeout_that_fires(log):
    try:
        async with asyncio.timeout(0.005):
            try:
                await forever()
            except asyncio.CancelledError as error:
                log(f"body {describe(error)}")
                raise
    except TimeoutError as error:
        log(describe(error))


async def a_timeout_that_does_not_fire(log):
    async with asyncio.timeout(3600):
        await rest()
        log("body")
    log("after")


async def a_body_that_fails_within_its_time(log):
    try:
        async with asyncio.timeout(3600):
            raise Failure("boom")
    except Failure as error:
        log(describe(error))


async def a_body_that_fails_in_its_clean_up(log):
    try:
        async with asyncio.timeout(0.005):
            try:
                await forever()
            except asyncio.CancelledError:
                raise Failure("clean-up failed")
    except Failure as error:
        log(describe(error))


async def a_body_that_swallows_the_cancellation(log):
    async with asyncio.timeout(0.005) as timeout:
        try:
            await forever()
        except asyncio.CancelledError:
            log("swallowed")
    log(f"no error, expired {timeout.expired()}".lower())


async def a_body_that_returns_a_value_in_its_clean_up(log):
    async def body():
        async with asyncio.timeout(0.005):
            try:
                await forever()
            except asyncio.CancelledError:
                return "half of it"

    log(await body())


async def the_task_goes_on_after_a_timeout(log):
    for attempt in [1, 2]:
        try:
            async with asyncio.timeout(0.005):
                await forever()
        except TimeoutError:
            log(f"attempt {attempt} timeout")
    await asyncio.sleep(0.001)
    log(f"cancelled {asyncio.current_task().cancelling() > 0}".lower())


async def the_inner_of_two_timeouts_fires(log):
    async with asyncio.timeout(3600):
        try:
            async with asyncio.timeout(0.005):
                await forever()
        except TimeoutError as error:
            log(f"inner {describe(error)}")
        await asyncio.sleep(0)
        log("outer goes on")
    log("no outer timeout")


async def the_outer_of_two_timeouts_fires(log):
    try:
        async with asyncio.timeout(0.005):
            try:
                async with asyncio.timeout(3600):
                    await forever()
            except TimeoutError:
                log("inner timeout")
            except asyncio.CancelledError as error:
                log(f"inner {describe(error)}")
                raise
    except TimeoutError as error:
        log(f"outer {describe(error)}")


async def the_outer_timeout_fires_in_the_inner_clean_up(log):
    try:
        async with asyncio.timeout(0.010):
            try:
                async with asyncio.timeout(0.001):
                    try:
                        await forever()
                    except asyncio.CancelledError:
                        log("clean-up begins")
                        try:
                            await forever()
                        finally:
                            log("clean-up ends")
            except TimeoutError:
                log("inner timeout")
                raise
            except asyncio.CancelledError as error:
                log(f"inner {describe(error)}")
                raise
    except TimeoutError:
        log("outer timeout")


async def an_inner_timeout_is_not_mistaken_for_the_outer(log):
    async with asyncio.timeout(3600) as outer:
        try:
            async with asyncio.timeout(0.005) as inner:
                await forever()
        except TimeoutError:
            log(f"inner expired {inner.expired()}, outer expired {outer.expired()}".lower())


async def a_timeout_error_of_the_body_passes(log):
    async with asyncio.timeout(3600) as timeout:
        try:
            raise TimeoutError
        except TimeoutError as error:
            log(f"body {describe(error)}")
    log(f"expired {timeout.expired()}".lower())


async def cancelling_the_task_is_not_a_timeout(log):
    async def body():
        try:
            async with asyncio.timeout(3600):
                await forever()
        except BaseException as error:
            log(describe(error))
            raise

    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())


async def cancelled_first_and_out_of_time_in_the_clean_up(log):
    async def body():
        try:
            async with asyncio.timeout(0.005) as timeout:
                try:
                    await forever()
                except asyncio.CancelledError:
                    log("clean-up begins")
                    try:
                        await released.wait()
                    finally:
                        log(f"clean-up ends, expired {timeout.expired()}".lower())
                    raise
        except BaseException as error:
            log(describe(error))
            raise

    released = asyncio.Event()
    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    await asyncio.sleep(0.020)
    released.set()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())


async def out_of_time_first_and_cancelled_in_the_clean_up(log):
    async def body():
        try:
            async with asyncio.timeout(0.001):
                try:
                    await forever()
                except asyncio.CancelledError:
                    log("clean-up begins")
                    cleaning.set()
                    await released.wait()
        except BaseException as error:
            log(describe(error))
            raise

    cleaning, released = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(body())
    await cleaning.wait()
    task.cancel()
    await rest()
    released.set()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())


async def a_timeout_in_the_past_lets_the_body_begin(log):
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() - 1):
            log("body begins")
            await asyncio.sleep(0)
            log("body goes on")
    except TimeoutError as error:
        log(describe(error))


async def a_timeout_of_zero_lets_the_body_begin(log):
    try:
        async with asyncio.timeout(0):
            log("body begins")
            await asyncio.sleep(0)
            log("body goes on")
    except TimeoutError as error:
        log(describe(error))


async def a_body_that_never_waits_is_not_timed_out(log):
    async with asyncio.timeout(0):
        log("body")
    await asyncio.sleep(0)
    log("no error")


async def a_timeout_put_off(log):
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(0.005) as timeout:
        timeout.reschedule(loop.time() + 3600)
        await asyncio.sleep(0.020)
        log("body ends")
    log(f"expired {timeout.expired()}".lower())


async def a_timeout_brought_forward(log):
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(3600) as timeout:
            timeout.reschedule(loop.time() + 0.005)
            await forever()
    except TimeoutError as error:
        log(f"{describe(error)}, expired {timeout.expired()}".lower())


async def a_timeout_without_a_time_until_it_is_given_one(log):
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as timeout:
            log("never" if timeout.when() is None else "some time")
            timeout.reschedule(loop.time() + 0.005)
            await forever()
    except TimeoutError as error:
        log(describe(error))


async def a_timeout_cancels_the_task_that_the_body_awaits(log):
    async def inner():
        try:
            await forever()
        except asyncio.CancelledError as error:
            log(f"inner {describe(error)}")
            raise

    task = asyncio.create_task(inner())
    try:
        async with asyncio.timeout(0.005):
            await task
    except TimeoutError as error:
        log(describe(error))
    log(f"inner cancelled {task.cancelled()}".lower())


async def a_timeout_spares_the_tasks_that_the_body_started(log):
    async def started():
        await released.wait()
        log("started task goes on")

    released, tasks = asyncio.Event(), []
    try:
        async with asyncio.timeout(0.005):
            tasks.append(asyncio.create_task(started()))
            await forever()
    except TimeoutError as error:
        log(describe(error))
    released.set()
    await tasks[0]


async def a_body_runs_in_the_task_that_has_the_timeout(log):
    before = asyncio.current_task()
    async with asyncio.timeout(3600):
        await asyncio.sleep(0)
        log(f"the same task {asyncio.current_task() is before}".lower())


async def a_timeout_starts_without_a_turn(log):
    asyncio.get_running_loop().call_soon(log, "others run")
    async with asyncio.timeout(3600):
        log("body")
    log("after")
    await asyncio.sleep(0)


async def two_timeouts_at_the_same_time(log):
    when = asyncio.get_running_loop().time() + 0.005
    try:
        async with asyncio.timeout_at(when):
            try:
                async with asyncio.timeout_at(when):
                    await forever()
            except TimeoutError:
                log("inner timeout")
                raise
            except asyncio.CancelledError:
                log("inner cancelled")
                raise
    except TimeoutError:
        log("outer timeout")
