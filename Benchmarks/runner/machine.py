# SPDX-License-Identifier: Apache-2.0
"""The machine: the use of its cores, its description, and its load from other processes."""
import os
import platform
import re
import resource
import subprocess
import time

_cores = sorted(os.sched_getaffinity(0))
# The peer runs on one core, its driver on another, if there are two.
PEER_CORE = _cores[0]
DRIVER_CORE = _cores[-1]
# A run counts as disturbed if other processes used more than this share of a core.
MOST_DISTURBANCE = 0.15


def on_core(core):
    """For `preexec_fn`: keeps the new process on a core, and raises its limit of descriptors."""
    def prepare():
        os.sched_setaffinity(0, {core})
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return prepare


def is_disturbed(cores):
    return cores > MOST_DISTURBANCE


class Disturbance:
    """How many cores other processes used during a `with` block; our own processes have to end inside it."""

    def __enter__(self):
        self.start = self._sample()
        return self

    def __exit__(self, *_):
        time_passed, busy, own = (after - before for after, before in zip(self._sample(), self.start))
        self.cores = max(0.0, busy - own) / time_passed

    @staticmethod
    def _sample():
        with open("/proc/stat") as file:
            user, nice, system, _, _, irq, softirq, steal = [int(word) for word in file.readline().split()[1:9]]
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.monotonic(), busy, sum(usage.ru_utime + usage.ru_stime for usage in usages)


def description(python):
    """The machine and the software, for the report."""
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    with open("/proc/meminfo") as file:
        gibibytes = int(re.search(r"MemTotal:\s*(\d+)", file.read())[1]) / 1024 / 1024
    swift = _first_line([os.environ.get("SWIFT", "swift"), "--version"])
    versions = _first_line([python, "-c", "import sys\nprint('Python', sys.version.split()[0], end='')\n"
                                          "import aiohttp, uvloop\n"
                                          "print(f', uvloop {uvloop.__version__}, aiohttp {aiohttp.__version__}')"])
    processor = re.sub(r"\s+", " ", model[1]) if model else platform.machine()
    return [f"{len(_cores)} cores ({processor}), {gibibytes:.0f} GiB", f"Linux {platform.release()}", swift, versions]


def _first_line(words):
    return subprocess.run(words, capture_output=True, text=True).stdout.strip().splitlines()[0]
