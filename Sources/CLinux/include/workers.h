// SPDX-License-Identifier: Apache-2.0
// Workers of a process pool: this program, started once more. A worker never comes to `main`, see `workers.c`.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

// The descriptors that a worker starts with, above the standard ones.
enum { ASYNCIO_WORKER_SOCKET = 3, ASYNCIO_WORKER_LIFELINE = 4 };

// The parent's side of a worker. All descriptors are close-on-exec.
struct asyncio_worker {
  pid_t process;
  int process_descriptor;  // pidfd_open(2)
  int socket;              // jobs and results
  int lifeline;            // the worker is killed when it is closed
  int error;               // what the worker writes to its standard error
};

// Starts this program as a worker, in a process group of its own, with the null device as its standard input. Returns 0
// or a negative errno, and then names the call that failed.
int asyncio_start_worker(struct asyncio_worker *worker, const char **failed);

// A descriptor of a process (Linux 5.3), close-on-exec, or a negative errno.
int asyncio_open_process(pid_t process);

// For the worker itself. Lets the process map this many bytes more than it has now (RLIMIT_AS).
int asyncio_limit_memory(uint64_t bytes);
