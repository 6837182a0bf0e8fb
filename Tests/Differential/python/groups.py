# SPDX-License-Identifier: Apache-2.0
"""TaskGroup: all tasks are awaited, and one that fails cancels the others.

A group keeps its tasks in a set and cancels them in arbitrary order. So where several are cancelled, the scenario sorts
their lines."""
import asyncio

from harness import Failure, describe, forever, rest


async def _waits(name, log):
    try:
        await forever()
    except asyncio.CancelledError:
        log(f"{name} cancelled")
        raise


async def _fails(error, event=None):
    if event:
        await event.wait()
    raise Failure(error)


async def a_group_awaits_its_tasks(log):
    async def child(name, milliseconds):
        await asyncio.sleep(milliseconds / 1000)
        log(f"{name} ends")
        return name

    async with asyncio.TaskGroup() as group:
        a = group.create_task(child("a", 10))
        b = group.create_task(child("b", 1))
        log("body ends")
    log(f"{a.result()} {b.result()}")


async def children_start_when_the_body_waits(log):
    async def child(name):
        log(f"{name} starts")

    async with asyncio.TaskGroup() as group:
        for name in ["a", "b"]:
            group.create_task(child(name))
        log("created")
        await asyncio.sleep(0)
        log("body goes on")
    log("after")


async def an_empty_group_takes_no_turn(log):
    asyncio.get_running_loop().call_soon(log, "others run")
    async with asyncio.TaskGroup():
        log("body")
    log("after")
    await asyncio.sleep(0)


async def a_child_is_awaited_in_the_body(log):
    async def child():
        await asyncio.sleep(0)
        return 42

    async with asyncio.TaskGroup() as group:
        log(f"{await group.create_task(child())}")


async def a_child_that_fails_cancels_the_others(log):
    cancelled = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_waits("a", cancelled.append))
            group.create_task(_fails("boom"))
            group.create_task(_waits("b", cancelled.append))
    except* Failure as error:
        log(describe(error))
    log(", ".join(sorted(cancelled)))


async def a_child_that_fails_cancels_the_body(log):
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_fails("boom"))
            try:
                await forever()
            except asyncio.CancelledError as error:
                log(f"body {describe(error)}")
                raise
    except* Failure as error:
        log(describe(error))
    log(f"cancelled {asyncio.current_task().cancelling() > 0}".lower())
    await asyncio.sleep(0)
    log("the task goes on")


async def all_errors_are_in_the_group(log):
    async def child(name):
        try:
            await forever()
        except asyncio.CancelledError:
            raise Failure(f"{name} in clean-up")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("a"))
            group.create_task(child("b"))
            group.create_task(_fails("boom"))
    except* Failure as error:
        log(", ".join(sorted(map(describe, error.exceptions))))


async def two_children_fail_in_one_turn(log):
    event = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_fails("a", event))
            group.create_task(_fails("b", event))
            group.create_task(_waits("c", log))
            await rest()
            event.set()
    except* Failure as error:
        log(describe(error))


async def a_body_that_fails_cancels_the_children(log):
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_waits("a", log))
            await asyncio.sleep(0)
            raise Failure("body")
    except* Failure as error:
        log(describe(error))


async def a_body_that_fails_and_a_child_that_fails_in_its_clean_up(log):
    async def child():
        try:
            await forever()
        except asyncio.CancelledError:
            raise Failure("child")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            await asyncio.sleep(0)
            raise Failure("body")
    except* Failure as error:
        log(describe(error))


async def cancelling_the_parent_cancels_the_children(log):
    async def parent():
        async with asyncio.TaskGroup() as group:
            group.create_task(_waits("a", cancelled.append))
            group.create_task(_waits("b", cancelled.append))
            log("body ends")

    cancelled = []
    task = asyncio.create_task(parent())
    await rest()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError as error:
        log(f"parent {describe(error)} after {', '.join(sorted(cancelled))}")


async def cancelling_the_parent_in_its_body(log):
    async def parent():
        async with asyncio.TaskGroup() as group:
            group.create_task(_waits("child", log))
            await _waits("body", log)

    task = asyncio.create_task(parent())
    await rest()
    task.cancel()
    await rest()
    log(f"parent cancelled {task.cancelled()}".lower())


async def a_parent_cancelled_while_a_child_fails(log):
    async def child():
        try:
            await forever()
        except asyncio.CancelledError:
            raise Failure("child")

    async def parent():
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(child())
        except BaseException as error:
            log(describe(error))
            raise

    task = asyncio.create_task(parent())
    await rest()
    task.cancel()
    await rest()
    log(f"cancelled {task.cancelled()}".lower())
    task.exception() if not task.cancelled() else None


async def a_child_that_was_cancelled_is_no_error(log):
    async with asyncio.TaskGroup() as group:
        a = group.create_task(_waits("a", log))
        await rest()
        a.cancel()
        await rest()
        log("body goes on")
    log("no error")


async def a_group_waits_for_the_clean_up_of_its_children(log):
    async def child():
        try:
            await forever()
        except asyncio.CancelledError:
            log("clean-up begins")
            await released.wait()
            log("clean-up ends")
            raise

    async def parent():
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(child())
                await asyncio.sleep(0)
                raise Failure("boom")
        except* Failure as error:
            log(describe(error))

    released = asyncio.Event()
    task = asyncio.create_task(parent())
    await rest()
    log("releasing")
    released.set()
    await task


async def children_add_children(log):
    async def child(group, depth):
        log(f"depth {depth}")
        if depth < 3:
            group.create_task(child(group, depth + 1))

    async with asyncio.TaskGroup() as group:
        group.create_task(child(group, 1))
    log("all done")


async def a_group_within_a_group(log):
    async def inner():
        async with asyncio.TaskGroup() as group:
            group.create_task(_waits("inner", log))
            group.create_task(_fails("boom"))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(inner())
            group.create_task(_waits("outer", log))
    except* Failure as error:
        log(describe(error))


async def an_outer_group_that_fails_cancels_the_inner(log):
    async def inner():
        async with asyncio.TaskGroup() as group:
            group.create_task(_waits("a", cancelled.append))
            group.create_task(_waits("b", cancelled.append))

    cancelled, event = [], asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(inner())
            group.create_task(_fails("boom", event))
            await rest()
            event.set()
    except* Failure as error:
        log(describe(error))
    log(", ".join(sorted(cancelled)))


async def a_timeout_around_a_group(log):
    try:
        async with asyncio.timeout(0.005):
            async with asyncio.TaskGroup() as group:
                group.create_task(_waits("a", log))
                await _waits("body", log)
    except TimeoutError as error:
        log(describe(error))


async def a_child_with_a_timeout_takes_the_group_with_it(log):
    async def child():
        async with asyncio.timeout(0.005):
            await forever()

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            group.create_task(_waits("a", log))
    except* TimeoutError as error:
        log(describe(error))


async def a_child_cancelled_before_its_first_step(log):
    async def child(name):
        log(f"{name} runs")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("a"))
            raise Failure("boom")
    except* Failure as error:
        log(describe(error))
