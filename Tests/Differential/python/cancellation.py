# SPDX-License-Identifier: Apache-2.0
"""Cancelling tasks: when it arrives, refusing it, and its effect on waiting tasks."""
import asyncio

from harness import Failure, describe, forever, rest


async def a_task_cancelled_before_its_first_step(log):
    async def body():
        log("body runs")
        await asyncio.sleep(0)
        log("and goes on")

    task = asyncio.create_task(body())
    log(f"cancel {task.cancel()}".lower())
    try:
        await task
    except asyncio.CancelledError as error:
        log(describe(error))
    log(f"cancelled {task.cancelled()}".lower())


async def cancelling_a_task_that_waits(log):
    async def body():
        try:
            await forever()
        finally:
            log("clean-up")

    task = asyncio.create_task(body())
    await rest()
    log(f"cancel {task.cancel()}".lower())
    log(f"done {task.done()}".lower())
    try:
        await task
    except asyncio.CancelledError as error:
        log(describe(error))
    log(f"done {task.done()}, cancelled {task.cancelled()}".lower())


async def cancelled_tasks_end_in_the_order_of_cancelling(log):
    async def body(name):
        try:
            await forever()
        except asyncio.CancelledError:
            log(name)
            raise

    a, b, c = [asyncio.create_task(body(name)) for name in ["a", "b", "c"]]
    await rest()
    for task in [c, a, b]:
        task.cancel()
    await rest()


async def a_cancel_that_is_caught_is_refused(log):
    async def body():
        try:
            await forever()
        except asyncio.CancelledError:
            log("refused")
        return 42

    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    log(f"{await task}")
    log(f"cancelled {task.cancelled()}".lower())


async def a_refused_cancel_and_the_next_wait(log):
    async def body():
        try:
            await forever()
        except asyncio.CancelledError:
            log("refused")
        try:
            await asyncio.sleep(0.001)
            log("slept on")
        except asyncio.CancelledError:
            log("cancelled again")

    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    await task
    log(f"cancelled {task.cancelled()}".lower())


async def a_cancelled_task_that_raises_another_error(log):
    async def body():
        try:
            await forever()
        except asyncio.CancelledError:
            raise Failure("clean-up failed")

    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    try:
        await task
    except Failure as error:
        log(describe(error))
    log(f"cancelled {task.cancelled()}".lower())


async def cancelling_twice_before_the_task_runs(log):
    async def body():
        try:
            await forever()
        except asyncio.CancelledError:
            log("cancelled once")
            raise

    task = asyncio.create_task(body())
    await rest()
    log(f"cancel {task.cancel()}".lower())
    log(f"cancel {task.cancel()}".lower())
    await rest()
    log(f"cancelled {task.cancelled()}".lower())


async def cancelling_again_during_the_clean_up(log):
    async def body():
        try:
            await forever()
        except asyncio.CancelledError:
            log("clean-up begins")
            try:
                await released.wait()
                log("clean-up ends")
            except asyncio.CancelledError:
                log("clean-up cancelled")
                raise

    released = asyncio.Event()
    task = asyncio.create_task(body())
    await rest()
    task.cancel()
    await rest()
    log("cancelling again")
    log(f"cancel {task.cancel()}".lower())
    await rest()
    released.set()
    try:
        await task
    except asyncio.CancelledError as error:
        log(describe(error))


async def cancelling_a_finished_task(log):
    async def body():
        return 42

    task = asyncio.create_task(body())
    await task
    log(f"cancel {task.cancel()}".lower())
    log(f"cancelled {task.cancelled()}, {task.result()}".lower())


async def cancelling_a_cancelled_task(log):
    task = asyncio.create_task(forever())
    await rest()
    log(f"cancel {task.cancel()}".lower())
    await rest()
    log(f"cancel {task.cancel()}".lower())
    log(f"cancelled {task.cancelled()}".lower())


async def a_task_cancels_itself(log):
    async def body():
        asyncio.current_task().cancel()
        log("still runs")
        try:
            await asyncio.sleep(0.001)
            log("slept")
        except asyncio.CancelledError:
            log("cancelled at the next wait")
            raise

    task = asyncio.create_task(body())
    await rest()
    log(f"cancelled {task.cancelled()}".lower())


async def a_task_that_never_waits_again_is_not_cancelled(log):
    async def body():
        asyncio.current_task().cancel()
        return 42

    task = asyncio.create_task(body())
    try:
        log(f"{await task}")
    except asyncio.CancelledError as error:
        log(describe(error))
    log(f"cancelled {task.cancelled()}".lower())


async def cancelling_an_awaiter_cancels_what_it_awaits(log):
    async def inner():
        try:
            await forever()
        finally:
            log("inner clean-up")

    async def outer():
        try:
            await inner_task
        finally:
            log("outer clean-up")

    inner_task = asyncio.create_task(inner())
    outer_task = asyncio.create_task(outer())
    await rest()
    outer_task.cancel()
    await rest()
    log(f"inner cancelled {inner_task.cancelled()}, outer cancelled {outer_task.cancelled()}".lower())


async def an_awaiter_waits_for_the_clean_up_of_what_it_awaits(log):
    async def inner():
        try:
            await forever()
        except asyncio.CancelledError:
            log("inner clean-up begins")
            await released.wait()
            log("inner clean-up ends")
            raise

    async def outer():
        try:
            await inner_task
        finally:
            log("outer clean-up")

    released = asyncio.Event()
    inner_task = asyncio.create_task(inner())
    outer_task = asyncio.create_task(outer())
    await rest()
    outer_task.cancel()
    await rest()
    log("releasing")
    released.set()
    await rest()
    log(f"outer done {outer_task.done()}".lower())


async def an_awaited_task_that_refuses_spares_its_awaiter(log):
    async def inner():
        try:
            await forever()
        except asyncio.CancelledError:
            return 42

    async def outer():
        log(f"inner returned {await inner_task}")

    inner_task = asyncio.create_task(inner())
    outer_task = asyncio.create_task(outer())
    await rest()
    outer_task.cancel()
    await rest()
    log(f"outer cancelled {outer_task.cancelled()}".lower())


async def other_awaiters_of_a_cancelled_task_are_told(log):
    async def awaiter(name):
        try:
            await task
        except asyncio.CancelledError:
            log(f"{name} sees it, cancelled itself {asyncio.current_task().cancelling() > 0}".lower())

    task = asyncio.create_task(forever())
    awaiting = [asyncio.create_task(awaiter(name)) for name in ["a", "b"]]
    await rest()
    task.cancel()
    for waiter in awaiting:
        await waiter


async def a_cancel_that_comes_with_the_result(log):
    async def inner():
        await asyncio.sleep(0)
        return 42

    async def outer():
        try:
            log(f"outer gets {await inner_task}")
        except asyncio.CancelledError:
            log("outer cancelled, the result is lost")
            raise

    inner_task = asyncio.create_task(inner())
    outer_task = asyncio.create_task(outer())
    # Called back in the turn in which the outer task is to be woken with the result.
    inner_task.add_done_callback(lambda task: outer_task.cancel())
    await rest()
    log(f"outer cancelled {outer_task.cancelled()}".lower())


async def a_cancel_has_a_message(log):
    async def body():
        try:
            await forever()
        except asyncio.CancelledError as error:
            log(f"because {error}")
            raise

    task = asyncio.create_task(body())
    await rest()
    task.cancel("of the weather")
    await rest()


async def a_parent_does_not_take_its_tasks_with_it(log):
    async def child():
        await released.wait()
        log("child goes on")

    async def parent():
        children.append(asyncio.create_task(child()))
        await forever()

    released, children = asyncio.Event(), []
    task = asyncio.create_task(parent())
    await rest()
    task.cancel()
    await rest()
    log(f"parent cancelled {task.cancelled()}".lower())
    released.set()
    await children[0]
