# SPDX-License-Identifier: Apache-2.0
"""shield: what it protects from cancellation, and what it doesn't."""
import asyncio

from harness import Failure, describe, forever, rest


async def a_shielded_task_gives_its_result(log):
    async def inner():
        await asyncio.sleep(0)
        return 42

    log(f"{await asyncio.shield(asyncio.create_task(inner()))}")


async def a_shielded_task_raises_its_error(log):
    async def inner():
        raise Failure("boom")

    try:
        await asyncio.shield(asyncio.create_task(inner()))
    except Failure as error:
        log(describe(error))


async def a_shielded_task_goes_on_when_its_awaiter_is_cancelled(log):
    async def inner():
        await released.wait()
        log("inner goes on")
        return 42

    async def outer():
        try:
            await asyncio.shield(inner_task)
        except asyncio.CancelledError as error:
            log(f"outer {describe(error)}")
            raise

    released = asyncio.Event()
    inner_task = asyncio.create_task(inner())
    outer_task = asyncio.create_task(outer())
    await rest()
    outer_task.cancel()
    await rest()
    log(f"outer cancelled {outer_task.cancelled()}, inner done {inner_task.done()}".lower())
    released.set()
    log(f"{await inner_task}")


async def cancelling_the_shielded_task_itself(log):
    async def outer():
        try:
            await asyncio.shield(inner_task)
        except asyncio.CancelledError as error:
            log(f"outer {describe(error)}, cancelled itself {asyncio.current_task().cancelling() > 0}".lower())

    inner_task = asyncio.create_task(forever())
    outer_task = asyncio.create_task(outer())
    await rest()
    inner_task.cancel()
    await outer_task


async def an_error_after_the_awaiter_has_left_is_reported(log):
    async def inner():
        await released.wait()
        raise Failure("boom")

    async def outer():
        await asyncio.shield(inner_task)

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: log(describe(context["exception"])))
    released = asyncio.Event()
    inner_task = asyncio.create_task(inner())
    outer_task = asyncio.create_task(outer())
    await rest()
    outer_task.cancel()
    await rest()
    released.set()
    await rest()
    log("inner is done" if inner_task.done() else "inner waits")
    del inner_task, inner, outer
    await rest()


async def a_finished_task_is_shielded_without_a_turn(log):
    async def inner():
        return 42

    task = asyncio.create_task(inner())
    await rest()
    asyncio.get_running_loop().call_soon(log, "others run")
    log(f"{await asyncio.shield(task)}")
    await asyncio.sleep(0)


async def a_timeout_around_a_shield(log):
    async def inner():
        await released.wait()
        log("inner goes on")

    released = asyncio.Event()
    task = asyncio.create_task(inner())
    try:
        async with asyncio.timeout(0.005):
            await asyncio.shield(task)
    except TimeoutError as error:
        log(describe(error))
    released.set()
    await task


async def two_awaiters_of_a_shielded_task(log):
    async def inner():
        await released.wait()
        return 42

    async def outer(name):
        try:
            log(f"{name} {await asyncio.shield(task)}")
        except asyncio.CancelledError as error:
            log(f"{name} {describe(error)}")
            raise

    released = asyncio.Event()
    task = asyncio.create_task(inner())
    a, b = [asyncio.create_task(outer(name)) for name in ["a", "b"]]
    await rest()
    a.cancel()
    await rest()
    released.set()
    await b


async def an_awaiter_that_leaves_does_not_change_the_order_of_the_others(log):
    async def inner():
        await released.wait()

    async def outer(name):
        await asyncio.shield(task)
        log(name)

    released = asyncio.Event()
    task = asyncio.create_task(inner())
    outers = [asyncio.create_task(outer(name)) for name in ["a", "b", "c", "d"]]
    await rest()
    outers[0].cancel()
    await rest()
    released.set()
    await rest()


async def clean_up_that_must_end(log):
    """Like Swift's shield with a body: the body runs to its end, and the cancelled caller waits for it."""
    async def clean_up():
        log("clean-up begins")
        await released.wait()
        log("clean-up ends")

    async def body():
        try:
            await forever()
        finally:
            cleaning = asyncio.create_task(clean_up())
            while not cleaning.done():
                try:
                    await asyncio.shield(cleaning)
                except asyncio.CancelledError:
                    pass
            log("body ends")

    released = asyncio.Event()
    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    await rest()
    task.cancel()
    await rest()
    released.set()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())
