# SPDX-License-Identifier: Apache-2.0
"""Context variables: which values tasks and callbacks see, and that a task's own value stays its own."""
import asyncio
import contextlib
import contextvars

from harness import rest

_request = contextvars.ContextVar("request", default="none")


@contextlib.contextmanager
def _requesting(value):
    """Sets the value within a `with`, like Swift's `withValue`."""
    token = _request.set(value)
    try:
        yield
    finally:
        _request.reset(token)


async def a_task_has_the_values_of_its_creation(log):
    async def body():
        log(f"task {_request.get()}")
        await asyncio.sleep(0)
        log(f"later {_request.get()}")

    with _requesting("a"):
        task = asyncio.create_task(body())
    log(f"outside {_request.get()}")
    await task


async def a_value_of_a_task_is_its_own(log):
    async def body(name):
        with _requesting(name):
            await asyncio.sleep(0)
            log(f"{name} sees {_request.get()}")
            await asyncio.sleep(0)
        log(f"{name} then sees {_request.get()}")

    tasks = [asyncio.create_task(body(name)) for name in ["a", "b"]]
    for task in tasks:
        await task
    log(f"main sees {_request.get()}")


async def a_callback_has_the_values_of_its_scheduling(log):
    loop = asyncio.get_running_loop()
    with _requesting("a"):
        loop.call_soon(lambda: log(f"soon {_request.get()}"))
        loop.call_later(0.001, lambda: log(f"later {_request.get()}"))
    log(f"outside {_request.get()}")
    await asyncio.sleep(0.010)


async def a_done_callback_has_the_values_of_its_adding(log):
    async def body():
        pass

    with _requesting("creator"):
        task = asyncio.create_task(body())
    with _requesting("adder"):
        task.add_done_callback(lambda task: log(_request.get()))
    await rest()


async def a_group_hands_the_values_to_its_children(log):
    async def child(name):
        log(f"{name} {_request.get()}")

    with _requesting("a"):
        async with asyncio.TaskGroup() as group:
            group.create_task(child("first"))
            with _requesting("b"):
                group.create_task(child("second"))


async def a_gather_hands_the_values_to_its_children(log):
    async def child(name):
        log(f"{name} {_request.get()}")

    with _requesting("a"):
        await asyncio.gather(child("first"), child("second"))


async def a_timeout_leaves_the_values(log):
    with _requesting("a"):
        async with asyncio.timeout(3600):
            await asyncio.sleep(0)
            log(_request.get())
