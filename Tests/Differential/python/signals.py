# SPDX-License-Identifier: Apache-2.0
"""Signals: add_signal_handler and remove_signal_handler."""
import asyncio
import os
import signal

from harness import settle


def send(number):
    os.kill(os.getpid(), number)


async def a_handler_is_called_for_each_signal(log):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, log, "called")
    for _ in range(3):
        send(signal.SIGUSR1)
        await settle()
    loop.remove_signal_handler(signal.SIGUSR1)


async def adding_a_handler_again_replaces_it(log):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, log, "first")
    loop.add_signal_handler(signal.SIGUSR1, log, "second")
    send(signal.SIGUSR1)
    await settle()
    log(str(loop.remove_signal_handler(signal.SIGUSR1)))


async def removing_says_whether_there_was_one(log):
    loop = asyncio.get_running_loop()
    log(str(loop.remove_signal_handler(signal.SIGUSR2)))
    loop.add_signal_handler(signal.SIGUSR2, log, "called")
    log(str(loop.remove_signal_handler(signal.SIGUSR2)))
    log(str(loop.remove_signal_handler(signal.SIGUSR2)))


async def a_handler_that_removes_itself(log):
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def handler():
        log(f"called {loop.remove_signal_handler(signal.SIGUSR1)}")
        done.set()

    loop.add_signal_handler(signal.SIGUSR1, handler)
    send(signal.SIGUSR1)
    await done.wait()
    log(str(loop.remove_signal_handler(signal.SIGUSR1)))


async def a_handler_cancels_a_task(log):
    loop = asyncio.get_running_loop()

    async def work():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            log("cleans up")
            raise

    task = asyncio.create_task(work())
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.sleep(0)
    send(signal.SIGTERM)
    try:
        await task
    except asyncio.CancelledError:
        log("cancelled")
    log(str(loop.remove_signal_handler(signal.SIGTERM)))


async def a_handler_for_interrupt_keeps_the_run_from_ending(log):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, log, "interrupted")
    for _ in range(3):
        send(signal.SIGINT)
        await settle()
    loop.remove_signal_handler(signal.SIGINT)
    log("goes on")


async def two_signals_have_two_handlers(log):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, log, "one")
    loop.add_signal_handler(signal.SIGUSR2, log, "two")
    send(signal.SIGUSR2)
    await settle()
    send(signal.SIGUSR1)
    await settle()
    log(f"{loop.remove_signal_handler(signal.SIGUSR1)} {loop.remove_signal_handler(signal.SIGUSR2)}")
