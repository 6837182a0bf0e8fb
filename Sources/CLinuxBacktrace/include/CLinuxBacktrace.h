// SPDX-License-Identifier: Apache-2.0
//
// Copies the top of a thread's stack, with its registers. The asker unwinds and finds names on its own thread (the
// Swift target `ThreadBacktraces`).
//
// There are two ways, by what the thread does. A thread blocked in a system call is left alone: /proc says where its
// stack is (look.c). The copy is made from outside, and counts if the thread has not moved meanwhile. Then only two
// registers are known, and the unwinder has to find the frame pointer. A thread that computes runs a signal handler,
// which only copies registers and stack.
//
// Why a copy and not a walk in the handler. Three ways were tried with a Swift spin loop, `usleep`, `sleep`, a blocking
// `read` and a contended `pthread_mutex_lock` (Swift 6.3.1, glibc 2.36, x86_64):
//
// - The frame-pointer chain. libc has no frame pointers and uses rbp as a plain register. `swiftc -O` on Linux omits
//   them as well (SwiftPM restores them by default, other build systems do not). From inside libc the chain gave only
//   the program counter in all five cases. Where libc does leave rbp alone, the chain skips the very function that
//   called libc.
// - glibc `backtrace()` in the handler. It follows the call frame information in .eh_frame and names the Swift caller
//   in all cases, in about 35 µs. But it is not async-signal-safe: before glibc 2.35 it takes the loader's lock, and
//   watchdogs are for threads stuck in `dlopen`. It reads the stack unguarded, so wrong or missing unwind information
//   crashes a program in production. And it does not know Swift's async callers.
// - The copy (this file). The asker's thread reads .eh_frame afterwards and checks every read, so bad unwind
//   information costs frames and not the process. This is the way used here; the frame-pointer chain remains for code
//   without call frame information. Swift on Linux has such code: a function that LLVM finds unable to throw a C++
//   exception gets no entry in .eh_frame. SwiftPM's default keeps its frame pointer. `swiftc -O` by itself leaves
//   neither, and a trace ends at that function.
//
// Which signal. libdispatch's worker threads block all signals but the synchronous ones, SIGPIPE and SIGPROF. So do
// Swift's default executor and every thread started from it. A real-time signal never reaches them. So it is SIGPROF.
// Where a profiler has that, it is a real-time signal, which then reaches only threads that do not block it. SIGPROF
// does not queue: after a capture that timed out on a thread that blocks it, the next capture of that thread may time
// out too.
//
// What the watched thread notices: nothing. The first version always sent a signal. SA_RESTART does not cover poll,
// select, epoll_wait, io_uring_enter, nanosleep, usleep, pause, sigtimedwait, msgrcv, semop, and socket calls with a
// time limit: they returned early, with EINTR (signal(7)). Now a timer sends the signal, which runs only while the
// thread computes. The file capture.c says why that interrupts no system call, and on which old kernels it may. Where
// /proc does not tell what the thread does, a blocked thread has no backtrace.

#ifndef C_LINUX_BACKTRACE_H
#define C_LINUX_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define BACKTRACE_REGISTER_COUNT 17
#define BACKTRACE_STACK_POINTER 7
#define BACKTRACE_PROGRAM_COUNTER 16
#else
#define BACKTRACE_REGISTER_COUNT 33
#define BACKTRACE_STACK_POINTER 31
#define BACKTRACE_PROGRAM_COUNTER 32
#endif

/// The most of a stack that is copied, in bytes.
#define BACKTRACE_STACK_CAPACITY 65536

/// A thread's registers, by their DWARF numbers (x86_64 psABI: 16 is rip; AArch64: 31 is sp, and 32, as in libunwind,
/// pc).
struct backtrace_registers {
  uint64_t values[BACKTRACE_REGISTER_COUNT];
  /// A bit for each register whose value is known. The stack pointer and the program counter always are.
  uint64_t known;
};

/// Stores the registers of `thread` and its stack from the stack pointer upwards. One capture runs at a time; others
/// wait for their turn. `stack` has room for BACKTRACE_STACK_CAPACITY bytes; `*stack_size` receives how many are valid.
/// Returns 0 or an errno:
///
/// - ESRCH: no such thread.
/// - ETIMEDOUT: within `timeout_milliseconds` the thread was neither found blocked nor ran its handler. It blocks the
///   signal, or /proc hides it.
/// - EAGAIN: no queue space for a signal.
/// - EBUSY: no free signal, or a timed-out capture is still writing.
/// - ENOTSUP: another architecture.
int backtrace_capture_thread(int32_t thread, uint32_t timeout_milliseconds, struct backtrace_registers *registers,
                             void *stack, size_t *stack_size);

/// Copies `size` bytes of this process's memory at `address`, up to the first unreadable page, and returns how many
/// were copied. An unmapped address is allowed. Async-signal-safe.
size_t backtrace_copy_memory(void *destination, uint64_t address, size_t size);

/// Demangles a Swift name. The caller frees the result, which is NULL if the name is not a Swift name.
char *backtrace_demangle(const char *name, size_t length);

/// The calling thread's kernel id (gettid, which glibc has only since 2.30).
int32_t backtrace_current_thread(void);

#endif
