// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

_Thread_local void *asyncio_current_loop_storage = NULL;

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

void asyncio_ignore_broken_pipes(void) {
  struct sigaction action;
  if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
}

int asyncio_interrupt_count(void) { return atomic_load(&interrupt_count); }

extern int _dispatch_get_main_queue_handle_4CF(void) __attribute__((weak));
extern void _dispatch_main_queue_callback_4CF(void *message) __attribute__((weak));

int asyncio_dispatch_main_queue_descriptor(void) {
  if (!_dispatch_get_main_queue_handle_4CF || !_dispatch_main_queue_callback_4CF) return -1;
  return _dispatch_get_main_queue_handle_4CF();
}

void asyncio_drain_dispatch_main_queue(void) { _dispatch_main_queue_callback_4CF(NULL); }
