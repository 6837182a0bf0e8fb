# SPDX-License-Identifier: Apache-2.0
"""Barrier: all tasks go on together, or all learn that it broke."""
import asyncio

from harness import describe, rest


def _parties(barrier, log, *names):
    async def party(name):
        try:
            index = await barrier.wait()
            log(f"{name} passes with {index}")
        except (asyncio.BrokenBarrierError, asyncio.CancelledError) as error:
            log(f"{name} {describe(error)}")

    return [asyncio.create_task(party(name)) for name in names]


async def the_last_to_come_lets_all_go(log):
    barrier = asyncio.Barrier(3)
    tasks = _parties(barrier, log, "a", "b")
    await rest()
    log(f"waiting {barrier.n_waiting} of {barrier.parties}")
    tasks += _parties(barrier, log, "c")
    for task in tasks:
        await task
    log(f"waiting {barrier.n_waiting}, broken {barrier.broken}".lower())


async def a_barrier_of_one(log):
    barrier = asyncio.Barrier(1)
    asyncio.get_running_loop().call_soon(log, "others run")
    log(f"{await barrier.wait()}")
    log(f"{await barrier.wait()}")
    await asyncio.sleep(0)


async def a_barrier_is_used_again(log):
    barrier = asyncio.Barrier(2)

    async def party(name):
        for round in [1, 2, 3]:
            await barrier.wait()
            log(f"round {round}")

    tasks = [asyncio.create_task(party(name)) for name in ["a", "b"]]
    for task in tasks:
        await task


async def who_comes_while_it_empties_is_of_the_next_round(log):
    barrier = asyncio.Barrier(2)
    tasks = _parties(barrier, log, "a", "b", "c")
    await rest()
    log(f"waiting {barrier.n_waiting}")
    tasks += _parties(barrier, log, "d")
    for task in tasks:
        await task


async def a_reset_breaks_the_wait_of_those_inside(log):
    barrier = asyncio.Barrier(3)
    tasks = _parties(barrier, log, "a", "b")
    await rest()
    await barrier.reset()
    await rest()
    log(f"waiting {barrier.n_waiting}, broken {barrier.broken}".lower())
    tasks += _parties(barrier, log, "c", "d", "e")
    for task in tasks:
        await task


async def an_abort_breaks_it_for_good(log):
    barrier = asyncio.Barrier(3)
    _parties(barrier, log, "a", "b")
    await rest()
    await barrier.abort()
    await rest()
    log(f"broken {barrier.broken}".lower())
    _parties(barrier, log, "c")
    await rest()


async def a_reset_mends_a_broken_one(log):
    barrier = asyncio.Barrier(2)
    await barrier.abort()
    log(f"broken {barrier.broken}".lower())
    await barrier.reset()
    log(f"broken {barrier.broken}".lower())
    for task in _parties(barrier, log, "a", "b"):
        await task


async def a_cancelled_party_leaves(log):
    barrier = asyncio.Barrier(2)
    a, = _parties(barrier, log, "a")
    await rest()
    a.cancel()
    await rest()
    log(f"waiting {barrier.n_waiting}, broken {barrier.broken}".lower())
    for task in _parties(barrier, log, "b", "c"):
        await task
