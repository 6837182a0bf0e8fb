// SPDX-License-Identifier: Apache-2.0
//
// A copy of the top of a thread's stack, with its registers. Unwinding, symbols and names are the asker's work, on the
// asker's thread (the Swift target `ThreadBacktraces`).
//
// Two ways, by what the thread does. One that is blocked in a system call is left alone: /proc says where its stack is
// (look.c), and the copy is made from outside and counts if the thread has not moved meanwhile. Of the registers only
// two are known then, and the unwinder has to find the frame pointer. One that computes runs a signal handler, which
// copies registers and stack and does nothing else.
//
// Why a copy and not a walk in the handler. Three ways were run against a Swift spin loop, `usleep`, `sleep`, a
// blocking `read` and a contended `pthread_mutex_lock` (Swift 6.3.1, glibc 2.36, x86_64):
//
// - The frame-pointer chain. libc has no frame pointers and uses rbp as a plain register, and `swiftc -O` on Linux
//   leaves them out as well (SwiftPM puts them back by default, other build systems do not). From inside libc the
//   chain gave the program counter and nothing more in all five cases. Where libc does leave rbp alone, the chain
//   skips the very function that called libc.
// - glibc `backtrace()` in the handler. It follows the call frame information in .eh_frame and names the Swift caller
//   in all cases, in about 35 µs. But it is not async-signal-safe: it takes the loader's lock before glibc 2.35 (a
//   thread stuck in `dlopen` is what a watchdog is for), it reads the stack unguarded, so wrong or missing unwind
//   information is a crash in production, and it knows nothing of Swift's async callers.
// - The copy (this file). The same .eh_frame is read afterwards, on the asker's thread, and every read is checked,
//   so bad unwind information costs frames and not the process. It is the one that is used; the frame-pointer chain
//   is what is left for code without call frame information. Swift on Linux has such code: a function that LLVM finds
//   unable to throw a C++ exception gets no entry in .eh_frame. SwiftPM's default keeps its frame pointer; `swiftc -O`
//   by itself leaves neither, and a trace then ends at that function.
//
// Which signal. libdispatch's worker threads, and so Swift's default executor and every thread started from it, block
// all signals but the synchronous ones, SIGPIPE and SIGPROF: a real-time signal never reaches them. So it is SIGPROF,
// or, where a profiler has that, a real-time signal, which then reaches only threads that do not block it. SIGPROF does
// not queue: after a capture that timed out on a thread that blocks it, the next one of that thread may time out too.
//
// What the watched thread sees of it: nothing. The first version sent a signal whatever the thread did, and SA_RESTART
// does not cover poll, select, epoll_wait, io_uring_enter, nanosleep, usleep, pause, sigtimedwait, msgrcv, semop, and
// socket calls with a time limit: they returned early, with EINTR (signal(7)). Now the signal is sent by a timer that
// runs only while the thread computes; capture.c says why that meets no system call, and on which old kernels it may.
// Where /proc does not say what the thread does, a blocked one has no backtrace.

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
  /// A bit for each register whose value is known. Always among them: the stack pointer and the program counter.
  uint64_t known;
};

/// Stores the registers of `thread` and its stack from the stack pointer upwards.
/// One capture runs at a time; others wait for their turn. `stack` has room for BACKTRACE_STACK_CAPACITY bytes;
/// `*stack_size` receives how many are valid. Returns 0 or an errno: ESRCH (no such thread), ETIMEDOUT (within
/// `timeout_milliseconds` the thread was neither found blocked nor did it run its handler: it blocks the signal, or is
/// not to be looked at), EAGAIN (no queue space for a signal), EBUSY (no free signal, or a timed-out capture is still
/// writing), ENOTSUP (another architecture).
int backtrace_capture_thread(int32_t thread, uint32_t timeout_milliseconds, struct backtrace_registers *registers,
                             void *stack, size_t *stack_size);

/// Copies `size` bytes of this process's memory at `address`, up to the first unreadable page, and returns how many
/// were copied. An address that is not mapped is no fault. Async-signal-safe.
size_t backtrace_copy_memory(void *destination, uint64_t address, size_t size);

/// What the Swift runtime makes of a mangled name, to be freed, or NULL if it is no Swift name.
char *backtrace_demangle(const char *name, size_t length);

/// The calling thread's kernel id (gettid, which glibc has only since 2.30).
int32_t backtrace_current_thread(void);

#endif
