# SPDX-License-Identifier: Apache-2.0
"""wait and as_completed: what they wait for, and that they leave the tasks alone."""
import asyncio

from harness import Failure, describe, forever, rest, since


async def _named(event, name, log):
    await event.wait()
    log(f"{name} ends")
    return name


async def _fails(event):
    await event.wait()
    raise Failure("boom")


def _names(tasks):
    return "[" + ", ".join(sorted(task.get_name() for task in tasks)) + "]"


def _start(log, *names):
    """Tasks with these names, each of which ends when its event is set."""
    events = {name: asyncio.Event() for name in names}
    return [asyncio.create_task(_named(events[name], name, log), name=name) for name in names], events


def _later(*steps):
    """Takes one step after another, each when all tasks wait."""
    async def go():
        for step in steps:
            await rest()
            step()
    return asyncio.create_task(go())


async def waiting_for_all(log):
    tasks, events = _start(log, "a", "b")
    steps = _later(events["b"].set, events["a"].set)
    done, pending = await asyncio.wait(tasks)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await steps


async def waiting_for_all_goes_on_after_an_error(log):
    tasks, events = _start(log, "a")
    tasks.append(asyncio.create_task(_fails(failing := asyncio.Event()), name="fails"))
    steps = _later(failing.set, events["a"].set)
    done, pending = await asyncio.wait(tasks)
    log(f"done {_names(done)}, pending {_names(pending)}")
    log(describe(tasks[1].exception()))
    await steps


async def waiting_for_the_first(log):
    tasks, events = _start(log, "a", "b", "c")
    steps = _later(events["b"].set)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await steps
    events["a"].set()
    events["c"].set()
    await rest()


async def waiting_for_the_first_of_two_that_end_together(log):
    tasks, events = _start(log, "a", "b", "c")
    steps = _later(lambda: (events["b"].set(), events["a"].set()))
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await steps
    events["c"].set()
    await rest()


async def waiting_for_the_first_error(log):
    tasks, events = _start(log, "a", "b")
    tasks.append(asyncio.create_task(_fails(failing := asyncio.Event()), name="fails"))
    steps = _later(events["a"].set, failing.set)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    log(f"done {_names(done)}, pending {_names(pending)}")
    log(describe(tasks[2].exception()))
    await steps
    events["b"].set()
    await rest()


async def waiting_for_the_first_error_when_there_is_none(log):
    tasks, events = _start(log, "a", "b")
    steps = _later(events["b"].set, events["a"].set)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await steps


async def a_cancelled_task_is_not_the_first_error(log):
    tasks, events = _start(log, "a", "b")
    steps = _later(tasks[0].cancel, events["b"].set)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    log(f"done {_names(done)}, pending {_names(pending)}")
    log(f"cancelled {_names(task for task in done if task.cancelled())}")
    await steps


async def a_wait_that_runs_out_of_time(log):
    tasks, events = _start(log, "a", "b")
    events["a"].set()
    done, pending = await asyncio.wait(tasks, timeout=0.005)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await rest()
    log(f"cancelled {tasks[1].cancelled()}".lower())
    events["b"].set()
    await tasks[1]


async def a_wait_without_time(log):
    tasks, events = _start(log, "a", "b")
    events["a"].set()
    await rest()
    done, pending = await asyncio.wait(tasks, timeout=0)
    log(f"done {_names(done)}, pending {_names(pending)}")
    events["b"].set()
    await tasks[1]


async def a_wait_that_has_time_enough(log):
    tasks, events = _start(log, "a")
    steps = _later(events["a"].set)
    done, pending = await asyncio.wait(tasks, timeout=3600)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await steps


async def waiting_for_finished_tasks_takes_no_turn(log):
    tasks, events = _start(log, "a", "b")
    events["a"].set()
    events["b"].set()
    await rest()
    asyncio.get_running_loop().call_soon(log, "others run")
    done, pending = await asyncio.wait(tasks)
    log(f"done {_names(done)}, pending {_names(pending)}")
    await rest()


async def waiting_for_the_first_when_one_is_done(log):
    tasks, events = _start(log, "a", "b")
    events["a"].set()
    await rest()
    asyncio.get_running_loop().call_soon(log, "others run")
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    log(f"done {_names(done)}, pending {_names(pending)}")
    events["b"].set()
    await rest()


async def waiting_for_nothing_is_refused(log):
    try:
        await asyncio.wait([])
    except ValueError:
        log("refused")


async def a_cancelled_wait_leaves_the_tasks_alone(log):
    async def waiter():
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as error:
            log(f"wait {describe(error)}")
            raise

    tasks, events = _start(log, "a", "b")
    task = asyncio.create_task(waiter())
    await rest()
    task.cancel()
    await rest()
    log(f"done {_names(task for task in tasks if task.done())}")
    events["a"].set()
    events["b"].set()
    await rest()


async def a_wait_over_futures(log):
    loop = asyncio.get_running_loop()
    a, b = loop.create_future(), loop.create_future()
    steps = _later(lambda: b.set_result(42))
    done, pending = await asyncio.wait([a, b], return_when=asyncio.FIRST_COMPLETED)
    log(f"{len(done)} done, {len(pending)} pending, {done.pop().result()}")
    await steps


async def completed_ones_come_in_the_order_of_their_ends(log):
    tasks, events = _start(log, "a", "b", "c")
    steps = _later(events["c"].set, events["a"].set, events["b"].set)
    for next in asyncio.as_completed(tasks):
        log(f"got {await next}")
    await steps


async def finished_ones_are_completed_at_once(log):
    tasks, events = _start(log, "a", "b", "c")
    events["b"].set()
    await rest()
    steps = _later(events["c"].set, events["a"].set)
    for next in asyncio.as_completed(tasks):
        log(f"got {await next}")
    await steps


@since(3, 13)
async def completed_ones_are_the_tasks_themselves(log):
    tasks, events = _start(log, "a", "b")
    steps = _later(events["b"].set, events["a"].set)
    async for task in asyncio.as_completed(tasks):
        log(f"got {task.get_name()}, one of them {any(task is one for one in tasks)}".lower())
    await steps


@since(3, 13)
async def a_completed_one_that_failed(log):
    tasks, events = _start(log, "a")
    tasks.append(asyncio.create_task(_fails(failing := asyncio.Event()), name="fails"))
    steps = _later(failing.set, events["a"].set)
    async for task in asyncio.as_completed(tasks):
        try:
            log(f"got {await task}")
        except Failure as error:
            log(f"{task.get_name()} {describe(error)}")
    await steps


@since(3, 13)
async def completed_ones_until_the_time_is_up(log):
    tasks, events = _start(log, "a", "b")
    events["a"].set()
    try:
        async for task in asyncio.as_completed(tasks, timeout=0.005):
            log(f"got {task.get_name()}")
    except TimeoutError as error:
        log(describe(error))
    await rest()
    log(f"cancelled {tasks[1].cancelled()}".lower())
    events["b"].set()
    await tasks[1]


@since(3, 13)
async def leaving_the_completed_ones_early(log):
    tasks, events = _start(log, "a", "b")
    events["b"].set()
    async for task in asyncio.as_completed(tasks):
        log(f"got {task.get_name()}")
        break
    events["a"].set()
    await tasks[0]


@since(3, 13)
async def the_completed_of_none(log):
    async for task in asyncio.as_completed([]):
        log("one")
    log("none")
