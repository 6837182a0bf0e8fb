# SPDX-License-Identifier: Apache-2.0
"""gather: its results, its errors, and its effect on the other tasks."""
import asyncio

from harness import Failure, describe, forever, rest


async def results_come_in_the_order_of_the_arguments(log):
    async def body(name, milliseconds):
        await asyncio.sleep(milliseconds / 1000)
        log(f"{name} done")
        return name

    log(f"{', '.join(await asyncio.gather(body('a', 20), body('b', 1), body('c', 10)))}")


async def what_is_gathered_starts_in_order(log):
    async def body(name):
        log(f"{name} starts")
        await asyncio.sleep(0)
        log(f"{name} ends")

    await asyncio.gather(body("a"), body("b"), body("c"))
    log("gathered")


async def results_of_two_kinds(log):
    async def number():
        return 42

    async def text():
        return "text"

    a, b = await asyncio.gather(number(), text())
    log(f"{a} {b}")


async def nothing_is_gathered_from_nothing(log):
    log(f"{len(await asyncio.gather())} results")


async def a_gather_of_coroutines_in_which_one_fails(log):
    async def works():
        try:
            await released.wait()
            log("the other goes on")
        except asyncio.CancelledError:
            log("the other is cancelled")
            raise

    async def fails():
        raise Failure("boom")

    released = asyncio.Event()
    try:
        await asyncio.gather(works(), fails())
    except Failure as error:
        log(describe(error))
    released.set()
    await rest()


async def the_first_error_is_raised_while_the_others_go_on(log):
    async def works():
        await released.wait()
        log("the other goes on")
        return 42

    async def fails():
        raise Failure("boom")

    released = asyncio.Event()
    tasks = [asyncio.create_task(works()), asyncio.create_task(fails())]
    try:
        await asyncio.gather(*tasks)
    except Failure as error:
        log(describe(error))
    log(f"the other is done {tasks[0].done()}".lower())
    released.set()
    log(f"{await tasks[0]}")


async def a_second_error_is_not_raised(log):
    async def fails(name, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        log(f"{name} fails")
        raise Failure(name)

    tasks = [asyncio.create_task(fails(name, turns)) for name, turns in [("late", 20), ("early", 1)]]
    try:
        await asyncio.gather(*tasks)
    except Failure as error:
        log(f"raised {describe(error)}")
    await rest()
    log(f"{describe(tasks[0].exception())} is kept")


async def errors_are_results_if_asked_for(log):
    async def works():
        return 42

    async def fails():
        raise Failure("boom")

    results = await asyncio.gather(works(), fails(), works(), return_exceptions=True)
    log(", ".join(describe(result) if isinstance(result, BaseException) else str(result) for result in results))


async def a_cancelled_one_is_a_result_if_asked_for(log):
    async def works():
        await asyncio.sleep(0.001)
        return 42

    tasks = [asyncio.create_task(forever()), asyncio.create_task(works())]
    asyncio.get_running_loop().call_soon(tasks[0].cancel)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    log(", ".join(describe(result) if isinstance(result, BaseException) else str(result) for result in results))


async def a_cancelled_one_is_an_error(log):
    async def works():
        await released.wait()
        log("the other goes on")

    async def gatherer():
        try:
            await asyncio.gather(*tasks)
        except asyncio.CancelledError as error:
            log(describe(error))
        log(f"itself cancelled {asyncio.current_task().cancelling() > 0}".lower())

    released = asyncio.Event()
    tasks = [asyncio.create_task(forever()), asyncio.create_task(works())]
    task = asyncio.create_task(gatherer())
    await rest()
    tasks[0].cancel()
    await task
    released.set()
    await rest()


async def cancelling_a_gather_cancels_all_and_waits_for_them(log):
    async def body(name):
        try:
            await forever()
        except asyncio.CancelledError:
            log(f"{name} clean-up begins")
            await released.wait()
            log(f"{name} clean-up ends")
            raise

    async def gatherer():
        try:
            await asyncio.gather(*tasks)
        except asyncio.CancelledError as error:
            log(f"gather {describe(error)}")
            raise

    released = asyncio.Event()
    tasks = [asyncio.create_task(body(name)) for name in ["a", "b"]]
    task = asyncio.create_task(gatherer())
    await rest()
    task.cancel()
    await rest()
    log("releasing")
    released.set()
    await rest()
    log(f"cancelled {task.cancelled()}, {[child.cancelled() for child in tasks]}".lower())


async def cancelling_a_gather_of_errors_as_results(log):
    async def gatherer():
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
            log("gathered")
        except asyncio.CancelledError as error:
            log(f"gather {describe(error)}")
            raise

    tasks = [asyncio.create_task(forever()) for _ in range(2)]
    task = asyncio.create_task(gatherer())
    await rest()
    task.cancel()
    await rest()
    log(f"cancelled {task.cancelled()}, {[child.cancelled() for child in tasks]}".lower())


async def cancelling_a_gather_whose_tasks_refuse(log):
    async def refuses(name):
        try:
            await forever()
        except asyncio.CancelledError:
            return name

    async def gatherer():
        try:
            log(f"gathered {', '.join(await asyncio.gather(*tasks))}")
        except asyncio.CancelledError as error:
            log(f"gather {describe(error)}")
            raise

    tasks = [asyncio.create_task(refuses(name)) for name in ["a", "b"]]
    task = asyncio.create_task(gatherer())
    await rest()
    task.cancel()
    await rest()
    log(f"cancelled {task.cancelled()}, {', '.join(child.result() for child in tasks)}".lower())


async def a_gather_within_a_gather(log):
    async def body(name):
        log(name)
        await asyncio.sleep(0)
        return name

    results = await asyncio.gather(asyncio.gather(body("a"), body("b")), asyncio.gather(body("c"), body("d")))
    log(", ".join("".join(pair) for pair in results))


async def an_error_within_a_gather_within_a_gather(log):
    async def body(name):
        await released.wait()
        log(f"{name} goes on")

    async def fails():
        raise Failure("boom")

    async def inner():
        await asyncio.gather(*inner_tasks)

    released = asyncio.Event()
    inner_tasks = [asyncio.create_task(fails()), asyncio.create_task(body("inner"))]
    outer_tasks = [asyncio.create_task(inner()), asyncio.create_task(body("outer"))]
    try:
        await asyncio.gather(*outer_tasks)
    except Failure as error:
        log(describe(error))
    released.set()
    await rest()


async def finished_tasks_are_gathered(log):
    async def body(name):
        return name

    tasks = [asyncio.create_task(body(name)) for name in ["a", "b"]]
    await rest()
    log(", ".join(await asyncio.gather(*tasks)))


async def the_same_task_is_gathered_twice(log):
    async def body():
        log("runs")
        return 42

    task = asyncio.create_task(body())
    log(", ".join(map(str, await asyncio.gather(task, task))))
