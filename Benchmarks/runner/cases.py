# SPDX-License-Identifier: Apache-2.0
"""The cases: the commands to run, and the figures to compare."""
import json
import os
import subprocess
import sys
import threading

import building
import machine

# The time limit of a command, in seconds.
PATIENCE = 60


class Figure:
    """A number of a case by which peers are compared."""

    def __init__(self, key, title, unit, scale=1.0, more_is_better=False):
        self.key, self.title, self.unit, self.scale, self.more_is_better = key, title, unit, scale, more_is_better


class TaskCase:
    group = "Tasks"

    def __init__(self, name, word, count, *figures):
        self.name, self.word, self.count, self.figures = name, word, count, figures

    def suits(self, peer):
        return "tasks" in peer.commands

    def run(self, peer):
        words = [*peer.commands["tasks"], self.word, str(self.count)]
        return answer(words, machine.PEER_CORE)


class EchoCase:
    group = "TCP echo"

    def __init__(self, name, title, connections, size, milliseconds, style="streams", one_core=False):
        self.name, self.connections, self.size, self.milliseconds = name, connections, size, milliseconds
        self.style, self.one_core = style, one_core
        self.figures = [Figure("messages_per_s", title, "messages/s", more_is_better=True)]
        if not one_core:
            self.figures.append(Figure("server_cpu_us_per_message", f"{title}: the server's CPU", "µs a message"))

    def suits(self, peer):
        return self.style in peer.commands

    def run(self, peer):
        with Server(peer.commands[self.style], machine.PEER_CORE) as server:
            words = [building.driver("load"), server.port, str(self.connections), str(self.size),
                     str(self.milliseconds // 4), str(self.milliseconds), str(server.process.pid)]
            return answer(words, machine.PEER_CORE if self.one_core else machine.DRIVER_CORE)


class DatagramCase:
    group = "UDP echo"

    def __init__(self, name, title, sockets, size, milliseconds, style="datagrams"):
        self.name, self.sockets, self.size, self.milliseconds, self.style = name, sockets, size, milliseconds, style
        self.figures = [Figure("datagrams_per_s", title, "datagrams/s", more_is_better=True),
                        Figure("server_cpu_us_per_datagram", f"{title}: the server's CPU", "µs a datagram")]

    def suits(self, peer):
        return self.style in peer.commands

    def run(self, peer):
        with Server(peer.commands[self.style], machine.PEER_CORE) as server:
            words = [building.driver("udp"), server.port, str(self.sockets), str(self.size),
                     str(self.milliseconds // 4), str(self.milliseconds), str(server.process.pid)]
            return answer(words, machine.DRIVER_CORE)


class IdleCase:
    group = "TCP echo"
    name = "idle"
    figures = [Figure("bytes_per_connection", "an idle connection: the server's memory", "bytes")]

    def __init__(self, connections):
        self.connections = connections

    def suits(self, peer):
        return "streams" in peer.commands

    def run(self, peer):
        with Server(peer.commands["streams"], machine.PEER_CORE) as server:
            before = server.resident_bytes()
            words = [building.driver("load"), "idle", server.port, str(self.connections)]
            with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  preexec_fn=machine.on_core(machine.DRIVER_CORE)) as driver:
                if first_line(driver) != "ready":
                    sys.exit(f"{peer.name}: the server did not take {self.connections} connections")
                grown = server.resident_bytes() - before
                driver.stdin.close()
        return {"bytes_per_connection": grown / self.connections}


class ClientCase:
    group = "HTTP client"
    CONCURRENCY = 200
    BODY_SIZE = 1024

    def __init__(self, name, target, count, *figures):
        self.name, self.target, self.count, self.figures = name, target, count, figures

    def suits(self, peer):
        return "client" in peer.commands

    def run(self, peer):
        with Server([building.driver("serve")], machine.DRIVER_CORE) as server:
            words = [*peer.commands["client"], f"http://127.0.0.1:{server.port}{self.target}", str(self.count),
                     str(self.CONCURRENCY)]
            figures = answer(words, machine.PEER_CORE)
        if figures["ok"] != self.count or figures["bytes"] != self.count * self.BODY_SIZE:
            sys.exit(f"\n{' '.join(words)}: {figures['ok']:.0f} of {self.count} answered, {figures['bytes']:.0f} bytes")
        return figures


class Server:
    """A server on a core, with the port that it chose and printed; ended by its process id."""

    def __init__(self, command, core):
        self.command, self.core = command, core

    def __enter__(self):
        self.process = subprocess.Popen([*self.command, "0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=machine.on_core(self.core))
        self.port = first_line(self.process)
        if not self.port.isdigit():
            self.__exit__()
            sys.exit(f"{' '.join(self.command)} 0: printed no port")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def first_line(process):
    """The first line that a process prints, without its end; empty if the process ends or takes too long."""
    alarm = threading.Timer(PATIENCE, process.kill)
    alarm.start()
    try:
        return process.stdout.readline().strip()
    finally:
        alarm.cancel()


def answer(words, core):
    """Runs a command on a core and returns the line of JSON that it ends with."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, preexec_fn=machine.on_core(core))
    except subprocess.TimeoutExpired:
        sys.exit(f"\n{' '.join(words)}: no end within {PATIENCE} s")
    if done.returncode != 0 or not done.stdout.strip():
        sys.exit(f"\n{' '.join(words)}: status {done.returncode}\n{done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def all_cases(short):
    def time(title):
        return Figure("ns_per_op", title, "ns")

    part = 10 if short else 1
    many = f"{100_000 // part:,}"
    milliseconds = 200 if short else 1500
    return [
        TaskCase("yield", "yield", 400_000 // part, time("a switch between two tasks")),
        TaskCase("yield1", "yield1", 400_000 // part, time("a yield of the only task")),
        TaskCase("spawn", "spawn", 100_000 // part, time("start a task and await it")),
        TaskCase("gather", "gather", 100_000 // part, time(f"start {many} tasks and await all, each")),
        TaskCase("queue", "queue", 200_000 // part, time("an item through a queue of one")),
        TaskCase("cancel", "cancel", 100_000 // part, time(f"cancel {many} tasks and await all, each")),
        TaskCase("sleep10k", "sleep", 10_000, Figure("cpu_s", "10,000 sleeps in a second: CPU", "ms", 1000),
                 Figure("over_p99_us", "10,000 sleeps: late, 99th percentile", "ms", 0.001)),
        TaskCase("sleep100k", "sleep", 100_000 // part, Figure("cpu_s", f"{many} sleeps in a second: CPU", "ms", 1000),
                 Figure("over_p99_us", f"{many} sleeps: late, 99th percentile", "ms", 0.001)),
        TaskCase("rss", "rss", 100_000 // part, Figure("bytes_per_task", "a sleeping task: memory", "bytes")),
        EchoCase("echo-1", "1 connection, 64 B, all on one core", 1, 64, milliseconds, one_core=True),
        EchoCase("echo-100", "100 connections, 1 KiB", 100, 1024, milliseconds),
        EchoCase("echo-1000", "1,000 connections, 1 KiB", 1000, 1024, milliseconds),
        EchoCase("echo-large", "50 connections, 64 KiB", 50, 65_536, milliseconds),
        IdleCase(1000 if short else 10_000),
        DatagramCase("udp-100", "100 sockets, 100 B", 100, 100, milliseconds),
        DatagramCase("udp-100-batch", "100 sockets, 100 B, in batches if there are", 100, 100, milliseconds, style="batches"),
        ClientCase("client", "/now", 20_000 // part, Figure("ns_per_op", "GET of 1 KiB, 200 at a time", "µs", 0.001),
                   Figure("cpu_ns_per_op", "GET of 1 KiB, 200 at a time: CPU", "µs", 0.001)),
        ClientCase("client-20ms", "/delayed", 8000 // part,
                   Figure("cpu_ns_per_op", "GET that takes 20 ms, 200 at a time: CPU", "µs", 0.001)),
    ]
