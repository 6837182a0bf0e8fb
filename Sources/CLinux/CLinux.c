// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

_Thread_local void *asyncio_current_loop_storage = NULL;

int asyncio_has_silent_writes(void) {
  // 0: nobody has asked yet.
  static atomic_int answer;
  int known = atomic_load_explicit(&answer, memory_order_relaxed);
  if (known) return known == 1;
  int ends[2];
  if (asyncio_pipe(ends, O_CLOEXEC) < 0) return 0;
  struct iovec buffer = {.iov_base = "", .iov_len = 1};
  long result = syscall(SYS_pwritev2, ends[1], &buffer, 1UL, -1L, 0L, ASYNCIO_RWF_NOSIGNAL);
  close(ends[0]);
  close(ends[1]);
  atomic_store_explicit(&answer, result == 1 ? 1 : 2, memory_order_relaxed);
  return result == 1;
}

ssize_t asyncio_write(int descriptor, const void *bytes, size_t count) {
  if (asyncio_has_silent_writes()) {
    struct iovec buffer = {.iov_base = (void *)bytes, .iov_len = count};
    long result = syscall(SYS_pwritev2, descriptor, &buffer, 1UL, -1L, 0L, ASYNCIO_RWF_NOSIGNAL);
    if (result >= 0) return result;
    // A device with a write function of the old kind takes no flags (EOPNOTSUPP), and raises no signal.
    if (errno != EOPNOTSUPP) return -errno;
  }
  struct asyncio_held_signal held;
  asyncio_hold_pipe_signal(&held);
  ssize_t result = write(descriptor, bytes, count);
  if (result < 0) result = -errno;
  asyncio_release_pipe_signal(&held, result == -EPIPE);
  return result;
}

static atomic_int interrupt_count;
static atomic_int interrupt_wake_descriptor = -1;
static struct sigaction previous_action;

// Ctrl-C. The second one ends the process at once, with the status that a shell expects (128 + SIGINT): whoever
// pressed it twice does not want to wait for clean-up.
static void interrupted(int signal) {
  (void)signal;
  int saved = errno;
  if (atomic_fetch_add(&interrupt_count, 1) >= 1) _exit(130);
  uint64_t one = 1;
  int descriptor = atomic_load(&interrupt_wake_descriptor);
  if (descriptor >= 0) (void)!write(descriptor, &one, sizeof one);
  errno = saved;
}

void asyncio_interrupt_watch(int wake_descriptor) {
  atomic_store(&interrupt_count, 0);
  atomic_store(&interrupt_wake_descriptor, wake_descriptor);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = interrupted;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_action);
  // Who started the program ignoring SIGINT, as a shell does for a background job, wants that kept (CPython does, too).
  if (previous_action.sa_handler == SIG_IGN) sigaction(SIGINT, &previous_action, NULL);
  // A blocked one is no such wish: children inherit the mask of the thread that started them, and libdispatch's block
  // everything.
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
}

void asyncio_interrupt_unwatch(void) {
  sigaction(SIGINT, &previous_action, NULL);
  atomic_store(&interrupt_wake_descriptor, -1);
}

void asyncio_end_by_interrupt(void) {
  fflush(NULL);
  signal(SIGINT, SIG_DFL);
  raise(SIGINT);
}

int asyncio_interrupt_count(void) { return atomic_load(&interrupt_count); }

extern int _dispatch_get_main_queue_handle_4CF(void) __attribute__((weak));
extern void _dispatch_main_queue_callback_4CF(void *message) __attribute__((weak));

int asyncio_dispatch_main_queue_descriptor(void) {
  if (!_dispatch_get_main_queue_handle_4CF || !_dispatch_main_queue_callback_4CF) return -1;
  return _dispatch_get_main_queue_handle_4CF();
}

void asyncio_drain_dispatch_main_queue(void) { _dispatch_main_queue_callback_4CF(NULL); }
