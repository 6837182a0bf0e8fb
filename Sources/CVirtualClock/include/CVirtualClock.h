// SPDX-License-Identifier: Apache-2.0
// Threads with virtual clocks. Only for processes that run tests; never linked into others.
//
// Programs compute their times from clocks: the next tick, the age of a cache entry, the instant that `Task.sleep`
// waits for. In virtual time those clocks have to be virtual too. Swift's clocks and Foundation's `Date` read them from
// libc. So this file defines the functions of libc that read clocks, for the whole process and before libc's own. On a
// thread with a virtual clock they return its time; on every other they are libc's. It also defines the calls that
// sleep, which advance a virtual clock and return at once. And it defines those that wait with an absolute deadline,
// which is then one of the virtual clock. They wait for another thread in real time, for as long as the deadline is
// away.
//
// time(2) is not among them: certificates are judged by it, and their time is the real one.
#pragma once
#include <stdint.h>

struct asyncio_virtual_clock {
  // Nanoseconds since the start of the run, for the two functions below. Any thread may read it; only the owner of the
  // clock moves it.
  int64_t now;
  // Nanoseconds by which the wall clock was set forward since the start of the run; never negative. Its owner's thread
  // alone touches it.
  int64_t wall_offset;
  // For a thread that spins until time has passed: how often it has read the clock since the last renewal, and the
  // clock's next step.
  int64_t readings;
  int64_t step;
};

// The monotonic clocks begin at a second, the wall clock at 2000-01-01 00:00:00 UTC, and it is never set to before.
#define ASYNCIO_VIRTUAL_MONOTONIC_START INT64_C(1000000000)
#define ASYNCIO_VIRTUAL_EPOCH INT64_C(946684800)

// Gives the calling thread a virtual clock, or NULL for the machine's.
void asyncio_use_virtual_clock(struct asyncio_virtual_clock *clock);

// Lets the machine's wall clock jump on the calling thread: readings are this many seconds off, alternately backwards
// and forwards. 0 ends it. For tests of code that must not depend on the wall clock.
void asyncio_let_wall_clock_jump(int64_t seconds);

// Notes that the thread let others run. A thread that never does, and reads its clock a million times, waits for time
// to pass. Then time passes with each ten thousand readings: first a millisecond, then twice as much each time.
static inline void asyncio_renew_virtual_clock(struct asyncio_virtual_clock *clock) { clock->readings = clock->step = 0; }

static inline int64_t asyncio_virtual_now(const struct asyncio_virtual_clock *clock) {
  return __atomic_load_n(&clock->now, __ATOMIC_RELAXED);
}
// Nanoseconds since 1970 on the wall clock.
static inline int64_t asyncio_virtual_wall_time(const struct asyncio_virtual_clock *clock) {
  int64_t result;
  int64_t start = ASYNCIO_VIRTUAL_EPOCH * 1000000000 + clock->wall_offset;
  return __builtin_add_overflow(asyncio_virtual_now(clock), start, &result) ? INT64_MAX : result;
}
static inline void asyncio_set_virtual_now(struct asyncio_virtual_clock *clock, int64_t now) {
  __atomic_store_n(&clock->now, now, __ATOMIC_RELAXED);
}
