// SPDX-License-Identifier: Apache-2.0
//
// What the kernel tells of a thread to others of its process: where it is blocked, and how much it has computed.

#ifndef C_LINUX_BACKTRACE_LOOK_H
#define C_LINUX_BACKTRACE_LOOK_H

#include <stdint.h>
#include <time.h>

/// A thread that is blocked: in which system call, or -1 for a page fault and the like; where; and the CPU time that it
/// had used by then, in nanoseconds. Two looks that are equal say that it has not run in between.
struct backtrace_look {
  int64_t call;
  uint64_t stack_pointer, program_counter;
  int64_t cpu_time;
};

enum backtrace_look_result {
  look_blocked,
  /// It runs, or is ready to.
  look_running,
  /// It is gone, or /proc is not to be had.
  look_failed,
};

enum backtrace_look_result backtrace_look_at(int32_t thread, struct backtrace_look *look);

/// The clock of the CPU time that the thread has used.
clockid_t backtrace_cpu_clock(int32_t thread);

#endif
