// SPDX-License-Identifier: Apache-2.0
//
// Who may touch the buffer is one word, `state`: a generation and a phase. The asker moves it from idle to requested
// and, when it has waited long enough, from requested back to idle. The handler moves it from requested to writing,
// only if the generation that its signal carries is the requested one, and from writing to done. So a signal that is
// delivered late, after its asker gave up, finds another generation or another phase and returns without a trace; and
// whoever succeeds in the compare-and-swap out of `requested` owns the buffer. `writing` lasts a few microseconds of
// the thread's own time but may be stretched by the scheduler; an asker that cannot wait for it leaves the phase as it
// is, and captures answer EBUSY until the handler is through.

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

enum phase { phase_idle = 0, phase_requested = 1, phase_writing = 2, phase_done = 3 };

enum { page_size = 4096, milliseconds_for_a_started_copy = 1000 };

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t state;
static uint32_t generation;
static int chosen_signal;

static struct backtrace_registers captured_registers;
static unsigned char captured_stack[BACKTRACE_STACK_CAPACITY];
static size_t captured_size;

static uint32_t state_of(uint32_t of_generation, enum phase phase) { return of_generation << 2 | phase; }

int32_t backtrace_current_thread(void) { return (int32_t)syscall(SYS_gettid); }

// rt_sigprocmask with an impossible `how` reads its set before it looks at `how`: EFAULT says unreadable, EINVAL
// readable. It needs no descriptor and no seccomp policy forbids it.
static int is_readable(uint64_t address) {
  return syscall(SYS_rt_sigprocmask, -1, address & ~(uint64_t)7, NULL, (size_t)8) == -1 && errno != EFAULT;
}

size_t backtrace_copy_memory(void *destination, uint64_t address, size_t size) {
  // One element a page: a transfer ends between elements, so an unmapped page cuts it there.
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
      // Older container policies deny it. What follows can lose a race with another thread's munmap, which on the
      // stack of the running thread cannot happen.
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
  if (information->si_code == SI_QUEUE && information->si_pid == getpid() &&
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

/// SIGPROF if nobody handles it, else the highest real-time signal of which that is true (the header says why). It is
/// ours from the first capture on. If someone takes it over later it is theirs: sending it would run their handler, so
/// another one is chosen.
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

static int64_t milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// Waits while `state` is `value`, for at most so long.
static void wait_while(uint32_t value, uint32_t milliseconds) {
  int64_t end = milliseconds_now() + milliseconds;
  while (atomic_load(&state) == value) {
    int64_t left = end - milliseconds_now();
    if (left <= 0) return;
    struct timespec timeout = {left / 1000, left % 1000 * 1000000};
    syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, value, &timeout, NULL, 0);
  }
}

static int capture(int32_t thread, uint32_t timeout_milliseconds) {
  if ((atomic_load(&state) & 3) == phase_writing) return EBUSY;
  if (!choose_signal()) return EBUSY;
  generation = (generation + 1) & 0x3fffffff;
  uint32_t requested = state_of(generation, phase_requested);
  atomic_store(&state, requested);

  // tgkill with a value: what tells a late signal from the one that is waited for.
  siginfo_t information;
  memset(&information, 0, sizeof information);
  information.si_code = SI_QUEUE;
  information.si_pid = getpid();
  information.si_uid = getuid();
  information.si_value.sival_int = (int)generation;
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, chosen_signal, &information) != 0) {
    int reason = errno;
    atomic_store(&state, state_of(generation, phase_idle));
    return reason;
  }
  wait_while(requested, timeout_milliseconds);
  if (atomic_compare_exchange_strong(&state, &requested, state_of(generation, phase_idle))) return ETIMEDOUT;
  wait_while(state_of(generation, phase_writing), milliseconds_for_a_started_copy);
  return atomic_load(&state) == state_of(generation, phase_done) ? 0 : ETIMEDOUT;
}

int backtrace_capture_thread(int32_t thread, uint32_t timeout_milliseconds, struct backtrace_registers *registers,
                             void *stack, size_t *stack_size) {
#if defined(__x86_64__) || defined(__aarch64__)
  pthread_mutex_lock(&one_at_a_time);
  int result = capture(thread, timeout_milliseconds);
  if (result == 0) {
    *registers = captured_registers;
    memcpy(stack, captured_stack, captured_size);
    *stack_size = captured_size;
  }
  pthread_mutex_unlock(&one_at_a_time);
  return result;
#else
  (void)thread, (void)timeout_milliseconds, (void)registers, (void)stack, (void)stack_size;
  return ENOTSUP;
#endif
}
