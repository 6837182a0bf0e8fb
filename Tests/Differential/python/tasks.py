# SPDX-License-Identifier: Apache-2.0
"""Tasks: when they start, the results of awaiting them, their names, and their listings."""
import asyncio

from harness import Failure, describe, forever, rest, since


async def a_task_starts_in_the_next_turn(log):
    async def body():
        log("task")

    task = asyncio.create_task(body())
    log("created")
    await asyncio.sleep(0)
    log(f"done {task.done()}".lower())


async def tasks_start_in_the_order_of_their_creation(log):
    async def body(name):
        log(name)
        if name == "b":
            asyncio.create_task(body("added by b"))

    tasks = [asyncio.create_task(body(name)) for name in ["a", "b", "c"]]
    for task in tasks:
        await task
    await rest()


async def a_coroutine_runs_only_when_it_is_awaited(log):
    async def body():
        log("runs")

    coroutine = body()
    await rest()
    log("before")
    await coroutine


async def awaiting_a_task_gives_its_result(log):
    async def body():
        await asyncio.sleep(0)
        return 42

    task = asyncio.create_task(body())
    log(f"done {task.done()}".lower())
    log(f"{await task}")
    log(f"done {task.done()}, {task.result()}".lower())
    log(f"again {await task}")


async def awaiting_a_task_raises_its_error(log):
    async def body():
        await asyncio.sleep(0)
        raise Failure("boom")

    task = asyncio.create_task(body())
    for attempt in ["first", "second"]:
        try:
            await task
        except Failure as error:
            log(f"{attempt} {describe(error)}")
    log(f"done {task.done()}, cancelled {task.cancelled()}, {describe(task.exception())}".lower())


async def awaiting_a_finished_task_takes_no_turn(log):
    async def body():
        return 42

    task = asyncio.create_task(body())
    await rest()
    asyncio.get_running_loop().call_soon(log, "others run")
    log(f"{await task}")
    await asyncio.sleep(0)


async def a_pending_task_has_no_result(log):
    task = asyncio.create_task(forever())
    try:
        task.result()
    except asyncio.InvalidStateError:
        log("no result")
    task.cancel()


async def a_task_is_awaited_from_two_places(log):
    async def body():
        log("runs")
        await asyncio.sleep(0.001)
        return 42

    async def awaiter(name):
        log(f"{name} {await task}")

    task = asyncio.create_task(body())
    for awaiting in [asyncio.create_task(awaiter(name)) for name in ["a", "b"]]:
        await awaiting


async def a_failing_task_is_awaited_from_two_places(log):
    async def body():
        await asyncio.sleep(0.001)
        raise Failure("boom")

    async def awaiter(name):
        try:
            await task
        except Failure as error:
            log(f"{name} {describe(error)}")

    task = asyncio.create_task(body())
    for awaiting in [asyncio.create_task(awaiter(name)) for name in ["a", "b"]]:
        await awaiting


async def who_finishes_first_wakes_its_awaiter_first(log):
    async def body(milliseconds):
        await asyncio.sleep(milliseconds / 1000)

    async def awaiter(name, task):
        await task
        log(name)

    slow, fast = asyncio.create_task(body(20)), asyncio.create_task(body(1))
    for awaiting in [asyncio.create_task(awaiter("slow", slow)), asyncio.create_task(awaiter("fast", fast))]:
        await awaiting


async def done_callbacks_come_in_their_order(log):
    async def body():
        log("body")

    task = asyncio.create_task(body())
    task.add_done_callback(lambda task: log("first"))
    task.add_done_callback(lambda task: log("second"))
    await rest()
    task.add_done_callback(lambda task: log("late"))
    log("added")
    await asyncio.sleep(0)


async def a_done_callback_runs_a_turn_after_the_end(log):
    loop = asyncio.get_running_loop()

    async def body():
        log("body")
        loop.call_soon(log, "callback")

    task = asyncio.create_task(body())
    task.add_done_callback(lambda task: log("done"))
    loop.call_soon(log, "ready")
    await rest()


async def awaiters_and_done_callbacks_share_one_line(log):
    async def awaiter():
        await task
        log("awaiter")

    async def body():
        await asyncio.sleep(0.001)

    task = asyncio.create_task(body())
    task.add_done_callback(lambda task: log("callback 1"))
    awaiting = asyncio.create_task(awaiter())
    await rest()
    task.add_done_callback(lambda task: log("callback 2"))
    await awaiting
    await rest()


async def a_done_callback_sees_how_the_task_ended(log):
    async def fails():
        raise Failure("boom")

    async def returns():
        return 42

    def outcome(task):
        if task.cancelled():
            log("cancelled")
        else:
            log(describe(task.exception()) if task.exception() else f"{task.result()}")

    tasks = [asyncio.create_task(body()) for body in [returns, fails, forever]]
    for task in tasks:
        task.add_done_callback(outcome)
    await rest()
    tasks[2].cancel()
    await rest()


async def a_task_has_the_name_it_was_given(log):
    async def body():
        log(asyncio.current_task().get_name())
        await asyncio.sleep(0)
        log(asyncio.current_task().get_name())

    task = asyncio.create_task(body(), name="a name")
    log(task.get_name())
    await asyncio.sleep(0)
    task.set_name("another name")
    await task


async def the_current_task_is_the_one_that_runs(log):
    async def body():
        log(f"inside {asyncio.current_task() is tasks[0]}".lower())
        await asyncio.sleep(0)
        log(f"later {asyncio.current_task() is tasks[0]}".lower())

    tasks = []
    tasks.append(asyncio.create_task(body()))
    log(f"outside {asyncio.current_task() is tasks[0]}".lower())
    await tasks[0]


async def a_callback_is_of_no_task(log):
    def callback():
        log("no task" if asyncio.current_task() is None else "a task")

    async def body():
        asyncio.get_running_loop().call_soon(callback)
        await asyncio.sleep(0)
        log("no task" if asyncio.current_task() is None else "a task")

    await asyncio.create_task(body())


async def a_done_callback_is_of_no_task(log):
    def callback(task):
        log("no task" if asyncio.current_task() is None else "a task")

    async def body():
        short = asyncio.create_task(asyncio.sleep(0))
        short.add_done_callback(callback)
        await short

    await asyncio.create_task(body())
    await rest()


async def the_body_of_the_run_is_a_task(log):
    main = asyncio.current_task()
    log("no task" if main is None else "a task")
    log(f"one of all {main in asyncio.all_tasks()}, done {main.done()}".lower())


async def all_tasks_are_those_that_are_not_done(log):
    def names():
        return sorted(task.get_name() for task in asyncio.all_tasks() if task is not main)

    async def short():
        pass

    main = asyncio.current_task()
    a = asyncio.create_task(short(), name="a")
    b = asyncio.create_task(forever(), name="b")
    log(", ".join(names()))
    await a
    log(", ".join(names()))
    b.cancel()
    await rest()
    log(f"{len(names())} left")


async def an_error_that_nobody_awaits_is_reported(log):
    async def body():
        raise Failure("boom")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: log(describe(context["exception"])))
    task = asyncio.create_task(body())
    await rest()
    log("still held")
    del task
    await rest()
    log("dropped")


async def an_error_that_was_awaited_is_not_reported(log):
    async def body():
        raise Failure("boom")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: log("reported"))
    task = asyncio.create_task(body())
    try:
        await task
    except Failure:
        log("awaited")
    del task
    await rest()


@since(3, 12)
async def an_eager_task_runs_to_its_first_wait_at_once(log):
    async def body():
        log("first part")
        await asyncio.sleep(0)
        log("second part")

    log("before")
    task = asyncio.Task(body(), eager_start=True, loop=asyncio.get_running_loop())
    log("after")
    await task


@since(3, 12)
async def an_eager_task_that_never_waits_is_done_at_once(log):
    async def body():
        log("runs")
        return 42

    task = asyncio.Task(body(), eager_start=True, loop=asyncio.get_running_loop())
    log(f"done {task.done()}".lower())
    log(f"{await task}")


@since(3, 12)
async def an_eager_task_is_the_current_one_meanwhile(log):
    async def body():
        log(asyncio.current_task().get_name())
        await asyncio.sleep(0)
        log(asyncio.current_task().get_name())

    asyncio.current_task().set_name("main")
    task = asyncio.Task(body(), eager_start=True, loop=asyncio.get_running_loop(), name="eager")
    log(asyncio.current_task().get_name())
    await task


@since(3, 12)
async def an_eager_task_goes_ahead_of_tasks_that_were_created_before(log):
    async def body(name):
        log(name)

    tasks = [asyncio.create_task(body("ordinary"))]
    tasks.append(asyncio.Task(body("eager"), eager_start=True, loop=asyncio.get_running_loop()))
    for task in tasks:
        await task


@since(3, 12)
async def an_eager_task_that_fails_raises_where_it_is_awaited(log):
    async def body():
        raise Failure("boom")

    task = asyncio.Task(body(), eager_start=True, loop=asyncio.get_running_loop())
    log(f"done {task.done()}".lower())
    try:
        await task
    except Failure as error:
        log(describe(error))
