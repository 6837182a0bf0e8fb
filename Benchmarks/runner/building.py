# SPDX-License-Identifier: Apache-2.0
"""Builds the peers and the drivers: our peer in release mode, a virtual environment with uvloop and aiohttp,
the drivers in C.
Everything goes to Benchmarks/.build, and existing products are reused."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, ".build")
PYTHON_PACKAGES = ["uvloop==0.23.0", "aiohttp==3.14.5"]


class Peer:
    """A program to compare: its command for each mode, to which a case adds words."""

    def __init__(self, name, **commands):
        self.name = name
        self.commands = commands


def peers(short=False):
    """The programs to compare. A short run omits uvloop without a network."""
    os.makedirs(FOLDER, exist_ok=True)
    python = build_environment(optional=short)
    build_drivers()
    ours = build_peer()
    scripts = os.path.join(ROOT, "python")
    found = [python_peer(loop, python, scripts) for loop in (["asyncio", "uvloop"] if has_packages(python) else ["asyncio"])]
    found.append(Peer("AsyncIO", tasks=[ours, "tasks"], streams=[ours, "echo"], protocol=[ours, "protocol-echo"],
                      client=[ours, "client"], datagrams=[ours, "udp-echo"], batches=[ours, "udp-echo-batch"]))
    return found


def python_of(peers):
    return peers[0].commands["tasks"][0]


def python_peer(loop, python, scripts):
    echo = [python, os.path.join(scripts, "echo.py"), loop]
    datagrams = [python, os.path.join(scripts, "udp_echo.py"), loop]
    client = {"client": [python, os.path.join(scripts, "client.py"), loop]} if has_packages(python) else {}
    return Peer(loop, tasks=[python, os.path.join(scripts, "tasks.py"), loop], streams=[*echo, "streams"],
                protocol=[*echo, "protocol"],
                datagrams=datagrams, batches=datagrams,  # asyncio has no batches
                **client)


def step(words, **options):
    """Runs a step of the build, quietly; its output is shown if it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\n{' '.join(words)}: failed with status {done.returncode}")
    return done.stdout


def build_peer():
    if "BENCH_PEER" in os.environ:
        return os.environ["BENCH_PEER"]
    print("building asyncio-peer ...", file=sys.stderr)
    words = [os.environ.get("SWIFT", "swift"), "build", "--package-path", ROOT, "-c", "release"]
    step(words)
    return os.path.join(step([*words, "--show-bin-path"]).strip(), "asyncio-peer")


def build_drivers():
    for name in ("load", "serve", "udp"):
        step(["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", driver(name),
              os.path.join(ROOT, "drivers", name + ".c")])


def driver(name):
    return os.path.join(FOLDER, name)


def has_packages(python):
    check = [python, "-c", "import aiohttp, uvloop"]
    return os.path.exists(python) and subprocess.run(check, capture_output=True).returncode == 0


def build_environment(optional):
    """The Python of a virtual environment with the packages. It is made with the distribution's Python rather than
    another one in the PATH: Debian's and Ubuntu's are optimized with profiles, and so up to a quarter faster."""
    python = os.path.join(FOLDER, "venv", "bin", "python3")
    if has_packages(python):
        return python
    print("making a Python environment ...", file=sys.stderr)
    base = os.environ.get("BENCH_PYTHON") or ("/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3")
    step([base, "-m", "venv", os.path.join(FOLDER, "venv")])
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON_PACKAGES]
    if not optional:
        step(install)
    elif subprocess.run(install, capture_output=True).returncode != 0:
        print("without uvloop and aiohttp, which pip can't get", file=sys.stderr)
    return python
