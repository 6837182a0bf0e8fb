# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of a program in user space, and the atomic ones among them, by valgrind's callgrind.
Callgrind does not distinguish atomics, but it counts how often each address was executed. The object file shows the
instruction at an address: one with a LOCK prefix, or an exchange with memory, is atomic. On x86_64 only."""
import collections
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import tempfile

import machine

Counts = collections.namedtuple("Counts", "instructions atomics")  # atomics is None where they can't be told
PATIENCE = 120  # seconds

# Otherwise Swift's dictionaries would take another path in each run, and valgrind does not support io_uring's calls.
ENVIRONMENT = {**os.environ, "AIO_BACKEND": "epoll", "SWIFT_DETERMINISTIC_HASHING": "1"}


class Run:
    """A command under callgrind. The `with` block may use the process; after it, `counts` is set. SIGTERM ends a
    process that still runs at the end of the block, such as a server."""

    def __init__(self, words, with_atomics=True):
        self.words, self.with_atomics = words, with_atomics and platform.machine() == "x86_64"

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "callgrind.out")
        options = [f"--callgrind-out-file={self.file}", "--compress-strings=no", "--compress-pos=no"]
        if self.with_atomics:
            options.append("--dump-instr=yes")
        # Valgrind writes pages of text about unsupported system calls.
        self.errors = open(os.path.join(self.folder.name, "errors"), "w+")
        self.process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", *options, *self.words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, env=ENVIRONMENT, preexec_fn=machine.on_core(machine.PEER_CORE))
        return self

    def wait(self):
        """For a program that ends by itself."""
        self._output, _ = self.process.communicate(timeout=PATIENCE)
        if self.process.returncode != 0:
            self.errors.seek(0)
            sys.exit(f"{' '.join(self.words)}: status {self.process.returncode}\n{self.errors.read()[-2000:]}")

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.errors.close()
        if kind is None:
            self.counts = read(self.file, self.with_atomics)
        self.folder.cleanup()


def counts(words):
    """The counts of a command that ends by itself."""
    with Run(words) as run:
        run.wait()
    return run.counts


def read(file, with_atomics):
    """The figures in a file of callgrind. A line of costs is an address (if wanted), a line and a count. The one after
    `calls=` has the cost of a call, which is listed at the callee's own addresses as well."""
    instructions, atomics = 0, 0
    image, is_call = None, False
    with open(file) as lines:
        for line in lines:
            if line[0] in "0123456789":
                if not is_call:
                    words = line.split()
                    count = int(words[-1])
                    instructions += count
                    if with_atomics and image and image.is_atomic(int(words[0], 16)):
                        atomics += count
                is_call = False
            elif line.startswith("calls="):
                is_call = True
            elif line.startswith("ob="):
                image = Image.of(line[3:].strip())
    return Counts(instructions, atomics if with_atomics else None)


class Image:
    """An ELF file's code, by the addresses in the file."""

    known = {}

    @classmethod
    def of(cls, path):
        if path not in cls.known:
            cls.known[path] = cls(path) if os.path.isfile(path) else None
        return cls.known[path]

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        start, = struct.unpack_from("<Q", self.bytes, 32)
        size, number = struct.unpack_from("<HH", self.bytes, 54)
        headers = [struct.unpack_from("<IIQQQQ", self.bytes, start + size * index) for index in range(number)]
        # For each segment that is loaded (PT_LOAD) and executable (PF_X): address, size, offset in the file.
        self.segments = [(address, length, offset) for kind, flags, offset, address, _, length in headers
                         if kind == 1 and flags & 1]
        self.answers = {}

    def is_atomic(self, address):
        if address not in self.answers:
            self.answers[address] = any(
                is_atomic(self.bytes[offset + address - first:offset + address - first + 15])
                for first, length, offset in self.segments if first <= address < first + length)
        return self.answers[address]


# Prefixes that may precede LOCK or an opcode: other segments, operand and address size, repetitions, REX.
_PREFIXES = re.compile(rb"[\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3]*(\xf0)?[\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3]*"
                       rb"[\x40-\x4f]?", re.DOTALL)


def is_atomic(code):
    """Whether these bytes begin with an instruction that has a LOCK prefix, or with XCHG of a register with memory,
    which locks without one."""
    prefixes = _PREFIXES.match(code)
    if prefixes[1]:
        return True
    rest = code[prefixes.end():]
    return len(rest) > 1 and rest[0] in (0x86, 0x87) and rest[1] >> 6 != 3
