# SPDX-License-Identifier: Apache-2.0
"""The tools of scenarios: a log of lines, and functions with one meaning in both languages."""
import asyncio
import socket


class Failure(Exception):
    """The error that scenarios raise."""


def describe(error):
    """An error in the words that the Swift side uses too."""
    match error:
        case asyncio.CancelledError():
            return "cancelled"
        case TimeoutError():
            return "timeout"
        case asyncio.InvalidStateError():
            return "invalid state"
        case asyncio.BrokenBarrierError():
            return "broken barrier"
        case BaseExceptionGroup():
            return f"group({', '.join(map(describe, error.exceptions))})"
        case Failure():
            return str(error)
    if type(error).__name__ == "QueueShutDown":  # since 3.13
        return "queue shut down"
    return f"{type(error).__name__}: {error}"


async def rest():
    """Lets all other tasks run until each of them waits."""
    for _ in range(30):
        await asyncio.sleep(0)


async def settle():
    """Lets the kernel report its events, and the callbacks run."""
    for _ in range(5):
        await asyncio.sleep(0.001)


def pair():
    """Two connected sockets without names."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    return near, far


async def forever():
    """Waits until it is cancelled."""
    await asyncio.sleep(3600)


def since(*version):
    """Marks a scenario that needs a newer Python than 3.11, the oldest supported here."""
    def mark(scenario):
        scenario.since = version
        return scenario
    return mark
