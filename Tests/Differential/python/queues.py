# SPDX-License-Identifier: Apache-2.0
"""Queue, PriorityQueue, LifoQueue: which task gets what, which tasks wait, and what a shutdown does to both."""
import asyncio

from harness import describe, forever, rest, since


def _getters(queue, log, *names):
    async def getter(name):
        try:
            log(f"{name} gets {await queue.get()}")
        except BaseException as error:
            log(f"{name} {describe(error)}")

    return [asyncio.create_task(getter(name)) for name in names]


def _putters(queue, log, *items):
    async def putter(item):
        try:
            await queue.put(item)
            log(f"put {item}")
        except BaseException as error:
            log(f"put of {item} {describe(error)}")

    return [asyncio.create_task(putter(item)) for item in items]


def _drained(queue):
    items = []
    while not queue.empty():
        items.append(queue.get_nowait())
    return ", ".join(map(str, items))


async def first_in_first_out(log):
    queue = asyncio.Queue()
    for item in [3, 1, 2]:
        await queue.put(item)
    log(f"{queue.qsize()} in it, empty {queue.empty()}, full {queue.full()}".lower())
    for _ in range(3):
        log(f"{await queue.get()}")
    log(f"{queue.qsize()} in it, empty {queue.empty()}".lower())


async def what_is_possible_takes_no_turn(log):
    queue = asyncio.Queue(1)
    asyncio.get_running_loop().call_soon(log, "others run")
    await queue.put(1)
    log(f"full {queue.full()}".lower())
    log(f"{await queue.get()}")
    await asyncio.sleep(0)


async def a_getter_waits_for_an_item(log):
    queue = asyncio.Queue()
    task, = _getters(queue, log, "a")
    await rest()
    queue.put_nowait(1)
    log("put")
    await task


async def getters_are_served_in_their_order(log):
    queue = asyncio.Queue()
    tasks = _getters(queue, log, "a", "b", "c")
    await rest()
    for item in [1, 2, 3]:
        queue.put_nowait(item)
    for task in tasks:
        await task


async def a_putter_waits_for_room(log):
    queue = asyncio.Queue(1)
    tasks = _putters(queue, log, 1, 2, 3)
    await rest()
    for _ in range(3):
        log(f"got {await queue.get()}")
        await rest()
    for task in tasks:
        await task


async def a_full_queue_takes_nothing_at_once(log):
    queue = asyncio.Queue(1)
    queue.put_nowait(1)
    try:
        queue.put_nowait(2)
    except asyncio.QueueFull:
        log("full")
    log(f"{queue.get_nowait()}")
    try:
        queue.get_nowait()
    except asyncio.QueueEmpty:
        log("empty")


async def a_producer_and_a_consumer_take_turns(log):
    queue = asyncio.Queue(1)

    async def producer():
        for item in range(3):
            await queue.put(item)
            log(f"put {item}")

    async def consumer():
        for _ in range(3):
            log(f"got {await queue.get()}")

    tasks = [asyncio.create_task(producer()), asyncio.create_task(consumer())]
    for task in tasks:
        await task


async def a_cancelled_getter_leaves_the_line(log):
    queue = asyncio.Queue()
    a, b = _getters(queue, log, "a", "b")
    await rest()
    a.cancel()
    await rest()
    queue.put_nowait(1)
    await b


async def a_getter_cancelled_with_its_item(log):
    queue = asyncio.Queue()
    a, b = _getters(queue, log, "a", "b")
    await rest()
    a.cancel()
    queue.put_nowait(1)
    await rest()
    log(f"b done {b.done()}, {queue.qsize()} in it".lower())
    await b


async def a_getter_cancelled_after_its_item_came(log):
    queue = asyncio.Queue()
    a, b = _getters(queue, log, "a", "b")
    await rest()
    queue.put_nowait(1)
    a.cancel()
    await rest()
    log(f"b done {b.done()}, {queue.qsize()} in it".lower())
    queue.put_nowait(2)
    await rest()


async def a_cancelled_putter_puts_nothing(log):
    queue = asyncio.Queue(1)
    queue.put_nowait(0)
    a, b = _putters(queue, log, 1, 2)
    await rest()
    a.cancel()
    await rest()
    log(f"got {queue.get_nowait()}")
    await b
    log(f"in it {_drained(queue)}")


async def a_putter_cancelled_with_its_room(log):
    queue = asyncio.Queue(1)
    queue.put_nowait(0)
    a, b = _putters(queue, log, 1, 2)
    await rest()
    a.cancel()
    log(f"got {queue.get_nowait()}")
    await rest()
    log(f"in it {_drained(queue)}")
    await b


async def a_getter_that_runs_out_of_time(log):
    queue = asyncio.Queue()
    try:
        async with asyncio.timeout(0.005):
            await queue.get()
    except TimeoutError as error:
        log(describe(error))
    queue.put_nowait(1)
    log(f"{await queue.get()}")


async def join_waits_until_all_is_done(log):
    queue = asyncio.Queue()

    async def joiner():
        await queue.join()
        log("joined")

    for item in [1, 2]:
        queue.put_nowait(item)
    task = asyncio.create_task(joiner())
    await rest()
    for _ in range(2):
        log(f"got {await queue.get()}")
        await rest()
        queue.task_done()
        log("done")
        await rest()
    await task


async def joining_a_queue_without_work_takes_no_turn(log):
    queue = asyncio.Queue()
    asyncio.get_running_loop().call_soon(log, "others run")
    await queue.join()
    log("joined")
    await asyncio.sleep(0)


async def join_waits_for_what_is_put_meanwhile(log):
    queue = asyncio.Queue()

    async def worker():
        while True:
            item = await queue.get()
            log(f"works on {item}")
            if item < 3:
                queue.put_nowait(item + 1)
            queue.task_done()

    queue.put_nowait(1)
    task = asyncio.create_task(worker())
    await queue.join()
    log("joined")
    task.cancel()


async def workers_share_the_work(log):
    queue = asyncio.Queue()

    async def worker(name):
        while True:
            item = await queue.get()
            log(f"{name} works on {item}")
            await asyncio.sleep(0)
            queue.task_done()

    tasks = [asyncio.create_task(worker(name)) for name in ["a", "b"]]
    for item in range(5):
        await queue.put(item)
    await queue.join()
    log("joined")
    for task in tasks:
        task.cancel()


async def the_smallest_comes_first(log):
    queue = asyncio.PriorityQueue()
    for item in [3, 1, 4, 1, 5, 9, 2, 6]:
        queue.put_nowait(item)
    log(_drained(queue))


async def the_smallest_of_those_that_are_there(log):
    queue = asyncio.PriorityQueue(2)
    tasks = _putters(queue, log, 5, 4, 3, 2)
    await rest()
    for _ in range(4):
        log(f"got {await queue.get()}")
        await rest()
    for task in tasks:
        await task


async def a_getter_of_a_priority_queue_waits(log):
    queue = asyncio.PriorityQueue()
    tasks = _getters(queue, log, "a", "b")
    await rest()
    queue.put_nowait(2)
    queue.put_nowait(1)
    for task in tasks:
        await task


async def last_in_first_out(log):
    queue = asyncio.LifoQueue()
    for item in [1, 2, 3]:
        queue.put_nowait(item)
    log(_drained(queue))


async def a_lifo_queue_has_room_for_as_many_as_it_says(log):
    queue = asyncio.LifoQueue(2)
    tasks = _putters(queue, log, 1, 2, 3)
    await rest()
    for _ in range(3):
        log(f"got {await queue.get()}")
        await rest()
    for task in tasks:
        await task


@since(3, 13)
async def a_shut_down_queue_is_drained(log):
    queue = asyncio.Queue()
    for item in [1, 2]:
        queue.put_nowait(item)
    queue.shutdown()
    try:
        await queue.put(3)
    except asyncio.QueueShutDown as error:
        log(f"put {describe(error)}")
    try:
        queue.put_nowait(3)
    except asyncio.QueueShutDown as error:
        log(f"put at once {describe(error)}")
    for task in _getters(queue, log, "a", "b", "c"):
        await task
    try:
        queue.get_nowait()
    except asyncio.QueueShutDown as error:
        log(f"get at once {describe(error)}")


@since(3, 13)
async def shutting_down_wakes_getters(log):
    queue = asyncio.Queue()
    tasks = _getters(queue, log, "a", "b")
    await rest()
    queue.shutdown()
    for task in tasks:
        await task


@since(3, 13)
async def shutting_down_wakes_putters(log):
    queue = asyncio.Queue(1)
    queue.put_nowait(0)
    tasks = _putters(queue, log, 1, 2)
    await rest()
    queue.shutdown()
    for task in tasks:
        await task
    log(f"got {await queue.get()}")


@since(3, 13)
async def shutting_down_at_once_drops_what_is_left(log):
    queue = asyncio.Queue(2)

    async def joiner():
        await queue.join()
        log("joined")

    for item in [1, 2]:
        queue.put_nowait(item)
    tasks = [asyncio.create_task(joiner())] + _putters(queue, log, 3)
    await rest()
    queue.shutdown(immediate=True)
    for task in tasks:
        await task
    log(f"{queue.qsize()} in it")
    for task in _getters(queue, log, "a"):
        await task


@since(3, 13)
async def join_after_a_shutdown_waits_for_the_rest(log):
    queue = asyncio.Queue()

    async def joiner():
        await queue.join()
        log("joined")

    queue.put_nowait(1)
    task = asyncio.create_task(joiner())
    queue.shutdown()
    await rest()
    log(f"got {await queue.get()}")
    queue.task_done()
    await task


@since(3, 13)
async def shutting_down_twice(log):
    queue = asyncio.Queue()
    queue.put_nowait(1)
    queue.shutdown()
    log(f"{queue.qsize()} in it")
    queue.shutdown(immediate=True)
    log(f"{queue.qsize()} in it")
    for task in _getters(queue, log, "a"):
        await task


@since(3, 13)
async def consuming_until_the_shutdown(log):
    """The counterpart of Swift's `for await item in queue`: it ends when the queue is shut down and empty."""
    queue = asyncio.Queue()

    async def consumer():
        try:
            while True:
                log(f"got {await queue.get()}")
        except asyncio.QueueShutDown:
            log("end")

    task = asyncio.create_task(consumer())
    for item in [1, 2]:
        await queue.put(item)
        await rest()
    queue.put_nowait(3)
    queue.shutdown()
    await task
