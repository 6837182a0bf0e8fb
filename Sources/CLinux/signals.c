// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { signal_count = 65, loop_count = 256 };

int asyncio_signals_pending;
static atomic_int arrived[signal_count];
// Both are touched by one thread at a time: SignalCenter holds its mutex.
static struct sigaction previous[signal_count];
static int watched[signal_count];
// How often SIGINT came since it is watched, or since the program itself received one.
static atomic_int interrupts;
// The descriptors plus one; 0 is a free slot.
static atomic_int wake_descriptors[loop_count];
static atomic_int handlers_running;

static void take_note(int number) {
  int saved = errno;
  atomic_fetch_add(&handlers_running, 1);
  // The second Ctrl-C ends the process at once, with the status that a shell expects. A user who pressed it twice does
  // not want to wait for clean-up. A supervisor may well send other signals twice.
  if (number == SIGINT && atomic_fetch_add(&interrupts, 1) >= 1) _exit(128 + SIGINT);
  atomic_fetch_add(&arrived[number], 1);
  __atomic_store_n(&asyncio_signals_pending, 1, __ATOMIC_SEQ_CST);
  uint64_t one = 1;
  for (int place = 0; place < loop_count; place++) {
    int descriptor = atomic_load(&wake_descriptors[place]) - 1;
    if (descriptor >= 0) (void)!write(descriptor, &one, sizeof one);
  }
  atomic_fetch_sub(&handlers_running, 1);
  errno = saved;
}

void asyncio_signal_watch(int number, int even_if_ignored) {
  if (!watched[number]) {
    watched[number] = 1;
    if (number == SIGINT) atomic_store(&interrupts, 0);
    atomic_store(&arrived[number], 0);
    sigaction(number, NULL, &previous[number]);
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = take_note;
  action.sa_flags = SA_RESTART;
  int stays_ignored = previous[number].sa_handler == SIG_IGN && !even_if_ignored;
  sigaction(number, stays_ignored ? &previous[number] : &action, NULL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void asyncio_signal_unwatch(int number) {
  watched[number] = 0;
  struct sigaction current;
  // Another library may have put its own handler in place of this one, and keeps it.
  if (sigaction(number, NULL, &current) == 0 && current.sa_handler == take_note)
    sigaction(number, &previous[number], NULL);
}

void asyncio_signal_interrupt_was_received(void) { atomic_store(&interrupts, 0); }

int asyncio_signal_take(int number) { return atomic_exchange(&arrived[number], 0); }

void asyncio_signal_wakes(int descriptor) {
  for (int place = 0; place < loop_count; place++) {
    int none = 0;
    if (atomic_compare_exchange_strong(&wake_descriptors[place], &none, descriptor + 1)) return;
  }
}

void asyncio_signal_wakes_no_more(int descriptor) {
  for (int place = 0; place < loop_count; place++) {
    int own = descriptor + 1;
    if (atomic_compare_exchange_strong(&wake_descriptors[place], &own, 0)) break;
  }
  // A handler that read the number before this runs on another thread, and is about to end.
  while (atomic_load(&handlers_running) > 0) sched_yield();
}

void asyncio_end_by_signal(int number) {
  fflush(NULL);
  signal(number, SIG_DFL);
  raise(number);
}
