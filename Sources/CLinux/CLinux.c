// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

_Thread_local void *asyncio_current_loop_storage = NULL;

int asyncio_has_silent_writes(void) {
  // 0: not determined yet.
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

extern int _dispatch_get_main_queue_handle_4CF(void) __attribute__((weak));
extern void _dispatch_main_queue_callback_4CF(void *message) __attribute__((weak));

int asyncio_dispatch_main_queue_descriptor(void) {
  if (!_dispatch_get_main_queue_handle_4CF || !_dispatch_main_queue_callback_4CF) return -1;
  return _dispatch_get_main_queue_handle_4CF();
}

extern char _dispatch_main_q __attribute__((weak));
extern void dispatch_async_f(void *queue, void *context, void (*function)(void *)) __attribute__((weak));

bool asyncio_enqueue_on_dispatch_main_queue(void *context, void (*function)(void *)) {
  if (!dispatch_async_f || !&_dispatch_main_q) return false;
  dispatch_async_f(&_dispatch_main_q, context, function);
  return true;
}

void asyncio_drain_dispatch_main_queue(void) { _dispatch_main_queue_callback_4CF(NULL); }
