// SPDX-License-Identifier: Apache-2.0
// A thread whose clocks are virtual. For processes that run tests, and never linked into others.
//
// What a program does with time it computes from clocks: the next tick, the age of an entry of a cache, the instant that
// `Task.sleep` waits for. In virtual time these have to be virtual as well, and Swift's clocks and Foundation's `Date`
// read them from libc. So this defines the functions of libc that read clocks, for the whole process and before libc's
// own: on a thread that has a virtual clock they tell its time, on every other they are libc's. With them go the calls
// that sleep, which advance a virtual clock and return at once, and those that wait with an absolute deadline, since
// that is then one of the virtual clock: they wait in real time, for another thread, as long as it is away.
//
// Not among them is time(2): certificates are judged by it, and theirs is the time of the world.
#pragma once
#include <stdint.h>

struct asyncio_virtual_clock {
  // Nanoseconds since the start of the run, by the two functions below. Any thread may read it; only the one that has
  // the clock moves it.
  int64_t now;
  // For a thread that spins until time has passed: how often it has looked since the clock was renewed, and by how much
  // the clock moves then.
  int64_t readings;
  int64_t step;
};

// The monotonic clocks begin at a second, the wall clock at 2000-01-01 00:00:00 UTC.
#define ASYNCIO_VIRTUAL_MONOTONIC_START INT64_C(1000000000)
#define ASYNCIO_VIRTUAL_EPOCH INT64_C(946684800)

// Gives the calling thread a virtual clock, or NULL for the machine's.
void asyncio_use_virtual_clock(struct asyncio_virtual_clock *clock);

// Lets the machine's wall clock jump on the calling thread: each reading is so many seconds off, in turns backwards and
// forwards. 0 ends it. For tests of what must not depend on it.
void asyncio_let_wall_clock_jump(int64_t seconds);

// The thread has let others run. One that goes on reading its clock without doing so, and does that a million times,
// waits for the time to pass: then it does, a millisecond with each ten thousand readings, then by twice as much.
static inline void asyncio_renew_virtual_clock(struct asyncio_virtual_clock *clock) { clock->readings = clock->step = 0; }

static inline int64_t asyncio_virtual_now(const struct asyncio_virtual_clock *clock) {
  return __atomic_load_n(&clock->now, __ATOMIC_RELAXED);
}
static inline void asyncio_set_virtual_now(struct asyncio_virtual_clock *clock, int64_t now) {
  __atomic_store_n(&clock->now, now, __ATOMIC_RELAXED);
}
