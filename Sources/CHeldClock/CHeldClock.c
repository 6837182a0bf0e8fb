// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CHeldClock.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Numbers of <linux/time.h>; the held ones are below this.
#define CLOCKS 8
#define READINGS 10000

static _Thread_local struct {
  bool holds;
  unsigned char known;  // a bit for each clock that was read since the hold began
  int readings;
  struct timespec times[CLOCKS];
} held;

typedef int (*clock_function)(clockid_t, struct timespec *);

// libc's own, which reads most clocks without a system call.
static int libc_clock_gettime(clockid_t clock, struct timespec *time) {
  static _Atomic(clock_function) found;
  clock_function function = atomic_load_explicit(&found, memory_order_relaxed);
  if (function == NULL) {
    function = (clock_function)dlsym(RTLD_NEXT, "clock_gettime");
    if (function == NULL) return (int)syscall(SYS_clock_gettime, clock, time);
    atomic_store_explicit(&found, function, memory_order_relaxed);
  }
  return function(clock, time);
}

static bool is_monotonic(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!held.holds || !is_monotonic(clock)) return libc_clock_gettime(clock, time);
  if (++held.readings > READINGS) {
    held.readings = 0;
    held.known = 0;
  }
  unsigned char bit = (unsigned char)(1 << clock);
  if (!(held.known & bit)) {
    int result = libc_clock_gettime(clock, &held.times[clock]);
    if (result != 0) return result;
    held.known |= bit;
  }
  *time = held.times[clock];
  return 0;
}

void asyncio_hold_clocks(bool hold) {
  held.holds = hold;
  held.known = 0;
  held.readings = 0;
}
