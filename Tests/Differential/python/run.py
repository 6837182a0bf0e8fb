#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the scenarios on this Python's asyncio, and prints the name and the log of each.

    run.py [PREFIX]     those whose names begin with the prefix, such as `queues.`; all of them without one
"""
import asyncio
import faulthandler
import importlib
import inspect
import signal
import sys

from harness import describe

AREAS = [
    "callbacks", "turns", "tasks", "cancellation", "futures", "gathering", "waiting", "timeouts", "shielding",
    "groups", "locks", "events", "conditions", "semaphores", "barriers", "queues", "context", "watching",
    "protocols", "signals", "subprocesses", "executors",
]


def scenarios(area):
    """The coroutine functions that a module defines itself, in its order, by name."""
    module = importlib.import_module(area)
    for name, value in vars(module).items():
        if inspect.iscoroutinefunction(value) and value.__module__ == area and not name.startswith("_"):
            yield f"{area}.{name}", value


def log_of(scenario):
    lines = []
    try:
        asyncio.run(scenario(lines.append))
    except BaseException as error:
        lines.append(f"raised {describe(error)}")
    return lines


def main():
    prefix = sys.argv[1] if len(sys.argv) > 1 else ""
    # The thread that starts this may block signals, and a child inherits that.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    faulthandler.dump_traceback_later(50, exit=True)  # a scenario that hangs shows where
    for area in AREAS:
        for name, scenario in scenarios(area):
            if not name.startswith(prefix):
                continue
            print(f"== {name}", flush=True)
            version = getattr(scenario, "since", (3, 11))
            if sys.version_info < version:
                print(f"skipped: needs Python {'.'.join(map(str, version))}")
                continue
            for line in log_of(scenario):
                print(line)


main()
