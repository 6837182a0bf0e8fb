// SPDX-License-Identifier: Apache-2.0
//
// One word, `state`, says who may touch the buffer: a generation and a phase. The asker moves it from idle to requested
// and, after it has waited long enough, from requested back to idle. The handler moves it from requested to writing,
// only if its signal carries the requested generation, and from writing to done. So a signal that comes late, after its
// asker gave up, finds another generation or phase and returns without effect. The side that succeeds in the
// compare-and-swap out of `requested` owns the buffer. `writing` lasts a few microseconds of the thread's own time, but
// the scheduler may stretch it. An asker that cannot wait for it leaves the phase as it is; captures return EBUSY until
// the handler has ended.
//
// For another thread, a timer on that thread's CPU time sends the signal (timer_create(2)). The timer runs out only
// while the thread computes. The kernel (since 5.11 on x86_64, 6.1 on AArch64: posix_cpu_timers_work) sends the signal
// where the thread returns to user code. So it interrupts no system call. A signal of kill(2) could, if the thread
// enters a call after we looked at it. Older kernels can interrupt a call too, if the clock's tick finds the thread
// within it, on its way to sleep.

#define _GNU_SOURCE
#include "CLinuxBacktrace.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "look.h"

enum phase { phase_idle = 0, phase_requested = 1, phase_writing = 2, phase_done = 3 };

enum {
  page_size = 4096,
  milliseconds_for_a_started_copy = 1000,
  nanoseconds_of_work = 1000,
  nanoseconds_between_looks = 1000000,
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t state;
static uint32_t generation;
static _Atomic int32_t wanted_thread;
static int chosen_signal;

static struct backtrace_registers captured_registers;
static unsigned char captured_stack[BACKTRACE_STACK_CAPACITY];
static size_t captured_size;

static uint32_t state_of(uint32_t of_generation, enum phase phase) { return of_generation << 2 | phase; }

int32_t backtrace_current_thread(void) { return (int32_t)syscall(SYS_gettid); }

// rt_sigprocmask with an invalid `how` reads its set before it checks `how`. EFAULT means unreadable, EINVAL readable.
// It needs no descriptor, and every seccomp policy allows it.
static int is_readable(uint64_t address) {
  return syscall(SYS_rt_sigprocmask, -1, address & ~(uint64_t)7, NULL, (size_t)8) == -1 && errno != EFAULT;
}

size_t backtrace_copy_memory(void *destination, uint64_t address, size_t size) {
  // One element a page: a transfer ends between elements, so an unmapped page ends it there.
  enum { most_elements = BACKTRACE_STACK_CAPACITY / page_size + 1 };
  struct iovec remote[most_elements];
  int saved_errno = errno;
  size_t copied = 0;
  while (copied < size) {
    size_t planned = 0, elements = 0;
    while (elements < most_elements && copied + planned < size) {
      uint64_t at = address + copied + planned;
      size_t length = page_size - at % page_size;
      if (length > size - copied - planned) length = size - copied - planned;
      remote[elements++] = (struct iovec){(void *)(uintptr_t)at, length};
      planned += length;
    }
    struct iovec local = {(char *)destination + copied, planned};
    long got = syscall(SYS_process_vm_readv, getpid(), &local, 1ul, remote, elements, 0ul);
    if (got < 0 && (errno == EPERM || errno == ENOSYS)) {
      // Older container policies deny it. This way can lose a race with another thread's munmap, but that cannot happen
      // on the stack of the running thread.
      for (size_t i = 0; i < elements && is_readable((uintptr_t)remote[i].iov_base); i++) {
        memcpy((char *)destination + copied, remote[i].iov_base, remote[i].iov_len);
        copied += remote[i].iov_len;
        planned -= remote[i].iov_len;
      }
      if (planned > 0) break;
      continue;
    }
    if (got <= 0) break;
    copied += (size_t)got;
    if ((size_t)got < planned) break;
  }
  errno = saved_errno;
  return copied;
}

static int copy_registers(const ucontext_t *context, uint64_t *stack_pointer) {
  uint64_t *values = captured_registers.values;
  captured_registers.known = ~0ull;
#if defined(__x86_64__)
  static const int in_dwarf_order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                       REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (int i = 0; i < BACKTRACE_REGISTER_COUNT; i++) {
    values[i] = (uint64_t)context->uc_mcontext.gregs[in_dwarf_order[i]];
  }
  *stack_pointer = values[7];
  return 1;
#elif defined(__aarch64__)
  for (int i = 0; i < 31; i++) values[i] = context->uc_mcontext.regs[i];
  values[31] = context->uc_mcontext.sp;
  values[32] = context->uc_mcontext.pc;
  *stack_pointer = values[31];
  return 1;
#else
  (void)values, (void)context, (void)stack_pointer;
  return 0;
#endif
}

static void handle(int signal, siginfo_t *information, void *context) {
  (void)signal;
  int saved_errno = errno;
  uint32_t wanted = (uint32_t)information->si_value.sival_int;
  uint32_t expected = state_of(wanted, phase_requested);
  if ((information->si_code == SI_TIMER || (information->si_code == SI_QUEUE && information->si_pid == getpid())) &&
      atomic_load(&wanted_thread) == backtrace_current_thread() &&
      atomic_compare_exchange_strong(&state, &expected, state_of(wanted, phase_writing))) {
    uint64_t stack_pointer = 0;
    captured_size = 0;
    if (copy_registers(context, &stack_pointer)) {
      captured_size = backtrace_copy_memory(captured_stack, stack_pointer, sizeof captured_stack);
    }
    atomic_store(&state, state_of(wanted, phase_done));
    syscall(SYS_futex, &state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  }
  errno = saved_errno;
}

static int take(int candidate) {
  struct sigaction current;
  if (sigaction(candidate, NULL, &current) != 0 || (current.sa_flags & SA_SIGINFO) || current.sa_handler != SIG_DFL) {
    return 0;
  }
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&ours.sa_mask);
  if (sigaction(candidate, &ours, NULL) != 0) return 0;
  chosen_signal = candidate;
  return 1;
}

/// Returns SIGPROF if it has no handler, else the highest real-time signal without one (the header says why). It is
/// ours from the first capture on. If other code takes it over later, sending it would run that code's handler, so
/// another signal is chosen.
static int choose_signal(void) {
  struct sigaction current;
  if (chosen_signal != 0 && sigaction(chosen_signal, NULL, &current) == 0 && (current.sa_flags & SA_SIGINFO) &&
      current.sa_sigaction == handle) {
    return 1;
  }
  if (take(SIGPROF)) return 1;
  for (int candidate = SIGRTMAX - 1; candidate > SIGRTMIN; candidate--) {
    if (take(candidate)) return 1;
  }
  return 0;
}

static int64_t nanoseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Waits while `state` is `value`, until the given time.
static void wait_while(uint32_t value, int64_t end) {
  while (atomic_load(&state) == value) {
    int64_t left = end - nanoseconds_now();
    if (left <= 0) return;
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, value, &timeout, NULL, 0);
  }
}

/// Sends the signal to the calling thread now: it is in no other call that the signal could interrupt.
static int signal_oneself(void) {
  // tgkill with a value, which tells a late signal from the expected one.
  siginfo_t information;
  memset(&information, 0, sizeof information);
  information.si_code = SI_QUEUE;
  information.si_pid = getpid();
  information.si_uid = getuid();
  information.si_value.sival_int = (int)generation;
  long result = syscall(SYS_rt_tgsigqueueinfo, getpid(), backtrace_current_thread(), chosen_signal, &information);
  return result == 0 ? 0 : errno;
}

/// Makes the thread receive the signal as soon as it computes.
static int start_timer(int32_t thread, timer_t *timer) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = chosen_signal;
  event.sigev_value.sival_int = (int)generation;
  event._sigev_un._tid = thread;
  if (timer_create(backtrace_cpu_clock(thread), &event, timer) != 0) return errno;
  struct itimerspec soon = {{0, 0}, {0, nanoseconds_of_work}};
  if (timer_settime(*timer, 0, &soon, NULL) == 0) return 0;
  int reason = errno;
  timer_delete(*timer);
  return reason;
}

/// Ends a capture. The phase is done if the handler has filled the buffer, and idle if it has not and never will.
static enum phase finish(void) {
  uint32_t requested = state_of(generation, phase_requested);
  if (atomic_compare_exchange_strong(&state, &requested, state_of(generation, phase_idle))) return phase_idle;
  wait_while(state_of(generation, phase_writing), nanoseconds_now() + milliseconds_for_a_started_copy * 1000000ll);
  return (enum phase)(atomic_load(&state) & 3);
}

/// Where a capture's results go: the asker's memory. The handler fills its own buffer first.
struct result {
  struct backtrace_registers *registers;
  void *stack;
  size_t *stack_size;
};

/// Copies the stack of a thread that is blocked. Returns false unless it was blocked during the whole copy.
static int copy_if_blocked(int32_t thread, struct result result, int *can_look) {
  struct backtrace_look before, after;
  enum backtrace_look_result seen = backtrace_look_at(thread, &before);
  *can_look = seen != look_failed;
  if (seen != look_blocked) return 0;
  size_t size = backtrace_copy_memory(result.stack, before.stack_pointer, BACKTRACE_STACK_CAPACITY);
  if (backtrace_look_at(thread, &after) != look_blocked || memcmp(&before, &after, sizeof before) != 0) return 0;
  *result.stack_size = size;
  memset(result.registers, 0, sizeof *result.registers);
  result.registers->values[BACKTRACE_STACK_POINTER] = before.stack_pointer;
  result.registers->values[BACKTRACE_PROGRAM_COUNTER] = before.program_counter;
  result.registers->known = 1ull << BACKTRACE_STACK_POINTER | 1ull << BACKTRACE_PROGRAM_COUNTER;
  return 1;
}

/// Looks at the thread repeatedly until it is found blocked or has run its handler.
static int capture(int32_t thread, uint32_t timeout_milliseconds, struct result result) {
  int64_t end = nanoseconds_now() + timeout_milliseconds * 1000000ll;
  int is_oneself = thread == backtrace_current_thread();
  int can_look = !is_oneself;
  if (can_look && copy_if_blocked(thread, result, &can_look)) return 0;

  if ((atomic_load(&state) & 3) == phase_writing) return EBUSY;
  if (!choose_signal()) return EBUSY;
  generation = (generation + 1) & 0x3fffffff;
  uint32_t requested = state_of(generation, phase_requested);
  atomic_store(&wanted_thread, thread);
  atomic_store(&state, requested);
  timer_t timer;
  int reason = is_oneself ? signal_oneself() : start_timer(thread, &timer);
  if (reason != 0) {
    atomic_store(&state, state_of(generation, phase_idle));
    return reason == EINVAL ? ESRCH : reason;  // that clock's thread does not exist
  }
  int is_copied = 0;
  while (!is_copied && atomic_load(&state) == requested && nanoseconds_now() < end) {
    int64_t next = nanoseconds_now() + nanoseconds_between_looks;
    wait_while(requested, can_look && next < end ? next : end);
    is_copied = can_look && atomic_load(&state) == requested && copy_if_blocked(thread, result, &can_look);
  }
  enum phase phase = finish();
  if (!is_oneself) timer_delete(timer);
  if (is_copied) return 0;
  if (phase != phase_done) return ETIMEDOUT;
  *result.registers = captured_registers;
  memcpy(result.stack, captured_stack, captured_size);
  *result.stack_size = captured_size;
  return 0;
}

int backtrace_capture_thread(int32_t thread, uint32_t timeout_milliseconds, struct backtrace_registers *registers,
                             void *stack, size_t *stack_size) {
#if defined(__x86_64__) || defined(__aarch64__)
  pthread_mutex_lock(&one_at_a_time);
  int result = capture(thread, timeout_milliseconds, (struct result){registers, stack, stack_size});
  pthread_mutex_unlock(&one_at_a_time);
  return result;
#else
  (void)thread, (void)timeout_milliseconds, (void)registers, (void)stack, (void)stack_size;
  return ENOTSUP;
#endif
}
