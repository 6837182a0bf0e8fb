// SPDX-License-Identifier: Apache-2.0
//
// The kernel's information about a thread for others of its process: where it is blocked, and how much it has computed.

#ifndef C_LINUX_BACKTRACE_LOOK_H
#define C_LINUX_BACKTRACE_LOOK_H

#include <stdint.h>
#include <time.h>

/// A blocked thread: its system call, or -1 for a page fault and the like; its position; and its CPU time so far, in
/// nanoseconds. If two looks are equal, the thread has not run in between.
struct backtrace_look {
  int64_t call;
  uint64_t stack_pointer, program_counter;
  int64_t cpu_time;
};

enum backtrace_look_result {
  look_blocked,
  /// The thread runs, or is ready to.
  look_running,
  /// The thread is gone, or /proc is unavailable.
  look_failed,
};

enum backtrace_look_result backtrace_look_at(int32_t thread, struct backtrace_look *look);

/// The clock that counts the thread's CPU time.
clockid_t backtrace_cpu_clock(int32_t thread);

#endif
